"""The networks behind the wav2vec2 encoder: every model of the family, and the lean forward of the base form."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from wav2vec2_making import LARGE_FORM, RATE, model_of, saved

from antiphon.config import EncoderSettings
from antiphon.errors import SettingsError
from antiphon.perception import make_encoder
from antiphon.types import Audio

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

MODELS = {
    "wav2vec2 base": ("Wav2Vec2", {}),
    "wav2vec2 large": ("Wav2Vec2", LARGE_FORM),
    "hubert base": ("Hubert", {}),
    "hubert large": ("Hubert", LARGE_FORM),
    "wavlm base": ("WavLM", {}),
    "wavlm large": ("WavLM", LARGE_FORM),
}


@pytest.fixture(scope="module")
def models():
    return {name: model_of(family, **shape) for name, (family, shape) in MODELS.items()}


@pytest.fixture(scope="module")
def directories(models, tmp_path_factory):
    return {name: saved(model, tmp_path_factory.mktemp("model")) for name, model in models.items()}


def encoder_of(directory, **settings):
    return make_encoder(EncoderSettings(name="wav2vec2", directory=str(directory), **settings))


def noise(samples, seed=0):
    return np.random.default_rng(seed).standard_normal(samples).astype(np.float32)


def hidden_states(model, samples):
    with torch.no_grad():
        states = model(torch.from_numpy(samples)[None], output_hidden_states=True).hidden_states
    return [state[0].numpy() for state in states]


@pytest.mark.parametrize("name", MODELS)
def test_each_layer_of_each_family_is_what_transformers_gives(models, directories, name):
    samples = noise(23 * 320 + 400)  # whole frames
    samples = (samples - samples.mean()) / samples.std()
    expected = hidden_states(models[name], samples)
    assert len(expected) == 3
    for layer, values in enumerate(expected):
        found = encoder_of(directories[name], layer=layer).encode(Audio(samples[:, None], RATE))
        np.testing.assert_allclose(found.values, values, atol=1e-4)


@pytest.mark.parametrize("family", ["Wav2Vec2", "Hubert", "WavLM"])
def test_there_is_no_dropout(tmp_path, family):
    rates = ("hidden_dropout", "attention_dropout", "activation_dropout", "feat_proj_dropout", "layerdrop")
    directory = saved(model_of(family, **dict.fromkeys(rates, 0.5)), tmp_path)
    encoder = encoder_of(directory)
    audio = Audio(noise(8000)[:, None], RATE)
    np.testing.assert_array_equal(encoder.encode(audio).values, encoder.encode(audio).values)


SOUNDS = {
    "one frame": noise(400),
    "within a tile": noise(9000),
    "over several tiles": noise(3 * RATE + 77),
    "silence": np.zeros(8000, dtype=np.float32),
    "far from zero": noise(8000) * np.float32(0.01) + np.float32(0.7),
    "very soft": noise(8000) * np.float32(1e-6),
}


@pytest.mark.parametrize("fused", [True, False], ids=["fused", "without private operations"])
@pytest.mark.parametrize("shape", [{}, {"conv_bias": True, "num_conv_pos_embeddings": 7}], ids=["base", "odd"])
def test_the_lean_forward_is_transformers_in_other_order(monkeypatch, shape, fused):
    from antiphon.perception.encoders import wav2vec2_lean

    if not fused:
        monkeypatch.setattr(wav2vec2_lean, "_can_fuse", lambda: False)
    model = model_of(seed=1, hidden_size=48, num_attention_heads=4, conv_dim=(16,) * 7, **shape)
    assert wav2vec2_lean.is_lean(model.config)
    lean = wav2vec2_lean.LeanForward(model, 2, torch.float32)
    exact = model.double()  # in fp32, transformers' own norm of a constant is off by more than this
    for name, samples in SOUNDS.items():
        with torch.inference_mode():
            found = lean(torch.from_numpy(samples)).numpy()
        expected = hidden_states(exact, samples.astype(np.float64))[-1]
        np.testing.assert_allclose(found, expected, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("units", [True, False])
@pytest.mark.parametrize("name", ["wav2vec2 base", "wav2vec2 large", "wavlm base"])
def test_bf16_is_near_and_is_another_encoder(directories, monkeypatch, name, units):
    from antiphon.perception.encoders import wav2vec2_lean

    monkeypatch.setattr(wav2vec2_lean, "has_bf16_units", lambda: units)
    full, half = (encoder_of(directories[name], precision=precision) for precision in ("fp32", "bf16"))
    audio = Audio(noise(16000)[:, None], RATE)
    expected, found = full.encode(audio).values, half.encode(audio).values
    assert found.dtype == np.float32
    assert 0 < np.linalg.norm(found - expected) < 0.05 * np.linalg.norm(expected)
    assert full.identity != half.identity


def test_precision_that_nobody_measured_is_full(directories):
    directory = directories["wav2vec2 base"]
    assert encoder_of(directory, precision="auto").identity == encoder_of(directory, precision="fp32").identity


def test_both_names_of_the_weight_normalisation_are_read_alike(directories, tmp_path):
    directory = directories["wav2vec2 base"]
    tensors = load_file(directory / "model.safetensors")
    place = "encoder.pos_conv_embed.conv"
    names = {f"{place}.parametrizations.weight.original{i}": f"{place}.weight_{'gv'[i]}" for i in (0, 1)}
    audio = Audio(noise(8000)[:, None], RATE)
    found = []
    for index, renamed in enumerate((names, {new: old for old, new in names.items()})):
        copy = tmp_path / str(index)
        copy.mkdir()
        for file in ("config.json", "preprocessor_config.json"):
            (copy / file).write_bytes((directory / file).read_bytes())
        kept = {renamed.get(name, name): tensor for name, tensor in tensors.items()}
        save_file(kept, copy / "model.safetensors", metadata={"format": "pt"})
        found.append((sorted(kept), encoder_of(copy).encode(audio).values))
    assert found[0][0] != found[1][0]
    np.testing.assert_array_equal(found[0][1], found[1][1])


def with_config(directory, place, **changes):
    config = json.loads((directory / "config.json").read_text()) | changes
    (place / "config.json").write_text(json.dumps(config))
    (place / "model.safetensors").write_bytes((directory / "model.safetensors").read_bytes())
    return place


def test_a_model_of_another_family_is_refused_before_it_is_loaded(directories, tmp_path):
    for kind in ("bert", None, ["wav2vec2"]):
        with pytest.raises(SettingsError, match=r"a model of type .*; the wav2vec2 encoder takes wav2vec2, hubert"):
            encoder_of(with_config(directories["wav2vec2 base"], tmp_path, model_type=kind))


@pytest.mark.parametrize("change", [{"hidden_size": 32}, {"feat_extract_norm": "batch"}, {"num_hidden_layers": 3}])
def test_a_configuration_that_is_not_of_the_weights_is_refused(directories, tmp_path, change):
    directory = with_config(directories["wav2vec2 base"], tmp_path, **change)
    with pytest.raises(SettingsError, match=str(tmp_path)) as refused:
        encoder_of(directory).encode(Audio(noise(8000)[:, None], RATE))
    assert "\n" not in str(refused.value)


def test_weights_that_are_cut_off_or_pickled_are_refused(directories, tmp_path):
    directory = with_config(directories["wav2vec2 base"], tmp_path)
    weights = directory / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(SettingsError, match=str(tmp_path)):
        encoder_of(directory).encode(Audio(noise(8000)[:, None], RATE))
    weights.rename(directory / "pytorch_model.bin")
    with pytest.raises(SettingsError, match="safetensors"):
        encoder_of(directory)


def test_code_that_lies_in_the_directory_is_not_run(directories, tmp_path):
    directory = with_config(
        directories["wav2vec2 base"], tmp_path, auto_map={"AutoModel": "own.Model", "AutoConfig": "own.Config"}
    )
    (directory / "own.py").write_text(f"open({str(tmp_path / 'touched')!r}, 'w')\n")
    encoder_of(directory).encode(Audio(noise(8000)[:, None], RATE))
    assert not (tmp_path / "touched").exists()
