import numpy as np

from antiphon.agent import Agent
from antiphon.agent.card import model_card
from antiphon.config import Settings
from antiphon.decision.transformer import DecisionNetwork
from antiphon.perception.perception import Perception
from antiphon.types import Alphabet


def test_every_row_of_the_table_has_three_cells():
    settings = Settings.model_validate({"decision": {"dimension": 16, "feed_forward": 16}})
    alphabet = Alphabet(np.zeros((2, 1), np.float32), np.ones(1, np.float32), -60.0, True, "{}", "test")
    summary = [{"model": name, "tpp": {"mean": 1.0}, "bits": {"mean": 2.0}} for name in ("antiphon", "p(b|a)")]
    network = DecisionNetwork(settings.decision, alphabet.classes)
    agent = Agent(settings, alphabet, Perception(settings.perception), network, training={"summary": summary})
    rows = [line.replace("\\|", "") for line in model_card(agent).splitlines() if line.startswith("|")]
    assert len(rows) == 4
    assert {row.count("|") for row in rows} == {4}
