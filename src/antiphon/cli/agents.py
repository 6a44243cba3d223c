"""Agents that a verb is given, and what details say of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from antiphon.cli import terminal
from antiphon.cli.arguments import tell_settings
from antiphon.config import in_force

if TYPE_CHECKING:
    from antiphon.agent import Agent


def loaded(directory: Path) -> Agent:
    """The agent of a directory; details say which of its settings differ from the defaults."""
    from antiphon.agent import Agent

    agent = Agent.load(directory)
    tell_settings(agent.settings, dict.fromkeys(in_force(agent.settings), str(directory)))
    return agent


def loaded_or_base(directory: Path | None, *, live: bool = False) -> Agent:
    """The agent of a directory, or the one that comes with Antiphon, that for `live` play where it is to; the verb
    itself says what its settings are."""
    from antiphon.agent import Agent

    return Agent.base(live=live) if directory is None else Agent.load(directory)


def tell_agents(*directories: Path) -> None:
    """Where details are asked for, the same of agents that are loaded elsewhere."""
    if terminal.is_verbose():
        for directory in directories:
            loaded(directory)
