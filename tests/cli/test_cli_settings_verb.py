"""`antiphon settings` names where each value comes from."""

import json


def shown(call, *flags):
    result = call("settings", "--json", *flags)
    assert result.code == 0, result.err
    return json.loads(result.out)


def test_every_source_is_named_and_the_stronger_one_wins(call, agent, tmp_path, monkeypatch):
    toml = tmp_path / "settings.toml"
    toml.write_text("[sampling]\ntemperature = 0.25\ntop_p = 0.25\ntop_k = 3\n", encoding="utf-8")
    monkeypatch.setenv("ANTIPHON_SAMPLING__TOP_P", "0.5")
    monkeypatch.setenv("ANTIPHON_SAMPLING__TEMPERATURE", "0.5")
    found = shown(call, "--agent", agent, "--config", toml, "--sampling.temperature", "0.75")
    assert found["sampling.temperature"] == {"value": 0.75, "from": "command line"}
    assert found["sampling.top_p"] == {"value": 0.5, "from": "ANTIPHON_SAMPLING__TOP_P"}
    assert found["sampling.top_k"] == {"value": 3, "from": str(toml)}
    assert found["training.max_epochs"]["from"] == "agent"
    assert found["action.jump_cost"] == {"value": 1.0, "from": "default"}


def test_only_what_was_changed_is_shown_where_that_is_asked_for(call):
    assert set(shown(call, "--changed", "--perception.encoder.name", "chroma-mfcc")) == {"perception.encoder.name"}


def test_the_table_has_a_line_for_every_setting(call):
    lines = call("settings").out.splitlines()
    assert sum(line.startswith("perception.encoder.") for line in lines) > 5
    assert sum(line.startswith("action.") for line in lines) > 10


def test_an_unknown_key_is_refused_and_the_nearest_named(call, tmp_path):
    toml = tmp_path / "settings.toml"
    toml.write_text("[sampling]\ntemprature = 1\n", encoding="utf-8")
    result = call("settings", "--config", toml)
    assert result.code == 2
    assert "sampling.temperature" in result.err
