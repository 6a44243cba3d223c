"""A response rendered in blocks is the response rendered at once."""

import tracemalloc

import numpy as np
import pytest
from action_making import memory, path, uniform, with_sound

from antiphon.action.rendering.crossfade import Crossfade, HardCut, in_blocks
from antiphon.action.rendering.loudness import with_gain
from antiphon.types import SILENCE, Audio, Memory, MemoryPart, Tokens


def onsets(count: int, seed: int, longest: float = 0.6) -> np.ndarray:
    """Intervals of any length, some with a gap before them."""
    rng = np.random.default_rng(seed)
    lengths = rng.uniform(0.02, longest, count)
    gaps = np.where(rng.random(count) < 0.1, rng.uniform(0.01, 0.3, count), 0.0)
    ends = np.cumsum(lengths + gaps)
    return np.stack([ends - lengths, ends], axis=1)


def odd_memory(seed: int) -> Memory:
    """Two parts with segments of any length."""
    rng = np.random.default_rng(seed)
    edges = np.concatenate([[0.0], np.cumsum(rng.uniform(0.03, 0.7, 24))])
    length = round(edges[-1] * 1000)
    middle = round(edges[12] * 1000)
    samples = rng.uniform(-0.5, 0.5, (length, 2)).astype(np.float32)
    parts = (MemoryPart("a", 0, middle), MemoryPart("b", middle, length))
    intervals = np.stack([edges[:-1], edges[1:]], axis=1)
    return Memory(Audio(samples, 1000), Tokens(rng.integers(0, 4, 24), intervals, "test"), parts)


def wandering(count: int, size: int, seed: int) -> list[int]:
    """A path that mostly goes on, sometimes jumps, sometimes rests."""
    rng = np.random.default_rng(seed)
    here, found = 0, []
    for _ in range(count):
        here = int(rng.integers(size)) if rng.random() < 0.3 or here + 1 >= size else here + 1
        found.append(SILENCE if rng.random() < 0.1 else here)
    return found


@pytest.mark.parametrize("renderer", [Crossfade(0.05, 0.005), Crossfade(0.3, 0.02), Crossfade(0.05), HardCut()])
@pytest.mark.parametrize("seed", range(12))
def test_blocks_of_any_size_are_the_whole_bit_for_bit(renderer, seed):
    source = odd_memory(seed) if seed % 3 else memory(range(24), 0.1, 1000, channels=2, parts=(12,))
    intervals = onsets(40, seed) if seed % 3 else uniform(40, 0.1)
    chosen = path(wandering(40, 24, seed), source)
    whole = renderer.render(chosen, source, intervals)
    for steps in (1, 3, 40):
        blocks = list(in_blocks(renderer, chosen, source, intervals, steps))
        assert np.concatenate([block.audio.samples for block in blocks]).tobytes() == whole.audio.samples.tobytes()
        assert tuple(run for block in blocks for run in block.runs) == whole.runs


def test_a_block_comes_out_as_soon_as_nothing_can_change_it():
    source = memory(range(8), rate=1000)
    first = Crossfade(0.05, 0.005).render(path([1, 2], source), source, uniform(2), last=False)
    assert len(first.audio.samples) == 1000 - 50
    silence = Crossfade(0.05).render(path([], source), source, uniform(0), last=False)
    assert len(silence.audio.samples) == 0


def test_nothing_in_blocks_is_no_sound():
    source = memory([0])
    blocks = list(in_blocks(Crossfade(0.05), path([], source), source, uniform(0)))
    assert [len(block.audio.samples) for block in blocks] == [0]


def test_ten_minutes_need_no_more_room_than_one():
    source = with_sound(range(100), np.zeros((50 * 1000, 1), np.float32), 1000)
    peaks = []
    for steps in (120, 1200):
        chosen = path(np.random.default_rng(0).integers(0, 100, steps), source)
        intervals = uniform(steps)
        tracemalloc.start()
        for block in in_blocks(Crossfade(0.05), chosen, source, intervals, steps=32):
            with_gain(block.audio, 0.5)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
