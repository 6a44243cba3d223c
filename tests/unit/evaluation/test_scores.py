from dataclasses import replace

import numpy as np
import pytest

from antiphon.config import SamplingSettings
from antiphon.dataset import TokenExcerpt
from antiphon.decision.baselines import Mixture, bigram, copy_guide, count, guide_table, uniform
from antiphon.decision.generation import Context, generate, score
from antiphon.evaluation.opponents import Opponent
from antiphon.evaluation.protocol import Form, memories, similarity, whole_tracks, windows
from antiphon.evaluation.regeneration import Displaced
from antiphon.evaluation.scores import ScoreSettings, score_free_running, score_teacher_forced

CLASSES, REST = 8, 7
CONTEXT = Context(6, 4)
PLAIN = SamplingSettings(top_p=1.0)
FREE, MEMORY, ORACLE, FORCED = (
    Form("window", "nucleus", "free"),
    Form("window", "nucleus", "memory"),
    Form("window", "nucleus", "oracle"),
    Form("track", "argmax", "free"),
)


def excerpt(number: int, *ids) -> TokenExcerpt:
    tracks = tuple("ab"[: len(ids)])
    return TokenExcerpt(f"take {number}", f"piece {number}", tracks, tuple(np.array(each) for each in ids))


def drawn(pieces: int, n: int = 14, seed: int = 0):
    random = np.random.default_rng(seed)
    return [excerpt(piece, *random.integers(REST, size=(2, n))) for piece in range(pieces)]


def settings_of_scores(train, names=None) -> ScoreSettings:
    pairs = [(each.ids[0][None], each.ids[1][None]) for each in train]
    line = np.abs(np.subtract.outer(np.arange(CLASSES), np.arange(CLASSES))).astype(float)
    return ScoreSettings(
        CONTEXT, memories(train, names or {}, CLASSES, REST), similarity(pairs, line, REST), CLASSES, REST
    )


def contender(model, kind=Opponent) -> Opponent:
    return kind("one", model, model, PLAIN)


def test_the_labels_of_the_true_b_give_away_a_b_of_one_class():
    held = excerpt(0, [0, 1, 2, 3, 0, 1, 2, 3], [5] * 8)
    passages = [each for each in windows([held], {}, CONTEXT) if each.target_name == "b"]
    found = score_free_running(contender(uniform(CLASSES)), ORACLE, passages, settings_of_scores(drawn(3)))
    assert [row.numbers.tpp for row in found.scores] == [100, 100]
    assert [row.allowed for row in found.scores] == [1 / CLASSES, 1 / CLASSES]


def test_the_memory_in_use_is_that_of_bs_instrument_and_the_rest():
    train = [excerpt(0, [0, 1, 0, 1], [2, 3, 2, 3]), excerpt(1, [0, 0, 0, 0], [4, 4, 4, 4])]
    names = {("take 0", "a"): "flute", ("take 0", "b"): "organ", ("take 1", "a"): "organ"}
    found = memories(train, names, CLASSES, REST)
    assert np.flatnonzero(found.of("flute").labels).tolist() == [0, 1, REST]
    assert np.flatnonzero(found.of("organ").labels).tolist() == [0, 2, 3, REST]
    assert np.flatnonzero(found.of("b").labels).tolist() == [4, REST], "a track without an instrument goes by its name"
    assert np.flatnonzero(found.of("harp").labels).tolist() == [0, 1, 2, 3, 4, REST]


def test_nobody_leaves_the_memory():
    train = [excerpt(0, [0, 1, 0, 1], [2, 3, 2, 3])]
    held = excerpt(1, [4] * 8, [5] * 8)
    found = score_free_running(
        contender(copy_guide(CLASSES)), MEMORY, windows([held], {}, CONTEXT), settings_of_scores(train)
    )
    assert all(row.allowed == 3 / CLASSES for row in found.scores)
    assert all(row.numbers.tpp == 0 for row in found.scores), "4 and 5 are in no memory"


def test_each_answer_keeps_its_own_labels_however_it_is_drawn():
    own = np.eye(CLASSES, dtype=bool)[[1, 4, 6]]
    allowed = np.broadcast_to(own, (10, *own.shape))
    for settings in ({}, {"consensus": 3}, {"best_of": 2}, {"constraint": "soft"}):
        sampling = PLAIN.model_copy(update=settings)
        guides = np.zeros((3, 10), dtype=np.int64)
        ids = generate(uniform(CLASSES), guides, CONTEXT, sampling=sampling, seeds=[0, 1, 2], allowed=allowed).ids
        assert ids.tolist() == [[1] * 10, [4] * 10, [6] * 10]


def test_windows_are_the_papers():
    held = replace(drawn(1, n=13)[0], durations=(np.full(13, 0.5), np.full(13, 0.5)))
    found = windows([held], {}, CONTEXT)
    assert [(each.guide_name, each.start, len(each.target)) for each in found] == [
        (guide, start, tokens) for guide in "ab" for start, tokens in ((0, 6), (2, 6), (4, 5))
    ]
    assert [len(each.target) for each in whole_tracks([held], {})] == [13, 13]


