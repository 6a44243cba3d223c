"""The re-generation task (paper 5.3): track B again, from track A alone, by the model and by every opponent.

Everyone runs free: nobody sees the true B while generating. Bits per token are the surprise at the true B, given its
past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from antiphon.agent import Agent
from antiphon.agent.known_pairs import recalling
from antiphon.agent.meanings import meanings_of
from antiphon.confidence import Estimate, estimate
from antiphon.dataset import TokenExcerpt
from antiphon.decision.generation import Context, generate, score
from antiphon.decision.neural import NeuralDecision
from antiphon.errors import BadData
from antiphon.evaluation.opponents import Opponent, PairGroup, opponents, side_by_side
from antiphon.evaluation.shifted_guides import JUDGED_SHARES
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


@dataclass(frozen=True, eq=False)
class Displaced(Opponent):
    """An opponent whose guides are circularly shifted by shares of the track: each of its scores is the mean over
    `shares`, each with free-running responses and surprisals of its own."""

    shares: tuple[float, ...] = JUDGED_SHARES


def everyone(agent: Agent, train: Sequence[TokenExcerpt], validation: Sequence[TokenExcerpt]) -> tuple[Opponent, ...]:
    """The agent's decision, its network alone where it remembers pairs, its deaf and shifted twins where it has them,
    and the opponents fitted on the training split."""
    sampling = agent.settings.sampling
    trained = []
    for name, network, kind in (
        ("antiphon", agent.network, Opponent),
        ("deaf", agent.deaf, Opponent),
        ("shifted", agent.shifted, Displaced),
    ):
        if network is not None:
            answers = agent.settings.training.hide_past > 0 and kind is Opponent
            alone = NeuralDecision(network)
            ways = [alone, replace(alone, guide_only=True)] if answers else [alone]
            model, *by_guide = (recalling(agent, way) if name == "antiphon" else way for way in ways)
            trained.append(kind(name, model, model, sampling, *by_guide))
            if model is not alone:
                trained.append(kind("network alone", alone, alone, sampling, *ways[1:]))
    meanings = meanings_of(agent.alphabet, agent.perception.encoder, agent.settings.perception.encoder)
    fitted = opponents(train, validation, agent.alphabet.classes, agent.context, sampling, meanings=meanings)
    return (*trained, *fitted)


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
        for group in groups:
            seeds = [seed * SEED_STRIDE + drawn + row for row in range(len(group.names))]
            drawn += len(group.names)
            score_free_running = _judged(contender, group, context, seeds)
            for (index, guide, target), numbers in zip(group.names, score_free_running, strict=True):
                excerpt = excerpts[index]
                scores.append(
                    PairScore(
                        model=contender.name,
                        piece=excerpt.piece,
                        multitrack=excerpt.name,
                        guide=excerpt.tracks[guide],
                        target=excerpt.tracks[target],
                        tokens=group.targets.shape[1],
                        **dict(zip(_COLUMNS, numbers.tolist(), strict=True)),
                    )
                )
            done += 1
            progress("evaluate", done, total)
    return tuple(scores)


def _judged(contender: Opponent, group: PairGroup, context: Context, seeds: Sequence[int]) -> NDArray[np.float64]:
    """The numbers (pairs, columns) of _COLUMNS, the mean over what the contender hears."""
    shares = contender.shares if isinstance(contender, Displaced) else (0.0,)
    runs = []
    for share in shares:
        turn = round(share * group.guides.shape[1])
        heard, durations = np.roll(group.guides, turn, axis=1), group.durations
        answers = generate(
            contender.model, heard, context, sampling=contender.sampling, seeds=seeds, durations=durations
        ).ids
        surprise = score(contender.surprise, heard, group.targets, context, durations)
        runs.append(
            [
                (
                    true_positive_percentage(answer, truth, lasting),
                    float(longest_common_prefix(answer, truth).mean()),
                    entropy(answer),
                    bits_per_token(nats),
                )
                for answer, truth, lasting, nats in zip(answers, group.targets, durations, surprise, strict=True)
            ]
        )
    return np.asarray(np.mean(runs, axis=0))


def summarized(scores: Sequence[PairScore]) -> tuple[Summary, ...]:
    """One row per model, in the order of `scores`; the first model is the one that the others are behind."""
    models = list(dict.fromkeys(row.model for row in scores))
    first = by_piece([row for row in scores if row.model == models[0]])
    rows = []
    for model in models:
        pieces = by_piece([row for row in scores if row.model == model])
        columns = {name: estimate([piece[name] for piece in pieces.values()]) for name in _COLUMNS}
        behind = estimate([pieces[name]["bits"] - first[name]["bits"] for name in pieces])
        rows.append(Summary(model=model, behind=behind, **columns))
    return tuple(rows)


_COLUMNS = ("tpp", "lcp", "entropy", "bits")


def by_piece(scores: Sequence[PairScore]) -> dict[str, dict[str, float]]:
    """Each piece's mean of every number, weighted by tokens."""
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
