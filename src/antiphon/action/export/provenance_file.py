"""provenance.json: every step that led to a response, and the response again out of nothing but that."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from antiphon import arrays, audio
from antiphon.action.export.sounds import Sound, sounds_of
from antiphon.action.export.testimony import first_problem
from antiphon.action.rendering.crossfade import CURVES, SINE, SMOOTH, Crossfade
from antiphon.action.rendering.laid import laid_over
from antiphon.action.rendering.loudness import with_gain
from antiphon.action.rendering.stretching import stretched
from antiphon.checkpoint import load_json
from antiphon.errors import BadData
from antiphon.files import sha256
from antiphon.reading import first_fault, real
from antiphon.types import EVENT_VERSION, SILENCE, Audio, Event, Fade, Laid, Memory, MemoryPart, Response, Run

PROVENANCE_VERSION = 2
"""Version of provenance.json; its events carry their own."""

PROVENANCE = "provenance.json"

MEDIA = "media"
"""Folder inside a response's directory that holds copies of what it is made of, so that it moves as one."""


@dataclass(frozen=True)
class SourceFile:
    """A file that was listened to or played, the hash of its bytes, and its samples at the response's rate.

    It was played `rate` times as fast as it is, at its own pitch, and its samples are counted as it was played. `path`
    is relative to the response's directory if it lies inside, else absolute; empty for sound without a file. `origin`
    is where a copy was taken from.
    """

    path: str
    sha256: str = ""
    samples: int = 0
    origin: str = ""
    rate: float = 1.0


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
    laid: tuple[int, int] | None = None
    gain: float = 1.0


@dataclass(frozen=True)
class LaidCopy:
    """A `types.Laid` on file: `file` numbers the files of the memory and, after them, the musician's own."""

    start: int
    end: int
    source: int
    file: int
    gain: float = 1.0
    fade_in: Fade = field(default_factory=Fade)
    fade_out: Fade = field(default_factory=Fade)
    loop: bool = False


@dataclass(frozen=True)
class Take:
    """Another take of a response: its file, what it copies, and what its samples were multiplied by."""

    file: str
    copies: tuple[Copy, ...]
    gain: float = 1.0


@dataclass(frozen=True)
class TempoPoint:
    """From `time` seconds on a project has `bpm`, or moves from there to the next point's."""

    time: float
    bpm: float
    beats_per_bar: int = 4
    ramp: bool = False


@dataclass(frozen=True)
class Mixing:
    """What a musician set on the track of the response: its fader, as a factor, and whether it is muted; and how many
    items were kept."""

    fader: float = 1.0
    muted: bool = False
    kept: int = 0

    @property
    def factor(self) -> float:
        """By what the response's samples are multiplied for it."""
        return 0.0 if self.muted else self.fader


TEMPO_BEFORE = (TempoPoint(0.0, 60.0),)
"""The tempo of sessions whose provenance tells of none: a second was a beat."""

TEMPO = (TempoPoint(0.0, 120.0),)
"""The tempo of a session whose guide has no beat that is known."""


@dataclass(frozen=True)
class Inputs:
    """The files of a response, the agent's directory, and the files that a musician laid into it: whatever a later
    command needs to go on from it."""

    guides: tuple[SourceFile, ...] = ()
    memories: tuple[SourceFile, ...] = ()
    agent: str = ""
    own: tuple[SourceFile, ...] = ()


