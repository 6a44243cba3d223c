"""Items that a musician laid over a response: heard as they lie there, with their gain, fades and loops.

The curves are those that REAPER offers for a fade. It documents them by pictures only; these are the usual formulas for
those pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from antiphon import arrays
from antiphon.types import Fade, Floats, Laid

Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]

CURVES: tuple[Curve, ...] = (
    lambda x: x,
    lambda x: 1 - (1 - x) ** 2,
    lambda x: x**2,
    lambda x: 1 - (1 - x) ** 4,
    lambda x: x**4,
    lambda x: x * x * (3 - 2 * x),
    lambda x: np.where(x < 0.5, 8 * x**4, 1 - 8 * (1 - x) ** 4),
)
"""REAPER's shapes 0 to 6, rising from 0 to 1: linear; fast start, slow start, both again steeper; slow start and end,
and steeper."""

SLOW_START_AND_END = 5
"""The shape of the fades of a response."""


def laid_over(samples: Floats, laid: Sequence[Laid]) -> Floats:
    """Response samples (n, channels) with the items added, those parts of them that lie within."""
    if not laid:
        return samples
    heard = arrays.copied(samples)
    for item in laid:
        first, stop = max(item.start, 0), min(item.end, len(heard))
        walk = arrays.Walk(heard, item.sound.samples)
        for here in range(first, stop, arrays.BLOCK_FRAMES):
            there = min(here + arrays.BLOCK_FRAMES, stop)
            heard[here:there] += _sound(item, here, there)
            walk.read(heard[here:there])
        walk.end()
    return heard


def envelope(item: Laid, first: int, stop: int) -> NDArray[np.float64]:
    """By what (stop - first,) an item's samples are multiplied between two samples of the response."""
    places = np.arange(first, stop)
    rising = _risen(places - item.start, item.fade_in)
    return np.asarray(item.gain * rising * _risen(item.end - 1 - places, item.fade_out))


def _risen(places: NDArray[np.int64], fade: Fade) -> NDArray[np.float64]:
    """How far a fade has risen (n,) at samples counted from the edge of an item."""
    if fade.length <= 0:
        return np.ones(len(places))
    curve = CURVES[fade.shape] if 0 <= fade.shape < len(CURVES) else CURVES[0]
    return np.asarray(curve(np.clip((places + 0.5) / fade.length, 0.0, 1.0)))


def _sound(item: Laid, first: int, stop: int) -> Floats:
    places = np.arange(item.source + first - item.start, item.source + stop - item.start)
    samples, factor = item.sound.samples, envelope(item, first, stop)
    if len(samples) == 0:
        return np.zeros((stop - first, item.sound.channels), dtype=np.float32)
    inside = (places >= 0) & (places < len(samples))
    if item.loop:
        places = places % len(samples)
    else:
        places, factor = np.clip(places, 0, len(samples) - 1), factor * inside
    return np.asarray(samples[places] * factor[:, None], dtype=np.float32)
