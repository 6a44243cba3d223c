"""Corpus to segment vectors: every sounding track of every multitrack, once (paper 5.1, figure 3)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from antiphon.config import CorpusSettings, PerceptionSettings
from antiphon.corpus.instruments import is_wanted
from antiphon.corpus.track_audio import TrackSound
from antiphon.dataset.sums import held_in
from antiphon.errors import AntiphonWarning, BadData
from antiphon.interfaces import Progress, no_progress
from antiphon.perception.perception import Perception
from antiphon.types import Multitrack, Seconds, Segments, Track

ROUNDING_SECONDS = 1e-6
"""Two times closer than this are the same time."""

Work = TypeVar("Work")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class EncodedTrack:
    """A track's segment vectors and where they lie.

    `whole` (n,) marks the segments that are as long as they should be: what a track has left behind its last uniform
    segment is not padded into one. `silent` (windows,) marks the windows of the settings' length and hop in which it
    never reaches `silence_dbfs`: they stay, and are counted. `over` holds the track as heard on the intervals of each
    of its guides, by the guide's name; it is empty where all tracks share one grid. `only` names the one track that
    this one is a guide to: it is then a mix of all the others, and nobody's target. `answers` says whether it may be a
    target where it is no mix. `heard` are the segments in which it is heard as a guide, None where they are the same.
    """

    track: Track
    segments: Segments
    intervals: Seconds
    whole: NDArray[np.bool_]
    silent: NDArray[np.bool_]
    over: Mapping[str, Segments] = field(default_factory=dict)
    only: str = ""
    answers: bool = True
    heard: Segments | None = None


def encode(
    multitracks: Sequence[Multitrack],
    perception: Perception,
    settings: CorpusSettings,
    workers: int = 1,
    progress: Progress = no_progress,
) -> dict[str, tuple[EncodedTrack, ...]]:
    """Every sounding track's segments, by multitrack name. Frames come from the cache where it has them.

    Where `settings.guides` is "mix", the mix of all tracks but one follows them, for each one. Tracks that never reach
    `settings.silence_dbfs`, and tracks that are the sum of others (`settings.leave_out_sums`), are left out with a
    warning that names them, and so are multitracks with fewer than two that sound. Raises BadData for an unreadable
    track, and where no multitrack is left.
    """
    tracks = [(multitrack.name, track) for multitrack in multitracks for track in multitrack.tracks]

    def encode_one(named: tuple[str, Track]) -> EncodedTrack:
        return encoded_track(named[1], perception, settings)

    results = _side_by_side(encode_one, tracks, workers, progress, "encode")
    named = [(name, result) for (name, _), result in zip(tracks, results, strict=True)]
    return assembled(named, perception, settings, workers, progress)


def assembled(
    results: Sequence[tuple[str, EncodedTrack]],
    perception: Perception,
    settings: CorpusSettings,
    workers: int,
    progress: Progress,
) -> dict[str, tuple[EncodedTrack, ...]]:
    """What is left of encoded tracks by multitrack name, with mixes and the guides' intervals where they are asked
    for."""
    together = _that_sound(results, settings)
    held = held_in(together, settings.leave_out_sums)
    together = {
        name: tuple(each for each in tracks if (name, each.track.name) not in held) for name, tracks in together.items()
    }
    if settings.guides == "mix":
        together = _with_mixes(together, perception, settings, workers, progress)
    if perception.settings.segmenter != "uniform":
        together = _over_their_guides(together, perception, workers, progress)
    return together


def encoded_track(track: Track, perception: Perception, settings: CorpusSettings, only: str = "") -> EncodedTrack:
    """One track as `encode` encodes it. Raises BadData where it cannot be read."""
    segments, heard, intervals = perception.segments_as_guide(TrackSound(track))
    whole = whole_segments(intervals, perception.settings)
    silent = silent_windows(segments, intervals, settings)
    answers = _answers(track, settings.targets)
    return EncodedTrack(track, segments, intervals, whole, silent, only=only, answers=answers, heard=heard)


def whole_segments(intervals: Seconds, settings: PerceptionSettings) -> NDArray[np.bool_]:
    """Which segments (n,) are as long as they should be: of uniform ones all but what is left behind the last."""
    if settings.segmenter != "uniform":
        return np.ones(len(intervals), dtype=np.bool_)
    return np.asarray(np.diff(intervals, axis=1)[:, 0] >= settings.segment_seconds - ROUNDING_SECONDS)


def _answers(track: Track, targets: Sequence[str]) -> bool:
    """Whether a track may be a target: any may where none is named, but for the A of a pair."""
    if not track.answers:
        return False
    return not targets or track.name in targets or is_wanted(track.instrument or track.name, targets, ())


def _side_by_side(
    work: Callable[[Work], Result], items: Sequence[Work], workers: int, progress: Progress, task: str
) -> list[Result]:
    """`work` on every item, `workers` at a time, in order; what has not begun when one fails never does."""
    results: list[Result] = []
    with ThreadPoolExecutor(workers) as pool:
        try:
            for result in pool.map(work, items):
                results.append(result)
                progress(task, len(results), len(items))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return results


def _that_sound(
    encoded: Sequence[tuple[str, EncodedTrack]], settings: CorpusSettings
) -> dict[str, tuple[EncodedTrack, ...]]:
    """The tracks that sound, by multitrack name, where there are two of them; what is left out is named."""
    silent = [track for _, track in encoded if track.segments.level.max(initial=-np.inf) < settings.silence_dbfs]
    sounding: dict[str, list[EncodedTrack]] = {name: [] for name, _ in encoded}
    for name, track in encoded:
        if track not in silent:
            sounding[name].append(track)
    together = {name: tuple(tracks) for name, tracks in sounding.items() if len(tracks) > 1}
    names = ", ".join(str(track.track.path) for track in silent)
    if not together:
        raise BadData(f"no multitrack has two tracks that sound: nothing to learn from (silent: {names or 'none'})")
    if silent:
        warnings.warn(f"left out because they are silent: {names}", AntiphonWarning, stacklevel=3)
    alone = ", ".join(name for name in sounding if name not in together)
    if alone:
        warnings.warn(f"left out with fewer than two tracks that sound: {alone}", AntiphonWarning, stacklevel=3)
    return together


def _with_mixes(
    encoded: Mapping[str, tuple[EncodedTrack, ...]],
    perception: Perception,
    settings: CorpusSettings,
    workers: int,
    progress: Progress,
) -> dict[str, tuple[EncodedTrack, ...]]:
    """Each multitrack with the mixes of all its tracks but one: several guides at once are heard as their sum."""
    left_out = [(name, target) for name, tracks in encoded.items() for target in tracks]

    def encode_mix(named: tuple[str, EncodedTrack]) -> EncodedTrack:
        name, target = named
        others = [track.track for track in encoded[name] if track is not target]
        mix = Track(
            name=f"all but {target.track.name}",
            sources=tuple(source for track in others for source in track.sources),
            duration=max(track.duration for track in others),
            sample_rate=others[0].sample_rate,
        )
        return encoded_track(mix, perception, settings, only=target.track.name)

    mixes = _side_by_side(encode_mix, left_out, workers, progress, "encode mixes")
    together = {name: list(tracks) for name, tracks in encoded.items()}
    for (name, _), mix in zip(left_out, mixes, strict=True):
        together[name].append(mix)
    return {name: tuple(tracks) for name, tracks in together.items()}


def _over_their_guides(
    encoded: Mapping[str, tuple[EncodedTrack, ...]], perception: Perception, workers: int, progress: Progress
) -> dict[str, tuple[EncodedTrack, ...]]:
    """Each target with its vectors on the intervals of every guide: a response lives on the guide's intervals."""
    targets = [(name, track) for name, tracks in encoded.items() for track in tracks if not track.only]

    def hear(named: tuple[str, EncodedTrack]) -> dict[str, Segments]:
        name, target = named
        guides = [track for track in encoded[name] if track is not target and track.only in ("", target.track.name)]
        heard = perception.segments_over(TrackSound(target.track), [guide.intervals for guide in guides])
        return {guide.track.name: segments for guide, segments in zip(guides, heard, strict=True)}

    heard = _side_by_side(hear, targets, workers, progress, "encode over the guides' segments")
    over = {id(track): segments for (_, track), segments in zip(targets, heard, strict=True)}
    return {
        name: tuple(replace(track, over=over.get(id(track), {})) for track in tracks)
        for name, tracks in encoded.items()
    }


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
