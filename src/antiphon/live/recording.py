"""A session on file: every event with its time, so that the run can be played again, bit for bit.

`run.json` says who played what by which settings, `events.jsonl` has the events in order, and `guide.wav` the guide's
samples as they came, in 32-bit floats. Blocks of one length that follow one another are one line. What is on file after
`flush` stays readable, whatever ends the program.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import soundfile
from numpy.typing import NDArray

from antiphon import arrays
from antiphon.agent import Agent
from antiphon.agent.known_pairs import pair_arrays, sound_arrays
from antiphon.agent.pair_alphabet import alphabet_arrays
from antiphon.audio import channels_of
from antiphon.errors import BadData
from antiphon.live.events import GuideBlock, LiveEvent
from antiphon.live.growing_sound import FLOAT_BYTES, GrowingSound
from antiphon.live.run_file import EVENTS, GUIDE, KINDS, AroundLine, Blocks, SessionLine, line_of, stage_line_of
from antiphon.reading import require_regular, text_of
from antiphon.types import Audio, Floats

LINE_BUFFER = 1 << 20
"""Bytes of lines that wait for `flush` at most: a line is not on file before the sound that it tells of."""

SOUND_WAITS_SECONDS = 1.0
"""Guide sound that waits for `flush` at most."""

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
        self._events = (directory / EVENTS).open("w", encoding="utf-8", buffering=LINE_BUFFER)
        self._sound: GrowingSound | None = None
        self._waiting: list[Floats] = []
        self._blocks: _Blocks | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def event(self, event: LiveEvent) -> None:
        """Write one event. The channels of the first block are those of all; others are brought to them."""
        if not isinstance(event, GuideBlock):
            self.line({"event": NAMES[type(event)], **asdict(event)})
            return
        if self._sound is None:
            self._sound = GrowingSound(self._directory / GUIDE, self._rate, event.samples.shape[1])
        self._waiting.append(channels_of(event.samples, self._sound.channels))
        if sum(map(len, self._waiting)) >= SOUND_WAITS_SECONDS * self._rate:
            self._write_sound()
        if self._blocks is not None and self._blocks.is_followed_by(event):
            self._blocks.count += 1
            return
        self._end_blocks()
        self._blocks = _Blocks(event.frame, len(event.samples))

    def line(self, row: dict[str, Any]) -> None:
        """Write a line that is no event of the session, in its place between the events."""
        self._end_blocks()
        self._line(row)

    def flush(self) -> None:
        """Put all that was written on file: first the sound, then the lines that tell of it."""
        self._end_blocks()
        self._write_sound()
        self._events.flush()

    def close(self) -> None:
        """Write what is left. May be called again."""
        if not self._events.closed:
            self.flush()
            self._events.close()
        if self._sound is not None:
            self._sound.close()

    def _write_sound(self) -> None:
        if self._sound is not None and self._waiting:
            self._sound.write(np.concatenate(self._waiting))
            self._waiting = []

    def _end_blocks(self) -> None:
        if self._blocks is not None:
            self._line({"event": "guide", **vars(self._blocks)})
            self._blocks = None

    def _line(self, row: dict[str, Any]) -> None:
        self._events.write(json.dumps(row) + "\n")


def recorded_events(directory: Path) -> Iterator[LiveEvent]:
    """The events of a recorded run, in order. Raises BadData for what is none, naming it."""
    path = directory / EVENTS
    with guide_sound(directory) as sound:
        for number, line in enumerate(text_of(path).splitlines(), 1):
            event = line_of(line, f"{path}: line {number}")
            if not isinstance(event, Blocks):
                yield event
            elif event.count * event.frames > sound.left:
                raise BadData(f"{directory / GUIDE}: shorter than {EVENTS} says")
            else:
                yield from blocks_in(event, sound)


def told_events(directory: Path) -> tuple[tuple[LiveEvent, ...], ...]:
    """What each decision process of a recorded performance was told, one after the other, as far as there is sound for
    it. Raises BadData for lines that no performance wrote."""
    path, told = directory / EVENTS, list[list[LiveEvent]]()
    with guide_sound(directory) as sound:
        # The last line is empty, or half written.
        for number, text in enumerate(text_of(path).split("\n")[:-1], 1):
            line = stage_line_of(text, f"{path}: line {number}")
            if isinstance(line, SessionLine) or not told:
                told.append([])
            if isinstance(line, Blocks):
                if line.count * line.frames > sound.left:
                    break
                told[-1] += blocks_in(line, sound)
            elif not isinstance(line, AroundLine):
                told[-1].append(line)
    return tuple(map(tuple, told))


def blocks_in(line: Blocks, sound: RecordedSound) -> Iterator[GuideBlock]:
    """The blocks of a line, whose samples come next in the guide's sound."""
    for index in range(line.count):
        yield GuideBlock(sound.read(line.frames), line.frame + index * line.frames)


