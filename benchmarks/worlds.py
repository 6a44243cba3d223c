"""Token worlds: what the decision reaches against the exact bounds of planted relations, no audio between.

    python benchmarks/worlds.py [--difficulty clean] [--pieces 200] [WORLD ...]

For each relation: a small network learns from token pairs; TPP on held-out pieces, consensus of 32, against the bound
of a free-running predictor; bits per token against the bound with the true past; the gain over the deaf network. It
learns from the true past, which is never hidden: contrary motion follows from the past, and a network that has learned
to expect a wrong one hedges.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
import torch

from antiphon.confidence import Estimate, estimate
from antiphon.config import DecisionSettings, SamplingSettings, TrainingSettings
from antiphon.corpus.planted import PLANTED_WORLDS, PlantedSettings, bound, planted_tokens, relation_of
from antiphon.dataset import TokenExcerpt
from antiphon.decision.generation import Context, generate, score
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.transformer import DecisionNetwork
from antiphon.metrics import bits_per_token, true_positive_percentage
from antiphon.training.trainer import Trainer

CONTEXT = Context(64, 64)
"""A whole piece."""

NETWORK = DecisionSettings(dimension=64, feed_forward=256, layers=2, guide_layers=2, positions="relative")
NOISY = {"late": 0.1, "slip": 0.1}


def excerpts(settings: PlantedSettings) -> list[TokenExcerpt]:
    """Guide a and its one target b: the other way round is another relation."""
    pairs = planted_tokens(settings)
    return [TokenExcerpt(f"{n}", f"{n}", ("a", "b"), (a, b), only={0: 1}) for n, (a, b) in enumerate(pairs)]


def trained(classes: int, hears: bool, train, validation, epochs: int) -> DecisionNetwork:
    torch.manual_seed(0)
    network = DecisionNetwork(NETWORK, classes, hears)
    past = {"teacher_decay": 1.0, "hide_past": 0.0}
    settings = TrainingSettings(max_epochs=epochs, random_offsets=False, hide_guide=0.0, patience=6, **past)
    Trainer(network, CONTEXT, settings).fit(train, validation)
    return network


def score_free_running(network: DecisionNetwork, held_out) -> tuple[list[float], list[float]]:
    """TPP and bits of each held-out piece."""
    guides, targets = (np.stack([getattr(each.pair(0, 1), side) for each in held_out]) for side in ("guide", "target"))
    model = NeuralDecision(network)
    sampling = SamplingSettings(consensus=32, top_p=1.0)
    answers = generate(model, guides, CONTEXT, sampling=sampling, seeds=range(len(guides))).ids
    surprise = score(model, guides, targets, CONTEXT)
    return (
        [true_positive_percentage(answer, truth) for answer, truth in zip(answers, targets, strict=True)],
        [bits_per_token(row) for row in surprise],
    )


def shown(value: Estimate, digits: int) -> str:
    return f"{value.mean:.{digits}f} ({value.low:.{digits}f} to {value.high:.{digits}f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("worlds", nargs="*", default=PLANTED_WORLDS)
    parser.add_argument("--noisy", action="store_true")
    parser.add_argument("--pieces", type=int, default=300)
    parser.add_argument("--epochs", type=int, default=30)
    given = parser.parse_args()
    torch.set_num_threads(1)
    head = ("world", "TPP", "bound", "% of it", "bits", "bound", "above", "gain over deaf", "s")
    print(f"| {' | '.join(head)} |\n{'|---' * len(head)}|")
    for world in given.worlds:
        began = time.process_time()
        settings = replace(PlantedSettings(world, pieces=given.pieces, seed=11), **(NOISY if given.noisy else {}))
        every = excerpts(settings)
        held_out, validation, train = every[:60], every[60:90], every[90:]
        classes = relation_of(settings).classes
        networks = [trained(classes, hears, train, validation, given.epochs) for hears in (True, False)]
        (tpp, bits), (_, deaf) = (score_free_running(network, held_out) for network in networks)
        reached, surprise = estimate(tpp), estimate(bits)
        gain = estimate([one - other for one, other in zip(deaf, bits, strict=True)])
        limit = bound(settings)
        print(
            f"| {world} | {shown(reached, 1)} | {limit.tpp:.1f} | {100 * reached.mean / limit.tpp:.1f} | "
            f"{shown(surprise, 3)} | {limit.bits:.3f} | {surprise.mean - limit.bits:+.3f} | {shown(gain, 3)} | "
            f"{time.process_time() - began:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
