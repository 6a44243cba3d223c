"""`antiphon convert`: from a fairseq checkpoint to an agent that stands on it."""

import json
from pathlib import Path

import pytest
from cli_making import FAST, digests, refused
from wav2vec2_making import checkpoint_of, model_of

pytest.importorskip("transformers")

ROOT = Path(__file__).parents[2]


class Code:
    """An object that a pickle makes by a call."""

    def __reduce__(self):
        return print, ("unpickled",)


@pytest.fixture
def checkpoint(tmp_path):
    import torch

    torch.save(checkpoint_of(model_of()), tmp_path / "checkpoint.pt")
    return tmp_path / "checkpoint.pt"


def test_a_checkpoint_becomes_a_directory(call, checkpoint, tmp_path):
    before = digests(tmp_path)
    result = call("convert", checkpoint, tmp_path / "model")
    assert (result.code, result.err) == (0, "")
    assert result.out == f"2 layers of 16: {tmp_path / 'model'}\n"
    assert digests(tmp_path).items() >= before.items()
    again = call("convert", checkpoint, tmp_path / "model", "--json")
    assert json.loads(again.out)["config"] == json.loads((tmp_path / "model" / "config.json").read_text())


def test_a_checkpoint_with_code_in_it_wants_trust(call, tmp_path):
    import torch

    torch.save(checkpoint_of(model_of()) | {"extra_state": Code()}, tmp_path / "checkpoint.pt")
    before = digests(tmp_path)
    refused(call("convert", tmp_path / "checkpoint.pt", tmp_path / "model"), 4, "checkpoint.pt", "can run", "--trust")
    assert digests(tmp_path) == before
    trusted = call("convert", tmp_path / "checkpoint.pt", tmp_path / "model", "--trust")
    assert trusted.code == 0
    assert trusted.out.startswith("unpickled\n")


@pytest.mark.parametrize("place", ["notes.txt", "theirs", "checkpoint.pt", "."])
def test_an_output_that_cannot_be_is_refused_and_what_is_there_is_untouched(call, checkpoint, tmp_path, place):
    (tmp_path / "theirs").mkdir()
    for notes in (tmp_path / "notes.txt", tmp_path / "theirs" / "notes.txt"):
        notes.write_text("mine", encoding="utf-8")
    before = digests(tmp_path)
    refused(call("convert", checkpoint, tmp_path / place), 1, str(tmp_path))
    assert digests(tmp_path) == before


def test_a_file_that_is_no_checkpoint_is_named(call, tmp_path):
    (tmp_path / "text.pt").write_text("nothing", encoding="utf-8")
    refused(call("convert", tmp_path / "text.pt", tmp_path / "model"), 4, "text.pt: not a checkpoint")
    refused(call("convert", tmp_path / "gone.pt", tmp_path / "model"), 4, "gone.pt: No such file")
    assert [path.name for path in tmp_path.iterdir()] == ["text.pt"]


def test_the_papers_configuration_runs_on_a_converted_model(call, checkpoint, world, tmp_path):
    assert call("convert", checkpoint, tmp_path / "model").code == 0
    encoder = ("--perception.encoder.directory", tmp_path / "model")
    paper = ("--config", ROOT / "configs" / "paper.toml", *encoder, *FAST)
    smaller = ("--decision.heads", 4, "--training.learning-rate", "1e-3")
    trained = call("train", world, "-o", tmp_path / "agent", *paper, *smaller, "--json")
    assert trained.code == 0, trained.err
    answer = ("respond", world / "delay-000" / "a.wav", "-m", world / "delay-000" / "b.wav", "-o", tmp_path / "out")
    assert call(*answer, "--agent", tmp_path / "agent").code == 0
    settings = json.loads((tmp_path / "agent" / "config.json").read_text(encoding="utf-8"))["settings"]
    assert settings["perception"]["encoder"]["name"] == "wav2vec2"
    assert settings["perception"]["rest"] is False
    assert call("evaluate", tmp_path / "agent", world).code == 0
