"""How long a study will take, measured on this machine before it begins."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from antiphon.agent.parts import context_of
from antiphon.config import Settings
from antiphon.corpus.manifest import Corpus
from antiphon.corpus.splits import divide
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.transformer import DecisionNetwork
from antiphon.evaluation.shifted_guides import JUDGED_SHARES
from antiphon.experiments.reproduce.cells import Job
from antiphon.types import Window

EXPECTED_EPOCHS = 25
"""After so many a training is taken to have converged, unless `training.max_epochs` ends it sooner."""

CENTROID_DIMENSION = 24
"""Of the made-up alphabet that the timed network is told of; no time depends on it."""


@dataclass(frozen=True)
class CellPlan:
    """A cell, what is there of it (`finished`, `trained` or nothing), and the minutes that the rest should take."""

    name: str
    state: str
    minutes: float


@dataclass(frozen=True)
class Plan:
    """All cells, how many are done side by side, and the minutes until the last one is finished."""

    cells: tuple[CellPlan, ...]
    workers: int
    minutes: float

    def lines(self) -> tuple[str, ...]:
        """The plan for a reader."""
        rows = (
            f"  {cell.name:<14} {cell.state or 'to do':<9} {_spoken(cell.minutes) if cell.minutes else ''}".rstrip()
            for cell in self.cells
        )
        head = f"{len(self.cells)} cells, {self.workers} at a time: {_spoken(self.minutes)} if nothing else runs here"
        return (head, *rows)


def plan_of(jobs: Sequence[Job], corpus: Corpus, workers: int) -> Plan:
    """Time a few steps of each kind of network, and count what is to be done."""
    timed: dict[tuple[int, int], _Pace] = {}
    cells = []
    for job in jobs:
        settings = job.settings
        key = (context_of(settings.corpus, settings.perception).tokens, settings.perception.alphabet_size)
        if not job.finished and key not in timed:
            timed[key] = _pace(settings)
        minutes = 0.0 if job.finished else _seconds(job, corpus, timed[key]) / 60
        state = "finished" if job.finished else "trained" if job.trained else ""
        cells.append(CellPlan(job.name, state, minutes))
    return Plan(tuple(cells), workers, _makespan([cell.minutes for cell in cells], workers))


def network_gigabytes(settings: Settings) -> float:
    """What three networks in training take: weights, gradients, two moments, the best weights so far."""
    weights = sum(each.numel() for each in _network(settings).parameters())
    return 3 * 5 * 4 * weights / 1024**3


@dataclass(frozen=True)
class _Pace:
    """Seconds of a training step, and of deciding one token of one of many sequences side by side."""

    step: float
    token: float


def _seconds(job: Job, corpus: Corpus, pace: _Pace) -> float:
    settings = job.settings
    division = divide(corpus.multitracks, settings.corpus, corpus.splits)
    training = settings.training
    networks = 1 + training.deaf + (training.deaf and training.shifted)
    rows = sum(_windows(window, settings) for window in division["train"]) * training.draws_per_window
    epochs = min(training.max_epochs, EXPECTED_EPOCHS)
    train = 0.0 if job.trained else networks * epochs * math.ceil(rows / training.batch_size) * pace.step
    tokens = sum(_tokens(window, settings) for window in division["test"])
    overlap = settings.corpus.window_seconds / settings.corpus.hop_seconds
    turned = len(JUDGED_SHARES) * (training.deaf and training.shifted)
    runs = 1 + training.deaf
    # Three forms by window, three by track and the account of the training; the consensus for each of its models.
    decided = tokens * (3 * overlap * runs + 4 * (runs + turned)) + tokens * job.consensus * len(job.consensus_of)
    return train + decided * pace.token


def _windows(window: Window, settings: Settings) -> int:
    length = window.end - window.start
    return 1 + max(0, math.ceil((length - settings.corpus.window_seconds) / settings.corpus.hop_seconds))


def _tokens(window: Window, settings: Settings) -> float:
    """Over all ordered pairs of its tracks."""
    count = len(window.multitrack.tracks)
    return count * (count - 1) * (window.end - window.start) / settings.perception.segment_seconds


def _makespan(minutes: Sequence[float], workers: int) -> float:
    """Each cell goes to the process that is free first."""
    ends = [0.0] * workers
    for each in minutes:
        first = ends.index(min(ends))
        ends[first] += each
    return max(ends)


def _network(settings: Settings) -> DecisionNetwork:
    size = settings.perception.alphabet_size
    with torch.random.fork_rng():
        return DecisionNetwork(
            settings.decision,
            size + int(settings.perception.rest),
            centroids=torch.zeros(size, CENTROID_DIMENSION),
        )


def _pace(settings: Settings) -> _Pace:
    """In one thread, as a cell runs."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        network = _network(settings)
        n = context_of(settings.corpus, settings.perception).tokens
        batch = settings.training.batch_size
        ids = torch.zeros(batch, n, dtype=torch.int64)
        lasting = torch.full((batch, n), settings.perception.segment_seconds)

        def learn() -> None:
            with torch.autocast("cpu", torch.bfloat16, enabled=settings.training.precision == "bf16"):
                logits = network(ids, ids, lasting)
            logits.float().sum().backward()

        # Scheduled sampling adds half a pass to a step.
        step = 1.5 * _quickest(learn)
        network.eval()
        model, rows = NeuralDecision(network), 64
        guide = np.zeros((rows, n), dtype=np.int64)
        seconds = np.full((rows, n), settings.perception.segment_seconds)
        state, _ = model.step(None, guide, None, seconds)
        nothing, brief = guide[:, :0], seconds[:, :0]
        token = _quickest(lambda: model.step(state, nothing, guide[:, 0], brief)) / rows
    finally:
        torch.set_num_threads(threads)
    return _Pace(step, token)


def _quickest(work: object, times: int = 3) -> float:
    assert callable(work)
    best = math.inf
    for _ in range(times):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def _spoken(minutes: float) -> str:
    if minutes < 1:
        return "under a minute"
    return f"about {minutes:.0f} min" if minutes < 120 else f"about {minutes / 60:.0f} h"
