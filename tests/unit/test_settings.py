import itertools
from pathlib import Path

import pytest
from pydantic import ValidationError

from antiphon.config import DecisionSettings, EncoderSettings, Settings, resolve, validated
from antiphon.errors import SettingsError

LEVELS = ("default", "base", "file", "environment", "flags")


def at_levels(tmp_path, levels) -> float:
    """The learning rate when each of `levels` sets its own; the level's index says which one won."""
    file = tmp_path / "settings.toml"
    file.write_text("[training]\nlearning_rate = 0.2\n" if "file" in levels else "", encoding="utf-8")
    base = Settings.model_validate({"training": {"learning_rate": 0.1}}) if "base" in levels else None
    environment = {"ANTIPHON_TRAINING__LEARNING_RATE": "0.3"} if "environment" in levels else {}
    overrides = {"training": {"learning_rate": 0.4}} if "flags" in levels else None
    return resolve(file, environment, overrides, base).training.learning_rate


@pytest.mark.parametrize(
    "levels", [each for size in range(5) for each in itertools.combinations(LEVELS[1:], size)], ids="-".join
)
def test_the_highest_level_wins(tmp_path, levels):
    values = {"base": 0.1, "file": 0.2, "environment": 0.3, "flags": 0.4}
    expected = values[levels[-1]] if levels else Settings().training.learning_rate
    assert at_levels(tmp_path, levels) == expected


def test_a_level_leaves_alone_what_it_does_not_name(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text("[perception]\nalphabet_size = 16\n[perception.encoder]\nlayer = 3\n", encoding="utf-8")
    environment = {"ANTIPHON_PERCEPTION__ENCODER__NAME": "chroma-mfcc"}
    found = resolve(file, environment, {"perception": {"rest": False}}).perception
    assert (found.alphabet_size, found.encoder.layer, found.encoder.name, found.rest) == (16, 3, "chroma-mfcc", False)
    assert found.segment_seconds == Settings().perception.segment_seconds


def test_the_environment_of_the_process_counts(monkeypatch):
    monkeypatch.setenv("ANTIPHON_SAMPLING__TOP_P", "0.5")
    assert resolve().sampling.top_p == 0.5


def test_the_environment_speaks_of_lists_by_commas():
    named = resolve(environment={"ANTIPHON_CORPUS__EXCLUDE": "drums, sound effects"})
    nothing = resolve(environment={"ANTIPHON_CORPUS__EXCLUDE": ""})
    assert named.corpus.exclude == ("drums", "sound effects")
    assert nothing.corpus.exclude == ()


def test_an_instrument_without_a_name_cannot_be_excluded():
    with pytest.raises(SettingsError, match=r"corpus\.exclude"):
        validated({"corpus": {"exclude": ["drums", ""]}})


def test_other_variables_are_none_of_its_business():
    assert resolve(environment={"ANTIPHON_CACHE": "/tmp", "TRAINING__LEARNING_RATE": "7"}) == Settings()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"training": {"lerning_rate": 1}}, r"unknown setting training\.lerning_rate; .* training\.learning_rate\?"),
        ({"trainin": {}}, r"unknown setting trainin; did you mean training\?"),
        ({"perception": {"encoder": {"nmae": 1}}}, r"unknown setting .*\.nmae; did you mean perception\.encoder\.name"),
        ({"training": 3}, r"training is a section, not a value \(given: 3\)"),
        ({"training": {"batch_size": 0}}, r"training\.batch_size: .*greater than or equal to 1 \(given: 0\)"),
        ({"sampling": {"constraint": "firm"}}, r"sampling\.constraint: .*'hard', 'soft' or 'off' \(given: 'firm'\)"),
        ({"training": {"learning_rate": float("nan")}}, r"training\.learning_rate"),
        ({"action": {"jump_cost": float("inf")}}, r"action\.jump_cost"),
        ({"decision": {"dimension": 100, "heads": 3}}, r"decision: dimension must be an even multiple of heads"),
        ({"corpus": {"train_share": 0.9, "validation_share": 0.2}}, r"corpus: .*must not exceed 1"),
        ({"perception": {"encoder": {"hop_seconds": 20}}}, r"perception\.encoder: hop_seconds must not exceed"),
    ],
)
def test_what_is_wrong_is_named(overrides, message):
    with pytest.raises(SettingsError, match=message) as refused:
        resolve(environment={}, overrides=overrides)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 2


