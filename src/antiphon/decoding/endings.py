"""Whether the end of a file is there, by what its own structure says. Players read a cut-off file as a short one."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable

UNKNOWN_SIZES = (0, 0xFFFFFFFF)
"""Of a chunk whose writer could not go back to say its length."""

_DATA_64 = bytes.fromhex("64617461f3acd3118cd100c04f8edb8a")
"""The GUID of the samples of a Wave64 file; a size follows, which counts GUID and size themselves."""

_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
"""The GUID of the object of a Windows Media file that says its length in bytes."""

_HEADER_BYTES = 2**16
"""In which the header of a Windows Media file is looked for."""


def missing_end(data: mmap.mmap) -> str:
    """What is missing at the end of a file, as the end of a sentence; "" where nothing is, or where it can't be known.

    Knows wav, RF64, Wave64, AIFF, AU, CAF, avi, Ogg, MP4 and QuickTime, Matroska and WebM, Windows Media.
    """
    start = data[:16]
    if start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return _boxes(data)
    check = next((check for magic, check in _CHECKS.items() if start.startswith(magic)), None)
    return check(data) if check else ""


def _short(there: int, wanted: int) -> str:
    return f"{max(there, 0)} of {wanted} bytes of audio are there" if there < wanted else ""


def _riff(data: mmap.mmap) -> str:
    if data[8:12] == b"AVI ":
        size = struct.unpack("<I", data[4:8])[0]
        return f"{len(data)} of {size + 8} bytes are there" if len(data) < size + 8 and size < 0xFFFFFFFF else ""
    return _chunks(data, "<4sI", b"data") if data[8:12] == b"WAVE" else ""


def _aiff(data: mmap.mmap) -> str:
    return _chunks(data, ">4sI", b"SSND") if data[8:12] in (b"AIFF", b"AIFC") else ""


def _rf64(data: mmap.mmap) -> str:
    """A wav of any length: the size of its samples stands in the chunk ds64."""
    found = data.find(b"ds64", 12, 4096)
    size = struct.unpack("<Q", data[found + 16 : found + 24])[0] if 0 <= found < len(data) - 24 else 0
    return _chunks(data, "<4sI", b"data", size)


def _chunks(data: mmap.mmap, chunk_format: str, audio_chunk: bytes, size: int = 0) -> str:
    """Of a file of chunks, the one with the samples; `size` is its own where 32 bits could not hold it."""
    position = 12
    while len(chunk := data[position : position + 8]) == 8:
        name, length = struct.unpack(chunk_format, chunk)
        position += 8
        if name == audio_chunk:
            if length in UNKNOWN_SIZES:
                length = size
            return _short(len(data) - position, length)
        position += length + length % 2
    return ""


def _wave64(data: mmap.mmap) -> str:
    position = 40
    while len(head := data[position : position + 24]) == 24:
        length = struct.unpack("<Q", head[16:])[0]
        if head[:16] == _DATA_64:
            return _short(len(data) - position - 24, length - 24)
        if length < 24:
            return ""
        position += length + -length % 8
    return ""


def _caf(data: mmap.mmap) -> str:
    position = 8
    while len(head := data[position : position + 12]) == 12:
        name, length = struct.unpack(">4sq", head)
        position += 12
        if name == b"data":
            return _short(len(data) - position, length) if length > 0 else ""
        position += max(length, 0)
    return ""


def _au(data: mmap.mmap) -> str:
    order = ">" if data[:4] == b".snd" else "<"
    start, length = struct.unpack(f"{order}II", data[4:12])
    return _short(len(data) - start, length) if length not in UNKNOWN_SIZES else ""


def _ogg(data: mmap.mmap) -> str:
    """The last page says how long it is."""
    last = data.rfind(b"OggS")
    while last >= 0:
        end = _page_end(data, last)
        if end <= len(data):
            return ""
        if last == 0 or _is_page(data, last):
            return f"its last page ends {end - len(data)} bytes after the file"
        last = data.rfind(b"OggS", 0, last)
    return ""


def _is_page(data: mmap.mmap, place: int) -> bool:
    """Whether `OggS` begins a page there, and is not part of the sound."""
    return data[place + 4 : place + 5] == b"\0" and data[place + 5 : place + 6] <= b"\x07"


def _page_end(data: mmap.mmap, place: int) -> int:
    """Where the page at `place` ends; past the end of the file where its own header is cut."""
    count = data[place + 26] if place + 26 < len(data) else 255
    lengths = data[place + 27 : place + 27 + count]
    return place + 27 + count + sum(lengths)


def ogg_sounds(data: mmap.mmap) -> int:
    """How many streams begin in an Ogg file, at its start or later: libsndfile reads the first alone."""
    place, found = 0, 0
    while data[place : place + 4] == b"OggS" and place + 27 <= len(data):
        found += data[place + 5] >> 1 & 1
        place = _page_end(data, place)
    return found


def _boxes(data: mmap.mmap) -> str:
    """MP4 and QuickTime are boxes; the one called moov says where the sound lies."""
    position, names = 0, set()
    while len(head := data[position : position + 8]) == 8:
        length, name = struct.unpack(">I4s", head)
        if length == 1:
            length = int.from_bytes(data[position + 8 : position + 16], "big")
        if length == 0:
            length = len(data) - position
        names.add(name)
        if length < 8:
            break
        position += length
        if position > len(data):
            return f"{len(data)} of {position} bytes are there"
    return "" if b"moov" in names else "its index (moov) is not there"


def _matroska(data: mmap.mmap) -> str:
    """The element Segment, which holds all the rest, says its size unless it was streamed."""
    position = 4
    size, position = _variable(data, position)
    position += size
    if data[position : position + 4] != b"\x18S\x80g":
        return ""
    width = 9 - data[position + 4].bit_length() if position + 4 < len(data) and data[position + 4] else 0
    size, position = _variable(data, position + 4)
    if not width or size == 2 ** (7 * width) - 1:
        return ""
    return f"{len(data)} of {position + size} bytes are there" if position + size > len(data) else ""


def _variable(data: mmap.mmap, position: int) -> tuple[int, int]:
    """A number of variable length in EBML, and where the next one begins."""
    first = data[position] if position < len(data) else 0
    width = 9 - first.bit_length() if first else 1
    value = int.from_bytes(data[position : position + width], "big")
    return value & (2 ** (7 * width) - 1), position + width


def _windows_media(data: mmap.mmap) -> str:
    found = data.find(_FILE_PROPERTIES, 0, _HEADER_BYTES)
    if found < 0 or len(data) < found + 92:
        return ""
    size = struct.unpack("<Q", data[found + 40 : found + 48])[0]
    is_live = data[found + 88] & 1
    return f"{len(data)} of {size} bytes are there" if not is_live and len(data) < size else ""


_CHECKS: dict[bytes, Callable[[mmap.mmap], str]] = {
    b"RIFF": _riff,
    b"RF64": _rf64,
    b"BW64": _rf64,
    b"riff.\x91\xcf\x11": _wave64,
    b"FORM": _aiff,
    b".snd": _au,
    b"dns.": _au,
    b"caff": _caf,
    b"OggS": _ogg,
    b"\x1aE\xdf\xa3": _matroska,
    b"0&\xb2u\x8ef\xcf\x11": _windows_media,
}
"""By the bytes with which a file begins."""
