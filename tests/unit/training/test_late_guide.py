"""An agent that hears its guide late: what it learns from, what the delay costs, and that the agent for live play is
one."""

from pathlib import Path

import numpy as np
import pytest
from loudness_making import Loudness

import antiphon
from antiphon.agent import Agent
from antiphon.audio import write
from antiphon.config import PerceptionSettings, Settings, resolve
from antiphon.config.presets import live_defaults, pair_defaults, trained_with
from antiphon.corpus.layouts import pair
from antiphon.corpus.manifest import Corpus
from antiphon.errors import SettingsError
from antiphon.training.pipeline import train
from antiphon.types import Audio

RATE = 8000
ROOT = Path(__file__).parents[3]


def twins(folder: Path, pieces: int) -> Corpus:
    """Loud and soft at random, half a second each; the second track does what the first does."""
    takes = []
    for piece in range(pieces):
        levels = np.random.default_rng(piece).choice([0.1, 0.8], 80)
        for name in ("a", "b"):
            noise = np.random.default_rng([piece, ord(name)]).uniform(-1, 1, (80, RATE // 2))
            samples = (levels[:, None] * noise).reshape(-1, 1).astype(np.float32)
            write(folder / f"{name} of {piece}.wav", Audio(samples, RATE))
        takes.append(pair(folder / f"a of {piece}.wav", folder / f"b of {piece}.wav"))
    return Corpus(tuple(takes))


def learned(folder: Path, late: float, steps: int) -> Agent:
    settings = resolve(
        environment={},
        overrides={
            "corpus": {"train_share": 0.6, "validation_share": 0.2},
            "perception": {"alphabet_size": 2, "guide_delay_seconds": late},
            "decision": {"dimension": 16, "feed_forward": 16, "heads": 2, "layers": 1, "guide_layers": 1}
            | {"lookahead_seconds": 0.0},
            "training": {"max_epochs": steps, "learning_rate": 1e-2, "teacher_decay": 1, "shifted": False},
        },
    )
    return train(twins(folder, 10), settings=settings, encoder=Loudness())


@pytest.mark.slow
@pytest.mark.parametrize("late", [0.1, 0.5])
def test_what_the_delay_costs_is_what_has_not_been_heard(tmp_path, late):
    """A tenth of a second before the end of a segment all is known of it; at its beginning nothing is."""
    agent = learned(tmp_path, late, 12)
    delay = agent.training["delay"]
    assert delay["seconds"] == late
    assert delay["worth_at_once"]["mean"] > 0.6
    if late == 0.1:
        assert delay["cost"]["mean"] <= 0.3
        assert delay["worth"]["mean"] >= 0.5
    else:
        assert delay["cost"]["mean"] > 0.6
        assert abs(delay["worth"]["mean"]) < 0.1
    agent.save(tmp_path / "agent")
    again = Agent.load(tmp_path / "agent", Loudness())
    assert again.present is not None
    assert "What the delay costs" in (tmp_path / "agent" / "README.md").read_text(encoding="utf-8")


def test_a_guide_that_is_heard_at_once_has_no_delay_to_account_for(tmp_path):
    agent = learned(tmp_path, 0.0, 1)
    assert agent.present is None
    assert "delay" not in agent.training


def test_the_configuration_for_live_play_is_the_flag(monkeypatch):
    assert resolve(ROOT / "configs" / "live.toml", environment={}) == live_defaults()
    assert trained_with(paired=False, live=False) is None
    both = trained_with(paired=True, live=True)
    assert both.perception == live_defaults().perception
    assert both.training.epoch_steps == pair_defaults().training.epoch_steps
    assert not both.corpus.both_ways


def test_only_uniform_segments_can_be_heard_late():
    with pytest.raises(SettingsError, match="uniform"):
        resolve(environment={}, overrides={"perception": {"segmenter": "beat", "guide_delay_seconds": 0.1}})
    assert not PerceptionSettings().hears_late
    assert Settings().perception.heard_seconds == 0.5


def test_the_agent_that_comes_for_live_play_is_causal_and_small():
    agent = Agent.base(live=True)
    directory = Path(antiphon.__file__).parent / "live_agent"
    assert sum(path.stat().st_size for path in directory.iterdir()) < 5_000_000
    assert agent.settings.decision.lookahead_seconds == 0
    assert agent.perception.encoder.lookahead_seconds < 0.06
    assert agent.perception.stream(agent.alphabet).delay_seconds < 0.25
    assert agent.settings.perception == live_defaults().perception
    worth = agent.training["gain"]["whole"]
    assert worth["low"] > 0.1
    assert worth["pieces"] >= 15
    assert agent.training["licence"] == "CC0-1.0"
