"""Note posteriors within 60 ms: what `notes` says of a moment, for playing live.

A small network looks at the spectrum around each key, in the same way for all keys, and says whether that key sounds.
It learned from the scores of rendered Lieder (CC0; benchmarks/quick_notes.py), and its weights come inside the package.
"""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from antiphon.checkpoint import load_arrays
from antiphon.config import EncoderSettings
from antiphon.files import sha256
from antiphon.perception.encoders.contract import identity_of
from antiphon.perception.encoders.facet_encoder import FacetEncoder
from antiphon.perception.encoders.facets import (
    KEYS,
    LOWEST_MIDI_NOTE,
    SPECTRUM_SAMPLES,
    brightness,
    flatness,
    loudness,
    onset_strength,
    power_spectra,
)
from antiphon.perception.encoders.windows import WindowPlan, frame_power
from antiphon.types import Floats

WEIGHTS = Path(__file__).parent / "quick_notes" / "weights.safetensors"

SAMPLE_RATE = 22050
FRAME_SAMPLES = 512
BLOCK_FRAMES = 2
"""Frames computed at once, on a grid: a product over more of them rounds differently."""

LONG_SAMPLES, SHORT_SAMPLES = 6144, 2048
"""The longest taper of the two spectra: 279 ms tell low keys apart, 93 ms when they begin."""

SHORTEST_SAMPLES = 256

EARLIER_SAMPLES = 2048
"""How much earlier the second short spectrum ends: what has begun since is in the first alone."""

AFTER_SAMPLES = 800
"""A frame hears 36 ms beyond its time; with the other frame of its block that makes 59.5 ms."""

PLAN = WindowPlan(
    sample_rate=SAMPLE_RATE,
    stride=FRAME_SAMPLES,
    field=LONG_SAMPLES,
    window=BLOCK_FRAMES,
    hop=BLOCK_FRAMES,
    tail=0,
    first_end=BLOCK_FRAMES,
    padded=True,
    lead=LONG_SAMPLES - AFTER_SAMPLES,
    centre=LONG_SAMPLES - AFTER_SAMPLES,
)

BINS_BELOW, BINS_ABOVE = 12, 43
"""Semitones around a key that the network sees: an octave below, for which the key may be an overtone, and its own
overtones up to the twelfth."""

BINS = KEYS + BINS_BELOW + BINS_ABOVE
"""A bin for each semitone from an octave below the lowest key on; those above half the rate are empty."""

SELECTIVITY = 24.0
"""Periods of its own frequency in a bin's taper, where that is not longer than the longest."""

FALL = 0.25
"""Share of a taper over which it falls; it rises over the rest, so that what is new counts most."""

FLOOR = 1e-7
"""Power, relative to a sine of full scale, that counts as nothing: -70 dB."""


class QuickNotesEncoder(FacetEncoder):
    """Frames (frames, 24) every 23.2 ms, as those of `notes`: 12 pitch classes from C, 8 registers, loudness, onsets,
    brightness, flatness, with the same weights; final 59.5 ms after their time at the latest."""

    def __init__(self, settings: EncoderSettings) -> None:
        lookahead = settings.lookahead_seconds
        super().__init__(settings, PLAN if lookahead is None else PLAN.within(lookahead, margin=0))

    @property
    def lookahead_seconds(self) -> float:
        """From a frame's time to the end of its spectra, and one frame more."""
        return self._plan.lookahead_seconds

    @cached_property
    def identity(self) -> str:
        """Name, digest of the network's weights, and the weights of the facets."""
        return identity_of(
            "quick-notes",
            weights=sha256(WEIGHTS),
            spectrum_samples=SPECTRUM_SAMPLES,
            block_frames=self._plan.window,
            **self._weights,
        )

    def _values(self, window: Floats) -> Floats:
        """Frames (frames, 24) of the samples of a block."""
        posteriors = network()(key_inputs(log_spectra(window)))
        level = loudness(frame_power(window, self._plan))
        return self._weighted(posteriors, level, self._sound(window, level[:, np.newaxis] > 0))

    def _sound(self, window: Floats, sounding: NDArray[np.bool_]) -> Floats:
        """Onset strength, brightness and flatness (frames, 3); quiet frames are neither bright nor flat."""
        frames = 1 + (len(window) - LONG_SAMPLES) // FRAME_SAMPLES
        # From the frame before the block on, to which the first onset is compared.
        first = self._plan.centre - FRAME_SAMPLES - SPECTRUM_SAMPLES // 2
        around = window[first : first + frames * FRAME_SAMPLES + SPECTRUM_SAMPLES]
        spectra = power_spectra(around[SPECTRUM_SAMPLES // 2 :], FRAME_SAMPLES, frames + 1)
        facets = (onset_strength(spectra), brightness(spectra, SAMPLE_RATE), flatness(spectra))
        values = np.stack(facets, axis=1)[1:]
        values[:, 1:] *= sounding
        return values


class KeyNetwork(NamedTuple):
    """Two layers that look at the inputs (frames, 88, inputs) of each key in the same way, and the last map."""

    first: Floats
    first_bias: Floats
    second: Floats
    second_bias: Floats
    last: Floats
    last_bias: Floats

    def __call__(self, inputs: Floats) -> Floats:
        """The probability (frames, 88) that a key sounds."""
        x = np.maximum(inputs @ self.first + self.first_bias, 0)
        x = np.maximum(x @ self.second + self.second_bias, 0)
        logits = (x @ self.last)[..., 0] + self.last_bias
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), dtype=np.float32)


