"""Windows and draws (paper 5.1): which ordered pair of which window the network sees, the same for the same seed.

Every window in which something sounds is drawn equally often, whatever the number of tracks: a piece weighs by its
sounding time, since ten stems of one moment are one moment of music. Within a window every ordered pair whose target
sounds is drawn alike; those whose target only rests weigh together as one of them, so that a rest is learned and no
piece of many silent stems teaches silence. The network is judged on all windows as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from antiphon.config import TrainingSettings
from antiphon.corpus.windows import starts
from antiphon.dataset import TokenExcerpt, TokenPair
from antiphon.decision.generation import Context
from antiphon.decision.vocabulary import Vocabulary
from antiphon.evaluation.shifted_guides import JUDGED_SHARES, LEAST, MOST, circularly_shifted


@dataclass(frozen=True)
class Drawing:
    """How tracks become rows: windows of `context`; `rest` is the id of silence, None where there is none; `shifted`
    turns each guide round by a share of its track, so that it tells of the piece and not of the moment."""

    context: Context
    vocabulary: Vocabulary
    rest: int | None = None
    shifted: bool = False


@dataclass(frozen=True)
class Place:
    """A training window: where it starts in an excerpt, in segments."""

    excerpt: int
    start: int


@dataclass(frozen=True, eq=False)
class Batch:
    """Guide and target ids, durations in seconds (batch, n); PAD and 0 behind each end, the same positions in all."""

    guide: Tensor
    target: Tensor
    durations: Tensor

    def __len__(self) -> int:
        return len(self.guide)

    def rows(self, rows: slice) -> Batch:
        """A part of the batch."""
        return Batch(self.guide[rows], self.target[rows], self.durations[rows])

    def tokens(self, pad: int) -> int:
        """How many target tokens there are, fillers not counted."""
        return int((self.target != pad).sum())

    def to(self, device: str) -> Batch:
        """The batch on a device."""
        return Batch(self.guide.to(device), self.target.to(device), self.durations.to(device))


@dataclass(frozen=True, eq=False)
class Share:
    """What one process computes of a step: its rows of the batch, and how many target tokens the whole batch has."""

    own: Batch
    tokens: int


class BatchSource(Protocol):
    """Where a training's batches come from. Which they are depends on the epoch and the settings alone: not on how many
    processes share them, and not on where an earlier run was stopped."""

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        ...

    def shares(self, epoch: int, first: int) -> Iterator[Share]:
        """What this process computes in each step of an epoch, from step `first` (0, 1, ...) on."""
        ...


@dataclass(frozen=True, eq=False)
class HeldBatches:
    """The batches of excerpts in memory; `transposed` are the same in other keys. Every process draws all of them, and
    computes its rows."""

    excerpts: Sequence[TokenExcerpt]
    drawing: Drawing
    settings: TrainingSettings
    transposed: Sequence[Sequence[TokenExcerpt]] = ()
    rank: int = 0
    ranks: int = 1

    @property
    def steps(self) -> int:
        """As `BatchSource.steps`."""
        windows = len(places(self.excerpts, self.drawing.context))
        return math.ceil(windows * draws(windows, self.settings) / self.settings.batch_size)

    def shares(self, epoch: int, first: int) -> Iterator[Share]:
        """As `BatchSource.shares`."""
        batches = epoch_batches(self.excerpts, self.drawing, self.settings, epoch, self.transposed)
        for batch in islice(batches, first, None):
            yield Share(batch.rows(slice(self.rank, None, self.ranks)), batch.tokens(self.drawing.vocabulary.pad))


def places(excerpts: Sequence[TokenExcerpt], context: Context) -> list[Place]:
    """Every training window of every excerpt, the last partial one included."""
    return [
        Place(index, int(start))
        for index, excerpt in enumerate(excerpts)
        for start in starts(max(map(len, excerpt.ids)), context.tokens, context.hop)
    ]


def draws(windows: int, settings: TrainingSettings) -> int:
    """How often each of so many windows is drawn in an epoch."""
    return max(settings.draws_per_window, -(-settings.epoch_steps * settings.batch_size // max(windows, 1)))


def padded(pairs: Sequence[TokenPair], vocabulary: Vocabulary) -> Batch:
    """Pairs of different lengths as one batch."""
    longest = max(map(len, pairs))
    ids = np.full((2, len(pairs), longest), vocabulary.pad, dtype=np.int64)
    durations = np.zeros((len(pairs), longest), dtype=np.float32)
    for row, pair in enumerate(pairs):
        ids[0, row, : len(pair)] = pair.guide
        ids[1, row, : len(pair)] = pair.target
        durations[row, : len(pair)] = pair.durations
    return Batch(torch.from_numpy(ids[0]), torch.from_numpy(ids[1]), torch.from_numpy(durations))


def all_pairs(excerpts: Sequence[TokenExcerpt], drawing: Drawing) -> list[TokenPair]:
    """Every ordered pair of every window, in order; shifted guides by each of `JUDGED_SHARES` in turn."""
    found: list[TokenPair] = []
    for excerpt in excerpts:
        windows = places([excerpt], drawing.context)
        for number, names in enumerate(excerpt.ordered_pairs()):
            pair = excerpt.pair(*names)
            if drawing.shifted:
                pair = circularly_shifted(pair, JUDGED_SHARES[number % len(JUDGED_SHARES)])
            cuts = (_cut(pair, place.start, drawing.context) for place in windows)
            found += [cut for cut in cuts if len(cut)]
    return found


def epoch_batches(
    excerpts: Sequence[TokenExcerpt],
    drawing: Drawing,
    settings: TrainingSettings,
    epoch: int,
    transposed: Sequence[Sequence[TokenExcerpt]] = (),
) -> Iterator[Batch]:
    """The batches of an epoch: each window as often as `draws` says, in random order.

    A draw takes the excerpts as they are or one of `transposed`, the same excerpts in other keys; a window where it is
    or, by `random_offsets`, up to half a hop before or after; and a random pair. Networks with and without a shifted
    guide draw the same rows.
    """
    random = np.random.default_rng((settings.seed, epoch))
    windows = places(excerpts, drawing.context)
    order = np.concatenate([random.permutation(len(windows)) for _ in range(draws(len(windows), settings))])
    keys = (excerpts, *transposed)
    pairs = [list(excerpt.ordered_pairs()) for excerpt in excerpts]
    waiting: list[TokenPair] = []
    for index in order:
        place = windows[index]
        excerpt = keys[random.integers(len(keys))][place.excerpt]
        start = moved(place.start, excerpt, drawing.context, random) if settings.random_offsets else place.start
        drawn = drawn_pair(excerpt, pairs[place.excerpt], start, drawing, random)
        if drawn is not None:
            waiting.append(drawn)
        if len(waiting) == settings.batch_size:
            yield padded(waiting, drawing.vocabulary)
            waiting = []
    if waiting:
        yield padded(waiting, drawing.vocabulary)


def moved(start: int, excerpt: TokenExcerpt, context: Context, random: np.random.Generator) -> int:
    """Up to half a hop away, inside the excerpt: every segment is then seen at every place of a window."""
    moved = start + int(random.integers(context.hop)) - context.hop // 2
    return min(max(moved, 0), max(0, max(map(len, excerpt.ids)) - context.tokens))


def drawn_pair(
    excerpt: TokenExcerpt,
    names: Sequence[tuple[int, int]],
    start: int,
    drawing: Drawing,
    random: np.random.Generator,
) -> TokenPair | None:
    """One ordered pair of a window, None where no target sounds."""
    share = LEAST + (MOST - LEAST) * random.random()
    candidates = [(each, cut) for each in names if len(cut := _cut(excerpt.pair(*each), start, drawing.context))]
    weights = _weights([cut for _, cut in candidates], drawing.rest)
    chosen = random.random()
    if not weights.sum():
        return None
    each, cut = candidates[min(int(np.searchsorted(np.cumsum(weights), chosen, side="right")), len(weights) - 1)]
    return _cut(circularly_shifted(excerpt.pair(*each), share), start, drawing.context) if drawing.shifted else cut


def _weights(cuts: Sequence[TokenPair], rest: int | None) -> NDArray[np.float64]:
    """The probability (pairs,) of each pair of a window; all 0 where no target sounds."""
    sounds = np.array([rest is None or bool((cut.target != rest).any()) for cut in cuts], dtype=np.bool_)
    if len(cuts) == 1 or not sounds.any():
        return sounds.astype(np.float64)
    weights = np.where(sounds, 1.0, 1.0 / max(1, int(np.sum(~sounds))))
    return np.asarray(weights / weights.sum())


def _cut(pair: TokenPair, start: int, context: Context) -> TokenPair:
    inside = slice(start, start + context.tokens)
    return TokenPair(pair.guide[inside], pair.target[inside], pair.durations[inside])
