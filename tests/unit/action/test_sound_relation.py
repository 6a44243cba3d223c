"""What a pair teaches about following, on sounds whose relation is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from antiphon.action.selection.lagged_relation import LAGS
from antiphon.action.selection.scalar_relation import MOST_SCALAR
from antiphon.action.selection.sound_relation import (
    MOST_HARMONY,
    MOST_REGISTER,
    SHORTEST,
    TRIADS,
    PairSound,
    SoundRelation,
    fitted_sound_relation,
)
from antiphon.action.selection.target_cost import Following, relative
from antiphon.types import Floats, SegmentSound

COUNT = 200
SECONDS = np.full(COUNT, 0.5)
LOUD = np.full(COUNT, -20.0, dtype=np.float32)


def notes(classes: np.ndarray) -> Floats:
    """Chroma (n, 24) of one pitch class each, as `segment_sound` gives them: no mean, length 1."""
    rows = np.eye(12)[classes % 12]
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return np.hstack([rows, rows]).astype(np.float32) / np.float32(np.sqrt(2))


def melody(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 12, COUNT)


def pair(guide: np.ndarray, target: np.ndarray, guide_level: Floats = LOUD, target_level: Floats = LOUD) -> PairSound:
    sounds = (SegmentSound(notes(guide), guide_level), SegmentSound(notes(target), target_level))
    return PairSound(*sounds, SECONDS)


@pytest.mark.parametrize(("semitones", "lag"), [(0, 0), (5, 0), (0, 1), (9, 3)])
def test_a_transposition_and_a_delay_are_found_and_hold_for_a_new_guide(semitones: int, lag: int) -> None:
    known = melody(0)
    found = fitted_sound_relation([pair(known, np.roll(known, lag) + semitones)])
    assert found.harmony is not None
    assert int(found.harmony.taps.argmax()) == semitones
    assert found.harmony.lag_seconds == lag * 0.5
    assert found.harmony.weight == MOST_HARMONY
    new = melody(1)
    expected = found.expected(SegmentSound(notes(new), LOUD), SECONDS)
    wanted = notes(new[: COUNT - lag] + semitones)
    assert np.allclose((expected.chroma[lag:] * wanted).sum(axis=1), 1, atol=1e-3)
    assert not expected.chroma[:lag].any()


def chords(roots: np.ndarray, seed: int) -> Floats:
    """Chroma (n, 24) of major, minor and diminished triads over these roots."""
    triads = np.array(TRIADS)[np.random.default_rng(seed).integers(len(TRIADS), size=len(roots))]
    return np.sum([notes(roots + triads[:, each]) for each in range(3)], axis=0, dtype=np.float32) / np.float32(3)


def test_the_root_of_a_chord_is_followed_and_a_single_note_is_none() -> None:
    known, new = melody(0), melody(1)
    guide, target = SegmentSound(chords(known, 2), LOUD), SegmentSound(notes(known + 7), LOUD)
    found = fitted_sound_relation([PairSound(guide, target, SECONDS)])
    assert found.harmony is not None
    assert (found.harmony.of_roots, found.harmony.account["semitones"]) == (True, 7)
    expected = found.expected(SegmentSound(chords(new, 3), LOUD), SECONDS)
    assert np.allclose((expected.chroma * notes(new + 7)).sum(axis=1), 1, atol=1e-3)
    single = fitted_sound_relation([pair(known, known + 7)]).harmony
    assert single is not None
    assert not single.of_roots


def test_octaves_are_told_apart_by_the_register() -> None:
    """B has A's pitch classes two octaves below; a memory that lies higher as a whole is judged by itself."""
    generator = np.random.default_rng(6)
    octaves = (generator.integers(4, 7, COUNT) + generator.normal(0, 0.01, COUNT)).astype(np.float32)
    sides = [replace(each, register=octaves - by) for each, by in zip(_sides(melody(0)), (0, 2), strict=True)]
    found = fitted_sound_relation([PairSound(*sides, SECONDS)])
    expected = found.expected(replace(sides[0], register=octaves), SECONDS)
    memory = found.judged(replace(sides[1], register=octaves))
    costs = Following(expected, memory, 0.0, 0.0).rows(0, COUNT)
    assert np.array_equal(np.round(octaves[costs.argmin(axis=1)]), np.round(octaves))
    assert expected.register_weight == MOST_REGISTER


