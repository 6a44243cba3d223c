"""Networks from one lesson: the one that hears, and its opponents that heard nothing, or at the wrong time, or, where
the guide is heard late, at once.

They are alike in size, start and draws. What they differ in on held-out pieces is what the guide adds
(`evaluation/gain`).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from antiphon.agent import Agent
from antiphon.agent.networks import blank_network
from antiphon.config import Settings
from antiphon.dataset import Splits, TokenExcerpt, undelayed
from antiphon.dataset.shards.index import ShardFolder
from antiphon.decision.neural import suitable_threads
from antiphon.decision.transformer import DecisionNetwork
from antiphon.errors import AntiphonError
from antiphon.interfaces import Progress
from antiphon.perception.quantizers import class_distances
from antiphon.training.batches import BatchSource
from antiphon.training.events import NamedLog
from antiphon.training.losses import soft_targets
from antiphon.training.ranks import Ranks
from antiphon.training.shard_batches import ShardBatches
from antiphon.training.trainer import EpochRecord, Trainer
from antiphon.types import Alphabet

TASKS: Mapping[str, str] = {
    "decision": "train",
    "deaf": "train the deaf model",
    "shifted": "train the shifted model",
    "present": "train the model that hears at once",
}
"""What progress calls each of them."""


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What is learned from: the splits, and the training split in other keys, in memory or from shards."""

    splits: Splits
    transposed: tuple[tuple[TokenExcerpt, ...], ...] = ()
    shards: ShardFolder | None = None
    """Where there are any, the training split is streamed from them, and `splits` holds a draw of each."""

    @property
    def at_once(self) -> TrainingData:
        """The same of guides that are heard without delay."""
        splits = (undelayed(each) for each in (self.splits.train, self.splits.validation, self.splits.test))
        return TrainingData(Splits(*splits), tuple(undelayed(each) for each in self.transposed), self.shards)


@dataclass(frozen=True, eq=False)
class TrainingContext:
    """Where a training runs: `state` keeps what is needed to go on, `ranks` train together, and two want to know."""

    state: Path | None
    ranks: Ranks
    progress: Progress
    log: NamedLog


@dataclass(eq=False)
class _Watch:
    """Who is told how far they have come, and what the guide is worth so far; stops all when one has failed."""

    around: TrainingContext
    stopped: threading.Event = field(default_factory=threading.Event)
    best: dict[str, float] = field(default_factory=dict)

    def log(self, name: str, record: EpochRecord) -> None:
        if record.validation_bits is not None:
            self.best[name] = min(record.validation_bits, self.best.get(name, record.validation_bits))
        self.around.log(name, record)

    def progress(self, task: str, done: int, total: int) -> None:
        if self.stopped.is_set():
            raise AntiphonError("the training was stopped")
        # Of the two, the one that is trained last tells it, where one goes after the other.
        compared = task.startswith((f"{TASKS['decision']}:", f"{TASKS['deaf']}:"))
        if compared and {"decision", "deaf"} <= self.best.keys():
            task += f", {self.best['deaf'] - self.best['decision']:.3f} by the guide"
        self.around.progress(task, done, total)


def train_variants(agent: Agent, lesson: TrainingData, around: TrainingContext) -> Agent:
    """The agent with its decision trained, and its opponents beside it as the settings ask, a thread for each.

    Several processes train them one after the other: what they say to each other must come in one order.
    """
    settings = agent.settings
    networks = {name: new_network(settings, agent.alphabet, name != "deaf") for name in _wanted(settings)}
    watch = _Watch(around)

    def fit(name: str) -> list[dict[str, Any]]:
        data = lesson.at_once if name == "present" else lesson
        trainer = Trainer(
            networks[name],
            agent.context,
            settings.training,
            around.state / name if around.state else None,
            rest=agent.alphabet.rest if agent.alphabet.has_rest else None,
            soft=_softened(agent),
            shifted=name == "shifted",
            ranks=around.ranks,
        )
        records = trainer.learn(
            _source(data, trainer, around.ranks, at_once=name == "present"),
            data.splits.validation,
            watch.progress,
            TASKS[name],
            log=lambda record: watch.log(name, record),
        )
        return [{"model": name, **asdict(record)} for record in records]

    with (
        suitable_threads(networks["decision"]) as threads,
        ThreadPoolExecutor(threads if around.ranks.count == 1 else 1) as pool,
    ):
        try:
            histories = list(pool.map(fit, networks))
        except BaseException:
            watch.stopped.set()
            raise
    trained = {name: network.cpu() for name, network in networks.items()}
    return replace(
        agent,
        network=trained["decision"],
        deaf=trained.get("deaf"),
        shifted=trained.get("shifted"),
        present=trained.get("present"),
        history=tuple(record for records in histories for record in records),
    )


def _source(data: TrainingData, trainer: Trainer, ranks: Ranks, at_once: bool) -> BatchSource:
    """Where the batches of a network come from: memory, or shards."""
    if data.shards is None:
        return trainer.held(data.splits.train, data.transposed)
    return ShardBatches(data.shards, trainer.drawing, trainer.settings, ranks, at_once=at_once)


def new_network(settings: Settings, alphabet: Alphabet, hears: bool = True) -> DecisionNetwork:
    """A network that has learned nothing yet; the same weights for the same seed."""
    with torch.random.fork_rng():
        torch.manual_seed(settings.training.seed)
        return blank_network(settings, alphabet, hears)


def _softened(agent: Agent) -> Tensor | None:
    """The distributions that training asks for instead of the true class alone."""
    temperature = agent.settings.training.soft_targets
    if temperature == 0:
        return None
    return soft_targets(torch.from_numpy(class_distances(agent.alphabet)).float(), temperature)


def _wanted(settings: Settings) -> list[str]:
    """The shifted model says something only beside the deaf one, and the one that hears at once where the others hear
    late."""
    training = settings.training
    asked = {
        "decision": True,
        "deaf": training.deaf,
        "shifted": training.deaf and training.shifted,
        "present": training.present and settings.perception.hears_late,
    }
    return [name for name, wanted in asked.items() if wanted]
