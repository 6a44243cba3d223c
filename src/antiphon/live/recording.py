"""A session on file: every event with its time, so that the run can be played again, bit for bit.

`run.json` says who played what by which settings, `events.jsonl` has the events in order, and `guide.wav` the guide's
samples as they came, in 32-bit floats. Blocks of one length that follow one another are one line.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import soundfile

from antiphon.agent import Agent
from antiphon.audio import channels_of
from antiphon.errors import BadData
from antiphon.live.events import GuideBlock, LiveEvent
from antiphon.live.run_file import EVENTS, GUIDE, KINDS, Blocks, line_of
from antiphon.reading import require_regular, text_of
from antiphon.types import Audio, Floats

FLOAT_BYTES = 4
"""Of a sample in a recorded guide."""

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
    path, place = directory / EVENTS, 0
    sound = _guide_samples(directory / GUIDE)
    for number, line in enumerate(text_of(path).splitlines(), 1):
        event = line_of(line, f"{path}: line {number}")
        if not isinstance(event, Blocks):
            yield event
            continue
        if place + event.count * event.frames > len(sound):
            raise BadData(f"{directory / GUIDE}: shorter than {EVENTS} says")
        for index in range(event.count):
            end = place + event.frames
            yield GuideBlock(sound[place:end], event.frame + index * event.frames)
            place = end


def guide_frames(directory: Path) -> int:
    """How many frames of its guide a run has heard. Raises BadData for a file that is no sound."""
    return len(_guide_samples(directory / GUIDE))


def _guide_samples(path: Path) -> Floats:
    """The samples (frames, channels), those that are no numbers included."""
    if not os.path.lexists(path):
        return np.zeros((0, 1), dtype=np.float32)
    require_regular(path)
    try:
        with soundfile.SoundFile(path) as file:
            if file.frames * file.channels * FLOAT_BYTES > path.stat().st_size:
                raise BadData(f"{path}: shorter than it says")
            return np.asarray(file.read(dtype="float32", always_2d=True))
    except (soundfile.LibsndfileError, OSError, ValueError) as error:
        raise BadData(f"cannot read {path}: {error}") from error


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
