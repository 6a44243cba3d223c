"""`antiphon settings`: what is in force, and where each value comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from antiphon.cli.arguments import AllSettings, Config, Json, overrides_of, settings_from
from antiphon.cli.printing import print_json, print_table
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
        Only those that do not come from the defaults.
    """
    base = None
    if agent is not None:
        from antiphon.agent import Agent

        base = Agent.load(agent).settings
    values = in_force(settings_from(config, settings, base=base))
    sources = origins(config, overrides=overrides_of(settings), base=base)
    shown = {key: value for key, value in values.items() if not changed or sources[key] != "default"}
    if as_json:
        print_json({key: {"value": value, "from": sources[key]} for key, value in shown.items()})
        return
    print_table(["setting", "value", "from"], [[key, json.dumps(value), sources[key]] for key, value in shown.items()])
