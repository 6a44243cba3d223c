"""Tracks that did not begin together, put where their time stamps say that they belong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from antiphon.corpus.layouts.stems import Findings, counted, first_few
from antiphon.corpus.timestamps import start_of
from antiphon.corpus.track_audio import source_header
from antiphon.types import Source, Track

SAME_SECONDS = 0.0005
"""Time stamps that differ by less are the rounding of a recorder: nobody plays that exactly."""

FURTHEST_SECONDS = 60.0
"""A track that begins this long after all before it have ended was recorded on another occasion."""


def with_starts(where: str, tracks: Sequence[Track], findings: Findings) -> tuple[Track, ...]:
    """The tracks of a multitrack, shifted by the time stamps of their files; a remark says so, and what has none.

    Where the stamps say that the tracks never sounded together nothing is shifted, and a remark says that instead.
    """
    stamps = {source: start_of(source.path) for track in tracks for source in track.sources}
    known = {source: stamp for source, stamp in stamps.items() if stamp is not None}
    first = min(known.values(), default=0.0)
    starts = {source: stamp - first for source, stamp in known.items()}
    if len(known) < 2 or max(starts.values()) < SAME_SECONDS:
        return tuple(tracks)
    latest = max(starts, key=lambda source: starts[source])
    if not _together(starts):
        findings.remarks.append(
            f"{where}: by the time stamps {latest.path.name} was recorded {starts[latest]:.0f} s after the first, on "
            "another occasion; the stamps are not used and all start together: listen whether they do"
        )
        return tuple(tracks)
    unknown = [source.path.name for source, stamp in stamps.items() if stamp is None]
    without = f"; without a time stamp, so taken to start with the first: {first_few(unknown)}" if unknown else ""
    later = [source.path.name for source, start in starts.items() if start >= SAME_SECONDS]
    findings.remarks.append(
        f"{where}: {counted(len(later), 'file')} shifted by their time stamps, up to {starts[latest]:.3f} s after the "
        f"first: {first_few(later)}{without}"
    )
    return tuple(_shifted(track, {source: starts.get(source, 0.0) for source in track.sources}) for track in tracks)


def _shifted(track: Track, starts: dict[Source, float]) -> Track:
    sources = tuple(replace(source, start=start) for source, start in starts.items())
    duration = max(source.start + source_header(source).duration for source in sources)
    return replace(track, sources=sources, duration=duration)


def _together(starts: dict[Source, float]) -> bool:
    """Whether nobody begins long after all before have ended."""
    end = FURTHEST_SECONDS
    for source, start in sorted(starts.items(), key=lambda each: each[1]):
        if start > end:
            return False
        end = max(end, start + source_header(source).duration + FURTHEST_SECONDS)
    return True
