"""Windows out of shards of tokens: in random order across all of them, with a memory that does not grow with them.

A pass over a corpus puts its row groups in random order, and divides their windows into as many equal *lanes* as a
batch has rows: row j of every batch comes out of lane j. In a lane, windows are shuffled within pools of POOL_WINDOWS,
whose row groups lie anywhere in the corpus. So a batch mixes as many places as it has rows, each place mixes the groups
of a pool, and the next pass mixes others.

Each process reads the lanes of its own rows and no others. What a batch holds depends on (seed, step) alone: not on how
many processes there are, and a training goes on at any step without going through those before.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from antiphon.config import TrainingSettings
from antiphon.corpus.windows import starts
from antiphon.dataset import TokenExcerpt, TokenPair, undelayed
from antiphon.dataset.shards.index import ShardFolder
from antiphon.dataset.shards.token_rows import TokenGroup
from antiphon.errors import BadData
from antiphon.training.batches import Batch, Drawing, Share, drawn_pair, draws, moved, padded
from antiphon.training.ranks import Ranks

POOL_WINDOWS = 1024
"""Windows of a lane that are shuffled together: of a dozen row groups."""


@dataclass(frozen=True)
class _Position:
    """A window: the row group, the excerpt in it, and where it starts in segments."""

    group: int
    excerpt: int
    start: int


class WindowOrder:
    """Which window is row `lane` of step `step`; `seed` draws. Only numbers of the index are held."""

    def __init__(self, folder: ShardFolder, split: str, drawing: Drawing, rows: int, seed: int) -> None:
        found = folder.excerpts(split)
        context = drawing.context
        lengths, where = np.unique(found.segments, return_inverse=True)
        counts = np.array([len(starts(int(length), context.tokens, context.hop)) for length in lengths], dtype=np.int64)
        self._windows = counts[where] if len(found) else np.zeros(0, dtype=np.int64)
        place = found.shard.astype(np.int64) << 32 | found.group
        self.groups, first = np.unique(place, return_index=True)
        self._excerpts = np.append(first, len(found))
        self._number, self._hop = found.number, context.hop
        self._ends = np.cumsum(self._windows)
        edges = np.append(0, self._ends)
        self._group_windows = edges[self._excerpts[1:]] - edges[self._excerpts[:-1]]
        self.windows = int(self._windows.sum())
        self.steps = math.ceil(self.windows / rows)
        self._seed = seed
        self._pass: tuple[int, NDArray[np.int64], NDArray[np.int64]] | None = None
        self._pools: dict[int, tuple[tuple[int, int], NDArray[np.int64]]] = {}

    def position(self, step: int, lane: int) -> _Position | None:
        """The window of a row of a step, counted over all passes; None where a lane is a row shorter than others."""
        turn, step = divmod(step, self.steps)
        begin, end = lane * self.steps, min((lane + 1) * self.steps, self.windows)
        pool = step // POOL_WINDOWS
        first = begin + pool * POOL_WINDOWS
        size = min(POOL_WINDOWS, end - first)
        inside = step - pool * POOL_WINDOWS
        if inside >= size:
            return None
        return self._window(turn, first + int(self._shuffled((turn, pool), lane, size)[inside]))

    def _shuffled(self, pool: tuple[int, int], lane: int, size: int) -> NDArray[np.int64]:
        held = self._pools.get(lane)
        if held is None or held[0] != pool:
            order = np.random.default_rng((self._seed, *pool, lane)).permutation(size)
            self._pools[lane] = held = (pool, order)
        return held[1]

    def _window(self, turn: int, index: int) -> _Position:
        """The window at a place of a pass's order."""
        if self._pass is None or self._pass[0] != turn:
            order = np.random.default_rng((self._seed, turn)).permutation(len(self.groups))
            self._pass = (turn, order, np.cumsum(self._group_windows[order]))
        _, order, ends = self._pass
        place = int(np.searchsorted(ends, index, side="right"))
        group = int(order[place])
        inside = index - int(ends[place] - self._group_windows[group])
        first = int(self._excerpts[group])
        before = int(self._ends[first - 1]) if first else 0
        excerpt = int(np.searchsorted(self._ends, before + inside, side="right"))
        start = before + inside - int(self._ends[excerpt] - self._windows[excerpt])
        return _Position(group, int(self._number[excerpt]), start * self._hop)


