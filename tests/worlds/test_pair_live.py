"""From the sound of one pair to an answer while the guide plays: the live agent plays as B of the pair answers A."""

from dataclasses import replace

import numpy as np
import pytest

import antiphon
from antiphon.agent import Agent
from antiphon.corpus.planted import PlantedSettings, attribute, planted_tokens
from antiphon.corpus.planted.sound import VOICES, planted_audio
from antiphon.live.session import Session
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


def played(agent, world, semitones, folder):
    """What was played live to a new piece, and in what share of its segments it has the right attribute."""
    settings = PlantedSettings(world, pieces=3, segments=SEGMENTS, seed=2, semitones=semitones)
    new, *others = planted_tokens(settings)
    tokens = np.concatenate([pair.b for pair in others])
    folder.mkdir()
    antiphon.write(folder / "guide.wav", sounded(new.a, "a", settings))
    antiphon.write(folder / "memory.wav", sounded(tokens, "b", settings))
    found = live_on_file(folder / "guide.wav", [folder / "memory.wav"], agent, folder / "run")
    segments = found.response.selection.segments[:SEGMENTS]
    heard = attribute(settings, tokens).ids[np.clip(segments, 0, len(tokens) - 1)]
    return found, float(np.mean((segments != SILENCE) & (heard == attribute(settings, new.b).ids[: len(segments)])))


@pytest.mark.parametrize(("world", "semitones"), [("transposition", 0), ("transposition", 3), ("delay", 0)])
def test_what_a_pair_teaches_is_followed_live(live, world, semitones, tmp_path):
    """In another key, too; and by the agent alone it is not."""
    agent = taught(live, world)
    _, share = played(agent, world, semitones, tmp_path / "taught")
    _, alone = played(live, world, semitones, tmp_path / "alone")
    print(world, semitones, share, alone)
    assert share > 0.8
    assert alone < 0.4


def test_the_decision_is_the_offline_one_where_all_is_heard_in_time(live, tmp_path):
    """Token by token: the same pair, seed and guide."""
    agent = taught(live, "transposition")
    found, _ = played(agent, "transposition", 0, tmp_path / "taught")
    guide = antiphon.read(tmp_path / "taught" / "guide.wav")
    memory = antiphon.read(tmp_path / "taught" / "memory.wav")
    offline = agent.specify(agent.guide_tokens(guide), agent.memory(memory)).tokens.ids
    live_ids = found.response.specification.tokens.ids
    known = min(len(offline), len(live_ids)) - 1
    assert np.mean(offline[:known] == live_ids[:known]) > 0.9
    assert Session(agent, agent.memory(memory)).stock.following is not None
    agent.save(tmp_path / "agent")
    assert replayed(tmp_path / "taught" / "run", Agent.load(tmp_path / "agent")).same
