"""An agent whose encoder is a local transformers directory."""

import json
import shutil
import subprocess
import sys

import pytest
from cli_making import FAST, refused
from wav2vec2_making import model_of, saved

pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A tiny wav2vec 2.0 with random weights."""
    return saved(model_of(), tmp_path_factory.mktemp("wav2vec2"))


@pytest.mark.slow
def test_it_trains_and_responds_and_is_missed_by_name(call, world, guide, weights, tmp_path):
    encoder = shutil.copytree(weights, tmp_path / "weights")
    flags = ("--perception.encoder.name", "wav2vec2", "--perception.encoder.directory", encoder)
    agent = tmp_path / "agent"
    train = [sys.executable, "-m", "antiphon", "train", world, "-o", agent, *FAST, *flags]
    finished = subprocess.run([str(part) for part in train], capture_output=True, text=True, check=True)
    assert finished.stderr == ""  # no progress bar of transformers
    answer = ("respond", guide, "-m", world / "delay-000" / "b.wav", "--agent", agent, "-o", tmp_path / "out")
    assert call(*answer).code == 0
    assert json.loads((tmp_path / "out" / "specification.json").read_text())["alphabet_size"] == 8

    config = encoder / "config.json"
    config.write_text(config.read_text().replace('"hidden_dropout": 0.1', '"hidden_dropout": 0.2'))
    refused(call(*answer), 4, str(agent), "config.json")
    shutil.rmtree(encoder)
    refused(call(*answer), 4, str(agent), str(encoder), "not a model directory")
    assert (tmp_path / "out" / "response.wav").exists()
