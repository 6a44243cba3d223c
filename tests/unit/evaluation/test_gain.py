import numpy as np
import pytest

from antiphon.config import SamplingSettings
from antiphon.dataset import TokenExcerpt
from antiphon.decision.baselines import Mixture, copy_guide, count, guide_table, uniform
from antiphon.decision.generation import Context
from antiphon.evaluation.gain import gain_of, swapped
from antiphon.evaluation.opponents import Opponent
from antiphon.evaluation.regeneration import Displaced, PairScore, regenerate
from antiphon.evaluation.shifted_guides import JUDGED_SHARES

CLASSES = 16
CONTEXT = Context(10, 6)


def doubled(pieces: int, seed: int, classes: int = CLASSES, n: int = 60) -> list[TokenExcerpt]:
    """Two tracks of random tokens, the second the first again; piece i draws from `classes` tokens of its own."""
    random = np.random.default_rng(seed)
    found = []
    for piece in range(pieces):
        ids = random.choice(random.permutation(CLASSES)[:classes], size=n)
        found.append(TokenExcerpt(f"take {piece}", f"piece {piece}", ("a", "b"), (ids, ids)))
    return found


def contender(name: str, model, kind=Opponent) -> Opponent:
    return kind(name, model, model, SamplingSettings(top_p=1.0))


def row(model: str, piece: str, bits: float, tokens: int = 10) -> PairScore:
    return PairScore(model, piece, "take", "a", "b", tokens, 0.0, 0.0, 0.0, bits)


def test_the_parts_add_up_to_the_whole_and_each_piece_counts_once():
    scores = [
        row("antiphon", "x", 1.0), row("deaf", "x", 3.0), row("shifted", "x", 2.5),
        row("antiphon", "y", 2.0), row("deaf", "y", 3.0), row("shifted", "y", 2.25),
        *(row("antiphon", "y", 2.0), row("deaf", "y", 3.0), row("shifted", "y", 2.25)) * 5,
    ]  # fmt: skip
    gain = gain_of(scores, {"x": 4.0, "y": 3.5})
    assert (gain.whole.mean, gain.piece.mean, gain.local.mean) == (1.5, 0.625, 0.875)
    assert gain.whole.mean == gain.piece.mean + gain.local.mean
    assert (gain.whole.low, gain.whole.high, gain.whole.pieces) == (1.0, 2.0, 2)
    assert gain.swapped.mean == 0.75


def test_without_a_deaf_model_there_is_no_gain_and_without_a_shifted_one_no_parts():
    assert gain_of([row("antiphon", "x", 1.0)], {}) is None
    gain = gain_of([row("antiphon", "x", 1.0), row("deaf", "x", 1.5)], {})
    assert (gain.whole.mean, gain.piece, gain.local, gain.swapped) == (0.5, None, None, None)


def test_a_guide_at_the_wrong_time_says_nothing_of_the_moment():
    half = Mixture(copy_guide(CLASSES), uniform(CLASSES), 0.5)
    scores = regenerate([contender("right", half), contender("wrong", half, Displaced)], doubled(6, 0), CONTEXT)
    right, wrong = ([each for each in scores if each.model == name] for name in ("right", "wrong"))
    assert all(each.bits < 1 for each in right)
    assert np.mean([each.tpp for each in right]) > 45
    assert np.mean([each.bits for each in wrong]) > np.log2(CLASSES)
    assert np.mean([each.tpp for each in wrong]) == pytest.approx(100 / CLASSES, abs=4)


def test_a_shifted_score_is_the_mean_over_the_fixed_shifts():
    half = Mixture(copy_guide(CLASSES), uniform(CLASSES), 0.5)
    (excerpt,) = doubled(1, 3, n=100)
    shifted = regenerate([contender("shifted", half, Displaced)], [excerpt], CONTEXT)[0].bits
    ids = excerpt.ids[0]
    turned = [
        TokenExcerpt("take", "piece", ("a", "b"), (np.roll(ids, round(100 * share)), ids)) for share in JUDGED_SHARES
    ]
    by_hand = [regenerate([contender("turned", half)], [each], CONTEXT)[0].bits for each in turned]
    assert len(set(by_hand)) > 1
    assert shifted == pytest.approx(np.mean(by_hand))


def test_who_trusts_a_guide_too_much_pays_for_a_strange_one():
    """Each piece uses four classes of sixteen: the true guide always helps, a strange one misleads who is sure."""
    train, test = doubled(30, 1, classes=4), doubled(8, 2, classes=4)
    pairs = [excerpt.pair(0, 1) for excerpt in train]
    counts = count([(np.stack([each.guide for each in pairs]), np.stack([each.target for each in pairs]))], CLASSES)
    for prior, least, most in ((0.01, 5.0, 30.0), (1e6, -0.5, 0.5)):
        bits = swapped(guide_table(counts, prior), test, CONTEXT)
        assert least < np.mean(list(bits.values())) - np.log2(CLASSES) < most


def test_with_one_piece_there_is_no_other_guide():
    assert swapped(uniform(CLASSES), doubled(1, 0), CONTEXT) == {}


def test_a_strange_guide_is_repeated_to_the_length_of_the_target():
    ids = np.arange(8) % CLASSES
    short, long = (TokenExcerpt(name, name, ("a", "b"), (np.resize(ids, n),) * 2) for name, n in (("s", 8), ("l", 24)))
    sure = Mixture(copy_guide(CLASSES), uniform(CLASSES), 0.99)
    bits = swapped(sure, [short, long], CONTEXT)
    assert bits["s"] == pytest.approx(bits["l"])
    assert bits["l"] < 0.1