def guide_frames(directory: Path) -> int:
    """How many frames of its guide a run has heard. Raises BadData for a file that is no sound."""
    with guide_sound(directory) as sound:
        return sound.left


@dataclass
class RecordedSound:
    """A recorded sound that is read from its beginning on: `left` frames are still to come."""

    path: Path
    left: int = 0
    _file: soundfile.SoundFile | None = None

    def read(self, frames: int) -> Floats:
        """The next samples (frames, channels), those that are no numbers included."""
        if self._file is None or not frames:
            return np.zeros((frames, 1 if self._file is None else self._file.channels), dtype=np.float32)
        try:
            found = self._file.read(frames, dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, OSError) as error:
            raise BadData(f"cannot read {self.path}: {error}") from error
        if len(found) < frames:
            raise BadData(f"{self.path}: shorter than it says")
        self.left -= frames
        return np.asarray(found)


def guide_sound(directory: Path) -> AbstractContextManager[RecordedSound]:
    """The guide of a run; without a sound where none was heard."""
    return recorded_sound(directory / GUIDE)


@contextmanager
def recorded_sound(path: Path) -> Iterator[RecordedSound]:
    """A sound that a run has written; an empty one where the file is not there. Raises BadData for what is no sound."""
    if not os.path.lexists(path):
        yield RecordedSound(path)
        return
    require_regular(path)
    try:
        file = soundfile.SoundFile(path)
        size = path.stat().st_size
    except (soundfile.LibsndfileError, OSError, ValueError) as error:
        raise BadData(f"cannot read {path}: {error}") from error
    with file:
        if file.frames * file.channels * FLOAT_BYTES > size:
            raise BadData(f"{path}: shorter than it says")
        yield RecordedSound(path, file.frames, file)


def agent_id(agent: Agent) -> str:
    """What tells one agent from any other: its weights, its alphabet, its settings, and the pairs that it remembers."""
    digest = hashlib.sha256(f"{agent.alphabet.id} {agent.settings.model_dump_json()}".encode())
    for name, weights in sorted(agent.network.state_dict().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(weights.cpu().numpy()).tobytes())
    for name, values in sorted(_remembered(agent).items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()[:16]


def _remembered(agent: Agent) -> dict[str, NDArray[Any]]:
    """All that an agent keeps of its pairs; nothing of one without."""
    found = pair_arrays(agent.pairs) if agent.pairs else {}
    if agent.pair_sounds:
        found |= sound_arrays(agent.pair_sounds)
    if agent.pair_alphabet is not None:
        found |= alphabet_arrays(agent.pair_alphabet)
    return found


def sound_id(audio: Audio) -> str:
    """A hash of samples: the same sound, bit for bit, has the same."""
    found = hashlib.sha256()
    for block in arrays.blocks(audio.samples):
        found.update(np.ascontiguousarray(block).data)
    return found.hexdigest()
