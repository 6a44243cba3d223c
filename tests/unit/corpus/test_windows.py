import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.corpus.windows import starts


def test_windows_of_fifteen_seconds_start_every_ten():
    assert starts(120, 30, 20).tolist() == [0, 20, 40, 60, 80, 100]


def test_the_last_partial_window_is_kept_only_where_it_adds_something():
    assert starts(50, 30, 20).tolist() == [0, 20]
    assert starts(51, 30, 20).tolist() == [0, 20, 40]


@pytest.mark.parametrize("segments", [1, 29, 30])
def test_a_short_sequence_is_one_window(segments):
    assert starts(segments, 30, 20).tolist() == [0]


def test_nothing_has_no_window():
    assert starts(0, 30, 20).tolist() == []


@given(st.integers(1, 500), st.integers(1, 60), st.integers(1, 60))
def test_windows_lie_inside_and_cover_everything_that_a_hop_does_not_skip(segments, window, hop):
    found = starts(segments, window, hop).tolist()
    assert found == [hop * i for i in range(len(found))]
    assert all(start < segments for start in found)
    covered = {i for start in found for i in range(start, min(start + window, segments))}
    reachable = {i for i in range(segments) if i % hop < window or i < window}
    assert reachable <= covered


@pytest.mark.parametrize(("window", "hop"), [(0, 1), (1, 0), (-3, 2)])
def test_a_window_of_nothing_is_refused(window, hop):
    with pytest.raises(ValueError, match="at least one segment"):
        starts(10, window, hop)
