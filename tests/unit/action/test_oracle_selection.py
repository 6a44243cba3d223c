import numpy as np
import pytest
from action_making import distances, memory, plain, specification
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.action.oracle.selection import OracleSelection
from antiphon.action.oracle.string_matching import FactorOracle, SuffixAutomaton
from antiphon.action.selection.optimal import OptimalSelection
from antiphon.errors import BadData
from antiphon.types import SILENCE

WORDS = st.lists(st.integers(0, 2), max_size=12)


def select(asked, source, state=None, seed=0, **changes):
    chosen = OracleSelection(plain(selector="oracle", **changes), distances(10, rest=True), seed)
    return chosen.select(specification(asked), source, state)


@settings(deadline=None, derandomize=True)
@given(WORDS, WORDS, st.integers(-1, 11))
def test_the_longest_prefix_is_found_wherever_it_occurs(labels, word, but):
    def begins(length):
        candidate_index = range(len(labels) - length + 1)
        return [place for place in candidate_index if labels[place : place + length] == word[:length] and place != but]

    wanted = next((begins(length) for length in range(len(word), 0, -1) if begins(length)), [])
    assert SuffixAutomaton(labels).longest_prefix(word, but) == wanted


@settings(deadline=None, derandomize=True)
@given(WORDS)
def test_a_suffix_link_leads_to_an_earlier_place_with_the_same_past(labels):
    oracle = FactorOracle(labels)
    for state in range(1, len(labels) + 1):
        for earlier in oracle.same_past(state):
            assert earlier < state
            assert labels[earlier - 1] == labels[state - 1]
        assert bool(list(oracle.same_past(state))) == (labels[state - 1] in labels[: state - 1])


def test_the_factor_oracle_of_the_literature():
    # abbbaab: the example of Allauzen, Crochemore and Raffinot (1999), figure 1.
    assert FactorOracle([0, 1, 1, 1, 0, 0, 1]).links == [-1, 0, 0, 2, 3, 1, 1, 2]


def test_a_memory_asked_for_itself_is_played_through():
    labels = np.random.default_rng(3).integers(0, 4, 200).tolist()
    assert select(labels, memory(labels)).segments.tolist() == list(range(200))


def test_what_is_played_is_what_was_asked_for():
    rng = np.random.default_rng(4)
    labels, asked = rng.integers(0, 4, 80).tolist(), rng.integers(0, 4, 200).tolist()
    found = select(asked, memory(labels, parts=[10, 40]))
    assert [labels[segment] for segment in found.segments] == asked
    optimal = OptimalSelection(plain(), distances(10, rest=True))
    assert optimal.select(specification(asked), memory(labels, parts=[10, 40])).costs.sum() <= found.costs.sum()


def test_the_longest_prefix_is_copied_first():
    assert select([0, 1, 2, 3], memory([0, 1, 9, 0, 1, 2, 5, 3])).segments.tolist() == [3, 4, 5, 7]


def test_a_suffix_link_is_followed_before_a_new_prefix_is_looked_for():
    # After 0 1 2 at the end, 1 comes after an earlier 2; the longer prefix 1 0 elsewhere shares no past.
    found = select([0, 1, 2, 1, 0], memory([2, 1, 5, 1, 0, 5, 0, 1, 2]))
    assert found.segments.tolist()[:4] == [6, 7, 8, 1]


def test_copies_do_not_pass_the_border_of_a_part():
    assert select([0, 1], memory([0, 1], parts=[1])).costs.tolist() == [0, 1]


def test_a_rest_that_the_memory_lacks_is_silence_and_a_lacking_label_the_nearest():
    found = select([1, 9, 5], memory([0, 1]))
    assert found.segments.tolist() == [1, SILENCE, 1]
    assert found.played.tolist() == [1, 9, 1]


@pytest.mark.parametrize(
    ("asked", "held"),
    [(20_000, 20_000), (20_000, 1_000), *(pytest.param(100_000, n, marks=pytest.mark.slow) for n in (100_000, 1_000))],
)
def test_a_long_run_of_equal_labels_is_a_normal_case(asked, held):
    found = select([3] * asked, memory([3] * held, rate=2))
    assert (found.played == 3).all()
    assert np.count_nonzero(found.costs) >= (asked - 1) // held
    assert asked > held or not found.costs.any()


def test_regions_and_the_longest_copy_are_kept():
    labels = [0, 1, 2, 3] * 20
    found = select(labels, memory(labels), longest_copy=5, taboo_regions=("0-2",))
    assert found.segments.min() >= 4
    breaks = np.flatnonzero(np.diff(found.segments) != 1)
    assert np.diff(np.concatenate([[-1], breaks, [79]])).max() <= 5
    with pytest.raises(BadData, match="longest_copy"):
        select([0, 1], memory([0, 1]), longest_copy=1)


def test_a_later_block_goes_on_where_the_earlier_ended():
    source = memory([0, 1, 2, 0, 1, 3])
    state = select([0, 1], memory([5, 5, 5, 0, 1, 3]))
    assert select([3], source, state).segments.tolist() == [5]


def test_choices_are_a_matter_of_the_seed():
    source = memory([0, 1] * 50)
    paths = {tuple(select([1, 1, 0, 0, 1], source, seed=seed).segments.tolist()) for seed in (0, 0, 1, 2)}
    assert 1 < len(paths) <= 3
