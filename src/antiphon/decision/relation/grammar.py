"""The small grammar of relations: rules that predict a pitch outright, and tables that are counted.

A `Rule` says which pitch B has, given A and what B played before; all rules of one kind differ in a number and a lag.
A `Link` says no more than that an attribute of B depends on one of A at a lag; how, is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, get_args

import numpy as np

from antiphon.decision.relation.attributes import CLASS, PITCH, PITCH_CLASS, RESTS, ROOT, TrackPairs, held, later
from antiphon.decision.relation.meanings import (
    DEGREES,
    MAJOR_DEGREES,
    NONE,
    SEMITONES,
    degrees_of,
    pitches_of,
)
from antiphon.types import Ids

Kind = Literal[
    "moved", "moved in the scale", "root", "mirrored", "mirrored in the scale", "steps", "steps in the scale"
]

KINDS: tuple[Kind, ...] = get_args(Kind)
"""The simplest first."""

STEPPING: tuple[Kind, ...] = ("steps", "steps in the scale")
"""Those that go by how A has moved, from the segment before."""

LAGS = 8
"""Segments by which B may be later than A."""

CROSSED_LAGS = 2
"""The same where one attribute of B depends on another of A."""

WIDEST_SEMITONES, WIDEST_DEGREES = 24, 14
"""Two octaves up or down."""


@dataclass(frozen=True)
class Rule:
    """B's `target` (pitch or pitch class) is what `kind` makes of A's pitch `lag` segments before, by `amount`: the
    interval, the sum of the two for a mirror, -1 for steps opposite to A's and 1 for steps like them."""

    kind: Kind
    target: str
    amount: int
    lag: int


@dataclass(frozen=True)
class Link:
    """B's attribute `target` depends on A's attribute `source`, `lag` segments before; on B's own if `own`."""

    source: str
    target: str
    lag: int
    own: bool = False


@dataclass(frozen=True)
class Reach:
    """The lowest and the highest pitch that B has, where steps that lead beyond are reflected, and the interval above A
    at which B starts."""

    low: int
    high: int
    start: int = 0


def rules(with_roots: bool) -> tuple[Rule, ...]:
    """Every rule on pitches; about roots only where the guide has chords."""
    found: list[Rule] = []
    for lag in range(LAGS + 1):
        found += [Rule("moved", PITCH, n, lag) for n in range(-WIDEST_SEMITONES, WIDEST_SEMITONES + 1)]
        found += [Rule("moved in the scale", PITCH, n, lag) for n in range(-WIDEST_DEGREES, WIDEST_DEGREES + 1)]
        found += [Rule("moved", PITCH_CLASS, n, lag) for n in range(SEMITONES)]
        found += [Rule("moved in the scale", PITCH_CLASS, n, lag) for n in range(DEGREES)]
        found += [Rule("mirrored", PITCH_CLASS, n, lag) for n in range(SEMITONES)]
        found += [Rule("mirrored in the scale", PITCH_CLASS, n, lag) for n in range(DEGREES)]
        found += [Rule("steps", PITCH, sign, lag) for sign in (-1, 1)]
        found += [Rule("steps in the scale", PITCH, sign, lag) for sign in (-1, 1)]
        if with_roots:
            found += [Rule("root", PITCH_CLASS, n, lag) for n in range(SEMITONES)]
    return tuple(found)


def links(source: Mapping[str, Ids], target: Mapping[str, Ids]) -> tuple[Link, ...]:
    """Every pair of attributes that may depend on one another."""
    shared = [name for name in target if name in source and name not in (PITCH, ROOT)]
    found = [Link(name, name, lag) for name in shared for lag in range(LAGS + 1)]
    scalar = [name for name in target if name not in (CLASS, PITCH, PITCH_CLASS, ROOT)]
    crossed = [(a, b) for b in scalar for a in scalar if a != b and a in source]
    found += [Link(a, b, lag) for a, b in crossed for lag in range(CROSSED_LAGS + 1)]
    if RESTS not in target and PITCH_CLASS in target:
        found += [Link(CLASS, PITCH_CLASS, lag) for lag in range(CROSSED_LAGS + 1)]
    return tuple(dict.fromkeys(found))


