"""Relations by lag: what is planted is found where it was planted, and where nothing is planted nothing is stated."""

import numpy as np
import pytest

from antiphon.analysis.circular_shifts import LEAST_TIMES, PartnerTokens, mutual_information
from antiphon.analysis.class_words import as_dict, class_words, heading, pitch_name, sentence, when
from antiphon.analysis.probe import LEFT_OUT, ProbedTrack
from antiphon.analysis.relations import partners_of, relations, segment_seconds, shortest
from antiphon.corpus.planted import PlantedSettings
from antiphon.corpus.planted.relations import relation_of
from antiphon.corpus.planted.tokens import planted_tokens
from antiphon.dataset import TokenExcerpt
from antiphon.pages.relations import lifts, relations_page


def world(name, seed=0, pieces=8, segments=120, **settings):
    """Pairs of a planted world, and how many classes it has."""
    planted = PlantedSettings(name, pieces=pieces, segments=segments, seed=seed, **settings)
    pairs = [PartnerTokens(f"{name} {n}", pair.a, pair.b, n) for n, pair in enumerate(planted_tokens(planted))]
    return pairs, relation_of(planted).classes


@pytest.mark.parametrize(
    ("name", "lag", "answer"),
    [("copy", 0, 0), ("transposition", 0, 5), ("delay", 3, 0)],
)
def test_the_strongest_relation_is_the_planted_one_at_the_planted_lag(name, lag, answer):
    pairs, classes = world(name, delay=3, slip=0.1)
    found = relations(pairs, classes, seconds=0.5)
    assert found.best == lag
    assert found.stands
    assert len(found.found) == 12
    for each in found.found:
        assert (each.lag, each.partner) == (lag, each.guide + answer)
        assert each.habit.share > 0.8
        assert each.habit.lift > 5


def test_turned_the_other_way_the_partner_is_earlier():
    pairs, classes = world("delay", delay=2)
    mirrored = [PartnerTokens(pair.piece, pair.target, pair.guide, pair.shift_group) for pair in pairs]
    assert relations(mirrored, classes).best == -2


