"""When a recording began, as recorders write it into a wav: the `bext` chunk (EBU Tech 3285, Broadcast Wave)."""

from __future__ import annotations

import struct
from pathlib import Path

from antiphon.reading import open_regular

TIME_REFERENCE_BYTE = 338
"""Where the time reference stands in the chunk: samples since midnight, two numbers of 32 bits, the low one first."""


def start_of(path: Path, sample_rate: int) -> float | None:
    """Seconds since midnight at which a wav began, None where it does not say."""
    with open_regular(path) as stream:
        header = stream.read(12)
        if header[:4] not in (b"RIFF", b"RF64") or header[8:] != b"WAVE":
            return None
        while len(chunk := stream.read(8)) == 8:
            name, length = struct.unpack("<4sI", chunk)
            if name == b"bext":
                stream.seek(TIME_REFERENCE_BYTE, 1)
                reference = stream.read(8)
                return struct.unpack("<Q", reference)[0] / sample_rate if len(reference) == 8 else None
            stream.seek(length + length % 2, 1)
    return None
