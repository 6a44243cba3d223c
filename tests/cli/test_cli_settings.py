"""Settings and arguments: who wins, and what a wrong one is told. Exit code 2, and nothing is begun."""

import json

import pytest
from cli_making import FAST, digests, refused


@pytest.fixture
def settle(call, world, tmp_path):
    """A training with these flags."""

    def settle(*flags):
        return call("train", world, "-o", tmp_path / "agent", *FAST[2:], *flags)

    return settle


def test_flags_win_over_the_environment_and_it_over_the_file_and_it_over_the_agent(
    call, guide, agent, tmp_path, monkeypatch
):
    toml = tmp_path / "settings.toml"
    toml.write_text("[sampling]\ntemperature = 0.25\ntop_p = 0.25\n[action]\njump_cost = 0.25\n", encoding="utf-8")
    monkeypatch.setenv("ANTIPHON_SAMPLING__TOP_P", "0.5")
    monkeypatch.setenv("ANTIPHON_SAMPLING__TEMPERATURE", "0.5")
    command = ("respond", guide, "-m", guide, "--agent", agent, "-o", tmp_path / "out", "--config", toml)
    assert call(*command, "--sampling.temperature", "0.75").code == 0
    used = json.loads((tmp_path / "out" / "provenance.json").read_text(encoding="utf-8"))["settings"]
    assert [used["sampling"][name] for name in ("temperature", "top_p", "constraint")] == [0.75, 0.5, "hard"]
    assert used["action"]["jump_cost"] == 0.25
    assert used["action"]["crossfade_seconds"] == 0.05


