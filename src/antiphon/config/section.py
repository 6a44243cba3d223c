"""What every section of the settings is: a frozen model that refuses an unknown key."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
"""A number from 0 to 1."""

MOST_SEED = 2**32 - 1
"""The highest seed that all generators take: scikit-learn's has 32 bits."""

RandomSeed = Annotated[int, Field(ge=0, le=MOST_SEED)]
"""A seed of draws."""

Cost = Annotated[float, Field(ge=0, le=1e6)]
"""What a path pays: more than a million says the same as a million."""


class Section(BaseModel):
    """Frozen; an unknown key, an infinity or nan is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)