@dataclass(frozen=True)
class Provenance:
    """All of provenance.json. `gain` is what the samples were multiplied by at the end, but for the `mixing`'s factor.

    `laid` are a musician's items, `sounds` what is heard in each event, `takes` the other takes, `tempo` that of the
    session, `curve` that of the fades, `names` what a musician calls classes. A file of an earlier version has none of
    them.
    """

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
    laid: tuple[LaidCopy, ...] = ()
    sounds: tuple[Sound | None, ...] = ()
    takes: tuple[Take, ...] = ()
    tempo: tuple[TempoPoint, ...] = TEMPO_BEFORE
    mixing: Mixing = field(default_factory=Mixing)
    curve: str = SINE
    names: dict[int, str] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """The same for the same response and no other: by it a session knows its provenance."""
        files = [source.sha256 for source in (*self.inputs.guides, *self.inputs.memories, *self.inputs.own)]
        told = repr((files, self.copies, self.laid, self.samples, self.sample_rate))
        rates = [source.rate for source in self.inputs.memories]
        if any(rate != 1 for rate in rates):
            told += repr(rates)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs, over a memory in which the source files lie end to end."""
        return self.runs_of(self.copies)

    def runs_of(self, copies: Sequence[Copy]) -> tuple[Run, ...]:
        """Copies as runs over that memory."""
        parts = self.parts
        return tuple(
            Run(each.first, each.stop, each.start, each.end, pinned=each.pinned, laid=each.laid)
            if each.part == SILENCE
            else Run(
                *(each.first, each.stop, each.start, each.end),
                parts[each.part].start + each.source,
                parts[each.part],
                each.pinned,
                each.laid,
                each.gain,
            )
            for each in copies
        )

    @property
    def parts(self) -> tuple[MemoryPart, ...]:
        """Where the source files lie in that memory."""
        edges = np.concatenate([[0], np.cumsum([source.samples for source in self.inputs.memories])]).tolist()
        return tuple(
            MemoryPart(source.path, start, end, source.rate)
            for source, start, end in zip(self.inputs.memories, edges[:-1], edges[1:], strict=True)
        )


_PROVENANCE = TypeAdapter(Provenance)


def provenance_of(response: Response, memory: Memory, inputs: Inputs, crossfade_seconds: float) -> Provenance:
    """What is to be said of a response from `memory`, whose files the `inputs` name in order."""
    named = inputs.memories or tuple(SourceFile("") for _ in memory.parts)
    sources = tuple(
        replace(source, samples=part.end - part.start, rate=part.rate)
        for source, part in zip(named, memory.parts, strict=True)
    )
    return Provenance(
        response.events,
        copies_of(response, memory),
        replace(inputs, memories=sources),
        response.audio.sample_rate,
        response.audio.channels,
        len(response.audio.samples),
        response.gain,
        crossfade_seconds,
        response.settings,
        laid=tuple(
            LaidCopy(each.start, each.end, each.source, each.file, each.gain, each.fade_in, each.fade_out, each.loop)
            for each in response.laid
        ),
        sounds=sounds_of(response.events, response.runs, memory.audio),
        tempo=TEMPO,
        curve=SMOOTH,
    )


def copies_of(response: Response, memory: Memory) -> tuple[Copy, ...]:
    """The runs of a response as they are put on file."""
    numbers = {part.start: index for index, part in enumerate(memory.parts)}
    return tuple(
        Copy(
            *(run.first, run.stop, run.start, run.end),
            part=numbers[run.part.start] if run.part else SILENCE,
            source=run.source - run.part.start if run.part else 0,
            pinned=run.pinned,
            laid=run.laid,
            gain=run.gain,
        )
        for run in response.runs
    )


def as_json(provenance: Provenance) -> dict[str, Any]:
    """Plain values for provenance.json; names of classes where there are any."""
    found = asdict(provenance)
    return found if provenance.names else {name: value for name, value in found.items() if name != "names"}


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
        raise BadData(f"{path}: {first_fault(error)}") from error
    unknown = {event.version for event in found.events} - {EVENT_VERSION}
    if unknown:
        raise BadData(f"{path}: holds events of version {min(unknown)}, only {EVENT_VERSION} is known")
    if (problem := first_problem(found)) is not None:
        raise BadData(f"{path}: {problem}")
    if found.curve not in CURVES:
        raise BadData(f"{path}: fades by a curve that is not known, {found.curve!r}")
    return found


def read_events(path: Path) -> tuple[Event, ...]:
    """The events of a provenance.json. Raises BadData as `read_provenance` does."""
    return read_provenance(path).events


def source_files(paths: Sequence[Path], hashes: Sequence[str]) -> tuple[SourceFile, ...]:
    """Files by their absolute paths, and by the hashes of what was decoded from them."""
    return tuple(SourceFile(real(path).as_posix(), digest) for path, digest in zip(paths, hashes, strict=True))


def found_file(source: SourceFile, directory: Path, beside: Sequence[Path] = ()) -> Path:
    """Where a file of the response in `directory` is now: where it was, in or beside `media`, in the folders `beside`,
    or where the copy was taken from.

    Raises BadData if it is gone, or is another file by now.
    """
    if not source.path:
        raise BadData(f"{directory}: made of sound that was never in a file, so it cannot be made again")
    places = list(_places(source, directory, beside))
    found = next((place for place in places if os.path.isfile(place)), None)
    if found is None:
        raise BadData(f"{places[0]}: no such file, and {directory} is made of it")
    if not source.sha256:
        raise BadData(f"{found}: nothing says whether {directory} was made of it (no hash in {PROVENANCE})")
    if sha256(found) != source.sha256:
        raise _changed(found, directory)
    return found


def testified_file(path: Path, source: SourceFile, directory: Path) -> audio.Testified:
    """The sound of a file that `found_file` found. Raises BadData where it became another one since."""
    sound = audio.testified(path)
    if sound.sha256 != source.sha256:
        raise _changed(path, directory)
    return sound


def require_same(paths: Sequence[Path], hashes: Sequence[str], sources: Sequence[SourceFile], directory: Path) -> None:
    """Raise BadData for a file that is not the one that the response in `directory` was made of."""
    for path, digest, source in zip(paths, hashes, sources, strict=True):
        if digest != source.sha256:
            raise _changed(path, directory)


def _changed(path: Path, directory: Path) -> BadData:
    return BadData(f"{path}: changed since {directory} was made of it")


def _places(source: SourceFile, directory: Path, beside: Sequence[Path]) -> Iterator[Path]:
    place = directory / source.path
    yield place
    for folder in (directory, *beside):
        yield folder / MEDIA / place.name
        yield folder / place.name
    if source.origin:
        yield Path(source.origin)


def render_provenance(directory: Path) -> Audio:
    """The response in `directory` again, bit for bit, from its provenance and the files that it names."""
    record = read_provenance(directory / PROVENANCE)
    used = {copy.part for copy in record.copies if copy.part != SILENCE and copy.laid is None}
    files = (*record.inputs.memories, *record.inputs.own)
    for number in used | {each.file for each in record.laid}:
        _require_length(record, files[number], directory)
    sound = arrays.zeros(sum(source.samples for source in record.inputs.memories), record.channels)
    for number, part in enumerate(record.parts):
        if number in used:
            samples = _read(record, record.inputs.memories[number], directory).samples
            arrays.write_to(sound[part.start : part.end], arrays.blocks(samples))
    rendered = Crossfade(record.crossfade_seconds, curve=record.curve).of_runs(
        record.runs, Audio(sound, record.sample_rate), record.samples
    )
    rendered = replace(rendered, samples=laid_over(rendered.samples, laid_items(record, directory)))
    return with_gain(with_gain(rendered, record.gain), record.mixing.factor)


def laid_items(record: Provenance, directory: Path) -> list[Laid]:
    """The items that a musician laid over the response in `directory`, with their sound."""
    files = (*record.inputs.memories, *record.inputs.own)
    sounds = {number: _read(record, files[number], directory) for number in {each.file for each in record.laid}}
    return [
        Laid(
            *(each.start, each.end, each.source, sounds[each.file], each.file),
            *(each.gain, each.fade_in, each.fade_out, each.loop),
        )
        for each in record.laid
    ]


def _read(record: Provenance, source: SourceFile, directory: Path) -> Audio:
    """A file of the response at its rate and channels."""
    path = found_file(source, directory)
    sound = testified_file(path, source, directory).audio
    alike = audio.with_channels(audio.resampled(sound, record.sample_rate), record.channels)
    alike = stretched(alike, source.rate)
    if len(alike.samples) != source.samples:
        raise BadData(f"{path}: {len(alike.samples)} samples, but {directory} was made of {source.samples}")
    return alike


def _require_length(record: Provenance, source: SourceFile, directory: Path) -> None:
    """Before anything is decoded: what a provenance says of a file is no reason to fill the memory."""
    path = found_file(source, directory)
    found = round(audio.header_of(path).duration * record.sample_rate / source.rate)
    if abs(found - source.samples) > 2:
        raise BadData(f"{path}: {found} samples, but {directory} was made of {source.samples}")
