"""Whether two tracks agree in pitch: by what their notes are, and by how rough their partials are together."""

from __future__ import annotations

import numpy as np

from antiphon.coupling.features import PITCH_CLASSES, CouplingFeatures
from antiphon.types import Floats

SEGMENT_STEPS = 5
"""Chroma are compared over segments of 0.25 s, the paper's shortest."""

SOUNDING = 0.3
"""Mean posterior above which a segment holds a pitch: that of a note is near 1, that of noise near 0.1."""

ROUGHNESS_RISE, ROUGHNESS_FALL = 3.5, 5.75
ROUGHEST, BAND_SLOPE, BAND_HZ = 0.24, 0.021, 19.0
"""How two sines beat, fitted to Plomp and Levelt (1965) by Sethares, Local consonance and the relationship between
timbre and scale, J. Acoust. Soc. Am. 94 (1993): the roughest distance is 0.24 of 0.021 f + 19 Hz, f the lower one."""


def chroma_agreement(guide: CouplingFeatures, response: CouplingFeatures) -> float:
    """Mean cosine of the chroma of simultaneous segments in which both have a pitch, 0..1; NaN where there are none.

    Two voices of one chord rarely play the same pitch class: this tells doublings and keys, not harmony (docs).
    """
    ours, theirs = _segment_chroma(guide), _segment_chroma(response)
    both = (ours.max(axis=1) > SOUNDING) & (theirs.max(axis=1) > SOUNDING)
    if not both.any():
        return float("nan")
    ours, theirs = ours[both], theirs[both]
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    return float(((ours * theirs).sum(axis=1) / lengths).mean())


def _segment_chroma(heard: CouplingFeatures) -> Floats:
    """Mean chroma (segments, 12); what is left at the end is left out."""
    segments = len(heard) // SEGMENT_STEPS
    chroma = heard.frames[: segments * SEGMENT_STEPS, PITCH_CLASSES]
    return np.asarray(chroma.reshape(segments, SEGMENT_STEPS, 12).mean(axis=1))


def consonance(guide: CouplingFeatures, response: CouplingFeatures) -> float:
    """1 minus the mean sensory dissonance of simultaneous partials of the two tracks, 0..1; NaN where none are.

    The dissonance of a step is the mean over all pairs of a partial of one and a partial of the other, weighted by the
    product of their amplitudes, in units of the roughest interval of two sines. Roughness within a track doesn't count.
    """
    ours, theirs = guide.partials, response.partials
    weights = ours[:, :, np.newaxis, 1] * theirs[:, np.newaxis, :, 1]
    total = weights.sum(axis=(1, 2))
    sounding = total > 0
    if not sounding.any():
        return float("nan")
    rough = (weights * roughness(ours[:, :, np.newaxis, 0], theirs[:, np.newaxis, :, 0])).sum(axis=(1, 2))
    return float(1 - (rough[sounding] / total[sounding]).mean())


def roughness(one_hz: Floats, other_hz: Floats) -> Floats:
    """Sensory dissonance of pairs of sines of equal amplitude, 0 for the same frequency, 1 at the roughest distance."""
    lower = np.minimum(one_hz, other_hz)
    distance = ROUGHEST / (BAND_SLOPE * lower + BAND_HZ) * np.abs(one_hz - other_hz)
    peak = np.log(ROUGHNESS_FALL / ROUGHNESS_RISE) / (ROUGHNESS_FALL - ROUGHNESS_RISE)
    highest = np.exp(-ROUGHNESS_RISE * peak) - np.exp(-ROUGHNESS_FALL * peak)
    return np.asarray((np.exp(-ROUGHNESS_RISE * distance) - np.exp(-ROUGHNESS_FALL * distance)) / highest)
