"""Scores from others, looked at before anything unpacks them: a few kilobytes of zip can hold gigabytes."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from antiphon.errors import BadData
from antiphon.reading import bytes_of, open_regular

MOST_SCORE_BYTES = 64 * 2**20
"""Size of the largest score, unpacked: a symphony has ten million."""

MOST_RATIO = 400
"""How many times larger than its zip a score may be: notes that are all alike reach a hundred."""

MOST_MEMBERS = 64
"""Files in a compressed score: the score, its container, pictures."""

MOST_MIDI_BYTES = 16 * 2**20
"""Size of the largest MIDI file: an hour of piano has half a million."""


def score_text(path: Path) -> bytes:
    """The MusicXML in a .mxl, or a file of it, as bytes. Raises BadData, with the reason alone, for anything else, and
    for what is larger than it may be, without unpacking it."""
    if path.suffix.lower() != ".mxl":
        return bytes_of(path, MOST_SCORE_BYTES)
    try:
        with open_regular(path, MOST_SCORE_BYTES) as stream, zipfile.ZipFile(stream) as archive:
            return _unpacked(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, KeyError, ValueError, RuntimeError) as error:
        raise BadData(f"not a compressed score ({type(error).__name__}: {error})") from error


def _unpacked(archive: zipfile.ZipFile) -> bytes:
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise BadData(f"a compressed score of {len(members)} files; no more than {MOST_MEMBERS} are read")
    for member in members:
        if member.file_size > MOST_SCORE_BYTES or member.file_size > MOST_RATIO * max(member.compress_size, 1024):
            raise BadData(f"{member.filename!r} in it would unpack to {member.file_size} bytes: not unpacked")
    inner = [each for each in members if not each.filename.startswith("META-INF") and each.filename.endswith("xml")]
    if not inner:
        raise BadData("a compressed score with no score in it")
    with archive.open(inner[0]) as stream:
        # What a header says of a size may be untrue.
        text = stream.read(MOST_SCORE_BYTES + 1)
    if len(text) > MOST_SCORE_BYTES:
        raise BadData(f"{inner[0].filename!r} in it is larger than it says: not unpacked")
    return text
