"""Caps, regions, pins and no re-use: what the musician asks for is kept, or as much of it as can be, by name."""

import itertools

import numpy as np
import pytest
from action_making import distances, memory, plain, specification

from antiphon.action.oracle.selection import OracleSelection
from antiphon.action.selection.constraints import Constraints
from antiphon.action.selection.optimal import OptimalSelection
from antiphon.action.selectors import selector
from antiphon.config import ActionSettings
from antiphon.errors import BadData, SettingsError
from antiphon.types import SILENCE, Specification, Tokens


def select(asked, source, state=None, constraints=None, **settings):
    chosen = OptimalSelection(plain(**settings), distances(10, rest=True))
    return chosen.select(specification(asked), source, state, constraints)


def copies(segments):
    """Lengths of the unbroken copies of a path without silence."""
    breaks = [step for step, (a, b) in enumerate(itertools.pairwise(segments), start=1) if b != a + 1]
    return np.diff([0, *breaks, len(segments)]).tolist()


def blocks(asked, source, length, **settings):
    """The same request in blocks, each going on from the one before."""
    whole, state, found = specification(asked), None, []
    chosen = OptimalSelection(plain(**settings), distances(10, rest=True))
    for start in range(0, len(asked), length):
        span = slice(start, start + length)
        tokens = Tokens(whole.tokens.ids[span], whole.tokens.intervals[span], "test")
        state = chosen.select(Specification(tokens, np.zeros(len(tokens))), source, state)
        found += state.segments.tolist()
    return found


def test_a_capped_copy_is_left_for_somewhere_else_and_not_for_what_comes_next():
    assert select([0, 1, 2], memory([0, 1, 2, 1]), longest_copy=2).segments.tolist() == [0, 3, 2]


def test_no_copy_is_longer_than_the_cap_however_the_blocks_fall():
    labels = [0, 1, 2, 3] * 20
    for length in (1, 3, 7, 80):
        assert max(copies(blocks(labels, memory(labels), length, longest_copy=5))) <= 5


def test_no_copy_is_left_by_a_jump_before_the_minimum():
    source = memory([0, 1, 2, 5, 3, 6, 2, 3])
    assert select([0, 1, 2, 3, 0], source).segments.tolist() == [0, 1, 2, 7, 0]
    assert select([0, 1, 2, 3, 0], source, minimum_run=2).segments.tolist() == [0, 1, 6, 7, 0]


@pytest.mark.parametrize(
    ("asked", "labels", "caps", "path", "relaxed"),
    [
        ([0, 1, 2], [0, 1, 2, 2], {"minimum_run": 2, "longest_copy": 2}, [0, 1, 3], ()),
        ([0, 1], [0, 1], {"longest_copy": 1}, [1, 1], ("near classes were played too",)),
        ([0, 2], [0, 1, 2], {"minimum_run": 2}, [0, 1], ("near classes were played too",)),
        ([0, 0], [0], {"minimum_run": 2}, [0, 0], ("near classes were played too", "minimum_run 2 became 1")),
    ],
)
def test_a_cap_that_no_path_keeps_gives_way_by_steps_and_says_so(asked, labels, caps, path, relaxed):
    found = select(asked, memory(labels), **caps)
    assert found.segments.tolist() == path
    assert found.relaxed == relaxed


def test_any_minimum_and_any_cap_can_be_asked_of_any_memory():
    rng = np.random.default_rng(3)
    for _ in range(40):
        labels = rng.integers(0, 4, rng.integers(1, 9)).tolist()
        asked = rng.integers(0, 4, rng.integers(1, 12)).tolist()
        least = int(rng.integers(1, 5))
        found = select(asked, memory(labels), minimum_run=least, longest_copy=int(rng.integers(least, 6)))
        assert len(found.segments) == len(asked)
        assert (found.segments != SILENCE).all()


def test_caps_that_contradict_each_other_are_refused():
    with pytest.raises(ValueError, match="longest_copy"):
        ActionSettings(longest_copy=2, minimum_run=3)
    with pytest.raises(ValueError, match="oracle"):
        ActionSettings(selector="oracle", reuse=False)


