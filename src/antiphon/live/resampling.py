"""Another sample rate for sound that arrives in blocks: a value in, a value out, a delay of a millisecond.

A windowed sinc at every phase that two rates have (Smith, Digital Audio Resampling, 2002). Each sample is computed from
its own neighbours alone, so that the size of the blocks changes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from antiphon.types import Floats

CROSSINGS = 16
"""Zeros of the sinc on either side; at 44.1 to 22.05 kHz the future of a sample is 0.7 ms."""

KAISER = 7.0
"""Shape of the window: the stop band is 70 dB down."""

PASSED = 0.92
"""Of the lower rate's band so much passes whole."""


@dataclass(frozen=True, eq=False)
class Resampling:
    """Mono sound from `rate` to `wanted` Hz: `push` gives what is known now and leaves this one as it was.

    `samples` are the last ones received, the first of them sample `begin` of all; `given` counts those that came out.
    """

    rate: int
    wanted: int
    samples: Floats = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    begin: int = 0
    given: int = 0

    def push(self, samples: Floats) -> tuple[Resampling, Floats]:
        """The next value after these samples (samples,), and the samples (n,) at the wanted rate that are final now."""
        if self.rate == self.wanted:
            return self, samples
        down, weights = _phases(self.rate, self.wanted)
        up, taps = weights.shape
        held = np.concatenate([self.samples, samples])
        received = self.begin + len(held)
        # Output n lies at input n * down / up, and needs `taps // 2` samples on either side of it.
        count = max(0, ((received - taps // 2) * up - 1) // down + 1 - self.given)
        places = (self.given + np.arange(count, dtype=np.int64)) * down
        first = places // up - taps // 2 + 1 - self.begin
        padded = np.pad(held, (taps, 0)) if self.begin == 0 else held
        shift = taps if self.begin == 0 else 0
        near = padded[(first + shift)[:, np.newaxis] + np.arange(taps)].astype(np.float64)
        found = np.sum(near * weights[places % up], axis=1)
        needed = max(self.begin, (self.given + count) * down // up - taps)
        rest = replace(self, samples=held[needed - self.begin :].copy(), begin=needed, given=self.given + count)
        return rest, found.astype(np.float32)


@lru_cache(maxsize=8)
def _phases(rate: int, wanted: int) -> tuple[int, NDArray[np.float64]]:
    """How many input phases a step is, and the weights (phases, taps) of the samples around each."""
    divisor = math.gcd(rate, wanted)
    up, down = wanted // divisor, rate // divisor
    band = PASSED * min(1.0, up / down)
    half = math.ceil(CROSSINGS / band)
    # Tap j of phase p lies j - half + 1 - p / up input samples from the output.
    away = np.arange(2 * half)[np.newaxis] - half + 1 - np.arange(up)[:, np.newaxis] / up
    window = np.i0(KAISER * np.sqrt(np.maximum(0.0, 1 - (away / half) ** 2))) / np.i0(KAISER)
    weights = band * np.sinc(band * away) * window
    return down, weights / weights.sum(axis=1, keepdims=True)
