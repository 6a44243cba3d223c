"""Whether an agent has learned anything, in one sentence, from what its training says of held-out pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

OPPONENTS = {"uniform": "a uniform draw", "p(b|a)": "p(b given a)", "deaf": "the deaf model"}
"""Whom an agent must beat to have learned something, as they are spoken of: who knows nothing, who knows a table of
counts, who does not hear the guide."""

NOTHING_LEFT = 0.1
"""An agent whose bits per token are less than this share of a uniform draw's has learned what there is to learn: that
another is as good is no fault. A relation without chance is known to the agent and to p(b given a) alike."""

ADVICE = "give it more audio, or use the base agent and finetune"


def verdict(training: Mapping[str, Any]) -> str:
    """One sentence where an agent learned nothing beyond what a simple opponent knows, with what its guide costs it, if
    that is so, and what to do; empty where it did learn, and where nothing was held out that could tell.

    `training` is an agent's account (`Agent.training`). A lead counts where its 95 % interval over pieces lies above 0;
    a single piece has no interval, and its mean decides.
    """
    rows = {row["model"]: row for row in training.get("summary", ()) if "behind" in row}
    unbeaten = [model for model in OPPONENTS if model in rows and not _leads(rows[model])]
    if not unbeaten or _nothing_left(rows):
        return ""
    own = rows["antiphon"]["bits"]
    figures = _listed([f"{rows[model]['bits']['mean']:.3f}" for model in unbeaten])
    pieces = "one held-out piece" if own["pieces"] == 1 else f"{own['pieces']} held-out pieces"
    return (
        f"This agent learned nothing beyond {_listed([OPPONENTS[model] for model in unbeaten])} "
        f"({figures} bits per token on {pieces}, the agent {own['mean']:.3f}{_cost(training)}); {ADVICE}."
    )


def _cost(training: Mapping[str, Any]) -> str:
    """What hearing the guide costs, where it does not pay."""
    worth = (training.get("gain") or {}).get("whole")
    return f"; its guide is worth {worth['mean']:.3f} bits" if worth and worth["mean"] < 0 else ""


def _leads(row: Mapping[str, Any]) -> bool:
    """Whether there is evidence that the agent is ahead of a model."""
    return bool(row["behind"]["low"] > 0)


def _nothing_left(rows: Mapping[str, Mapping[str, Any]]) -> bool:
    return "uniform" in rows and bool(rows["antiphon"]["bits"]["mean"] < NOTHING_LEFT * rows["uniform"]["bits"]["mean"])


def _listed(words: Sequence[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
