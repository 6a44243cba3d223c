"""What is handed over by name: each format into a response's directory."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from antiphon import audio
from antiphon.action.export.class_names import Names, known_names
from antiphon.action.export.dawproject_file import DAWPROJECT, write_dawproject
from antiphon.action.export.labels import add_cues, audacity, coll, cue_chunks, sonic_visualiser, told_apart
from antiphon.action.export.midi import midi
from antiphon.action.export.provenance_file import MEDIA, Inputs, Provenance, SourceFile, found_file
from antiphon.action.export.reaper import SESSION, Session, project
from antiphon.action.export.rpp import write_project
from antiphon.errors import BadData, SettingsError
from antiphon.files import sha256, whole_file
from antiphon.names import for_file
from antiphon.reading import real
from antiphon.types import SILENCE, Event

ALL = "all"


@dataclass(frozen=True)
class Handed:
    """What there is to hand over: a response by its provenance, and the rest's id."""

    provenance: Provenance
    rest: int

    @property
    def names(self) -> Names:
        """What a musician calls the classes."""
        return known_names(self.provenance.names)

    @property
    def labels(self) -> tuple[Sequence[Event], int, Names]:
        """What labels are written of: the events, the rest's id, what the classes are called."""
        return self.provenance.events, self.rest, self.names


def _text(name: str, make: Callable[[Handed], str]) -> Callable[[Path, Handed], None]:
    def write(directory: Path, handed: Handed) -> None:
        with whole_file(directory / name) as temporary:
            temporary.write_text(make(handed), encoding="utf-8")

    return write


def _midi(directory: Path, handed: Handed) -> None:
    with whole_file(directory / "response.mid") as temporary:
        temporary.write_bytes(midi(handed.provenance, handed.rest))


def _cues(directory: Path, handed: Handed) -> None:
    record = handed.provenance
    add_cues(directory / "response.wav", cue_chunks(record.events, handed.rest, record.sample_rate, handed.names))


def _reaper(directory: Path, handed: Handed) -> None:
    write_project(directory / SESSION, project(session_of(directory, handed)))


def _dawproject(directory: Path, handed: Handed) -> None:
    write_dawproject(directory, handed.provenance, handed.rest)


def files_of(handed: Handed) -> tuple[str, ...]:
    """What each event's source file is called, no two files alike: as in `media`, where that holds copies, else by as
    many folders as tell it from the others. Empty for silence, and for sound that was never in a file."""
    record = handed.provenance
    ends = told_apart([source.path for source in record.inputs.memories])
    parts = [record.copies[event.run].part for event in record.events]
    return tuple(
        "" if part == SILENCE else ends[record.inputs.memories[part].path] or Path(event.source).name
        for event, part in zip(record.events, parts, strict=True)
    )


def rates_of(handed: Handed) -> tuple[float, ...]:
    """How fast each event's source file is played; empty where all are played as they are."""
    record = handed.provenance
    if all(source.rate == 1 for source in record.inputs.memories):
        return ()
    parts = [record.copies[event.run].part for event in record.events]
    return tuple(1.0 if part == SILENCE else record.inputs.memories[part].rate for part in parts)


def session_of(directory: Path, handed: Handed) -> Session:
    """What a REAPER project in `directory` shows, whose media are already there."""
    guides = handed.provenance.inputs.guides
    lengths = [(guide.path, audio.duration_of(directory / guide.path)) for guide in guides]
    return Session(handed.provenance, handed.rest, tuple(lengths))


FORMATS: dict[str, Callable[[Path, Handed], None]] = {
    "reaper": _reaper,
    "cues": _cues,
    "audacity": _text("response.labels.txt", lambda handed: audacity(*handed.labels)),
    "sonic-visualiser": _text("response.csv", lambda handed: sonic_visualiser(*handed.labels)),
    "midi": _midi,
    "coll": _text(
        "response.coll.txt",
        lambda handed: coll(handed.provenance.events, handed.rest, files_of(handed), rates_of(handed), handed.names),
    ),
    "dawproject": _dawproject,
}
"""What can be handed over, by the names of `--export`."""

COPYING = ("reaper", "dawproject")
"""Formats that take copies of the sounds with them."""

FORMAT_FILES = (SESSION, MEDIA, "response.labels.txt", "response.csv", "response.mid", "response.coll.txt", DAWPROJECT)
"""All files that the formats add to a response's directory; cue points go into response.wav."""


def known_formats(names: Sequence[str]) -> tuple[str, ...]:
    """The formats of these names, in the order of FORMATS; `all` is every one. Raises SettingsError for an unknown."""
    unknown = [name for name in names if name not in FORMATS and name != ALL]
    if unknown:
        raise SettingsError(f"cannot export {unknown[0]!r}; known: {', '.join((*FORMATS, ALL))}")
    return tuple(name for name in FORMATS if name in names or ALL in names)


def with_media(directory: Path, inputs: Inputs) -> Inputs:
    """Copies of all files in `directory`/media, and the inputs as they lie there, so that the folder moves as one.

    Two files of one name get numbers. Raises BadData where a file is gone or has changed.
    """
    if any(not source.path for source in (*inputs.guides, *inputs.memories, *inputs.own)):
        raise BadData("sound that was never in a file cannot be put beside a session")
    (directory / MEDIA).mkdir(exist_ok=True)
    taken: dict[str, str] = {}
    return replace(
        inputs,
        guides=tuple(_copied(directory, source, taken) for source in inputs.guides),
        memories=tuple(_copied(directory, source, taken) for source in inputs.memories),
        own=tuple(_copied(directory, source, taken) for source in inputs.own),
    )


def _copied(directory: Path, source: SourceFile, taken: dict[str, str]) -> SourceFile:
    path = found_file(source, directory)
    # The name is one that a session can hold: what it does not name as it is, it does not find again.
    path_name = Path(for_file(path.name))
    name, number = path_name.name, 1
    while taken.setdefault(name, source.path) != source.path:
        number += 1
        name = f"{path_name.stem}-{number}{path_name.suffix}"
    target = directory / MEDIA / name
    if not target.exists():
        shutil.copyfile(path, target)
        os.chmod(target, 0o644)
        if sha256(target) != source.sha256:
            raise BadData(f"{path}: changed while it was copied; call again when nothing writes to it")
    return replace(source, path=f"{MEDIA}/{name}", origin=source.origin or real(path).as_posix())


def hand_over(directory: Path, handed: Handed, formats: Sequence[str]) -> None:
    """Write the formats into a directory that holds the response."""
    for name in known_formats(formats):
        FORMATS[name](directory, handed)
