"""Parts of what a pair teaches about harmony, each by its definition."""

from dataclasses import replace

import numpy as np
import pytest

from antiphon.action.selection import sound_relation as module
from antiphon.action.selection.scalar_relation import KnownValues, ScalarRelation
from antiphon.action.selection.sound_relation import (
    HarmonyRelation,
    PairSound,
    SoundRelation,
    concentration,
    fitted_sound_relation,
)
from antiphon.types import SegmentSound

KNOWN = KnownValues(np.array([-3.0, -1.0, 1.0, 3.0]))


def chroma(count: int, seed: int = 0) -> np.ndarray:
    """Rows (n, 24) of two halves without a mean, of length 1 as a whole."""
    halves = np.random.default_rng(seed).normal(size=(count, 2, 12))
    halves -= halves.mean(axis=2, keepdims=True)
    halves /= np.linalg.norm(halves, axis=(1, 2), keepdims=True)
    return halves.reshape(count, 24).astype(np.float32)


def sound(count: int = 2, seed: int = 0, **more) -> SegmentSound:
    return SegmentSound(chroma(count, seed), np.full(count, -20, np.float32), **more)


def scalar(sign: int = 1, lag_seconds: float = 1.0) -> ScalarRelation:
    return ScalarRelation(sign, lag_seconds, 0.5, KNOWN, KNOWN, 2.0, 0.5)


@pytest.mark.parametrize(
    ("agreement", "nats"), [(0.5, 0.5 * 10.75 / 0.75), (0.1, 0.1 * 10.99 / 0.99), (0, 0), (-0.3, 0), (0.9, 24), (1, 24)]
)
def test_a_concentration_grows_with_the_agreement_up_to_24_nats(agreement, nats):
    """In eleven dimensions, for twelve pitch classes without a mean: r (11 - r^2) / (1 - r^2)."""
    assert concentration(agreement) == pytest.approx(nats)
    assert HarmonyRelation(np.eye(12, dtype=np.float32)[3], 0.5, agreement).weight == pytest.approx(nats)


def test_an_account_tells_the_strongest_tap():
    found = HarmonyRelation(np.eye(12, dtype=np.float32)[7], 0.5, 0.25)
    assert found.account == {"semitones": 7, "lag_seconds": 0.5, "agreement": 0.25}


def test_the_latest_of_its_parts_says_by_how_many_segments_it_is_late():
    harmony = HarmonyRelation(np.ones(12, np.float32), 1.5, 0.3)
    found = SoundRelation(harmony, scalar(), scalar(-1), 0.7)
    assert [found.lag_segments(seconds) for seconds in (0.5, 0.25)] == [3, 6]
    assert replace(found, harmony=None).lag_segments(0.5) == round(scalar().lag_seconds / 0.5)


def test_what_is_expected_is_scaled_as_the_pair_was_and_only_where_it_is_known():
    durations, busy = np.full(2, 0.5), np.array([0, 1], np.float32)
    guide = sound(activity=busy)
    found = SoundRelation(activity=scalar(-1, 0.0)).expected(guide, durations)
    assert found.activity_scale == (0, 2)
    assert found.activity is not None
    assert found.activity[0] > found.activity[1], "less busy where A is busier"
    assert (found.level_scale, found.level is guide.level, found.chroma is guide.chroma) == (None, True, True)
    unheard = SoundRelation(level=scalar(), activity=scalar()).expected(sound(), durations)
    assert (unheard.activity, unheard.activity_scale, unheard.level_scale) == (None, None, (0, 2))


def test_a_memory_is_judged_by_what_is_known_of_b_and_else_by_itself():
    memory = sound(activity=np.array([4, 9], np.float32))
    assert SoundRelation().judged(memory) is memory
    found = SoundRelation(activity=scalar()).judged(memory)
    assert (found.level_scale, found.activity_scale) == (None, scalar().scale_of(np.array([4, 9], np.float32)))
    unheard = SoundRelation(level=scalar(), activity=scalar()).judged(sound())
    assert (unheard.activity_scale, unheard.level_scale) == (None, scalar().scale_of(np.full(2, -20, np.float32)))


@pytest.mark.parametrize(("told", "wanted"), [(20, True), (19, False)])
def test_how_alike_they_are_is_a_mean_over_at_least_20_segments_in_which_both_have_harmony(told, wanted):
    guide, target = chroma(60, 1), chroma(60, 2)
    guide[told + 10 :] = 0
    target[:10] = 0
    level = np.full(60, -20, np.float32)
    pair = PairSound(SegmentSound(guide, level), SegmentSound(target, level), np.full(60, 0.5))
    assert len(pair) == 60
    found = module._alike([pair])
    products = [float(guide[at].astype(float) @ target[at].astype(float)) for at in range(10, told + 10)]
    assert found == (pytest.approx(np.mean(products)) if wanted else None)


def test_activity_teaches_only_where_it_was_heard_on_both_sides_of_all_pairs():
    rng = np.random.default_rng(3)

    def heard(activity=None):
        return SegmentSound(np.zeros((60, 24), np.float32), np.full(60, -20, np.float32), activity=activity)

    def taught(*pairs):
        return fitted_sound_relation([PairSound(*pair, np.full(60, 0.5)) for pair in pairs]).activity

    one, other = (heard(rng.normal(0, 1, 60).astype(np.float32)) for _ in range(2))
    found = taught((one, one), (other, other))
    assert found is not None
    assert (found.sign, found.lag_seconds) == (1, 0)
    assert taught((one, one), (other, heard())) is None
    assert taught((heard(), one), (other, other)) is None
    assert taught((heard(), heard())) is None


