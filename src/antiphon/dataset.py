"""Corpus x perception: the token pairs that the decision learns from (paper 5.1, figure 3).

Every track of a multitrack lies on one time grid. A token is cut from whole segments only: what a track has left behind
its last whole segment is not padded into one.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from antiphon.config import CorpusSettings
from antiphon.corpus.manifest import Corpus
from antiphon.corpus.reading import read_track
from antiphon.corpus.splits import Split, divide
from antiphon.errors import AntiphonWarning, BadData
from antiphon.interfaces import Progress, Quantizer, no_progress
from antiphon.perception.perception import Perception
from antiphon.perception.quantizers import make_quantizer
from antiphon.types import Alphabet, Ids, Multitrack, Seconds, Segments, Track, Window

ROUNDING_SECONDS = 1e-6
"""Two times closer than this are the same time."""


@dataclass(frozen=True, eq=False)
class EncodedTrack:
    """A track's segment vectors and where they lie.

    `silent` (windows,) marks the windows of the settings' length and hop in which it never reaches `silence_dbfs`: they
    stay, and are counted.
    """

    track: Track
    segments: Segments
    intervals: Seconds
    silent: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class TokenPair:
    """Guide and target on the guide's time grid: ids (n,) each, and how long each segment lasts (n,).

    Durations are in seconds, or 1 throughout where the excerpt does not say them: segments are then alike.
    """

    guide: Ids
    target: Ids
    durations: Seconds

    def __len__(self) -> int:
        return len(self.guide)


@dataclass(frozen=True, eq=False)
class TokenExcerpt:
    """The tokens of all tracks of a window: ids per track, each (n,); tracks may end at different times.

    Tracks share one grid, or each has its own: `over` then holds the target's ids on the guide's grid by (guide,
    target). `durations` are those of each track's own segments. `only` maps a guide to the one target that it may be a
    guide to: a mix of all tracks but that one. Such a guide is nobody's target.
    """

    name: str
    piece: str
    tracks: tuple[str, ...]
    ids: tuple[Ids, ...]
    durations: tuple[Seconds, ...] = ()
    over: Mapping[tuple[int, int], Ids] = field(default_factory=dict)
    only: Mapping[int, int] = field(default_factory=dict)

    def pair(self, guide: int, target: int) -> TokenPair:
        """Two tracks' ids over the time they share."""
        answer = self.over.get((guide, target), self.ids[target])
        shared = min(len(self.ids[guide]), len(answer))
        durations = self.durations[guide][:shared] if self.durations else np.ones(shared)
        return TokenPair(self.ids[guide][:shared], answer[:shared], durations)

    def ordered_pairs(self) -> Iterator[tuple[int, int]]:
        """All (guide, target) of different tracks that share at least one segment."""
        for guide in range(len(self.ids)):
            for target in range(len(self.ids)):
                if guide == target or target in self.only or self.only.get(guide, target) != target:
                    continue
                if len(self.pair(guide, target)) > 0:
                    yield guide, target


def encode(
    multitracks: Sequence[Multitrack],
    perception: Perception,
    settings: CorpusSettings,
    workers: int = 1,
    progress: Progress = no_progress,
) -> dict[str, tuple[EncodedTrack, ...]]:
    """Every sounding track's segments, by multitrack name. Frames come from the cache where it has them.

    Tracks that never reach `settings.silence_dbfs` are left out with a warning that names them, and so are multitracks
    with fewer than two others. Raises BadData for an unreadable track, and where no multitrack is left.
    """
    tracks = [(multitrack.name, track) for multitrack in multitracks for track in multitrack.tracks]
    encoded: dict[str, list[EncodedTrack]] = {multitrack.name: [] for multitrack in multitracks}
    silent: list[Track] = []

    def encode_one(track: Track) -> EncodedTrack:
        segments, intervals = perception.segments(read_track(track))
        return EncodedTrack(track, segments, intervals, silent_windows(segments, intervals, settings))

    with ThreadPoolExecutor(workers) as pool:
        results = pool.map(encode_one, [track for _, track in tracks])
        try:
            for done, ((name, track), result) in enumerate(zip(tracks, results, strict=True), 1):
                progress("encode", done, len(tracks))
                if result.segments.level.max(initial=-np.inf) < settings.silence_dbfs:
                    silent.append(track)
                else:
                    encoded[name].append(result)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    together = {name: tuple(tracks) for name, tracks in encoded.items() if len(tracks) > 1}
    names = ", ".join(str(track.path) for track in silent)
    if not together:
        raise BadData(f"no multitrack has two tracks that sound: nothing to learn from (silent: {names or 'none'})")
    if silent:
        warnings.warn(f"left out because they are silent: {names}", AntiphonWarning, stacklevel=2)
    alone = ", ".join(name for name in encoded if name not in together)
    if alone:
        warnings.warn(f"left out with fewer than two tracks that sound: {alone}", AntiphonWarning, stacklevel=2)
    return together


