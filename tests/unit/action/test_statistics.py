"""What is said of a response's variety, in numbers and in a sentence."""

import numpy as np
import pytest
from action_making import memory, path, response, specification

from antiphon.action.rendering.crossfade import HardCut
from antiphon.action.statistics import response_statistics
from antiphon.types import SILENCE, Audio


def told(segments):
    source = memory([0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2])
    chosen = path(segments, source)
    asked = specification(chosen.played.tolist())
    rendering = HardCut().render(chosen, source, asked.tokens.intervals)
    return response_statistics(response(rendering.audio, asked, chosen, source), source)


def test_the_sentence_says_how_many_segments_how_long_copies_and_how_many_joins():
    found = told([0, 1, 2, 7, 8, 3, 3, 3, 3, 3])
    assert (found.distinct, found.usable) == (6, 12)
    assert found.commonest_share == pytest.approx(0.5)
    assert found.said == (
        "6 of 12 memory segments, the most used 50 % of the time; copies of 0.5 s in the middle, 1.5 s the longest; "
        "1.2 joins a second"
    )


def test_an_unbroken_copy_is_one_copy():
    found = told([2, 3, 4, 5])
    assert (found.median_copy_seconds, found.longest_copy_seconds, found.joins_per_second) == (2.0, 2.0, 0.0)


def test_silence_is_no_segment_no_copy_and_no_join():
    found = told([0, 1, SILENCE, SILENCE, 5, 6])
    assert (found.distinct, found.commonest_share) == (4, 0.25)
    assert (found.joins_per_second, found.longest_copy_seconds) == (0.0, 1.0)


def test_a_response_that_is_silent_throughout_has_no_variety():
    found = told([SILENCE, SILENCE])
    assert found.said == "none of 12 memory segments is played: the response is silent"
    source = memory([0])
    nothing = path([], source)
    empty = response(Audio(np.empty((0, 1), np.float32), 100), specification([]), nothing, source)
    assert response_statistics(empty, source).joins_per_second == 0
