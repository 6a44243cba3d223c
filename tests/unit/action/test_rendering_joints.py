"""Where a run starts in the memory, and what happens to segments that are too short."""

import numpy as np
import pytest
from action_making import memory, path, uniform, with_sound

from antiphon.action.rendering.crossfade import Crossfade, HardCut
from antiphon.types import SILENCE, Audio, Memory, MemoryPart, Tokens

RATE = 8000


def tone(count=40, frequency=211.0):
    time = np.arange(round(count * 0.5 * RATE)) / RATE
    return with_sound(range(count), (0.8 * np.sin(2 * np.pi * frequency * time))[:, None].astype(np.float32), RATE)


def onset_memory(lengths, samples=None):
    edges = np.concatenate([[0.0], np.cumsum(lengths)])
    length = round(edges[-1] * RATE)
    if samples is None:
        samples = np.random.default_rng(0).uniform(-0.5, 0.5, (length, 1)).astype(np.float32)
    tokens = Tokens(np.arange(len(lengths)), np.stack([edges[:-1], edges[1:]], axis=1), "test")
    return Memory(Audio(samples, RATE), tokens, (MemoryPart("a.wav", 0, length),))


def test_a_joint_is_moved_to_where_both_sides_are_in_phase():
    source = tone()
    chosen = path(np.random.default_rng(0).permutation(40), source)
    expected = 0.8 / np.sqrt(2)
    plain, searched = (Crossfade(0.05, search)(chosen, source, uniform(40)).samples[:, 0] for search in (0.0, 0.005))

    def dips(sound):
        middles = [sound[round(0.5 * RATE * n) - 60 : round(0.5 * RATE * n) + 60] for n in range(1, 40)]
        return np.array([np.sqrt(np.mean(middle**2)) for middle in middles]) / expected

    assert dips(plain).min() < 0.3
    assert dips(searched).min() > 0.97


def test_a_joint_moves_earlier_by_no_more_than_the_search_and_the_length_stays():
    source = memory(range(30), rate=RATE)
    chosen = path(np.random.default_rng(1).permutation(30), source)
    rendering = Crossfade(0.05, 0.004).render(chosen, source, uniform(30))
    moved = [
        round(source.tokens.intervals[chosen.segments[run.first], 0] * RATE) - run.source for run in rendering.runs
    ]
    assert len(rendering.audio.samples) == 30 * 0.5 * RATE
    assert moved[0] == 0
    assert 0 <= min(moved) < max(moved) <= 32


def test_no_joint_moves_out_of_its_part_nor_after_silence():
    source = memory(range(8), rate=RATE, parts=(4,))
    rendering = Crossfade(0.05, 0.005).render(path([2, 4, 0, SILENCE, 6], source), source, uniform(5))
    assert [run.source for run in rendering.runs] == [2 * 4000, 4 * 4000, 0, 0, 6 * 4000]


def test_every_run_is_a_copy_between_its_fades():
    source = memory(range(30), rate=RATE, channels=2)
    chosen = path(np.random.default_rng(2).permutation(30), source)
    rendering = Crossfade(0.05, 0.005).render(chosen, source, uniform(30))
    for run in rendering.runs:
        inner = slice(run.start + 400, run.end - 400)
        copy = source.audio.samples[run.source + 400 : run.source + run.length - 400]
        assert rendering.audio.samples[inner].tobytes() == copy.tobytes()


def test_a_segment_that_is_too_short_is_held_by_its_later_half():
    source = onset_memory([0.4, 0.4, 0.4])
    sound = HardCut()(path([1], source), source, np.array([[0.0, 1.0]])).samples
    assert len(sound) == RATE
    segment = source.audio.samples[3200:6400]
    assert np.array_equal(sound[:3200], segment)
    assert np.array_equal(sound[3200:4800], segment[1600:])
    assert np.array_equal(sound[4800:6400], segment[1600:])
    assert np.array_equal(sound[6400:], segment[1600:])


def test_a_held_sound_has_no_hole_and_no_click():
    source = onset_memory([0.5, 0.3, 0.5], np.full((round(1.3 * RATE), 1), 0.5, np.float32))
    sound = Crossfade(0.05, 0.005)(path([0, 1, 2], source), source, np.array([[0, 0.5], [0.5, 2.0], [2.0, 2.5]]))
    assert np.allclose(sound.samples, 0.5, atol=1e-6)


def test_a_segment_before_a_gap_is_held_even_where_the_next_one_follows_in_time():
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (RATE, 1)).astype(np.float32)
    tokens = Tokens(np.arange(2), np.array([[0.0, 0.25], [0.5, 1.0]]), "test")
    source = Memory(Audio(samples, RATE), tokens, (MemoryPart("a.wav", 0, RATE),))
    sound = HardCut()(path([0, 1], source), source, uniform(2)).samples
    assert np.array_equal(sound[:2000], samples[:2000])
    assert np.array_equal(sound[2000:3000], samples[1000:2000])
    assert np.array_equal(sound[4000:], samples[4000:])


def test_a_very_short_segment_is_repeated_as_a_whole():
    source = onset_memory([0.4, 0.05, 0.4])
    sound = HardCut()(path([1], source), source, np.array([[0.0, 0.2]])).samples
    assert np.array_equal(sound, np.tile(source.audio.samples[3200:3600], (4, 1)))


def test_a_memory_of_one_segment_fills_any_guide():
    source = onset_memory([0.3])
    sound = Crossfade(0.05, 0.005)(path([0, 0, 0], source), source, uniform(3)).samples
    assert len(sound) == 1.5 * RATE
    windows = np.abs(sound[100:-100, 0]).reshape(-1, 100)[:-1].max(axis=1)
    assert windows.min() > 0.1


@pytest.mark.parametrize("parts", [(), (10, 20)])
def test_a_joint_that_is_looked_for_adds_no_peak_and_no_direct_current(parts):
    source = memory([0] * 40, rate=RATE, parts=parts)
    chosen = path(np.random.default_rng(1).integers(0, 40, 300), source)
    sound = Crossfade(0.05, 0.005)(chosen, source, uniform(300)).samples
    assert np.abs(sound).max() <= np.abs(source.audio.samples).max()
    assert abs(sound.mean()) < abs(source.audio.samples.mean()) + 0.001


def test_a_search_cannot_last_less_than_nothing():
    with pytest.raises(ValueError, match="0 s or more"):
        Crossfade(0.05, -0.1)
