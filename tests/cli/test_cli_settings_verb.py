"""`antiphon settings` names where each value comes from."""

import json

import pytest
from cli_making import refused


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


def test_only_what_differs_from_the_default_is_shown_where_that_is_asked_for(call):
    flags = ("--changed", "--perception.encoder.name", "chroma-mfcc", "--action.jump-cost", "1.0")
    assert set(shown(call, *flags)) == {"perception.encoder.name"}


def test_where_nothing_differs_one_line_says_so(call):
    assert shown(call, "--changed") == {}
    assert call("settings", "--changed").out == "every setting has its default\n"


def test_the_table_is_divided_by_section_and_names_each_source(call, monkeypatch):
    monkeypatch.setenv("ANTIPHON_SAMPLING__TOP_K", "3")
    head, *blocks = call("settings", "--action.jump-cost", "0.5").out.replace("from\n", "from\n\n", 1).split("\n\n")
    assert head.split() == ["setting", "value", "from"]
    sections = [{line.split()[0].rpartition(".")[0] for line in block.splitlines()} for block in blocks]
    assert all(len(names) == 1 for names in sections)
    assert {"corpus", "perception.encoder", "sampling", "action"} <= set().union(*sections)
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for block in blocks for line in block.splitlines()}
    assert rows["sampling.top_k"] == ["3", "ANTIPHON_SAMPLING__TOP_K"]
    assert rows["action.jump_cost"] == ["0.5", "command line"]
    assert rows["action.reuse"] == ["true", "default"]


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


@pytest.mark.parametrize(
    ("flags", "variable", "nearest"),
    [
        (("--sampling.temprature", "1"), None, "--sampling.temperature"),
        ((), ("ANTIPHON_SAMPLING__TEMPRATURE", "1"), "sampling.temperature"),
    ],
    ids=["flag", "variable"],
)
def test_so_is_an_unknown_flag_or_variable(call, monkeypatch, flags, variable, nearest):
    if variable:
        monkeypatch.setenv(*variable)
    refused(call("settings", *flags), 2, nearest)
