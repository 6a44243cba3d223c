"""Trials, and what a calibration says of measures that are perfect, blind, or deaf to one thing."""

import numpy as np
import pytest
from coupling_making import BEAT, played, third_apart

from antiphon.config import EncoderSettings
from antiphon.coupling.apa import draw_reference
from antiphon.coupling.calibration import Calibration, calibrate, calibrate_sets, distribution_of
from antiphon.coupling.conditions import (
    EXCERPT_STEPS,
    Condition,
    Distractors,
    Stranger,
    draw_trials,
    shuffled_audio,
)
from antiphon.coupling.measures import EVERYTHING, PAIR_MEASURES, Measure
from antiphon.coupling.pairs import couple
from antiphon.coupling.pieces import Key, beat_of, key_heard, key_named
from antiphon.coupling.reference import OWN, Standard, load_standard, save_standard
from antiphon.errors import BadData
from antiphon.perception.encoders.notes import NotesEncoder
from antiphon.types import Audio


@pytest.fixture(scope="module")
def pieces():
    return tuple(third_apart(f"piece {number}", number, tonic=number % 2) for number in range(6))


@pytest.fixture(scope="module")
def distractors(pieces):
    rng = np.random.default_rng(9)
    shuffled = tuple(Stranger(piece.piece, "b", played(rng.integers(60, 72, 48))) for piece in pieces)
    return Distractors(shuffled, played(rng.integers(60, 72, 160), steps_each=3))


@pytest.fixture(scope="module")
def trials(pieces, distractors):
    return draw_trials(pieces, distractors, 60, seed=0)


def thirds(guide, response) -> float:
    """The share of the time in which the two tracks are a major third apart, whichever is the upper one."""
    ours, theirs = guide.frames[:, :12], response.frames[:, :12]
    return max(
        float((np.roll(low, 4, axis=1) * high).sum(axis=1).mean()) for low, high in ((ours, theirs), (theirs, ours))
    )


def test_a_response_is_a_slice_of_a_track_with_no_joint_in_it(trials, pieces):
    tracks = {piece.piece: piece.tracks for piece in pieces}
    for trial in trials[:12]:
        for condition in (Condition.TRUE, Condition.NEAR, Condition.FAR):
            whole = tracks[trial.piece]
            excerpt = trial.responses[condition].frames
            assert any(
                np.array_equal(excerpt, track.frames[start : start + EXCERPT_STEPS])
                for track in whole.values()
                for start in range(len(track) - EXCERPT_STEPS + 1)
            )


