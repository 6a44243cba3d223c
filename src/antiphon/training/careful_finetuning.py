"""Fine-tuning that helps or abstains: tried on blocks of the pair that are held out, and applied only where it is
surely better there.

The blocks are stretches of time. For each fold of them the network learns from the others, all of its weights or only
its biases and norms, and its bits on the held-out blocks say how many steps are good. The steps are then made on the
whole pair, if the interval of the gain over blocks lies above zero; else the network stays as it was.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from antiphon.agent import Agent
from antiphon.agent.replay import Replay
from antiphon.confidence import Estimate, estimate
from antiphon.dataset import TokenPair
from antiphon.decision.datastore import KnownPair
from antiphon.decision.neural import NeuralDecision, suitable_threads
from antiphon.decision.relation.base import blocks_of
from antiphon.decision.scoring import score
from antiphon.decision.transformer import DecisionNetwork
from antiphon.interfaces import Progress, no_progress
from antiphon.training.batches import padded
from antiphon.training.finetuning import with_weights
from antiphon.training.scheduled_sampling import partly_hidden, shifted
from antiphon.types import Ids

FORMS = ("all weights", "biases and norms")
"""What of the network may change; the second is what has one dimension."""

SHORTEST = 8
"""Segments of a stretch that windows are drawn from."""


@dataclass(frozen=True)
class Careful:
    """How it is tried: no more than `steps`, looked at every `check_every`; `folds` of the blocks in turn are held out.
    `rows` windows of the pair a step, and as many of what was learned before, which the network is held to with the
    weight `hold`; the learning rate of all weights, and of the biases alone."""

    steps: int = 80
    check_every: int = 20
    folds: int = 3
    rows: int = 16
    hold: float = 2.0
    learning_rate: float = 3e-4
    learning_rate_biases: float = 3e-3
    seed: int = 0


@dataclass(frozen=True)
class Trial:
    """The best form and number of steps on held-out blocks, its gain there in bits a token, and whether it was
    applied."""

    form: str
    steps: int
    gain: Estimate
    applied: bool


def finetuned_or_not(
    agent: Agent, pairs: Sequence[KnownPair], how: Careful | None = None, progress: Progress = no_progress
) -> Agent:
    """The agent fine-tuned on `pairs` where that helps on held-out blocks of them, and as it was where not; its account
    says which (`finetuning_verdict`)."""
    lesson = _Lesson(agent, pairs, how or Careful())
    with suitable_threads(agent.network):
        trial = _best_trial(lesson, progress)
        account: dict[str, Any] = {**agent.training, "tried": asdict(trial)}
        if not trial.applied:
            return replace(agent, training=account)
        whole = [_Stretch(number, 0, len(pair)) for number, pair in enumerate(pairs)]
        network = lesson.learned(whole, trial.form, trial.steps)
    return with_weights(agent, network, account)


class _Stretch(NamedTuple):
    """From `start` to before `end` of the pair of this number."""

    pair: int
    start: int
    end: int


def _best_trial(lesson: _Lesson, progress: Progress) -> Trial:
    how, edges = lesson.how, np.cumsum([0, *map(len, lesson.pairs)])
    blocks = blocks_of(int(edges[-1]))
    before = lesson.bits(lesson.agent.network)
    found: dict[tuple[str, int], Estimate] = {}
    for number, form in enumerate(FORMS):
        after = {step: before.copy() for step in range(how.check_every, how.steps + 1, how.check_every)}
        for fold in range(how.folds):
            progress("try fine-tuning", number * how.folds + fold, len(FORMS) * how.folds)
            out = blocks % how.folds == fold
            if stretches := _stretches(~out, edges):
                for step, bits in lesson.course(stretches, form):
                    after[step][out] = bits[out]
        for step, bits in after.items():
            gains = [float((before - bits)[blocks == block].mean()) for block in np.unique(blocks)]
            found[form, step] = estimate(gains)
    progress("try fine-tuning", len(FORMS) * how.folds, len(FORMS) * how.folds)
    form, steps = max(found, key=lambda each: found[each].mean)
    gain = found[form, steps]
    return Trial(form, steps, gain, gain.low > 0)


def _stretches(kept: NDArray[np.bool_], edges: Ids) -> list[_Stretch]:
    """All stretches of tokens, end to end through all pairs, that are kept and long enough."""
    found = []
    for number, (first, last) in enumerate(pairwise(edges)):
        inside = np.flatnonzero(np.diff(kept[first:last].astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
        found += [_Stretch(number, int(start), int(end)) for start, end in inside if end - start >= SHORTEST]
    return found


@dataclass(frozen=True, eq=False)
class _Lesson:
    """What is learned and by whom. Draws depend on (seed, step) only."""

    agent: Agent
    pairs: Sequence[KnownPair]
    how: Careful

    def bits(self, network: DecisionNetwork) -> NDArray[np.float64]:
        """Of every token of all pairs end to end."""
        model, context = NeuralDecision(network), self.agent.context
        parts = [
            score(model, pair.guide[None], pair.target[None], context, pair.durations[None])[0] for pair in self.pairs
        ]
        return np.asarray(-np.concatenate(parts) / np.log(2))

    def course(self, stretches: Sequence[_Stretch], form: str) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """The step and the bits of every token, at each look at a network that learns from the stretches."""
        for step, network in self._steps(stretches, form, self.how.steps):
            if step % self.how.check_every == 0:
                yield step, self.bits(network)

    def learned(self, stretches: Sequence[_Stretch], form: str, steps: int) -> DecisionNetwork:
        """The network after so many steps."""
        *_, (_, network) = self._steps(stretches, form, steps)
        return network

    def _steps(self, stretches: Sequence[_Stretch], form: str, steps: int) -> Iterator[tuple[int, DecisionNetwork]]:
        network = copy.deepcopy(self.agent.network)
        biases = form != FORMS[0]
        weights = [weight for weight in network.parameters() if weight.ndim < 2 or not biases]
        rate = self.how.learning_rate_biases if biases else self.how.learning_rate
        optimizer = torch.optim.Adam(weights, lr=rate)
        for step in range(1, steps + 1):
            network.train()
            network.random.manual_seed(int(np.random.SeedSequence((self.how.seed, step)).generate_state(1)[0]))
            optimizer.zero_grad()
            random = np.random.default_rng((self.how.seed, step))
            loss = self._new(network, stretches, random)
            if self.agent.replay is not None:
                loss = loss + self.how.hold * self._known(network, self.agent.replay, random)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(weights, self.agent.settings.training.clip_norm)
            optimizer.step()
            yield step, network.eval()

    def _new(
        self, network: DecisionNetwork, stretches: Sequence[_Stretch], random: np.random.Generator
    ) -> torch.Tensor:
        """The loss on windows of the stretches, of each as often as it has segments."""
        lengths = np.array([each.end - each.start for each in stretches])
        tokens, rows = self.agent.context.tokens, []
        for chosen in random.choice(len(stretches), self.how.rows, p=lengths / lengths.sum()):
            number, start, end = stretches[chosen]
            first = start + int(random.integers(max(1, end - start - tokens + 1)))
            part = self.pairs[number].between(first, min(end, first + tokens))
            rows.append(TokenPair(part.guide, part.target, part.durations))
        batch, vocabulary = padded(rows, network.vocabulary), network.vocabulary
        hide_past = self.agent.settings.training.hide_past
        past = partly_hidden(network, shifted(batch.target, vocabulary.bos), hide_past)
        logits = network(batch.guide, past, batch.durations)
        return functional.cross_entropy(logits.flatten(0, 1), batch.target.flatten(), ignore_index=vocabulary.pad)

    def _known(self, network: DecisionNetwork, replay: Replay, random: np.random.Generator) -> torch.Tensor:
        """How far the network has gone from what it said before on windows that it learned from (nats)."""
        rows = []
        for row in random.integers(len(replay), size=self.how.rows):
            end = replay.lengths[row]
            lasting = replay.durations[row, :end].astype(np.float64)
            rows.append(TokenPair(replay.guide[row, :end], replay.target[row, :end], lasting))
        batch = padded(rows, network.vocabulary)
        filled = batch.target != network.vocabulary.pad
        past = shifted(batch.target, network.vocabulary.bos)
        with torch.no_grad():
            said = torch.log_softmax(self.agent.network(batch.guide, past, batch.durations)[filled], dim=-1)
        says = torch.log_softmax(network(batch.guide, past, batch.durations)[filled], dim=-1)
        return functional.kl_div(says, said, reduction="batchmean", log_target=True)
