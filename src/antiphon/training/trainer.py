"""The training loop (paper 5.2): cross-entropy, Adam, scheduled sampling, until the validation stops getting better.

Every draw depends on (seed, epoch or step) only, so a training that was stopped and goes on ends with the same bytes as
one that ran through. Nothing but tokens comes in here: no encoder runs in the loop.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field, TypeAdapter, ValidationError
from torch import Tensor
from torch.nn import functional

from antiphon.checkpoint import load_arrays, load_json, require_reasonable, save_arrays, save_json
from antiphon.config import TrainingSettings
from antiphon.dataset import TokenExcerpt
from antiphon.decision.generation import Context
from antiphon.decision.transformer import DecisionNetwork
from antiphon.errors import AntiphonError, BadData
from antiphon.interfaces import Progress, no_progress
from antiphon.reading import first_fault
from antiphon.training.averaging import AveragedWeights
from antiphon.training.batches import Batch, BatchSource, Drawing, HeldBatches, Share, all_pairs, padded
from antiphon.training.ranks import Ranks, chosen_device
from antiphon.training.scheduled_sampling import (
    drawn_rows,
    partly_hidden,
    sampled_past,
    shifted,
    true_token_probability,
)
from antiphon.training.schedules import learning_rate

VALIDATION_PAIRS = 1200
"""More windows than this say nothing more about when to stop; beyond it a fixed draw of them is used."""

IMPROVEMENT = 0.002
"""Bits per token by which an epoch must beat the best one to count: less is not worth another round of patience."""


MOST_VALUE = 1e12
"""Size of the largest number that a training keeps: weights stay below a million, their squares below this."""


@dataclass(frozen=True)
class EpochRecord:
    """One line of metrics.jsonl: losses in bits per token, and where the two schedules stand at the epoch's end."""

    epoch: int
    steps: int
    train_bits: float
    validation_bits: float | None
    learning_rate: float
    true_token_probability: float


Log = Callable[[EpochRecord], None]
"""Called with each epoch's record as soon as it is known."""


def no_log(record: EpochRecord) -> None:
    """Keep nothing."""


@dataclass
class _Course:
    """How far a training has come."""

    epoch: int = 0
    step: int = 0
    done: int = 0
    """Steps of the epoch that is under way, and of these:"""
    nats: float = 0.0
    tokens: int = 0
    best: float = math.inf
    best_epoch: int = -1
    history: list[EpochRecord] = field(default_factory=list)
    weights: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class _Kept:
    """course.json: how far a training had come when it was kept, and the file of its arrays."""

    epoch: Annotated[int, Field(ge=0)]
    step: Annotated[int, Field(ge=0)]
    done: Annotated[int, Field(ge=0)]
    nats: float
    tokens: Annotated[int, Field(ge=0)]
    best: float | None
    best_epoch: Annotated[int, Field(ge=-1)]
    history: tuple[EpochRecord, ...]
    arrays: Annotated[str, Field(pattern=r"^step-[0-9]+-[0-9]+\.safetensors$")]


