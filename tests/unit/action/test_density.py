"""A response that leaves room: whole phrases give way, those that fit worst first."""

import numpy as np
from action_making import distances, memory, plain, specification

from antiphon.action.selection.constraints import FREE, Constraints
from antiphon.action.selection.density import sparse
from antiphon.action.selection.optimal import OptimalSelection
from antiphon.types import SILENCE, Selection

HALF_SECONDS = np.full(8, 0.5)


def selection(segments, costs) -> Selection:
    chosen = np.array(segments)
    return Selection(chosen, np.zeros(len(chosen), dtype=np.int64), np.array(costs, dtype=np.float64))


def silences(segments, costs, density, pinned=(), durations=HALF_SECONDS):
    pins = np.full(len(segments), FREE)
    for step in pinned:
        pins[step] = segments[step]
    return np.flatnonzero(sparse(selection(segments, costs), pins, durations, density)).tolist()


PATH, COSTS = [0, 1, 5, 6, 7, 3, 9, 10], [1, 1, 5, 0, 0, 4, 0, 0]
"""Phrases of 2, 3, 1 and 2 segments that cost 2, 5, 4 and 0: 2, 3.3, 8 and 0 a second."""


def test_the_dearest_phrases_by_the_second_give_way_as_a_whole():
    assert silences(PATH, COSTS, 1.0) == []
    assert silences(PATH, COSTS, 0.9) == [5]
    assert silences(PATH, COSTS, 0.8) == [2, 3, 4, 5]
    assert silences(PATH, COSTS, 0.25) == [0, 1, 2, 3, 4, 5]
    assert silences(PATH, COSTS, 0.0) == list(range(8))


def test_what_is_silent_already_counts_as_silent_and_ends_a_phrase():
    path = [0, 1, SILENCE, SILENCE, 2, 3, 4, 5]
    assert silences(path, [0, 0, 0, 0, 9, 0, 0, 0], 0.75) == [2, 3]
    assert silences(path, [0, 0, 0, 0, 9, 0, 0, 0], 0.5) == [2, 3, 4, 5, 6, 7]


def test_a_phrase_with_a_pin_stays_however_dear():
    assert silences(PATH, COSTS, 0.0, pinned=[5]) == [0, 1, 2, 3, 4, 6, 7]
    for step in (2, 3, 4):
        assert silences(PATH, COSTS, 0.0, pinned=[step]) == [0, 1, 5, 6, 7]


def test_a_phrase_begins_after_silence_and_ends_before_it():
    """SILENCE is -1: that the memory's first segment has the next number makes it no part of what was silent."""
    path = [SILENCE, 0, 1, SILENCE, 0]
    assert silences(path, [0, 1, 0, 0, 9], 0.4, durations=np.full(5, 0.5)) == [0, 3, 4]
    assert silences(path, [0, 9, 0, 0, 1], 0.4, durations=np.full(5, 0.5)) == [0, 1, 2, 3]


def test_where_nothing_is_played_nothing_gives_way():
    assert silences([], [], 0.5, durations=np.empty(0)) == []


def test_time_counts_and_not_segments():
    durations = np.array([2.0, 0.5, 0.5, 0.5])
    assert silences([0, 4, 8, 12], [8, 1, 1, 1], 0.5, durations=durations) == [0]


def test_a_selection_plays_no_more_than_the_share_asked_for():
    rng = np.random.default_rng(0)
    labels, asked = rng.integers(0, 4, 120).tolist(), rng.integers(0, 4, 60).tolist()
    for share in (0.2, 0.4, 0.7):
        chosen = OptimalSelection(plain(density=share), distances(10, rest=True))
        found = chosen.select(specification(asked), memory(labels))
        assert 0 < np.mean(found.segments != SILENCE) <= share
        pins = Constraints(pinned=np.where(np.arange(60) == 30, 7, FREE))
        assert chosen.select(specification(asked), memory(labels), constraints=pins).segments[30] == 7
