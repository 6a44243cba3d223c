"""From the sound of one pair to an answer while the guide plays: the live agent plays as B of the pair answers A."""

from dataclasses import replace

import numpy as np
import pytest

import antiphon
from antiphon.agent import Agent
from antiphon.corpus.planted import PlantedSettings, attribute, planted_tokens
from antiphon.corpus.planted.sound import VOICES, planted_audio
from antiphon.training.remembering import remember
from antiphon.types import SILENCE
from antiphon.use_cases.live import live_on_file, replayed

SEGMENTS, MINUTES = 48, 2

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def live():
    return Agent.base(live=True)


def sounded(ids, part, settings):
    generator = np.random.default_rng([settings.seed, part == "b"])
    return replace(planted_audio(ids, part, settings, VOICES[part], generator), source=part)


def taught(live, world):
    settings = PlantedSettings(world, pieces=1, segments=120 * MINUTES, seed=1)
    (pair,) = planted_tokens(settings)
    return remember(live, [(sounded(pair.a, "a", settings), sounded(pair.b, "b", settings))])


def played(agent, world, folder):
    """What was played live to a new piece, and in what share of its segments it has the right attribute."""
    settings = PlantedSettings(world, pieces=3, segments=SEGMENTS, seed=2)
    new, *others = planted_tokens(settings)
    tokens = np.concatenate([pair.b for pair in others])
    folder.mkdir()
    antiphon.write(folder / "guide.wav", sounded(new.a, "a", settings))
    antiphon.write(folder / "memory.wav", sounded(tokens, "b", settings))
    found = live_on_file(folder / "guide.wav", [folder / "memory.wav"], agent, folder / "run")
    segments = found.response.selection.segments[:SEGMENTS]
    heard = attribute(settings, tokens).ids[np.clip(segments, 0, len(tokens) - 1)]
    return found, float(np.mean((segments != SILENCE) & (heard == attribute(settings, new.b).ids[: len(segments)])))


@pytest.mark.timeout(1200)
def test_what_a_pair_teaches_is_followed_live(live, tmp_path):
    """And by the agent alone it is not; played again from its record, the agent read anew, it is the same."""
    agent = taught(live, "transposition")
    _, share = played(agent, "transposition", tmp_path / "taught")
    _, alone = played(live, "transposition", tmp_path / "alone")
    assert share > 0.8
    assert alone < 0.4
    agent.save(tmp_path / "agent")
    assert replayed(tmp_path / "taught" / "run", Agent.load(tmp_path / "agent")).same
