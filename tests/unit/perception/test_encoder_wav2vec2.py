import sys

import numpy as np
import pytest
from wav2vec2_making import RATE, model_of, saved

from antiphon.config import EncoderSettings
from antiphon.errors import MissingExtra, SettingsError
from antiphon.perception import make_encoder
from antiphon.types import Audio


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """A tiny model with random weights and the convolutions of the base one: 400 samples a frame, every 320."""
    return saved(model_of(), tmp_path_factory.mktemp("wav2vec2"))


def encoder_of(directory, **settings):
    return make_encoder(EncoderSettings(name="wav2vec2", directory=str(directory), **settings))


def noise(samples, seed=0):
    return Audio(0.1 * np.random.default_rng(seed).standard_normal((samples, 1)).astype(np.float32), RATE)


@pytest.mark.parametrize("samples", [400, 719, 720, 16000, 49999])
def test_frame_times_are_the_centres_of_what_the_convolutions_see(directory, samples):
    features = encoder_of(directory, window_seconds=1.0, hop_seconds=0.5).encode(noise(samples))
    count = (samples - 400) // 320 + 1
    np.testing.assert_array_equal(features.times, (np.arange(count) * 320 + 200) / RATE)
    assert features.values.shape == (count, 16)


def test_a_short_file_gives_what_transformers_gives(directory):
    import torch
    from transformers import Wav2Vec2FeatureExtractor, Wav2Vec2Model

    audio = noise(8000)
    inputs = Wav2Vec2FeatureExtractor.from_pretrained(directory)(
        audio.samples[: 24 * 320 - 240, 0], sampling_rate=RATE, return_tensors="pt"
    )
    with torch.no_grad():
        expected = Wav2Vec2Model.from_pretrained(directory).eval()(inputs.input_values, output_hidden_states=True)
    for layer in (-1, 1, 0):
        found = encoder_of(directory, layer=layer).encode(Audio(audio.samples[: 24 * 320 - 240], RATE))
        np.testing.assert_allclose(found.values, expected.hidden_states[layer][0].numpy(), atol=1e-5)


def test_a_window_in_a_long_file_gives_what_the_window_alone_gives(directory):
    """Hop of a whole window: the first window's frames know nothing of what follows, the last is of full length."""
    encoder = encoder_of(directory, window_seconds=1.0, hop_seconds=1.0)
    audio = noise(40000)
    whole = encoder.encode(audio)
    samples = 48 * 320 + 400
    first = encoder.encode(Audio(audio.samples[:samples], RATE))
    np.testing.assert_array_equal(whole.values[:40], first.values[:40])
    start = (len(whole.times) - 49) * 320
    last = encoder.encode(Audio(audio.samples[start : start + samples], RATE))
    np.testing.assert_array_equal(whole.values[-9:], last.values[-9:])


def test_normalisation_makes_the_level_irrelevant(directory):
    encoder = encoder_of(directory)
    audio = noise(8000)
    np.testing.assert_allclose(
        encoder.encode(audio).values, encoder.encode(Audio(audio.samples * np.float32(4), RATE)).values, atol=1e-3
    )


def test_less_than_a_frame_is_filled_up_and_silence_is_finite(directory):
    encoder = encoder_of(directory)
    assert len(encoder.encode(noise(1)).times) == 1
    assert np.isfinite(encoder.encode(Audio(np.zeros((8000, 1), np.float32), RATE)).values).all()


def test_identity_holds_what_labels_depend_on(directory):
    identity = encoder_of(directory).identity
    assert encoder_of(directory, layer=2).identity == identity  # -1 is layer 2 of 2
    assert encoder_of(directory, register_weight=0.1).identity == identity
    assert encoder_of(directory, layer=1).identity != identity
    assert encoder_of(directory, hop_seconds=5.0).identity != identity
    assert "model.safetensors" in identity


def test_a_directory_that_is_none_is_refused_by_name(directory, tmp_path):
    with pytest.raises(SettingsError, match=r"encoder\.directory"):
        encoder_of("")
    with pytest.raises(SettingsError, match="not a model directory"):
        encoder_of(tmp_path)
    with pytest.raises(SettingsError, match="layers 0 to 2"):
        encoder_of(directory, layer=3)
    with pytest.raises(SettingsError, match="window_seconds"):
        encoder_of(directory, window_seconds=0.01, hop_seconds=0.01)


def test_weights_that_are_not_all_there_are_refused_not_made_up(directory, tmp_path):
    from safetensors.numpy import load_file, save_file

    tensors = load_file(directory / "model.safetensors")
    del tensors["encoder.layers.1.attention.q_proj.weight"]
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    (tmp_path / "config.json").write_bytes((directory / "config.json").read_bytes())
    with pytest.raises(SettingsError, match="lack 1 tensors"):
        encoder_of(tmp_path).encode(noise(8000))


def test_without_transformers_the_message_names_the_extra(directory, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtra, match=r"pip install 'antiphon\[wav2vec2\]'"):
        encoder_of(directory).encode(noise(8000))


def test_on_a_device_of_torchs_it_gives_the_same_to_its_last_digits(directory):
    audio = noise(20000)
    here = encoder_of(directory)
    there = here.on("cpu")
    assert there.identity == here.identity
    np.testing.assert_allclose(there.encode(audio).values, here.encode(audio).values, atol=1e-4)
