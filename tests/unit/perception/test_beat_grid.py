"""A beat is found where there is one, to the millisecond where it is steady, and nowhere else."""

import numpy as np
import pytest

from antiphon.perception.beat_grid import beats_of, on_time
from antiphon.perception.block_encoding import envelope_in_blocks, sound_of
from antiphon.types import Audio

RATE = 22050


def strokes(times, seconds: float) -> np.ndarray:
    """Short noises at these times: onset strength every 10 ms."""
    samples = np.zeros(round(seconds * RATE), dtype=np.float32)
    stroke = (np.random.default_rng(0).standard_normal(1500) * np.exp(-np.arange(1500) / 300)).astype(np.float32)
    for time in times:
        at = round(time * RATE)
        length = min(len(stroke), len(samples) - at)
        samples[at : at + length] += 0.3 * stroke[:length]
    return envelope_in_blocks(sound_of(Audio(samples[:, None], RATE)), RATE).onsets


@pytest.mark.parametrize("bpm", [84.0, 120.5, 124.0, 171.0])
def test_a_steady_tempo_and_its_beats_are_found(bpm):
    times = 0.2 + np.arange(0, 29, 60 / bpm)
    found = beats_of(strokes(times, 30))
    assert found is not None
    assert found.is_clear
    assert found.is_steady
    ratio = found.bpm / bpm
    assert ratio == pytest.approx(round(ratio), rel=0.003)
    assert round(ratio) in (1, 2), "strokes alone do not tell a slow tempo from its double"
    assert np.abs(times[:, None] - found.times).min(axis=1).max() < 0.025


def test_strokes_at_random_have_no_beat():
    times = np.sort(np.random.default_rng(1).uniform(0, 29, 60))
    found = beats_of(strokes(times, 30))
    assert found is None or not found.is_clear


def test_a_few_strokes_have_no_beat():
    assert beats_of(strokes([1, 2, 3, 4], 10)) is None


def test_a_known_tempo_is_kept():
    found = beats_of(strokes(0.2 + np.arange(0, 29, 0.5), 30), 60.0)
    assert found is not None
    assert found.bpm == pytest.approx(60.0)


def test_segments_are_so_many_beats_that_they_last_about_as_long_as_uniform_ones():
    for bpm, beats in ((60.0, 0.5), (120.0, 1.0), (180.0, 2.0)):
        found = beats_of(strokes(0.2 + np.arange(0, 29, 60 / bpm), 30), bpm)
        assert found is not None
        intervals = found.intervals(30.0, 0.5)
        assert (intervals[0, 0], intervals[-1, 1]) == (0.0, 30.0)
        assert np.array_equal(intervals[1:, 0], intervals[:-1, 1])
        assert np.median(np.diff(intervals)) == pytest.approx(beats * 60 / bpm, abs=1e-6)


def test_what_is_on_an_eighth_is_on_time_and_what_is_between_is_not():
    beats, strengths = np.arange(0, 10, 0.5), np.ones(4)
    assert on_time(np.array([1.0, 1.25, 2.02, 3.74]), strengths, beats) == 1.0
    assert on_time(np.array([1.1, 1.35, 2.12, 3.62]), strengths, beats) == 0.0
