"""Parts of the selection by themselves: what a candidate costs, what all paths through it cost, regions, classes."""

import itertools
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from action_making import distances, memory, path, plain, specification, uniform, with_sound

from antiphon.action.selection.candidates import CandidateIndex, labels_before
from antiphon.action.selection.concatenation_cost import Boundaries, boundaries, edge_descriptors, no_boundaries
from antiphon.action.selection.optimal import OptimalSelection
from antiphon.action.selection.regions import usable_segments
from antiphon.action.selection.search_problem import run_lengths, run_so_far, search_problem, used_before
from antiphon.action.selection.semirings import LogSumExp
from antiphon.action.selection.substitutes import Classes, playable
from antiphon.action.selection.trellis import UNKNOWN_PHASE, Caps, Prices, Step, Trellis
from antiphon.config import ActionSettings
from antiphon.errors import BadData
from antiphon.types import SILENCE, Audio, Memory, MemoryPart, Selection, Tokens

TEMPERATURE = 0.7


def of_lengths(seconds) -> Memory:
    """Segments of label 0 that last so long."""
    edges = np.concatenate([[0], np.cumsum(seconds)])
    intervals = np.stack([edges[:-1], edges[1:]], axis=1)
    samples = np.zeros((round(100 * edges[-1]), 1), np.float32)
    tokens = Tokens(np.zeros(len(seconds), np.int64), intervals, "made up")
    return Memory(Audio(samples, 100), tokens, (MemoryPart("0.wav", 0, len(samples)),))


def test_a_candidate_pays_for_the_share_that_it_lacks_and_nothing_for_being_longer():
    source = of_lengths([0.2, 0.5, 0.8, 0.4995])
    step = Step(CandidateIndex(source, no_boundaries(source)).of(0), 0, 0.5)
    trellis = Trellis([step], 4, Prices(1.0, 1.0, np.zeros((1, 1)), short=10.0))
    # 0.2 of 0.5 s lacks three fifths; half a millisecond is within the tolerance.
    assert trellis.fit(step).tolist() == pytest.approx([6.0, 0, 0, 0])


def test_only_beat_phases_that_are_known_differ():
    source = memory([0, 0, 0])
    phases = np.array([0, 1, UNKNOWN_PHASE])
    candidates = CandidateIndex(source, no_boundaries(source)).of(0)
    trellis = Trellis([], 3, Prices(1.0, 1.0, np.zeros((1, 1)), phase=3.0), phases=phases)
    assert trellis.fit(Step(candidates, 0, 0.5, 1)).tolist() == [3, 0, 0]
    assert trellis.fit(Step(candidates, 0, 0.5)).tolist() == [0, 0, 0]


def weights_of_all_paths(source, found, prices, caps, labels):
    """exp(-cost / temperature) of every path, straight from the definition, and the path."""
    before = labels_before(source)
    choices = [np.flatnonzero(source.tokens.ids == label) for label in labels]
    for way in itertools.product(*choices):
        cost, run = 0.0, 1
        for (was, played), now in zip(zip(way, labels, strict=True), way[1:], strict=False):
            if now == was + 1 and before[now] >= 0:
                run += 1
                if caps.longest and run > caps.longest:
                    break
                continue
            if run < caps.minimum:
                break
            run = 1
            cost += (prices.shared if before[now] == played else prices.jump) + prices.joint
            cost += found.prices[found.right[was], found.left[now]]
        else:
            yield way, np.exp(-cost / TEMPERATURE)


@pytest.mark.parametrize("caps", [Caps(), Caps(longest=2), Caps(minimum=2), Caps(longest=3, minimum=2)])
@pytest.mark.parametrize("seed", range(6))
def test_the_total_of_a_candidate_is_that_of_all_paths_through_it(caps, seed):
    random = np.random.default_rng(seed)
    source = memory(random.integers(0, 2, 9), parts=(5,))
    found = Boundaries(*random.integers(0, 3, (2, 9)), random.choice([0.0, 0.25, 1.0, 2.0], (3, 3)))
    prices = Prices(1.0, 0.25, found.prices, joint=0.125)
    labels = source.tokens.ids[:4]
    index = CandidateIndex(source, found)
    trellis = Trellis([Step(index.of(int(label)), int(label), 0.5) for label in labels], 9, prices, caps)
    through = np.zeros((len(labels), 9))
    for segments, weight in weights_of_all_paths(source, found, prices, caps, labels):
        through[np.arange(len(labels)), segments] += weight
    ways = list(trellis.totals(LogSumExp(TEMPERATURE)))
    assert [way.index for way, _ in ways] == [3, 2, 1, 0]
    for way, totals in ways:
        shares = np.exp(-(totals - totals.min()) / TEMPERATURE)
        expected = through[way.index, way.here.step.candidates.segments]
        assert shares / shares.sum() == pytest.approx(expected / expected.sum(), abs=1e-9)


