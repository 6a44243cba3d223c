"""What an agent decides with, as the sampling settings ask for it."""

import numpy as np
import pytest

from antiphon.agent.agent import Agent
from antiphon.config import SamplingSettings, resolve
from antiphon.decision.generation import generate
from antiphon.errors import SettingsError
from antiphon.perception.perception import Perception
from antiphon.training.network_variants import new_network
from antiphon.types import Alphabet


def agent(hide_past: float) -> Agent:
    settings = resolve(
        environment={},
        overrides={
            "decision": {"layers": 1, "guide_layers": 0, "heads": 2, "dimension": 8, "feed_forward": 8},
            "training": {"hide_past": hide_past},
        },
    )
    centroids = np.random.default_rng(0).normal(size=(6, 24)).astype(np.float32)
    alphabet = Alphabet(centroids, np.ones(24, np.float32), -60.0, True, "{}", "test")
    return Agent(settings, alphabet, Perception(settings.perception), new_network(settings, alphabet))


def said(model, *, played: int):
    """Log-probabilities of the second token, after `played`."""
    heard = np.array([[1, 2, 3]])
    state, _ = model.step(model.start(1), heard, None)
    return model.step(state, heard[:, :0], np.array([played]))[1]


@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_without_a_past_what_was_played_changes_nothing(guidance):
    decision_for = agent(0.2).decision_for(SamplingSettings(past=False, guidance=guidance))
    assert np.array_equal(said(decision_for, played=0), said(decision_for, played=4))
    decision_for = agent(0.2).decision_for(SamplingSettings(guidance=guidance))
    assert not np.array_equal(said(decision_for, played=0), said(decision_for, played=4))


def test_who_never_missed_its_past_cannot_be_asked_without():
    with pytest.raises(SettingsError, match=r"sampling\.past: .* training\.hide_past"):
        agent(0.0).decision_for(SamplingSettings(past=False))


def test_responses_by_the_guide_alone_agree_on_what_is_most_probable_by_it():
    model = agent(0.2)
    guides = np.random.default_rng(1).integers(6, size=(3, 20))

    def answered(**sampling) -> np.ndarray:
        settings = SamplingSettings(past=False, constraint="off", **sampling)
        return generate(model.decision_for(settings), guides, model.context, sampling=settings, seeds=range(3)).ids

    assert np.array_equal(answered(consensus=32), answered(temperature=0))
    assert not np.array_equal(answered(), answered(temperature=0))
