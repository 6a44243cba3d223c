import numpy as np
import pytest

from antiphon.config import SamplingSettings
from antiphon.dataset import TokenExcerpt
from antiphon.decision.baselines import bigram, count, guide_table
from antiphon.decision.generation import Context, generate, score
from antiphon.evaluation.opponents import PRIORS, opponents, side_by_side
from antiphon.metrics import bits_per_token

CLASSES = 8
CONTEXT = Context(10, 6)


def noise(pieces: int, seed: int, n: int = 30, tracks: int = 2) -> list[TokenExcerpt]:
    random = np.random.default_rng(seed)
    names = tuple("abc"[:tracks])
    return [
        TokenExcerpt(f"{i}", f"{i}", names, tuple(random.integers(CLASSES, size=(tracks, n)))) for i in range(pieces)
    ]


def held(pieces: int, seed: int, n: int = 40) -> list[TokenExcerpt]:
    """Tracks whose tokens last eight segments each."""
    random = np.random.default_rng(seed)
    tracks = [np.repeat(random.integers(CLASSES, size=(2, n // 8)), 8, axis=1) for _ in range(pieces)]
    return [TokenExcerpt(f"{i}", f"{i}", ("a", "b"), tuple(ids)) for i, ids in enumerate(tracks)]


def half_way_round(pieces: int, seed: int, n: int = 40) -> list[TokenExcerpt]:
    """B is always four of the eight classes above A, and so A above B."""
    random = np.random.default_rng(seed)
    tracks = [random.integers(CLASSES, size=n) for _ in range(pieces)]
    return [TokenExcerpt(f"{i}", f"{i}", ("a", "b"), (ids, (ids + 4) % CLASSES)) for i, ids in enumerate(tracks)]


def by_name(train, validation):
    return {each.name: each for each in opponents(train, validation, CLASSES, CONTEXT, SamplingSettings())}


def bits(opponent, excerpts) -> float:
    found = [score(opponent.surprise, group.guides, group.targets, CONTEXT) for group in side_by_side(excerpts)]
    return bits_per_token(np.concatenate([each.ravel() for each in found]))


def test_everyone_is_there():
    names = [each.name for each in opponents(noise(2, 0), noise(1, 1), CLASSES, CONTEXT, SamplingSettings())]
    assert names == [
        *("uniform", "majority", "unigram", "repeat-last", "copy-guide", "p(b|a)"),
        *("bigram", "trigram", "counts with guide", "retrieval", "relation"),
    ]


def test_nobody_is_infinitely_surprised():
    for opponent in by_name(noise(3, 0), noise(2, 1)).values():
        assert np.isfinite(bits(opponent, noise(2, 2)))


def test_who_knows_nothing_pays_log2_k():
    assert bits(by_name(noise(3, 0), noise(2, 1))["uniform"], held(2, 2)) == pytest.approx(np.log2(CLASSES), rel=1e-5)


@pytest.mark.parametrize("settings", [{}, {"consensus": 4}, {"temperature": 0.0}, {"top_k": 2}], ids=str)
def test_the_uniform_opponent_can_play_every_class(settings):
    uniform = opponents(noise(3, 0), noise(2, 1), CLASSES, CONTEXT, SamplingSettings(**settings))[0]
    guides = np.zeros((20, 20), dtype=np.int64)
    played = generate(uniform.model, guides, CONTEXT, sampling=uniform.sampling, seeds=range(20)).ids
    assert np.unique(played).tolist() == list(range(CLASSES))


@pytest.mark.parametrize(
    ("world", "wins", "bits_at_most"),
    [
        (held, {"repeat-last", "bigram", "trigram", "counts with guide", "relation"}, 1.3),
        (half_way_round, {"p(b|a)", "counts with guide", "retrieval", "relation"}, 0.2),
    ],
)
def test_who_wins_is_who_knows_the_worlds_law(world, wins, bits_at_most):
    found = {name: bits(each, world(3, 2)) for name, each in by_name(world(8, 0), world(3, 1)).items()}
    for name, value in found.items():
        assert (value < bits_at_most) == (name in wins), found


def test_everyone_can_answer():
    found = by_name(half_way_round(8, 0), half_way_round(3, 1))
    guides = np.random.default_rng(3).integers(CLASSES, size=(4, 25))
    for name, each in found.items():
        answers = generate(each.model, guides, CONTEXT, sampling=each.sampling, seeds=range(4)).ids
        right = (answers == (guides + 4) % CLASSES).mean()
        assert (right > 0.95) == (name in {"p(b|a)", "counts with guide", "retrieval", "relation"}), name


def test_priors_are_those_that_validate_best():
    train, validation = held(2, 0), held(2, 1)
    pairs = (each.pair(*names) for each in train for names in each.ordered_pairs())
    counts = count(((pair.guide, pair.target) for pair in pairs), CLASSES)
    found = by_name(train, validation)
    for name, make in (("p(b|a)", guide_table), ("bigram", bigram)):
        tried = []
        for prior in PRIORS:
            model = make(counts, prior)
            scores = [score(model, group.guides, group.targets, CONTEXT) for group in side_by_side(validation)]
            tried.append(bits_per_token(np.concatenate([each.ravel() for each in scores])))
        assert bits(found[name], validation) == pytest.approx(min(tried))


def test_without_validation_the_training_split_decides():
    assert by_name(held(2, 0), []).keys() == by_name(held(2, 0), held(1, 1)).keys()


def test_side_by_side_are_all_ordered_pairs_once():
    excerpts = [*noise(2, 0, n=5, tracks=3), *noise(1, 1, n=7)]
    seen = []
    for group in side_by_side(excerpts):
        for (index, guide, target), guide_ids, target_ids in zip(group.names, group.guides, group.targets, strict=True):
            assert guide_ids.tolist() == excerpts[index].ids[guide].tolist()
            assert target_ids.tolist() == excerpts[index].ids[target].tolist()
            seen.append((index, guide, target))
    expected = [(index, a, b) for index in (0, 1) for a in range(3) for b in range(3) if a != b]
    assert sorted(seen) == sorted([*expected, (2, 0, 1), (2, 1, 0)])
