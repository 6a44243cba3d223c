"""An agent that learned nothing says so, and one that learned does not."""

from dataclasses import asdict

import pytest
import torch

from antiphon.agent.verdict import ADVICE, verdict
from antiphon.config import DecisionSettings, SamplingSettings, TrainingSettings
from antiphon.corpus.planted import PlantedSettings, planted_tokens
from antiphon.dataset import TokenExcerpt
from antiphon.decision.generation import Context
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.transformer import DecisionNetwork
from antiphon.evaluation.gain import gain_of
from antiphon.evaluation.opponents import Opponent, opponents
from antiphon.evaluation.regeneration import regenerate, summarized
from antiphon.training.trainer import Trainer

CLASSES = 6
CONTEXT = Context(20, 10)
SAMPLING = SamplingSettings()
QUICK = TrainingSettings(batch_size=16, draws_per_window=8, max_epochs=8, warmup_steps=0, learning_rate=1e-2)


def row(model: str, bits: float, low: float, high: float, pieces: int = 5) -> dict:
    behind = {"mean": (low + high) / 2, "low": low, "high": high, "pieces": pieces}
    return {"model": model, "bits": {"mean": bits, "low": bits, "high": bits, "pieces": pieces}, "behind": behind}


def account(*rows: dict, worth: float | None = None) -> dict:
    gain = None if worth is None else {"whole": {"mean": worth, "low": worth, "high": worth, "pieces": 5}}
    return {"summary": [row("antiphon", 3.0, 0, 0), *rows], "gain": gain}


def excerpts(world: str) -> list[TokenExcerpt]:
    settings = PlantedSettings(world, pieces=20, segments=40, classes=CLASSES)
    return [
        TokenExcerpt(f"{piece}", f"{piece}", ("a", "b"), (pair.a, pair.b), only={0: 1})
        for piece, pair in enumerate(planted_tokens(settings))
    ]


def learned(hears: bool, train: list[TokenExcerpt], validation: list[TokenExcerpt]) -> NeuralDecision:
    settings = DecisionSettings(layers=1, heads=2, dimension=32, feed_forward=32, guide_layers=0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = DecisionNetwork(settings, CLASSES, hears)
    Trainer(network, CONTEXT, QUICK).fit(train, validation)
    return NeuralDecision(network)


def training_of(world: str) -> dict:
    """What a training on a world says of held-out pieces, from tokens on."""
    pieces = excerpts(world)
    train, validation, test = pieces[:12], pieces[12:15], pieces[15:]
    models = {name: learned(name == "antiphon", train, validation) for name in ("antiphon", "deaf")}
    own = [Opponent(name, model, model, SAMPLING) for name, model in models.items()]
    simple = opponents(train, validation, CLASSES, CONTEXT, SAMPLING)
    others = [each for each in simple if each.name in ("uniform", "p(b|a)")]
    scores = regenerate([*own, *others], test, CONTEXT)
    return {"summary": [asdict(each) for each in summarized(scores)], "gain": asdict(gain_of(scores, {}))}


def test_a_copied_track_is_learned_and_nothing_is_said():
    training = training_of("copy")
    table = next(each for each in training["summary"] if each["model"] == "p(b|a)")
    assert table["bits"]["mean"] < 0.1, "the table knows a copy by heart too: to be as good is no fault"
    assert verdict(training) == ""


def test_where_two_tracks_have_nothing_to_do_with_each_other_it_says_so():
    training = training_of("independent")
    said = verdict(training)
    assert said.startswith("This agent learned nothing beyond ")
    assert "the deaf model" in said
    assert said.endswith(f"{ADVICE}.")
    assert (": its guide is worth -" in said.replace(";", ":")) == (training["gain"]["whole"]["mean"] < 0)


def test_a_pair_that_taught_nothing_names_all_it_does_not_beat_and_what_the_guide_costs():
    """The figures of a training on a real pair, 30 s each."""
    summary = [
        row("antiphon", 4.056, 0, 0, 1),
        row("deaf", 3.781, -0.275, -0.275, 1),
        row("uniform", 3.585, -0.471, -0.471, 1),
        row("p(b|a)", 2.514, -1.542, -1.542, 1),
        row("bigram", 2.9, -1.1, -1.1, 1),
    ]
    gain = {"whole": {"mean": -0.275, "low": -0.275, "high": -0.275, "pieces": 1}}
    assert verdict({"summary": summary, "gain": gain}) == (
        "This agent learned nothing beyond a uniform draw, p(b given a) and the deaf model (3.585, 2.514 and 3.781 "
        "bits per token on one held-out piece, the agent 4.056; its guide is worth -0.275 bits); "
        "give it more audio, or use the base agent and finetune."
    )


@pytest.mark.parametrize(("low", "high", "silent"), [(0.01, 0.4, True), (-0.01, 0.4, False), (-0.4, -0.1, False)])
def test_a_lead_whose_interval_reaches_zero_is_no_evidence(low, high, silent):
    beaten = row("uniform", 6.0, 2.9, 3.1)
    assert (verdict(account(beaten, row("deaf", 3.2, low, high), worth=(low + high) / 2)) == "") == silent
    assert (verdict(account(beaten, row("p(b|a)", 3.2, low, high))) == "") == silent


def test_other_opponents_and_missing_figures_say_nothing():
    assert verdict(account(row("retrieval", 2.0, -1.2, -0.8), row("uniform", 6.0, 2.9, 3.1))) == ""
    assert verdict({"summary": [], "gain": None}) == ""
    assert verdict({}) == ""


def test_a_positive_gain_without_evidence_is_not_called_negative():
    assert "worth" not in verdict(account(row("deaf", 3.2, -0.1, 0.4), worth=0.15))
