"""What tracks of one multitrack tell about one another: one sound twice, a mix among the stems, lag, drift, bleed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from antiphon.config import CorpusSettings
from antiphon.corpus.checking.alignment import Alignment, align, sharpened
from antiphon.corpus.checking.bleed import Spectra, bleed, spectra
from antiphon.corpus.checking.report import Finding
from antiphon.corpus.checking.track_measurement import ANALYSIS_RATE, MeasuredTrack
from antiphon.corpus.roles import no_tracks
from antiphon.corpus.stereo_names import stereo_pairs
from antiphon.corpus.sums import Sum, excerpts_of, powers_of, sentence, sums_of, suspects
from antiphon.types import Multitrack

SAME_SOUND = 0.8
"""Similarity of two recordings of one sound. Measured: a file and its ogg or mp3 of lowest quality 0.95 and more, one
that drifts by 300 ppm 0.83 and more; one line on two synthesizers in phase 0.65, two voices of a rendered chorale 0."""

LAG_SECONDS = 0.001
"""Below it two copies are simultaneous: an ogg or a resampler moves a sound by less."""

DRIFT_PPM = 10.0
"""Between two converters' clocks; two copies of one file differ by less than 2 ppm by the error of measurement."""

AUDIBLE_DB = -40.0
"""Bleed below it is covered by what the track plays itself."""

LOUD_DB = -20.0
"""Bleed above it reaches the features: a model can read the partner's notes from the guide."""


def pairs_of(heard: Sequence[MeasuredTrack], multitrack: Multitrack, settings: CorpusSettings) -> Iterator[Finding]:
    """Findings about pairs of tracks. A sum contains others, so that it is named once and not compared further."""
    tracks = [each for each in heard if np.any(each.copy)]
    sums = _sums(tracks)
    totals = [tracks[each.total] for each in sums]
    stems = [each for each in tracks if each not in totals]
    yield from _sum_findings(sums, [each.track.name for each in tracks], multitrack, settings)
    yield from _no_tracks([each.track.name for each in stems], multitrack)
    sharp = {each.track.name: sharpened(each.copy) for each in stems}
    spectrum = {name: spectra(samples) for name, samples in sharp.items()}
    sides = {frozenset((pair.left, pair.right)) for pair in stereo_pairs(list(sharp))}
    for a, b in itertools.combinations(stems, 2):
        where = f"{multitrack.name}/{a.track.name}, {b.track.name}"
        if {a.track.name, b.track.name} in sides:
            advice = "are left and right of one stereo track by their names: scan the folder again, which joins them"
            yield Finding("split-stereo", "warning", where, advice)
            continue
        if a.content == b.content:
            yield Finding("identical", "error", where, "hold the same samples: take one of them out")
            continue
        alignment = align(sharp[a.track.name], sharp[b.track.name])
        if alignment.similarity >= SAME_SOUND:
            yield _same_sound(alignment, where, b.track.name)
        else:
            yield from _bleed(spectrum, (a.track.name, b.track.name), where)


def _sum_findings(
    sums: Sequence[Sum], names: Sequence[str], multitrack: Multitrack, settings: CorpusSettings
) -> Iterator[Finding]:
    """Tracks that hold others: left out of training unless the user wants them."""
    then = "training leaves it out" if settings.leave_out_sums else "take it out, or set corpus.leave_out_sums"
    for each in sums:
        name = names[each.total]
        yield Finding(
            "mix",
            "warning" if settings.leave_out_sums else "error",
            f"{multitrack.name}/{name}",
            f"{sentence(names, each).removeprefix(f'{name} ')}: it holds the answer; {then}",
            {"members": len(each.members), "residual_db": each.residual_db},
        )


def _bleed(spectrum: Mapping[str, Spectra], names: tuple[str, str], where: str) -> Iterator[Finding]:
    """The louder of two tracks in the other, where it is heard there."""
    leaks = [
        (found, source, other)
        for source, other in (names, names[::-1])
        if (found := bleed(spectrum[source], spectrum[other])) is not None and found.level_db >= AUDIBLE_DB
    ]
    if leaks:
        found, source, other = max(leaks, key=lambda leak: leak[0].certainty)
        order = "later" if found.lag > 0 else "earlier"
        late = f", {abs(1000 * found.lag):.1f} ms {order}" if abs(found.lag) >= LAG_SECONDS else ""
        yield Finding(
            "bleed",
            "warning" if found.level_db >= LOUD_DB else "note",
            where,
            f"{source} is heard in {other} at {found.level_db:.0f} dB{late}; gate it, or leave {other} out",
            {"level_db": found.level_db, "lag_ms": 1000 * found.lag},
        )


def _same_sound(alignment: Alignment, where: str, later: str) -> Finding:
    """One sound twice: simultaneous, shifted, or on a clock of its own."""
    numbers = {
        "similarity": alignment.similarity,
        "lag_ms": 1000 * alignment.lag,
        "drift_ppm": alignment.drift,
    }
    if abs(alignment.drift) >= DRIFT_PPM:
        pace = "slow" if alignment.drift > 0 else "fast"
        sentence = (
            f"one sound, and {later} runs {pace} by {abs(alignment.drift):.0f} ppm: resample it, keep one of them"
        )
        return Finding("drift", "error", where, sentence, numbers)
    if abs(alignment.lag) >= LAG_SECONDS:
        order = "late" if alignment.lag > 0 else "early"
        sentence = f"one sound, and {later} is {abs(1000 * alignment.lag):.1f} ms {order}: shift it, keep one of them"
        return Finding("offset", "error", where, sentence, numbers)
    sentence = f"nearly identical ({100 * alignment.similarity:.0f} % alike): take one of them out"
    return Finding("near-identical", "error", where, sentence, numbers)


def _sums(tracks: Sequence[MeasuredTrack]) -> list[Sum]:
    """Tracks that two others or more make up."""
    if len(tracks) < 3:
        return []
    among = suspects(powers_of([each.levels for each in tracks]))
    total = max(len(each.copy) for each in tracks)
    excerpts = np.stack([excerpts_of(each.copy, total, ANALYSIS_RATE) for each in tracks]) if among else None
    found = sums_of(excerpts, among, ANALYSIS_RATE) if excerpts is not None else []
    return [each for each in found if len(each.members) > 1]


def _no_tracks(names: Sequence[str], multitrack: Multitrack) -> Iterator[Finding]:
    """What only a manifest can hold: a scan leaves it out by its name."""
    for name, reason in no_tracks(names, multitrack.name).items():
        advice = f"by its name {reason}, and no player: take it out of the manifest, or scan the folder again"
        yield Finding("no-track", "warning", f"{multitrack.name}/{name}", advice)