def own_links(target: Mapping[str, Ids]) -> tuple[Link, ...]:
    """Every attribute of B that may depend on what it was before."""
    return tuple(Link(name, name, 1, own=True) for name in target if name not in (CLASS, ROOT))


def predicted(chosen: Sequence[Rule], music: TrackPairs, roots: Ids, reach: Reach) -> Ids:
    """The pitch or pitch class (rules, rows, n) that rules of one kind, target and lag ask for, NONE where they ask for
    nothing."""
    kind, target, lag = chosen[0].kind, chosen[0].target, chosen[0].lag
    amounts = np.array([rule.amount for rule in chosen])[:, None, None]
    pitches = later(music.guide_pitches, lag)
    if kind in STEPPING:
        return _stepped(kind, amounts, lag, music, reach)
    if kind == "root":
        found = later(roots[music.guide], lag) + amounts
        return np.where(pitches == NONE, NONE, found % SEMITONES)
    if kind == "moved":
        return _folded(np.where(pitches == NONE, NONE, pitches + amounts), target)
    if kind == "mirrored":
        return np.where(pitches == NONE, NONE, (amounts - pitches) % SEMITONES)
    degrees = later(music.guide_degrees, lag)
    if kind == "moved in the scale":
        moved = np.where(degrees == NONE, NONE, np.maximum(degrees + amounts, NONE))
        return _folded(pitches_of(moved, music.tonics), target)
    within = np.array(MAJOR_DEGREES)[(amounts - degrees) % DEGREES]
    return np.where(degrees == NONE, NONE, (within + music.tonics[:, None]) % SEMITONES)


def families(chosen: Sequence[Rule]) -> list[list[Rule]]:
    """Rules in the same order, those next to each other of one kind, target and lag together."""
    return [list(group) for _, group in groupby(chosen, key=lambda rule: (rule.kind, rule.target, rule.lag))]


def alike(chosen: Sequence[Link]) -> list[list[Link]]:
    """Links in the same order, those next to each other that differ in their lag alone together."""
    return [list(group) for _, group in groupby(chosen, key=lambda link: (link.source, link.target, link.own))]


def _folded(pitches: Ids, target: str) -> Ids:
    known = pitches >= 0
    return np.where(known, pitches % SEMITONES if target == PITCH_CLASS else pitches, NONE)


def _stepped(kind: str, signs: Ids, lag: int, music: TrackPairs, reach: Reach) -> Ids:
    """From B's last pitch, by as much as A has moved, the same way or the other; reflected at the ends of B's reach.
    Where B has played nothing yet it starts as far from A as it has before."""
    first = music.last_pitches == NONE
    start = np.where(first & (music.guide_pitches != NONE), music.guide_pitches + reach.start, NONE)
    if kind == "steps":
        here, there = held(later(music.guide_pitches, lag)), music.last_pitches
        before, low, high = later(here, 1), np.array(reach.low), np.array(reach.high)
    else:
        here, there = held(later(music.guide_degrees, lag)), music.last_degrees
        rows = np.ones((len(music.tonics), 1), dtype=np.int64)
        before = later(here, 1)
        low, high = (_nearest_degree(end * rows, music.tonics) for end in (reach.low, reach.high))
    known = (here != NONE) & (before != NONE) & (there != NONE)
    places = np.maximum(_reflected(there + signs * (here - before), low, high), 0)
    return np.where(known, places if kind == "steps" else pitches_of(places, music.tonics), start)


def _nearest_degree(pitches: Ids, tonics: Ids) -> Ids:
    """The place in the scale of pitches (rows, 1), or of the semitone above where they are outside of it."""
    inside = degrees_of(pitches, tonics)
    return np.where(inside == NONE, degrees_of(pitches + 1, tonics), inside)


def _reflected(places: Ids, low: Ids, high: Ids) -> Ids:
    """Places beyond an end come back by as many steps."""
    up = np.where(places < low, 2 * low - places, places)
    return np.where(up > high, 2 * high - up, up)
