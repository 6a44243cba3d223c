"""What the dials make of an agent: settings, a decision, and what of the memory may be played."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from antiphon.agent import Agent
from antiphon.agent.known_pairs import recalling_partly
from antiphon.agent.specifying import allowed_classes
from antiphon.config import ActionSettings, SamplingSettings, Settings
from antiphon.config.resolving import validated
from antiphon.decision.partly_heard import partly_heard
from antiphon.decision.playing import Player
from antiphon.decision.repetition import Repetition, repetition_of
from antiphon.decision.sampling import Mask
from antiphon.errors import SettingsError
from antiphon.live.controls import ALL, OFF, SETTINGS, Controls
from antiphon.types import Memory

NEARLY_ALL = 1 - 1e-9
"""Repetition control that leaves all to the model, and still counts: the dial may be turned down later."""

WHOLE = 1e6
"""Seconds after which no recording goes on."""


@dataclass(frozen=True, eq=False)
class Tuning:
    """An agent as it is tuned now: `player` decides among the classes `allowed` (classes,)."""

    controls: Controls
    sampling: SamplingSettings
    action: ActionSettings
    player: Player
    allowed: Mask

    @property
    def rests(self) -> str:
        """When it rests."""
        return self.sampling.rests


def own_repetition(agent: Agent) -> Repetition | None:
    """What the agent's training music repeats by itself, where it keeps some of it."""
    return None if agent.replay is None else repetition_of(agent.replay.targets(), agent.alphabet.classes)


def tuned(agent: Agent, memory: Memory, controls: Controls, repetition: Repetition | None) -> Tuning:
    """The agent by these controls. Raises SettingsError and BadData for what cannot be, naming it."""
    settings = _settings(agent, memory, controls)
    sampling, action = settings.sampling, settings.action
    if not sampling.past and not agent.settings.training.hide_past:
        raise SettingsError("setting sampling.past: this agent was trained without training.hide_past")
    parts = agent.with_settings(settings)
    model = partly_heard(
        agent.network,
        agent.context.tokens,
        guidance=sampling.guidance,
        guide_only=not sampling.past,
        remembering=partial(recalling_partly, agent),
    )
    player = Player(model, agent.context, sampling, repetition)
    segment = np.array([[0.0, agent.settings.perception.segment_seconds]])
    allowed = allowed_classes(parts, segment, memory, sampling.rests)[0]
    return Tuning(controls, sampling, action, player, allowed)


def _settings(agent: Agent, memory: Memory, controls: Controls) -> Settings:
    """The agent's settings with the dials over them."""
    own = agent.settings
    sampling: dict[str, Any] = own.sampling.model_dump()
    action: dict[str, Any] = own.action.model_dump()
    sections = {"sampling": sampling, "action": action}
    for name, (section, key) in SETTINGS.items():
        sections[section][key] = controls.values.get(name, sections[section][key])
    sampling["repetition"] = 1.0 if agent.replay is None else min(sampling["repetition"], NEARLY_ALL)
    if agent.replay is None and "repetition" in controls.values and controls.number("repetition", 1.0) < 1:
        raise SettingsError("control repetition: this agent keeps no training tokens to compare with")
    # Of several responses the likeliest is known at the end only, and density and level are the session's own.
    sampling |= {"best_of": 1}
    action |= {"selector": "optimal", "density": 1.0, "minimum_run": 1, "longest_copy": 0, "reuse": True}
    regions = _regions(controls.word("region", ALL), (ALL,))
    if (named := controls.word("memory", ALL)) != ALL:
        regions = (*regions, f"{named}:0-{WHOLE:g}")
    action["allowed_regions"] = regions or own.action.allowed_regions
    action["taboo_regions"] = _regions(controls.word("taboo", OFF), (OFF,)) or own.action.taboo_regions
    tree = own.model_dump()
    return validated(tree | {"sampling": sampling, "action": action})


def _regions(text: str, nothing: tuple[str, ...]) -> tuple[str, ...]:
    if text in ("", *nothing):
        return ()
    return tuple(part.strip() for part in text.split(",") if part.strip())
