"""Re-construction (the paper's announced next step): specialise an agent on one pair, without losing what it knew.

The alphabet stays, so memories and tokens stay what they were. Windows of the pair and windows of what the agent
learned from (`agent/replay`) alternate in every step: the pair is learned by heart, and on the rest the network is held
to what it said before (Li and Hoiem, 2016; Rolnick et al., 2019). The pair's guide is learned with mistakes in it, such
as another timbre makes, so that the piece is known again when other instruments play it.
"""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from antiphon.agent import Agent
from antiphon.agent.networks import blank_network
from antiphon.agent.replay import Replay
from antiphon.analysis.pair_account import pair_account
from antiphon.config import SamplingSettings
from antiphon.corpus.windows import starts
from antiphon.dataset import TokenPair
from antiphon.decision.generation import generate
from antiphon.decision.neural import NeuralDecision, suitable_threads
from antiphon.decision.transformer import DecisionNetwork
from antiphon.errors import AntiphonWarning, BadData
from antiphon.interfaces import Progress, no_progress
from antiphon.metrics import true_positive_percentage
from antiphon.perception.quantizers import class_distances
from antiphon.training.batches import Batch, padded
from antiphon.training.scheduled_sampling import partly_hidden, sampled_past, shifted
from antiphon.types import Audio, Floats, Ids, Tokens

ARGMAX = SamplingSettings(temperature=0, constraint="off")
"""How a reconstruction is judged: the most probable token each time, nobody sees the true B."""

MISTAKEN_GUIDES = 8
"""Guides with half of their tokens mistaken, by which a fine-tuning sees how well it knows the piece again."""


@dataclass(frozen=True)
class Specialising:
    """How the pair is learned, and when that is enough."""

    steps: int = 1200
    """No more than this."""
    check_every: int = 50
    """Steps from one look at where it stands to the next."""
    learning_rate: float = 3e-4
    pair_rows: int = 16
    """Windows of the pair in a step."""
    replay_rows: int = 32
    """Windows of what was learned before in a step."""
    hold: float = 16.0
    """Weight of staying with what the network said before."""
    mistaken: float = 0.6
    """Each window's guide has a share of mistaken tokens drawn from 0 to this."""
    true_past: float = 0.5
    """Probability that the network sees a true token of its past and not its own."""
    enough: float = 95.0
    """TPP on the pair at which it stops; and with half of the guide mistaken, `enough_mistaken`."""
    enough_mistaken: float = 60.0
    worse: float = 0.018
    """Share by which bits per token on the pieces kept for checking may be worse. These were once learned from; on
    songs that never were it has been up to twice as much."""
    seed: int = 0


@dataclass(frozen=True)
class Standing:
    """How far a fine-tuning has come: TPP on the pair, free-running, the most probable token each time; the same with
    half of the guide's tokens mistaken; bits per token on windows that are kept for checking and never rehearsed."""

    step: int
    tpp: float
    tpp_mistaken: float
    kept_bits: float


def finetune(
    agent: Agent, guide: Audio, target: Audio, how: Specialising | None = None, progress: Progress = no_progress
) -> Agent:
    """An agent that knows the pair: what to play to `guide` is `target`. Its alphabet is that of `agent`.

    Raises BadData where the two share no whole segment, or the agent keeps nothing to rehearse. Warns where the
    steps are over before the pair is known, and what was known kept.
    """
    how = how or Specialising()
    if agent.replay is None or not 0 < agent.replay.checked < len(agent.replay):
        raise BadData("this agent keeps no training tokens (replay.safetensors): it would forget what it knows")
    pair = token_pair(agent, guide, target)
    with suitable_threads(agent.network):
        network, course = specialised(agent, pair, how, progress)
    best = _best(course, how)
    if best.tpp < how.enough or best.kept_bits > course[0].kept_bits * (1 + how.worse):
        warnings.warn(
            f"after {how.steps} steps: TPP {best.tpp:.0f} % on the pair, bits per token on what was known before "
            f"{100 * (best.kept_bits / course[0].kept_bits - 1):+.1f} %",
            AntiphonWarning,
            stacklevel=2,
        )
    account = {
        **{name: value for name, value in agent.training.items() if name != "tried"},
        "relation": pair_account([pair], agent),
        "pair": {"guide": guide.source, "target": target.source, "segments": len(pair), **asdict(best)},
    }
    history = (*agent.history, *({"model": "finetune", **asdict(each)} for each in course))
    return with_weights(agent, network, account, history=history)


