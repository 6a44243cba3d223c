"""`antiphon settings`: what is in force, and where each value comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from antiphon.cli.arguments import AllSettings, Config, Json, changed_values, overrides_of, settings_from
from antiphon.cli.printing import print_json, print_table, put
from antiphon.config import in_force, origins


def settings(
    *,
    agent: Path | None = None,
    changed: Annotated[bool, Parameter(negative=())] = False,
    config: Config = None,
    settings: AllSettings = None,
    as_json: Json = False,
) -> None:
    """Print the settings in force, and where each comes from: flag, environment variable, TOML file, agent or default.

    Parameters
    ----------
    agent
        Start from the settings of this trained agent instead of the defaults.
    changed
        Only those whose value is not the default.
    """
    base = None
    if agent is not None:
        from antiphon.agent import Agent

        base = Agent.load(agent).settings
    resolved = settings_from(config, settings, base=base)
    sources = origins(config, overrides=overrides_of(settings), base=base)
    shown = changed_values(resolved) if changed else in_force(resolved)
    if as_json:
        print_json({key: {"value": value, "from": sources[key]} for key, value in shown.items()})
    elif shown:
        print_table(("setting", "value", "from"), _by_section(shown, sources))
    else:
        put("every setting has its default")


def _by_section(values: Mapping[str, Any], sources: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """A row for each setting, and an empty one where a section ends."""
    rows: list[tuple[str, str, str]] = []
    before = ""
    for key, value in values.items():
        if rows and _section_of(key) != before:
            rows.append(("", "", ""))
        rows.append((key, json.dumps(value, ensure_ascii=False), sources[key]))
        before = _section_of(key)
    return rows


def _section_of(key: str) -> str:
    return key.rpartition(".")[0]
