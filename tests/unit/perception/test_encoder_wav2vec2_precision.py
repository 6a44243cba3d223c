"""bf16 is taken where a measurement says that it leaves the labels as they are."""

import numpy as np
import pytest
from wav2vec2_making import RATE, model_of, saved

from antiphon.config import EncoderSettings, PerceptionSettings
from antiphon.perception.perception import Perception
from antiphon.perception.precision import labels_changed, measured_precision
from antiphon.types import Alphabet, Audio, Segments

pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    directory = saved(model_of(), tmp_path_factory.mktemp("model"))
    encoder = EncoderSettings(
        name="wav2vec2", directory=str(directory), precision="auto", window_seconds=3.0, hop_seconds=2.0
    )
    return PerceptionSettings(encoder=encoder, alphabet_size=2)


@pytest.fixture
def units(monkeypatch):
    """As on a processor that has them."""
    from antiphon.perception.encoders import wav2vec2_lean

    monkeypatch.setattr(wav2vec2_lean, "has_bf16_units", lambda: True)


def noise(seconds, seed=0):
    return Audio(0.1 * np.random.default_rng(seed).standard_normal((seconds * RATE, 1)).astype(np.float32), RATE)


def noise_and_tone(seconds):
    """Half a second of each in turn: two sounds that no rounding confuses."""
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(seconds * RATE) / RATE)
    which = (np.arange(seconds * RATE) // (RATE // 2)) % 2
    return Audio(np.where(which, tone, noise(seconds).samples[:, 0])[:, None].astype(np.float32), RATE)


def test_a_label_changes_where_a_vector_crosses_to_another_centroid():
    centroids = np.array([[0.0], [1.0]], np.float32)
    alphabet = Alphabet(centroids, np.ones(1, np.float32), -60.0, False, "{}", id="made")
    level = np.zeros(4, np.float32)
    kept = Segments(np.array([[0.1], [0.4], [0.9], [1.2]], np.float32), level)
    tried = Segments(np.array([[0.2], [0.6], [0.8], [9.0]], np.float32), level)
    assert labels_changed(kept, kept, alphabet) == 0
    assert labels_changed(kept, tried, alphabet) == 0.25


def test_bf16_is_taken_where_it_changes_no_label(settings, units):
    measured = measured_precision(settings, [noise_and_tone(10)])
    assert measured.changed == 0
    assert measured.settings.encoder.precision == "bf16"


def test_fp32_is_kept_where_bf16_changes_more_than_one_label_in_a_hundred(settings, units):
    """Classes of one steady tone, whose period divides the hop, with a little noise: they differ by less than bf16
    rounds."""
    fine = settings.model_copy(update={"alphabet_size": 16, "segment_seconds": 0.1})
    tone = np.sin(2 * np.pi * 400 * np.arange(20 * RATE) / RATE)[:, None] + 1e-3 * noise(20).samples
    measured = measured_precision(fine, [Audio(0.3 * tone.astype(np.float32), RATE)])
    assert measured.changed > 0.01
    assert measured.settings.encoder.precision == "fp32"


def test_nothing_is_heard_where_nothing_is_to_decide(settings, monkeypatch):
    from antiphon.perception.encoders import wav2vec2_lean

    monkeypatch.setattr(wav2vec2_lean, "has_bf16_units", lambda: False)

    def never():
        raise AssertionError("a sound was taken")
        yield

    assert measured_precision(settings, never()).settings.encoder.precision == "fp32"
    for name, precision in (("notes", "auto"), ("wav2vec2", "fp32"), ("wav2vec2", "bf16")):
        decided = PerceptionSettings(encoder=settings.encoder.model_copy(update={"name": name, "precision": precision}))
        assert measured_precision(decided, never()).settings == decided


def test_no_more_is_heard_than_an_alphabet_needs(settings, units):
    taken = []
    sounds = (taken.append(sound) or sound for sound in [noise_and_tone(10)] * 5)
    measured_precision(settings, sounds)
    assert len(taken) == 1  # 20 segments for 2 classes


def test_what_is_decided_is_what_an_alphabet_is_made_for(settings, units):
    decided = measured_precision(settings, [noise_and_tone(10)]).settings
    assert '\\"precision\\": \\"bf16\\"' in Perception(decided).recipe
