"""What every rule and every table of the grammar gains on held-out blocks, all of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from antiphon.decision.relation.attributes import CLASS, PITCH, PITCH_CLASS, ROOT, TrackPairs, joined
from antiphon.decision.relation.base import Table
from antiphon.decision.relation.grammar import KINDS, Link, Rule, alike, families, links, own_links, rules
from antiphon.decision.relation.meanings import NONE
from antiphon.decision.relation.model import Sides, by_rule, by_table
from antiphon.types import Ids

WEIGHTS = np.array([0.03, 0.06, 0.1, 0.2, 0.3, 0.45, 0.6, 0.75, 0.85, 0.92, 0.96, 0.985, 0.995])
"""Shares of the time in which a rule may hold."""

NEARLY = 0.95
"""A simpler rule that has this share of the best one's gain is preferred: it holds where the music goes elsewhere."""

PRIOR = 0.5
"""Tokens of B's own share that are added to each row of a table."""

CELLS = 1 << 16
"""Numbers held at once while the lags of a link are tried side by side (512 kB)."""


@dataclass(frozen=True, eq=False)
class Material:
    """All tokens end to end: the tracks, B's `tokens` (n,), the `blocks` (n,) that are held out in turn, and each
    one's distribution by what is known so far, `rows` (n, classes), from the other blocks. `masses` are those of its
    groups by attribute: (n, groups). Where the same targets are held against several `guides`, `music` has them one
    after the other, as `TrackPairs.shifted` does."""

    music: tuple[TrackPairs, ...]
    sides: Sides
    tokens: Ids
    blocks: Ids
    rows: Table
    masses: Mapping[str, Table]
    guides: int = 1

    @classmethod
    def of(cls, music: tuple[TrackPairs, ...], sides: Sides, blocks: Ids, rows: Table) -> Material:
        """From the tracks, with the masses."""
        tokens = joined([each.target for each in music])
        return cls(music, sides, tokens, blocks, rows, _masses(rows, sides))

    @cached_property
    def count(self) -> int:
        """How many blocks there are."""
        return int(self.blocks.max()) + 1

    def with_guides(self, music: tuple[TrackPairs, ...], guides: int) -> Material:
        """The same with so many other guides."""
        return replace(self, music=music, guides=guides)

    def knowing(self, rows: Table) -> Material:
        """The same where more is known."""
        return replace(self, rows=rows, masses=_masses(rows, self.sides))

    def sources(self, chosen: Sequence[Link]) -> Ids:
        """The groups (guides * links, n) by which links go that differ in their lag alone."""
        found = self._end_to_end([self.sides.grouped(chosen, each.guide, each.target) for each in self.music])
        return self._by_guide([found])

    def asked(self, chosen: Sequence[Sequence[Rule]]) -> Ids:
        """What families of rules ask for (guides * rules, n)."""
        return self._by_guide([self._end_to_end([self.sides.asked(f, each) for each in self.music]) for f in chosen])

    def _end_to_end(self, parts: Sequence[Ids]) -> Ids:
        """What is there of each track (m, guides * rows, n), as (m, guides, tokens)."""
        return np.concatenate([part.reshape(len(part), self.guides, -1) for part in parts], axis=2)

    def _by_guide(self, parts: Sequence[Ids]) -> Ids:
        """Parts (m, guides, tokens) of any m as (guides * all m, tokens)."""
        found = np.concatenate(parts) if len(parts) > 1 else parts[0]
        return np.swapaxes(found, 0, 1).reshape(-1, found.shape[2])


@dataclass(frozen=True, eq=False)
class Candidate:
    """A rule or link with what it gains in each block, in nats (blocks,), and the nats that it costs to name it."""

    what: Rule | Link
    gains: Table
    cost: float

    @property
    def net(self) -> float:
        """What is left of the gain."""
        return float(self.gains.sum()) - self.cost