def test_the_density_of_the_guide_says_that_of_its_partner():
    """A token there is a density class and a free pitch: only the density is told."""
    pairs, classes = world("inverse-density", pieces=24)
    found = relations(pairs, classes)
    notes = classes // 3
    assert found.best == 0
    assert found.found
    assert all(each.partner // notes == 2 - each.guide // notes for each in found.found if each.lag == 0)


@pytest.mark.parametrize("seed", range(5))
def test_between_independent_tracks_nothing_is_stated(seed):
    pairs, classes = world("independent", seed=seed)
    found = relations(pairs, classes)
    assert found.found == ()
    assert not found.stands
    assert heading(found).startswith("No lag says more than chance")


def test_two_tracks_in_one_key_are_no_relation():
    """Each piece keeps to classes of its own, and its tracks do not listen to one another: p(b|a) is far above p(b)."""
    rng = np.random.default_rng(0)
    pairs = [PartnerTokens(str(n), *(rng.integers(0, 4, (2, 120)) + 4 * (n % 3)), n) for n in range(9)]
    found = relations(pairs, 12)
    assert mutual_information(found.counts) > 1
    assert found.found == ()


def test_a_relation_is_heard_through_the_keys_of_the_pieces():
    """The same pieces, but a fifth of what is played is the guide's class a segment ago."""
    rng = np.random.default_rng(0)
    pairs = []
    for n in range(9):
        guide, own = rng.integers(0, 4, (2, 240)) + 4 * (n % 3)
        follows = rng.random(240) < 0.2
        pairs.append(PartnerTokens(str(n), guide, np.where(follows, np.roll(guide, 1), own), n))
    found = relations(pairs, 12)
    assert found.best == 1
    assert len(found.found) > 6
    for each in found.found:
        assert (each.lag, each.partner) == (1, each.guide)
        # One class of twelve in all, but one of four in the key.
        assert each.habit.chance == pytest.approx(1 / 12, abs=0.02)
        assert each.habit.shifted == pytest.approx(1 / 4, abs=0.04)


def test_counts_and_shares_are_those_of_the_pairs():
    pairs, classes = world("copy", slip=0.2)
    held_out, _ = world("copy", seed=7, pieces=2)
    first = relations(pairs, classes, held_out=held_out).found[0]
    heard = np.concatenate([pair.guide for pair in pairs]) == first.guide
    played = np.concatenate([pair.target for pair in pairs]) == first.partner
    assert first.habit.times == (heard & played).sum() >= LEAST_TIMES
    assert first.habit.share == pytest.approx(played[heard].mean())
    assert first.habit.chance == pytest.approx(played.mean())
    assert first.pieces == len(
        {p.piece for p in pairs if ((p.guide == first.guide) & (p.target == first.partner)).any()}
    )
    assert first.held_out.share == 1


def test_the_same_pairs_and_seed_give_the_same_relations():
    pairs, classes = world("call-and-response")
    again = [relations(pairs, classes, seed=3) for _ in range(2)]
    assert again[0].found == again[1].found
    assert again[0].information == again[1].information


def test_pairs_too_short_are_left_out_and_counted():
    long, classes = world("copy")
    short, _ = world("copy", pieces=3, segments=shortest(8) - 1)
    assert relations(short, classes) is None
    assert relations([*long, *short], classes).left_out == 3


def test_mutual_information_of_a_table():
    assert mutual_information(np.eye(4) * 25) == pytest.approx(2)
    assert mutual_information(np.outer([1, 2, 3], [4, 5, 6]).astype(float)) == pytest.approx(0)
    assert mutual_information(np.zeros((2, 2))) == 0


def test_every_two_tracks_count_once_and_a_mix_guides_its_target_alone():
    ids = tuple(np.arange(3) + n for n in range(3))
    durations = tuple(np.full(3, 0.5) for _ in range(3))
    tracks = TokenExcerpt("m", "p", ("a", "b", "c"), ids, durations)
    assert [(pair.guide[0], pair.target[0]) for pair in partners_of([tracks])] == [(0, 1), (0, 2), (1, 2)]
    assert [pair.shift_group for pair in partners_of([tracks])] == [0, 0, 1]
    mixes = TokenExcerpt("m", "p", ("a", "b", "mix"), ids, durations, only={2: 0})
    assert [(pair.guide[0], pair.target[0]) for pair in partners_of([mixes])] == [(2, 0)]
    assert segment_seconds([tracks]) == 0.5
    uneven = TokenExcerpt("m", "p", ("a",), ids[:1], (np.array([0.5, 0.2, 0.4]),))
    assert segment_seconds([uneven]) is None


def test_classes_are_named_by_what_they_mostly_are():
    ids = np.array([0, 0, 0, 1, 1, 2])
    pitch = np.array([60, 60, 62, 67, 67, LEFT_OUT])
    truth = {"pitch": pitch, "loudness": np.full(6, 97), "onsets": np.array([1, 1, 1, 2, 4, 0])}
    words = class_words([ProbedTrack("p", "oboe", ids, truth)], size=2)
    assert words == {0: "mostly C4, -18 dBFS", 1: "mostly G4, 3.0 notes a segment, -18 dBFS", 2: "the rest"}
    other = ProbedTrack("p", "flute", np.array([5]), {"loudness": np.array([95])})
    assert class_words([ProbedTrack("p", "oboe", ids, truth), other], size=8)[5] == "-30 dBFS, on flute"
    assert (pitch_name(69), pitch_name(61)) == ("A4", "C#4")


def test_a_relation_in_words():
    pairs, classes = world("delay", delay=1, pieces=4)
    found = relations(pairs, classes, seconds=0.5)
    first = found.found[0]
    said = sentence(first, {first.guide: "mostly C4", first.partner: "mostly G4"}, 0.5)
    assert said.startswith(f"Where the guide plays class {first.guide} (mostly")
    assert "0.5 s later: 100 % of the time" in said
    assert f"{first.habit.times} times in 4 pieces." in said
    assert (when(0, 0.5), when(-2, 0.5), when(1, None)) == ("at the same time", "1 s earlier", "1 segment later")
    told = as_dict(found, {})
    assert told["best_lag"] == 1
    assert len(told["by_lag"]) == 17
    assert told["strongest"][0]["habit"]["lift"] == first.habit.lift


def test_lift_is_one_where_nothing_depends_and_left_open_where_nothing_was_seen():
    table = np.outer([10, 20, 0], [10, 20, 30]).astype(float)
    assert lifts(table) == [[1, 1, 1], [1, 1, 1], [None, None, None]]


def test_the_page_says_what_was_found_and_needs_nothing_else():
    pairs, classes = world("copy")
    page = relations_page(relations(pairs, classes), {0: "<mostly C4>"}, {0: 60.0}, {}, ())
    assert page.count("<li>") == 12
    assert "<mostly" not in page
    assert "http" not in page
    assert "too short" in relations_page(None, {}, {}, {}, ())
