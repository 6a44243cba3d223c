"""Audio worlds: from the sound of PairBench to tokens and back to the planted relation, against what an ear can tell.

    python benchmarks/audio_worlds.py PAIRBENCH [--size 64] [--epochs 40] [WORLD ...]

PAIRBENCH is a built benchmark (`antiphon corpus build pairbench -o PAIRBENCH`). An agent learns from the training part
of a world; then b is decided from a on its test pieces. Scored is the planted attribute of each class of the agent's
alphabet (`attribute_from_audio`). The ceiling is the score of the true b performed again, times the bound of a
predictor.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from antiphon.agent import Agent
from antiphon.audio import read
from antiphon.config import SamplingSettings, resolve
from antiphon.corpus.planted import (
    PAIRBENCH,
    attribute,
    attribute_bound,
    attribute_from_audio,
    performed_again,
    planted_tokens,
)
from antiphon.decision.generation import generate
from antiphon.metrics import true_positive_percentage
from antiphon.perception.quantizers import class_distances
from antiphon.training.pipeline import train
from antiphon.types import Ids

WAYS = {
    "consensus": SamplingSettings(consensus=32, constraint="off"),
    "by the guide alone": SamplingSettings(temperature=0, past=False, constraint="off"),
}


def heard(agent: Agent, folder: Path, name: str, part: str) -> Ids:
    return agent.tokens(read(folder / name / f"{part}.flac")).ids


def scores(world: str, folder: Path, size: int, epochs: int) -> dict[str, float]:
    """Percent of test segments with the planted attribute: ours in each way, and the ceiling."""
    settings = resolve(
        environment={},
        overrides={
            "perception": {"alphabet_size": size},
            # b answers a, not a b; and a class that only a new timbre brings is read by where it lies.
            "corpus": {"targets": ["b"]},
            "decision": {"dimension": 64, "feed_forward": 256, "layers": 2, "token_input": "centroids"},
            # A world has one key: in twelve of them the guide would tell which one, where it should tell nothing.
            "training": {"transpose": False, "deaf": False, "max_epochs": epochs, "patience": 8},
        },
    )
    agent = train(folder / "manifest.jsonl", settings=settings)
    planted = PAIRBENCH[world]
    truths = [attribute(planted, pair.b).ids for pair in planted_tokens(planted)]
    names = [json.loads(line)["name"] for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    again = performed_again(folder)
    tested = [index for index, name in enumerate(names) if name in again]
    learned = [index for index in range(len(names)) if index not in tested]
    ear = attribute_from_audio(
        [heard(agent, folder, names[index], "b") for index in learned],
        [truths[index] for index in learned],
        class_distances(agent.alphabet),
    )
    guides = np.stack([heard(agent, folder, names[index], "a") for index in tested])
    found = {}
    for way, sampling in WAYS.items():
        decision_for = agent.decision_for(sampling)
        answers = generate(decision_for, guides, agent.context, sampling=sampling, seeds=range(len(tested))).ids
        found[way] = mean(ear, answers, [truths[index] for index in tested])
    repeated = [agent.tokens(read(again[names[index]])).ids for index in tested]
    found["ear"] = mean(ear, repeated, [truths[index] for index in tested])
    found["ceiling"] = found["ear"] * attribute_bound(planted).tpp / 100
    return found


def mean(ear: Ids, answers: list[Ids] | Ids, truths: list[Ids]) -> float:
    return float(
        np.mean([true_positive_percentage(ear[answer], truth) for answer, truth in zip(answers, truths, strict=True)])
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairbench", type=Path)
    parser.add_argument("worlds", nargs="*", default=list(PAIRBENCH))
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=40)
    given = parser.parse_args()
    torch.set_num_threads(1)
    head = ("world", *WAYS, "true b again", "ceiling", "best, % of it", "s")
    print(f"| {' | '.join(head)} |\n{'|---' * len(head)}|", flush=True)
    for world in given.worlds:
        began = time.process_time()
        found = scores(world, given.pairbench / world, given.size, given.epochs)
        best = max(found[way] for way in WAYS)
        cells = [*(f"{found[way]:.1f}" for way in (*WAYS, "ear", "ceiling")), f"{100 * best / found['ceiling']:.1f}"]
        print(f"| {world} | {' | '.join(cells)} | {time.process_time() - began:.0f} |", flush=True)


if __name__ == "__main__":
    main()
