import itertools
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest

from antiphon.types import Alphabet, Audio, Features, Memory, MemoryPart, Multitrack, Source, Tokens, Track, Window


def tokens(*intervals: tuple[float, float]) -> Tokens:
    return Tokens(np.zeros(len(intervals), dtype=np.int64), np.array(intervals).reshape(-1, 2), "a")


def memory(*bounds: int, rate: int = 10) -> Memory:
    parts = tuple(MemoryPart(str(i), a, b) for i, (a, b) in enumerate(itertools.pairwise(bounds)))
    frames = bounds[-1]
    seconds = [(second, second + 1.0) for second in range(frames // rate)]
    return Memory(Audio(np.zeros((frames, 1), dtype=np.float32), rate), tokens(*seconds), parts)


def test_durations_are_ends_less_starts():
    assert tokens((0.0, 0.5), (0.5, 2.0)).durations.tolist() == [0.5, 1.5]
    assert len(tokens()) == 0


@pytest.mark.parametrize("intervals", [[(0.0, 0.0)], [(1.0, 0.5)], [(0.5, 1.0), (0.0, 0.5)], [(0.0, float("nan"))]])
def test_time_only_goes_forward(intervals):
    with pytest.raises(ValueError, match="interval"):
        tokens(*intervals)


def test_every_segment_lies_in_its_part():
    assert memory(0, 20, 50).part_of(np.arange(5)).tolist() == [0, 0, 1, 1, 1]


@pytest.mark.parametrize(("first", "second"), [((0, 10), (20, 30)), ((5, 10), (10, 30)), ((0, 10), (10, 20))])
def test_parts_of_a_memory_lie_end_to_end_and_cover_it(first, second):
    whole = memory(0, 30)
    with pytest.raises(ValueError, match="part"):
        Memory(whole.audio, whole.tokens, (MemoryPart("a", *first), MemoryPart("b", *second)))


def test_the_rest_is_the_class_behind_the_centroids():
    centroids = np.zeros((4, 2), dtype=np.float32)
    scale = np.ones(2, dtype=np.float32)
    with_rest, without = (Alphabet(centroids, scale, -60.0, rest, "", "") for rest in (True, False))
    assert (with_rest.size, with_rest.classes, with_rest.rest) == (4, 5, 4)
    assert (without.size, without.classes) == (4, 4)


@pytest.mark.parametrize("samples", [np.zeros(3, dtype=np.float32), np.zeros((3, 1))])
def test_samples_are_frames_by_channels_in_single_precision(samples):
    with pytest.raises(ValueError, match="samples"):
        Audio(samples, 8000)


def test_frames_come_in_order():
    with pytest.raises(ValueError, match="increase"):
        Features(np.zeros((2, 1), dtype=np.float32), np.array([0.5, 0.5]), np.zeros(2, dtype=np.float32))


def test_a_multitrack_is_as_long_as_its_longest_track():
    take = Multitrack("take", "piece", (Track("a", (Source(Path("a")),), 3.0), Track("b", (Source(Path("b")),), 5.0)))
    assert take.duration == 5.0
    with pytest.raises(ValueError, match="window"):
        Window(take, 2.0, 2.0)


def test_values_do_not_change():
    with pytest.raises(FrozenInstanceError):
        memory(0, 10).audio.sample_rate = 1
