"""OSC 1.0 packets, read strictly: a whole packet or a sentence about what is wrong with it, never a part of it.

Written here, since the usual parser leaves out the arguments that it does not know and waits inside itself for the time
of a bundle: on stage both are silent failures.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from antiphon.errors import AntiphonError

Argument = int | float | str | bytes | bool | None

MOST_BYTES: Final = 65_507
"""The longest packet: what UDP carries over IPv4."""

MOST_MESSAGES: Final = 256
"""Messages in one packet."""

MOST_DEPTH: Final = 4
"""Bundles within bundles."""

NTP_EPOCH: Final = 2_208_988_800
"""Seconds from 1900, where OSC begins to count, to 1970."""

IMMEDIATELY: Final = 1
"""The time tag that means "now"."""


class NotOsc(AntiphonError):
    """A packet, or a part of it, is not OSC as the standard has it; the message says which part."""


@dataclass(frozen=True)
class OscMessage:
    """An address and its arguments; `due` is the wall time in seconds at which its bundle wants it, None: at once."""

    address: str
    arguments: tuple[Argument, ...] = ()
    due: float | None = None


def decode(packet: bytes) -> tuple[OscMessage, ...]:
    """The messages of a packet, those of bundles too. Raises NotOsc."""
    if not packet:
        raise NotOsc("an empty packet")
    if len(packet) > MOST_BYTES:
        raise NotOsc(f"a packet of {len(packet)} bytes")
    found = _element(packet, None, 0)
    if len(found) > MOST_MESSAGES:
        raise NotOsc(f"a bundle of more than {MOST_MESSAGES} messages")
    return tuple(found)


def encode(address: str, arguments: Sequence[Argument] = ()) -> bytes:
    """A message as a packet: int as `i` (`h` beyond 32 bits), float as `f`, str as `s`, bytes as `b`.

    Raises ValueError for an address or an argument that OSC has no way to say.
    """
    if not address.startswith("/"):
        raise ValueError(f"an OSC address begins with a slash, got {address!r}")
    tags, body = ",", b""
    for argument in arguments:
        tag, data = _encoded(argument)
        tags += tag
        body += data
    return _text(address) + _text(tags) + body


def encode_bundle(packets: Sequence[bytes], wall: float | None = None) -> bytes:
    """Packets as one bundle that is due at `wall` seconds since 1970, None for at once."""
    tag = IMMEDIATELY if wall is None else round((wall + NTP_EPOCH) * (1 << 32))
    return b"#bundle\0" + struct.pack(">Q", tag) + b"".join(struct.pack(">i", len(each)) + each for each in packets)


def _encoded(argument: Argument) -> tuple[str, bytes]:
    if isinstance(argument, bool):
        return ("T" if argument else "F"), b""
    if argument is None:
        return "N", b""
    if isinstance(argument, int):
        wide = not -(1 << 31) <= argument < 1 << 31
        return ("h", struct.pack(">q", argument)) if wide else ("i", struct.pack(">i", argument))
    if isinstance(argument, float):
        return "f", struct.pack(">f", argument)
    if isinstance(argument, str):
        return "s", _text(argument)
    return "b", struct.pack(">i", len(argument)) + argument + bytes(-len(argument) % 4)


def _text(text: str) -> bytes:
    """Text as OSC has it: ended by zeros to a multiple of four. What is not ASCII goes as UTF-8, zeros as spaces."""
    data = text.replace("\0", " ").encode("utf-8", "replace")
    return data + bytes(4 - len(data) % 4)


def _element(data: bytes, due: float | None, depth: int) -> list[OscMessage]:
    if data.startswith(b"#bundle\0"):
        return _bundle(data, depth)
    if data.startswith(b"/"):
        return [_message(data, due)]
    raise NotOsc("what begins with neither '/' nor '#bundle'")


def _bundle(data: bytes, depth: int) -> list[OscMessage]:
    if depth >= MOST_DEPTH:
        raise NotOsc(f"bundles within bundles, more than {MOST_DEPTH} deep")
    if len(data) < 16:
        raise NotOsc("a bundle without its time")
    tag = struct.unpack_from(">Q", data, 8)[0]
    due = None if tag == IMMEDIATELY else tag / (1 << 32) - NTP_EPOCH
    found: list[OscMessage] = []
    place = 16
    while place < len(data):
        if place + 4 > len(data):
            raise NotOsc("a bundle that is cut")
        size = struct.unpack_from(">i", data, place)[0]
        place += 4
        if size <= 0 or size % 4 or place + size > len(data):
            raise NotOsc(f"a bundle with an element of {size} bytes")
        found += _element(data[place : place + size], due, depth + 1)
        place += size
        if len(found) > MOST_MESSAGES:
            break
    return found


def _message(data: bytes, due: float | None) -> OscMessage:
    address, place = _read_text(data, 0)
    if place == len(data):  # older senders leave the type tags out where there are no arguments
        return OscMessage(address, (), due)
    tags, place = _read_text(data, place)
    if not tags.startswith(","):
        raise NotOsc(f"{address} without type tags")
    found: list[Argument] = []
    for tag in tags[1:]:
        reader = _READERS.get(tag)
        if reader is None:
            raise NotOsc(f"{address} with an argument of type {tag!r}; known are {' '.join(_READERS)}")
        value, place = reader(data, place)
        found.append(value)
    if place != len(data):
        raise NotOsc(f"{address} with {len(data) - place} bytes too many")
    return OscMessage(address, tuple(found), due)


def _read_text(data: bytes, place: int) -> tuple[str, int]:
    end = data.find(b"\0", place)
    if end < 0:
        raise NotOsc("a text without an end")
    after = end + 4 - end % 4
    if after > len(data) or any(data[end:after]):
        raise NotOsc("a text that is not filled to four bytes")
    try:
        return data[place:end].decode("utf-8"), after
    except UnicodeDecodeError:
        raise NotOsc("a text that is not UTF-8") from None


def _read_blob(data: bytes, place: int) -> tuple[bytes, int]:
    size, place = _read_number(">i", data, place)
    if size < 0 or place + size + -size % 4 > len(data):
        raise NotOsc(f"a blob of {size} bytes in a packet of {len(data)}")
    return data[place : place + size], place + size + -size % 4


def _read_number(form: str, data: bytes, place: int) -> tuple[int, int]:
    size = struct.calcsize(form)
    if place + size > len(data):
        raise NotOsc("an argument that is cut")
    return struct.unpack_from(form, data, place)[0], place + size


def _number(form: str) -> Callable[[bytes, int], tuple[Argument, int]]:
    return lambda data, place: _read_number(form, data, place)


def _constant(value: Argument) -> Callable[[bytes, int], tuple[Argument, int]]:
    return lambda data, place: (value, place)


_READERS: Final[dict[str, Callable[[bytes, int], tuple[Argument, int]]]] = {
    "i": _number(">i"),
    "h": _number(">q"),
    "f": _number(">f"),
    "d": _number(">d"),
    "s": _read_text,
    "S": _read_text,
    "b": _read_blob,
    "T": _constant(True),
    "F": _constant(False),
    "N": _constant(None),
    "I": _constant(math.inf),
}
"""How each type of argument is read from a place in a packet."""