def test_the_environment_is_judged_as_all_others():
    with pytest.raises(SettingsError, match=r"training\.learning_rate\?"):
        resolve(environment={"ANTIPHON_TRAINING__LEARNING_RAT": "1"})
    with pytest.raises(SettingsError, match=r"training\.learning_rate: .*number.*\(given: 'fast'\)"):
        resolve(environment={"ANTIPHON_TRAINING__LEARNING_RATE": "fast"})
    with pytest.raises(SettingsError, match="both as a value and as a section"):
        resolve(environment={"ANTIPHON_PERCEPTION__ENCODER": "a", "ANTIPHON_PERCEPTION__ENCODER__NAME": "notes"})


@pytest.mark.parametrize(
    ("content", "message"), [(b"[training\n", "not TOML"), (b"\xff\xfe", "not TOML"), (None, "cannot read")]
)
def test_a_file_that_is_none_is_named(tmp_path, content, message):
    file = tmp_path / "my settings.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=message) as refused:
        resolve(file, {})
    assert "my settings.toml" in str(refused.value)


def test_a_tree_survives_being_written_into_an_agent():
    changed = resolve(environment={}, overrides={"corpus": {"exclude": ["choir"]}, "training": {"seed": 3}})
    assert validated(changed.model_dump(mode="json")) == changed


@pytest.mark.parametrize("section", Settings.model_fields)
def test_settings_do_not_change(section):
    settings = Settings()
    part = getattr(settings, section)
    name, value = next(iter(part))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(part, name, value)
    with pytest.raises(ValidationError, match="frozen"):
        setattr(settings, section, part)


def test_every_setting_says_what_it_is():
    sections = [EncoderSettings, *(field.annotation for field in Settings.model_fields.values())]
    for section in sections:
        for name, field in section.model_fields.items():
            assert field.description or isinstance(field.default, EncoderSettings), f"{section.__name__}.{name}"


@pytest.mark.parametrize(("dimension", "heads", "fits"), [(768, 12, True), (192, 4, True), (12, 4, False)])
def test_heads_divide_the_model_into_even_parts(dimension, heads, fits):
    if fits:
        assert DecisionSettings(dimension=dimension, heads=heads).dimension == dimension
    else:
        with pytest.raises(ValidationError, match="even multiple"):
            DecisionSettings(dimension=dimension, heads=heads)


def test_the_papers_file_holds_the_papers_values():
    paper = resolve(Path(__file__).parents[2] / "configs" / "paper.toml", {})
    training, decision, corpus = paper.training, paper.decision, paper.corpus
    # 5.1: windows of 15 s with 5 s of overlap, 80/10/10.
    assert (corpus.window_seconds, corpus.window_seconds - corpus.hop_seconds) == (15, 5)
    assert (corpus.train_share, corpus.validation_share) == (0.8, 0.1)
    # 5.2: layers, heads, dimensions, dropout; Adam, its numbers, and scheduled sampling.
    assert (decision.layers, decision.heads, decision.dimension, decision.feed_forward) == (6, 12, 768, 2048)
    assert (decision.dropout, decision.conditioning) == (0.1, "cross-attention")
    assert (training.optimizer, training.batch_size, training.learning_rate) == ("adam", 24, 1e-6)
    assert (training.beta1, training.beta2, training.weight_decay) == (0.9, 0.999, 1e-5)
    assert 0 < training.teacher_decay < 1
    # 4.1: wav2vec 2.0, the temporal mean; 6: a nucleus of 0.8.
    assert (paper.perception.encoder.name, paper.perception.condenser, paper.perception.rest) == (
        "wav2vec2",
        "mean",
        False,
    )
    assert paper.sampling.top_p == 0.8


@pytest.mark.parametrize(
    "file", sorted((Path(__file__).parents[2] / "configs").glob("*.toml")), ids=lambda file: file.name
)
def test_every_file_that_comes_with_it_is_valid(file):
    assert resolve(file, {}) != Settings()
