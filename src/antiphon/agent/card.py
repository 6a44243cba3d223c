"""The model card: what an agent is, what it learned from, how well, and under which terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from antiphon import __version__
from antiphon.agent.pair_verdict import finetuning_verdict, memory_verdict, pair_verdict
from antiphon.agent.parts import AgentParts
from antiphon.agent.verdict import verdict
from antiphon.corpus.splits import SPLITS

BAR = "\\|"
"""A bar that does not end a cell of a Markdown table, as in p(b|a)."""


GAINS = {
    "whole": "the guide is worth, in all",
    "piece": "of it, what the guide says about the piece (deaf minus shifted)",
    "local": "of it, what the guide says about the moment (shifted minus hearing)",
    "swapped": "another piece's guide costs, against hearing none (over-confidence)",
}
"""What each part of the gain is, in the order of the card."""


def _told(training: Mapping[str, Any]) -> str:
    """What was said of the data, and the pair that was learned by heart, where there is one."""
    lines = [f"- Data: {training['data']}\n"] if "data" in training else []
    if held := training.get("held"):
        lines.append(f"- Streamed from shards; judged on {held['test']} held-out excerpts, drawn at random\n")
    if pair := training.get("pair"):
        lines.append(
            f"- Fine-tuned on a pair of {pair['segments']} segments: {pair['tpp']:.1f} % of its tokens right, running "
            f"free. The agent it started from has figures on held-out pieces.\n"
        )
    return "".join(lines)


def _balance(account: Mapping[str, Any] | None) -> str:
    """How well the classes divide what they were made of."""
    if not account:
        return ""
    return (
        f"; balance {account['balance']:.2f}, {account['dead']} dead classes, "
        f"{100 * account['distortion']:.0f} % of the variance within classes, {100 * account['rests']:.0f} % rests"
    )


def _gain(gain: Mapping[str, Any] | None) -> str:
    """What the guide adds, as a table; nothing where no deaf model was trained."""
    if not gain:
        return ""
    rows = "".join(
        f"| {about} | {gain[name]['mean']:.3f} | {gain[name]['low']:.3f} to {gain[name]['high']:.3f} |\n"
        for name, about in GAINS.items()
        if gain.get(name)
    )
    pieces = gain["whole"]["pieces"]
    return (
        "## What the guide adds\n\n"
        f"| over {pieces} held-out piece{'' if pieces == 1 else 's'} | bits per token | 95 % interval |\n"
        f"|---|---|---|\n{rows}\n"
    )


def _delay(delay: Mapping[str, Any] | None) -> str:
    """What it costs to hear the guide late; nothing where it is heard at once."""
    if not delay:
        return ""
    about = {
        "cost": "bits lost against hearing the guide at once",
        "worth": "the guide is worth, heard late",
        "worth_at_once": "the guide would be worth, heard at once",
    }
    rows = "".join(
        f"| {said} | {delay[name]['mean']:.3f} | {delay[name]['low']:.3f} to {delay[name]['high']:.3f} |\n"
        for name, said in about.items()
        if delay.get(name)
    )
    return (
        "## What the delay costs\n\n"
        f"A segment is decided by what the guide plays up to {delay['seconds']:g} s before the segment's end; the "
        f"encoder looks {delay['lookahead']:.3f} s ahead.\n\n"
        f"| over {delay['cost']['pieces']} held-out pieces | bits per token | 95 % interval |\n|---|---|---|\n{rows}\n"
    )


def _verdict(training: Mapping[str, Any]) -> str:
    """That it learned nothing, where that is so, and what the pair shows that it learned from."""
    told = (verdict, finetuning_verdict, memory_verdict, pair_verdict)
    said = (each(training) for each in told)
    return "".join(f"**{each}**\n\n" for each in said if each)


def _licence(given: str | None) -> str:
    if given:
        return f"{given}, as the recordings they were learned from; no audio is contained in the weights.\n"
    return "The weights follow the terms of the recordings they were learned from; no audio is contained in them.\n"


def model_card(agent: AgentParts) -> str:
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
        f"id `{agent.alphabet.id}`{_balance(training.get('alphabet'))}\n"
        f"- Decision: {settings.decision.layers} layers, {settings.decision.dimension} wide, "
        f"{sum(weight.numel() for weight in agent.network.parameters()):,} weights, {settings.decision.conditioning}\n"
        f"- Learned from: {training.get('tracks', 0)} tracks, {training.get('minutes', 0):.1f} minutes; "
        f"pieces by split: {counts or 'not recorded'}\n"
        f"{_told(training)}"
        f"- Written by Antiphon {__version__}\n\n"
        "## Held-out pieces\n\n"
        f"{table}\n"
        f"{_verdict(training)}"
        f"{_gain(training.get('gain'))}"
        f"{_delay(training.get('delay'))}"
        "## Licence\n\n"
        f"{_licence(training.get('licence'))}"
    )