class Grammar:
    """The rules and links that there are for the attributes of both sides."""

    def __init__(self, sides: Sides, with_roots: bool) -> None:
        pitched = PITCH in sides.target and PITCH in sides.source
        self.rules = rules(with_roots) if pitched else ()
        self.links = links(sides.source, sides.target)
        self.own_links = own_links(sides.target)
        of_target = [[rule for rule in self.rules if rule.target == target] for target in (PITCH, PITCH_CLASS)]
        self._families = [families(chosen) for chosen in of_target if chosen]
        self._names: tuple[Rule | Link, ...] = (*chain.from_iterable(of_target), *self.links)
        costs = [_cost(len(self.rules))] * len(self.rules) + [_cost(len(self.links))] * len(self.links)
        self._costs = np.array(costs, dtype=np.float64)

    def best_of_itself(self, material: Material) -> Candidate | None:
        """The one that gains most without A."""
        gains = [row for chosen in alike(self.own_links) for row in link_gains(material, chosen)[0]]
        cost = _cost(len(self.own_links))
        found = [Candidate(link, each, cost) for link, each in zip(self.own_links, gains, strict=True)]
        return max(found, key=lambda each: each.net, default=None)

    def best(self, material: Material) -> list[Candidate | None]:
        """The one that gains most by A, for each of the guides; a simpler one where it gains nearly as much."""
        if not self._names:
            return [None] * material.guides
        by_rules = [rule_gains(material, chosen) for chosen in self._families]
        gains = np.concatenate([*by_rules, *(link_gains(material, chosen) for chosen in alike(self.links))], axis=1)
        return [self._best(each) for each in gains]

    def _best(self, gains: Table) -> Candidate:
        """The same by what each rule and link gains in each block (names, blocks)."""
        net = gains.sum(axis=1) - self._costs
        near = np.flatnonzero(net >= NEARLY * net.max()) if net.max() > 0 else [int(net.argmax())]
        found = [Candidate(self._names[index], gains[index], float(self._costs[index])) for index in near]
        return min(found, key=_complexity)


def _complexity(candidate: Candidate) -> tuple[int, float]:
    """What is simpler comes first; of equally simple ones what gains more."""
    what = candidate.what
    kind = KINDS.index(what.kind) if isinstance(what, Rule) else len(KINDS)
    return kind, -candidate.net


def rule_gains(material: Material, chosen: Sequence[Sequence[Rule]]) -> Table:
    """What each rule of families on one attribute gains in each block (guides, rules, blocks), each weighed on the
    others."""
    values = _by_weight(material, chosen)
    gains = np.take_along_axis(values, _best_elsewhere(values)[..., None], axis=2)[..., 0]
    return np.asarray(gains.reshape(material.guides, -1, material.count))


def rule_weights(material: Material, rule: Rule) -> tuple[Table, float]:
    """The weights (blocks,) of a rule as the other blocks have it, and as all have it."""
    values = _by_weight(material, [[rule]])
    return WEIGHTS[_best_elsewhere(values)[0]], float(WEIGHTS[(values[0].sum(axis=0) + np.log1p(-WEIGHTS)).argmax()])


