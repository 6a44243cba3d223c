"""How high, how loud and how near to full scale the segments of a memory are."""

from dataclasses import replace

import numpy as np
import pytest
from action_making import memory, uniform, with_sound

from antiphon.action.selection.memory_sounds import REGISTER_COST, MemorySounds, memory_sounds, register_of
from antiphon.types import SegmentSound

RATE = 16000


def tone(hertz: float, amplitude: float = 0.5, seconds: float = 1.0) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


@pytest.mark.parametrize(("hertz", "octaves"), [(440, 0), (880, 1), (220, -1), (440 * 2 ** (7 / 12), 7 / 12)])
def test_a_tone_lies_its_octaves_above_440_hz(hertz, octaves):
    assert register_of(tone(hertz), RATE) == pytest.approx(octaves, abs=5e-4)


def test_of_two_tones_the_middle_is_by_their_power():
    # Twice the amplitude is four times the power: (4 * 1 + 1 * -1) / 5.
    assert register_of(tone(880, 0.4) + tone(220, 0.2), RATE) == pytest.approx(0.6, abs=1e-3)


def test_what_lies_below_40_and_above_5000_hz_does_not_count():
    for far in (20, 6000):
        assert register_of(tone(880) + tone(far), RATE) == pytest.approx(1, abs=1e-3)
    # A Hann window shows a tone of 1 s at its own bin, and by a quarter of that 1 Hz to either side.
    for edge, inward in ((40, 1), (5000, -1)):
        wanted = (np.log2(edge / 440) + np.log2((edge + inward) / 440) / 4) / 1.25
        assert register_of(tone(edge), RATE) == pytest.approx(wanted, abs=1e-3)


def test_nothing_lies_nowhere():
    assert register_of(np.zeros(100), RATE) == 0
    assert register_of(np.empty(0), RATE) == 0
    assert register_of(tone(10, 1e-9), RATE) == 0


def test_a_segment_is_as_high_as_the_fifth_of_a_second_in_its_middle():
    source = memory([0, 1, 2], rate=8000, channels=2)
    found = memory_sounds(source).register
    for index in range(3):
        middle = 4000 * index + 2000
        excerpt = source.audio.samples[middle - 800 : middle + 800].mean(axis=1)
        assert found[index] == register_of(excerpt, 8000)


def test_at_a_low_rate_32_samples_are_heard_and_of_a_shorter_segment_all():
    source = memory([0, 0], rate=100)
    assert memory_sounds(source).register[1] == register_of(source.audio.samples[50 + 25 - 16 : 50 + 25 + 16, 0], 100)
    short = memory([0, 0], seconds=0.2, rate=100)
    assert memory_sounds(short).register[1] == register_of(short.audio.samples[20:40, 0], 100)


def test_a_peak_is_the_largest_sample_of_any_channel_on_either_side():
    samples = np.zeros((300, 2), np.float32)
    samples[[0, 120, 199, 200], [0, 1, 0, 1]] = 0.25, -0.75, 0.5, -0.125
    assert memory_sounds(with_sound([0, 0, 0], samples, 200)).peak.tolist() == [0.25, 0.75, 0.125]


def test_levels_are_those_of_the_sound_where_it_was_heard_already():
    source = with_sound([0, 0], np.repeat([[0.5], [0.05]], 50, axis=0).astype(np.float32), 100)
    assert memory_sounds(source).level == pytest.approx([-6.02, -26.02], abs=0.01)
    heard = replace(source, sound=SegmentSound(np.zeros((2, 24), np.float32), np.array([-3.0, -4.0], np.float32)))
    assert memory_sounds(heard).level.tolist() == [-3, -4]


def test_the_usual_level_is_that_of_all_that_sounds_together():
    def usual(*levels: float) -> float:
        return MemorySounds(np.zeros(len(levels)), np.array(levels), np.zeros(len(levels))).usual_level

    assert usual(-20, -20, -60) == pytest.approx(-20)
    assert usual(-10, -20) == pytest.approx(10 * np.log10((0.1 + 0.01) / 2))
    assert usual(-60, -80) == usual() == -60


def test_an_octave_costs_as_much_as_six_jumps_of_1():
    assert REGISTER_COST == 6


def test_a_memory_without_segments_has_no_sounds():
    source = replace(memory([0]), tokens=replace(memory([]).tokens, intervals=uniform(0)))
    assert memory_sounds(source).register.shape == (0,)