class GroupReader:
    """Row groups of tokens by number, the last used of them in memory."""

    def __init__(self, folder: ShardFolder, classes: int, held: int) -> None:
        self._folder, self._classes, self._most = folder, classes, held
        self._groups: OrderedDict[int, TokenGroup] = OrderedDict()

    @property
    def held(self) -> int:
        """How many are in memory."""
        return len(self._groups)

    def group(self, place: int) -> TokenGroup:
        """The row group whose shard is in the upper half of `place`, and its number in the lower."""
        if place in self._groups:
            self._groups.move_to_end(place)
            return self._groups[place]
        shard, number = place >> 32, place & 0xFFFFFFFF
        with self._folder.file(shard) as file:
            table = file.group(number)
        plan = self._folder.plan
        found = TokenGroup(table, len(plan.keys), self._classes, plan.perception.segment_seconds, file.path)
        self._groups[place] = found
        while len(self._groups) > self._most:
            self._groups.popitem(last=False)
        return found


class ShardBatches:
    """The batches of the training split of shards of tokens, for one network (`BatchSource`). `at_once`: of guides that
    are heard without delay."""

    def __init__(
        self,
        folder: ShardFolder,
        drawing: Drawing,
        settings: TrainingSettings,
        ranks: Ranks,
        *,
        at_once: bool = False,
    ) -> None:
        self._drawing, self._settings, self._ranks, self._at_once = drawing, settings, ranks, at_once
        self._order = WindowOrder(folder, "train", drawing, settings.batch_size, settings.seed)
        if not self._order.windows:
            raise BadData(f"{folder.path}: its training split holds no excerpt: there is nothing to learn from")
        self._lanes = range(ranks.rank, settings.batch_size, ranks.count)
        groups = len(self._order.groups)
        pool = math.ceil(POOL_WINDOWS * groups / self._order.windows) + 2
        self._reader = GroupReader(folder, drawing.vocabulary.classes, max(1, min(groups, pool * len(self._lanes))))
        self._keys = len(folder.plan.keys)

    @property
    def steps(self) -> int:
        """As `BatchSource.steps`: all that is to be drawn, or the settings' `most_epoch_steps`."""
        every = self._order.steps * draws(self._order.windows, self._settings)
        return min(every, self._settings.most_epoch_steps or every)

    def shares(self, epoch: int, first: int) -> Iterator[Share]:
        """As `BatchSource.shares`."""
        for step in range(epoch * self.steps + first, (epoch + 1) * self.steps):
            drawn = [pair for lane in self._lanes if (pair := self._pair(step, lane)) is not None]
            vocabulary = self._drawing.vocabulary
            own = padded(drawn, vocabulary) if drawn else _no_rows()
            yield Share(own, self._ranks.total(own.tokens(vocabulary.pad)))

    def _pair(self, step: int, lane: int) -> TokenPair | None:
        """One row; None where no target sounds in its window, and behind the end of a short lane."""
        position = self._order.position(step, lane)
        if position is None:
            return None
        random = np.random.default_rng((self._settings.seed, step, lane))
        group = self._reader.group(int(self._order.groups[position.group]))
        excerpt: TokenExcerpt = group.excerpt(position.excerpt, int(random.integers(self._keys)))
        if self._at_once:
            (excerpt,) = undelayed((excerpt,))
        start = position.start
        if self._settings.random_offsets:
            start = moved(start, excerpt, self._drawing.context, random)
        return drawn_pair(excerpt, list(excerpt.ordered_pairs()), start, self._drawing, random)


def _no_rows() -> Batch:
    ids = torch.zeros((0, 0), dtype=torch.int64)
    return Batch(ids, ids, torch.zeros((0, 0)))
