"""Worlds whose relation is known, from audio to a response: it must be learned where there is one, and only there."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

import antiphon
from antiphon.agent.verdict import verdict
from antiphon.config import Settings, resolve
from antiphon.corpus.manifest import read_manifest
from antiphon.corpus.planted import PlantedSettings, build_planted
from antiphon.corpus.splits import divide
from antiphon.training.pipeline import train

WORLDS = ("copy", "delay", "independent")


@dataclass(frozen=True)
class Size:
    """How much there is of a world, who learns it, and what is then asked for: TPP in %, gains in bits."""

    planted: PlantedSettings
    settings: Settings
    copied_tpp: float
    delayed_tpp: float
    chance_tpp: float
    copied_gain: float
    delayed_gain: float
    local_gain: float
    nothing: float
    piece: float


LARGE = Size(
    planted=PlantedSettings("copy", pieces=24, segments=64),
    settings=resolve(
        environment={},
        overrides={
            "perception": {"alphabet_size": 16},
            "decision": {"dimension": 64, "feed_forward": 256, "layers": 2, "guide_layers": 1},
            # A world has one key. In twelve of them a guide would tell which one, where it should tell nothing.
            "training": {"transpose": False},
        },
    ),
    copied_tpp=98,
    delayed_tpp=80,
    chance_tpp=20,
    copied_gain=2,
    delayed_gain=1.5,
    local_gain=1.5,
    nothing=0.05,
    piece=0.2,
)
# With recordings heard at one loudness, seed 0 of the delayed world needs more than 40 epochs (TPP 54 after 20), others
# do not. As loud as they are, over five seeds, the copied world had TPP 94 to 100 and a gain of 2.27 or more, the
# delayed one 84 to 95 and 1.74 or more, the independent one 13 to 20 and 0.04 or less; the local gain was 1.65 or more,
# that of the piece within 0.18.
SMALL = Size(
    planted=PlantedSettings("copy", pieces=20, segments=32, classes=6, segment_seconds=0.25, seed=1),
    settings=resolve(
        environment={},
        overrides={
            "corpus": {"window_seconds": 4, "hop_seconds": 4},
            "perception": {"alphabet_size": 8, "segment_seconds": 0.25},
            "decision": {"dimension": 32, "feed_forward": 64, "layers": 1, "guide_layers": 1},
            "training": {
                **{"transpose": False, "max_epochs": 20, "learning_rate": 1e-2},
                **{"draws_per_window": 4, "batch_size": 16},
            },
        },
    ),
    copied_tpp=85,
    delayed_tpp=70,
    chance_tpp=35,
    copied_gain=2,
    delayed_gain=1.4,
    local_gain=1.3,
    nothing=0.2,
    piece=0.35,
)
CASES = [
    *(pytest.param((name, SMALL), id=f"{name}-small") for name in ("copy", "independent")),
    pytest.param(("delay", SMALL), id="delay-small", marks=pytest.mark.slow),
    *(pytest.param((name, LARGE), id=name, marks=pytest.mark.slow) for name in WORLDS),
]


@pytest.fixture(scope="module", params=CASES)
def world(request, tmp_path_factory):
    """Name, size and manifest of a world, and the agent that learned it."""
    name, size = request.param
    folder = tmp_path_factory.mktemp(name)
    manifest = build_planted(folder, replace(size.planted, world=name))
    return name, size, manifest, train(manifest, settings=size.settings)


def row(agent, model):
    return next(row for row in agent.training["summary"] if row["model"] == model)


def test_the_relation_is_found_where_there_is_one_and_only_there(world):
    name, size, _, agent = world
    tpp, gain = row(agent, "antiphon")["tpp"]["mean"], row(agent, "deaf")["behind"]
    if name == "copy":
        assert tpp > size.copied_tpp
        assert gain["low"] > size.copied_gain
    elif name == "delay":
        assert tpp > size.delayed_tpp
        assert gain["low"] > size.delayed_gain
    else:
        assert tpp < size.chance_tpp
        assert gain["mean"] < size.nothing


def test_an_agent_says_that_it_learned_nothing_where_there_was_nothing_to_learn(world):
    name, _, _, agent = world
    said = verdict(agent.training)
    assert said == "" if name != "independent" else said.startswith("This agent learned nothing beyond the deaf model")


def test_what_the_guide_adds_is_about_the_moment_and_not_the_piece(world):
    name, size, _, agent = world
    gain = agent.training["gain"]
    assert gain["whole"]["mean"] == pytest.approx(gain["piece"]["mean"] + gain["local"]["mean"])
    assert abs(gain["piece"]["mean"]) < size.piece
    if name == "independent":
        assert gain["local"]["mean"] < size.nothing
    else:
        assert gain["local"]["low"] > size.local_gain
        assert gain["swapped"]["mean"] > 1, "who has reason to trust the guide is misled by a strange one"


def test_no_baseline_that_sees_one_moment_finds_a_delay(world):
    name, _, _, agent = world
    if name != "delay":
        pytest.skip("only in the delayed world")
    for model in ("majority", "copy-guide", "p(b|a)", "bigram"):
        assert row(agent, model)["bits"]["mean"] > row(agent, "antiphon")["bits"]["mean"] + 1


def test_a_held_out_response_sounds_like_the_true_partner(world):
    name, size, manifest, agent = world
    if name != "copy":
        pytest.skip("only the copied world says what every moment should be")
    corpus = read_manifest(manifest)
    held_out = divide(corpus.multitracks, size.settings.corpus, corpus.splits)["test"][0].multitrack
    guide, partner = (antiphon.read(track.path) for track in held_out.tracks)
    response = agent.respond(guide, agent.memory(partner), seed=1)
    heard, truth = agent.tokens(response.audio).ids, agent.tokens(partner).ids
    assert np.mean(heard == truth) > 0.9
    assert len(response.audio.samples) == len(guide.samples)