def test_a_register_that_goes_the_other_way_is_not_followed() -> None:
    """One piece does not tell about which height it turns."""
    octaves = np.random.default_rng(6).normal(5, 1, COUNT).astype(np.float32)
    guide, target = _sides(melody(0))
    turned = PairSound(replace(guide, register=octaves), replace(target, register=9 - octaves), SECONDS)
    assert fitted_sound_relation([turned]).register is None


def _sides(classes: np.ndarray) -> tuple[SegmentSound, SegmentSound]:
    known = pair(classes, classes)
    return known.guide, known.target


@pytest.mark.parametrize("count", [SHORTEST, 80, 160])
def test_a_lag_undoes_no_shift(count: int) -> None:
    """Else a short pair would agree as well with a guide that was shifted by the lag."""
    known = melody(7)[:count]
    sound = SegmentSound(notes(known), LOUD[:count])
    found = fitted_sound_relation([PairSound(sound, sound, SECONDS[:count])])
    assert found.harmony is not None


def test_independent_tracks_teach_nothing() -> None:
    announced = 0
    for seed in range(20):
        generator = np.random.default_rng(1000 + seed)
        levels = generator.normal(-20, 6, (2, COUNT)).astype(np.float32)
        found = fitted_sound_relation([pair(melody(2 * seed), melody(2 * seed + 1), *levels)])
        announced += (found.harmony is not None) + (found.level is not None)
    # 40 tests at p = 0.05: more than 5 come in 1.4 % of the cases.
    assert announced <= 5


@pytest.mark.parametrize("sign", [1, -1])
def test_loudness_is_followed_or_turned_round(sign: int) -> None:
    generator = np.random.default_rng(3)
    loud = generator.normal(-20, 6, COUNT).astype(np.float32)
    found = fitted_sound_relation([pair(melody(0), melody(1), loud, -30 + sign * (loud + 20))])
    assert found.level is not None
    assert (found.level.sign, found.level.lag_seconds, found.level.weight) == (sign, 0.0, MOST_SCALAR)
    expected = found.expected(SegmentSound(notes(melody(0)), loud), SECONDS).level
    assert np.corrcoef(expected, sign * loud)[0, 1] > 0.95


def test_what_is_loud_now_is_soft_in_its_stead() -> None:
    """Live there is one moment, and what was heard before."""
    loud = np.random.default_rng(3).normal(-20, 6, COUNT).astype(np.float32)
    found = fitted_sound_relation([pair(melody(0), melody(1), loud, -40 - loud)])
    now = SegmentSound(notes(melody(0)[:2]), np.full(2, -12, dtype=np.float32), loud)
    expected = found.expected(now, SECONDS[:2])
    assert expected.level_scale is not None
    assert expected.level == pytest.approx(loud.mean() + 12, abs=0.6), "as far below the mean as A is above its own"
    assert expected.level_scale[0] == 0


STEPS = np.array([-48, -40, -32, -24], dtype=np.float32)


def test_another_recording_of_other_loudness_and_with_more_of_the_soft_is_heard_as_the_pair_was() -> None:
    """Four levels as often as each other; in the guide and the memory, which are louder as a whole, not so often."""
    generator = np.random.default_rng(1)
    steps = generator.integers(4, size=COUNT)

    def heard(each, louder: float) -> Floats:
        return STEPS[each] + louder + generator.normal(0, 0.01, len(each)).astype(np.float32)

    found = fitted_sound_relation([pair(melody(0), melody(1), heard(steps, 0), heard(3 - steps, -10))])
    assert found.level is not None
    rarely_loud = generator.permutation(np.repeat(np.arange(4), [34, 13, 9, 4]))
    expected = found.expected(SegmentSound(notes(melody(2)[:60]), heard(rarely_loud, 7)), SECONDS[:60])
    often_loud = generator.permutation(np.repeat(np.arange(4), [6, 8, 18, 28]))
    memory = found.judged(SegmentSound(notes(melody(3)[:60]), heard(often_loud, 3)))
    assert expected.level_scale is not None
    assert memory.level_scale is not None
    wanted = relative(expected.level, expected.level_scale)
    there = relative(memory.level, memory.level_scale)
    nearest = often_loud[np.abs(wanted[:, np.newaxis] - there).argmin(axis=1)]
    assert nearest.tolist() == (3 - rarely_loud).tolist()