def with_weights(agent: Agent, network: DecisionNetwork, account: Mapping[str, Any], **kept: Any) -> Agent:
    """The agent with other weights: its twins, and the figures of held-out pieces, are those of the weights before."""
    told = {**account, "summary": [], "gain": None, "delay": None}
    return replace(agent, network=network, deaf=None, shifted=None, present=None, training=told, **kept)


def token_pair(agent: Agent, guide: Audio, target: Audio) -> TokenPair:
    """The two as tokens over the guide's whole segments, as far as both go."""
    heard, answer = shared_tokens(agent, guide, target)
    return TokenPair(heard.ids, answer.ids, heard.durations)


def shared_tokens(agent: Agent, guide: Audio, target: Audio) -> tuple[Tokens, Tokens]:
    """The same with the intervals of the segments. Raises BadData where the two share none."""
    heard = agent.guide_tokens(guide)
    shared = min(guide.duration, target.duration)
    inside = heard.intervals[:, 1] <= shared + 1e-6
    if not inside.any():
        raise BadData(f"{guide.source or 'the guide'} and {target.source or 'the target'} share no whole segment")
    intervals = heard.intervals[inside]
    heard = Tokens(heard.ids[inside], intervals, heard.alphabet_id)
    return heard, agent.perception.tokens(target, agent.alphabet, intervals)


def specialised(
    agent: Agent, pair: TokenPair, how: Specialising, progress: Progress = no_progress
) -> tuple[DecisionNetwork, tuple[Standing, ...]]:
    """The network with the pair learned, at its best standing, and every standing on the way; the first is before."""
    assert agent.replay is not None
    network, before = _copied(agent), _copied(agent)
    lesson = _Lesson(agent, pair, agent.replay, how)
    optimizer = torch.optim.Adam(network.parameters(), lr=how.learning_rate)
    course = [lesson.standing(network, 0)]
    kept = copy.deepcopy(network.state_dict())
    for step in range(1, how.steps + 1):
        progress(f"finetune: TPP {course[-1].tpp:.0f} %", step - 1, how.steps)
        network.train()
        network.random.manual_seed(int(np.random.SeedSequence((how.seed, step)).generate_state(1)[0]))
        optimizer.zero_grad()
        (lesson.new(network, step) + how.hold * lesson.known(network, before, step)).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), agent.settings.training.clip_norm)
        optimizer.step()
        if step % how.check_every == 0 or step == how.steps:
            course.append(lesson.standing(network, step))
            if _best(course, how) is course[-1]:
                kept = copy.deepcopy(network.state_dict())
            if _enough(course, how):
                break
    progress(f"finetune: TPP {course[-1].tpp:.0f} %", how.steps, how.steps)
    network.load_state_dict(kept)
    return network.eval(), tuple(course)


def _copied(agent: Agent) -> DecisionNetwork:
    network = blank_network(agent.settings, agent.alphabet)
    network.load_state_dict(agent.network.state_dict())
    return network.eval()


def _enough(course: list[Standing], how: Specialising) -> bool:
    now = course[-1]
    learned = now.tpp >= how.enough and now.tpp_mistaken >= how.enough_mistaken
    return learned and now.kept_bits <= course[0].kept_bits * (1 + how.worse)


def _best(course: list[Standing] | tuple[Standing, ...], how: Specialising) -> Standing:
    """The latest that knows most of the pair among those that have forgotten no more than they may."""
    limit = course[0].kept_bits * (1 + how.worse)
    allowed = [each for each in course if each.kept_bits <= limit]
    return max(allowed, key=lambda each: (each.tpp + each.tpp_mistaken, each.step))


