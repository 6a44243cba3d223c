"""`antiphon corpus encode`: a corpus to shards, on one machine or on many. It goes on where it was stopped."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from antiphon.config import Settings
from antiphon.corpus.manifest import Corpus
from antiphon.corpus.opening import open_corpus
from antiphon.corpus.splits import divide
from antiphon.corpus.synthesis.pool import NotFinished, worked
from antiphon.dataset.shards.encoding import ShardDone, ShardJob, is_done, write_shard
from antiphon.dataset.shards.index import names_in, open_shards, places_of, write_index
from antiphon.dataset.shards.multitracks import EncodedMultitrack, Trouble, encode_multitrack
from antiphon.dataset.shards.parquet import arrow
from antiphon.dataset.shards.plan import INDEX, REPORT, SHARD_HOURS, Division, Plan, begin, divided, planned
from antiphon.errors import AntiphonWarning, BadData
from antiphon.files import owned, sweep
from antiphon.interfaces import Progress, no_progress
from antiphon.perception.cache import FrameCache, default_directory
from antiphon.perception.perception import Perception
from antiphon.perception.precision import measured_precision
from antiphon.reading import json_of, text_of
from antiphon.training.pipeline import training_sounds
from antiphon.types import Multitrack
from antiphon.use_cases.encoding_engines import LONGEST_SECONDS, Engine, LocalProcesses

MOST_DEATHS = 2
"""A shard that has ended so many processes is encoded multitrack by multitrack, each in a process of its own: the file
that does it becomes a line of the report."""


@dataclass(frozen=True)
class EncodeOptions:
    """How a corpus is encoded: by whom, in shards of how many hours, and whether the frames are kept in the cache."""

    engine: Engine = field(default_factory=LocalProcesses)
    shard_hours: float = SHARD_HOURS
    keep_frames: bool = False


@dataclass(frozen=True)
class EncodeReport:
    """What is in the shards, and what this call did: shards that it wrote, out of how many; the hours of tracks that it
    heard, and the seconds that took, by the clock and by the processors."""

    shards: int
    written: int
    tracks: int
    hours: float
    troubles: int
    heard_hours: float
    wall_seconds: float
    cpu_seconds: float

    def as_dict(self) -> dict[str, Any]:
        """In plain values."""
        return asdict(self)


def encode_corpus(
    corpus: Corpus | Path,
    output: Path,
    settings: Settings,
    options: EncodeOptions | None = None,
    progress: Progress = no_progress,
) -> EncodeReport:
    """Encode every track of a corpus into the folder `output`: shards, an index, and a report of what could not be.

    Shards that are there already stay. Raises AntiphonError where another program fills the folder, where it holds
    something else or cannot be written, SettingsError where it holds shards of something else, BadData where nothing
    could be encoded, and MissingExtra where a library is not there.
    """
    options = options or EncodeOptions()
    arrow()
    begun = time.perf_counter()
    opened, remarks = _opened(corpus, settings)
    perception = _perception(opened, settings)
    division = divided(opened.multitracks, options.shard_hours)
    plan = planned(opened.multitracks, division, perception.recipe, perception.settings, settings.corpus)
    with owned(output):
        begin(output, plan)
        sweep(output)
        try:
            done = _missing_encoded(output, plan, division, options, progress)
        finally:
            # What processes that were ended left half written.
            sweep(output)
        if done or not (output / INDEX).exists():
            _finish(output, plan, opened, settings, remarks)
    return _told(output, plan, done, time.perf_counter() - begun)


def _opened(corpus: Corpus | Path, settings: Settings) -> tuple[Corpus, list[Trouble]]:
    """The corpus, and what a scan left out because it cannot be read: a line of the report, and no reason to stop."""
    if isinstance(corpus, Corpus):
        return corpus, []
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", AntiphonWarning)
        opened = open_corpus(corpus, settings.corpus.model_copy(update={"skip_unreadable": True}))
    for each in said:
        warnings.warn(each.message, each.category, stacklevel=3)
    return opened, [Trouble("", "", str(corpus), str(each.message)) for each in said]


def _perception(corpus: Corpus, settings: Settings) -> Perception:
    """Perception with everything decided that the settings leave open."""
    cache = FrameCache(default_directory())
    measured = measured_precision(settings.perception, training_sounds(corpus, settings), cache)
    return Perception(measured.settings)


def _missing_encoded(
    output: Path, plan: Plan, division: Division, options: EncodeOptions, progress: Progress
) -> list[ShardDone]:
    jobs = [
        ShardJob(output, plan, number, multitracks, options.keep_frames)
        for number, multitracks in enumerate(division.shards)
    ]
    missing = [job for job in jobs if not is_done(job)]
    there = len(jobs) - len(missing)
    progress("encode", there, len(jobs))
    found: list[ShardDone] = []
    for done in _encoded(missing, options.engine):
        found.append(done)
        progress("encode", there + len(found), len(jobs))
    return found


def _encoded(jobs: Sequence[ShardJob], engine: Engine) -> Iterator[ShardDone]:
    """Every job, once; one whose process dies is given to another."""
    waiting = list(jobs)
    deaths: Counter[int] = Counter()
    while waiting:
        died: list[ShardJob] = []
        for done in engine.run(waiting):
            if isinstance(done.error, NotFinished):
                died.append(done.item)
            elif done.error is not None:
                raise done.error
            elif done.result is not None:
                yield done.result
        deaths.update(job.number for job in died)
        for job in died:
            if deaths[job.number] >= MOST_DEATHS:
                yield write_shard(job, _one_by_one(job))
        waiting = [job for job in died if deaths[job.number] < MOST_DEATHS]


@dataclass(frozen=True)
class _Single:
    multitrack: Multitrack
    plan: Plan


def _encode_single(single: _Single) -> EncodedMultitrack:
    return encode_multitrack(single.multitrack, Perception(single.plan.perception), single.plan.corpus)


def _one_by_one(job: ShardJob) -> Iterator[EncodedMultitrack]:
    """The multitracks of a shard, each in a process of its own; one that ends its process is told of."""
    for multitrack in job.multitracks:
        single = _Single(multitrack, job.plan)
        for done in worked(_encode_single, [single], processes=1, seconds=LONGEST_SECONDS, clean=lambda _: None):
            if done.result is not None:
                yield done.result
            elif isinstance(done.error, NotFinished):
                yield EncodedMultitrack(multitrack, (), (Trouble(multitrack.name, "", "", str(done.error)),))
            elif done.error is not None:
                raise done.error


def _finish(output: Path, plan: Plan, corpus: Corpus, settings: Settings, remarks: Sequence[Trouble]) -> None:
    """Divide what could be encoded, and write the index."""
    names = names_in(output, plan)
    kept = [multitrack for multitrack in corpus.multitracks if multitrack.name in names]
    if not kept:
        raise BadData(f"no multitrack has two tracks that can be read and sound: {_first_reason(output, plan)}")
    write_index(output, plan, places_of(divide(kept, settings.corpus, corpus.splits)), remarks)


def _first_reason(output: Path, plan: Plan) -> str:
    write_index(output, plan, {}, ())
    (output / INDEX).unlink()
    lines = text_of(output / REPORT).splitlines()
    return str(json_of(lines[0], REPORT)["reason"]) if lines else "it holds none"


def _told(output: Path, plan: Plan, done: Sequence[ShardDone], seconds: float) -> EncodeReport:
    found = open_shards(output)
    return EncodeReport(
        shards=plan.shards,
        written=len(done),
        tracks=found.tracks,
        hours=round(found.seconds / 3600, 4),
        troubles=len(text_of(output / REPORT).splitlines()),
        heard_hours=round(sum(each.heard_seconds for each in done) / 3600, 4),
        wall_seconds=round(seconds, 3),
        cpu_seconds=round(sum(each.cpu_seconds for each in done), 3),
    )
