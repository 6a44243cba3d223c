"""A relation as a decision: what B says of itself, and upon it what each rule and each table makes of A."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.decision.baselines import delayed
from antiphon.decision.relation.attributes import ROOT, TrackPairs, later, track_pairs
from antiphon.decision.relation.base import Past, Table
from antiphon.decision.relation.grammar import Link, Reach, Rule, predicted
from antiphon.decision.relation.meanings import NONE, ClassMeanings
from antiphon.types import Floats, Ids, Seconds


@dataclass(frozen=True, eq=False)
class RuleStep:
    """A rule that holds in the share `weight` of all segments in which B sounds and the rule asks for something."""

    what: Rule
    weight: float


@dataclass(frozen=True, eq=False)
class LinkStep:
    """A table `ratios` (source groups, target groups): how much likelier than otherwise B's group is under A's."""

    what: Link
    ratios: Table


Step = RuleStep | LinkStep


@dataclass(frozen=True, eq=False)
class Sides:
    """The groups (classes,) of classes by attribute, as A's and as B's, the pitches that B reaches, and the tonic of
    the scale that most of it is in."""

    source: Mapping[str, Ids]
    target: Mapping[str, Ids]
    reach: Reach
    home: int

    def asked(self, rules: Sequence[Rule], music: TrackPairs) -> Ids:
        """What rules of one kind, target and lag ask for (rules, rows, n)."""
        return predicted(rules, music, self.source.get(ROOT, np.zeros(0, dtype=np.int64)), self.reach)

    def grouped(self, links: Sequence[Link], guide: Ids, target: Ids) -> Ids:
        """The groups (links, rows, n) by which links go that differ in their lag alone."""
        groups, ids = (self.target, target) if links[0].own else (self.source, guide)
        found = groups[links[0].source][ids]
        return np.stack([later(found, link.lag) for link in links])


@dataclass(frozen=True, eq=False)
class Listened:
    """State: the guide so far (guides, m) and what was played (guides, n)."""

    guide: Ids
    played: Ids


@dataclass(frozen=True, eq=False)
class RelationModel:
    """See this module's first line. Without `steps` it is p(b | b')."""

    meanings: ClassMeanings
    past: Past
    sides: Sides
    steps: tuple[Step, ...]

    @property
    def classes(self) -> int:
        """How many ids it chooses from."""
        return self.meanings.classes

    @property
    def by_guide(self) -> list[Rule | Link]:
        """What its steps say of B by A; others say what B does by itself."""
        return [step.what for step in self.steps if isinstance(step.what, Rule) or not step.what.own]

    @property
    def least_lag(self) -> int | None:
        """How many segments before the one that it decides it looks at the guide at the latest; None: never."""
        return min((what.lag for what in self.by_guide), default=None)

    def start(self, guides: int) -> Listened:
        """Nothing was heard or played."""
        nothing = np.zeros((guides, 0), dtype=np.int64)
        return Listened(nothing, nothing)

    def step(
        self, state: Listened, heard: Ids, previous: Ids | None, durations: Seconds | None = None
    ) -> tuple[Listened, Floats]:
        """See `interfaces.DecisionModel`."""
        guide = np.concatenate([state.guide, heard], axis=1)
        played = state.played if previous is None else np.concatenate([state.played, previous[:, None]], axis=1)
        if played.shape[1] >= guide.shape[1]:
            raise ValueError("a relation decides only where it has heard the guide")
        # What is decided now is not known yet, and no rule looks at it.
        target = np.concatenate([played, np.zeros((len(guide), guide.shape[1] - played.shape[1]), np.int64)], axis=1)
        now = self.distributions(guide, target, played.shape[1])
        return Listened(guide, played), np.log(now).astype(np.float32)

    def log_probabilities(self, guides: Ids, targets: Ids, durations: Seconds | None = None) -> Floats:
        """See `scoring.OnePass`."""
        rows = self.distributions(guides, targets)
        found = np.take_along_axis(rows, targets[..., None], axis=2)[..., 0]
        return np.asarray(np.log(found), dtype=np.float32)

    def distributions(self, guides: Ids, targets: Ids, place: int | None = None) -> Table:
        """p(b | ...) (rows, n, classes) of every token, or (rows, classes) of those at one place."""
        (music,) = track_pairs([(guides, targets)], self.meanings, self.sides.home)
        chosen = slice(None) if place is None else slice(place, place + 1)
        before = delayed(targets, 1, self.classes)[:, chosen]
        rows = self.past.table[before.ravel()]
        for step in self.steps:
            if isinstance(step, RuleStep):
                asked = self.sides.asked([step.what], music)[0][:, chosen].ravel()
                rows = by_rule(rows, self.sides.target[step.what.target], asked, np.full(len(rows), step.weight))
            else:
                source = self.sides.grouped([step.what], guides, targets)[0][:, chosen].ravel()
                ratios = np.where((source == NONE)[:, None], 1.0, step.ratios[source])
                rows = by_table(rows, self.sides.target[step.what.target], ratios)
        return rows if place is not None else rows.reshape(*targets.shape, self.classes)


def by_rule(rows: Table, groups: Ids, asked: Ids, weights: NDArray[np.float64]) -> Table:
    """Distributions (n, classes) in which the share `weights` (n,) of all that has a group has the one `asked` (n,)
    for, where there is such a class."""
    chosen = groups == np.where(asked == NONE, NONE - 1, asked)[:, None]
    grouped = groups != NONE
    inside = np.where(chosen, rows, 0.0)
    mass = inside.sum(axis=1)
    there = mass > 0
    total = rows[:, grouped].sum(axis=1)
    scale = np.divide(weights * total, mass, out=np.zeros_like(mass), where=there)
    kept = np.where(there, 1 - weights, 1.0)
    return np.asarray(np.where(grouped, rows * kept[:, None], rows) + inside * scale[:, None])


def by_table(rows: Table, groups: Ids, ratios: Table) -> Table:
    """Distributions (n, classes) in which each group is as much likelier as `ratios` (n, groups) say; what has no
    group stays as likely as it was."""
    grouped = groups != NONE
    raised = rows[:, grouped] * ratios[:, groups[grouped]]
    total, now = rows[:, grouped].sum(axis=1), raised.sum(axis=1)
    found = rows.copy()
    found[:, grouped] = raised * (total / np.maximum(now, 1e-300))[:, None]
    return found
