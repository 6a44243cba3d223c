"""Interpolated counts: what the last two tokens and the guide's last two say about the next one, by counting alone.

The strongest opponent without a network. A context is a part of (b', b'', a, a'): the tokens played last and before,
the guide's token now and before. Each context that occurred in training says with what share b followed in it; the
distribution is a weighted mean of them all and of the uniform one (Jelinek and Mercer, 1980). The weights depend on how
often the richer contexts occurred, and maximise the likelihood of held-out tokens (EM).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.decision.baselines import Counted, Remembered, delayed
from antiphon.types import Floats, Ids, Seconds

LAST, BEFORE, GUIDE, GUIDE_BEFORE = range(4)
"""The columns of what surrounds a token: b', b'', a, a'."""

Terms = tuple[int, ...]

ALONE: tuple[Terms, ...] = ((), (LAST,), (LAST, BEFORE))
"""Contexts without the guide: the trigram's."""

WITH_GUIDE: tuple[Terms, ...] = (
    *ALONE,
    (GUIDE,),
    (GUIDE, GUIDE_BEFORE),
    (GUIDE, LAST),
    (GUIDE_BEFORE, LAST),
    (GUIDE, GUIDE_BEFORE, LAST),
    (GUIDE, LAST, BEFORE),
    (GUIDE, GUIDE_BEFORE, LAST, BEFORE),
)
"""All sixteen parts of the four gain less than 0.005 bits over these on chorales."""

DECISIVE: tuple[Terms, ...] = (
    (LAST, BEFORE),
    (GUIDE, GUIDE_BEFORE, LAST),
    (GUIDE, GUIDE_BEFORE, LAST, BEFORE),
)
"""The contexts whose counts choose the weights; where none of them is used, the last that is."""

BINS = 6
"""A context occurred 0, 1, 2 to 3, 4 to 7, 8 to 15 or more times."""

ROUNDS = 40
"""Of expectation maximisation; the weights have settled before."""

PRIOR = 10.0
"""So many held-out tokens more, weighed as all bins together are, draw each bin's weights towards those."""

ENOUGH = 200_000
"""Held-out tokens that the weights are fitted on at most."""

LARGEST = 2**62
"""A context and the token after it are one number below this."""

Pairs = Sequence[tuple[Ids, Ids]]
"""Guides and targets (pairs, n) of one length side by side."""


@dataclass(frozen=True, eq=False)
class Table:
    """What followed in the contexts of some `terms`.

    `keys` (contexts,), sorted, are the contexts that occurred, and `totals` (contexts,) how often. `cells` (n,),
    sorted, are key x classes + b for each b that followed, and `times` (n,) how often it did.
    """

    terms: Terms
    classes: int
    keys: Ids
    totals: Ids
    cells: Ids
    times: Ids

    def of(self, surroundings: Ids) -> tuple[Ids, Ids]:
        """The key of each row's (n, 4) context (n,), and how often it occurred (n,)."""
        keys = _keys(surroundings, self.terms, self.classes)
        return keys, _looked_up(self.keys, self.totals, keys)

    def times_of(self, keys: Ids, tokens: Ids) -> Ids:
        """How often each token followed in each context (n,)."""
        return _looked_up(self.cells, self.times, keys * self.classes + tokens)

    def followers(self, keys: Ids) -> Counted:
        """How often each class followed in each context: (n, classes)."""
        starts, ends = np.searchsorted(self.cells, [keys * self.classes, (keys + 1) * self.classes])
        lengths = ends - starts
        rows = np.repeat(np.arange(len(keys)), lengths)
        cells = np.arange(lengths.sum()) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
        counted = np.zeros((len(keys), self.classes))
        counted[rows, self.cells[cells] % self.classes] = self.times[cells]
        return counted


@dataclass(frozen=True, eq=False)
class Interpolated:
    """`weights` (bins, 1 + tables) of the uniform distribution and of each table's shares; the counts in the tables
    `decisive` choose the bin. A context that never occurred says what the empty one does."""

    tables: tuple[Table, ...]
    decisive: tuple[int, ...]
    weights: Counted

    @property
    def classes(self) -> int:
        """How many ids it chooses from."""
        return self.tables[0].classes

    @property
    def goes_by_guide(self) -> bool:
        """Whether the guide is part of any context."""
        return any(term in table.terms for table in self.tables for term in (GUIDE, GUIDE_BEFORE))

    def start(self, guides: int) -> Remembered:
        """Nothing was heard or played."""
        return Remembered.start(guides, self.classes)

    def step(
        self, state: Remembered, heard: Ids, previous: Ids | None, durations: Seconds | None = None
    ) -> tuple[Remembered, Floats]:
        """See `interfaces.DecisionModel`."""
        state = state.after(heard, previous)
        now = state.guide[:, state.position]
        before = state.guide[:, state.position - 1] if state.position else np.full_like(now, self.classes)
        surroundings = np.stack([state.played[:, 1], state.played[:, 0], now, before], axis=1)
        return state, np.log(self._distributions(surroundings)).astype(np.float32)

    def distributions(self, guides: Ids, targets: Ids) -> Counted:
        """p(b | ...) (pairs, n, classes) of every class at each of `targets` (pairs, n), all before it given."""
        rows = self._distributions(_surroundings(guides, targets, self.classes))
        return rows.reshape(*targets.shape, self.classes)

    def _distributions(self, surroundings: Ids) -> Counted:
        found = [table.of(surroundings) for table in self.tables]
        weights = self.weights[_bins([found[index][1] for index in self.decisive])]
        probabilities = np.repeat(weights[:, :1] / self.classes, self.classes, axis=1)
        empty = self.tables[0].followers(np.zeros(1, dtype=np.int64)) / self.tables[0].totals
        for table, (contexts, totals), weight in zip(self.tables, found, weights[:, 1:].T, strict=True):
            shares = table.followers(contexts) / np.maximum(totals, 1)[:, None]
            probabilities += weight[:, None] * np.where(totals[:, None] > 0, shares, empty)
        return probabilities

    def log_probabilities(self, guides: Ids, targets: Ids, durations: Seconds | None = None) -> Floats:
        """See `scoring.OnePass`."""
        surroundings = _surroundings(guides, targets, self.classes)
        shares, bins = _shares(self.tables, self.decisive, surroundings, targets.ravel(), left_out=0)
        found = (self.weights[bins] * shares.T).sum(axis=1)
        return np.asarray(np.log(found).reshape(targets.shape), dtype=np.float32)


