"""Regions of a memory that may be played, and those that may not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from antiphon.config import ActionSettings
from antiphon.errors import BadData, SettingsError
from antiphon.types import Memory, MemoryPart

_ROUNDING = 1e-6
"""Seconds by which a segment may stick out of its region: float64 noise."""


@dataclass(frozen=True)
class Region:
    """[start, end) in seconds of the part whose file is named `part`; of every part if it is empty."""

    start: float
    end: float
    part: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise SettingsError(f"a region must be 0 <= start < end, got {self.start:g}-{self.end:g}")

    @classmethod
    def parsed(cls, text: str) -> Region:
        """From `FILE:START-END` or `START-END`, in seconds. Raises SettingsError for anything else."""
        part, _, span = text.rpartition(":")
        start, _, end = span.partition("-")
        try:
            return cls(float(start), float(end), part)
        except ValueError:
            raise SettingsError(f"a region is FILE:START-END or START-END in seconds, got {text!r}") from None

    def is_of(self, part: MemoryPart) -> bool:
        """Whether the part's file is the one named, by its whole path or by its last name."""
        return self.part in ("", part.source, Path(part.source).name)


def usable_segments(memory: Memory, settings: ActionSettings) -> NDArray[np.bool_]:
    """Which memory segments (n,) may be played: wholly inside an allowed region, touched by no taboo one.

    Raises SettingsError for a region that names no part of the memory, BadData where no segment is left.
    """
    allowed = [Region.parsed(text) for text in settings.allowed_regions]
    taboo = [Region.parsed(text) for text in settings.taboo_regions]
    _require_known(memory, [*allowed, *taboo])
    usable = np.full(len(memory.tokens), not allowed)
    for region in allowed:
        for part in _named(memory, region):
            start, end = _seconds_in(memory, part)
            usable |= (start >= region.start - _ROUNDING) & (end <= region.end + _ROUNDING)
    for region in taboo:
        for part in _named(memory, region):
            start, end = _seconds_in(memory, part)
            usable &= ~((start < region.end - _ROUNDING) & (end > region.start + _ROUNDING))
    if len(usable) and not usable.any():
        names = " and ".join(name for name in ("allowed_regions", "taboo_regions") if getattr(settings, name))
        raise BadData(f"{names}: no segment of the memory is left to play")
    return usable


def _named(memory: Memory, region: Region) -> list[MemoryPart]:
    return [part for part in memory.parts if region.is_of(part)]


def _require_known(memory: Memory, regions: Sequence[Region]) -> None:
    for region in regions:
        if not _named(memory, region):
            known = ", ".join(Path(part.source).name or "a part without a name" for part in memory.parts)
            raise SettingsError(f"region of {region.part!r}: the memory has no such part, only {known}")


def _seconds_in(memory: Memory, part: MemoryPart) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Start and end of every memory segment (n,) in seconds of the part's file; outside it NaN, which nothing holds."""
    intervals = memory.tokens.intervals
    middles = intervals.mean(axis=1) * memory.audio.sample_rate
    inside = (middles >= part.start) & (middles < part.end)
    seconds = np.where(inside[:, None], (intervals - part.start / memory.audio.sample_rate) * part.rate, np.nan)
    return seconds[:, 0], seconds[:, 1]