def onset_phase(heard) -> int:
    return int(np.flatnonzero(heard.onsets)[0] // 5) % BEAT


def test_shifts_keep_or_break_the_metre_as_their_names_say_and_strangers_keep_it(trials):
    for trial in trials:
        phase = onset_phase(trial.guide)
        assert onset_phase(trial.responses[Condition.TRUE]) == phase
        assert onset_phase(trial.responses[Condition.FAR]) == phase
        assert onset_phase(trial.responses[Condition.SAME_KEY]) == phase
        assert onset_phase(trial.responses[Condition.NEAR]) != phase


def test_a_stranger_in_the_same_key_plays_the_same_scale(trials):
    for trial in trials:
        true, stranger = (
            set(np.flatnonzero(trial.responses[name].frames[:, :12].sum(axis=0)))
            for name in (Condition.TRUE, Condition.SAME_KEY)
        )
        assert len(true & stranger) >= 5
        assert not np.array_equal(trial.responses[Condition.TRUE].frames, trial.responses[Condition.SAME_KEY].frames)


def test_every_piece_has_as_many_trials(trials, pieces):
    assert {sum(trial.piece == piece.piece for trial in trials) for piece in pieces} == {10}


def test_pieces_without_a_relative_give_nothing_to_calibrate_on(pieces, distractors):
    with pytest.raises(BadData, match="share a key"):
        draw_trials(pieces[:2], distractors, 4, seed=0)


def test_a_measure_that_knows_the_relation_keeps_its_order_and_a_blind_one_fails_all(trials):
    knowing = Measure("thirds", "", EVERYTHING, thirds)
    blind = Measure("blind", "", EVERYTHING, lambda guide, response: 0.5)
    silent = Measure("silent", "", EVERYTHING, lambda guide, response: float("nan"))
    rng = np.random.default_rng(1)
    guessing = Measure("guessing", "", EVERYTHING, lambda guide, response: float(rng.random()))
    found = {each.name: each for each in calibrate((knowing, blind, silent, guessing), trials)}
    assert not found["thirds"].failures
    assert found["thirds"].first > 0.9
    assert found["thirds"].distributions[Condition.TRUE].median == pytest.approx(1)
    for name in ("blind", "silent"):
        assert len(found[name].failures) == len(EVERYTHING)
        assert {claim.share for claim in found[name].claims} == {0.5}
    assert any(claim.share > 0.5 for claim in found["guessing"].claims)
    assert len(found["guessing"].failures) == len(EVERYTHING)
    assert found["silent"].distributions[Condition.TRUE].undefined == 1


def test_a_measure_of_timing_cannot_tell_whole_beats_and_says_so(trials):
    synchrony = next(each for each in PAIR_MEASURES if each.name == "onset synchrony")
    (found,) = calibrate((synchrony,), trials)
    holds = {claim.lower: claim.holds for claim in found.claims}
    assert holds[Condition.NEAR]
    assert not holds[Condition.FAR]


def test_a_value_lies_among_the_calibrated_ones():
    found = distribution_of(np.append(np.arange(101.0), np.nan))
    assert found.share_below(25) == pytest.approx(0.25)
    assert (found.share_below(-1), found.share_below(200)) == (0, 1)
    assert found.undefined == pytest.approx(1 / 102)


def test_a_standard_is_read_as_it_was_written(tmp_path, trials, pieces):
    encoder = NotesEncoder(EncoderSettings(name="notes")).identity
    reference = draw_reference(pieces, EXCERPT_STEPS, 100, np.random.default_rng(0))
    rows = (*calibrate(PAIR_MEASURES[:1], trials), *calibrate_sets(reference, trials * 4, 0))
    standard = Standard(Calibration(len(trials), len(pieces), 0, rows), reference)
    save_standard(tmp_path, standard)
    read = load_standard(tmp_path, encoder)
    assert read.calibration == standard.calibration
    np.testing.assert_array_equal(read.reference.true.covariance, reference.true.covariance)
    (tmp_path / "calibration.json").write_text('{"version": 0}')
    with pytest.raises(BadData, match="version 0"):
        load_standard(tmp_path, encoder)


def test_a_pair_is_held_against_the_standard_of_the_package(pieces):
    standard = load_standard(OWN, "")
    tracks = pieces[0].tracks
    true, foreign = (couple(tracks["a"], each, standard) for each in (tracks["b"], tracks["b"].transposed(3)))
    assert true.excerpts == 2
    for measured in true.measures:
        assert measured.below.keys() == set(Condition)
    named = {each.name: each.value for each in true.measures}
    assert named["onset synchrony"] == pytest.approx(1)
    assert named["consonance"] != {each.name: each.value for each in foreign.measures}["consonance"]


def test_two_tracks_of_a_second_are_too_short(pieces):
    short = pieces[0].tracks["a"].excerpt(0, 20)
    with pytest.raises(BadData, match="2 s are needed"):
        couple(short, short, load_standard(OWN, ""))


def test_a_shuffled_memory_has_the_same_seconds_in_another_order_and_no_click():
    rate = 1000
    time = np.arange(8 * rate) / rate
    steps = (np.arange(8 * rate) // 500 + 1) / 40
    audio = Audio((steps * np.sin(2 * np.pi * 5 * time)).astype(np.float32)[:, None], rate)
    shuffled = shuffled_audio(audio, np.random.default_rng(0)).samples[:, 0]
    peaks = np.abs(shuffled[: 15 * 500]).reshape(15, 500).max(axis=1)
    assert not np.allclose(peaks, np.sort(peaks))
    np.testing.assert_allclose(np.sort(peaks), np.arange(1, 16) / 40, atol=0.02)


def test_joints_of_a_shuffled_memory_are_faded():
    steady = Audio(np.ones((8000, 1), dtype=np.float32), 1000)
    shuffled = shuffled_audio(steady, np.random.default_rng(0)).samples[20:-520, 0]
    np.testing.assert_allclose(shuffled, 1, atol=1e-5)


def test_keys_are_read_and_heard():
    assert key_named("Gb:maj") == Key(6, "maj")
    assert key_named("F#:min") == Key(6, "min")
    with pytest.raises(BadData, match="not a key"):
        key_named("H:maj")
    scale = played([60, 62, 64, 65, 67, 69, 71, 72, 60, 64, 67, 60])
    assert key_heard([scale]) == Key(0, "maj")
    assert key_heard([scale.transposed(5)]) == Key(5, "maj")


def test_the_usual_beat_is_the_median_and_its_first_is_within_one():
    found = beat_of(np.array([3.25, 3.75, 4.25, 5.5, 6.0]))
    assert found.steps == pytest.approx(10)
    assert found.first == pytest.approx(5)
