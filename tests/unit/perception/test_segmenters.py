import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import BadData
from antiphon.perception import uniform_intervals


def test_segment_k_of_an_hour_starts_at_exactly_k_times_its_length():
    starts = uniform_intervals(3600.0, 0.35)[:, 0]
    assert len(starts) == 10286
    np.testing.assert_array_equal(starts, [k * 0.35 for k in range(10286)])


@given(duration=st.floats(1e-5, 4000), length=st.floats(0.05, 10))
def test_intervals_tile_the_duration_without_a_sliver(duration, length):
    intervals = uniform_intervals(duration, length)
    assert intervals[0, 0] == 0
    assert intervals[-1, 1] == duration
    np.testing.assert_array_equal(intervals[1:, 0], intervals[:-1, 1])
    lengths = np.diff(intervals, axis=1)[:, 0]
    assert lengths.max() < length + 1.001e-3
    assert len(intervals) == 1 or lengths.min() > 0.999e-3


def test_a_leftover_is_a_shorter_segment_unless_it_is_below_a_millisecond():
    assert uniform_intervals(1.2, 0.5)[-1].tolist() == [1.0, 1.2]
    assert uniform_intervals(1.0005, 0.5)[-1].tolist() == [0.5, 1.0005]
    assert uniform_intervals(0.0001, 0.5).tolist() == [[0.0, 0.0001]]


def test_whole_multiples_have_whole_segments():
    assert [len(uniform_intervals(k * 0.35, 0.35)) for k in range(1, 200)] == list(range(1, 200))


def test_nothing_cannot_be_cut():
    with pytest.raises(BadData, match="no audio"):
        uniform_intervals(0.0, 0.5)
