"""What coupling is measured on: a track on one grid of 0.05 s, by the embedded encoder, its envelope and its partials.

An excerpt is a slice: to read a track elsewhere is how it is shifted, and no joint is made that could be heard.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from antiphon.config import EncoderSettings
from antiphon.interfaces import Sound
from antiphon.perception.cache import FrameCache
from antiphon.perception.encoders.notes import NotesEncoder
from antiphon.perception.envelope import CELLS_PER_SECOND
from antiphon.types import Floats, Ids

STEPS_PER_SECOND = 20
CELLS_PER_STEP = CELLS_PER_SECOND // STEPS_PER_SECOND

PITCH_CLASSES = slice(0, 12)
REGISTERS = slice(12, 20)
LOUDNESS, ONSETS, BRIGHTNESS, FLATNESS = 20, 21, 22, 23
"""Dimensions of a frame of the `notes` encoder."""

PARTIALS = 10
"""How many spectral peaks of a step are kept, the loudest."""

SPECTRUM_SAMPLES = 4096
"""186 ms at 22,050 Hz: two partials of one sound are told apart from 22 Hz on."""

STEPS_AT_ONCE = 10 * STEPS_PER_SECOND
"""Of how many steps spectra are held together."""

LOWEST_HZ, HIGHEST_HZ = 40.0, 5000.0
"""Between which partials are looked for: above, hardly any two of them are rough."""

FAINTEST = 1e-3
"""Amplitude, of full scale, below which a peak is no partial: -60 dBFS."""


@dataclass(frozen=True, eq=False)
class CouplingFeatures:
    """A track, or an excerpt of one, in steps of 0.05 s.

    `frames` (steps, 24) are means of the `notes` encoder's, `power` and `onsets` (5 steps,) the envelope's cells of
    10 ms, `partials` (steps, 10, 2) frequencies in Hz and amplitudes (0: none), or (steps, 0, 2) if not asked for.
    """

    frames: Floats
    power: Floats
    onsets: Floats
    partials: Floats

    def __post_init__(self) -> None:
        steps = len(self.frames)
        if not len(self.power) == len(self.onsets) == steps * CELLS_PER_STEP or len(self.partials) != steps:
            raise ValueError("frames, cells and partials must cover the same time")

    def __len__(self) -> int:
        return len(self.frames)

    def excerpt(self, start: int, steps: int) -> CouplingFeatures:
        """`steps` steps from step `start` on. Raises ValueError where the track doesn't have them."""
        if start < 0 or start + steps > len(self):
            raise ValueError(f"steps {start} to {start + steps} of {len(self)}")
        cells = slice(start * CELLS_PER_STEP, (start + steps) * CELLS_PER_STEP)
        own = slice(start, start + steps)
        return CouplingFeatures(self.frames[own], self.power[cells], self.onsets[cells], self.partials[own])

    def transposed(self, semitones: int) -> CouplingFeatures:
        """The same, `semitones` higher: pitch classes rotated and partials moved; registers stay (docs/perception.md).

        The sound itself is not made again, so that nothing but the pitch can tell the two apart.
        """
        partials = self.partials.copy()
        partials[..., 0] *= 2 ** (semitones / 12)
        return replace(self, frames=rotated(self.frames, semitones), partials=partials)


def rotated(frames: Floats, semitones: int) -> Floats:
    """Frames (..., 24) with their pitch classes rotated."""
    moved = frames.copy()
    moved[..., PITCH_CLASSES] = np.roll(frames[..., PITCH_CLASSES], semitones, axis=-1)
    return moved


