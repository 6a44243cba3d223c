"""What it costs to hear the guide late, in bits per token over held-out pieces.

The guide that has not been heard is not made up for by a larger network: what is lost here is lost to every agent with
this delay, but for what can be foretold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.agent import Agent
from antiphon.confidence import Estimate, estimate
from antiphon.dataset import TokenExcerpt, undelayed
from antiphon.decision.generation import Context, score
from antiphon.decision.neural import NeuralDecision
from antiphon.evaluation.opponents import side_by_side
from antiphon.interfaces import DecisionModel
from antiphon.metrics import bits_per_token


@dataclass(frozen=True)
class Delay:
    """How late the guide is heard: `seconds` from the end of a segment that is decided back to the last of the guide
    that counts, without the encoder's `lookahead`; and what that costs in bits per token, each piece once, against the
    network that hears the guide at once. `worth` is what the guide is worth as heard, `worth_at_once` what it would
    be; None without a deaf model."""

    seconds: float
    lookahead: float
    cost: Estimate
    worth: Estimate | None
    worth_at_once: Estimate | None


def delay_of(agent: Agent, excerpts: Sequence[TokenExcerpt]) -> Delay | None:
    """What the delay costs on `excerpts`; None for an agent without a network that hears at once."""
    if agent.present is None or not excerpts:
        return None
    late = bits_by_piece(agent.decision, excerpts, agent.context)
    at_once = bits_by_piece(NeuralDecision(agent.present), undelayed(excerpts), agent.context)
    deaf = None if agent.deaf is None else bits_by_piece(NeuralDecision(agent.deaf), excerpts, agent.context)
    return Delay(
        agent.settings.perception.guide_delay_seconds,
        agent.perception.encoder.lookahead_seconds,
        _difference(late, at_once),
        None if deaf is None else _difference(deaf, late),
        None if deaf is None else _difference(deaf, at_once),
    )


def bits_by_piece(model: DecisionModel, excerpts: Sequence[TokenExcerpt], context: Context) -> dict[str, float]:
    """Bits per token of each piece, over whole tracks, all before a token given."""
    nats: dict[str, list[np.ndarray]] = {}
    for group in side_by_side(excerpts):
        rows = score(model, group.guides, group.targets, context, group.durations)
        for (index, _, _), row in zip(group.names, rows, strict=True):
            nats.setdefault(excerpts[index].piece, []).append(row)
    return {piece: bits_per_token(np.concatenate(rows)) for piece, rows in sorted(nats.items())}


def _difference(more: dict[str, float], less: dict[str, float]) -> Estimate:
    return estimate([more[piece] - less[piece] for piece in less])
