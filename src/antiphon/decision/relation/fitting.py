"""The simplest explanation that holds on held-out blocks, step by step, and what it is worth.

A rule or a table is taken where it gains more on blocks of time that it was not fitted on than it costs to name it
(description length) and gains in most of them. What the guide is worth is then held against the same search over guides
that are circularly shifted: the same notes at the wrong time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.confidence import Estimate, estimate
from antiphon.decision.baselines import delayed
from antiphon.decision.counts import Pairs
from antiphon.decision.relation.attributes import TrackPairs, groups_of, joined, track_pairs
from antiphon.decision.relation.base import Past, Table, best_past, blocks_of, unseen_tokens
from antiphon.decision.relation.grammar import LAGS, Reach, Rule
from antiphon.decision.relation.meanings import NONE, SEMITONES, ClassMeanings
from antiphon.decision.relation.model import LinkStep, RelationModel, RuleStep, Sides, Step
from antiphon.decision.relation.search import (
    Candidate,
    Grammar,
    Material,
    after_link,
    after_rule,
    link_ratios,
    rule_weights,
)

MOST_STEPS = 5
"""Rules and tables of an explanation at most."""

STEADY = 2.0
"""Standard errors over blocks by which a further step's gain must lie above 0."""

MOST_TOKENS = 3000
"""Tokens that are searched at most; of more music, the first."""

SHORTEST = 4 * (LAGS + 1)
"""Segments that a guide needs so that it can be shifted beyond the reach of all lags."""

CHECKS = 19
"""Circularly shifted guides in none of which a further step may gain as much."""

SHIFTS = 99
"""Circularly shifted guides that the search is repeated with: p is then 0.01 or more."""

CLEARLY = 10
"""Shifted guides that gain as much, after which chance explains it."""

TOGETHER = 1 << 10
"""Tokens of shifted guides that are tried side by side: a search of few tokens takes the time of its many small steps,
one of more tokens that of its numbers."""

LEVEL = 0.05
"""A p value at or above this announces nothing."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a relation is worth on held-out blocks, in bits a token: beyond what B's own past says (`gain`), and against
    p(b) alone; `p` is the share of circularly shifted guides in which as much is found, None where B is too short.
    `gains` (tokens,) are those of each token of the pairs end to end, as far as the search has looked."""

    gain: Estimate
    against_frequencies: Estimate
    p: float | None
    gains: Table

    @property
    def tokens(self) -> int:
        """How many were looked at."""
        return len(self.gains)

    @property
    def stands(self) -> bool:
        """Whether it may be called a relation."""
        return self.p is not None and self.p < LEVEL and self.gain.low > 0


@dataclass(frozen=True, eq=False)
class _Search:
    """What was known before and after the search, and the steps that led there."""

    grammar: Grammar
    before: Material
    after: Material
    frequencies: Table
    first: Candidate | None
    steps: tuple[Step, ...]
    prior: float


def fitted(pairs: Pairs, meanings: ClassMeanings) -> RelationModel:
    """The simplest explanation of targets by guides, (rows, n) of one length side by side. Raises ValueError for no
    pair of two tokens or more."""
    return _model(_searched(_enough(pairs), meanings), meanings)


def fitted_and_held_out(pairs: Pairs, meanings: ClassMeanings) -> tuple[RelationModel, Table]:
    """As `fitted`, and p(b | ...) (tokens, classes) of the pairs' tokens end to end, each by what was fitted on the
    other blocks; of much music the first tokens, as far as the search has looked."""
    search = _searched(_enough(pairs), meanings)
    return _model(search, meanings), search.after.rows


def guide_evidence(
    pairs: Pairs, meanings: ClassMeanings, shifts: int = SHIFTS, seed: int = 0
) -> tuple[RelationModel, Evidence]:
    """As `fitted`, and what the relation is worth."""
    search = _searched(_enough(pairs), meanings)
    long_enough = any(each.guide.shape[1] >= SHORTEST for each in search.before.music)
    p = _p_value(search, search.first, shifts, seed) if long_enough else None
    known, own = (_bits(material.rows, material) for material in (search.after, search.before))
    evidence = Evidence(
        gain=_over_blocks(own - known, search.before),
        against_frequencies=_over_blocks(_bits(search.frequencies, search.before) - known, search.before),
        p=p,
        gains=own - known,
    )
    return _model(search, meanings), evidence