def test_a_filter_is_the_least_squares_of_all_rolled_chroma_less_its_mean():
    moved, wanted = (
        np.random.default_rng(4).normal(size=(12, 90, 2, 12)),
        np.random.default_rng(5).normal(size=(90, 2, 12)),
    )
    flat = moved.reshape(12, -1).T
    ridge = 1e-3 * np.square(flat).sum() / 12
    taps = np.linalg.inv(flat.T @ flat + ridge * np.eye(12)) @ (flat.T @ wanted.ravel())
    found = module._solved(module._grams(moved), module._products(moved, wanted))
    assert found == pytest.approx(taps - taps.mean())
    assert module._solved(np.zeros((12, 12)), np.zeros(12)).tolist() == [0] * 12


def test_pitch_class_p_of_b_is_a_sum_of_taps_times_those_of_a_at_each_resolution_by_itself():
    rows, taps = chroma(3), np.random.default_rng(6).normal(size=12)
    found = module._filtered(rows.astype(float), taps)
    for row in range(3):
        for half in (0, 12):
            for pitch in range(12):
                wanted = sum(taps[s] * float(rows[row, half + (pitch - s) % 12]) for s in range(12))
                assert found[row, half + pitch] == pytest.approx(wanted, abs=1e-6)


def test_cosines_are_of_all_resolutions_together_and_0_where_there_is_nothing():
    one, other = np.random.default_rng(7).normal(size=(2, 3, 2, 12))
    other[1] = 0
    wanted = [
        one[row].ravel() @ other[row].ravel() / np.linalg.norm(one[row]) / np.linalg.norm(other[row]) for row in (0, 2)
    ]
    assert module._cosines(one, other).tolist() == pytest.approx([wanted[0], 0, wanted[1]])
    assert np.linalg.norm(module._of_length_one(np.array([[3.0, 4.0], [0, 0]])), axis=1).tolist() == [1, 0]


def test_agreement_is_that_on_blocks_of_which_the_filter_knows_nothing():
    """Five of each recording in turn; segments in which one side has no harmony are no part of it."""
    guides, targets = [
        [module._halves(chroma(length, seed + side)) for seed, length in ((10, 50), (20, 33))] for side in (0, 1)
    ]
    guides[0][7] = 0
    targets[1][3] = 0
    agreement, taps = module._filter(guides, targets, 2)
    moved, wanted, folds = [], [], []
    for guide, target in zip(guides, targets, strict=True):
        for at in range(len(guide)):
            earlier = guide[at - 2] if at >= 2 else np.zeros((2, 12))
            if earlier.any() and target[at].any():
                moved.append([np.roll(earlier, s, axis=1) for s in range(12)])
                wanted.append(target[at])
                folds.append(at * 5 // len(guide))
    moved, wanted, folds = np.moveaxis(np.array(moved), 1, 0), np.array(wanted), np.array(folds)

    def fitted(known):
        return module._solved(module._grams(moved[:, known]), module._products(moved[:, known], wanted[known]))

    cosines = []
    for fold in range(5):
        predicted = np.tensordot(fitted(folds != fold), moved[:, folds == fold], axes=1)
        cosines += module._cosines(predicted, wanted[folds == fold]).tolist()
    assert agreement == pytest.approx(np.mean(cosines))
    assert taps == pytest.approx(fitted(folds >= 0))


@pytest.mark.parametrize(("told", "known"), [(20, True), (19, False)])
def test_of_fewer_than_20_segments_with_harmony_no_filter_is_told(told, known):
    guide = module._halves(chroma(40))
    guide[told:] = 0
    agreement, taps = module._filter([guide], [guide.copy()], 0)
    assert (agreement != 0, taps.any()) == (known, known)


@pytest.mark.parametrize("triad", [(0, 4, 7), (0, 3, 7), (0, 3, 6)], ids=["major", "minor", "diminished"])
@pytest.mark.parametrize("root", range(12))
def test_the_root_of_a_triad_is_told_from_its_three_notes(triad, root):
    row = np.zeros(12)
    row[[(root + above) % 12 for above in triad]] = 1
    row = (row - row.mean()) / np.linalg.norm(row - row.mean()) / np.sqrt(2)
    found = module.roots(np.concatenate([row, row])[np.newaxis].astype(np.float32)).reshape(2, 12)
    wanted = (np.arange(12) == root) - 1 / 12
    wanted = wanted / np.linalg.norm(wanted)
    assert found[0] / np.linalg.norm(found[0]) == pytest.approx(wanted, abs=1e-5)
    assert found[1] / np.linalg.norm(found[1]) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_register_that_rises_with_the_guides_is_followed_and_one_that_falls_is_not(sign):
    heights = np.random.default_rng(0).normal(size=120).astype(np.float32)
    guide = replace(sound(120), register=5 + heights)
    target = replace(sound(120, seed=1), register=4 + sign * heights)
    found = fitted_sound_relation([PairSound(guide, target, np.full(120, 0.5))]).register
    assert (found is not None) is (sign > 0)