class FeatureExtractor:
    """Sounds to what coupling is measured on. Frames come from the cache where it has them."""

    def __init__(self, cache: FrameCache) -> None:
        self._cache = cache
        self._encoder = NotesEncoder(EncoderSettings(name="notes"))

    @property
    def identity(self) -> str:
        """That of the encoder: what a verifier has learned holds for its frames alone."""
        return self._encoder.identity

    def hear(self, sound: Sound, partials: int = PARTIALS) -> CouplingFeatures:
        """All of a sound, with so many partials of each step; with none, nothing is decoded that the cache has.

        Raises BadData as `perception.listening.listen` does.
        """
        frames, power, onsets = self._frames_and_cells(sound)
        if partials == 0:
            return CouplingFeatures(frames, power, onsets, np.zeros((len(frames), 0, 2), dtype=np.float32))
        rate = self._encoder.sample_rate
        return CouplingFeatures(frames, power, onsets, partials_of(sound.blocks(rate), rate, len(frames))[:, :partials])

    def _frames_and_cells(self, sound: Sound) -> tuple[Floats, Floats, Floats]:
        pieces = list(self._cache.pieces(sound, self._encoder))
        power = np.concatenate([piece.envelope.power for piece in pieces])
        onsets = np.concatenate([piece.envelope.onsets for piece in pieces])
        times = np.concatenate([piece.features.times for piece in pieces])
        values = np.concatenate([piece.features.values for piece in pieces])
        steps = max(1, len(power) // CELLS_PER_STEP)
        cells = steps * CELLS_PER_STEP
        power, onsets = (np.pad(each[:cells], (0, max(0, cells - len(each)))) for each in (power, onsets))
        return _means(values, np.floor(times * STEPS_PER_SECOND).astype(np.int64), steps), power, onsets


def _means(values: Floats, step_of: Ids, steps: int) -> Floats:
    """The mean (steps, dim) of the frames (frames, dim) of each step; the nearest frame where a step has none."""
    inside = step_of < steps
    values, step_of = values[inside], step_of[inside]
    counts = np.bincount(step_of, minlength=steps)
    firsts = np.minimum(np.searchsorted(step_of, np.arange(steps)), len(values) - 1)
    sums = np.add.reduceat(values.astype(np.float64), firsts, axis=0)
    # Where a step has no frame, reduceat gives the single frame that follows it.
    return np.asarray(sums / np.maximum(counts, 1)[:, np.newaxis], dtype=np.float32)


def partials_of(blocks: Iterable[Floats], sample_rate: int, steps: int) -> Floats:
    """The loudest peaks (steps, 10, 2) of the spectra around the middle of each step: Hz, and amplitude of full scale.

    The sound comes as blocks (samples,), and of it no more is held than ten seconds and a block. Peaks are interpolated
    by a parabola through the logarithm of three bins (Smith and Serra, 1987).
    """
    half, bins = SPECTRUM_SAMPLES // 2, int(HIGHEST_HZ * SPECTRUM_SAMPLES / sample_rate) + 2
    taper = np.hanning(SPECTRUM_SAMPLES).astype(np.float32)
    centres = np.floor((np.arange(steps) + 0.5) * sample_rate / STEPS_PER_SECOND).astype(np.int64)
    coming = iter(blocks)
    held, begin = np.zeros(half, dtype=np.float32), -half
    found = np.zeros((steps, PARTIALS, 2), dtype=np.float32)
    for first in range(0, steps, STEPS_AT_ONCE):
        places = centres[first : first + STEPS_AT_ONCE]
        held, begin = held[places[0] - half - begin :], int(places[0]) - half
        waiting = [held]
        while sum(map(len, waiting)) < places[-1] + half - begin and (block := next(coming, None)) is not None:
            waiting.append(block)
        held = np.concatenate(waiting)
        held = np.pad(held, (0, max(0, int(places[-1]) + half - begin - len(held))))
        views = np.lib.stride_tricks.sliding_window_view(held, SPECTRUM_SAMPLES)[places - half - begin]
        spectra = np.abs(np.fft.rfft(views * taper, axis=1)[:, :bins]) * (2 / taper.sum())
        found[first : first + len(places)] = _peaks(spectra, sample_rate / SPECTRUM_SAMPLES)
    return found


def _peaks(amplitudes: Floats, bin_hz: float) -> Floats:
    """The loudest local maxima (steps, 10, 2) of amplitudes (steps, bins)."""
    middle = amplitudes[:, 1:-1]
    frequencies = np.arange(1, amplitudes.shape[1] - 1) * bin_hz
    is_peak = (middle > amplitudes[:, :-2]) & (middle >= amplitudes[:, 2:]) & (middle > FAINTEST)
    heights = np.where(is_peak & (frequencies > LOWEST_HZ), middle, 0)
    best = np.argsort(-heights, axis=1, kind="stable")[:, :PARTIALS]
    rows = np.arange(len(amplitudes))[:, np.newaxis]
    before, peak, after = (np.log(np.maximum(amplitudes[rows, best + offset], 1e-9)) for offset in (0, 1, 2))
    curvature = before - 2 * peak + after
    offset = np.where(curvature < 0, (before - after) / np.where(curvature < 0, 2 * curvature, 1), 0)
    return np.stack([(best + 1 + np.clip(offset, -0.5, 0.5)) * bin_hz, heights[rows, best]], axis=2).astype(np.float32)