def test_regions_are_seconds_of_a_file():
    source = memory([0, 0, 0, 0, 0, 0], parts=[3])
    allowed = select([0] * 20, source, allowed_regions=("1.wav:0.5-1.5",), jump_cost=0, shared_context_cost=0)
    assert set(allowed.segments.tolist()) <= {4, 5}
    taboo = select([0] * 20, source, taboo_regions=("0.4-0.6", "1.wav:1-1.5"))
    assert set(taboo.segments.tolist()) <= {2}


@pytest.mark.parametrize(
    ("regions", "error", "reason"),
    [
        ({"allowed_regions": ("0-0.2",)}, BadData, "allowed_regions: no segment"),
        ({"taboo_regions": ("0-9",)}, BadData, "taboo_regions: no segment"),
        ({"allowed_regions": ("other.wav:0-1",)}, SettingsError, "'other.wav': the memory has no such part, only 0"),
        ({"allowed_regions": ("0.wav:2-1",)}, SettingsError, "START-END|start < end"),
        ({"taboo_regions": ("soon",)}, SettingsError, "FILE:START-END or START-END in seconds, got 'soon'"),
    ],
)
def test_regions_that_leave_nothing_or_mean_nothing_are_refused(regions, error, reason):
    with pytest.raises(error, match=reason):
        select([0], memory([0, 0]), **regions)


def test_a_label_outside_the_allowed_region_is_replaced():
    assert select([5], memory([5, 4, 0]), allowed_regions=("0.5-1.5",)).played.tolist() == [4]


def test_a_pin_is_kept_whatever_its_label_and_the_path_leads_to_it():
    found = select([0, 0, 0], memory([0, 0, 7, 0]), constraints=Constraints(pinned=np.array([-1, 2, -1])))
    assert found.segments.tolist() == [1, 2, 3]
    assert found.played.tolist() == [0, 7, 0]
    assert found.costs.sum() == 0


def test_a_step_that_must_stay_silent_is_silent():
    quiet = Constraints(silent=np.array([False, True, False]))
    found = select([0, 0, 0], memory([0, 0, 9]), constraints=quiet)
    assert found.segments.tolist() == [0, SILENCE, 0]
    assert found.played.tolist() == [0, 9, 0]


def test_pins_that_make_no_sense_are_refused():
    with pytest.raises(BadData, match="step 0 is pinned to segment 4, the memory has 2"):
        select([0], memory([0, 0]), constraints=Constraints(pinned=np.array([4])))
    with pytest.raises(BadData, match="pinned and must stay silent"):
        select([0], memory([0]), constraints=Constraints(np.array([0]), np.array([True])))
    pinned = Constraints(pinned=np.array([0, 1]))
    found = select([0, 0], memory([0, 0]), constraints=pinned, longest_copy=1)
    assert (found.segments.tolist(), found.relaxed[-1]) == ([0, 1], "longest_copy 1 became 0")


def test_without_reuse_no_segment_sounds_twice():
    rng = np.random.default_rng(7)
    labels = rng.integers(0, 4, 400).tolist()
    asked = rng.integers(0, 4, 300).tolist()
    found = select(asked, memory(labels), reuse=False)
    assert len(set(found.segments.tolist())) == 300
    assert [labels[segment] for segment in found.segments] == found.played.tolist()
    free = select(asked, memory(labels))
    assert found.gap == pytest.approx(found.costs.sum() - free.costs.sum())
    assert found.gap > 0


def test_without_reuse_every_segment_of_a_label_is_given_away_once():
    found = select([0] * 60, memory([0, 1] * 60), reuse=False)
    assert sorted(found.segments.tolist()) == list(range(0, 120, 2))


def test_without_reuse_a_later_block_knows_what_has_sounded():
    labels = [0, 1, 2] * 6
    found = blocks(labels[::-1], memory(labels), 4, reuse=False)
    assert len(set(found)) == len(found) == 18


