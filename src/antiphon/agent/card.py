"""The model card: what an agent is, what it learned from, how well, and under which terms."""

from __future__ import annotations

from antiphon import __version__
from antiphon.agent.agent import Agent
from antiphon.corpus.splits import SPLITS

BAR = "\\|"
"""A bar that does not end a cell of a Markdown table, as in p(b|a)."""


def model_card(agent: Agent) -> str:
    """The text of README.md in an agent's directory."""
    settings, training = agent.settings, agent.training
    rows = "".join(
        f"| {row['model'].replace('|', BAR)} | {row['tpp']['mean']:.1f} | {row['bits']['mean']:.3f} |\n"
        for row in training.get("summary", [])
    )
    table = f"| model | TPP, % | bits per token |\n|---|---|---|\n{rows}" if rows else "No held-out pieces to score.\n"
    pieces = training.get("pieces", {})
    counts = ", ".join(f"{pieces[split]} {split}" for split in SPLITS if split in pieces)
    return (
        "# An Antiphon agent\n\n"
        "It answers a guide track with a specification of what to play, and plays it from a memory.\n\n"
        f"- Alphabet: {agent.alphabet.size} classes{' and the rest' if agent.alphabet.has_rest else ''}, "
        f"segments of {settings.perception.segment_seconds} s, encoder `{settings.perception.encoder.name}`, "
        f"id `{agent.alphabet.id}`\n"
        f"- Decision: {settings.decision.layers} layers, {settings.decision.dimension} wide, "
        f"{sum(weight.numel() for weight in agent.network.parameters()):,} weights, {settings.decision.conditioning}\n"
        f"- Learned from: {training.get('tracks', 0)} tracks, {training.get('minutes', 0):.1f} minutes; "
        f"pieces by split: {counts or 'not recorded'}\n"
        f"- Written by Antiphon {__version__}\n\n"
        "## Held-out pieces\n\n"
        f"{table}\n"
        "## Licence\n\n"
        "The weights follow the terms of the recordings they were learned from; no audio is contained in them.\n"
    )
