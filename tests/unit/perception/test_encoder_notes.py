import numpy as np
import pytest
from perception_sounds import A4, C4, E5, silence, tone

from antiphon.config import EncoderSettings
from antiphon.perception import make_encoder

PITCH_CLASS_OF_A = 9


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
    plain = make_encoder(EncoderSettings(pitch_class_weight=1, register_weight=1, loudness_weight=1)).encode(audio)
    weighted = make_encoder(EncoderSettings(pitch_class_weight=2, register_weight=0, loudness_weight=3)).encode(audio)
    expected = plain.values * np.repeat([2, 0, 3], [12, 8, 1])
    np.testing.assert_allclose(weighted.values, expected, rtol=1e-6)


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
