"""Where guide and memory have a beat, a response is in time, wherever the memory's recording begins."""

import numpy as np
import pytest

from antiphon.agent import Agent
from antiphon.agent.beats import in_time
from antiphon.perception.beat_grid import beats_of, on_time
from antiphon.perception.block_encoding import envelope_in_blocks, sound_of
from antiphon.perception.envelope import CELLS_PER_SECOND
from antiphon.perception.segmenters import onset_cells
from antiphon.types import Audio

RATE = 22050
BEAT = 60 / 124


def played(seconds: float, first: float, seed: int, beat: float = BEAT) -> Audio:
    """Plucked tones on the eighths from `first` on."""
    rng, time = np.random.default_rng(seed), np.arange(6000) / RATE
    samples = np.zeros(round(seconds * RATE) + len(time), dtype=np.float32)
    for start in np.arange(first, seconds - 0.3, beat / 2):
        hertz = 220 * 2 ** (rng.choice([0, 3, 5, 7, 10]) / 12)
        tone = np.sin(2 * np.pi * hertz * time) * np.exp(-12 * time) * rng.uniform(0.2, 0.5)
        at = round(start * RATE)
        samples[at : at + len(time)] += tone.astype(np.float32)
    return Audio(samples[: round(seconds * RATE), None], RATE)


def share_on_time(sound: Audio, beats) -> float:
    onsets = envelope_in_blocks(sound_of(sound), RATE).onsets
    cells = onset_cells(onsets)
    return on_time((cells + 0.5) / CELLS_PER_SECOND, onsets[cells].astype(float), beats)


@pytest.fixture(scope="module")
def agent():
    return Agent.base()


@pytest.fixture(scope="module")
def guide():
    return played(16.0, 0.1, 1)


def with_grid(agent, grid):
    action = agent.settings.action.model_copy(update={"grid": grid})
    return agent.with_settings(agent.settings.model_copy(update={"action": action}))


@pytest.mark.slow
def test_a_memory_that_begins_off_the_beat_is_played_on_the_guides(agent, guide):
    memory = played(20.0, 0.21, 2)
    beats = beats_of(envelope_in_blocks(sound_of(guide), RATE).onsets)
    responses = {
        grid: with_grid(agent, grid).respond(guide, agent.memory(memory), seed=0) for grid in ("auto", "seconds")
    }
    assert share_on_time(responses["auto"].audio, beats.times) >= 0.8
    assert share_on_time(responses["seconds"].audio, beats.times) < 0.6
    assert responses["auto"].grid.bpm == pytest.approx(124, rel=0.01)
    assert responses["seconds"].grid is None


def test_a_copy_goes_on_from_beat_to_beat(agent, guide):
    response = agent.respond(guide, agent.memory(played(20.0, 0.21, 2)), seed=0)
    assert max(run.length / RATE for run in response.runs) > 4 * BEAT


def test_without_a_beat_nothing_changes(agent, guide):
    pad = np.sin(2 * np.pi * 220 * np.arange(12 * RATE) / RATE).astype(np.float32)[:, None] * np.float32(0.2)
    memory = agent.memory(Audio(pad, RATE))
    assert in_time(agent, guide, memory).guide is None
    assert len(agent.respond(guide, memory, seed=0).guide) == 32


def test_a_memory_of_several_recordings_has_the_beats_of_each(agent, guide):
    memory = agent.memory(played(12.0, 0.21, 2), played(12.0, 0.05, 3))
    found = in_time(agent, guide, memory)
    edges = found.memory.tokens.intervals[:, 0]
    assert np.abs((edges[(edges > 1) & (edges < 11)] - 0.21 + BEAT / 4) % (BEAT / 2) - BEAT / 4).max() < 0.02
    assert np.abs((edges[edges > 13] - 12.05 + BEAT / 4) % (BEAT / 2) - BEAT / 4).max() < 0.02
    assert len(found.memory.class_probabilities) == len(found.memory.sound.level) == len(edges)


def test_the_beats_of_hours_are_not_looked_for(agent, guide, monkeypatch):
    memory = agent.memory(played(12.0, 0.21, 2))
    assert in_time(agent, guide, memory).guide is not None
    monkeypatch.setattr("antiphon.agent.beats.LONGEST_SECONDS", 11.0)
    assert in_time(agent, guide, memory).guide is None


@pytest.mark.parametrize("bpm", [118.3, 120.5, 126.0])
def test_a_steady_tempo_is_known_to_a_tenth_of_a_percent(bpm):
    beats = beats_of(envelope_in_blocks(sound_of(played(16.0, 0.21, 3, 60 / bpm)), RATE).onsets)
    assert beats.bpm == pytest.approx(bpm, rel=1e-3)
    assert abs(beats.bpm / bpm - 1) < beats.precision


def test_a_memory_one_percent_faster_is_over_its_own_beats_and_not_the_guides(agent, guide):
    beat = BEAT / 1.01
    found = in_time(agent, guide, agent.memory(played(20.0, 0.21, 2, beat)))
    edges = found.memory.tokens.intervals[1:-1, 0]
    assert np.abs((edges - 0.21 + beat / 4) % (beat / 2) - beat / 4).max() < 0.02
    assert "goes at 125." in found.said


def test_a_simple_ratio_and_what_is_missing_are_said(agent, guide):
    assert "goes 3:2 with it" in in_time(agent, guide, agent.memory(played(20.0, 0.1, 2, BEAT / 1.5))).said
    pad = np.sin(2 * np.pi * 220 * np.arange(12 * RATE) / RATE).astype(np.float32)[:, None] * np.float32(0.2)
    assert "the memory has too few onsets" in in_time(agent, guide, agent.memory(Audio(pad, RATE))).said
    assert "as asked for" in in_time(with_grid(agent, "seconds"), guide, agent.memory(guide)).said


def test_a_memory_at_a_far_tempo_keeps_its_phrases_unless_beats_are_asked_for(agent, guide):
    memory = agent.memory(played(20.0, 0.21, 2, BEAT / 1.21))
    found = in_time(agent, guide, memory)
    assert found.guide is None
    assert found.memory is memory
    assert "it goes at 124.0 beats a minute, the memory at 150.0, too far apart" in found.said
    asked = in_time(with_grid(agent, "beats"), guide, memory)
    assert asked.guide is not None
    assert "put on the guide's beats segment by segment" in asked.said
