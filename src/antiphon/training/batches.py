"""Windows and draws (paper 5.1): a random ordered pair of tracks from each window, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from antiphon.config import TrainingSettings
from antiphon.corpus.windows import starts
from antiphon.dataset import TokenExcerpt, TokenPair
from antiphon.decision.generation import Context
from antiphon.decision.vocabulary import Vocabulary
from antiphon.types import Ids


@dataclass(frozen=True)
class Place:
    """A training window: where it starts in an excerpt, in segments."""

    excerpt: int
    start: int


@dataclass(frozen=True, eq=False)
class Batch:
    """Guide and target ids (batch, n); PAD behind each end, the same positions in both."""

    guide: Tensor
    target: Tensor


def places(excerpts: Sequence[TokenExcerpt], context: Context) -> list[Place]:
    """Every training window of every excerpt, the last partial one included."""
    return [
        Place(index, int(start))
        for index, excerpt in enumerate(excerpts)
        for start in starts(max(map(len, excerpt.ids)), context.tokens, context.hop)
    ]


def padded(pairs: Sequence[tuple[Ids, Ids]], vocabulary: Vocabulary) -> Batch:
    """Pairs of different lengths as one batch."""
    longest = max(len(guide) for guide, _ in pairs)
    filled = np.full((2, len(pairs), longest), vocabulary.pad, dtype=np.int64)
    for row, (guide, target) in enumerate(pairs):
        filled[0, row, : len(guide)] = guide
        filled[1, row, : len(target)] = target
    return Batch(torch.from_numpy(filled[0]), torch.from_numpy(filled[1]))


def all_pairs(excerpts: Sequence[TokenExcerpt], context: Context) -> list[tuple[Ids, Ids]]:
    """Every ordered pair of every window, in order."""
    return [
        pair
        for place in places(excerpts, context)
        for guide, target in excerpts[place.excerpt].ordered_pairs()
        if (pair := _cut(excerpts[place.excerpt].pair(guide, target), place, context)) is not None
    ]


def epoch_batches(
    excerpts: Sequence[TokenExcerpt],
    context: Context,
    vocabulary: Vocabulary,
    settings: TrainingSettings,
    epoch: int,
) -> Iterator[Batch]:
    """The batches of an epoch: each window `draws_per_window` times in random order, each time with a random pair."""
    random = np.random.default_rng((settings.seed, epoch))
    windows = places(excerpts, context)
    order = np.concatenate([random.permutation(len(windows)) for _ in range(settings.draws_per_window)])
    waiting: list[tuple[Ids, Ids]] = []
    for index in order:
        place = windows[index]
        excerpt = excerpts[place.excerpt]
        cuts = [
            cut
            for guide, target in excerpt.ordered_pairs()
            if (cut := _cut(excerpt.pair(guide, target), place, context)) is not None
        ]
        if cuts:
            waiting.append(cuts[random.integers(len(cuts))])
        if len(waiting) == settings.batch_size:
            yield padded(waiting, vocabulary)
            waiting = []
    if waiting:
        yield padded(waiting, vocabulary)


def _cut(pair: TokenPair, place: Place, context: Context) -> tuple[Ids, Ids] | None:
    guide, target = (ids[place.start : place.start + context.tokens] for ids in (pair.guide, pair.target))
    return (guide, target) if len(target) else None
