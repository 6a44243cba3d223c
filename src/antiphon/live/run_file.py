"""What a run on file may say, checked before anything is done by it: it may come from anybody.

A line of `events.jsonl` is one event, or blocks of guide sound that follow one another; of a performance on stage it
may be what happened around the session, too. `run.json` says who played what by which settings. NaN is allowed in
lines: a musician's host may have sent it, and the session refused it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from antiphon.errors import BadData
from antiphon.live.commands import Commit
from antiphon.live.devices import MOST_CHANNELS
from antiphon.live.events import Beat, Control, Cue, GuideToken, LiveEvent, Tempo, Tick
from antiphon.reading import json_file, json_of

RUN, EVENTS, GUIDE, PLAYED = "run.json", "events.jsonl", "guide.wav", "response.wav"

STAGE_FILES = (RUN, EVENTS, GUIDE, PLAYED)
"""What the directory of a performance on stage holds."""

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
    found: LiveEvent | Blocks = _event_in(text, name, _LINE)
    return found


def _event_in(text: str, name: str, kinds: TypeAdapter[Any]) -> Any:
    row = json_of(text, name, allow_nan=True)
    try:
        found = kinds.validate_python(row)
    except ValidationError as error:
        raise BadData(f"{name} is no event of a live run: {_first(error)}") from error
    if isinstance(found, Blocks):
        if not found.frames and found.count > MOST_EMPTY_BLOCKS:
            raise BadData(f"{name} is no event of a live run: {found.count} blocks of nothing")
        return found
    if found.event not in KINDS:
        return found
    return KINDS[found.event](**{key: value for key, value in found if key != "event"})


class Committed(_Strict):
    """What was committed of the specification and the selection, one segment: frames [start, end) of the session."""

    number: Count
    start: Frame
    end: Frame
    token: Count
    log_probability: float
    segment: Frame
    played: Count
    cost: float
    late: bool

    @classmethod
    def of(cls, commit: Commit) -> Committed:
        """The same of a command."""
        step, event = commit.step, commit.step.event
        return cls(
            number=step.number,
            start=int(step.start),
            end=int(step.end),
            token=int(event.token),
            log_probability=float(event.log_probability),
            segment=int(step.segment),
            played=int(event.played),
            cost=float(event.cost),
            late=commit.late,
        )


class SessionLine(_Strict):
    """Another decision process decides from here on; its frame 0 is frame `origin` of the device."""

    event: Literal["session"]
    origin: Frame


class AnsweredLine(_Strict):
    """The process answers all events since its last answer; of what it answers, what is committed."""

    event: Literal["answered"]
    commits: list[Committed]


class DeckLine(_Strict):
    """Another deck writes from frame `first` of the device on; the copy of the one before it goes on."""

    event: Literal["deck"]
    first: Count
    channels: Annotated[int, Field(ge=1, le=MOST_CHANNELS)]


class LaidLine(_Strict):
    """The deck carries out the last answer, `commands` of sound, or what waited (0); `looks` are what it sees of the
    device meanwhile, in frames."""

    event: Literal["laid"]
    commands: Count
    looks: list[Count]


class OnLine(_Strict):
    """The deck has written on up to a frame what sounds."""

    event: Literal["on"]
    until: Count


class SoundedLine(_Strict):
    """Up to this frame all has been played."""

    event: Literal["sounded"]
    until: Count


class LostLine(_Strict):
    """The device is gone, and the deck with it."""

    event: Literal["lost"]


class SaidLine(_Strict):
    """The musician was told something."""

    event: Literal["said"]
    frame: Frame
    kind: str
    words: str


class EndLine(_Strict):
    """The performance was ended, and not this program."""

    event: Literal["end"]


AroundLine = SessionLine | AnsweredLine | DeckLine | LaidLine | OnLine | SoundedLine | LostLine | SaidLine | EndLine
"""What happens around the session."""

_STAGE_LINE: TypeAdapter[Any] = TypeAdapter(
    Annotated[Blocks | _Tick | _Token | _Tempo | _Beat | _Control | _Cue | AroundLine, Field(discriminator="event")]
)


def stage_line_of(text: str, name: str) -> LiveEvent | Blocks | AroundLine:
    """The same of a performance on stage, where a line may be what happens around the session, too."""
    found: LiveEvent | Blocks | AroundLine = _event_in(text, name, _STAGE_LINE)
    return found


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


class StageRunFile(_Strict):
    """What tells how to play a performance on stage again; `mode` says who played the sound."""

    version: Literal[1]
    kind: Literal["stage"]
    agent: _Agent
    memory: list[_File]
    sample_rate: Annotated[int, Field(ge=1, le=MOST_RATE)]
    channels: Annotated[int, Field(ge=1, le=MOST_CHANNELS)]
    seed: Annotated[int, Field(ge=0, lt=2**64)]
    reserve_seconds: Annotated[float, Field(ge=0, le=60)]
    mode: Literal["sound", "spans"]


def run_of(directory: Path) -> RunFile | StageRunFile:
    """What `run.json` says. Raises BadData for a folder that holds no run, or one of a later version."""
    path = directory / RUN
    found: Any = json_file(path)
    if not isinstance(found, dict) or found.get("version") != RUN_VERSION:
        raise BadData(f"{path}: no live run of version {RUN_VERSION}")
    try:
        return StageRunFile.model_validate(found) if "kind" in found else RunFile.model_validate(found)
    except ValidationError as error:
        raise BadData(f"{path}: not all that a run needs is in it ({_first(error)})") from error


def _first(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
