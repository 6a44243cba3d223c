import itertools

import numpy as np
import pytest
from action_making import distances, memory, plain, specification, uniform, with_sound

from antiphon.action.selection.optimal import OptimalSelection, playable
from antiphon.errors import BadData, WrongAlphabet
from antiphon.types import SILENCE, Selection, Specification, Tokens

PRICES = [(1.0, 0.1), (1.0, 0.5), (1.0, 0.0), (0.3, 1.0), (0.0, 0.0)]


def cost_of(segments, source, settings, last=None):
    """The cost of a path, straight from its definition."""
    part = source.part_of(np.arange(len(source.tokens))).tolist()
    ids = source.tokens.ids.tolist()
    total = 0.0
    for before, here in itertools.pairwise(segments if last is None else [last, *segments]):
        if SILENCE in (before, here):
            continue
        has_context = here > 0 and part[here - 1] == part[here]
        if has_context and here == before + 1:
            continue
        shared = has_context and ids[here - 1] == ids[before]
        total += settings.shared_context_cost if shared else settings.jump_cost
    return total


def cheapest(played, source, settings, last=None):
    """The least cost of any path, by trying all of them."""
    ids = source.tokens.ids.tolist()
    candidate_index = [[place for place, label in enumerate(ids) if label == wanted] or [SILENCE] for wanted in played]
    return min(cost_of(path, source, settings, last) for path in itertools.product(*candidate_index))


@pytest.mark.parametrize(("jump", "shared"), PRICES)
@pytest.mark.parametrize("seed", range(40))
def test_no_path_is_cheaper(seed, jump, shared):
    rng = np.random.default_rng(seed)
    settings = plain(jump_cost=jump, shared_context_cost=shared)
    labels = rng.integers(0, 3, rng.integers(1, 9)).tolist()
    parts = sorted(set(rng.integers(1, len(labels), rng.integers(0, 3)).tolist())) if len(labels) > 1 else []
    source = memory(labels, parts=parts)
    asked = specification(rng.integers(0, 5, rng.integers(1, 6)).tolist())
    last = int(rng.integers(0, len(labels))) if rng.random() < 0.5 else None
    state = None if last is None else Selection(np.array([last]), np.array([labels[last]]), np.zeros(1))
    if not set(labels) - {4}:
        return
    found = OptimalSelection(settings, distances(5, rest=True)).select(asked, source, state)
    assert found.costs.sum() == pytest.approx(cheapest(found.played.tolist(), source, settings, last), abs=1e-9)
    assert found.costs.sum() == pytest.approx(cost_of(found.segments.tolist(), source, settings, last), abs=1e-9)
    for segment, played in zip(found.segments.tolist(), found.played.tolist(), strict=True):
        assert played == (4 if segment == SILENCE else labels[segment])


def select(asked, source, rest=True, state=None, classes=10):
    return OptimalSelection(plain(), distances(classes, rest)).select(asked, source, state)


def test_a_memory_asked_for_itself_is_played_through():
    labels = np.random.default_rng(3).integers(0, 4, 200).tolist()
    found = select(specification(labels), memory(labels))
    assert found.segments.tolist() == list(range(200))
    assert found.costs.sum() == 0


def test_going_on_stops_where_a_part_ends():
    found = select(specification([0, 1, 2, 3]), memory([0, 1, 2, 3], parts=[2]))
    assert found.segments.tolist() == [0, 1, 2, 3]
    assert found.costs.tolist() == [0, 0, 1.0, 0]


def test_a_jump_into_shared_context_is_cheaper():
    found = select(specification([0, 1, 2]), memory([0, 1, 5, 1, 2]))
    assert found.segments.tolist() == [0, 1, 4]
    assert found.costs.tolist() == [0, 0, 0.1]


def test_of_equal_paths_the_one_with_fewest_joints_is_taken():
    free = OptimalSelection(plain(jump_cost=0, shared_context_cost=0), distances(10))
    assert free.select(specification([1, 2, 3]), memory([3, 2, 1, 2, 3, 1])).segments.tolist() == [2, 3, 4]


def test_of_equal_paths_the_one_that_goes_on_last_is_taken():
    alike = OptimalSelection(plain(jump_cost=1, shared_context_cost=1), distances(10))
    assert alike.select(specification([0, 1, 2]), memory([0, 1, 5, 1, 2])).segments.tolist() == [0, 3, 4]


def test_of_equal_paths_the_earlier_in_the_memory_is_taken():
    assert select(specification([3, 3]), memory([1, 3, 2, 3, 2])).segments.tolist() == [1, 1]


def test_a_lacking_label_is_played_as_the_nearest_and_said():
    found = select(specification([0, 6, 4]), memory([0, 3, 7]))
    assert found.played.tolist() == [0, 7, 3]
    assert found.segments.tolist() == [0, 2, 1]


def test_shared_context_is_that_of_the_played_label():
    found = select(specification([6, 2]), memory([7, 0, 7, 2, 0], parts=[2]))
    assert found.played.tolist() == [7, 2]
    assert found.costs.sum() == 0


