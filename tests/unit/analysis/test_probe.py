import numpy as np
import pytest

from antiphon.analysis.probe import (
    LEFT_OUT,
    ProbedTrack,
    balance,
    jackknifed,
    loudness_labels,
    onset_counts,
    percussion_truth,
    pitched_truth,
    probe,
    shared_information,
)
from antiphon.perception import uniform_intervals

HALVES = uniform_intervals(2.0, 0.5)
C4, E4, G4, C5 = 60, 64, 67, 72


def tracks_of(ids, labels, pieces=6, instruments=("oboe",)):
    return [
        ProbedTrack(f"piece {number}", instruments[number % len(instruments)], each, {"pitch": label}, "pitch")
        for number, (each, label) in enumerate(
            zip(np.array_split(ids, pieces), np.array_split(labels, pieces), strict=True)
        )
    ]


def test_the_truth_of_a_segment_is_the_note_that_sounds_longest_in_it():
    truth = pitched_truth(np.array([[0.0, 0.2, C4, 90], [0.2, 0.4, E4, 90], [1.0, 0.5, C5, 90]]), HALVES)
    assert truth["pitch"].tolist() == [E4, E4, C5, LEFT_OUT]
    assert truth["pitch class"].tolist() == [4, 4, 0, LEFT_OUT]
    assert truth["onsets"].tolist() == [2, 0, 1, 0]


def test_the_chord_is_the_set_of_pitch_classes_whatever_the_octave():
    close, open_ = ([C4, E4, G4], [E4, G4, C5, C4 - 12])
    notes = [[0.0, 0.5, pitch] for pitch in close] + [[0.5, 0.5, pitch] for pitch in open_] + [[1.0, 0.5, C4]]
    truth = pitched_truth(np.array(notes), HALVES)
    assert truth["chord"][0] == truth["chord"][1] != truth["chord"][2]
    assert truth["pitch"].tolist() == [C4, C4 - 12, C4, LEFT_OUT]


def test_a_note_that_barely_reaches_into_a_segment_is_not_its_truth():
    truth = pitched_truth(np.array([[0.0, 0.54, C4], [1.0, 0.56, E4]]), HALVES)
    assert truth["pitch"].tolist() == [C4, LEFT_OUT, E4, E4]


def test_percussion_is_the_set_of_sounds_struck_not_how_long_they_are_written():
    kick, snare = 36, 38
    truth = percussion_truth(
        np.array([[0.0, 2.0, kick], [0.1, 0.1, snare], [0.5, 0.1, snare], [0.7, 0.1, kick]]), HALVES
    )
    assert truth["sounds"][0] == truth["sounds"][1] != LEFT_OUT
    assert truth["sounds"].tolist()[2:] == [LEFT_OUT, LEFT_OUT]


def test_an_onset_counts_where_it_falls_to_the_border_and_no_further():
    notes = np.array([[0.0, 1, C4], [0.5, 1, C4], [0.99, 1, C4], [2.0, 1, C4]])
    assert onset_counts(notes, HALVES).tolist() == [1, 2, 0, 0]


def test_classes_that_rename_the_truth_tell_all_of_it_and_random_ones_nothing():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 12, 3000)
    assert shared_information((labels * 5) % 12, labels) == pytest.approx(1)
    assert abs(shared_information(rng.integers(0, 256, 3000), labels)) < 0.02


def test_balance_is_the_share_of_the_classes_that_entropy_makes_use_of():
    assert balance(np.arange(16).repeat(5), 16) == pytest.approx(1)
    assert balance(np.arange(4).repeat(5), 16) == pytest.approx(0.5)
    assert balance(np.zeros(5, dtype=np.int64), 16) == 0


