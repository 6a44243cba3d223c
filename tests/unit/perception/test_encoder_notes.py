from pathlib import Path

import numpy as np
import pytest
from perception_sounds import A4, C4, E5, silence, tone

from antiphon.config import EncoderSettings
from antiphon.files import sha256
from antiphon.perception import make_encoder
from antiphon.perception.encoders.notes import INPUT, NOTES, PUBLISHED_SHA256, WEIGHTS, WINDOW_SAMPLES
from antiphon.types import Audio

PITCH_CLASS_OF_A = 9
ONSET, BRIGHTNESS, FLATNESS = 21, 22, 23
RATE = 22050
C5 = 523.25


@pytest.fixture(scope="module")
def encoder():
    return make_encoder(EncoderSettings(name="notes"))


@pytest.mark.parametrize("frequency", [110.0, A4, 1760.0])
def test_the_pitch_class_of_a_tone_dominates_in_every_octave(encoder, frequency):
    frames = encoder.encode(tone(frequency, 1.0)).values
    assert frames[20:60, :12].mean(axis=0).argmax() == PITCH_CLASS_OF_A


def test_registers_rise_with_the_tone(encoder):
    found = [encoder.encode(tone(f, 1.0)).values[20:60, 12:20].mean(axis=0).argmax() for f in (55.0, 220.0, 880.0)]
    assert found == [1, 3, 5]


def test_loudness_is_linear_in_decibels_between_minus_60_and_0(encoder):
    loud, quiet = (encoder.encode(tone(A4, 1.0, level=level)) for level in (0.5, 0.05))
    difference = (loud.values - quiet.values)[20:60, 20]
    np.testing.assert_allclose(difference, 0.5 * 20 / 60, atol=1e-5)
    assert not encoder.encode(silence(0.5)).values[:, 20].any()


def test_a_tone_late_in_a_long_file_is_heard_when_it_sounds_and_not_earlier(encoder):
    def onset(silent_before):
        features = encoder.encode(tone(E5, silent_before + 1.0, silent_before=silent_before))
        return features.times[np.argmax(features.values[:, 4] > 0.5)]

    # 2.34 s lies in the middle of a window, 100 s after 60 of them: an error of a frame a window would be 0.7 s.
    assert onset(2.34) == pytest.approx(2.34, abs=0.025)
    assert onset(100.0) == pytest.approx(100.0, abs=0.025)


def test_frame_times_are_whole_multiples_of_256_samples_to_the_end(encoder):
    audio = silence(7.0)
    times = encoder.encode(audio).times
    np.testing.assert_array_equal(times, np.arange(len(times)) * 256 / 22050)
    assert times[-1] < audio.duration <= times[-1] + 256 / 22050


def test_the_seams_between_windows_do_not_show(encoder):
    frames = encoder.encode(tone(C4, 8.0)).values[20:-20]
    assert frames[:, 0].min() > 0.6
    assert np.abs(np.diff(frames[:, 0])).max() < 0.1


def test_digital_silence_has_finite_frames_without_a_note(encoder):
    frames = encoder.encode(silence(1.0)).values
    assert np.isfinite(frames).all()
    assert frames[:, :12].max() < 0.3


def test_a_weight_scales_its_part_alone():
    audio = tone(A4, 0.5)
    names = ("pitch_class", "register", "loudness", "onset", "brightness", "flatness")
    weights = (2, 0, 3, 0.5, 4, 0.25)
    plain = make_encoder(EncoderSettings(**{f"{name}_weight": 1 for name in names})).encode(audio)
    given = {f"{name}_weight": weight for name, weight in zip(names, weights, strict=True)}
    weighted = make_encoder(EncoderSettings(**given)).encode(audio)
    expected = plain.values * np.repeat(weights, [12, 8, 1, 1, 1, 1])
    np.testing.assert_allclose(weighted.values, expected, rtol=1e-6)


def noise(seconds, level=0.1):
    samples = np.random.default_rng(0).normal(0, level, round(seconds * RATE)).astype(np.float32)
    return Audio(samples[:, np.newaxis], RATE)


