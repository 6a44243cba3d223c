"""When a recording began, as recorders and workstations write it into a wav: the `bext` chunk (EBU Tech 3285)."""

from __future__ import annotations

import struct
from pathlib import Path

from antiphon.reading import open_regular

TIME_REFERENCE_BYTE = 338
"""Where the time reference stands in the chunk: samples since midnight, two numbers of 32 bits, the low one first."""

RATE_BYTE = 4
"""Where the sample rate stands in the `fmt ` chunk."""


def start_of(path: Path) -> float | None:
    """Seconds since midnight, or since its session began, at which a wav began; None where it does not say."""
    rate = 0
    reference: int | None = None
    with open_regular(path) as stream:
        header = stream.read(12)
        if header[:4] not in (b"RIFF", b"RF64", b"BW64") or header[8:] != b"WAVE":
            return None
        while len(chunk := stream.read(8)) == 8 and (not rate or reference is None):
            name, length = struct.unpack("<4sI", chunk)
            begin = stream.tell()
            if name == b"fmt ":
                rate = _number(stream.read(RATE_BYTE + 4)[RATE_BYTE:])
            elif name == b"bext":
                reference = _number(stream.read(TIME_REFERENCE_BYTE + 8)[TIME_REFERENCE_BYTE:])
            stream.seek(begin + length + length % 2)
    return reference / rate if rate and reference is not None else None


def _number(written: bytes) -> int:
    """An unsigned number, the low byte first; 0 where the chunk ends before it."""
    return int.from_bytes(written, "little") if len(written) in (4, 8) else 0
