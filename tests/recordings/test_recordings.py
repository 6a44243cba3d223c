"""Answers to recordings, by the agent that comes with the package: varied, in phrases, and steady where the recording
is the same music with what microphones, clocks and codecs do to it."""

import numpy as np
import pytest
from recordings_making import DAMAGES, MISSING, ONE_HARMONY, PAIRS, WHY_NOT, mp3, recording

from antiphon.action.statistics import ResponseStatistics, response_statistics
from antiphon.agent import Agent
from antiphon.config import resolve
from antiphon.config.presets import with_preset
from antiphon.types import Audio, Memory, Response

pytestmark = pytest.mark.skipif(bool(MISSING), reason=WHY_NOT)

KEPT = {"drift": 0.95, "noise": 0.85, "clipped": 0.85, "reverb": 0.85, "bleed": 0.8}
"""Share of the classes that are as they were, over all recordings: a class next to another one flips now and then."""


@pytest.fixture(scope="module")
def agent():
    return Agent.base()


@pytest.fixture(scope="module")
def answers(agent):
    """Each pair's guide, memory and response, made when first asked for."""
    found: dict[str, tuple[Audio, Memory, Response]] = {}

    def answer(name: str) -> tuple[Audio, Memory, Response]:
        if name not in found:
            guide, memory = recording(*PAIRS[name][0]), agent.memory(recording(*PAIRS[name][1]))
            found[name] = guide, memory, agent.respond(guide, memory)
        return found[name]

    return answer


def said_of(response: Response, memory: Memory) -> ResponseStatistics:
    """Its numbers, over the segments that were played: a response over beats has divided its memory anew."""
    return response_statistics(response, getattr(response, "memory", None) or memory)


def alike(some, others) -> float:
    """The share of places at which two sequences are the same."""
    count = min(len(some), len(others))
    return float(np.mean(some[:count] == others[:count]))


@pytest.mark.parametrize("name", PAIRS)
def test_an_answer_is_varied_and_made_of_phrases(answers, name):
    _, memory, response = answers(name)
    told = said_of(response, memory)
    assert told.distinct >= len(response.selection.segments) / 3
    assert told.commonest_share <= max(0.12, 4 / len(response.selection.segments)), "or four times in a short answer"
    assert told.median_copy_seconds >= 0.9, "half of all copies are of two segments or more"
    assert told.longest_copy_seconds >= 1.5
    assert told.joins_per_second <= 0.8
    assert told.clipped_samples == 0


@pytest.mark.parametrize("name", PAIRS)
def test_there_are_fewer_joins_where_phrases_are_asked_for(agent, answers, name):
    guide, memory, response = answers(name)
    long = agent.with_settings(with_preset(agent.settings, "phrases")).respond(guide, memory)
    assert said_of(long, memory).joins_per_second <= min(0.5, said_of(response, memory).joins_per_second)


@pytest.mark.slow
def test_a_guide_on_one_harmony_is_answered_from_more_places_where_coming_back_costs_more(agent):
    guide, memory = recording(*ONE_HARMONY[0]), agent.memory(recording(*ONE_HARMONY[1]))
    told = []
    for price in (0.5, 3.0):
        settings = resolve(environment={}, overrides={"action": {"novelty": price}}, base=agent.settings)
        told.append(said_of(agent.with_settings(settings).respond(guide, memory), memory))
    assert told[1].distinct > told[0].distinct
    assert told[1].commonest_share < told[0].commonest_share


@pytest.fixture(scope="module")
def recordings(agent):
    """All guides and memories of the pairs, with their classes."""
    found = [recording(*names) for pair in PAIRS.values() for names in pair]
    return [(sound, agent.tokens(sound).ids) for sound in found]


@pytest.mark.parametrize(
    "damage", [name if name == "reverb" else pytest.param(name, marks=pytest.mark.slow) for name in DAMAGES]
)
def test_recordings_keep_their_classes(agent, recordings, damage):
    kept = []
    for sound, plain in recordings:
        heard = agent.tokens(DAMAGES[damage](sound)).ids
        assert len(heard) == len(plain)
        kept.append(alike(heard, plain))
    assert np.mean(kept) >= KEPT[damage]
    assert np.median(kept) >= 0.85, "and those of most recordings"


def test_a_guide_out_to_an_mp3_and_back_is_answered_as_it_was(agent, answers, tmp_path):
    guide, memory, response = answers("guitar, glass")
    again = agent.respond(mp3(guide, tmp_path), memory)
    assert alike(again.guide.ids, response.guide.ids) >= 0.95
    assert alike(again.selection.segments, response.selection.segments) >= 0.8


def test_a_slow_clock_changes_next_to_nothing(agent, answers):
    guide, memory, response = answers("bass, loops")
    again = agent.respond(DAMAGES["drift"](guide), memory)
    assert alike(again.selection.segments, response.selection.segments) >= 0.8


@pytest.mark.slow
def test_all_of_it_at_once_on_both_sides_is_still_answered_in_phrases(agent):
    guide, source = (recording(*names) for names in PAIRS["guitar, glass"])
    for damage in DAMAGES.values():
        guide, source = damage(guide), damage(source)
    memory = agent.memory(source)
    response = agent.respond(guide, memory)
    told = said_of(response, memory)
    assert np.isfinite(response.audio.samples).all()
    assert abs(response.audio.duration - guide.duration) < 1e-3
    assert told.commonest_share <= max(0.12, 4 / len(response.selection.segments)), "or four times in a short answer"
    assert told.median_copy_seconds >= 1.5
    assert told.joins_per_second <= 0.7
