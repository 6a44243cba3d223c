"""What the relation model finds in the pair that an agent learns from: the account behind its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from antiphon.agent import Agent
from antiphon.agent.meanings import meanings_of
from antiphon.dataset import TokenPair
from antiphon.decision.relation import guide_evidence, in_words
from antiphon.decision.relation.fitting import SHIFTS, SHORTEST

ALIKE = 1e-3
"""Seconds by which segments that are of one length differ at most."""


def pair_account(pairs: Sequence[TokenPair], agent: Agent, shifts: int = SHIFTS) -> dict[str, Any] | None:
    """What the relation model finds in the pairs, in the agent's alphabet, in plain values; None where they hold too
    little to tell.

    The blocks that are held out are those of the relation model alone: it is fitted again without each of them.
    """
    rows = [(pair.guide[None], pair.target[None]) for pair in pairs if len(pair) >= SHORTEST]
    if not rows:
        return None
    durations = np.concatenate([pair.durations for pair in pairs])
    seconds = float(np.median(durations)) if np.ptp(durations) < ALIKE else None
    meanings = meanings_of(agent.alphabet, agent.perception.encoder, agent.settings.perception.encoder)
    model, evidence = guide_evidence(rows, meanings, shifts)
    return {"words": in_words(model, seconds), **asdict(evidence), "stands": evidence.stands}
