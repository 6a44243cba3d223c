"""Loudness and true peak, against the standard's own numbers and another implementation."""

import numpy as np
import pytest

from antiphon.action.rendering.loudness import balanced, gain_for, k_weighting, loudness, true_peak
from antiphon.config import ActionSettings
from antiphon.types import Audio


def tone(level: float, seconds: float = 5.0, rate: int = 48000, frequency: float = 997.0, channels: int = 1) -> Audio:
    wave = level * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)
    return Audio(np.repeat(wave[:, None], channels, axis=1).astype(np.float32), rate)


def in_pieces(audio: Audio, size: int) -> list[Audio]:
    return [Audio(audio.samples[at : at + size], audio.sample_rate) for at in range(0, len(audio.samples), size)]


def test_the_filter_at_48_khz_is_the_standards():
    # ITU-R BS.1770-4, tables 1 and 2.
    assert k_weighting(48000)[0, [0, 1, 2, 4, 5]] == pytest.approx(
        [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585], abs=1e-9
    )
    assert k_weighting(48000)[1, 4:] == pytest.approx([-1.99004745483398, 0.99007225036621], abs=1e-9)


def test_a_full_scale_tone_has_the_loudness_that_the_standard_names():
    # BS.1770-4: 0 dBFS at 997 Hz in one channel is -3.01 LKFS.
    assert loudness([tone(1.0)]) == pytest.approx(-3.01, abs=0.01)
    assert loudness([tone(0.1, rate=44100)]) == pytest.approx(-23.01, abs=0.02)
    assert loudness([tone(0.1, channels=2)]) == pytest.approx(-20.0, abs=0.02)


def test_another_implementation_hears_the_same():
    pyloudnorm = pytest.importorskip("pyloudnorm")
    rng = np.random.default_rng(0)
    swell = np.linspace(0.001, 0.5, 8 * 44100)[:, None]
    noise = Audio((swell * rng.uniform(-1, 1, (8 * 44100, 2))).astype(np.float32), 44100)
    assert loudness([noise]) == pytest.approx(pyloudnorm.Meter(44100).integrated_loudness(noise.samples), abs=0.1)


def test_pieces_are_as_loud_as_the_whole_and_peak_as_high():
    sound = tone(0.4, 1.3, 22050, 5000.0, 2)
    for size in (100, 1000, 7777):
        assert loudness(in_pieces(sound, size)) == pytest.approx(loudness([sound]), abs=1e-9)
        assert true_peak(in_pieces(sound, size)) == pytest.approx(true_peak([sound]), rel=1e-6)


def test_silence_and_clips_too_short_to_measure_have_no_loudness():
    assert loudness([tone(0.0)]) is None
    assert loudness([tone(1.0, 0.3)]) is None
    assert loudness([]) is None
    assert true_peak([]) == 0


def test_a_peak_between_samples_is_found():
    # A quarter of the sampling rate, 45 degrees off: every sample is 0.7071 of the peak.
    samples = np.sin(np.pi / 2 * np.arange(4000) + np.pi / 4)[:, None].astype(np.float32)
    assert np.abs(samples).max() < 0.708
    assert true_peak([Audio(samples, 48000)]) == pytest.approx(1.0, abs=0.02)


def test_what_does_not_pass_the_limit_is_not_touched():
    sound = tone(0.5)
    same, gain = balanced(sound, tone(0.1), ActionSettings())
    assert same is sound
    assert gain == 1.0


def test_what_passes_the_limit_is_turned_down_as_a_whole():
    loud = tone(1.4)
    quieter, gain = balanced(loud, tone(0.1), ActionSettings())
    assert true_peak([quieter]) == pytest.approx(10 ** (-0.1 / 20), rel=1e-4)
    assert np.allclose(quieter.samples, loud.samples * gain)


def test_a_response_can_be_as_loud_as_the_guide_but_never_above_the_limit():
    settings = ActionSettings(loudness="guide")
    quiet, _ = balanced(tone(0.5), tone(0.05, rate=44100), settings)
    assert loudness([quiet]) == pytest.approx(loudness([tone(0.05, rate=44100)]), abs=0.01)
    limited, _ = balanced(tone(0.5), tone(1.0, channels=6), settings)
    assert true_peak([limited]) == pytest.approx(10 ** (-0.1 / 20), rel=1e-4)


def test_where_nothing_can_be_measured_nothing_changes():
    settings = ActionSettings(loudness="guide")
    assert gain_for([tone(0.5)], [tone(0.0)], settings) == 1.0
    assert gain_for([tone(0.0)], [tone(0.5)], settings) == 1.0


@pytest.mark.parametrize("rate", [1000, 2000, 8000, 11025, 96000, 192000])
def test_any_rate_has_a_finite_loudness(rate):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (3 * rate, 1)).astype(np.float32)
    found = loudness([Audio(noise, rate)])
    assert found is not None
    assert -20 < found < 0
