"""A recording faster or slower at its own pitch: where its attacks lie, how high and how loud it is."""

import sys

import numpy as np
import pytest

from antiphon.action.rendering.stretching import stretched
from antiphon.errors import MissingExtra
from antiphon.types import Audio

RATE = 22050


def clicks(times, seconds=8.0):
    """A short burst of noise at each time."""
    rng, samples = np.random.default_rng(0), np.zeros(round(seconds * RATE), dtype=np.float32)
    for time in times:
        at = round(time * RATE)
        samples[at : at + 600] += (rng.standard_normal(600) * np.exp(-np.arange(600) / 150) * 0.3).astype(np.float32)
    return Audio(samples[:, None], RATE)


@pytest.mark.parametrize("rate", [1.05, 1 / 1.05, 1.08])
def test_attacks_lie_where_they_belong_to_two_milliseconds(rate):
    pytest.importorskip("python_stretch")
    times = np.arange(0.5, 7.5, 0.5)
    found = stretched(clicks(times), rate)
    assert len(found.samples) == round(8 * RATE / rate)
    power = np.convolve(found.samples[:, 0] ** 2, np.ones(44) / 44, "same")
    for time in times / rate:
        around = power[round((time - 0.1) * RATE) : round((time + 0.1) * RATE)]
        first = np.flatnonzero(around > 0.3 * around.max())[0] / RATE - 0.1
        assert abs(first) < 0.002


def test_pitch_and_level_stay_and_channels_stay_together():
    pytest.importorskip("python_stretch")
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(4 * RATE) / RATE).astype(np.float32)
    sound = Audio(np.stack([tone, -0.5 * tone], axis=1), RATE)
    found = stretched(sound, 1.06).samples[RATE // 2 : -RATE // 2]
    spectrum = np.abs(np.fft.rfft(found[:, 0] * np.hanning(len(found))))
    assert np.argmax(spectrum) * RATE / len(found) == pytest.approx(440, abs=1)
    assert 20 * np.log10(found[:, 0].std() / tone.std()) == pytest.approx(0, abs=0.1)
    np.testing.assert_allclose(found[:, 1], -0.5 * found[:, 0], atol=0.005)


def test_the_same_samples_and_rate_give_the_same_samples_and_rate_one_the_very_same():
    pytest.importorskip("python_stretch")
    sound = clicks([1.0, 2.3])
    assert np.array_equal(stretched(sound, 0.95).samples, stretched(sound, 0.95).samples)
    assert stretched(sound, 1.0) is sound
    assert len(stretched(Audio(sound.samples[:50], RATE), 1.05).samples) == 48


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "python_stretch", None)
    with pytest.raises(MissingExtra, match=r"antiphon\[stretch\]"):
        stretched(clicks([1.0]), 1.05)
