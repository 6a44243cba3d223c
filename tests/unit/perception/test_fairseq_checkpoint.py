import json

import numpy as np
import pytest
from safetensors.numpy import load_file
from wav2vec2_making import LARGE_FORM, checkpoint_of, model_of

from antiphon.config import EncoderSettings
from antiphon.errors import AntiphonError, BadData
from antiphon.perception import make_encoder
from antiphon.perception.encoders.fairseq import MODEL_FILES, convert_fairseq

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")


def hidden_states(model, samples):
    with torch.no_grad():
        return model(torch.from_numpy(samples)[None], output_hidden_states=True).hidden_states


@pytest.mark.parametrize("form", ["cfg", "args"])
@pytest.mark.parametrize("shape", [{}, LARGE_FORM], ids=["base", "large"])
def test_a_converted_model_hears_bit_for_bit_what_the_original_does(tmp_path, form, shape):
    from transformers import Wav2Vec2Model

    original = model_of(**shape)
    torch.save(checkpoint_of(original, form), tmp_path / "checkpoint.pt")
    before = (tmp_path / "checkpoint.pt").read_bytes()
    convert_fairseq(tmp_path / "checkpoint.pt", tmp_path / "model")
    assert (tmp_path / "checkpoint.pt").read_bytes() == before
    converted = Wav2Vec2Model.from_pretrained(tmp_path / "model", local_files_only=True).eval()
    samples = np.random.default_rng(0).standard_normal(8000).astype(np.float32)
    pairs = zip(hidden_states(original, samples), hidden_states(converted, samples), strict=True)
    for expected, found in pairs:
        np.testing.assert_array_equal(found.numpy(), expected.numpy())


def test_what_pre_training_alone_needs_stays_behind(tmp_path):
    torch.save(checkpoint_of(model_of()), tmp_path / "checkpoint.pt")
    convert_fairseq(tmp_path / "checkpoint.pt", tmp_path / "model")
    names = load_file(tmp_path / "model" / "model.safetensors")
    assert len(names) == len(model_of().state_dict())
    assert not [name for name in names if "quantizer" in name or "proj_q" in name or "final_proj" in name]
    assert {file.name for file in (tmp_path / "model").iterdir()} == set(MODEL_FILES)


@pytest.mark.parametrize("form", ["cfg", "args"])
@pytest.mark.parametrize("normalize", [True, False])
def test_audio_is_normalised_as_it_was_in_pre_training(tmp_path, form, normalize):
    torch.save(checkpoint_of(model_of(), form, normalize), tmp_path / "checkpoint.pt")
    convert_fairseq(tmp_path / "checkpoint.pt", tmp_path / "model")
    preparation = json.loads((tmp_path / "model" / "preprocessor_config.json").read_text())
    assert preparation["do_normalize"] is normalize
    assert preparation["sampling_rate"] == 16000


def test_half_precision_and_the_format_of_before_torch_1_6_are_read(tmp_path):
    content = checkpoint_of(model_of())
    content["model"] = {name: tensor.half() for name, tensor in content["model"].items()}
    torch.save(content, tmp_path / "checkpoint.pt", _use_new_zipfile_serialization=False)
    convert_fairseq(tmp_path / "checkpoint.pt", tmp_path / "model")
    tensors = load_file(tmp_path / "model" / "model.safetensors")
    assert {array.dtype for array in tensors.values()} == {np.dtype(np.float32)}


def test_the_same_checkpoint_gives_the_same_bytes(tmp_path):
    torch.save(checkpoint_of(model_of()), tmp_path / "checkpoint.pt")
    for name in ("one", "two"):
        convert_fairseq(tmp_path / "checkpoint.pt", tmp_path / name)
    for file in MODEL_FILES:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


class Touch:
    """An object that writes a file when it is unpickled."""

    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return open, (str(self.place), "w")