def test_a_region_ends_with_its_part_and_leaves_what_lies_before_it():
    source = memory([0] * 6, parts=(3,))
    allowed = usable_segments(source, ActionSettings(allowed_regions=("0.wav:0-9",)))
    assert allowed.tolist() == [True, True, True, False, False, False]
    taboo = usable_segments(source, ActionSettings(taboo_regions=("0.wav:0-9",)))
    assert taboo.tolist() == [False, False, False, True, True, True]
    later = usable_segments(source, ActionSettings(taboo_regions=("1.wav:1-1.5",)))
    assert later.tolist() == [True, True, True, True, True, False]
    middle = usable_segments(source, ActionSettings(taboo_regions=("0.wav:0.5-1",)))
    assert middle.tolist() == [True, False, True, True, True, True]


def test_the_rest_is_infinitely_far_from_every_other_class():
    table = distances(4, rest=True)
    assert Classes(table).rest == 3
    for near in range(3):
        table = distances(4, rest=True)
        table[-1, near] = table[near, -1] = 1.0
        assert Classes(table).rest is None
    assert Classes(np.array([[0.0, np.inf], [np.inf, 0.0]])).rest == 1
    assert Classes(np.zeros((1, 1))).rest is None


def test_a_memory_that_is_too_short_is_named_where_it_has_a_name():
    source = memory([0], seconds=0.2)
    with pytest.raises(BadData, match=r"^0\.wav: shorter than one segment"):
        playable(source, uniform(1), 1)
    nameless = Memory(source.audio, source.tokens, (MemoryPart("", 0, 20),))
    with pytest.raises(BadData, match=r"^the memory: shorter than one segment"):
        playable(nameless, uniform(1), 1)