def interpolated(train: Pairs, validation: Pairs, classes: int, contexts: tuple[Terms, ...]) -> Interpolated:
    """Counts of the training pairs in `contexts` (the empty one first), weighed on the validation pairs.

    Without validation pairs the training pairs are weighed by what all others but the token itself say.
    """
    tables = _tables(train, classes, contexts)
    decisive = tuple(index for index, terms in enumerate(contexts) if terms in DECISIVE) or (len(contexts) - 1,)
    parts = [(_surroundings(guides, targets, classes), targets.ravel()) for guides, targets in validation or train]
    surroundings, tokens = (np.concatenate(column) for column in zip(*parts, strict=True))
    every = -(-len(tokens) // ENOUGH)
    left_out = 0 if validation else 1
    shares, bins = _shares(tables, decisive, surroundings[::every], tokens[::every], left_out)
    start = np.full((1, len(shares)), 1 / len(shares))
    general = weighed(shares, np.zeros_like(bins), start)
    return Interpolated(tables, decisive, weighed(shares, bins, np.repeat(general, BINS ** len(decisive), axis=0)))


def _tables(train: Pairs, classes: int, contexts: tuple[Terms, ...]) -> tuple[Table, ...]:
    surroundings = np.concatenate([_surroundings(guides, targets, classes) for guides, targets in train])
    tokens = np.concatenate([targets.ravel() for _, targets in train])
    return tuple(_table(surroundings, tokens, terms, classes) for terms in contexts)


def _table(surroundings: Ids, tokens: Ids, terms: Terms, classes: int) -> Table:
    cells, times = tallied(_keys(surroundings, terms, classes) * classes + tokens)
    contexts = cells // classes
    starts = np.flatnonzero(np.diff(contexts, prepend=-1))
    return Table(terms, classes, contexts[starts], np.add.reduceat(times, starts), cells, times)


def tallied(codes: Ids) -> tuple[Ids, Ids]:
    """The different ones among `codes` (n,), none below 0, sorted, and how often each occurs."""
    ordered = np.sort(codes)
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    return ordered[starts], np.diff(starts, append=len(ordered))


def _looked_up(keys: Ids, values: Ids, wanted: Ids) -> Ids:
    """The value (n,) of each wanted key, 0 where it is none of the sorted `keys`."""
    found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.asarray(np.where(keys[found] == wanted, values[found], 0))


def _surroundings(guides: Ids, targets: Ids, classes: int) -> Ids:
    """What surrounds each token of `targets` (pairs, n), (pairs x n, 4), with `classes` where nothing was before."""
    columns = (delayed(targets, 1, classes), delayed(targets, 2, classes), guides, delayed(guides, 1, classes))
    return np.stack([column.ravel() for column in columns], axis=1)


def _keys(surroundings: Ids, terms: Terms, classes: int) -> Ids:
    """One number for each context. Beyond 5,000 classes the numbers wrap round, and contexts hardly ever meet."""
    keys = np.zeros(len(surroundings), dtype=np.int64)
    for term in terms:
        keys = keys * (classes + 1) + surroundings[:, term]
    return np.asarray(keys % (LARGEST // classes))


def _bins(totals: Sequence[Ids]) -> Ids:
    bins = np.zeros_like(totals[0])
    for each in totals:
        bins = bins * BINS + np.minimum(np.ceil(np.log2(each + 1)).astype(np.int64), BINS - 1)
    return bins


def _shares(
    tables: tuple[Table, ...], decisive: tuple[int, ...], surroundings: Ids, tokens: Ids, left_out: int
) -> tuple[Counted, Ids]:
    """What the uniform distribution and each table give each token (1 + tables, n), and its bin (n,).

    `left_out` occurrences of the token itself are not counted.
    """
    shares, seen = [np.full(len(tokens), 1 / tables[0].classes)], []
    for table in tables:
        contexts, totals = table.of(surroundings)
        totals = np.maximum(totals - left_out, 0)
        times = np.maximum(table.times_of(contexts, tokens) - left_out, 0)
        otherwise = shares[1] if len(shares) > 1 else shares[0]
        shares.append(np.where(totals > 0, times / np.maximum(totals, 1), otherwise))
        seen.append(totals)
    return np.stack(shares), _bins([seen[index] for index in decisive])


def weighed(shares: Counted, bins: Ids, expected: Counted, prior: float = PRIOR) -> Counted:
    """The weights (bins, n) of what each of n models gives each token, `shares` (n, tokens), that make the tokens most
    likely, with `prior` more in each bin that have the `expected` ones (EM).

    So none is ever zero, and nothing impossible.
    """
    weights = (expected + 1 / len(shares)) / 2
    for _ in range(ROUNDS):
        parts = weights[bins].T * shares
        parts /= parts.sum(axis=0)
        counted = np.stack([np.bincount(bins, part, len(weights)) for part in parts], axis=1) + prior * expected
        weights = counted / counted.sum(axis=1, keepdims=True)
    return weights
