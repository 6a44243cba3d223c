"""What tracks of one multitrack tell about one another: one sound twice, a mix among the stems, lag, drift, bleed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from antiphon.corpus.checking.alignment import Alignment, align, sharpened
from antiphon.corpus.checking.bleed import bleed, spectra
from antiphon.corpus.checking.report import Finding
from antiphon.corpus.checking.track_measurement import MeasuredTrack
from antiphon.types import Floats, Multitrack

SAME_SOUND = 0.8
"""Likeness of two recordings of one sound. Measured: a file and its ogg or mp3 of lowest quality 0.95 and more, one
that drifts by 300 ppm 0.83 and more; one line on two synthesizers in phase 0.65, two voices of a rendered chorale 0."""

SAME_MIX = 0.98
"""Correlation of a track with the sum of all others: a mix again as ogg stays above; a hard limiter is not measured."""

LAG_SECONDS = 0.001
"""Below it two copies are simultaneous: an ogg or a resampler moves a sound by less."""

DRIFT_PPM = 10.0
"""Between two converters' clocks; two copies of one file differ by less than 2 ppm by the error of measurement."""

AUDIBLE_DB = -40.0
"""Bleed below it is covered by what the track plays itself."""

LOUD_DB = -20.0
"""Bleed above it reaches the features: a model can read the partner's notes from the guide."""


def pairs_of(heard: Sequence[MeasuredTrack], multitrack: Multitrack) -> Iterator[Finding]:
    """Findings about pairs of tracks. A mix contains all others, so that it is named once and not compared further."""
    tracks = [each for each in heard if np.any(each.copy)]
    mixes = [each for each in tracks if _is_mix(each, tracks)]
    for mix in mixes:
        yield Finding(
            "mix",
            "error",
            f"{multitrack.name}/{mix.track.name}",
            "is the sum of all other tracks, a mix: it holds the answer; take it out of the folder",
        )
    stems = [each for each in tracks if each not in mixes]
    sharp = {each.track.name: sharpened(each.copy) for each in stems}
    spectrum = {name: spectra(samples) for name, samples in sharp.items()}
    for a, b in itertools.combinations(stems, 2):
        where = f"{multitrack.name}/{a.track.name}, {b.track.name}"
        if a.content == b.content:
            yield Finding("identical", "error", where, "hold the same samples: take one of them out")
            continue
        alignment = align(sharp[a.track.name], sharp[b.track.name])
        if alignment.likeness >= SAME_SOUND:
            yield _same_sound(alignment, where, b.track.name)
            continue
        names = a.track.name, b.track.name
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
        "likeness": alignment.likeness,
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
    sentence = f"nearly identical ({100 * alignment.likeness:.0f} % alike): take one of them out"
    return Finding("near-identical", "error", where, sentence, numbers)


def _is_mix(heard: MeasuredTrack, tracks: Sequence[MeasuredTrack]) -> bool:
    others = [each.copy for each in tracks if each is not heard]
    if len(others) < 2:
        return False
    total = _summed(others)
    shared = min(len(total), len(heard.copy))
    a, b = heard.copy[:shared].astype(np.float64), total[:shared]
    energy = float(np.dot(a, a)) * float(np.dot(b, b))
    return energy > 0 and abs(float(np.dot(a, b))) / np.sqrt(energy) >= SAME_MIX


def _summed(parts: Sequence[Floats]) -> NDArray[np.float64]:
    total = np.zeros(max(map(len, parts)))
    for part in parts:
        total[: len(part)] += part
    return total