@cache
def network() -> KeyNetwork:
    """The network that comes with the package."""
    arrays = load_arrays(WEIGHTS)
    return KeyNetwork(*(np.asarray(arrays[name], dtype=np.float32) for name in KeyNetwork._fields))


def log_spectra(window: Floats) -> Floats:
    """Samples of whole frames to log power (frames, 3, bins): long, short, and short a little earlier.

    Above the bins whose taper is longer than a short one, long and short are the same.
    """
    frames = np.lib.stride_tricks.sliding_window_view(window, LONG_SAMPLES)[::FRAME_SAMPLES]
    end = LONG_SAMPLES - EARLIER_SAMPLES
    low = _log_power(frames, kernels(LONG_SAMPLES))
    now = _log_power(frames[:, -SHORT_SAMPLES:], kernels(SHORT_SAMPLES))
    earlier = _log_power(frames[:, end - SHORT_SAMPLES : end], kernels(SHORT_SAMPLES))
    return np.stack([np.concatenate([low, now[:, low.shape[1] :]], axis=1), now, earlier], axis=1)


def _log_power(samples: Floats, kernel: Floats) -> Floats:
    """Samples (frames, samples) to log power (frames, bins of the kernel)."""
    waves = (np.ascontiguousarray(samples) @ kernel).reshape(len(samples), 2, -1)
    return np.asarray(np.log10(1 + (waves**2).sum(axis=1) / np.float32(FLOOR)), dtype=np.float32)


def key_inputs(spectra: Floats) -> Floats:
    """Log power (frames, 3, bins) to what the network sees of each key (frames, 88, inputs)."""
    around = np.lib.stride_tricks.sliding_window_view(spectra, BINS_BELOW + 1 + BINS_ABOVE, axis=2)[:, :, :KEYS]
    return np.ascontiguousarray(around.transpose(0, 2, 1, 3)).reshape(len(spectra), KEYS, -1)


@cache
def kernels(samples: int) -> Floats:
    """Cosines and sines (samples, 2 x bins) under their tapers, all of which end with the window.

    For the long window those of the low bins alone that need one.
    """
    hertz = 440 * 2 ** ((LOWEST_MIDI_NOTE - BINS_BELOW + np.arange(BINS) - 69) / 12)
    periods = SELECTIVITY * SAMPLE_RATE / hertz
    bins = int(np.sum(periods > SHORT_SAMPLES)) if samples > SHORT_SAMPLES else BINS
    found = np.zeros((samples, 2, bins))
    for index in range(bins):
        if hertz[index] >= SAMPLE_RATE / 2:
            continue
        taper = _taper(max(int(min(samples, periods[index])), SHORTEST_SAMPLES))
        phase = 2 * np.pi * hertz[index] / SAMPLE_RATE * np.arange(-len(taper), 0)
        found[-len(taper) :, 0, index] = np.cos(phase) * taper * 2 / taper.sum()
        found[-len(taper) :, 1, index] = np.sin(phase) * taper * 2 / taper.sum()
    return np.ascontiguousarray(found.reshape(samples, 2 * bins), dtype=np.float32)


def _taper(samples: int) -> Floats:
    """A slow rise and a fast fall (samples,), both of a squared sine."""
    place = (np.arange(samples) + 0.5) / samples
    return np.where(
        place < 1 - FALL,
        np.sin(np.pi / 2 * place / (1 - FALL)) ** 2,
        np.sin(np.pi / 2 * (1 - place) / FALL) ** 2,
    )
