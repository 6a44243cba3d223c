"""Waveforms for a page: highest and lowest sample of short stretches, computed once and kept."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from antiphon.audio import sample_blocks, shape_of
from antiphon.files import identity
from antiphon.studio.derived import kept
from antiphon.studio.project import Project

STRETCH = 256
"""Samples that one pair stands for: 6 ms at 44.1 kHz. What is nearer is drawn from the samples themselves."""

HEAD = struct.Struct("<4sIIQ")
"""`ANPK`, samples of a stretch, Hz, and samples of the whole; then pairs of int8, lowest and highest."""


def peaks_of(project: Project, path: Path) -> bytes:
    """The peaks of a file of the project, as they go to a page. Raises BadData where it cannot be read."""
    told = ("peaks", identity(path), STRETCH)
    return kept(project, told, ".bin", lambda place: _write(place, measured(path))).read_bytes()


def _write(place: Path, found: bytes) -> None:
    place.write_bytes(found)


def measured(path: Path) -> bytes:
    """The peaks of a sound, over all of its channels."""
    shape = shape_of(path)
    pairs: list[NDArray[np.int8]] = []
    rest = np.empty((0, shape.channels), dtype=np.float32)
    frames = 0
    for block in sample_blocks(path):
        frames += len(block)
        joined = np.concatenate([rest, block]) if len(rest) else block
        whole = len(joined) // STRETCH * STRETCH
        if whole:
            pairs.append(_pairs(joined[:whole].reshape(-1, STRETCH * joined.shape[1])))
        rest = joined[whole:]
    if len(rest):
        pairs.append(_pairs(rest.reshape(1, -1)))
    body = np.concatenate(pairs) if pairs else np.empty((0, 2), dtype=np.int8)
    return HEAD.pack(b"ANPK", STRETCH, shape.sample_rate, frames) + body.tobytes()


def _pairs(rows: NDArray[np.float32]) -> NDArray[np.int8]:
    found = np.stack([np.floor(rows.min(axis=1) * 127), np.ceil(rows.max(axis=1) * 127)], axis=1)
    return np.asarray(np.clip(found, -127, 127), dtype=np.int8)