def test_a_perfect_copy_lasts_to_the_end_of_every_full_window():
    random = np.random.default_rng(0)
    ids = random.integers(REST, size=13)
    found = score_free_running(
        contender(copy_guide(CLASSES)), FREE, windows([excerpt(0, ids, ids)], {}, CONTEXT), settings_of_scores(drawn(3))
    )
    assert found.prefixes.windows == 4, "the shorter last windows of both pairs are left out"
    assert (found.prefixes.total / found.prefixes.windows).tolist() == [6, 5, 4, 3, 2, 1]
    assert found.scores[0].numbers.lcp == 3.5


def test_rests_are_reported_apart():
    held = excerpt(0, [1, 2, 3, 4], [1, REST, REST, 5])
    row = score_free_running(
        contender(copy_guide(CLASSES)), FREE, windows([held], {}, CONTEXT), settings_of_scores(drawn(3))
    ).scores[0]
    assert (row.numbers.tpp, row.numbers.sounding) == (25, 50)
    silent = excerpt(0, [1, 2], [REST, REST])
    row = score_free_running(
        contender(copy_guide(CLASSES)), FREE, windows([silent], {}, CONTEXT), settings_of_scores(drawn(3))
    ).scores[0]
    assert np.isnan(row.numbers.sounding)


def test_among_equally_probable_tokens_each_counts_by_its_share():
    found = score_free_running(
        contender(uniform(CLASSES)), FORCED, whole_tracks(drawn(2), {}), settings_of_scores(drawn(3))
    )
    for row in found.scores:
        assert row.numbers.tpp == pytest.approx(100 / CLASSES)
        assert row.numbers.bits == pytest.approx(3)
        assert np.isnan(row.numbers.lcp)


def test_a_model_that_is_right_more_often_than_it_thinks_is_badly_calibrated():
    # It gives the guide's token 1/2 + 1/16 and is always right: 7/16 too little.
    ids = np.random.default_rng(0).integers(REST, size=20)
    half = Mixture(copy_guide(CLASSES), uniform(CLASSES), 0.5)
    found = score_free_running(
        contender(half), FORCED, whole_tracks([excerpt(0, ids, ids)], {}), settings_of_scores(drawn(3))
    )
    assert found.calibration.error == pytest.approx(7 / 16)
    assert found.calibration.tokens.sum() == 40


def test_with_all_of_the_past_given_a_model_says_what_it_says_in_one_pass():
    train = drawn(6)
    pairs = [(each.ids[0][None], each.ids[1][None]) for each in train]
    model = bigram(count(pairs, CLASSES), 1.0)
    guides, targets = (np.stack([each.ids[side] for each in drawn(3, seed=1)]) for side in (0, 1))
    found = score_teacher_forced(model, guides, targets, CONTEXT, np.ones(guides.shape))
    assert found.nats == pytest.approx(score(model, guides, targets, CONTEXT))
    assert (found.confidence >= np.exp(found.nats) - 1e-6).all()


def test_an_opponent_with_shifted_guides_is_the_mean_over_the_shifts():
    ids = np.arange(10) % REST
    passages = whole_tracks([excerpt(0, ids, ids)], {})
    turned = Displaced("one", copy_guide(CLASSES), copy_guide(CLASSES), PLAIN, shares=(0.0, 0.5))
    once = (
        score_free_running(contender(copy_guide(CLASSES)), FREE, passages, settings_of_scores(drawn(3)))
        .scores[0]
        .numbers.tpp
    )
    half = np.roll(ids, 5)
    both = score_free_running(turned, FREE, passages, settings_of_scores(drawn(3))).scores[0].numbers.tpp
    assert once == 100
    assert both == pytest.approx((100 + 100 * np.mean(half == ids)) / 2)


def test_classes_that_are_used_alike_stand_for_each_other_and_the_rest_for_nothing():
    random = np.random.default_rng(0)
    # Wherever the guide has 0, B has 2 or 3 by chance; each other class of the guide has a class of its own.
    guides = random.integers(0, 4, size=(40, 60))
    answers = np.choose(guides, [random.integers(2, 4, size=guides.shape), np.full_like(guides, 4), 5, 6])
    line = np.where(np.eye(CLASSES, dtype=bool), 0.0, np.inf)
    found = similarity([(guides, answers)], line, REST).by_context
    assert found[2, 3]
    assert found[3, 2]
    assert not found[[4, 5, 6]][:, [2, 3]].any()
    quiet = similarity([(guides, np.where(answers == 3, REST, answers))], line, REST).by_context
    assert quiet[REST].sum() == quiet[:, REST].sum() == 1, "used as 2 is, but no sound stands in for silence"


def test_by_the_guide_alone_the_most_probable_token_is_taken_each_time():
    pairs = [(np.array([[0, 1, 0, 1, 0]]), np.array([[2, 3, 2, 3, 4]]))]
    model = guide_table(count(pairs, CLASSES), 0.1)
    held = excerpt(1, [0, 0, 1, 1], [2, 4, 3, 3])
    passages = [each for each in whole_tracks([held], {}) if each.target_name == "b"]
    form = Form("track", "guide-only", "free")
    found = score_free_running(
        Opponent("one", model, model, PLAIN, model), form, passages, settings_of_scores(drawn(3))
    )
    assert found.scores[0].numbers.tpp == 75, "2 for every 0, however it is drawn"
    with pytest.raises(ValueError, match="by the guide alone"):
        score_free_running(contender(model), form, passages, settings_of_scores(drawn(3)))