def test_a_sound_is_never_replaced_by_the_rest():
    assert select(specification([8]), memory([0, 9])).played.tolist() == [0]
    with pytest.raises(BadData, match="no sound"):
        select(specification([8]), memory([9, 9]))


def test_a_rest_that_the_memory_has_is_played_from_it():
    assert select(specification([9, 0]), memory([0, 9, 0])).segments.tolist() == [1, 2]


def test_a_rest_that_the_memory_lacks_is_silence_and_costs_nothing():
    found = select(specification([1, 9, 9, 0]), memory([0, 1]))
    assert found.segments.tolist() == [1, SILENCE, SILENCE, 0]
    assert found.played.tolist() == [1, 9, 9, 0]
    assert found.costs.sum() == 0


def test_without_a_rest_class_the_last_class_is_a_sound():
    assert select(specification([9]), memory([0, 8]), rest=False).played.tolist() == [8]


def test_all_rests_over_a_memory_of_sound_are_silence():
    found = select(specification([9] * 5), memory([0]))
    assert found.segments.tolist() == [SILENCE] * 5


def test_a_memory_of_one_segment_repeats_it():
    found = select(specification([2, 2, 0]), memory([2]))
    assert found.segments.tolist() == [0, 0, 0]
    assert found.costs.tolist() == [0, 1, 1]


def test_nothing_asked_is_nothing_played():
    assert len(select(specification([]), memory([1])).segments) == 0


def test_a_later_block_goes_on_where_the_earlier_ended():
    labels = np.random.default_rng(5).integers(0, 3, 60).tolist()
    source = memory(labels)
    state, blocks = None, []
    for start in range(0, 60, 7):
        asked = specification(labels)
        block = Tokens(asked.tokens.ids[start : start + 7], asked.tokens.intervals[start : start + 7], "test")
        state = select(Specification(block, np.zeros(len(block))), source, state=state)
        blocks.append(state)
    in_one_pass = select(specification(labels), source)
    assert np.concatenate([block.segments for block in blocks]).tolist() == in_one_pass.segments.tolist()
    assert sum(block.costs.sum() for block in blocks) == in_one_pass.costs.sum() == 0


def test_the_first_step_of_a_block_pays_for_leaving_the_state():
    source = memory([0, 1, 2, 5, 1])
    state = select(specification([0]), source)
    assert select(specification([1]), source, state=state).segments.tolist() == [1]
    left = select(specification([2]), source, state=state)
    assert left.costs.tolist() == [1.0]
    silence = select(specification([9]), source)
    assert select(specification([2]), source, state=silence).costs.tolist() == [0]


def test_a_block_of_a_growing_memory_goes_on():
    state = select(specification([0, 1]), memory([0, 1]))
    assert select(specification([2]), memory([0, 1, 2]), state=state).costs.tolist() == [0]


def test_a_segment_that_is_too_short_costs_the_share_that_is_missing():
    source = with_sound([0, 1, 1], np.zeros((120, 1), np.float32), 100)  # the last lasts 0.2 s
    found = select(specification([1, 1]), source)
    assert found.segments.tolist() == [1, 2]
    assert found.costs.tolist() == pytest.approx([0, 0.6])
    tail = np.array([[0.0, 0.5], [0.5, 0.7]])
    asked = Specification(Tokens(np.array([1, 1]), tail, "test"), np.zeros(2))
    assert select(asked, source).costs.tolist() == [0, 0]


def test_a_label_that_is_only_there_too_short_is_played():
    source = with_sound([0, 4, 5], np.zeros((120, 1), np.float32), 100)
    assert select(specification([5]), source).played.tolist() == [5]


def test_playable_says_which_classes_a_memory_has():
    source = with_sound([0, 2, 1], np.zeros((120, 1), np.float32), 100)
    intervals = np.array([[0.0, 0.5], [0.5, 0.7]])
    assert playable(source, intervals, 4).tolist() == [[True, True, True, False]] * 2
    assert playable(source, uniform(0), 4).shape == (0, 4)
    assert playable(source, intervals, 4, np.array([True, True, False])).tolist() == [[True, False, True, False]] * 2


def test_a_memory_shorter_than_a_segment_is_refused():
    source = with_sound([0], np.zeros((40, 1), np.float32), 100)
    with pytest.raises(BadData, match=r"shorter than one segment \(0.5 s\)"):
        playable(source, uniform(3), 4)


def test_another_alphabet_is_refused():
    asked = Specification(Tokens(np.array([0]), uniform(1), "other"), np.zeros(1))
    with pytest.raises(WrongAlphabet, match="other"):
        select(asked, memory([0]))


def test_distances_must_be_square():
    with pytest.raises(ValueError, match="class_distances"):
        OptimalSelection(plain(), np.zeros((2, 3)))


def test_the_same_question_has_the_same_answer():
    rng = np.random.default_rng(8)
    asked, source = specification(rng.integers(0, 9, 100).tolist()), memory(rng.integers(0, 9, 500).tolist())
    first, second = select(asked, source), select(asked, source)
    assert first.segments.tolist() == second.segments.tolist()
    assert first.costs.tolist() == second.costs.tolist()
