"""What a page may ask of a project; a job on file may have been asked for nothing else, whoever wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from antiphon.action.export.formats import FORMATS
from antiphon.config import MOST_SEED

MOST_SPANS = 500
"""Spans of a response that may be kept."""

Name = Annotated[str, Field(min_length=1, max_length=1000)]
Span = tuple[Annotated[float, Field(ge=0, le=1e7)], Annotated[float, Field(ge=0, le=1e7)]]


class Asked(BaseModel):
    """What a page may ask; nothing else may stand beside it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, allow_inf_nan=False)


class AnswerBody(Asked):
    """A response that is asked for."""

    guides: list[Name] = Field(min_length=1, max_length=16)
    memories: list[Name] = Field(min_length=1, max_length=200)
    agent: str = Field("", max_length=1000)
    preset: str = Field("", max_length=40)
    seed: int = Field(0, ge=0, le=MOST_SEED)
    name: str = Field("", max_length=200)


class AgainBody(Asked):
    """A response that is to be answered anew around the spans that are kept."""

    response: Name
    kept: list[Span] = Field(max_length=MOST_SPANS)
    seed: int = Field(ge=0, le=MOST_SEED)
    name: str = Field("", max_length=200)


class TrainBody(Asked):
    """Two sounds, of which the second answers the first."""

    guide: Name
    target: Name
    both_ways: bool = False
    name: str = Field("", max_length=200)


class ExportBody(Asked):
    """What else is to be written of a response."""

    response: Name
    formats: list[Name] = Field(min_length=1, max_length=len(FORMATS) + 1)


class KeptBody(Asked):
    """Spans of a response that stay."""

    response: Name
    spans: list[Span] = Field(max_length=MOST_SPANS)


KINDS: Mapping[str, type[Asked]] = {
    "answer": AnswerBody,
    "again": AgainBody,
    "train": TrainBody,
    "export": ExportBody,
}
"""Kinds of jobs, and what each is asked with."""
