"""The re-generation task (paper 5.3): track B again, from track A alone, by the model and by every opponent.

Everyone runs free: nobody sees the true B while generating. Bits per token are the surprise at the true B, given its
past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.agent import Agent
from antiphon.dataset import TokenExcerpt
from antiphon.decision.generation import Context, generate, score
from antiphon.decision.neural import NeuralDecision
from antiphon.errors import BadData
from antiphon.evaluation.opponents import Opponent, opponents, side_by_side
from antiphon.evaluation.statistics import Estimate, estimate
from antiphon.interfaces import Progress, no_progress
from antiphon.metrics import bits_per_token, entropy, longest_common_prefix, true_positive_percentage

SEED_STRIDE = 1_000_003
"""Keeps the seeds of the pairs of different runs apart."""


@dataclass(frozen=True)
class PairScore:
    """One model on one ordered pair: TPP in percent, mean LCP in segments, entropies and surprise in bits."""

    model: str
    piece: str
    multitrack: str
    guide: str
    target: str
    tokens: int
    tpp: float
    lcp: float
    entropy: float
    bits: float


@dataclass(frozen=True)
class Summary:
    """One model over all held-out pieces; each piece counts once. `behind` is what it pays over the model, in bits."""

    model: str
    tpp: Estimate
    lcp: Estimate
    entropy: Estimate
    bits: Estimate
    behind: Estimate


def everyone(agent: Agent, train: Sequence[TokenExcerpt], validation: Sequence[TokenExcerpt]) -> tuple[Opponent, ...]:
    """The agent's decision, its deaf twin where it has one, and the opponents fitted on the training split."""
    sampling = agent.settings.sampling
    neural = [("antiphon", agent.network)] + ([("deaf", agent.deaf)] if agent.deaf else [])
    models = [(name, NeuralDecision(network)) for name, network in neural]
    trained = tuple(Opponent(name, model, model, sampling) for name, model in models)
    return trained + opponents(train, validation, agent.alphabet.classes, agent.context, sampling)


def regenerate(
    contenders: Sequence[Opponent],
    excerpts: Sequence[TokenExcerpt],
    context: Context,
    seed: int = 0,
    progress: Progress = no_progress,
) -> tuple[PairScore, ...]:
    """Every contender on every ordered pair of every excerpt."""
    groups = list(side_by_side(excerpts))
    if not groups:
        raise BadData("no held-out pair of tracks to score")
    scores: list[PairScore] = []
    done, total = 0, len(contenders) * len(groups)
    for contender in contenders:
        drawn = 0
        for names, guides, targets in groups:
            seeds = [seed * SEED_STRIDE + drawn + row for row in range(len(guides))]
            drawn += len(guides)
            answers = generate(contender.model, guides, context, sampling=contender.sampling, seeds=seeds)
            surprise = score(contender.surprise, guides, targets, context)
            for row, (index, guide, target) in enumerate(names):
                excerpt, answer, truth = excerpts[index], answers.ids[row], targets[row]
                scores.append(
                    PairScore(
                        model=contender.name,
                        piece=excerpt.piece,
                        multitrack=excerpt.name,
                        guide=excerpt.tracks[guide],
                        target=excerpt.tracks[target],
                        tokens=len(truth),
                        tpp=true_positive_percentage(answer, truth),
                        lcp=float(longest_common_prefix(answer, truth).mean()),
                        entropy=entropy(answer),
                        bits=bits_per_token(surprise[row]),
                    )
                )
            done += 1
            progress("evaluate", done, total)
    return tuple(scores)


def summarized(scores: Sequence[PairScore]) -> tuple[Summary, ...]:
    """One row per model, in the order of `scores`; the first model is the one that the others are behind."""
    models = list(dict.fromkeys(row.model for row in scores))
    first = _by_piece([row for row in scores if row.model == models[0]])
    rows = []
    for model in models:
        pieces = _by_piece([row for row in scores if row.model == model])
        columns = {name: estimate([piece[name] for piece in pieces.values()]) for name in _COLUMNS}
        behind = estimate([pieces[name]["bits"] - first[name]["bits"] for name in pieces])
        rows.append(Summary(model=model, behind=behind, **columns))
    return tuple(rows)


_COLUMNS = ("tpp", "lcp", "entropy", "bits")


def _by_piece(scores: Sequence[PairScore]) -> dict[str, dict[str, float]]:
    pieces: dict[str, list[PairScore]] = {}
    for row in scores:
        pieces.setdefault(row.piece, []).append(row)
    return {
        piece: {
            name: float(np.average([getattr(row, name) for row in rows], weights=[row.tokens for row in rows]))
            for name in _COLUMNS
        }
        for piece, rows in sorted(pieces.items())
    }