def test_code_in_a_checkpoint_is_only_run_where_it_is_trusted(tmp_path):
    content = checkpoint_of(model_of()) | {"extra_state": Touch(tmp_path / "touched")}
    torch.save(content, tmp_path / "checkpoint.pt")
    with pytest.raises(
        BadData, match=r"\(.*open\); .* can run any code that whoever made the file put in it; .* pass --trust"
    ):
        convert_fairseq(tmp_path / "checkpoint.pt", tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]
    convert_fairseq(tmp_path / "checkpoint.pt", tmp_path / "model", trust=True)
    assert (tmp_path / "touched").exists()
    assert (tmp_path / "model" / "config.json").exists()


def without(name):
    return lambda content: content["model"].pop(name)


def with_tensor(name, *shape):
    return lambda content: content["model"].update({name: torch.zeros(shape)})


def with_setting(name, value):
    return lambda content: content["cfg"]["model"].update({name: value})


DAMAGE = {
    "missing": (without("encoder.layers.1.fc1.bias"), r"1 tensors are missing \(encoder\.layers\.1\.fc1\.bias\)"),
    "unknown": (with_tensor("encoder.adapter.weight", 4), r"1 are unknown \(encoder\.adapter\.weight\)"),
    "wrong shape": (with_tensor("layer_norm.weight", 9), r"layer_norm\.weight has shape \(9,\), .* ask for \(8,\)"),
    "fewer layers": (with_setting("encoder_layers", 1), "16 are unknown"),
    "other strides": (with_setting("conv_feature_layers", "[(8, 10)]"), "conv_feature_layers"),
    "code in settings": (with_setting("conv_feature_layers", "print('hello')"), "conv_feature_layers"),
    "no mode": (with_setting("extractor_mode", "none"), "'none'"),
    "no number": (with_setting("encoder_layers", None), "num_hidden_layers would be None"),
    "activation": (with_setting("activation_fn", "swish"), "hidden_act would be .swish."),
    "another model": (with_setting("_name", "hubert"), "checkpoint of hubert"),
    "fine-tuned": (with_setting("_name", "wav2vec_ctc"), "checkpoint of wav2vec_ctc"),
    "no settings": (lambda content: content.update(cfg=None), "neither cfg nor args"),
    "no model": (lambda content: content.pop("model"), "no model in it"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_checkpoint_that_does_not_fit_is_refused_by_name_and_leaves_nothing(tmp_path, name):
    damage, said = DAMAGE[name]
    content = checkpoint_of(model_of())
    damage(content)
    torch.save(content, tmp_path / "checkpoint.pt")
    with pytest.raises(BadData, match=rf"checkpoint\.pt: .*{said}"):
        convert_fairseq(tmp_path / "checkpoint.pt", tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]


@pytest.mark.parametrize("content", [b"", b"no checkpoint at all", b"\x80\x02K\x01.", b"PK\x03\x04 cut off"])
def test_a_file_that_is_none_is_refused(tmp_path, content):
    (tmp_path / "checkpoint.pt").write_bytes(content)
    with pytest.raises(BadData, match=r"checkpoint\.pt: "):
        convert_fairseq(tmp_path / "checkpoint.pt", tmp_path / "model")
    with pytest.raises(BadData, match="No such file"):
        convert_fairseq(tmp_path / "nowhere.pt", tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_directory_with_other_things_in_it_is_left_alone(tmp_path):
    torch.save(checkpoint_of(model_of()), tmp_path / "checkpoint.pt")
    with pytest.raises(AntiphonError, match="holds files of its own"):
        convert_fairseq(tmp_path / "checkpoint.pt", tmp_path)


def test_the_encoder_takes_a_converted_directory(tmp_path):
    from antiphon.types import Audio

    torch.save(checkpoint_of(model_of()), tmp_path / "checkpoint.pt")
    convert_fairseq(tmp_path / "checkpoint.pt", tmp_path / "model")
    encoder = make_encoder(EncoderSettings(name="wav2vec2", directory=str(tmp_path / "model")))
    sound = np.random.default_rng(0).standard_normal((8000, 1)).astype(np.float32)
    assert encoder.encode(Audio(sound, 16000)).values.shape == (24, 16)
