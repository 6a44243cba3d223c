"""The verdict on a pair: what A says about B on blocks of the pair that were held out, in words, or that it says
nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from antiphon.agent.meanings import meanings_of
from antiphon.config import Settings
from antiphon.dataset import TokenPair
from antiphon.decision.relation import guide_evidence, in_words
from antiphon.decision.relation.fitting import SHORTEST
from antiphon.interfaces import Encoder
from antiphon.types import Alphabet

ALIKE = 1e-3
"""Seconds by which segments that are of one length differ at most."""


def pair_account(
    pairs: Sequence[TokenPair], alphabet: Alphabet, encoder: Encoder, settings: Settings
) -> dict[str, Any] | None:
    """What the relation model finds in the pairs, in plain values; None where they hold too little to tell.

    The blocks that are held out are those of the relation model alone: it is fitted again without each of them.
    """
    rows = [(pair.guide[None], pair.target[None]) for pair in pairs if len(pair) >= SHORTEST]
    if not rows:
        return None
    durations = np.concatenate([pair.durations for pair in pairs])
    seconds = float(np.median(durations)) if np.ptp(durations) < ALIKE else None
    model, evidence = guide_evidence(rows, meanings_of(alphabet, encoder, settings.perception.encoder))
    return {"words": in_words(model, seconds), **asdict(evidence), "stands": evidence.stands}


def pair_verdict(training: Mapping[str, Any]) -> str:
    """One sentence on the pair that an agent learned from, by its account (`Agent.training`); empty where it has
    none."""
    if "relation" not in training:
        return ""
    found = training["relation"]
    if found is None:
        return f"The pair is too short to tell whether B has to do with A: {SHORTEST} segments are needed at least."
    p = f"p = {found['p']:.2g} against circularly shifted guides"
    if not found["stands"]:
        return f"No relation found: B is as predictable without A ({p})."
    gain = found["gain"]
    return (
        f"{found['words']}: worth {gain['mean']:.2f} bits a segment ({gain['low']:.2f} to {gain['high']:.2f}) on "
        f"held-out blocks of the pair, {p}."
    )
