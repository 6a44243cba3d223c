"""provenance.json: every step that led to a response, and the response again out of nothing but that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from antiphon import audio
from antiphon.action.rendering.crossfade import Crossfade
from antiphon.action.rendering.loudness import with_gain
from antiphon.checkpoint import load_json
from antiphon.errors import BadData
from antiphon.files import sha256
from antiphon.types import EVENT_VERSION, SILENCE, Audio, Event, Memory, MemoryPart, Response, Run

PROVENANCE_VERSION = 2
"""Version of provenance.json; its events carry their own."""

PROVENANCE = "provenance.json"

MEDIA = "media"
"""Folder inside a response's directory that holds copies of what it is made of, so that it moves as one."""


@dataclass(frozen=True)
class SourceFile:
    """A file that was listened to or played, the hash of its bytes, and its samples at the memory's rate.

    `path` is relative to the response's directory if it lies inside, else absolute; empty for sound without a file.
    """

    path: str
    sha256: str = ""
    samples: int = 0


@dataclass(frozen=True)
class Copy:
    """A `types.Run` on file: `source` counts samples in source file number `part`; SILENCE is none."""

    first: int
    stop: int
    start: int
    end: int
    part: int
    source: int
    pinned: bool = False


@dataclass(frozen=True)
class Inputs:
    """The files of a response, and the agent's directory: whatever a later command needs to go on from it."""

    guides: tuple[SourceFile, ...] = ()
    memories: tuple[SourceFile, ...] = ()
    agent: str = ""


@dataclass(frozen=True)
class Provenance:
    """All of provenance.json. `gain` is what the samples were multiplied by at the end."""

    events: tuple[Event, ...]
    copies: tuple[Copy, ...]
    inputs: Inputs
    sample_rate: int
    channels: int
    samples: int
    gain: float
    crossfade_seconds: float
    settings: dict[str, Any] = field(default_factory=dict)
    version: int = PROVENANCE_VERSION

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs, over a memory in which the source files lie end to end."""
        parts = self.parts
        return tuple(
            Run(each.first, each.stop, each.start, each.end, pinned=each.pinned)
            if each.part == SILENCE
            else Run(
                *(each.first, each.stop, each.start, each.end),
                parts[each.part].start + each.source,
                parts[each.part],
                each.pinned,
            )
            for each in self.copies
        )

    @property
    def parts(self) -> tuple[MemoryPart, ...]:
        """Where the source files lie in that memory."""
        edges = np.concatenate([[0], np.cumsum([source.samples for source in self.inputs.memories])]).tolist()
        return tuple(
            MemoryPart(source.path, start, end)
            for source, start, end in zip(self.inputs.memories, edges[:-1], edges[1:], strict=True)
        )


_PROVENANCE = TypeAdapter(Provenance)


def provenance_of(response: Response, memory: Memory, inputs: Inputs, crossfade_seconds: float) -> Provenance:
    """What is to be said of a response from `memory`, whose files the `inputs` name in order."""
    numbers = {part.start: index for index, part in enumerate(memory.parts)}
    lengths = [part.end - part.start for part in memory.parts]
    named = inputs.memories or tuple(SourceFile("") for _ in lengths)
    sources = tuple(replace(source, samples=samples) for source, samples in zip(named, lengths, strict=True))
    copies = tuple(
        Copy(
            *(run.first, run.stop, run.start, run.end),
            part=numbers[run.part.start] if run.part else SILENCE,
            source=run.source - run.part.start if run.part else 0,
            pinned=run.pinned,
        )
        for run in response.runs
    )
    return Provenance(
        response.events,
        copies,
        replace(inputs, memories=sources),
        response.audio.sample_rate,
        response.audio.channels,
        len(response.audio.samples),
        response.gain,
        crossfade_seconds,
        response.settings,
    )


def as_json(provenance: Provenance) -> dict[str, Any]:
    """Plain values for provenance.json."""
    return asdict(provenance)


def read_provenance(path: Path) -> Provenance:
    """All of a provenance.json. Raises BadData, naming the file, if it is not one that this version reads."""
    content = load_json(path)
    if not isinstance(content, dict) or "events" not in content:
        raise BadData(f"{path}: holds no events")
    if content.get("version") != PROVENANCE_VERSION:
        raise BadData(f"{path}: version {content.get('version')!r} is not known, only {PROVENANCE_VERSION}")
    try:
        found = _PROVENANCE.validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadData(f"{path}: {place}: {first['msg']}") from error
    unknown = {event.version for event in found.events} - {EVENT_VERSION}
    if unknown:
        raise BadData(f"{path}: holds events of version {min(unknown)}, only {EVENT_VERSION} is known")
    parts = len(found.inputs.memories)
    if any(not SILENCE <= copy.part < parts or copy.end < copy.start or copy.source < 0 for copy in found.copies):
        raise BadData(f"{path}: a copy names a source file or a span that is not there")
    return found


def read_events(path: Path) -> tuple[Event, ...]:
    """The events of a provenance.json. Raises BadData as `read_provenance` does."""
    return read_provenance(path).events


def source_files(paths: Sequence[Path]) -> tuple[SourceFile, ...]:
    """Files by their absolute paths and hashes."""
    return tuple(SourceFile(path.resolve().as_posix(), sha256(path)) for path in paths)


def found_file(source: SourceFile, directory: Path) -> Path:
    """Where a file of the response in `directory` is now. Raises BadData if it is gone, or is another file by now."""
    if not source.path:
        raise BadData(f"{directory}: made of sound that was never in a file, so it cannot be made again")
    place = directory / source.path
    copied = directory / MEDIA / place.name
    found = place if place.is_file() or not copied.is_file() else copied
    if not found.is_file():
        raise BadData(f"{found}: no such file, and {directory} is made of it")
    if source.sha256 and sha256(found) != source.sha256:
        raise BadData(f"{found}: changed since {directory} was made of it")
    return found


def render_provenance(directory: Path) -> Audio:
    """The response in `directory` again, bit for bit, from its provenance and the files that it names."""
    record = read_provenance(directory / PROVENANCE)
    used = {copy.part for copy in record.copies if copy.part != SILENCE}
    sound = np.zeros((sum(source.samples for source in record.inputs.memories), record.channels), dtype=np.float32)
    for number, part in enumerate(record.parts):
        if number in used:
            path = found_file(record.inputs.memories[number], directory)
            alike = audio.with_channels(audio.resampled(audio.read(path), record.sample_rate), record.channels)
            if len(alike.samples) != part.end - part.start:
                raise BadData(
                    f"{path}: {len(alike.samples)} samples, but {directory} was made of {part.end - part.start}"
                )
            sound[part.start : part.end] = alike.samples
    rendered = Crossfade(record.crossfade_seconds).of_runs(
        record.runs, Audio(sound, record.sample_rate), record.samples
    )
    return with_gain(rendered, record.gain)