def _enough(pairs: Pairs) -> Pairs:
    """The pairs that have something to learn from, up to MOST_TOKENS."""
    kept, total = [], 0
    for guides, targets in pairs:
        rows = min(len(guides), max(1, (MOST_TOKENS - total) // max(guides.shape[1], 1)))
        if guides.shape[1] and total < MOST_TOKENS:
            kept.append((guides[:rows], targets[:rows]))
            total += guides[:rows].size
    if total < 2:
        raise ValueError("a relation needs two tokens or more")
    return kept


def _searched(pairs: Pairs, meanings: ClassMeanings, seed: int = 0) -> _Search:
    music = track_pairs(pairs, meanings)
    tokens = joined([each.target for each in music])
    before = joined([delayed(each.target, 1, meanings.classes) for each in music])
    blocks = blocks_of(len(tokens))
    prior, rows, frequencies = best_past(before, tokens, blocks, _unseen(music, meanings))
    sides = _sides(music, meanings)
    grammar = Grammar(sides, with_roots=bool(np.any(meanings.roots != meanings.pitches % SEMITONES)))
    known, alone, _ = _climbed(Material.of(music, sides, blocks, rows), grammar.best_of_itself)
    generator = np.random.default_rng([seed, 1])

    def beyond_chance(material: Material) -> Candidate | None:
        (best,) = grammar.best(material)
        if best is None or not _counts(best):
            return best
        others = _by_chance(grammar, material, CHECKS, generator)
        return best if all(other is None or other.net < best.net for other in others) else None

    after, steps, first = _climbed(known, beyond_chance)
    return _Search(grammar, known, after, frequencies, first, (*alone, *steps), prior)


def _climbed(
    known: Material, best_of: Callable[[Material], Candidate | None]
) -> tuple[Material, tuple[Step, ...], Candidate | None]:
    """What is known when no further step counts; the steps, and the first of them."""
    steps: list[Step] = []
    first = None
    while len(steps) < MOST_STEPS:
        best = best_of(known)
        if best is None or not _counts(best):
            break
        first = first or best
        if isinstance(best.what, Rule):
            steps.append(RuleStep(best.what, rule_weights(known, best.what)[1]))
            known = after_rule(known, best.what)
        else:
            steps.append(LinkStep(best.what, link_ratios(known, best.what)[1]))
            known = after_link(known, best.what)
    return known, tuple(steps), first


def _sides(music: Sequence[TrackPairs], meanings: ClassMeanings) -> Sides:
    both = ([each.guide for each in music], [each.target for each in music])
    usage = [np.bincount(joined(ids), minlength=meanings.classes).astype(np.float64) for ids in both]
    pitches = joined([each.target_pitches for each in music])
    pitches = pitches[pitches != NONE]
    low, high = (int(pitches.min()), int(pitches.max())) if len(pitches) else (0, 127)
    home = int(np.bincount(np.concatenate([each.tonics for each in music])).argmax())
    reach = Reach(low, high, _start(music))
    return Sides(groups_of(meanings, usage[0]), groups_of(meanings, usage[1]), reach, home)


def _start(music: Sequence[TrackPairs]) -> int:
    """The interval, B above A, at which most rows have their first notes together."""
    found = []
    for each in music:
        for guide, target in zip(each.guide_pitches, each.target_pitches, strict=True):
            both = np.flatnonzero((guide != NONE) & (target != NONE))
            found += [int(target[both[0]] - guide[both[0]])] if len(both) else []
    values, counts = np.unique(found or [0], return_counts=True)
    return int(values[counts.argmax()])


def _counts(best: Candidate) -> bool:
    """Whether a step pays for its name, and does so in most blocks."""
    error = best.gains.std(ddof=1) * np.sqrt(len(best.gains))
    return best.net > 0 and float(best.gains.sum()) > STEADY * error


def _model(search: _Search, meanings: ClassMeanings) -> RelationModel:
    tokens = search.before.tokens
    before = joined([delayed(each.target, 1, meanings.classes) for each in search.before.music])
    past = Past.counted(before, tokens, _unseen(search.before.music, meanings), search.prior)
    return RelationModel(meanings, past, search.before.sides, search.steps)


def _unseen(music: Sequence[TrackPairs], meanings: ClassMeanings) -> Table:
    guide, target = joined([each.guide for each in music]), joined([each.target for each in music])
    return unseen_tokens(guide, target, meanings.classes)


def _bits(rows: Table, material: Material) -> Table:
    """The surprise at each token (n,)."""
    return np.asarray(-np.log2(rows[np.arange(len(material.tokens)), material.tokens]))


def _over_blocks(bits: Table, material: Material) -> Estimate:
    return estimate([float(bits[material.blocks == block].mean()) for block in range(material.count)])


def _p_value(search: _Search, first: Candidate | None, shifts: int, seed: int) -> float:
    """How often a circularly shifted guide has a first step that gains as much as that of the guide as it is; no more
    are tried where that has happened CLEARLY often (Besag and Clifford, 1991)."""
    if first is None:
        return 1.0
    generator = np.random.default_rng([seed, 0])
    reached = 0
    for tried, other in enumerate(_by_chance(search.grammar, search.before, shifts, generator), 1):
        reached += other is not None and other.net >= first.net
        if reached == CLEARLY:
            return reached / tried
    return (1 + reached) / (1 + shifts)


def _by_chance(
    grammar: Grammar, material: Material, count: int, generator: np.random.Generator
) -> Iterator[Candidate | None]:
    """The best rules and links of so many circularly shifted guides; short ones are tried side by side."""
    together = max(1, TOGETHER // len(material.tokens))
    for first in range(0, count, together):
        yield from grammar.best(_shifted(material, min(together, count - first), generator))


def _shifted(material: Material, count: int, generator: np.random.Generator) -> Material:
    """So many times every guide circularly shifted by a draw of its own, beyond the reach of all lags where it is long
    enough."""
    draws = generator.random((count, len(material.music)))
    shifted = []
    for index, each in enumerate(material.music):
        length = each.guide.shape[1]
        least = min(LAGS + 1, length // 4)
        shifted.append(each.shifted([least + int(draw * max(length - 2 * least, 1)) for draw in draws[:, index]]))
    return material.with_guides(tuple(shifted), count)
