"""The frames of an mp3, counted: whether what its header says of its length is true.

Layers I to III of ISO 11172-3 and 13818-3, and the tags that players put around them.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

_KBITS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Bit rates by version and layer, for the indices 1 to 14."""

_RATES = (44100, 48000, 32000)
"""Of version 1; halved for version 2, quartered for 2.5."""

SIZE_TOLERANCE = 0.01
"""By which the length in bytes, with all tags, may differ from the tag's: mpg123 complains aloud beyond it."""

LOST_FRAMES = 2
"""A tag may count itself, and a writer may miscount by one: only more missing frames are a missing end."""


class _Frame(NamedTuple):
    length: int
    family: int
    """Version, layer and rate, which all frames of a file have in common."""


@dataclass(frozen=True)
class MpegFrames:
    """What was found: the bytes from `start` to `end` are `count` frames, the tag's own left out.

    `declared` and `declared_bytes` are the tag's (Xing, Info), None without one. `whole` says that nothing but known
    tags lies around the frames; `behind` is how many bytes of them follow.
    """

    start: int
    end: int
    count: int
    behind: int
    declared: int | None
    declared_bytes: int | None
    whole: bool

    @property
    def is_exact(self) -> bool:
        """Whether the tag says how long the sound is, and that is how long it is."""
        return self.whole and self.declared == self.count and self._has_size

    @property
    def is_cut(self) -> bool:
        """Whether frames and bytes are missing that the tag counts."""
        missing = self.declared is not None and self.count < self.declared - LOST_FRAMES
        return missing and self.declared_bytes is not None and self.end - self.start < self.declared_bytes

    @property
    def _has_size(self) -> bool:
        if self.declared_bytes is None:
            return True
        return abs(self.end + self.behind - self.start - self.declared_bytes) <= SIZE_TOLERANCE * self.declared_bytes


def frames_of(data: mmap.mmap) -> MpegFrames | None:
    """The frames of a file that begins with one, or with ID3 tags before one; None for any other."""
    start = after_id3(data)
    first = _frame(data, start)
    if first is None:
        return None
    place, count = start, 0
    while (frame := _frame(data, place)) and frame.family == first.family and place + frame.length <= len(data):
        place += frame.length
        count += 1
    declared, size = _tag(data[start : start + first.length])
    if declared is not None or size is not None:
        count -= 1
    return MpegFrames(start, place, count, len(data) - place, declared, size, place >= before_tags(data))


def after_id3(data: mmap.mmap) -> int:
    """Where the ID3v2 tags at the beginning end."""
    place = 0
    while data[place : place + 3] == b"ID3" and len(head := data[place : place + 10]) == 10:
        place += 10 + _syncsafe(head[6:10]) + (10 if head[5] & 0x10 else 0)
    return place


def before_tags(data: mmap.mmap) -> int:
    """Where the tags at the end begin: ID3v1, APE, Lyrics3 and ID3v2 with a footer, in any order."""
    end = len(data)
    while True:
        before = end
        if data[end - 128 : end - 125] == b"TAG":
            end -= 128
        if data[max(0, end - 32) : end - 24] == b"APETAGEX":
            has_header = int.from_bytes(data[end - 12 : end - 8], "little") >> 31
            end -= int.from_bytes(data[end - 20 : end - 16], "little") + 32 * has_header
        if data[max(0, end - 9) : end] == b"LYRICS200" and data[end - 15 : end - 9].isdigit():
            end -= int(data[end - 15 : end - 9]) + 15
        if data[max(0, end - 10) : end - 7] == b"3DI":
            end -= _syncsafe(data[end - 4 : end]) + 20
        if end <= 0 or end >= before:
            return max(end, 0) or len(data)


def _syncsafe(four: bytes) -> int:
    return four[0] << 21 | four[1] << 14 | four[2] << 7 | four[3]


def _frame(data: mmap.mmap, place: int) -> _Frame | None:
    head = data[place : place + 4]
    if len(head) < 4 or head[0] != 0xFF:
        return None
    return _parsed(head[1], head[2])


@cache
def _parsed(second: int, third: int) -> _Frame | None:
    """A frame by the second and third byte of its header."""
    version_bits, layer_bits = second >> 3 & 3, second >> 1 & 3
    index, rate_index, padding = third >> 4, third >> 2 & 3, third >> 1 & 1
    if second >> 5 != 7 or version_bits == 1 or layer_bits == 0 or index in (0, 15) or rate_index == 3:
        return None
    version, layer = (1 if version_bits == 3 else 2), 4 - layer_bits
    rate = _RATES[rate_index] >> (3 - version_bits if version_bits else 2)
    bits = 1000 * _KBITS[version, layer][index - 1]
    if layer == 1:
        length = (12 * bits // rate + padding) * 4
    else:
        length = (72 if (version, layer) == (2, 3) else 144) * bits // rate + padding
    return _Frame(length, (second & 0xFE) << 8 | third & 0x0C)


def _tag(frame: bytes) -> tuple[int | None, int | None]:
    """Frames and bytes that the tag in the first frame counts; None for what it does not say."""
    is_first_version, is_mono = frame[1] >> 3 & 1, frame[3] >> 6 == 3
    place = 4 + ((17 if is_mono else 32) if is_first_version else (9 if is_mono else 17))
    if frame[place : place + 4] not in (b"Xing", b"Info"):
        return None, None
    flags = int.from_bytes(frame[place + 4 : place + 8], "big")
    numbers = [int.from_bytes(frame[place + at : place + at + 4], "big") for at in (8, 12)]
    count = numbers.pop(0) if flags & 1 else None
    return count, numbers[0] if flags & 2 else None
