"""A session on file: every event with its time, so that the run can be played again, bit for bit.

`run.json` says who played what by which settings, `events.jsonl` has the events in order, and `guide.wav` the guide's
samples as they came, in 32-bit floats. Blocks of one length that follow one another are one line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import soundfile

from antiphon.agent import Agent
from antiphon.audio import channels_of
from antiphon.checkpoint import load_json
from antiphon.errors import BadData
from antiphon.live.events import Beat, Control, Cue, GuideBlock, GuideToken, LiveEvent, Tempo, Tick
from antiphon.reading import json_of, text_of
from antiphon.types import Audio

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

NAMES = {kind: name for name, kind in KINDS.items()}


@dataclass
class _Blocks:
    """Blocks of one length that follow one another."""

    frame: int
    frames: int
    count: int = 1

    def is_followed_by(self, block: GuideBlock) -> bool:
        return len(block.samples) == self.frames and block.frame == self.frame + self.frames * self.count


class Recorder:
    """Writes events into a directory as they come; to be closed, or used in a `with` block."""

    def __init__(self, directory: Path, sample_rate: int) -> None:
        self._directory, self._rate = directory, sample_rate
        self._events = (directory / EVENTS).open("w", encoding="utf-8")
        self._sound: soundfile.SoundFile | None = None
        self._blocks: _Blocks | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def event(self, event: LiveEvent) -> None:
        """Write one event. The channels of the first block are those of all; others are brought to them."""
        if not isinstance(event, GuideBlock):
            self._flush()
            self._line({"event": NAMES[type(event)], **asdict(event)})
            return
        if self._sound is None:
            channels = event.samples.shape[1]
            self._sound = soundfile.SoundFile(self._directory / GUIDE, "w", self._rate, channels, "FLOAT", format="WAV")
        self._sound.write(channels_of(event.samples, self._sound.channels))
        if self._blocks is not None and self._blocks.is_followed_by(event):
            self._blocks.count += 1
            return
        self._flush()
        self._blocks = _Blocks(event.frame, len(event.samples))

    def close(self) -> None:
        """Write what is left. May be called again."""
        if not self._events.closed:
            self._flush()
            self._events.close()
        if self._sound is not None:
            self._sound.close()

    def _flush(self) -> None:
        if self._blocks is not None:
            self._line({"event": "guide", **vars(self._blocks)})
            self._blocks = None

    def _line(self, row: dict[str, Any]) -> None:
        self._events.write(json.dumps(row) + "\n")


def recorded_events(directory: Path) -> Iterator[LiveEvent]:
    """The events of a recorded run, in order. Raises BadData for what is none, naming it."""
    path = directory / EVENTS
    place = 0
    sound = _guide_samples(directory)
    for number, line in enumerate(text_of(path).splitlines(), 1):
        row = json_of(line, f"{path}: line {number}")
        try:
            kind = row.pop("event")
            if kind != "guide":
                yield KINDS[kind](**row)
                continue
            blocks = _Blocks(**{name: int(value) for name, value in row.items()})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadData(f"{path}: line {number} is no event of a live run: {error}") from error
        for index in range(blocks.count):
            end = place + blocks.frames
            if end > len(sound.samples):
                raise BadData(f"{directory / GUIDE}: shorter than {EVENTS} says")
            yield GuideBlock(sound.samples[place:end], blocks.frame + index * blocks.frames)
            place = end


def _guide_samples(directory: Path) -> Audio:
    path = directory / GUIDE
    if not path.exists():
        return Audio(np.zeros((0, 1), dtype=np.float32), 1)
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise BadData(f"cannot read {path}: {error}") from error
    return Audio(samples, rate, str(path))


def run_of(directory: Path) -> dict[str, Any]:
    """What `run.json` says. Raises BadData for a folder that holds no run, or one of a later version."""
    path = directory / RUN
    found = load_json(path)
    if not isinstance(found, dict) or found.get("version") != RUN_VERSION:
        raise BadData(f"{path}: no live run of version {RUN_VERSION}")
    return found


def agent_id(agent: Agent) -> str:
    """What tells one agent from any other: its weights, its alphabet and its settings."""
    digest = hashlib.sha256(f"{agent.alphabet.id} {agent.settings.model_dump_json()}".encode())
    for name, weights in sorted(agent.network.state_dict().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(weights.cpu().numpy()).tobytes())
    return digest.hexdigest()[:16]


def sound_id(audio: Audio) -> str:
    """A hash of samples: the same sound, bit for bit, has the same."""
    return hashlib.sha256(np.ascontiguousarray(audio.samples).tobytes()).hexdigest()
