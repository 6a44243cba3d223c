"""What the relation model finds in the pair that an agent learns from: the account behind its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.agent import Agent
from antiphon.agent.meanings import meanings_of
from antiphon.dataset import TokenPair
from antiphon.decision.relation import guide_evidence, in_words
from antiphon.decision.relation.fitting import SHIFTS, SHORTEST

BEST_SECONDS = 10.0
"""What shows a relation best is so long."""

ALIKE = 1e-3
"""Seconds by which segments that are of one length differ at most."""


def pair_account(pairs: Sequence[TokenPair], agent: Agent, shifts: int = SHIFTS) -> dict[str, Any] | None:
    """What the relation model finds in the pairs, in the agent's alphabet, in plain values; None where they hold too
    little to tell.

    The blocks that are held out are those of the relation model alone: it is fitted again without each of them.
    """
    long = [pair for pair in pairs if len(pair) >= SHORTEST]
    rows = [(pair.guide[None], pair.target[None]) for pair in long]
    if not rows:
        return None
    durations = np.concatenate([pair.durations for pair in pairs])
    seconds = float(np.median(durations)) if np.ptp(durations) < ALIKE else None
    meanings = meanings_of(agent.alphabet, agent.perception.encoder, agent.settings.perception.encoder)
    model, evidence = guide_evidence(rows, meanings, shifts)
    number, start, end = best_stretch(evidence.gains, long)
    return {
        "words": in_words(model, seconds),
        "gain": asdict(evidence.gain),
        "against_frequencies": asdict(evidence.against_frequencies),
        "p": evidence.p,
        "tokens": evidence.tokens,
        "stands": evidence.stands,
        "best": {"pair": next(i for i, pair in enumerate(pairs) if pair is long[number]), "start": start, "end": end},
    }


def best_stretch(
    gains: NDArray[np.float64], pairs: Sequence[TokenPair], seconds: float = BEST_SECONDS
) -> tuple[int, float, float]:
    """The number of a pair, and from when to when (seconds from its start) `gains` (tokens,) of the pairs end to end
    add up to most within `seconds`."""
    best, found, first = -np.inf, (0, 0.0, 0.0), 0
    for number, pair in enumerate(pairs):
        own = gains[first : first + len(pair)]
        first += len(pair)
        times = np.concatenate([[0.0], np.cumsum(pair.durations[: len(own)])])
        sums = np.concatenate([[0.0], np.cumsum(own)])
        ends = np.searchsorted(times, times[:-1] + seconds + ALIKE, side="right") - 1
        if len(own) and (totals := sums[ends] - sums[:-1]).max() > best:
            start = int(totals.argmax())
            best, found = float(totals[start]), (number, float(times[start]), float(times[ends[start]]))
    return found
