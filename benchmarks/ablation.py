"""The decision, a setting at a time: what each is worth on held-out pieces when all train for the same time.

    python benchmarks/ablation.py CORPUS [--seconds 120] [--segment 0.5] [--size 64] [--pieces 0] [VARIANT ...]

Each variant is the default network with some settings changed, trained for so many seconds of one thread's work, which
count less where the machine is slowed down by others (or so many epochs, for settings that cost no time); then mean
bits per token over the whole tracks of the test split, by the averaged weights, and TPP running free: drawn from the
nucleus, by the guide alone where the variant has learned that, and the consensus of so many samples where asked for.
`paper-1e-4` and the like are the paper's architecture (configs/paper.toml) with that learning rate.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import statistics
import time
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from antiphon.agent.parts import context_of
from antiphon.config import Settings, resolve
from antiphon.dataset import prepare, split_tokens, training_segments
from antiphon.decision.generation import Context, generate, score
from antiphon.decision.neural import NeuralDecision
from antiphon.evaluation.opponents import side_by_side
from antiphon.experiments.reproduce.cells import open_part
from antiphon.metrics import bits_per_token
from antiphon.perception.alphabet import fit_alphabet
from antiphon.perception.cache import FrameCache, default_directory
from antiphon.perception.perception import Perception
from antiphon.perception.quantizers import class_distances, make_quantizer
from antiphon.training.losses import soft_targets
from antiphon.training.network_variants import TrainingData, new_network
from antiphon.training.trainer import Trainer
from antiphon.training.transposition import in_other_keys

PAPER = Path(__file__).parents[1] / "configs" / "paper.toml"

VARIANTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "default": {},
    "sinusoidal": {"decision": {"positions": "sinusoidal"}},
    "relative": {"decision": {"positions": "relative"}},
    "no guide layers": {"decision": {"guide_layers": 0}},
    "cross-attention": {"decision": {"conditioning": "cross-attention"}},
    "cross-attention, no guide layers": {"decision": {"conditioning": "cross-attention", "guide_layers": 0}},
    "64 wide": {"decision": {"dimension": 64, "feed_forward": 256}},
    "192 wide, 4 layers": {"decision": {"dimension": 192, "feed_forward": 768, "layers": 4}},
    "256 wide, 4 layers": {
        "decision": {"dimension": 256, "feed_forward": 1024, "layers": 4},
        "training": {"learning_rate": 1e-3},
    },
    "384 wide, 6 layers": {
        "decision": {"dimension": 384, "feed_forward": 1536, "layers": 6, "heads": 6},
        "training": {"learning_rate": 5e-4},
    },
    "centroids": {"decision": {"token_input": "centroids"}},
    "softened targets": {"training": {"soft_targets": 0.5}},
    "last weights": {"training": {"averaging": 0.0}},
    "true past alone": {"training": {"teacher_decay": 1.0}},
    "true past, never hidden": {"training": {"teacher_decay": 1.0, "hide_past": 0.0}},
    "own past in a tenth": {"training": {"teacher_floor": 0.9}},
    "past never hidden": {"training": {"hide_past": 0.0}},
    "guide never hidden": {"training": {"hide_guide": 0.0}},
    "one key": {"training": {"transpose": False}},
    "fixed windows": {"training": {"random_offsets": False}},
    "fp32": {"training": {"precision": "fp32"}},
    "up to now": {"decision": {"lookahead_seconds": 0.0}},
    "0.5 s behind": {"decision": {"lookahead_seconds": -0.5}},
    "1 s behind": {"decision": {"lookahead_seconds": -1.0}},
    "2 s behind": {"decision": {"lookahead_seconds": -2.0}},
    "2 s ahead": {"decision": {"lookahead_seconds": 2.0}},
    "deaf": {},
}

PAPERS_RATES = {"paper-1e-4": 1e-4, "paper-3e-4": 3e-4, "paper-1e-3": 1e-3}


class TimeIsUpError(Exception):
    """The variant has had its seconds."""


class Clock:
    """Seconds of this thread's work, scaled by how long a fixed piece of work takes at the time and took at first."""

    def __init__(self) -> None:
        self.matrix = torch.randn(384, 384)
        self.usual = statistics.median(self._piece() for _ in range(100))

    def _piece(self) -> float:
        began = time.thread_time()
        for _ in range(4):
            torch.softmax(self.matrix @ self.matrix, dim=-1)
        return time.thread_time() - began

    def start(self) -> None:
        self.passed, self.ticks, self.since = 0.0, 0, time.thread_time()

    def tick(self) -> float:
        """To be called after each step: the seconds since the start."""
        self.ticks += 1
        if self.ticks % 5 == 0:
            worked = time.thread_time() - self.since
            self.passed += worked * self.usual / statistics.median(self._piece() for _ in range(3))
            self.since = time.thread_time()
        return self.passed