def clicks(each_second):
    samples = np.zeros(2 * RATE, dtype=np.float32)
    for start in range(0, len(samples), RATE // each_second):
        samples[start : start + 64] = 0.5
    return Audio(samples[:, np.newaxis], RATE)


def test_to_rotate_the_pitch_classes_is_to_transpose_and_hardly_moves_the_rest(encoder):
    low, high = (encoder.encode(tone(frequency, 1.0)).values[20:60].mean(axis=0) for frequency in (A4, C5))
    rotated = low.copy()
    rotated[encoder.pitch_class_dimensions] = np.roll(low[encoder.pitch_class_dimensions], 3)
    assert np.linalg.norm(rotated - high) < 0.3 * np.linalg.norm(low - high)


def test_a_semitone_moves_registers_little_wherever_it_lies(encoder):
    keys = 110.0 * 2 ** (np.arange(13) / 12)
    found = [encoder.encode(tone(key, 1.0)).values[20:60, encoder.register_dimensions].mean(axis=0) for key in keys]
    steps = np.linalg.norm(np.diff(found, axis=0), axis=1)
    assert steps.max() < 0.25


def test_onset_strength_grows_with_the_number_of_clicks(encoder):
    few, some, many = (encoder.encode(clicks(count)).values[:, ONSET].mean() for count in (1, 3, 9))
    assert 2 * few < some < many / 2


def test_a_held_tone_has_one_onset(encoder):
    strength = encoder.encode(tone(A4, 2.0, silent_before=0.5)).values[:, ONSET]
    begins = round(0.5 * RATE / 256)
    assert strength[begins - 5 : begins + 5].sum() > 10 * strength[begins + 10 : -10].sum()


def test_brightness_rises_by_a_seventh_of_its_weight_an_octave(encoder):
    found = [encoder.encode(tone(frequency, 1.0)).values[20:60, BRIGHTNESS].mean() for frequency in (500, 1000, 4000)]
    octave = EncoderSettings().brightness_weight / 7
    np.testing.assert_allclose(np.diff(found), [octave, 2 * octave], atol=0.01)


def test_noise_is_flat_and_a_tone_is_not_even_in_a_noisy_room(encoder):
    room = Audio(tone(A4, 1.0, level=0.3).samples + noise(1.0, level=0.003).samples, RATE)
    flat, tonal, noisy = (
        encoder.encode(each).values[20:60, FLATNESS].mean() for each in (noise(1.0), tone(A4, 1.0), room)
    )
    assert flat > 0.6 * EncoderSettings().flatness_weight
    assert tonal < noisy < 0.1 * flat


def test_near_silence_is_neither_bright_nor_flat(encoder):
    hiss = encoder.encode(noise(1.0, level=0.0005)).values
    assert not hiss[:, [BRIGHTNESS, FLATNESS]].any()


def test_identity_changes_with_its_own_settings_and_no_others(encoder):
    assert make_encoder(EncoderSettings(layer=3, hop_seconds=1.0)).identity == encoder.identity
    assert make_encoder(EncoderSettings(register_weight=0.25)).identity != encoder.identity


def test_what_comes_later_than_the_lookahead_changes_nothing(encoder):
    early, late = tone(A4, 6.0), tone(A4, 6.0)
    late.samples[round(4.0 * 22050) :] = 0
    before = encoder.encode(early).times < 4.0 - encoder.lookahead_seconds
    np.testing.assert_array_equal(encoder.encode(early).values[before], encoder.encode(late).values[before])
    assert before.any()


def test_audio_of_another_rate_or_in_stereo_is_refused(encoder):
    with pytest.raises(ValueError, match="mono audio at 22050 Hz"):
        encoder.encode(tone(A4, 0.1, rate=44100))
    with pytest.raises(ValueError, match="2 channels"):
        encoder.encode(tone(A4, 0.1, channels=2))


def test_the_packaged_network_hears_what_the_published_one_does(encoder):
    """tests/published/nmp.onnx is basic-pitch's own; the one in the package computes the same sums in other shapes."""
    onnxruntime = pytest.importorskip("onnxruntime")
    published = Path(__file__).parents[2] / "published" / "nmp.onnx"
    assert sha256(published) == PUBLISHED_SHA256
    known, packaged = (
        onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]) for path in (published, WEIGHTS)
    )
    noise = np.random.default_rng(0).normal(0, 0.1, WINDOW_SAMPLES)
    chord = np.sum([tone(pitch, 2.0, level=0.2).samples[:WINDOW_SAMPLES, 0] for pitch in (C4, E5, A4)], axis=0)
    for window in (noise, np.resize(chord, WINDOW_SAMPLES), np.zeros(WINDOW_SAMPLES)):
        heard = {INPUT: window.astype(np.float32)[np.newaxis, :, np.newaxis]}
        np.testing.assert_allclose(packaged.run([NOTES], heard)[0], known.run([NOTES], heard)[0], atol=1e-6)
    assert len(packaged.get_outputs()) == 1
