"""Worlds whose relation is known, from audio to a response: it must be learned where there is one, and only there."""

import numpy as np
import pytest

import antiphon
from antiphon.agent.verdict import verdict
from antiphon.config import resolve
from antiphon.corpus.manifest import read_manifest
from antiphon.corpus.planted import PlantedSettings, build_planted
from antiphon.corpus.splits import divide
from antiphon.training.pipeline import train

SETTINGS = resolve(
    environment={},
    overrides={
        "perception": {"alphabet_size": 16},
        "decision": {"dimension": 64, "feed_forward": 256, "layers": 2, "guide_layers": 1},
        # A world has one key. In twelve of them a guide would tell which one, where it should tell nothing.
        "training": {"transpose": False},
    },
)
WORLDS = ("copy", "delay", "independent")


@pytest.fixture(scope="module", params=WORLDS)
def world(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    manifest = build_planted(folder, PlantedSettings(request.param, pieces=24, segments=64))
    return request.param, manifest, train(manifest, settings=SETTINGS)


def row(agent, model):
    return next(row for row in agent.training["summary"] if row["model"] == model)


def test_the_relation_is_found_where_there_is_one_and_only_there(world):
    name, _, agent = world
    tpp, gain = row(agent, "antiphon")["tpp"]["mean"], row(agent, "deaf")["behind"]
    if name == "copy":
        assert tpp > 98
        assert gain["low"] > 2
    elif name == "delay":
        assert tpp > 80
        assert gain["low"] > 1.5
    else:
        assert tpp < 20
        assert gain["mean"] < 0.05


def test_an_agent_says_that_it_learned_nothing_where_there_was_nothing_to_learn(world):
    name, _, agent = world
    said = verdict(agent.training)
    assert said == "" if name != "independent" else said.startswith("This agent learned nothing beyond the deaf model")


def test_what_the_guide_adds_is_about_the_moment_and_not_the_piece(world):
    name, _, agent = world
    gain = agent.training["gain"]
    assert gain["whole"]["mean"] == pytest.approx(gain["piece"]["mean"] + gain["local"]["mean"])
    assert abs(gain["piece"]["mean"]) < 0.2
    if name == "independent":
        assert gain["local"]["mean"] < 0.05
    else:
        assert gain["local"]["low"] > 1.5
        assert gain["swapped"]["mean"] > 1, "who has reason to trust the guide is misled by a strange one"


def test_no_baseline_that_sees_one_moment_finds_a_delay(world):
    name, _, agent = world
    if name != "delay":
        pytest.skip("only in the delayed world")
    for model in ("majority", "copy-guide", "p(b|a)", "bigram"):
        assert row(agent, model)["bits"]["mean"] > row(agent, "antiphon")["bits"]["mean"] + 1


def test_a_held_out_response_sounds_like_the_true_partner(world):
    name, manifest, agent = world
    if name != "copy":
        pytest.skip("only the copied world says what every moment should be")
    corpus = read_manifest(manifest)
    held_out = divide(corpus.multitracks, SETTINGS.corpus, corpus.splits)["test"][0].multitrack
    guide, partner = (antiphon.read(track.path) for track in held_out.tracks)
    response = agent.respond(guide, agent.memory(partner), seed=1)
    heard, truth = agent.tokens(response.audio).ids, agent.tokens(partner).ids
    assert np.mean(heard == truth) > 0.9
    assert len(response.audio.samples) == len(guide.samples)
