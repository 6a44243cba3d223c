"""Helpers of the coupling tests: excerpts made of notes instead of sound."""

import numpy as np

from antiphon.coupling.features import CELLS_PER_STEP, LOUDNESS, ONSETS, CouplingFeatures
from antiphon.coupling.pieces import Beat, HeardPiece, Key

BEAT = 10


def played(pitches, steps_each=BEAT, loudness=None) -> CouplingFeatures:
    """One note after another, each of so many steps: its pitch class, an onset where it begins, one partial."""
    steps = len(pitches) * steps_each
    frames = np.zeros((steps, 24), dtype=np.float32)
    partials = np.zeros((steps, 10, 2), dtype=np.float32)
    power = np.full(steps * CELLS_PER_STEP, 0.01, dtype=np.float32)
    onsets = np.zeros(steps * CELLS_PER_STEP, dtype=np.float32)
    for place, pitch in enumerate(pitches):
        span = slice(place * steps_each, (place + 1) * steps_each)
        frames[span, pitch % 12] = 1
        partials[span, 0] = 440 * 2 ** ((pitch - 69) / 12), 0.5
        frames[place * steps_each, ONSETS] = 1
        onsets[place * steps_each * CELLS_PER_STEP] = 10
        if loudness is not None:
            power[place * steps_each * CELLS_PER_STEP : (place + 1) * steps_each * CELLS_PER_STEP] = loudness[place]
    frames[:, LOUDNESS] = 0.3
    return CouplingFeatures(frames, power, onsets, partials)


def sines(*hertz, steps=40) -> CouplingFeatures:
    """Steady sines of one amplitude."""
    frames = np.zeros((steps, 24), dtype=np.float32)
    cells = np.zeros(steps * CELLS_PER_STEP, dtype=np.float32)
    partials = np.zeros((steps, 10, 2), dtype=np.float32)
    for number, each in enumerate(hertz):
        partials[:, number] = each, 0.1
    return CouplingFeatures(frames, cells, cells, partials)


def third_apart(name: str, seed: int, notes: int = 48, tonic: int = 0) -> HeardPiece:
    """A piece whose second track is always a major third above the first; both change on every beat."""
    line = tonic + np.random.default_rng(seed).choice([0, 2, 4, 5, 7, 9, 11], notes)
    return HeardPiece(
        name, name, {"a": played(60 + line), "b": played(64 + line)}, Key(tonic % 12, "maj"), Beat(BEAT, 0.0)
    )
