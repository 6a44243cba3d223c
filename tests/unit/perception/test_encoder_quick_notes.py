import numpy as np
import pytest
from perception_sounds import A4, C4, E5, melody, silence, tone

from antiphon.config import EncoderSettings
from antiphon.errors import SettingsError
from antiphon.perception import make_encoder, mean_condenser, uniform_intervals
from antiphon.perception.encoders import quick_notes

LOUDNESS = 20


@pytest.fixture(scope="module")
def encoder():
    return make_encoder(EncoderSettings(name="quick-notes"))


def test_the_pitch_class_of_a_tone_dominates_and_its_octave_shows(encoder):
    tones = {9: A4, 0: C4, 4: E5}
    for pitch_class, frequency in tones.items():
        values = encoder.encode(tone(frequency, 1.0)).values[5:-5]
        assert values.shape[1] == 24
        assert values[:, :12].mean(axis=0).argmax() == pitch_class
    low, high = (
        encoder.encode(tone(A4 * factor, 1.0)).values[5:-5, 12:20].mean(axis=0).argmax() for factor in (0.5, 2)
    )
    assert low < high


def test_a_note_is_heard_in_its_own_segment(encoder):
    """Not in the one after it: what is late is lost to the decision."""
    played = [A4, C4, E5, A4, E5, C4]
    audio = melody(played, 0.5)
    heard = mean_condenser(encoder.encode(audio), uniform_intervals(audio.duration, 0.5))[:, :12].argmax(axis=1)
    names = {A4: 9, C4: 0, E5: 4}
    assert heard.tolist() == [names[frequency] for frequency in played]


def test_a_frame_knows_nothing_of_what_is_60_ms_later(encoder):
    calm, loud = tone(A4, 2.0, level=0.01), tone(A4, 2.0, level=0.01)
    loud.samples[22050:] = tone(C4, 1.0, level=0.5).samples
    assert encoder.lookahead_seconds < 0.06
    before = encoder.encode(calm).times < 1.0 - encoder.lookahead_seconds
    after = encoder.encode(calm).times > 1.0
    first, second = encoder.encode(calm).values, encoder.encode(loud).values
    np.testing.assert_array_equal(first[before], second[before])
    assert (first[after] != second[after]).any(axis=1).all()


def test_a_shorter_lookahead_than_its_spectra_is_refused():
    with pytest.raises(SettingsError, match="at least"):
        make_encoder(EncoderSettings(name="quick-notes", lookahead_seconds=0.02))
    assert make_encoder(EncoderSettings(name="quick-notes", lookahead_seconds=0.04)).lookahead_seconds <= 0.04


def test_silence_is_no_note_and_a_single_sample_is_finite(encoder):
    quiet = encoder.encode(silence(0.5)).values
    assert quiet[:, LOUDNESS].max() == 0
    assert quiet[:, :20].max() < 0.5
    assert np.isfinite(encoder.encode(silence(1 / 22050)).values).all()


def test_its_weights_are_small_and_belong_to_its_name(encoder):
    assert quick_notes.WEIGHTS.stat().st_size < 100_000
    assert quick_notes.sha256(quick_notes.WEIGHTS) in encoder.identity
