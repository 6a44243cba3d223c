import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from loudness_making import Loudness
from perception_sounds import A4, C4, E5, melody, silence, tone

from antiphon.config import PerceptionSettings
from antiphon.errors import BadData, SettingsError
from antiphon.perception import Perception, bounded_intervals, make_segmenter, uniform_intervals
from antiphon.perception.segmenters import beat_cells
from antiphon.types import Audio


def test_segment_k_of_an_hour_starts_at_exactly_k_times_its_length():
    starts = uniform_intervals(3600.0, 0.35)[:, 0]
    assert len(starts) == 10286
    np.testing.assert_array_equal(starts, [k * 0.35 for k in range(10286)])


@given(duration=st.floats(1e-5, 4000), length=st.floats(0.05, 10))
def test_intervals_tile_the_duration_without_a_sliver(duration, length):
    intervals = uniform_intervals(duration, length)
    assert intervals[0, 0] == 0
    assert intervals[-1, 1] == duration
    np.testing.assert_array_equal(intervals[1:, 0], intervals[:-1, 1])
    lengths = np.diff(intervals, axis=1)[:, 0]
    assert lengths.max() < length + 1.001e-3
    assert len(intervals) == 1 or lengths.min() > 0.999e-3


def test_a_leftover_is_a_shorter_segment_unless_it_is_below_a_millisecond():
    assert uniform_intervals(1.2, 0.5)[-1].tolist() == [1.0, 1.2]
    assert uniform_intervals(1.0005, 0.5)[-1].tolist() == [0.5, 1.0005]
    assert uniform_intervals(0.0001, 0.5).tolist() == [[0.0, 0.0001]]


def test_whole_multiples_have_whole_segments():
    assert [len(uniform_intervals(k * 0.35, 0.35)) for k in range(1, 200)] == list(range(1, 200))


def test_nothing_cannot_be_cut():
    with pytest.raises(BadData, match="no audio"):
        uniform_intervals(0.0, 0.5)
    for name in ("onset", "beat"):
        with pytest.raises(BadData, match="no audio"):
            make_segmenter(PerceptionSettings(segmenter=name))(0.0, lambda: np.zeros(0, np.float32))


@given(
    duration=st.floats(1e-4, 60),
    cuts=st.lists(st.integers(-5, 7000), max_size=60),
    minimum=st.integers(5, 100),
    ratio=st.integers(2, 10),
)
def test_bounded_intervals_tile_the_duration_within_their_bounds(duration, cuts, minimum, ratio):
    shortest, longest = minimum / 100, min(minimum * ratio, 1000) / 100
    intervals = bounded_intervals(np.unique(np.array(cuts, dtype=np.int64)), duration, shortest, longest)
    assert intervals[0, 0] == 0
    assert intervals[-1, 1] == duration
    np.testing.assert_array_equal(intervals[1:, 0], intervals[:-1, 1])
    lengths = np.diff(intervals, axis=1)[:, 0]
    assert lengths.max() < longest + 0.01
    if len(lengths) > 1:
        assert lengths.min() >= shortest - 1e-9
    np.testing.assert_allclose(intervals[1:, 0] * 100, np.round(intervals[1:, 0] * 100), atol=1e-9)


def test_a_cut_is_kept_where_the_bounds_allow_it_and_a_long_segment_is_divided_evenly():
    found = bounded_intervals(np.array([100, 104, 150, 390]), 4.0, 0.1, 2.0)
    np.testing.assert_allclose(found[:, 0], [0, 1.0, 1.5, 2.7, 3.9])
    np.testing.assert_allclose(bounded_intervals(np.array([100]), 1.05, 0.1, 2.0), [[0, 1.05]])


def segments_of(audio, **settings):
    """Intervals over audio, by an encoder that costs nothing."""
    return Perception(PerceptionSettings(**settings), Loudness()).segments(audio)[1]


def played(times, seconds):
    """Short decaying tones at these times."""
    audio = silence(seconds)
    note = tone(A4, 0.25).samples * np.linspace(1, 0, round(0.25 * 22050))[:, None].astype(np.float32) ** 2
    for time in times:
        start = round(time * 22050)
        audio.samples[start : start + len(note)] += note[: len(audio.samples) - start]
    return audio


def test_a_segment_starts_at_each_note():
    times = [0.5, 1.13, 1.5, 2.42, 2.6, 4.0]
    starts = segments_of(played(times, 5.0), segmenter="onset")[1:, 0]
    np.testing.assert_allclose(starts, times, atol=0.02)


def test_legato_notes_begin_too():
    """No silence between them: only the pitch changes."""
    starts = segments_of(melody([A4, E5, C4, A4], 0.6), segmenter="onset")[1:, 0]
    np.testing.assert_allclose(starts, [0.6, 1.2, 1.8], atol=0.02)


def test_silence_has_neither_onsets_nor_beats_and_steady_noise_few():
    for name in ("onset", "beat"):
        np.testing.assert_allclose(segments_of(silence(6.0), segmenter=name)[1:, 0], [2.0, 4.0], atol=1e-9)
    noise = 0.1 * np.random.default_rng(0).standard_normal((22050 * 30, 1)).astype(np.float32)
    assert len(segments_of(Audio(noise, 22050), segmenter="onset", maximum_seconds=10)) <= 10


def test_beats_are_found_in_a_regular_pulse():
    times = 0.3 + 0.5 * np.arange(40)
    starts = segments_of(played(times, 20.5), segmenter="beat")[1:, 0]
    inner = starts[(starts > 2) & (starts < 18)]
    np.testing.assert_allclose(np.diff(inner), 0.5, atol=0.03)
    assert np.abs(inner[:, None] - times).min(axis=1).max() <= 0.03


def test_a_tempo_that_is_given_wins_and_the_onsets_say_where_it_starts():
    """Notes at 120 a minute: at 80 each second beat can lie on a note, and none drifts in five minutes."""
    times = 0.3 + 0.5 * np.arange(600)
    starts = segments_of(played(times, 300.5), segmenter="beat", tempo_bpm=80)[1:, 0]
    np.testing.assert_allclose(np.diff(starts), 0.75, atol=0.0101)
    np.testing.assert_allclose((starts[-1] - starts[0]) / (len(starts) - 1), 0.75, atol=1e-4)
    on_a_note = np.abs(starts[:, None] - times).min(axis=1) <= 0.02
    assert 0.45 < on_a_note.mean() < 0.55


def test_the_level_of_a_recording_moves_no_onset():
    audio = played([0.5, 1.1, 2.0], 3.0)
    quieter = Audio(audio.samples * np.float32(0.25), 22050)
    np.testing.assert_allclose(
        segments_of(quieter, segmenter="onset"), segments_of(audio, segmenter="onset"), atol=0.0101
    )


def test_bounds_that_cannot_be_kept_are_refused():
    from antiphon.config import resolve

    with pytest.raises(SettingsError, match="at least twice minimum_seconds"):
        resolve(overrides={"perception": {"minimum_seconds": 0.5, "maximum_seconds": 0.9}}, environment={})


def test_where_nothing_follows_its_first_cell_a_sound_has_no_beats():
    for cells in (1, 2, 3, 30, 400):
        onsets = np.zeros(cells, np.float32)
        onsets[0] = 5.0
        assert beat_cells(onsets).tolist() == []
