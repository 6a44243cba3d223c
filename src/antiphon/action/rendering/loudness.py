"""How loud a response is, and one gain for all of it: loudness and true peak by ITU-R BS.1770-4, in constant room.

Both are measured over blocks that lie end to end, so that an hour is measured as it is rendered.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from antiphon import arrays
from antiphon.config import ActionSettings
from antiphon.types import Audio, Floats

ABSOLUTE_GATE_LUFS = -70.0
"""Below this nothing counts (BS.1770-4, annex 1)."""

RELATIVE_GATE_LU = -10.0
"""Nor does what is this much below the mean of the rest (BS.1770-4, annex 1)."""

STEP_SECONDS = 0.1
"""Gating blocks of four steps overlap by three quarters (BS.1770-4, annex 1)."""

OVERSAMPLED_RATE = 176400
"""True peak is looked for at least at this rate: four times 44.1 kHz (BS.1770-4, annex 2)."""

_MARGIN = 64
"""Samples on either side of a block that the interpolation filter may look at."""


def loudness(blocks: Iterable[Audio]) -> float | None:
    """Integrated loudness in LUFS of sound that comes in blocks, end to end; None where nothing passes the gate.

    Every channel has weight 1: which loudspeaker it feeds is not known.
    """
    meter = None
    for block in blocks:
        meter = meter or _Loudness(block.sample_rate, block.channels)
        for samples in arrays.blocks(block.samples):
            meter.hear(samples)
    return None if meter is None else meter.integrated()


def true_peak(blocks: Iterable[Audio]) -> float:
    """The greatest magnitude, between samples too, of sound that comes in blocks, end to end."""
    meter = None
    for block in blocks:
        meter = meter or _Peaks(block.sample_rate, block.channels)
        for samples in arrays.blocks(block.samples):
            meter.hear(samples)
    return 0.0 if meter is None else meter.greatest()


def balanced(audio: Audio, guide: Audio, settings: ActionSettings) -> tuple[Audio, float]:
    """A response at the level that the settings ask for, and the gain that was needed."""
    gain = gain_for([audio], [guide], settings)
    return with_gain(audio, gain), gain


def gain_for(blocks: Iterable[Audio], guide: Iterable[Audio], settings: ActionSettings) -> float:
    """What to multiply a response by: as loud as the guide where that is set, but no peak above `true_peak_dbtp`.

    `blocks` are gone through twice. 1.0, exactly, where nothing is to be done; a guide or a response without any
    loudness changes nothing.
    """
    gain = 1.0
    if settings.loudness == "guide":
        wanted, found = loudness(guide), loudness(blocks)
        if wanted is not None and found is not None:
            gain = 10 ** ((wanted - found) / 20)
    peak, limit = true_peak(blocks), 10 ** (settings.true_peak_dbtp / 20)
    return limit / peak if peak * gain > limit else gain


def with_gain(audio: Audio, gain: float) -> Audio:
    """The same sound, multiplied; itself where the gain is 1."""
    if gain == 1.0:
        return audio
    samples = arrays.zeros(*audio.samples.shape)
    arrays.write_to(samples, (block * np.float32(gain) for block in arrays.blocks(audio.samples)))
    return Audio(samples, audio.sample_rate, audio.source)


def k_weighting(rate: int) -> NDArray[np.float64]:
    """The K-weighting filter for any rate, as second-order sections (2, 6).

    The analogue prototypes of BS.1770-4's shelf and high-pass, whose bilinear transforms at 48 kHz are its tables 1, 2.
    """
    frequency, gain_db, quality = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    # The bilinear transform ends at half the rate: telephone rates and above are well within.
    k, high = np.tan(np.pi * min(frequency, 0.45 * rate) / rate), 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / quality + k * k
    shelf = [
        (high + band * k / quality + k * k) / a0,
        2 * (k * k - high) / a0,
        (high - band * k / quality + k * k) / a0,
        1.0,
        2 * (k * k - 1) / a0,
        (1 - k / quality + k * k) / a0,
    ]
    frequency, quality = 38.13547087602444, 0.5003270373238773
    k = np.tan(np.pi * frequency / rate)
    a0 = 1 + k / quality + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / quality + k * k) / a0]
    return np.array([shelf, high_pass])


class _Loudness:
    def __init__(self, rate: int, channels: int) -> None:
        self._sections = k_weighting(rate)
        self._state = np.zeros((2, 2, channels))
        self._step = round(STEP_SECONDS * rate)
        self._rest = np.empty((0, channels))
        self._powers: list[NDArray[np.float64]] = []

    def hear(self, samples: Floats) -> None:
        from scipy.signal import sosfilt

        if len(samples) == 0:
            return
        weighted, self._state = sosfilt(self._sections, samples.astype(np.float64), axis=0, zi=self._state)
        weighted = np.concatenate([self._rest, weighted])
        whole = len(weighted) // self._step * self._step
        self._powers.append((weighted[:whole] ** 2).reshape(-1, self._step, weighted.shape[1]).mean(axis=1).sum(axis=1))
        self._rest = weighted[whole:]

    def integrated(self) -> float | None:
        steps = np.concatenate([*self._powers, np.empty(0)])
        if len(steps) < 4:
            return None
        blocks = np.convolve(steps, np.full(4, 0.25), mode="valid")
        loud = blocks[_lufs(blocks) > ABSOLUTE_GATE_LUFS]
        if len(loud) == 0:
            return None
        gate = _lufs(loud.mean()) + RELATIVE_GATE_LU
        return float(_lufs(loud[_lufs(loud) > gate].mean()))


def _lufs(power: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-0.691 + 10 * np.log10(np.maximum(power, 1e-30)))


class _Peaks:
    def __init__(self, rate: int, channels: int) -> None:
        self._factor = max(1, -(-OVERSAMPLED_RATE // rate))
        self._before = np.zeros((2 * _MARGIN, channels), dtype=np.float32)
        self._greatest = 0.0

    def hear(self, samples: Floats) -> None:
        if len(samples) == 0:
            return
        self._greatest = max(self._greatest, float(np.abs(samples).max()))
        joined = np.concatenate([self._before, samples])
        self._interpolated(joined)
        self._before = joined[-2 * _MARGIN :]

    def greatest(self) -> float:
        self._interpolated(np.concatenate([self._before, np.zeros_like(self._before)]))
        return self._greatest

    def _interpolated(self, samples: Floats) -> None:
        """Looks at all samples but the margins, which another block looks at with what follows or precedes them."""
        from scipy.signal import resample_poly

        if self._factor > 1:
            between = resample_poly(samples, self._factor, 1, axis=0)
            inner = between[_MARGIN * self._factor : len(between) - _MARGIN * self._factor]
            self._greatest = max(self._greatest, float(np.abs(inner).max(initial=0.0)))