def link_gains(material: Material, chosen: Sequence[Link]) -> Table:
    """What links that differ in their lag alone gain in each block (guides, links, blocks), tables counted on the
    others."""
    step = max(1, CELLS // (material.guides * material.masses[chosen[0].target].size))
    parts = [_link_gains(material, chosen[first : first + step]) for first in range(0, len(chosen), step)]
    return np.concatenate(parts, axis=1)


def _link_gains(material: Material, chosen: Sequence[Link]) -> Table:
    name = chosen[0].target
    sources, target, known = _related(material, chosen)
    counts = _counted(material, chosen, sources, target, known)
    elsewhere = _ratios(counts.sum(axis=1, keepdims=True) - counts)
    masses, each = material.masses[name], np.arange(len(sources))[:, None]
    ratios = elsewhere[each, material.blocks, sources]
    scale = (masses * ratios).sum(axis=2) / np.maximum(masses.sum(axis=1), 1e-300)
    gained = np.log(ratios[each, np.arange(len(target)), target]) - np.log(np.maximum(scale, 1e-300))
    cells = each * material.count + material.blocks
    sums = np.bincount(cells[known], gained[known], len(sources) * material.count)
    return np.asarray(sums, dtype=np.float64).reshape(material.guides, len(chosen), material.count)


def link_ratios(material: Material, link: Link) -> tuple[Table, Table]:
    """Tables (blocks, sources, targets) as the other blocks have it, and the one (sources, targets) of all."""
    (counts,) = _counted(material, [link], *_related(material, [link]))
    everywhere = counts.sum(axis=0)
    return _ratios(everywhere - counts), _ratios(everywhere)


def _related(material: Material, chosen: Sequence[Link]) -> tuple[Ids, Ids, NDArray[np.bool_]]:
    """The groups that links lead from (guides * links, n) and to (n,), and where there are both, like the first."""
    sources, target = material.sources(chosen), material.sides.target[chosen[0].target][material.tokens]
    return sources, target, (sources != NONE) & (target != NONE)


def _counted(material: Material, chosen: Sequence[Link], sources: Ids, target: Ids, known: NDArray[np.bool_]) -> Table:
    """How often each target follows each source (guides * links, blocks, sources, targets)."""
    origin = material.sides.target if chosen[0].own else material.sides.source
    here = material.sides.target[chosen[0].target]
    shape = (len(sources), material.count, int(origin[chosen[0].source].max()) + 1, int(here.max()) + 1)
    each, place = np.nonzero(known)
    codes = np.ravel_multi_index((each, material.blocks[place], sources[known], target[place]), shape)
    return np.bincount(codes, minlength=int(np.prod(shape))).reshape(shape).astype(np.float64)


def after_rule(material: Material, rule: Rule) -> Material:
    """What is known when a rule is known too."""
    weights, _ = rule_weights(material, rule)
    groups = material.sides.target[rule.target]
    return material.knowing(by_rule(material.rows, groups, material.asked([[rule]])[0], weights[material.blocks]))


def after_link(material: Material, link: Link) -> Material:
    """What is known when a link is known too."""
    elsewhere, _ = link_ratios(material, link)
    (source,) = material.sources([link])
    ratios = np.where((source == NONE)[:, None], 1.0, elsewhere[material.blocks, source])
    return material.knowing(by_table(material.rows, material.sides.target[link.target], ratios))


def _cost(names: int) -> float:
    """Nats that say which one of `names` it is, and which of the two kinds."""
    return float(np.log(2 * max(names, 1)))


def _ratios(counts: Table) -> Table:
    """How much likelier each target is under each source (..., sources, targets)."""
    share = counts.sum(axis=-2, keepdims=True) + 0.5
    share = share / share.sum(axis=-1, keepdims=True)
    return np.asarray((counts + PRIOR * share) / (counts.sum(axis=-1, keepdims=True) + PRIOR) / share)


def _masses(rows: Table, sides: Sides) -> dict[str, Table]:
    """The probability of each group by attribute (n, groups)."""
    found = {}
    for name, groups in sides.target.items():
        if name != ROOT:
            membership = (groups[:, None] == np.arange(groups.max() + 1)).astype(np.float64)
            found[name] = rows if name == CLASS else rows @ membership
    return found


def _by_weight(material: Material, chosen: Sequence[Sequence[Rule]]) -> Table:
    """What families of rules on one attribute gain in each block by each weight (guides * rules, blocks, weights)."""
    name = chosen[0][0].target
    groups = material.sides.target[name]
    truth = groups[material.tokens]
    masses = material.masses[name]
    total = masses.sum(axis=1)
    asked = material.asked(chosen)
    existing = np.append(np.isin(np.arange(masses.shape[1]), groups), False)
    known = existing[np.minimum(asked, masses.shape[1])] & (truth != NONE) & (asked != NONE)
    hits = known & (asked == truth)
    row, place = np.nonzero(hits)
    share = masses[place, truth[place]] / total[place]
    cells = row * material.count + material.blocks[place]
    starts = np.flatnonzero(np.diff(material.blocks, prepend=-1))
    missed = np.add.reduceat(known & ~hits, starts, axis=1, dtype=np.int64)
    found = missed.ravel()[:, None] * np.log1p(-WEIGHTS)
    for index, weight in enumerate(WEIGHTS):
        found[:, index] += np.bincount(cells, np.log(1 - weight + weight / share), len(found))
    return np.asarray(found.reshape(-1, material.count, len(WEIGHTS)), dtype=np.float64)


def _best_elsewhere(values: Table) -> Ids:
    """The index of the best weight by all other blocks (rules, blocks), one miss more being expected."""
    others = values.sum(axis=1, keepdims=True) - values + np.log1p(-WEIGHTS)
    return np.asarray(others.argmax(axis=2))
