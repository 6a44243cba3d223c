import numpy as np
import pytest

from antiphon.agent import Agent
from antiphon.agent.card import model_card
from antiphon.config import Settings
from antiphon.decision.transformer import DecisionNetwork
from antiphon.perception.perception import Perception
from antiphon.types import Alphabet


def card(training: dict) -> str:
    settings = Settings.model_validate({"decision": {"dimension": 16, "feed_forward": 16}})
    alphabet = Alphabet(np.zeros((2, 1), np.float32), np.ones(1, np.float32), -60.0, True, "{}", "test")
    network = DecisionNetwork(settings.decision, alphabet.classes)
    return model_card(Agent(settings, alphabet, Perception(settings.perception), network, training=training))


def test_every_row_of_the_table_has_three_cells():
    summary = [{"model": name, "tpp": {"mean": 1.0}, "bits": {"mean": 2.0}} for name in ("antiphon", "p(b|a)")]
    rows = [line.replace("\\|", "") for line in card({"summary": summary}).splitlines() if line.startswith("|")]
    assert len(rows) == 4
    assert {row.count("|") for row in rows} == {4}


@pytest.mark.parametrize(("low", "said"), [(-0.1, True), (0.1, False)])
def test_a_card_says_that_nothing_was_learned(low, said):
    summary = [
        {"model": name, "tpp": {"mean": 1.0}, "bits": {"mean": 2.0, "pieces": 4}, "behind": {"low": low}}
        for name in ("antiphon", "deaf")
    ]
    assert ("**This agent learned nothing beyond the deaf model" in card({"summary": summary})) == said