@dataclass(frozen=True, eq=False)
class Prepared:
    """A corpus as the decision needs it: encoded tracks by multitrack name, and the windows of each split."""

    encoded: Mapping[str, tuple[EncodedTrack, ...]]
    division: Mapping[Split, tuple[Window, ...]]


def prepare(
    corpus: Corpus, perception: Perception, settings: CorpusSettings, progress: Progress = no_progress
) -> Prepared:
    """Encode a corpus, a track a processor, and divide what is left of it. Raises BadData as `encode` does."""
    encoded = encode(corpus.multitracks, perception, settings, os.cpu_count() or 1, progress)
    kept = [multitrack for multitrack in corpus.multitracks if multitrack.name in encoded]
    return Prepared(encoded, divide(kept, settings, corpus.splits))


def silent_windows(segments: Segments, intervals: Seconds, settings: CorpusSettings) -> NDArray[np.bool_]:
    """Which of a track's windows (windows,) never reach `settings.silence_dbfs`, by segments that start in them."""
    if not len(intervals):
        return np.zeros(0, dtype=np.bool_)
    begins, end = intervals[:, 0], float(intervals[-1, 1])
    last = max(end - settings.window_seconds, 0.0)
    windows = np.arange(0.0, last + settings.hop_seconds - ROUNDING_SECONDS, settings.hop_seconds)
    inside = (begins >= windows[:, None] - ROUNDING_SECONDS) & (begins < windows[:, None] + settings.window_seconds)
    loudest = np.where(inside, segments.level, -np.inf).max(axis=1)
    return np.asarray(loudest < settings.silence_dbfs)


def within(track: EncodedTrack, window: Window, segment_seconds: float) -> Segments:
    """The whole segments of a track that lie inside a window."""
    starts, ends = track.intervals.T
    inside = (starts >= window.start - ROUNDING_SECONDS) & (ends <= window.end + ROUNDING_SECONDS)
    inside &= ends - starts >= segment_seconds - ROUNDING_SECONDS
    return Segments(track.segments.vectors[inside], track.segments.level[inside])


def training_segments(
    encoded: Mapping[str, tuple[EncodedTrack, ...]], windows: Sequence[Window], segment_seconds: float
) -> Segments:
    """All segments of the given windows end to end: exactly the vectors that the alphabet is fitted on."""
    parts = [
        within(track, window, segment_seconds)
        for window in windows
        for track in encoded.get(window.multitrack.name, ())
    ]
    if not any(len(part.level) for part in parts):
        raise BadData(f"the training split holds no track of {segment_seconds:g} s or more to learn from")
    return Segments(np.concatenate([part.vectors for part in parts]), np.concatenate([part.level for part in parts]))


def tokenized(
    encoded: Mapping[str, tuple[EncodedTrack, ...]],
    windows: Sequence[Window],
    quantizer: Quantizer,
    segment_seconds: float,
) -> tuple[TokenExcerpt, ...]:
    """The windows as tokens; a window in which no two tracks share a segment is not one."""
    excerpts = []
    for window in windows:
        tracks = encoded.get(window.multitrack.name, ())
        ids = tuple(quantizer(within(track, window, segment_seconds)) for track in tracks)
        names = tuple(track.track.name for track in tracks)
        excerpt = TokenExcerpt(window.multitrack.name, window.multitrack.piece, names, ids)
        if any(excerpt.ordered_pairs()):
            excerpts.append(excerpt)
        elif tracks:
            name = f"{excerpt.name}, {window.start:.1f} to {window.end:.1f} s"
            warnings.warn(f"{name}: no two tracks share a whole segment, left out", AntiphonWarning, stacklevel=3)
    return tuple(excerpts)


@dataclass(frozen=True, eq=False)
class Splits:
    """The token excerpts to learn from, to stop by, and to be judged on."""

    train: tuple[TokenExcerpt, ...]
    validation: tuple[TokenExcerpt, ...]
    test: tuple[TokenExcerpt, ...]


def split_tokens(prepared: Prepared, alphabet: Alphabet, segment_seconds: float) -> Splits:
    """All splits of a corpus in one alphabet."""
    quantizer = make_quantizer(alphabet)
    return Splits(
        **{
            name: tokenized(prepared.encoded, windows, quantizer, segment_seconds)
            for name, windows in prepared.division.items()
        }
    )
