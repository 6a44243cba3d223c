import numpy as np
import pytest
from perception_sounds import A4, silence, tone

from antiphon.config import EncoderSettings
from antiphon.perception import make_encoder


@pytest.fixture(scope="module")
def encoder():
    return make_encoder(EncoderSettings(name="chroma-mfcc"))


def test_the_pitch_class_of_a_tone_dominates(encoder):
    features = encoder.encode(tone(A4, 1.0))
    assert features.values.shape[1] == 25
    assert features.values[5:-5, :12].mean(axis=0).argmax() == 9


def test_a_frame_depends_on_its_own_spectrum_alone(encoder):
    """No tuning, no decibel floor taken from the rest of the file: a loud detuned ending changes nothing before it."""
    calm, loud = tone(A4, 2.0, level=0.01), tone(A4, 2.0, level=0.01)
    loud.samples[22050:] = tone(455.0, 1.0, level=0.5).samples
    before = encoder.encode(calm).times < 1.0 - encoder.lookahead_seconds
    np.testing.assert_array_equal(encoder.encode(calm).values[before], encoder.encode(loud).values[before])


def test_frames_are_centred_on_their_times_across_blocks(encoder):
    seconds = 100.0  # more than one block of 4096 frames
    audio = silence(seconds)
    audio.samples[round(97.0 * 22050)] = 1.0
    features = encoder.encode(audio)
    assert features.times[features.values[:, 12].argmax()] == pytest.approx(97.0, abs=512 / 22050)
    np.testing.assert_array_equal(features.times, np.arange(len(features.times)) * 512 / 22050)


def test_silence_and_a_single_sample_are_finite(encoder):
    for audio in (silence(0.5), silence(1 / 22050)):
        assert np.isfinite(encoder.encode(audio).values).all()