class _Lesson:
    """What is learned, what is rehearsed, and what tells how it stands. Draws depend on (seed, step) only."""

    def __init__(self, agent: Agent, pair: TokenPair, replay: Replay, how: Specialising) -> None:
        self.how = how
        self.hide_past = agent.settings.training.hide_past
        self.context = agent.context
        self.vocabulary = agent.network.vocabulary
        self.pair = pair
        self.mistakes = likely_mistakes(class_distances(agent.alphabet))
        windows = [
            TokenPair(replay.guide[row, :end], replay.target[row, :end], replay.durations[row, :end].astype(np.float64))
            for row, end in enumerate(replay.lengths)
        ]
        self.checked, self.rehearsed = windows[: replay.checked], windows[replay.checked :]
        self.walk = starts(len(pair), self.context.tokens, self.context.hop)

    def new(self, network: DecisionNetwork, step: int) -> Tensor:
        """The loss on windows of the pair: half of them where generation has its windows, half anywhere."""
        random = np.random.default_rng((self.how.seed, step, 0))
        latest = max(1, len(self.pair) - self.context.tokens + 1)
        places = np.where(
            random.random(self.how.pair_rows) < 0.5,
            random.choice(self.walk, self.how.pair_rows),
            random.integers(latest, size=self.how.pair_rows),
        )
        rows = []
        for place in places:
            inside = slice(place, place + self.context.tokens)
            guide = mistaken(self.pair.guide[inside], self.how.mistaken * random.random(), self.mistakes, random)
            rows.append(TokenPair(guide, self.pair.target[inside], self.pair.durations[inside]))
        batch = padded(rows, self.vocabulary)
        past = sampled_past(network, batch.guide, batch.target, self.how.true_past, durations=batch.durations)
        past = partly_hidden(network, past, self.hide_past)
        logits = network(batch.guide, past, batch.durations)
        return functional.cross_entropy(logits.flatten(0, 1), batch.target.flatten(), ignore_index=self.vocabulary.pad)

    def known(self, network: DecisionNetwork, before: DecisionNetwork, step: int) -> Tensor:
        """How far the network has gone from what it said before on windows that it learned from (nats)."""
        random = np.random.default_rng((self.how.seed, step, 1))
        rows = random.integers(len(self.rehearsed), size=self.how.replay_rows)
        batch = padded([self.rehearsed[row] for row in rows], self.vocabulary)
        filled = batch.target != self.vocabulary.pad
        past = partly_hidden(network, shifted(batch.target, self.vocabulary.bos), self.hide_past)
        with torch.no_grad():
            said = torch.log_softmax(before(batch.guide, past, batch.durations)[filled], dim=-1)
        says = torch.log_softmax(network(batch.guide, past, batch.durations)[filled], dim=-1)
        return functional.kl_div(says, said, reduction="batchmean", log_target=True)

    def standing(self, network: DecisionNetwork, step: int) -> Standing:
        """Where the network stands after `step` steps."""
        network.eval()
        random = np.random.default_rng((self.how.seed, 2))
        # Several, since a piece is known again as a whole or not at all.
        wrong = [mistaken(self.pair.guide, 0.5, self.mistakes, random) for _ in range(MISTAKEN_GUIDES)]
        guides = np.stack([self.pair.guide, *wrong])
        answers = generate(
            NeuralDecision(network),
            guides,
            self.context,
            sampling=ARGMAX,
            seeds=(0,) * len(guides),
            durations=np.stack([self.pair.durations] * len(guides)),
        ).ids
        tpp, *with_mistakes = (true_positive_percentage(answer, self.pair.target) for answer in answers)
        return Standing(step, tpp, float(np.mean(with_mistakes)), self._kept_bits(network))

    @torch.no_grad()
    def _kept_bits(self, network: DecisionNetwork) -> float:
        total, tokens = 0.0, 0
        for batch in self._checks():
            filled = batch.target != self.vocabulary.pad
            past = shifted(batch.target, self.vocabulary.bos)
            logits = network(batch.guide, past, batch.durations)[filled]
            total += float(functional.cross_entropy(logits, batch.target[filled], reduction="sum"))
            tokens += int(filled.sum())
        return total / tokens / math.log(2)

    def _checks(self) -> Iterator[Batch]:
        size = 256
        for first in range(0, min(len(self.checked), 512), size):
            yield padded(self.checked[first : first + size], self.vocabulary)


def likely_mistakes(distances: Floats | np.ndarray) -> np.ndarray:
    """For each class the probabilities (classes, classes) of what it is mistaken for: near classes sooner than far
    ones, in units of the mean distance to the nearest, and never itself. Any class for one that nothing is near to."""
    other = np.where(np.eye(len(distances), dtype=bool), np.inf, distances)
    nearest = other.min(axis=1)
    unit = nearest[np.isfinite(nearest)].mean() if np.isfinite(nearest).any() else 1.0
    weights = np.exp(-other / max(unit, 1e-12))
    weights[weights.sum(axis=1) == 0] = 1.0
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def mistaken(ids: Ids, share: float, mistakes: np.ndarray, random: np.random.Generator) -> Ids:
    """The ids (n,) with a `share` of them heard as something else, by `likely_mistakes`."""
    cumulative = np.cumsum(mistakes[ids], axis=1)
    drawn = (cumulative <= random.random(len(ids))[:, None] * cumulative[:, -1:]).sum(axis=1)
    return np.where(random.random(len(ids)) < share, drawn, ids)