def test_the_edges_of_a_tone_are_its_band_its_pitch_class_and_its_level():
    # A sine of amplitude 1 has a mean square of 1/2, 3 dB below full scale: 57 dB above the floor of -60.
    rate = 8000
    time = np.arange(rate // 2) / rate
    tones = np.concatenate([np.sin(2 * np.pi * hertz * time) for hertz in (440, 660, 3000)])
    source = with_sound([0] * 3, tones[:, None].astype(np.float32), rate)
    found = edge_descriptors(source)
    bands, pitches, levels = found[:, :-13], found[:, -13:-1], found[:, -1]
    assert levels == pytest.approx(np.full(6, 2 * 57), abs=0.5)
    # A is 0, E seven semitones above it; 3 kHz is above all pitches, though its band is loud.
    assert pitches[[0, 1], :].argmax(axis=1).tolist() == [0, 7]
    assert (pitches[[0, 1]].max(axis=1) == 20).all()
    assert (pitches[2] == 0).all()
    assert np.isfinite(found).all()
    # Bands are even on the mel scale, 2595 log10(1 + f / 700), from 0 Hz to half the rate.
    mel = 2595 * np.log10(1 + np.array([440, 660, 3000]) / 700)
    places = mel / (2595 * np.log10(1 + rate / 2 / 700)) * (bands.shape[1] + 1) - 1
    assert np.abs(bands[:3].argmax(axis=1) - places).max() < 1


def test_a_segment_that_ends_otherwise_than_it_begins_has_two_edges_even_alone():
    time = np.arange(4000) / 8000
    sweep = np.sin(2 * np.pi * (200 * time + 2000 * time**2))[:, None].astype(np.float32)
    found = boundaries(with_sound([0], sweep, 8000))
    assert found.left[0] != found.right[0]
    assert found.prices[found.right[0], found.left[0]] == pytest.approx(1)


def test_candidates_are_looked_up_once_and_nobody_can_change_them():
    source = memory([0, 1, 0])
    index = CandidateIndex(source, no_boundaries(source))
    assert index.of(0) is index.of(0)
    assert len({index.of(0), index.of(1), index.of(0)}) == 2
    assert len({index.of(0).left, index.of(0).right}) == 2
    with pytest.raises(FrozenInstanceError):
        index.of(0).shortest = 0.0


@pytest.mark.parametrize(
    ("segments", "lasted"),
    [
        ([], 0),
        ([3], 1),
        ([3, 4, 5], 3),
        ([7, 3, 4], 2),
        ([3, 4, 9], 1),
        ([5, 4, 3], 1),
        ([3, 4, SILENCE], 0),
        ([SILENCE, 0, 1], 2),
        ([SILENCE, 0], 1),
        ([1, 2, 9, 3, 4, 5, 6], 4),
    ],
)
def test_a_block_ends_with_the_copy_that_its_last_segments_are(segments, lasted):
    state = path(segments, memory([0] * 10))
    assert run_so_far(state) == lasted
    longer = Selection(state.segments, state.played, state.costs, last_run=12)
    assert run_so_far(longer) == (12 if lasted else 0), "what the block says of itself holds, unless it ends silent"
    assert run_so_far(None) == 0


def test_a_copy_lasts_from_one_block_into_the_next_where_the_next_segment_follows():
    before = labels_before(memory([0] * 10, parts=(6,)))
    state = path([2, 3], memory([0] * 10))

    def lasted(*segments, state=None):
        return run_lengths(np.array(segments, dtype=np.int64), before, state).tolist()

    assert lasted(4, 5, 6, 7) == [1, 2, 1, 2], "a part of the memory begins with 6"
    assert lasted(4, 5, 6, 7, state=state) == [3, 4, 1, 2]
    assert lasted(5, 6, state=state) == [1, 1]
    assert lasted(SILENCE, 0, 1, SILENCE, 2) == [0, 1, 2, 0, 1]
    assert lasted(state=state) == []
    assert lasted(0, 1, state=path([SILENCE], memory([0] * 10))) == [1, 2], "nothing goes on from silence"


def test_what_earlier_blocks_played_is_told_by_the_block_or_read_from_it():
    state = path([2, SILENCE, 2, 0], memory([0] * 4))
    assert used_before(None).tolist() == []
    assert used_before(state).tolist() == [2, 2, 0]
    told = Selection(state.segments, state.played, state.costs, used=np.array([1, 1, 3]))
    assert used_before(told).tolist() == [1, 1, 3]


@pytest.mark.parametrize("others", [2, 5])
def test_boundaries_of_fewer_or_more_segments_are_refused(others):
    other = no_boundaries(memory([0] * others))
    with pytest.raises(ValueError, match=f"boundaries of {others} segments for a memory of 3"):
        search_problem(plain(), Classes(distances(10)), specification([0]), memory([0] * 3), boundaries=other)


def test_a_copy_of_one_segment_may_go_on_in_the_next_block_up_to_the_longest():
    source = memory([9, 9, 9, 0, 1, 2, 9, 1, 9, 2])
    search = OptimalSelection(plain(longest_copy=2), distances(10))
    first = search.select(specification([0]), source)
    second = search.select(specification([1]), source, first)
    third = search.select(specification([2]), source, second)
    assert [each.segments.tolist() for each in (first, second, third)] == [[3], [4], [9]]


def test_a_rival_is_told_what_the_whole_path_through_it_costs_more():
    """In step: 0 and 1 for nothing. A jump costs 1, into either of the two rivals or out of it."""
    source = memory([0, 1, 5, 0, 7, 1])
    search = OptimalSelection(plain(jump_cost=1.0, shared_context_cost=1.0), distances(10))
    asked = specification([0, 1])
    found = search.candidate_costs(asked, source, search.select(asked, source))
    assert found.candidates.tolist() == [2, 2]
    assert found.chosen.tolist() == [0, 0]
    assert found.rivals.tolist() == [3, 5]
    assert found.runner_up.tolist() == [1, 1]
