"""From the sound of one pair to an answer while the guide plays: the live agent plays as B of the pair answers A."""

import numpy as np
import pytest
from pair_making import new_piece, sounded, taught

import antiphon
from antiphon.agent import Agent
from antiphon.corpus.planted import PlantedSettings, attribute
from antiphon.types import SILENCE
from antiphon.use_cases.live import live_on_file, replayed

SEGMENTS = 48

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def live():
    return Agent.base(live=True)


def played(agent, world, folder):
    """The share of the segments of a new piece in which what is played live has the right attribute."""
    settings = PlantedSettings(world, pieces=3, segments=SEGMENTS, seed=2)
    new, tokens = new_piece(settings)
    folder.mkdir()
    antiphon.write(folder / "guide.wav", sounded(new.a, "a", settings))
    antiphon.write(folder / "memory.wav", sounded(tokens, "b", settings))
    found = live_on_file(folder / "guide.wav", [folder / "memory.wav"], agent, folder / "run")
    segments = found.response.selection.segments[:SEGMENTS]
    heard = attribute(settings, tokens).ids[np.clip(segments, 0, len(tokens) - 1)]
    return float(np.mean((segments != SILENCE) & (heard == attribute(settings, new.b).ids[: len(segments)])))


@pytest.mark.timeout(1200)
def test_what_a_pair_teaches_is_followed_live(live, tmp_path):
    """And by the agent alone it is not; played again from its record, the agent read anew, it is the same."""
    agent = taught(live, "transposition")
    share = played(agent, "transposition", tmp_path / "taught")
    alone = played(live, "transposition", tmp_path / "alone")
    assert share > 0.8
    assert alone < 0.4
    agent.save(tmp_path / "agent")
    assert replayed(tmp_path / "taught" / "run", Agent.load(tmp_path / "agent")).same


@pytest.mark.timeout(1200)
def test_a_partner_that_answers_later_is_followed_live_by_what_has_been(live, tmp_path):
    assert played(taught(live, "delay"), "delay", tmp_path / "taught") > 0.8
    assert played(live, "delay", tmp_path / "alone") < 0.4
