"""What a run on file may say, checked before anything is done by it: it may come from anybody.

A line of `events.jsonl` is one event, or blocks of guide sound that follow one another; `run.json` says who played what
by which settings. NaN is allowed in lines: a musician's host may have sent it, and the session refused it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from antiphon.errors import BadData
from antiphon.live.events import Beat, Control, Cue, GuideToken, LiveEvent, Tempo, Tick
from antiphon.reading import json_file, json_of

RUN, EVENTS, GUIDE = "run.json", "events.jsonl", "guide.wav"

RUN_VERSION = 1
"""Version of a run on file."""

KINDS: dict[str, type[Tick | GuideToken | Tempo | Beat | Control | Cue]] = {
    "tick": Tick,
    "token": GuideToken,
    "tempo": Tempo,
    "beat": Beat,
    "control": Control,
    "cue": Cue,
}
"""Events but for sound, and what they are called on file."""

MOST_FRAME = 2**53
"""Frames since the start: six thousand years at 48 kHz."""

MOST_EMPTY_BLOCKS = 2**20
"""Blocks without a frame in one line; of others there are no more than the guide's sound has frames."""

MOST_RATE = 768_000
"""Hz of a session."""

MOST_GAIN_DB = 200.0
"""Of a sound check."""

Frame = Annotated[int, Field(ge=-MOST_FRAME, le=MOST_FRAME)]
Count = Annotated[int, Field(ge=0, le=MOST_FRAME)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Blocks(_Strict):
    """Blocks of `frames` that follow one another, the first at `frame`."""

    event: Literal["guide"]
    frame: Frame
    frames: Annotated[int, Field(ge=0, le=2**31)]
    count: Annotated[int, Field(ge=1, le=MOST_FRAME)]


class _Tick(_Strict):
    event: Literal["tick"]
    frame: Frame


class _Token(_Strict):
    event: Literal["token"]
    token: Frame
    frame: Frame


class _Tempo(_Strict):
    event: Literal["tempo"]
    bpm: float | None
    frame: Frame
    on_beat: bool


class _Beat(_Strict):
    event: Literal["beat"]
    frame: Frame


class _Control(_Strict):
    event: Literal["control"]
    name: str
    value: float | int | bool | str | None


class _Cue(_Strict):
    event: Literal["cue"]
    name: str


_LINE: TypeAdapter[Blocks | _Tick | _Token | _Tempo | _Beat | _Control | _Cue] = TypeAdapter(
    Annotated[Blocks | _Tick | _Token | _Tempo | _Beat | _Control | _Cue, Field(discriminator="event")]
)


def line_of(text: str, name: str) -> LiveEvent | Blocks:
    """The event of a line that comes from `name`. Raises BadData, naming that, for what is none."""
    row = json_of(text, name, allow_nan=True)
    try:
        found = _LINE.validate_python(row)
    except ValidationError as error:
        raise BadData(f"{name} is no event of a live run: {_first(error)}") from error
    if isinstance(found, Blocks):
        if not found.frames and found.count > MOST_EMPTY_BLOCKS:
            raise BadData(f"{name} is no event of a live run: {found.count} blocks of nothing")
        return found
    return KINDS[found.event](**{key: value for key, value in found if key != "event"})


class _File(_Strict):
    path: str
    sha256: str


class _Agent(_Strict):
    id: str
    directory: str


class RunFile(_Strict):
    """What tells how to play a run again, and whether it came out as it was. `frames` of sound were played."""

    version: Literal[1]
    agent: _Agent
    memory: list[_File]
    sample_rate: Annotated[int, Field(ge=1, le=MOST_RATE)]
    seed: Annotated[int, Field(ge=0, lt=2**64)]
    controls: dict[str, float | str]
    reserve_seconds: Annotated[float, Field(ge=0, le=60)]
    level_db: Annotated[float, Field(ge=-MOST_GAIN_DB, le=MOST_GAIN_DB)] | None
    frames: Count
    ids: list[Count]
    segments: list[Frame]
    sound: str


def run_of(directory: Path) -> RunFile:
    """What `run.json` says. Raises BadData for a folder that holds no run, or one of a later version."""
    path = directory / RUN
    found: Any = json_file(path)
    if not isinstance(found, dict) or found.get("version") != RUN_VERSION:
        raise BadData(f"{path}: no live run of version {RUN_VERSION}")
    try:
        return RunFile.model_validate(found)
    except ValidationError as error:
        raise BadData(f"{path}: not all that a run needs is in it ({_first(error)})") from error


def _first(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
