"""A recording faster or slower at its own pitch, by the Signalsmith Stretch library (MIT; the extra `stretch`).

Its own latency is taken away: what lies at a time t of the recording lies at t / rate of what comes out, within a
millisecond. The same samples and rate give the same samples on the same machine.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from antiphon.errors import MissingExtra
from antiphon.types import Audio

SEED = 0
"""The library draws phases where it stretches noise by much: always the same ones."""


def stretched(audio: Audio, rate: float) -> Audio:
    """The recording played `rate` times as fast, round(n / rate) samples of it; at rate 1 the very same.

    Raises MissingExtra where the library is not installed.
    """
    wanted = round(len(audio.samples) / rate)
    if rate == 1 or not len(audio.samples):
        return audio
    stretch = _library().Signalsmith.Stretch(SEED)
    stretch.preset(audio.channels, audio.sample_rate)
    stretch.setTimeFactor(rate)
    found = np.asarray(stretch.process(np.ascontiguousarray(audio.samples.T, dtype=np.float32)), dtype=np.float32).T
    samples = np.zeros((wanted, audio.channels), dtype=np.float32)
    samples[: len(found)] = found[:wanted]
    return Audio(samples, audio.sample_rate, audio.source)


def _library() -> Any:
    try:
        return importlib.import_module("python_stretch")
    except ImportError as error:
        raise MissingExtra("playing a memory faster or slower needs: pip install 'antiphon[stretch]'") from error