@pytest.mark.parametrize("way", ["flag", "environment", "file"])
def test_an_agent_keeps_the_settings_it_was_trained_with(call, world, tmp_path, monkeypatch, way):
    toml = tmp_path / "settings.toml"
    toml.write_text("[training]\nmax_epochs = 2\n", encoding="utf-8")
    if way == "environment":
        monkeypatch.setenv("ANTIPHON_TRAINING__MAX_EPOCHS", "2")
    flags = {"flag": ("--training.max-epochs", "2"), "environment": (), "file": ("--config", toml)}[way]
    assert call("train", world, "-o", tmp_path / "agent", *FAST[2:], *flags).code == 0
    config = json.loads((tmp_path / "agent" / "config.json").read_text(encoding="utf-8"))
    assert config["settings"]["training"]["max_epochs"] == 2
    assert len((tmp_path / "agent" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--training.max-epoch", "3"), "Did you mean --training.max-epochs?"),
        (("--trainin.max-epochs", "3"), "Did you mean --training.max-epochs?"),
        (("--overwrit",), "Did you mean --overwrite?"),
        (("--training.max-epochs", "0"), "training.max_epochs: "),
        (("--training.max-epochs", "many"), "training.max_epochs: "),
        (("--training.max-epochs", "2.5"), "training.max_epochs: "),
        (("--training.learning-rate", "nan"), "training.learning_rate: "),
        (("--training.learning-rate", "-1"), "training.learning_rate: "),
        (("--decision.heads", "3"), "dimension must be an even multiple of heads"),
        (("--corpus.train-share", "0.95"), "train_share + validation_share must not exceed 1"),
        (("--perception.encoder.name", "note"), "'notes', 'quick-notes', 'wav2vec2' or 'chroma-mfcc'"),
        (("--perception.encoder.name", "wav2vec2"), "encoder.directory"),
        (("--training.device", "banana"), "training.device: 'banana'"),
        (("--config", "nowhere.toml"), "nowhere.toml: No such file or directory"),
    ],
)
def test_a_wrong_flag_is_named(settle, tmp_path, flags, said):
    refused(settle(*flags), 2, said)
    assert digests(tmp_path) == {}


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("ANTIPHON_TRAINING__MAX_EPOCH=3", "did you mean training.max_epochs?"),
        ("ANTIPHON_TRAININ__MAX_EPOCHS=3", "did you mean training?"),
        ("ANTIPHON_PERCEPTION__ENCODER__NAM=notes", "did you mean perception.encoder.name?"),
        ("ANTIPHON_PERCEPTION__ENCODER=notes", "perception.encoder is a section"),
        ("ANTIPHON_TRAINING__MAX_EPOCHS=0", "training.max_epochs: "),
        ("ANTIPHON_TRAINING__MAX_EPOCHS=", "training.max_epochs: "),
    ],
)
def test_a_wrong_variable_is_named(settle, tmp_path, monkeypatch, variable, said):
    monkeypatch.setenv(*variable.split("="))
    refused(settle(), 2, said)
    assert digests(tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[training]\nmax_epoch = 3\n", "did you mean training.max_epochs?"),
        ("[trainings]\nmax_epochs = 3\n", "did you mean training?"),
        ("[perception.encoder]\nnam = 'notes'\n", "did you mean perception.encoder.name?"),
        ("training = 3\n", "training is a section"),
        ("[training]\nmax_epochs = 0\n", "training.max_epochs: "),
        ("[training]\nmax_epochs = 'many'\n", "training.max_epochs: "),
        ("[training]\nmax_epochs = [1]\n", "training.max_epochs: "),
        ("[training]\nlearning_rate = inf\n", "training.learning_rate: "),
        ("[training\n", "settings.toml are not TOML"),
    ],
)
def test_a_wrong_file_is_named(call, world, tmp_path, text, said):
    toml = tmp_path / "settings.toml"
    toml.write_text(text, encoding="utf-8")
    before = digests(tmp_path)
    refused(call("train", world, "-o", tmp_path / "agent", "--config", toml), 2, said)
    assert digests(tmp_path) == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("trian", 'Did you mean "train"?'),
        ("corpus scna", 'Did you mean "scan"?'),
        ("train", "--output is missing; see antiphon train --help"),
        ("train x -o", "-o requires an argument"),
        ("train -o out", "give one corpus"),
        ("train x -o out --pair a.wav b.wav", "give one corpus"),
        ("train -o out --pair a.wav b.wav --paired-folders a b", "give one corpus"),
        ("train -o out --pair a.wav", "--pair requires 2"),
        ("respond -o out", "GUIDE is missing; see antiphon respond --help"),
        ("respond a.wav --agent x -o out", "--memory is missing"),
        ("respond a.wav -m b.wav --agent x", "--output is missing"),
        ("respond a.wav -m b.wav --agent x -o out --seed -1", "--seed"),
        ("respond a.wav -m b.wav --agent x -o out --training.max-epochs 3", "--training.max-epochs"),
        ("tokenize a.wav", "--agent is missing"),
        ("evaluate", "AGENT is missing"),
        ("info", "AGENT is missing"),
        ("info one two", "two; see antiphon info --help"),
        ("corpus build chorals -o out", "known: chorales"),
        ("corpus build lieder -o out", "--source is missing"),
        ("corpus build madrigals --source . -o out", "known: chorales, lieder"),
        ("corpus build lieder --source . -o out --renderer timidity", "--renderer"),
        ("corpus build lieder --source . -o out --room-seconds 60", "room_seconds goes from 0 to 10"),
        ("corpus build chorales -o out --pieces 0", "pieces must be 1 or more"),
        ("corpus build chorales -o out --seed -1", "--seed"),
        ("demo out --pieces 3", "24 pieces or more"),
    ],
)
def test_a_wrong_command_says_how_to_go_on(call, tmp_path, monkeypatch, line, said):
    monkeypatch.chdir(tmp_path)
    refused(call(*line.split()), 2, said)
    assert digests(tmp_path) == {}


def test_a_device_that_is_not_there_is_a_missing_one(settle, tmp_path):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is one")
    refused(settle("--training.device", "cuda"), 3, "training.device", "cuda")
    assert digests(tmp_path) == {}
