"""What one track tells alone: clipping, DC, silence, length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from antiphon.audio import dbfs
from antiphon.config import Settings
from antiphon.corpus.checking.report import Finding, counted
from antiphon.corpus.checking.track_measurement import MeasuredTrack
from antiphon.corpus.timestamps import start_of
from antiphon.corpus.windows import starts
from antiphon.types import Floats, Multitrack

CLIPPED_RUNS_PER_MINUTE = 6.0
"""Clipped runs above this are a distorted recording, below it a few overs that hardly reach the features."""

NEAR_SILENT_DB = 10.0
"""A track whose loudest segment is no further above `corpus.silence_dbfs` is likely a microphone left open."""

SILENT_WINDOWS_SHARE = 0.5
"""More than half of the windows without sound: most of what is learned from the track is the rest."""

LENGTH_SECONDS = 0.1
"""Tracks of one multitrack that differ by more were not cut together; an mp3 encoder's padding is 0.03 to 0.05 s."""

START_SECONDS = 0.01
"""Time stamps that differ by more are another start, not the rounding of a recorder."""

STATED_SECONDS = 0.1
"""A manifest that is further from the file describes another file."""


def levels_of(heard: MeasuredTrack, where: str, settings: Settings) -> Iterator[Finding]:
    """Findings about one track."""
    yield from _clipping(heard, where)
    yield from _offset(heard, where, settings.perception.rest_dbfs)
    yield from _silence(heard, where, settings)
    yield from _length(heard, where, settings)


def lengths_of(heard: Sequence[MeasuredTrack], multitrack: Multitrack) -> Iterator[Finding]:
    """Findings about the lengths and rates of simultaneous tracks."""
    shortest, longest = (choose(heard, key=lambda each: each.duration) for choose in (min, max))
    difference = longest.duration - shortest.duration
    is_shifted = any(source.start for each in heard for source in each.track.sources)
    if difference > LENGTH_SECONDS and not is_shifted:
        yield Finding(
            "length-difference",
            "warning",
            multitrack.name,
            f"{shortest.track.name} ends {difference:.2f} s before {longest.track.name}; "
            "make sure that all tracks start together",
            {"difference_seconds": difference},
        )
    rates = sorted({each.sample_rate for each in heard})
    if len(rates) > 1:
        yield Finding(
            "sample-rates",
            "note",
            multitrack.name,
            f"tracks of different sample rates ({', '.join(map(str, rates))} Hz); they are converted on read",
            {"lowest_hz": rates[0], "highest_hz": rates[-1]},
        )


def starts_of(heard: Sequence[MeasuredTrack], multitrack: Multitrack) -> Iterator[Finding]:
    """A finding where the time stamps of simultaneous tracks say that they did not begin as the corpus has it."""
    sources = [(source, each.track.name) for each in heard for source in each.track.sources]
    stamps = [(start_of(source.path), source.start, name) for source, name in sources]
    stamped = sorted((stamp - start, name) for stamp, start, name in stamps if stamp is not None)
    if len(stamped) > 1 and stamped[-1][0] - stamped[0][0] > START_SECONDS:
        (first, earliest), (last, latest) = stamped[0], stamped[-1]
        yield Finding(
            "start-difference",
            "error",
            multitrack.name,
            f"by its time stamp {latest} began {last - first:.3f} s after {earliest}, and is not shifted so: scan the "
            "folder again, which shifts it, or export all from one start",
            {"difference_seconds": last - first},
        )


def sounds(heard: MeasuredTrack, settings: Settings) -> bool:
    """Whether training keeps the track."""
    return float(dbfs(heard.levels).max(initial=-np.inf)) >= settings.corpus.silence_dbfs


def _clipping(heard: MeasuredTrack, where: str) -> Iterator[Finding]:
    if heard.clipped_runs:
        per_minute = heard.clipped_runs / heard.duration * 60
        yield Finding(
            "clipping",
            "warning" if per_minute > CLIPPED_RUNS_PER_MINUTE else "note",
            where,
            f"clipped {counted(heard.clipped_runs, 'time')} ({per_minute:.0f} a minute); bounce it again, quieter",
            {"runs": heard.clipped_runs, "runs_per_minute": per_minute},
        )


def _offset(heard: MeasuredTrack, where: str, rest_dbfs: float) -> Iterator[Finding]:
    """An offset as strong as the rest level makes sound of what is silent."""
    level = 2 * float(dbfs(np.array([heard.offset], dtype=np.float32))[0])
    if level >= rest_dbfs:
        yield Finding(
            "dc-offset",
            "warning",
            where,
            f"DC offset of {100 * heard.offset:.2f} % of full scale ({level:.0f} dBFS): its silences are not rests; "
            "remove it with a high-pass filter",
            {"offset": heard.offset, "level_dbfs": level},
        )


def _silence(heard: MeasuredTrack, where: str, settings: Settings) -> Iterator[Finding]:
    limit = settings.corpus.silence_dbfs
    loudest = float(dbfs(heard.levels).max(initial=-np.inf))
    numbers = {"loudest_dbfs": loudest}
    if loudest < limit:
        yield Finding("silent", "warning", where, f"silent (never reaches {limit:g} dBFS); it is left out", numbers)
        return
    if loudest < limit + NEAR_SILENT_DB:
        sentence = f"nearly silent, its loudest segment has {loudest:.0f} dBFS; is it an unused microphone?"
        yield Finding("near-silent", "warning", where, sentence, numbers)
        return
    share = _silent_share(heard.levels, settings)
    if share > SILENT_WINDOWS_SHARE:
        sentence = f"{100 * share:.0f} % of its windows are silent; most of what is learned from it is the rest"
        yield Finding("silent-windows", "note", where, sentence, {"share": share})


def _silent_share(levels: Floats, settings: Settings) -> float:
    """Share of the training windows in which no segment reaches the rest level."""
    seconds = settings.perception.segment_seconds
    window, hop = (
        max(1, round(each / seconds)) for each in (settings.corpus.window_seconds, settings.corpus.hop_seconds)
    )
    sounding = dbfs(levels) >= settings.perception.rest_dbfs
    silent = [not sounding[start : start + window].any() for start in starts(len(levels), window, hop)]
    return float(np.mean(silent)) if silent else 0.0


def _length(heard: MeasuredTrack, where: str, settings: Settings) -> Iterator[Finding]:
    numbers = {"seconds": heard.duration}
    if heard.duration < settings.perception.segment_seconds:
        sentence = f"{heard.duration:.2f} s, shorter than a segment: nothing can be learned from it"
        yield Finding("shorter-than-segment", "warning", where, sentence, numbers)
    elif heard.duration < settings.corpus.window_seconds:
        window = f"{settings.corpus.window_seconds:g} s"
        sentence = f"{heard.duration:.1f} s, shorter than a window of {window}; kept as a shorter one"
        yield Finding("shorter-than-window", "note", where, sentence, numbers)
    stated = heard.track.duration
    if abs(stated - heard.duration) > STATED_SECONDS:
        yield Finding(
            "stated-duration",
            "warning",
            where,
            f"{heard.duration:.2f} s, but the manifest says {stated:.2f} s; scan again",
            {"seconds": heard.duration, "stated_seconds": stated},
        )
