"""Fine-tuning that helps or abstains."""

import numpy as np
import pytest

from antiphon.agent import Agent
from antiphon.agent.pair_verdict import finetuning_verdict
from antiphon.config import Settings
from antiphon.decision.datastore import KnownPair
from antiphon.perception.perception import Perception
from antiphon.training.careful_finetuning import Careful, finetuned_or_not
from antiphon.training.network_variants import new_network
from antiphon.types import Alphabet

CLASSES = 8
HOW = Careful(steps=20, check_every=10, folds=2, learning_rate=3e-3)
SETTINGS = Settings.model_validate(
    {
        "corpus": {"window_seconds": 6, "hop_seconds": 4},
        "decision": {"layers": 1, "heads": 2, "dimension": 32, "feed_forward": 32, "guide_layers": 1, "dropout": 0.0},
        "training": {"learning_rate": 1e-2},
    }
)


@pytest.fixture(scope="module")
def agent():
    centroids = np.arange(CLASSES, dtype=np.float32)[:, None]
    alphabet = Alphabet(centroids, np.ones(1, np.float32), -60.0, False, "{}", "numbers")
    return Agent(SETTINGS, alphabet, Perception(SETTINGS.perception), new_network(SETTINGS, alphabet))


def pair_of(target, n=120):
    guide = np.random.default_rng(0).integers(CLASSES, size=n)
    return KnownPair(guide, target(guide), np.full(n, 0.5))


def test_what_helps_on_held_out_blocks_is_applied_and_said(agent):
    tuned = finetuned_or_not(agent, [pair_of(lambda guide: np.full_like(guide, 3))], HOW)
    assert tuned.training["tried"]["applied"]
    assert tuned.network is not agent.network
    assert finetuning_verdict(tuned.training).startswith("Fine-tuned (all weights, 20 steps): ")


def test_what_does_not_help_is_not_applied_and_said(agent):
    def changing(guide):
        """Each tenth of it in another class: what one block teaches is wrong in the next."""
        return np.arange(len(guide)) * 10 // len(guide) % CLASSES

    left = finetuned_or_not(agent, [pair_of(changing)], HOW)
    assert not left.training["tried"]["applied"]
    assert left.network is agent.network
    assert finetuning_verdict(left.training).startswith("Not fine-tuned, since it is not surely better: ")
