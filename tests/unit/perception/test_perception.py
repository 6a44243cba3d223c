import subprocess
import sys

import numpy as np
import pytest
from loudness_making import Loudness
from perception_sounds import A4, C4, E5, melody, silence, tone

from antiphon.audio import FileSound, dbfs, interval_power, resampled, write
from antiphon.config import EncoderSettings, PerceptionSettings
from antiphon.errors import BadData, WrongAlphabet
from antiphon.perception import FrameCache, Perception, fit_alphabet, uniform_intervals
from antiphon.types import Audio

SCALE = [C4 * 2 ** (step / 12) for step in (0, 2, 4, 5, 7, 9, 11, 12)]
SETTINGS = PerceptionSettings(alphabet_size=4, loudness="absolute")


@pytest.fixture(scope="module")
def perception():
    return Perception(SETTINGS)


@pytest.fixture(scope="module")
def alphabet(perception):
    """Four classes of a melody of eight tones."""
    segments, _ = perception.segments(melody(SCALE * 4, 0.5))
    return fit_alphabet(segments, perception.encoder, SETTINGS)


def test_importing_perception_loads_nothing_heavy():
    code = (
        "import sys, antiphon.perception as p; from antiphon.config import PerceptionSettings as S; "
        "p.Perception(S()).recipe; "
        "heavy = {'torch', 'transformers', 'librosa', 'sklearn', 'onnxruntime', 'scipy'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_repeated_melody_has_repeated_tokens(perception, alphabet):
    tokens = perception.tokens(melody(SCALE * 4, 0.5), alphabet)
    assert len(tokens) == 32
    assert tokens.alphabet_id == alphabet.id
    inner = tokens.ids[8:24].reshape(2, 8)
    np.testing.assert_array_equal(inner[0], inner[1])
    assert len(set(inner[0])) > 2


def test_the_rate_and_the_channels_of_a_file_do_not_change_what_is_heard(perception, alphabet):
    high = melody(SCALE * 3, 0.5, rate=96000)
    expected = perception.tokens(high, alphabet).ids
    for rate in (44100, 48000):
        one = resampled(high, rate)
        two = Audio(np.repeat(one.samples, 2, axis=1), rate)
        for audio in (one, two):
            tokens = perception.tokens(audio, alphabet)
            assert (tokens.ids == expected).mean() > 0.95


def test_silence_is_the_rest(perception, alphabet):
    sound = Audio(np.concatenate([tone(A4, 2.0).samples, silence(2.0).samples]), 22050)
    ids = perception.tokens(sound, alphabet).ids
    assert np.all(ids[4:] == alphabet.rest)
    assert np.all(ids[:4] != alphabet.rest)
    assert np.all(perception.tokens(silence(3.0, rate=44100, channels=2), alphabet).ids == alphabet.rest)


def test_a_note_late_in_a_file_is_in_its_own_segment(perception, alphabet):
    """Segment 81 starts at 40.5 s. The paper's code was 0.59 s early by the end of 15 s."""
    ids = perception.tokens(tone(E5, 42.0, silent_before=40.5), alphabet).ids
    np.testing.assert_array_equal(np.flatnonzero(ids != alphabet.rest), [81, 82, 83])


def test_the_same_audio_gives_the_same_tokens(perception, alphabet):
    audio = melody(SCALE, 0.3)
    np.testing.assert_array_equal(
        perception.tokens(audio, alphabet).ids, Perception(SETTINGS).tokens(audio, alphabet).ids
    )


@pytest.mark.parametrize(
    ("shape", "count"),
    [
        ((1.0, 22050, 1), 2),
        ((1.2, 48000, 8), 3),
        ((0.6, 96000, 2), 2),
        ((0.001, 44100, 1), 1),
        ((1 / 22050, 22050, 1), 1),
    ],
)
def test_any_length_rate_and_channels(perception, alphabet, shape, count):
    audio = tone(A4, *shape)
    tokens = perception.tokens(audio, alphabet)
    assert len(tokens) == count
    assert tokens.intervals[-1, 1] == audio.duration


def test_too_little_to_resample_is_bad_data_by_name(perception):
    with pytest.raises(BadData, match=r"click\.wav.*too short"):
        perception.segments(Audio(np.ones((1, 1), np.float32), 96000, "click.wav"))
    with pytest.raises(BadData, match="no audio"):
        perception.segments(silence(0.0))


def test_given_intervals_are_kept_and_silent_after_the_end(perception, alphabet):
    intervals = np.array([[0.0, 0.4], [0.5, 1.3], [1.3, 2.5], [2.5, 3.0]])
    tokens = perception.tokens(tone(A4, 2.0), alphabet, intervals)
    np.testing.assert_array_equal(tokens.intervals, intervals)
    np.testing.assert_array_equal(tokens.ids == alphabet.rest, [False, False, False, True])


def test_several_grids_are_one_walk_and_what_lies_past_the_end_is_silent():
    encoder, audio = Loudness(), melody(SCALE, 0.5)
    perception = Perception(SETTINGS, encoder)
    grids = [uniform_intervals(4.0, 0.25), uniform_intervals(6.0, 0.5), np.array([[0.1, 0.3], [3.9, 4.4]])]
    found = perception.segments_over(audio, grids)
    assert encoder.runs == 1
    for segments, grid in zip(found, grids, strict=True):
        alone, _ = perception.segments(audio, grid)
        np.testing.assert_array_equal(segments.vectors, alone.vectors)
        np.testing.assert_array_equal(segments.level, alone.level)
    np.testing.assert_array_equal(found[1].level < -60, np.arange(12) >= 8)


def test_a_long_file_is_heard_as_its_parts_are(tmp_path):
    """Eleven minutes, so three pieces: every segment has the level and the vector of its own samples."""
    levels = np.random.default_rng(0).uniform(0.01, 0.5, 1320)
    samples = np.repeat(levels, 4000)[:, None].astype(np.float32)
    samples[1::2] *= -1
    path = tmp_path / "long.wav"
    write(path, Audio(samples, 8000))
    segments, intervals = Perception(SETTINGS, Loudness()).segments(FileSound(path))
    assert len(intervals) == 1320
    np.testing.assert_allclose(segments.vectors[:, 0], levels, rtol=1e-4)
    np.testing.assert_allclose(segments.level, 20 * np.log10(levels), atol=1e-2)


def test_the_level_of_a_segment_is_that_of_its_samples_wherever_its_edges_lie():
    random = np.random.default_rng(0)
    audio = Audio((random.standard_normal((30000, 1)) * np.linspace(0, 0.3, 30000)[:, None]).astype(np.float32), 8000)
    starts = np.sort(random.uniform(0, 3.0, 50))
    intervals = np.stack([starts, starts + random.uniform(0.1, 0.6, 50)], axis=1)
    level = Perception(SETTINGS, Loudness()).segments(audio, intervals)[0].level
    # Within a cell of 10 ms noise is not constant, hence the half decibel.
    np.testing.assert_allclose(level, dbfs(interval_power(audio, intervals)), atol=0.5)


@pytest.mark.parametrize("segmenter", ["onset", "beat"])
def test_tokens_lie_on_what_the_segmenter_finds_and_a_tempo_makes_no_other_alphabet(segmenter, tmp_path):
    settings = SETTINGS.model_copy(update={"segmenter": segmenter, "alphabet_size": 2})
    encoder, audio = Loudness(), melody(SCALE * 6, 0.4)
    perception = Perception(settings, encoder, FrameCache(tmp_path))
    segments, intervals = perception.segments(audio)
    tokens = perception.tokens(audio, fit_alphabet(segments, encoder, settings))
    np.testing.assert_array_equal(tokens.intervals, intervals)
    assert encoder.runs == 1
    assert intervals[-1, 1] == audio.duration
    timed = Perception(settings.model_copy(update={"tempo_bpm": 150.0}), encoder)
    assert timed.recipe == perception.recipe != Perception(SETTINGS, encoder).recipe
    longer = settings.model_copy(update={"maximum_seconds": 3.0})
    assert Perception(longer, encoder).recipe != perception.recipe


def test_another_alphabet_is_refused_and_what_differs_is_named(perception, alphabet):
    audio = tone(A4, 1.0)
    with pytest.raises(WrongAlphabet, match=r"segment_seconds is 0\.5 in the alphabet, 0\.25 here$"):
        Perception(PerceptionSettings(segment_seconds=0.25, loudness="absolute")).tokens(audio, alphabet)
    other = PerceptionSettings(encoder=EncoderSettings(register_weight=0.1), loudness="absolute")
    with pytest.raises(WrongAlphabet, match=r"encoder\.register_weight is 0\.7 in the alphabet, 0\.1 here$"):
        Perception(other).tokens(audio, alphabet)
    with pytest.raises(WrongAlphabet, match="a user's loudness here"):
        Perception(SETTINGS, Loudness()).tokens(audio, alphabet)


def test_a_users_own_encoder_works_and_is_cached(tmp_path):
    encoder, random = Loudness(), np.random.default_rng(0)
    steps = random.uniform(0.01, 0.5, 64)
    audio = Audio(np.repeat(steps, 4000)[:, None].astype(np.float32), 8000)
    perception = Perception(SETTINGS, encoder, FrameCache(tmp_path))
    segments, _ = perception.segments(audio)
    alphabet = fit_alphabet(segments, encoder, SETTINGS)
    tokens = perception.tokens(audio, alphabet)
    assert encoder.runs == 1
    assert [tokens.ids[steps.argmin()], tokens.ids[steps.argmax()]] == [
        alphabet.centroids.argmin(),
        alphabet.centroids.argmax(),
    ]


def test_twice_as_many_notes_are_an_octave_busier_and_silence_is_not_busy(perception):
    struck = [tone(A4, 1 / notes).samples for notes in (1, 2, 4)]
    decays = [np.exp(-9 * np.linspace(0, 1, len(note)))[:, None].astype(np.float32) for note in struck]
    parts = [np.tile(note * decay, (22050 // len(note), 1)) for note, decay in zip(struck, decays, strict=True)]
    sound = Audio(np.concatenate([np.resize(part, (22050, 1)) for part in parts] + [silence(1.0).samples]), 22050)
    found = perception.activity(sound, np.arange(4)[:, None] + np.array([0.0, 1.0]))
    assert np.diff(found[:3]) == pytest.approx(0.8, abs=0.3)
    assert found[3] == found.min()