def test_too_little_to_play_without_reuse_is_filled_with_near_classes_and_only_then_played_again():
    found = select([0, 0, 0], memory([0, 5, 1, 0]), reuse=False)
    assert sorted(found.segments.tolist()) == [0, 2, 3], "class 1 is nearer than class 5"
    assert found.relaxed == ("near classes were played too",)
    again = select([0] * 7, memory([0, 0, 0]), reuse=False)
    assert sorted(np.bincount(again.segments).tolist()) == [2, 2, 3], "as seldom as the memory allows"


def test_a_spot_that_was_just_heard_is_avoided_and_the_more_it_costs_the_more():
    labels, asked = [0, 7, 0, 7, 0, 7, 0, 7], [0] * 24
    counts = [
        np.bincount(select(asked, memory(labels), novelty=price, jump_cost=0.1).segments, minlength=8).max()
        for price in (0.0, 0.3, 3.0)
    ]
    assert counts[0] == 24
    assert counts[0] > counts[1] >= counts[2] == 6


def test_a_block_knows_how_often_earlier_ones_have_played_a_segment():
    found = blocks([0] * 24, memory([0, 7, 0, 7, 0, 7, 0, 7]), 5, novelty=3.0, jump_cost=0.1)
    assert np.bincount(found, minlength=8).max() <= 7


def test_phrases_grow_with_their_price_and_their_length():
    rng = np.random.default_rng(5)
    labels, asked = rng.integers(0, 3, 200).tolist(), rng.integers(0, 3, 100).tolist()
    source = memory(labels)

    def joins(**settings):
        return len(copies(select(asked, source, match="distribution", **settings).segments)) - 1

    assert joins(phrase_cost=2.0, phrase_seconds=2.0) <= joins()


def test_another_beat_of_the_bar_costs():
    beats = Constraints(phases=np.array([1]), memory_phases=np.array([0, 1, -1]))
    assert select([0], memory([0, 0, 0]), constraints=beats).segments.tolist() == [1]
    only = Constraints(phases=np.array([1]), memory_phases=np.array([0]))
    assert select([0], memory([0]), constraints=only).costs.tolist() == [0.5]


def test_variation_is_a_matter_of_the_seed():
    labels = np.random.default_rng(1).integers(0, 3, 200).tolist()
    asked, source = specification(labels[:50][::-1]), memory(labels)
    drawn = [
        OptimalSelection(plain(variation=1.0), distances(10, rest=True), seed=seed).select(asked, source)
        for seed in (0, 0, 1)
    ]
    assert drawn[0].segments.tolist() == drawn[1].segments.tolist() != drawn[2].segments.tolist()
    assert drawn[0].gap > 0


def test_a_long_request_is_searched_in_little_memory_with_the_same_result(monkeypatch):
    rng = np.random.default_rng(2)
    source, asked = memory(rng.integers(0, 3, 100).tolist()), rng.integers(0, 3, 90).tolist()
    whole = select(asked, source, longest_copy=3)
    monkeypatch.setattr("antiphon.action.selection.trellis.KEPT_COSTS", 1)
    assert select(asked, source, longest_copy=3).segments.tolist() == whole.segments.tolist()


def test_the_selector_is_the_one_that_the_settings_name():
    source = memory([0, 1, 2])
    table = distances(10, rest=True)
    assert isinstance(selector(plain(), table, source), OptimalSelection)
    assert isinstance(selector(plain(selector="oracle"), table, source), OracleSelection)
    listening = selector(plain(boundary_cost=1.0), table, source)
    assert listening.select(specification([0, 1, 2]), source).costs.tolist() == [0, 0, 0]


def test_a_refused_segment_is_not_played_at_its_step_and_a_label_without_another_is_silent():
    source = memory([0, 1, 0, 2])
    for taken in (0, 2):
        found = select([0, 1, 2], source, constraints=Constraints(refused=np.array([taken, -1, -1])))
        assert found.segments.tolist() == [2 - taken, 1, 3]
    found = select([0, 1, 2], source, constraints=Constraints(refused=np.array([-1, 1, -1])))
    assert found.segments[1] == SILENCE
    assert found.played[1] == 9
    free = select([0, 1, 2], source).segments.tolist()
    assert select([0, 1, 2], source, constraints=Constraints(refused=np.array([3, 3, 0]))).segments.tolist() == free
