"""An agent that was written before the rooms were rearranged still loads, and still says what it said."""

from pathlib import Path

import pytest
from fingerprints import melody

import antiphon
from antiphon.config import SCHEMA_VERSION

SAVED = Path(__file__).parent / "agent-of-schema-2"

HEARD = [6, 0, 5, 0, 3, 3, 6, 4, 5, 5, 4, 1, 6, 2, 1, 5]
"""Tokens of the guide below, by the Antiphon that wrote the agent."""
ASKED = [5, 5, 6, 6, 5, 8, 8, 5, 5, 4, 2, 8, 6, 7, 1, 4]
"""What it asked for under them, seed 3."""


@pytest.fixture(scope="module")
def agent():
    return antiphon.Agent.load(SAVED)


def test_a_saved_agent_keeps_its_settings(agent):
    assert SCHEMA_VERSION == 3, "and this agent is of 2"
    assert agent.settings.perception.loudness == "absolute", "as it has always heard"
    assert agent.settings.perception.alphabet_size == 8
    assert agent.settings.decision.dimension == 16
    assert agent.settings.sampling.rests == "free", "it was a switch, and on"
    assert agent.shifted is None
    assert agent.deaf is not None


def test_a_saved_agent_hears_and_asks_as_before(agent, tmp_path):
    melody(tmp_path / "guide.wav", 5, 8)
    melody(tmp_path / "memory.wav", 2, 20)
    by_class = agent.settings.action.model_copy(update={"match": "class"})
    agent = agent.with_settings(agent.settings.model_copy(update={"action": by_class}))
    guide = agent.tokens(antiphon.read(tmp_path / "guide.wav"))
    memory = agent.memory(antiphon.read(tmp_path / "memory.wav"))
    assert guide.ids.tolist() == HEARD
    assert agent.specify(guide, memory, seed=3).tokens.ids.tolist() == ASKED


def test_former_names_of_an_agents_methods_still_work_and_say_the_new_one(agent):
    sampling = agent.settings.sampling
    with pytest.warns(DeprecationWarning, match="decision_for"):
        assert agent.decider(sampling).network is agent.network
