"""A relation in a sentence."""

from __future__ import annotations

import numpy as np

from antiphon.decision.relation.attributes import CLASS, PITCH, PITCH_CLASS, RESTS, ROOT
from antiphon.decision.relation.grammar import Link, Rule
from antiphon.decision.relation.model import LinkStep, RelationModel, Sides
from antiphon.types import Ids

INTERVALS = ("unison", "second", "third", "fourth", "fifth", "sixth", "seventh", "octave")

NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

MORE = {"loudness": ("louder", "softer"), "density": ("denser", "sparser"), "brightness": ("brighter", "darker")}
"""What a higher and a lower level of an attribute is called."""

CLEAR = 0.3
"""Correlation of levels from which on there is a direction."""


def in_words(model: RelationModel, seconds: float | None = None) -> str:
    """What B does with A, a clause for each step; empty where it does nothing. `seconds` is a segment's length."""
    said = []
    for step in model.steps:
        if isinstance(step, LinkStep):
            if not step.what.own:
                said.append(f"{_link(step, model.sides)}{when(step.what.lag, seconds)}")
        else:
            share = f" ({100 * step.weight:.0f} % of the time)" if step.weight < 0.9 else ""
            said.append(f"{_rule(step.what)}{when(step.what.lag, seconds)}{share}")
    return "; ".join(dict.fromkeys(said))


def when(lag: int, seconds: float | None) -> str:
    """A lag as the end of a clause; nothing at the same time."""
    if lag == 0:
        return ""
    return f", {lag * seconds:g} s later" if seconds else f", {lag} segment{'' if lag == 1 else 's'} later"


def _rule(rule: Rule) -> str:
    if rule.kind == "root":
        of = f"{rule.amount} semitones above the root" if rule.amount else "of the root"
        return f"B plays the pitch class {of} of A's chord"
    if rule.kind == "mirrored":
        return f"B mirrors A's pitch class about {_axis(rule.amount)}"
    if rule.kind == "mirrored in the scale":
        return f"B mirrors A's place in the scale (the two add up to {rule.amount} degrees)"
    if rule.kind in ("moved", "moved in the scale"):
        return _moved(rule)
    unit = "semitones" if rule.kind == "steps" else "degrees of the scale"
    return f"B moves by as many {unit} as A, {'as A does' if rule.amount > 0 else 'the opposite way'}"


def _moved(rule: Rule) -> str:
    if rule.amount == 0:
        return f"B plays A's {rule.target}"
    if rule.kind == "moved":
        higher = "higher" if rule.amount > 0 else "lower"
        return f"B plays A's {rule.target} {abs(rule.amount)} semitone{_s(rule.amount)} {higher}"
    side = "above" if rule.amount > 0 else "below"
    return f"B plays a {_interval(rule.amount)} of the scale {side} A's {rule.target}"


def _link(step: LinkStep, sides: Sides) -> str:
    link: Link = step.what
    if link.source == link.target == RESTS:
        follows = step.ratios[1, 1] > step.ratios[0, 1]
        return "B rests where A rests" if follows else "B speaks where A rests, and rests where A speaks"
    if link.target in (CLASS, PITCH_CLASS, ROOT, PITCH) or link.source in (CLASS, PITCH_CLASS, ROOT, PITCH):
        return f"B's {link.target} depends on A's {link.source}"
    way = _direction(step, sides)
    if way is None or RESTS in (link.source, link.target):
        return f"B's {link.target} depends on A's {link.source}"
    more, less = MORE.get(link.target, ("higher", "lower"))
    return f"B is {more if way else less} where A is {MORE.get(link.source, ('higher', 'lower'))[0]}"


def _direction(step: LinkStep, sides: Sides) -> bool | None:
    """Whether higher levels of A go with higher ones of B; None where neither way is clear."""
    groups: Ids = sides.target[step.what.target]
    share = np.bincount(groups[groups >= 0], minlength=step.ratios.shape[1]) + 1e-9
    rows = step.ratios * share
    rows /= rows.sum(axis=1, keepdims=True)
    means = rows @ np.arange(rows.shape[1])
    if len(means) < 2 or np.ptp(means) == 0:
        return None
    correlation = float(np.corrcoef(np.arange(len(means)), means)[0, 1])
    return None if abs(correlation) < CLEAR else correlation > 0


def _axis(amount: int) -> str:
    if amount % 2 == 0:
        return NOTE_NAMES[amount // 2 % 12]
    return f"the middle of {NOTE_NAMES[amount // 2 % 12]} and {NOTE_NAMES[(amount // 2 + 1) % 12]}"


def _interval(degrees: int) -> str:
    size = abs(degrees)
    return INTERVALS[size] if size < len(INTERVALS) else f"step of {size} degrees"


def _s(count: int) -> str:
    return "" if abs(count) == 1 else "s"
