"""What the guide adds, in bits per token over held-out pieces: the figure that says whether a model has listened.

Three networks, alike but for what they heard while they learned: the guide, the guide at the wrong time, nothing. From
nothing to the wrong time is what the guide says about the piece (key, timbre, style); from there to the right time is
the relation itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.agent import Agent
from antiphon.confidence import Estimate, estimate
from antiphon.dataset import Splits, TokenExcerpt
from antiphon.decision.generation import Context, score
from antiphon.evaluation.opponents import side_by_side
from antiphon.evaluation.regeneration import PairScore, Summary, by_piece, everyone, regenerate, summarized
from antiphon.interfaces import DecisionModel, Progress, no_progress
from antiphon.metrics import bits_per_token
from antiphon.types import Ids


@dataclass(frozen=True)
class Gain:
    """Bits per token that the guide is worth, each piece once, paired by piece.

    `whole` is deaf minus hearing, and the sum of its parts: `piece`, deaf minus shifted, and `local`, shifted minus
    hearing; they are None where no shifted model was trained. `swapped` is a diagnostic of over-confidence: what the
    hearing model pays over the deaf one when another piece's guide is put under the same target, None for one piece.
    """

    whole: Estimate
    piece: Estimate | None
    local: Estimate | None
    swapped: Estimate | None


@dataclass(frozen=True)
class Judgement:
    """A trained agent on held-out pieces: the table of all models, and what the guide adds (None without a deaf
    model)."""

    summary: tuple[Summary, ...]
    gain: Gain | None


def judge(agent: Agent, splits: Splits, seed: int = 0, progress: Progress = no_progress) -> Judgement:
    """The re-generation task on the test split, by the agent and by every opponent fitted on the others."""
    contenders = everyone(agent, splits.train, splits.validation)
    scores = regenerate(contenders, splits.test, agent.context, seed, progress)
    strangers = swapped(agent.decision, splits.test, agent.context) if agent.deaf is not None else {}
    return Judgement(summarized(scores), gain_of(scores, strangers))


def gain_of(scores: Sequence[PairScore], strangers: dict[str, float]) -> Gain | None:
    """The gain from the scores of the models called antiphon, deaf and shifted, and the bits of swapped guides by
    piece."""
    bits = {name: _bits_by_piece(scores, name) for name in ("antiphon", "deaf", "shifted")}
    hearing, deaf, shifted = bits.values()
    if not deaf or not hearing:
        return None
    return Gain(
        whole=_difference(deaf, hearing),
        piece=_difference(deaf, shifted) if shifted else None,
        local=_difference(shifted, hearing) if shifted else None,
        swapped=_difference(strangers, deaf) if strangers else None,
    )


def swapped(model: DecisionModel, excerpts: Sequence[TokenExcerpt], context: Context) -> dict[str, float]:
    """Bits per token by piece when each target is given the guide of the next other piece, repeated or cut to its
    length. Empty where there is no other piece."""
    if len({excerpt.piece for excerpt in excerpts}) < 2:
        return {}
    surprise: dict[str, list[np.ndarray]] = {}
    for group in side_by_side(excerpts):
        length = group.guides.shape[1]
        others = np.stack([_strange(excerpts, index, guide, length) for index, guide, _ in group.names])
        nats = score(model, others, group.targets, context, group.durations)
        for (index, _, _), row in zip(group.names, nats, strict=True):
            surprise.setdefault(excerpts[index].piece, []).append(row)
    return {piece: bits_per_token(np.concatenate(nats)) for piece, nats in sorted(surprise.items())}


def _strange(excerpts: Sequence[TokenExcerpt], index: int, guide: int, length: int) -> Ids:
    """The track of the same number, or the last one, of the next excerpt that is of another piece."""
    order = (*excerpts[index + 1 :], *excerpts[:index])
    other = next(each for each in order if each.piece != excerpts[index].piece and max(map(len, each.ids)))
    tracks = [ids for ids in other.guides if len(ids)]
    return np.resize(tracks[min(guide, len(tracks) - 1)], length)


def _bits_by_piece(scores: Sequence[PairScore], model: str) -> dict[str, float]:
    numbers = by_piece([row for row in scores if row.model == model])
    return {piece: columns["bits"] for piece, columns in numbers.items()}


def _difference(more: dict[str, float], less: dict[str, float]) -> Estimate:
    return estimate([more[piece] - less[piece] for piece in less])
