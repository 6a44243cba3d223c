"""The file of a DAWproject: a zip that holds the project and every sound that it plays, and so moves as one."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from antiphon import audio
from antiphon.action.export.dawproject import Embedded, Sounds, is_described, metadata_xml, project_xml
from antiphon.action.export.provenance_file import Provenance, found_file, laid_items
from antiphon.action.rendering.laid import laid_over
from antiphon.action.rendering.loudness import with_gain
from antiphon.errors import BadData
from antiphon.files import sha256, whole_file
from antiphon.names import for_archive
from antiphon.types import Audio, Laid

DAWPROJECT = "session.dawproject"

_FOLDER = "audio"

_WRITTEN = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip knows: the same response, the same bytes."""

_REGULAR = 0o100644 << 16
_UNIX = 3


def write_dawproject(directory: Path, record: Provenance, rest: int) -> None:
    """Write session.dawproject into the directory of a response, whole or not at all.

    Raises BadData where a sound was never in a file, is gone or has changed.
    """
    if any(not source.path for source in (*record.inputs.guides, *record.inputs.memories, *record.inputs.own)):
        raise BadData("sound that was never in a file cannot be put into a session")
    files = {path: place for path, place, _ in _files(directory, record)}
    embedded = {path: _described(number, place) for number, (path, place) in enumerate(files.items(), 1)}
    bounced = dict(_bounced(directory, record, len(files)))
    sounds = Sounds(embedded, {number: sound for number, (sound, _) in bounced.items()})
    with whole_file(directory / DAWPROJECT) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        _put(archive, "project.xml", project_xml(record, rest, sounds), zipfile.ZIP_DEFLATED)
        title = next((embedded[guide.path].name for guide in record.inputs.guides), "Response")
        _put(archive, "metadata.xml", metadata_xml(record, title), zipfile.ZIP_DEFLATED)
        for path, place, digest in _files(directory, record):
            _copy(archive, embedded[path].path, place)
            if digest and sha256(place) != digest:
                raise BadData(f"{place}: changed while it was copied; call again when nothing writes to it")
        for sound, item in bounced.values():
            _put(archive, sound.path, audio.wav(item), zipfile.ZIP_STORED)


def _files(directory: Path, record: Provenance) -> Iterator[tuple[str, Path, str]]:
    """Every file that the project plays: its path in the provenance, where it is now, and its hash where one is
    known; each once."""
    played = (*record.inputs.guides, *record.inputs.memories, *record.inputs.own)
    seen = set()
    for source in played:
        if source.path not in seen:
            seen.add(source.path)
            yield source.path, found_file(source, directory), source.sha256
    for take in record.takes:
        yield take.file, directory / take.file, ""


def _described(number: int, place: Path) -> Embedded:
    """A file as the zip holds it. Its number tells it from others of its name on every file system."""
    shape = audio.shape_of(place)
    path = f"{_FOLDER}/{number} {for_archive(place.name)}"
    return Embedded(path, place.name, shape.frames / shape.sample_rate, shape.sample_rate, shape.channels)


def _bounced(directory: Path, record: Provenance, used: int) -> Iterator[tuple[int, tuple[Embedded, Audio]]]:
    """Of a musician's items those that no clip describes, as sounds of their own: the item's number, and its sound."""
    if not record.laid:
        return
    for number, (laid, item) in enumerate(zip(record.laid, laid_items(record, directory), strict=True)):
        if not is_described(laid, len(item.sound.samples)):
            used += 1
            sound = _heard(item)
            loudest = max(audio.peak(sound), 1.0)
            name = f"edit {number + 1}.wav"
            shape = (sound.duration, sound.sample_rate, sound.channels)
            described = Embedded(f"{_FOLDER}/{used} {name}", name, *shape, gain=loudest)
            yield number, (described, with_gain(sound, 1 / loudest))


def _heard(item: Laid) -> Audio:
    """An item alone, from the start of the response on where it begins before that."""
    first = max(item.start, 0)
    length = max(item.end - first, 1)
    empty = np.zeros((length, item.sound.channels), dtype=np.float32)
    moved = replace(item, start=item.start - first, end=item.end - first)
    return Audio(laid_over(empty, [moved]), item.sound.sample_rate)


def _entry(name: str, how: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _WRITTEN)
    entry.compress_type = how
    entry.create_system = _UNIX
    entry.external_attr = _REGULAR
    return entry


def _put(archive: zipfile.ZipFile, name: str, content: bytes, how: int) -> None:
    archive.writestr(_entry(name, how), content)


def _copy(archive: zipfile.ZipFile, name: str, place: Path) -> None:
    """A sound as it is: it does not get smaller."""
    entry = _entry(name, zipfile.ZIP_STORED)
    entry.file_size = place.stat().st_size
    with place.open("rb") as file, archive.open(entry, "w") as inside:
        shutil.copyfileobj(file, inside, 1 << 20)
