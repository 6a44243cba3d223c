"""From the sound of one pair to the sound of an answer: the base agent plays as B of the pair answers A."""

import numpy as np
import pytest
from pair_making import new_piece, sounded, taught

from antiphon.agent import Agent
from antiphon.agent.pair_verdict import pair_verdict
from antiphon.corpus.planted import PlantedSettings, attribute, attribute_played

SEGMENTS = 64

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def base():
    agent = Agent.base()
    action = agent.settings.action.model_copy(update={"grid": "seconds"})
    return agent.with_settings(agent.settings.model_copy(update={"action": action}))


def share_right(agent, world, semitones):
    """Of the segments of a new piece, in how many a segment of the memory with the right attribute is heard."""
    settings = PlantedSettings(world, pieces=5, segments=SEGMENTS, seed=2, semitones=semitones)
    new, tokens = new_piece(settings)
    response = agent.respond(sounded(new.a, "a", settings), agent.memory(sounded(tokens, "b", settings)))
    played = attribute_played(response, tokens, settings)
    return float(np.mean(played == attribute(settings, new.b).ids))


@pytest.mark.parametrize(
    ("world", "semitones"), [("transposition", 3), ("delay", 0), ("call-and-response", 3), ("contrary-motion", 0)]
)
def test_it_answers_as_the_pair_does(base, world, semitones):
    """In another key, too: what was learned is not a table of the notes that were played."""
    agent = taught(base, world)
    assert share_right(agent, world, 0) > 0.9
    assert share_right(agent, world, semitones) > 0.85
    assert share_right(base, world, 0) < 0.6


def test_where_b_has_nothing_to_do_with_a_nothing_is_announced(base):
    agent = taught(base, "independent")
    assert pair_verdict(agent.training).startswith("No relation")
