"""The training loop (paper 5.2): cross-entropy, Adam, scheduled sampling, until the validation stops getting better.

Every draw depends on (seed, epoch or step) only, so a training that was stopped and goes on ends with the same bytes as
one that ran through.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from antiphon.checkpoint import load_arrays, load_json, save_arrays, save_json
from antiphon.config import TrainingSettings
from antiphon.dataset import TokenExcerpt
from antiphon.decision.generation import Context
from antiphon.decision.transformer import DecisionNetwork
from antiphon.errors import AntiphonError
from antiphon.interfaces import Progress, no_progress
from antiphon.training.batches import Batch, all_pairs, epoch_batches, padded
from antiphon.training.scheduled_sampling import sampled_past, shifted, true_token_probability

VALIDATION_PAIRS = 1200
"""More windows than this say nothing more about when to stop; beyond it a fixed draw of them is used."""

IMPROVEMENT = 0.002
"""Bits per token by which an epoch must beat the best one to count: less is not worth another round of patience."""


@dataclass(frozen=True)
class EpochRecord:
    """One line of metrics.jsonl: losses in bits per token."""

    epoch: int
    steps: int
    train_bits: float
    validation_bits: float | None


@dataclass
class _Course:
    """How far a training has come."""

    epoch: int = 0
    step: int = 0
    best: float = math.inf
    best_epoch: int = -1
    history: list[EpochRecord] = field(default_factory=list)
    weights: dict[str, Tensor] = field(default_factory=dict)


class Trainer:
    """Trains one network; `state` is the directory that keeps what is needed to go on after an interruption."""

    def __init__(
        self, network: DecisionNetwork, context: Context, settings: TrainingSettings, state: Path | None = None
    ) -> None:
        self.network = network.to(settings.device)
        self.context = context
        self.settings = settings
        self.state = state
        kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
        self.optimizer = kind(
            network.parameters(),
            lr=settings.learning_rate,
            betas=(settings.beta1, settings.beta2),
            weight_decay=settings.weight_decay,
        )

    def fit(
        self,
        train: Sequence[TokenExcerpt],
        validation: Sequence[TokenExcerpt],
        progress: Progress = no_progress,
        task: str = "train",
    ) -> tuple[EpochRecord, ...]:
        """Train until the validation converges; the network ends with the weights of its best epoch, to IMPROVEMENT.

        Without anything to validate on, it trains for `max_epochs` and keeps the last weights.
        """
        check = self._validation_batches(validation)
        course = self._resumed()
        while course.epoch < self.settings.max_epochs and course.epoch - course.best_epoch <= self.settings.patience:
            train_bits = self._run_epoch(train, course, partial(progress, task, course.epoch, self.settings.max_epochs))
            validation_bits = self._bits(check) if check else None
            course.history.append(EpochRecord(course.epoch, course.step, train_bits, validation_bits))
            if validation_bits is None or validation_bits < course.best - IMPROVEMENT:
                course.best = math.inf if validation_bits is None else validation_bits
                course.best_epoch = course.epoch
                course.weights = copy.deepcopy(self.network.state_dict())
            course.epoch += 1
            self._save(course)
        progress(task, self.settings.max_epochs, self.settings.max_epochs)
        self.network.load_state_dict(course.weights)
        self.network.eval()
        return tuple(course.history)

    def _run_epoch(self, train: Sequence[TokenExcerpt], course: _Course, report: Callable[[], None]) -> float:
        self.network.train()
        probability = true_token_probability(course.epoch, self.settings)
        total, tokens = 0.0, 0
        batches = epoch_batches(train, self.context, self.network.vocabulary, self.settings, course.epoch)
        for batch in batches:
            report()
            self.network.random.manual_seed(_step_seed(self.settings.seed, course.step))
            loss, count = self._step(batch, probability, course.step)
            total, tokens = total + loss * count, tokens + count
            course.step += 1
        return total / max(tokens, 1) / math.log(2)

    def _step(self, batch: Batch, probability: float, step: int) -> tuple[float, int]:
        guide, target = batch.guide.to(self.settings.device), batch.target.to(self.settings.device)
        past = sampled_past(self.network, guide, target, probability)
        loss = self._loss(self.network(guide, past), target)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * min(1.0, (step + 1) / (self.settings.warmup_steps + 1))
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip_norm)
        self.optimizer.step()
        return float(loss.detach()), int((target != self.network.vocabulary.pad).sum())

    def _loss(self, logits: Tensor, target: Tensor) -> Tensor:
        loss = functional.cross_entropy(
            logits.flatten(0, 1).float(), target.flatten(), ignore_index=self.network.vocabulary.pad
        )
        if not torch.isfinite(loss):
            raise AntiphonError("the training diverged: lower training.learning_rate")
        return loss

    def _validation_batches(self, excerpts: Sequence[TokenExcerpt]) -> list[Batch]:
        pairs = all_pairs(excerpts, self.context)
        if len(pairs) > VALIDATION_PAIRS:
            chosen = np.random.default_rng(self.settings.seed).permutation(len(pairs))[:VALIDATION_PAIRS]
            pairs = [pairs[index] for index in np.sort(chosen)]
        size = 10 * self.settings.batch_size
        vocabulary = self.network.vocabulary
        return [padded(pairs[first : first + size], vocabulary) for first in range(0, len(pairs), size)]

    @torch.no_grad()
    def _bits(self, batches: Sequence[Batch]) -> float:
        self.network.eval()
        total, tokens = 0.0, 0
        for batch in batches:
            guide, target = batch.guide.to(self.settings.device), batch.target.to(self.settings.device)
            logits = self.network(guide, shifted(target, self.network.vocabulary.bos))
            count = int((target != self.network.vocabulary.pad).sum())
            total, tokens = total + float(self._loss(logits, target)) * count, tokens + count
        return total / tokens / math.log(2)

    def _save(self, course: _Course) -> None:
        if self.state is None:
            return
        arrays = {f"now.{name}": value for name, value in self.network.state_dict().items()}
        arrays |= {f"best.{name}": value for name, value in course.weights.items()}
        for index, kept in self.optimizer.state_dict()["state"].items():
            arrays |= {f"optimizer.{index}.{name}": value for name, value in kept.items()}
        # One file a step of progress: the JSON, written last, names the arrays it belongs to.
        name = f"epoch-{course.epoch}.safetensors"
        save_arrays(self.state / name, {key: value.cpu().numpy() for key, value in arrays.items()})
        numbers = {"epoch": course.epoch, "step": course.step, "best_epoch": course.best_epoch}
        best = None if math.isinf(course.best) else course.best
        history = [asdict(record) for record in course.history]
        save_json(self.state / "course.json", {**numbers, "best": best, "history": history, "arrays": name})
        for old in self.state.glob("epoch-*.safetensors"):
            if old.name != name:
                old.unlink()

    def _resumed(self) -> _Course:
        if self.state is None or not (self.state / "course.json").exists():
            return _Course()
        kept: dict[str, Any] = load_json(self.state / "course.json")
        arrays = {name: torch.from_numpy(array) for name, array in load_arrays(self.state / kept["arrays"]).items()}
        self.network.load_state_dict(_stripped(arrays, "now."))
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in _stripped(arrays, "optimizer.").items():
            index, moment = name.split(".")
            moments.setdefault(int(index), {})[moment] = value
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": moments})
        return _Course(
            epoch=kept["epoch"],
            step=kept["step"],
            best=math.inf if kept["best"] is None else kept["best"],
            best_epoch=kept["best_epoch"],
            history=[EpochRecord(**record) for record in kept["history"]],
            weights=_stripped(arrays, "best."),
        )


def _stripped(arrays: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}


def _step_seed(seed: int, step: int) -> int:
    """Dropout and scheduled sampling of a step depend on (seed, step) only."""
    return int(np.random.SeedSequence((seed, step)).generate_state(1, np.uint64)[0] >> 1)