class Trainer:
    """Trains one network; `state` is the directory that keeps what is needed to go on after an interruption.

    `rest` is the id of silence, None where there is none; `shifted` is for the network that hears every guide at the
    wrong time; `soft` (classes, classes) has for each true class the distribution to learn, None for the class itself;
    `ranks` are the processes that train together.
    """

    def __init__(
        self,
        network: DecisionNetwork,
        context: Context,
        settings: TrainingSettings,
        state: Path | None = None,
        *,
        rest: int | None = None,
        shifted: bool = False,
        soft: Tensor | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        self.ranks = ranks or Ranks()
        self.settings = settings
        self.device = self.ranks.device(chosen_device(settings.device))
        self.network = network.to(self.device)
        self.drawing = Drawing(context, network.vocabulary, rest, shifted)
        self.state = state
        self.soft = None if soft is None else soft.to(self.device)
        self.optimizer = _optimizer(self.network, settings)
        self.average = AveragedWeights(self.network, settings.averaging)

    def fit(
        self,
        train: Sequence[TokenExcerpt],
        validation: Sequence[TokenExcerpt],
        progress: Progress = no_progress,
        task: str = "train",
        *,
        transposed: Sequence[Sequence[TokenExcerpt]] = (),
        log: Log = no_log,
    ) -> tuple[EpochRecord, ...]:
        """Train until the validation converges; the network ends with the averaged weights of its best epoch, to
        IMPROVEMENT.

        `transposed` are the training excerpts in other keys. Without anything to validate on, it trains for
        `max_epochs` and keeps the last weights. Progress counts epochs, up to where patience would end.
        """
        return self.learn(self.held(train, transposed), validation, progress, task, log=log)

    def held(self, train: Sequence[TokenExcerpt], transposed: Sequence[Sequence[TokenExcerpt]] = ()) -> BatchSource:
        """The batches of excerpts in memory."""
        return HeldBatches(train, self.drawing, self.settings, transposed, self.ranks.rank, self.ranks.count)

    def learn(
        self,
        source: BatchSource,
        validation: Sequence[TokenExcerpt],
        progress: Progress = no_progress,
        task: str = "train",
        *,
        log: Log = no_log,
    ) -> tuple[EpochRecord, ...]:
        """The same from batches of any source."""
        check = self._validation_batches(validation)
        course = self._resumed()
        for record in course.history:
            log(record)
        steps = self.settings.max_epochs * source.steps
        while (last := self._last_epoch(course)) > course.epoch:
            report = partial(progress, _told(task, course), course.epoch, last)
            train_bits = self._run_epoch(source, course, steps, report)
            with self.average.applied():
                validation_bits = self.ranks.agreed(self._bits(check)) if check else None
                self._note(course, train_bits, validation_bits, steps)
            log(course.history[-1])
            self._save(course)
        progress(_told(task, course), course.epoch, course.epoch)
        self.network.load_state_dict(course.weights)
        self.network.eval()
        return tuple(course.history)

    def _last_epoch(self, course: _Course) -> int:
        """The epoch at which the training ends if none is better than the best so far."""
        return min(self.settings.max_epochs, course.best_epoch + self.settings.patience + 1)

    def _note(self, course: _Course, train_bits: float, validation_bits: float | None, steps: int) -> None:
        """Write down an epoch that is over; its weights, where they are the best so far."""
        rate = learning_rate(max(0, course.step - 1), steps, self.settings)
        truth = true_token_probability(course.epoch, self.settings)
        course.history.append(EpochRecord(course.epoch, course.step, train_bits, validation_bits, rate, truth))
        if validation_bits is None or validation_bits < course.best - IMPROVEMENT:
            course.best = math.inf if validation_bits is None else validation_bits
            course.best_epoch = course.epoch
            course.weights = copy.deepcopy(self.network.state_dict())
        course.epoch += 1
        course.done, course.nats, course.tokens = 0, 0.0, 0

    def _run_epoch(self, source: BatchSource, course: _Course, steps: int, report: Callable[[], None]) -> float:
        """Go through what is left of an epoch; its loss in bits per token."""
        self.network.train()
        probability = true_token_probability(course.epoch, self.settings)
        for share in source.shares(course.epoch, course.done):
            report()
            self.network.random.manual_seed(_step_seed(self.settings.seed, course.step, self.ranks.rank))
            for group in self.optimizer.param_groups:
                group["lr"] = learning_rate(course.step, steps, self.settings)
            course.nats += self._step(share, probability) * share.tokens
            course.tokens += share.tokens
            course.step += 1
            course.done += 1
            if self.settings.checkpoint_steps and course.done % self.settings.checkpoint_steps == 0:
                self._save(course)
        return course.nats / max(course.tokens, 1) / math.log(2)

    def _step(self, share: Share, probability: float) -> float:
        """One step of the optimizer on a whole batch, of which this process computes its rows; the batch's loss."""
        if not share.tokens:
            return 0.0
        self.optimizer.zero_grad()
        parts = self.settings.accumulation
        rows = max(1, math.ceil(len(share.own) / parts))
        mean = 0.0
        for first in range(0, len(share.own), rows):
            part = share.own.rows(slice(first, first + rows))
            mean += self._back(part.to(self.device), share.tokens, probability)
        mean = self.ranks.sum_gradients(self.network.parameters(), mean)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip_norm)
        self.optimizer.step()
        self.average.update()
        return mean

    def _back(self, own: Batch, tokens: int, probability: float) -> float:
        """Add the gradients of some rows of a batch that has so many tokens in all; what they add to its loss."""
        with torch.autocast(self._device_kind, torch.bfloat16, enabled=self.settings.precision == "bf16"):
            hidden = self._hidden(len(own))
            past = sampled_past(
                self.network, own.guide, own.target, probability, durations=own.durations, hidden=hidden
            )
            past = partly_hidden(self.network, past, self.settings.hide_past)
            logits = self.network(own.guide, past, own.durations, hidden)
        loss = self._loss(logits, own.target, self.soft) * (self._tokens(own) / tokens)
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    def _hidden(self, rows: int) -> Tensor | None:
        """Rows (batch,) that must do without their guide."""
        share = self.settings.hide_guide
        if share == 0:
            return None
        return drawn_rows(self.network, rows, share).to(self.device)

    @property
    def _device_kind(self) -> str:
        """The kind of device: cpu, cuda, mps."""
        return torch.device(self.device).type

    def _tokens(self, batch: Batch) -> int:
        return batch.tokens(self.network.vocabulary.pad)

    def _loss(self, logits: Tensor, target: Tensor, soft: Tensor | None = None) -> Tensor:
        """Mean cross-entropy in nats over all tokens that are not filler."""
        filled = target != self.network.vocabulary.pad
        truth = target[filled] if soft is None else soft[target[filled]]
        loss = functional.cross_entropy(logits[filled].float(), truth)
        if not torch.isfinite(loss):
            raise AntiphonError("the training diverged: lower training.learning_rate")
        return loss

    def _validation_batches(self, excerpts: Sequence[TokenExcerpt]) -> list[Batch]:
        pairs = all_pairs(excerpts, self.drawing)
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
        for batch in (each.to(self.device) for each in batches):
            logits = self.network(batch.guide, shifted(batch.target, self.network.vocabulary.bos), batch.durations)
            count = self._tokens(batch)
            total, tokens = total + float(self._loss(logits, batch.target)) * count, tokens + count
        return total / tokens / math.log(2)

    def _save(self, course: _Course) -> None:
        if self.state is None or not self.ranks.first:
            return
        arrays = {f"now.{name}": value for name, value in self.network.state_dict().items()}
        arrays |= {f"best.{name}": value for name, value in course.weights.items()}
        arrays |= {f"average.{name}": value for name, value in self.average.arrays().items()}
        for index, kept in self.optimizer.state_dict()["state"].items():
            arrays |= {f"optimizer.{index}.{name}": value for name, value in kept.items()}
        # One file a step of progress: the JSON, written last, names the arrays it belongs to.
        name = f"step-{course.step}-{course.epoch}.safetensors"
        save_arrays(self.state / name, {key: value.cpu().numpy() for key, value in arrays.items()})
        numbers = {name: getattr(course, name) for name in ("epoch", "step", "done", "nats", "tokens", "best_epoch")}
        best = None if math.isinf(course.best) else course.best
        history = [asdict(record) for record in course.history]
        save_json(self.state / "course.json", {**numbers, "best": best, "history": history, "arrays": name})
        for old in self.state.glob("*.safetensors"):
            if old.name != name:
                old.unlink()

    def _resumed(self) -> _Course:
        if self.state is None or not (self.state / "course.json").exists():
            return _Course()
        try:
            return self._read(self.state)
        except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            why = first_fault(error) if isinstance(error, ValidationError) else " ".join(str(error).split())
            raise BadData(
                f"{self.state}: damaged, the training cannot go on ({why}); delete the folder to begin anew"
            ) from error

    def _read(self, state: Path) -> _Course:
        kept = TypeAdapter(_Kept).validate_python(load_json(state / "course.json"))
        found = load_arrays(state / kept.arrays)
        require_reasonable(state / kept.arrays, found, MOST_VALUE)
        arrays = {name: torch.from_numpy(array) for name, array in found.items()}
        best = _stripped(arrays, "best.")
        if best or kept.best_epoch >= 0:
            self.network.load_state_dict(best)
        self.network.load_state_dict(_stripped(arrays, "now."))
        self.average.restore(_stripped(arrays, "average."))
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": self._moments(arrays)})
        return _Course(
            *(kept.epoch, kept.step, kept.done, kept.nats, kept.tokens),
            best=math.inf if kept.best is None else kept.best,
            best_epoch=kept.best_epoch,
            history=list(kept.history),
            weights=best,
        )

    def _moments(self, arrays: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
        """What the optimizer remembers of each parameter. Raises ValueError where it does not fit it."""
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in _stripped(arrays, "optimizer.").items():
            index, moment = name.split(".")
            moments.setdefault(int(index), {})[moment] = value
        shapes = [tuple(each.shape) for each in self.network.parameters()]
        if sorted(moments) != list(range(len(shapes))):
            raise ValueError("the optimizer's memory is of other parameters")
        for number, shape in enumerate(shapes):
            wanted = {"step": (), "exp_avg": shape, "exp_avg_sq": shape}
            if {name: tuple(value.shape) for name, value in moments[number].items()} != wanted:
                raise ValueError(f"the optimizer's memory of parameter {number} is of another shape")
        return moments


def _stripped(arrays: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}


def _step_seed(seed: int, step: int, rank: int) -> int:
    """Dropout and scheduled sampling of a step depend on (seed, step) only, and on the rank where there are several."""
    entropy = (seed, step, rank) if rank else (seed, step)
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0]) >> 1


def _told(task: str, course: _Course) -> str:
    """The task with how far it has come, behind a colon."""
    if not course.history:
        return task
    last = course.history[-1]
    bits = last.train_bits if last.validation_bits is None else last.validation_bits
    return f"{task}: {bits:.3f} bits"


def _optimizer(network: DecisionNetwork, settings: TrainingSettings) -> torch.optim.Optimizer:
    """Adam, fused into one operation where this torch and this device have that."""
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    arguments: dict[str, Any] = {
        "lr": settings.learning_rate,
        "betas": (settings.beta1, settings.beta2),
        "weight_decay": settings.weight_decay,
    }
    try:
        return kind(network.parameters(), fused=True, **arguments)
    except RuntimeError:
        return kind(network.parameters(), **arguments)
