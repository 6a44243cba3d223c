import numpy as np
import pytest

from antiphon.config import CorpusSettings
from antiphon.dataset import silent_windows
from antiphon.types import Segments


def marked(level, **settings):
    """The marks of a track of half-second segments of the given levels in dBFS."""
    edges = np.arange(len(level) + 1) * 0.5
    intervals = np.stack([edges[:-1], edges[1:]], axis=1)
    segments = Segments(np.zeros((len(level), 2), np.float32), np.asarray(level, np.float32))
    return silent_windows(segments, intervals, CorpusSettings(**settings)).tolist()


def test_a_window_is_silent_where_no_segment_of_it_sounds():
    level = np.full(120, -80.0)
    level[:20] = -20
    assert marked(level) == [False, True, True, True, True, True]
    level[119] = -59
    assert marked(level) == [False, True, True, True, True, False]


@pytest.mark.parametrize(("segments", "windows"), [(0, 0), (1, 1), (30, 1), (31, 2), (50, 2), (51, 3)])
def test_windows_are_those_of_training_the_last_partial_one_too(segments, windows):
    assert marked(np.full(segments, -80.0)) == [True] * windows


def test_what_is_silent_is_a_setting():
    assert marked(np.full(10, -50.0)) == [False]
    assert marked(np.full(10, -50.0), silence_dbfs=-40.0) == [True]