def test_a_probe_tells_a_class_of_pitch_from_a_class_of_timbre():
    rng = np.random.default_rng(1)
    pitch = rng.integers(0, 8, 1200)
    instruments = ("oboe", "viola", "organ")
    timbre = np.concatenate([np.full(200, number % 3) for number in range(6)])
    of_pitch = probe(tracks_of(pitch, pitch, instruments=instruments), 16)
    of_timbre = probe(tracks_of(timbre, pitch, instruments=instruments), 16)
    assert of_pitch["pitch"].value == pytest.approx(1)
    assert abs(of_pitch["instrument"].value) < 0.02
    assert of_timbre["instrument"].value == pytest.approx(1)
    assert abs(of_timbre["pitch"].value) < 0.02
    assert (of_pitch["dead"].value, of_timbre["dead"].value) == (8, 13)


def test_repeats_are_those_of_the_tokens_beside_those_of_the_music():
    pitch = np.tile([1, 1, 2, 3], 60)
    found = probe(tracks_of(np.zeros(240, dtype=np.int64), pitch, pieces=1), 4)
    assert found["repeats"].value == 1
    assert found["repeats of the music"].value == pytest.approx(60 / 239)


def test_rests_and_segments_without_truth_are_left_out():
    ids = np.array([0, 0, 1, 1, 4, 4] * 10)
    labels = np.array([7, 7, 9, 9, 7, LEFT_OUT] * 10)
    found = probe(tracks_of(ids, labels, pieces=1), 4)
    assert found["pitch"].value == pytest.approx(1)
    assert found["balance"].value == pytest.approx(0.5)
    with pytest.raises(ValueError, match="no sounding token"):
        probe(tracks_of(np.full(5, 4), np.full(5, 7), pieces=1), 4)


def test_the_interval_is_that_of_a_mean_over_pieces_and_missing_for_a_single_one():
    values = np.array([1, 4, 2, 8, 5, 7])
    tracks = tracks_of(values, values)
    mean = jackknifed(lambda some: float(np.mean([track.ids[0] for track in some])), tracks)
    error = 1.96 * values.std(ddof=1) / np.sqrt(6)
    assert (mean.low, mean.value, mean.high) == pytest.approx((4.5 - error, 4.5, 4.5 + error))
    assert jackknifed(lambda some: 1.0, tracks[:1]).low == 1.0


def test_no_interval_reaches_beyond_what_can_be():
    """One piece alone uses three quarters of the classes: leaving it out changes much, and the jackknife's symmetric
    interval reaches beyond both ends."""
    size = 20
    groups = np.split(np.arange(size - 1), [1, 2, 3, 4])
    tracks = [
        ProbedTrack(f"piece {number}", "oboe", ids, {"pitch": ids % 3}, "pitch")
        for number, ids in enumerate(np.repeat(group, 3) for group in groups)
    ]
    found = probe(tracks, size)
    dead = jackknifed(lambda some: size - len(np.unique(np.concatenate([track.ids for track in some]))), tracks)
    even = jackknifed(lambda some: balance(np.concatenate([track.ids for track in some]), size), tracks)
    assert (dead.value, dead.low < 0, dead.high > size, even.high > 1) == (1, True, True, True)
    assert (found["dead"].low, found["dead"].high, found["balance"].high) == (0, size, 1)
    for name in ("balance", "repeats", "repeats of the music"):
        assert 0 <= found[name].low <= found[name].value <= found[name].high <= 1
    assert found["pitch"].low < found["pitch"].value <= found["pitch"].high <= 1


def test_loudness_is_told_apart_in_steps_of_six_decibels():
    labels = loudness_labels(np.array([-6, -12, -11.5, -200], np.float32))
    assert labels[0] - labels[1] == 1
    assert labels[1] == labels[2]
    assert labels[3] < labels[2]


def test_a_truth_of_another_length_is_refused():
    with pytest.raises(ValueError, match="one label per token"):
        ProbedTrack("piece", "oboe", np.zeros(3, dtype=np.int64), {"pitch": np.zeros(4, dtype=np.int64)}, "pitch")
