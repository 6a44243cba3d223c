"""An agent that was trained to hear the first part of a segment decides it when that part is heard, and not before."""

from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest
import torch
from live_making import RATE, TREE, ids_of, melody, play, plays_of, session, small_agent, statuses_of, steps_of

from antiphon.agent import Agent
from antiphon.agent.memory import joined_memory
from antiphon.config import Settings
from antiphon.decision.transformer import DecisionNetwork
from antiphon.live.commands import Commit, TokenEvent
from antiphon.live.controls import Controls
from antiphon.live.events import GuideToken
from antiphon.perception import Perception, fit_alphabet

SEGMENT, DELAY, LOOKAHEAD = 0.5, 0.35, 0.06


@lru_cache
def late_agent(delay: float = DELAY) -> Agent:
    """An untrained agent whose decision hears a guide that ends `delay` before the segment's end."""
    tree = {
        **TREE,
        "perception": {**TREE["perception"], "segment_seconds": SEGMENT, "guide_delay_seconds": delay},
        "decision": {**TREE["decision"], "lookahead_seconds": 0.0},
    }
    settings = Settings.model_validate(tree)
    perception = Perception(settings.perception)
    segments, _ = perception.segments(melody(60, seed=1))
    alphabet = fit_alphabet(segments, perception.encoder, settings.perception)
    torch.manual_seed(0)
    network = DecisionNetwork(settings.decision, alphabet.classes, ahead=0)
    with torch.no_grad():
        network.output.weight *= 6  # an untrained network says nearly the same of everything
    return Agent(settings, alphabet, perception, network)


DEVICE_BLOCK = 512
"""Frames: of longer blocks the part that decides comes too late for some segments."""


@lru_cache
def late_memory():
    agent = late_agent()
    return joined_memory((melody(30, seed=1),), agent.perception, agent.alphabet, sounds=True, edges=True)


@pytest.fixture(scope="module")
def guide():
    return melody(9, seed=3)


@pytest.fixture(scope="module")
def found(guide):
    return play(session(late_agent(), late_memory()), guide, block=DEVICE_BLOCK)


def test_all_that_it_was_trained_to_hear_is_heard_in_time(guide, found):
    """The same specification as offline, where nothing comes too late."""
    offline = late_agent().respond(guide, late_memory(), seed=0).specification.tokens.ids.tolist()
    assert len(set(offline)) > 3
    # The last segments lie behind the sound that the session heard.
    assert ids_of(found)[:16] == offline[:16]
    assert not statuses_of(found, "late")


def test_a_decision_comes_after_its_own_guide_token(found):
    heard = [each.number for each in found.commands if isinstance(each, TokenEvent)]
    assert heard == sorted(heard)
    numbers = [each for each in found.commands if isinstance(each, TokenEvent | Commit)]
    for before, after in pairwise(numbers):
        if isinstance(after, Commit):
            assert isinstance(before, TokenEvent)
            assert before.number == after.step.number == after.heard - 1


def test_it_begins_a_reaction_after_the_segment(found):
    reaction = session(late_agent(), late_memory()).reaction
    assert SEGMENT - DELAY + LOOKAHEAD < reaction / RATE < SEGMENT - DELAY + LOOKAHEAD + 0.1
    assert [step.start for step in steps_of(found)] == [
        round(number * SEGMENT * RATE) + reaction for number in range(len(steps_of(found)))
    ]
    spans = plays_of(found)
    assert spans[0].start == 0
    assert all(before.end == after.start for before, after in pairwise(spans))


def test_it_plays_that_part_of_a_segment_of_the_memory_that_is_left(found):
    """So that what sounds lies on the guide's grid as it lay on the memory's."""
    reaction = session(late_agent(), late_memory()).reaction / RATE
    search = late_agent().settings.action.join_search_seconds
    starts = late_memory().tokens.intervals[:, 0]
    jumps = [step for step in steps_of(found) if not step.follows and step.segment < len(starts) - 1]
    assert len(jumps) > 2
    for step in jumps:
        assert step.event.source_start == pytest.approx(starts[step.segment] + reaction, abs=search + 1e-3)


@pytest.mark.slow
def test_an_agent_that_hears_before_the_segment_begins_or_after_it_has_no_reaction():
    assert session(small_agent()).reaction == 0
    assert session(late_agent(0.75), late_memory()).reaction == 0
    assert session(late_agent(0.0), late_memory()).reaction == 0


def test_what_is_committed_earlier_is_decided_without_the_segment_that_is_decided(guide):
    controls = Controls().set("commit", 0.4)
    found = play(session(late_agent(), late_memory(), controls=controls), guide)
    commits = [each for each in found.commands if isinstance(each, Commit)]
    assert all(each.heard <= each.step.number for each in commits[2:])
    assert ids_of(found) != ids_of(play(session(late_agent(), late_memory()), guide))


def test_a_token_that_is_told_counts_as_soon_as_it_could_have_been_heard(guide):
    token = 5
    told = GuideToken(token, round(4.0 * RATE) + 10)
    found = play(session(late_agent(), late_memory()), guide, (round(4.0 * RATE) + 10, told))
    heard = {each.number: each.token for each in found.commands if isinstance(each, TokenEvent)}
    assert heard[8] == token
    assert np.all(np.diff(list(heard)) == 1)
