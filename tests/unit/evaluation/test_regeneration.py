import numpy as np
import pytest

from antiphon.config import SamplingSettings
from antiphon.dataset import TokenExcerpt
from antiphon.decision.baselines import copy_guide, uniform
from antiphon.decision.generation import Context
from antiphon.errors import BadData
from antiphon.evaluation.opponents import Opponent, opponents
from antiphon.evaluation.regeneration import PairScore, regenerate, summarized

CLASSES = 16
CONTEXT = Context(10, 6)


def excerpts(pieces: int, seed: int, tracks: int = 2, doubled: bool = False, n: int = 40) -> list[TokenExcerpt]:
    random = np.random.default_rng(seed)
    found = []
    for piece in range(pieces):
        ids = random.integers(CLASSES, size=(tracks, n + piece % 2))
        ids = np.repeat(ids[:1], tracks, axis=0) if doubled else ids
        found.append(TokenExcerpt(f"take {piece}", f"piece {piece // 2}", tuple("abcd"[:tracks]), tuple(ids)))
    return found


def everybody(train, validation) -> tuple[Opponent, ...]:
    return opponents(train, validation, CLASSES, CONTEXT, SamplingSettings())


def rows_of(model: str, scores) -> list[PairScore]:
    return [row for row in scores if row.model == model]


def pair_score(model="m", piece="p", *, tokens=10, tpp=0.0, lcp=0.0, entropy=0.0, bits=0.0) -> PairScore:
    return PairScore(model, piece, "take", "a", "b", tokens, tpp, lcp, entropy, bits)


def test_where_b_is_a_who_copies_the_guide_is_right_and_unsurprised():
    contenders = everybody(excerpts(4, 0, doubled=True), excerpts(2, 1, doubled=True))
    scores = regenerate(contenders, excerpts(4, 2, doubled=True), CONTEXT)
    for row in rows_of("copy-guide", scores):
        assert row.tpp == 100
        assert row.bits < 0.05
        # An unbroken prefix of n, n - 1, ..., 1.
        assert row.lcp == (row.tokens + 1) / 2
    assert all(row.tpp < 40 for row in rows_of("majority", scores))


def test_chance_is_one_in_k():
    contenders = [Opponent("uniform", uniform(CLASSES), uniform(CLASSES), SamplingSettings(top_p=1.0))]
    scores = regenerate(contenders, excerpts(40, 0, tracks=3), CONTEXT)
    assert np.mean([row.tpp for row in scores]) == pytest.approx(100 / CLASSES, abs=1)
    assert all(row.bits == pytest.approx(np.log2(CLASSES), rel=1e-5) for row in scores)


def test_everyone_is_judged_by_the_same_pairs():
    test = excerpts(3, 2, tracks=3)
    scores = regenerate(everybody(excerpts(3, 0), excerpts(2, 1)), test, CONTEXT)
    pairs = {
        name: [(row.piece, row.multitrack, row.guide, row.target, row.tokens) for row in rows_of(name, scores)]
        for name in {row.model for row in scores}
    }
    expected = sorted(
        (each.piece, each.name, a, b, len(each.ids[0])) for each in test for a in "abc" for b in "abc" if a != b
    )
    assert len(pairs) == 11
    for found in pairs.values():
        assert sorted(found) == expected


def test_the_same_seed_gives_the_same_scores_and_no_pair_has_the_draws_of_another():
    still = [TokenExcerpt(f"{i}", "p", ("a", "b"), (np.zeros(n, dtype=int),) * 2) for n in (400, 401) for i in range(3)]
    contenders = [Opponent("uniform", uniform(CLASSES), uniform(CLASSES), SamplingSettings(top_p=1.0))]
    first = regenerate(contenders, still, CONTEXT, seed=1)
    assert first == regenerate(contenders, still, CONTEXT, seed=1)
    assert first != regenerate(contenders, still, CONTEXT, seed=2)
    hits = [round(row.tpp * row.tokens / 100) for row in first]
    shorter, longer = hits[:6], hits[6:]
    assert len(set(shorter)) > 2
    # One token more adds a hit at most: if the draws were the same, no count could differ by more.
    assert max(abs(a - b) for a, b in zip(shorter, longer, strict=True)) > 1


def test_tracks_of_different_lengths_are_compared_over_the_time_they_share():
    odd = TokenExcerpt("take", "piece", ("a", "b"), (np.arange(9) % CLASSES, np.arange(13) % CLASSES))
    contenders = [Opponent("copy", copy_guide(CLASSES), copy_guide(CLASSES), SamplingSettings())]
    assert [(row.tokens, row.tpp) for row in regenerate(contenders, [odd], CONTEXT)] == [(9, 100.0)] * 2


def test_no_pair_no_score():
    alone = TokenExcerpt("take", "piece", ("a",), (np.arange(9),))
    with pytest.raises(BadData, match="no held-out pair"):
        regenerate(everybody(excerpts(2, 0), []), [alone], CONTEXT)


def test_every_piece_counts_once_however_many_pairs_it_has():
    scores = [pair_score(piece="crowd", tpp=10, bits=1) for _ in range(9)] + [pair_score(piece="duo", tpp=30, bits=3)]
    (row,) = summarized(scores)
    assert (row.tpp.mean, row.bits.mean, row.tpp.pieces) == (20, 2, 2)


def test_within_a_piece_every_token_counts_once():
    (row,) = summarized([pair_score(tokens=30, tpp=10, lcp=4), pair_score(tokens=10, tpp=50, lcp=0)])
    assert row.tpp.mean == pytest.approx(20)
    assert row.lcp.mean == pytest.approx(3)


def test_behind_is_paired_by_piece_against_the_first():
    first = [pair_score("first", piece, bits=bits) for piece, bits in (("x", 1.0), ("y", 4.0))]
    second = [pair_score("second", piece, bits=bits) for piece, bits in (("y", 4.5), ("x", 1.5))]
    rows = summarized([*first, *second])
    assert [row.model for row in rows] == ["first", "second"]
    assert (rows[0].behind.mean, rows[0].behind.high) == (0, 0)
    assert (rows[1].behind.low, rows[1].behind.mean, rows[1].behind.high) == (0.5, 0.5, 0.5)
