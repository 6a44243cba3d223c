"""How large a network of the wav2vec 2.0 family may be: a file that says so may come from a stranger."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_NUMBER = 1_000_000
"""Size of the largest whole number of a configuration that says nothing of a size."""


class Sizes(BaseModel):
    """A transformers configuration: each number within what networks have, before anything is computed from it."""

    model_config = ConfigDict(strict=True, extra="ignore")

    conv_dim: list[Annotated[int, Field(ge=1, le=8192)]] = Field(min_length=1, max_length=64)
    conv_kernel: list[Annotated[int, Field(ge=1, le=4096)]]
    conv_stride: list[Annotated[int, Field(ge=1, le=4096)]]
    hidden_size: int = Field(ge=1, le=16384)
    intermediate_size: int = Field(ge=1, le=131072)
    num_hidden_layers: int = Field(ge=1, le=256)
    num_attention_heads: int = Field(ge=1, le=256)
    num_conv_pos_embeddings: int = Field(ge=1, le=4096)
    num_conv_pos_embedding_groups: int = Field(ge=1, le=4096)
    num_adapter_layers: int = Field(3, ge=1, le=64)

    @model_validator(mode="after")
    def _fits_together(self) -> Sizes:
        if not len(self.conv_dim) == len(self.conv_kernel) == len(self.conv_stride):
            raise ValueError("conv_dim, conv_kernel and conv_stride must be equally long")
        for name in ("num_attention_heads", "num_conv_pos_embedding_groups"):
            if self.hidden_size % getattr(self, name):
                raise ValueError(f"{name} must divide hidden_size")
        return self


def sizes_of(config: dict[str, Any]) -> Sizes:
    """The sizes in a configuration. Raises ValueError for one that no network has, and for any other whole number
    beyond MOST_NUMBER."""
    for name, value in config.items():
        if isinstance(value, int) and abs(value) > MOST_NUMBER:
            raise ValueError(f"{name}: {value} is more than {MOST_NUMBER}")
    return Sizes.model_validate(config)
