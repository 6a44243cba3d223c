"""`sampling.rests`: what a response does while its guide is silent, by the agent that comes with the package."""

import numpy as np
import pytest

from antiphon.agent import Agent
from antiphon.audio import dbfs, interval_power
from antiphon.types import Audio

RATE = 16000
SIX_SECONDS, HALF_A_SECOND = (7.0, 13.0), (7.0, 7.5)


@pytest.fixture(scope="module")
def agent():
    return Agent.base()


@pytest.fixture(scope="module")
def memory(agent):
    return agent.memory(melody(30, seed=1))


def melody(seconds: float, seed: int, silent: tuple[float, float] = (0.0, 0.0)) -> Audio:
    """Notes of half a second with six harmonics; silence from when to when."""
    times = np.arange(RATE // 2) / RATE
    fade = np.minimum(1, np.minimum(times, times[::-1]) / 0.02)
    notes = [
        sum(0.6**n * np.sin(2 * np.pi * 220 * 2 ** (key / 12) * (n + 1) * times) for n in range(6)) * fade
        for key in np.random.default_rng(seed).integers(0, 24, round(2 * seconds))
    ]
    samples = 0.2 * np.concatenate(notes)
    samples[round(silent[0] * RATE) : round(silent[1] * RATE)] = 0
    return Audio(samples[:, None].astype(np.float32), RATE)


def level(agent, memory, guide: Audio, rests: str) -> np.ndarray:
    """The level of the response in each half second."""
    sampling = agent.settings.sampling.model_copy(update={"rests": rests})
    response = agent.respond(guide, memory, sampling=sampling)
    edges = np.arange(0, guide.duration + 0.1, 0.5)
    return dbfs(interval_power(response.audio, np.stack([edges[:-1], edges[1:]], axis=1)))


def test_a_rest_of_6_seconds_is_answered_with_silence_there_and_nowhere_else(agent, memory):
    found = level(agent, memory, melody(20, 0, SIX_SECONDS), "follow")
    assert found[15:25].max() < -60
    assert found[:13].min() > -50
    assert found[27:].min() > -50


def test_half_a_second_of_silence_is_part_of_a_phrase(agent, memory):
    assert level(agent, memory, melody(20, 0, HALF_A_SECOND), "follow").min() > -50


def test_a_response_may_play_on_through_the_guides_rest(agent, memory):
    assert level(agent, memory, melody(20, 0, SIX_SECONDS), "fill").min() > -50


def test_a_guide_that_is_silent_throughout_is_answered_with_silence(agent, memory):
    assert level(agent, memory, melody(5, 0, (0.0, 5.0)), "follow").max() < -60
