"""Random numbers by place instead of by turn: each depends on its seed, step and sample only.

So a response is the same alone, among others, in blocks and after a pause: there is no generator whose turn matters.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MANTISSA = 2.0**-53


def uniform_numbers(seeds: Sequence[int], step: int, samples: NDArray[np.int64] | int = 0) -> NDArray[np.float64]:
    """A number in [0, 1) per seed (n,), each from 0 to below 2**64; `samples` (n,) tells draws of one seed apart."""
    with np.errstate(over="ignore"):
        mixed = _mixed(np.array(seeds, dtype=np.uint64))
        for place in (step, samples):
            mixed = _mixed(mixed + np.asarray(place, dtype=np.uint64) * _GOLDEN)
    return np.asarray((mixed >> np.uint64(11)) * _MANTISSA, dtype=np.float64)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64 (Steele, Lea and Flood, 2014): the output for a state `values`."""
    values = values + _GOLDEN
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