@pytest.mark.parametrize("sign", [1, -1])
def test_how_busy_b_is_follows_how_busy_a_is(sign: int) -> None:
    busy = np.random.default_rng(4).normal(0, 1, COUNT).astype(np.float32)
    one, other = pair(melody(0), melody(1)).guide, pair(melody(0), melody(1)).target
    sides = replace(one, activity=busy), replace(other, activity=3 + sign * busy)
    found = fitted_sound_relation([PairSound(*sides, SECONDS)])
    assert found.activity is not None
    assert (found.activity.sign, found.activity.lag_seconds) == (sign, 0.0)
    expected = found.expected(sides[0], SECONDS).activity
    assert expected is not None
    assert np.corrcoef(expected, sign * busy)[0, 1] > 0.95
    assert fitted_sound_relation([PairSound(one, sides[1], SECONDS)]).activity is None, "of A it was not heard"


def test_how_much_a_and_b_sound_alike_is_told_where_they_have_harmony() -> None:
    same, other = melody(0), melody(1)
    assert fitted_sound_relation([pair(same, same)]).alike == pytest.approx(1)
    assert abs(fitted_sound_relation([pair(same, other)]).alike or 0) < 0.1
    silent = SegmentSound(np.zeros((COUNT, 24), dtype=np.float32), LOUD)
    assert fitted_sound_relation([PairSound(silent, silent, SECONDS)]).alike is None


def test_a_weak_relation_weighs_little() -> None:
    generator = np.random.default_rng(5)
    known = melody(0)
    target = np.where(generator.random(COUNT) < 0.3, known, melody(1))
    found = fitted_sound_relation([pair(known, target)])
    assert found.harmony is not None
    assert 0.2 < found.harmony.agreement < 0.4
    assert 2 < found.harmony.weight < 5


def test_what_is_too_short_or_silent_teaches_nothing() -> None:
    short = SHORTEST - 1
    known = melody(0)[:short]
    sound = SegmentSound(notes(known), LOUD[:short])
    silent = SegmentSound(np.zeros((COUNT, 24), dtype=np.float32), np.full(COUNT, -60, dtype=np.float32))
    for pairs in ([PairSound(sound, sound, SECONDS[:short])], [PairSound(silent, silent, SECONDS)], []):
        found = fitted_sound_relation(pairs)
        assert (found.harmony, found.level) == (None, None)


def test_what_is_not_known_is_followed_as_it_is() -> None:
    guide = SegmentSound(notes(melody(4)), np.linspace(-40, -10, COUNT, dtype=np.float32))
    expected = SoundRelation().expected(guide, SECONDS)
    assert np.array_equal(expected.chroma, guide.chroma)
    assert np.array_equal(expected.level, guide.level)


def test_the_longest_lag_is_told_in_segments_of_any_length() -> None:
    known = melody(0)
    found = fitted_sound_relation([pair(known, np.roll(known, 2) + 5)])
    assert [found.lag_segments(seconds) for seconds in (SECONDS[0], SECONDS[0] / 2, 4 * SECONDS[0])] == [2, 4, 0]
    assert SoundRelation().lag_segments(0.5) == 0


def test_a_lag_is_kept_in_seconds() -> None:
    """Over beats a segment lasts longer than it did in the pair."""
    known = melody(0)
    found = fitted_sound_relation([pair(known, np.roll(known, 4))])
    expected = found.expected(SegmentSound(notes(known), LOUD), np.full(COUNT, 1.0))
    assert np.allclose(expected.chroma[2:], notes(known)[:-2], atol=1e-2)
    assert LAGS >= 4