def settings_of(variant: str, given: argparse.Namespace) -> Settings:
    """The default's settings with the variant's changes; all train in half precision unless they say otherwise."""
    changes: dict[str, Any] = {name: dict(part) for name, part in VARIANTS.get(variant, {}).items()}
    if variant in PAPERS_RATES:
        paper = tomllib.loads(PAPER.read_text(encoding="utf-8"))
        changes = {"decision": paper["decision"], "training": paper["training"]}
        changes["training"] |= {"learning_rate": PAPERS_RATES[variant], "transpose": True, "random_offsets": True}
    encoder = {"lookahead_seconds": given.encoder_lookahead}
    changes["perception"] = {"segment_seconds": given.segment, "alphabet_size": given.size, "encoder": encoder}
    changes["training"] = {"precision": "bf16", "max_epochs": given.epochs or 10_000, **changes.get("training", {})}
    return resolve(environment={}, overrides=changes)


def lesson_of(corpus: Path, settings: Settings, pieces: int) -> tuple[Any, TrainingData]:
    """Alphabet and tokens, the same for all variants."""
    perception = Perception(settings.perception, None, FrameCache(default_directory()))
    prepared = prepare(open_part(corpus, settings, pieces, 0), perception, settings.corpus)
    train = prepared.division["train"]
    alphabet = fit_alphabet(training_segments(prepared.encoded, train), perception.encoder, settings.perception)
    keys = in_other_keys(prepared.encoded, train, make_quantizer(alphabet), perception.encoder)
    return alphabet, TrainingData(split_tokens(prepared, alphabet), keys)


def tried(
    variant: str,
    settings: Settings,
    alphabet: Any,
    lesson: TrainingData,
    *,
    clock: Clock,
    seconds: float,
    consensus: int,
) -> dict[str, Any]:
    """Train for `seconds` (or the settings' epochs), then judge on the test split."""
    network = new_network(settings, alphabet, variant != "deaf")
    context = context_of(settings.corpus, settings.perception)
    soft = None
    if settings.training.soft_targets:
        distances = torch.from_numpy(class_distances(alphabet)).float()
        soft = soft_targets(distances, settings.training.soft_targets)
    rest = alphabet.rest if alphabet.has_rest else None
    trainer = Trainer(network, context, settings.training, rest=rest, soft=soft)
    clock.start()

    def until_the_end(task: str, done: int, total: int) -> None:
        if clock.tick() > seconds:
            raise TimeIsUpError

    keys = lesson.transposed if settings.training.transpose else ()
    with contextlib.suppress(TimeIsUpError):
        trainer.fit(lesson.splits.train, [], until_the_end, transposed=keys)
    found = {"variant": variant, "weights": network.weights, "steps": clock.ticks}
    with trainer.average.applied():
        return found | score_free_running(NeuralDecision(network.eval()), lesson, context, settings, consensus)


def score_free_running(
    model: NeuralDecision, lesson: TrainingData, context: Context, settings: Settings, consensus: int
) -> dict[str, Any]:
    """Bits per token and TPP, each way of deciding by itself; all tokens count alike."""
    ways = {"nucleus": (model, settings.sampling)}
    if settings.training.hide_past:
        ways["guide"] = (replace(model, guide_only=True), settings.sampling.model_copy(update={"temperature": 0.0}))
    if consensus:
        ways["consensus"] = (model, settings.sampling.model_copy(update={"consensus": consensus}))
    groups = list(side_by_side(lesson.splits.test))
    nats = [score(model, each.guides, each.targets, context, each.durations).ravel() for each in groups]
    found: dict[str, Any] = {"bits": round(bits_per_token(np.concatenate(nats)), 4)}
    for way, (player, sampling) in ways.items():
        hits = [
            np.ravel(
                generate(
                    player,
                    each.guides,
                    context,
                    sampling=sampling.model_copy(update={"constraint": "off"}),
                    seeds=range(len(each.guides)),
                    durations=each.durations,
                ).ids
                == each.targets
            )
            for each in groups
        ]
        found[f"tpp {way}"] = round(100 * float(np.mean(np.concatenate(hits))), 2)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("variants", nargs="*", default=[*VARIANTS, *PAPERS_RATES])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--epochs", type=int, help="so many instead of so many seconds")
    parser.add_argument("--consensus", type=int, default=0)
    parser.add_argument("--encoder-lookahead", type=float, help="tokens as they are heard live, so many seconds late")
    parser.add_argument("--segment", type=float, default=0.5)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--pieces", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    alphabet, lesson = lesson_of(given.corpus, settings_of("default", given), given.pieces)
    clock = Clock()
    for variant in given.variants:
        settings = settings_of(variant, given)
        seconds = math.inf if given.epochs else given.seconds
        found = tried(variant, settings, alphabet, lesson, clock=clock, seconds=seconds, consensus=given.consensus)
        assert math.isfinite(found["bits"])
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
