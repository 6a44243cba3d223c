"""What requests may hold: each is checked as a whole before anything is done. A job on file may have been asked for
nothing else, whoever wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from antiphon.action.export.formats import FORMATS
from antiphon.config import MOST_SEED
from antiphon.live.controls import BY_NAME as CONTROLS
from antiphon.live.pulse import FASTEST_BPM, SLOWEST_BPM
from antiphon.studio.dials import DIALS
from antiphon.studio.marks import LONGEST_LABEL, MOST_SPANS

MOST_TAKES = 16
"""Takes of one response, as `antiphon respond` has them."""

Name = Annotated[str, Field(min_length=1, max_length=1000)]
Seconds = Annotated[float, Field(ge=0, le=1e7)]
Index = Annotated[int, Field(ge=0, le=1 << 20)]
Span = tuple[Seconds, Seconds]
Region = tuple[Index, Seconds, Seconds]
Device = Annotated[str, Field(pattern=r"^[0-9]{1,4}$")]
"""The number of a sound device."""


class Body(BaseModel):
    """A request: nothing in it that is not known, and no number that is none."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, allow_inf_nan=False)


class AnswerBody(Body):
    """A response that is asked for."""

    guides: list[Name] = Field(min_length=1, max_length=16)
    memories: list[Name] = Field(min_length=1, max_length=200)
    agent: str = Field("", max_length=1000)
    preset: str = Field("", max_length=LONGEST_LABEL)
    seed: int = Field(0, ge=0, le=MOST_SEED)
    takes: int = Field(1, ge=1, le=MOST_TAKES)
    name: str = Field("", max_length=200)


class AgainBody(Body):
    """A response that is to be answered anew: spans that stay, spans whose sound is not played there again, classes
    that are asked for at segments, dials that are turned, and regions of the memory's files; and of which of its takes
    all that is said."""

    response: Name
    kept: list[Span] = Field(max_length=2 * MOST_SPANS)
    rejected: list[Span] = Field([], max_length=MOST_SPANS)
    preset: str = Field("", max_length=LONGEST_LABEL)
    asked: list[tuple[Index, Index]] = Field([], max_length=MOST_SPANS)
    dials: dict[str, float | str | None] = Field({}, max_length=len(DIALS))
    regions: dict[Literal["allowed", "taboo"], list[Region]] = Field({})
    seed: int = Field(ge=0, le=MOST_SEED)
    take: int = Field(1, ge=1, le=MOST_TAKES)
    name: str = Field("", max_length=200)


class MapBody(Body):
    """The map of a response's memory."""

    response: Name


class SheetBody(Body):
    """The sheet of an agent's alphabet in two sounds."""

    agent: str = Field("", max_length=1000)
    guide: Name
    target: Name


class Word(Body):
    """Something that is kept; `at` is when it was said, in milliseconds since 1970, now where nothing is told: the last
    word stays the last."""

    at: float | None = Field(None, ge=0, le=1e15)


class NameBody(Word):
    """The name of a class; an empty one takes it away."""

    alphabet: str = Field(min_length=1, max_length=200, pattern=r"^[\w:.-]+$")
    token: Index
    name: str = Field(max_length=500)


class PresetBody(Word):
    """Positions of dials under a name; without them it is forgotten."""

    name: str = Field(max_length=500)
    dials: dict[str, float | str | None] | None = Field(None, max_length=len(DIALS))


class TrainBody(Body):
    """Two sounds, of which the second answers the first."""

    guide: Name
    target: Name
    both_ways: bool = False
    name: str = Field("", max_length=200)


class PairBody(Body):
    """Two sounds that are to be checked before an agent learns from them."""

    guide: Name
    target: Name
    both_ways: bool = False


class LearnBody(Body):
    """An agent that is to learn a pair of sounds, and how: it remembers the pair, is fine-tuned as well where that is
    surely better, or learns the pair by heart."""

    agent: str = Field("", max_length=1000)
    guide: Name
    target: Name
    way: Literal["remember", "try", "heart"] = "remember"
    name: str = Field("", max_length=200)


class ExportBody(Body):
    """What else is to be written of a response."""

    response: Name
    formats: list[Name] = Field(min_length=1, max_length=len(FORMATS) + 1)


class LiveBody(Body):
    """A live run: a guide from a sound of the project or an input device, else by OSC; an output device, or none."""

    memories: list[Name] = Field(min_length=1, max_length=200)
    agent: str = Field("", max_length=1000)
    guide: str = Field("", max_length=1000)
    input: Device | None = None
    output: Device | None = None
    repeats: bool = False
    seed: int = Field(0, ge=0, le=MOST_SEED)
    tempo: float | None = Field(None, ge=SLOWEST_BPM, le=FASTEST_BPM)
    controls: dict[str, float | str] = Field({}, max_length=len(CONTROLS))


class TellBody(Body):
    """A message of the OSC table to the live run."""

    name: str = Field(max_length=60)
    values: list[float | Annotated[str, Field(max_length=1000)]] = Field([], max_length=2)


class LiveTakeBody(Body):
    """What a live run played, to be written as a response."""

    run: str = Field(pattern=r"^\d{20}-[0-9a-f]{6}$")
    memories: list[Name] = Field(min_length=1, max_length=200)
    agent: str = Field("", max_length=1000)
    guide: str = Field("", max_length=1000)
    rate: int = Field(ge=1000, le=768_000)
    channels: int = Field(ge=1, le=32)
    seed: int = Field(0, ge=0, le=MOST_SEED)


class MarksBody(Word):
    """Spans of a response that stay, that are locked, and that are rejected."""

    response: Name
    kept: list[Span] = Field([], max_length=MOST_SPANS)
    locked: list[Span] = Field([], max_length=MOST_SPANS)
    rejected: list[Span] = Field([], max_length=MOST_SPANS)


KINDS: Mapping[str, type[Body]] = {
    "answer": AnswerBody,
    "again": AgainBody,
    "train": TrainBody,
    "learn": LearnBody,
    "export": ExportBody,
    "alphabet": SheetBody,
    "live": LiveTakeBody,
}
"""Kinds of jobs, and what each is asked with."""
