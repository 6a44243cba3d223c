"""Check a corpus: every multitrack by itself, in parallel, then all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from antiphon.config import Settings
from antiphon.corpus.checking.amounts import Examined, amounts_of, leaks_of, summary_of
from antiphon.corpus.checking.fingerprints import fingerprint
from antiphon.corpus.checking.levels import lengths_of, levels_of, starts_of
from antiphon.corpus.checking.pairs import pairs_of
from antiphon.corpus.checking.report import Finding, Report, in_order
from antiphon.corpus.checking.survey import open_for_check
from antiphon.corpus.checking.track_measurement import MeasuredTrack, summarize
from antiphon.corpus.manifest import Corpus
from antiphon.corpus.splits import SPLITS, Division, divide
from antiphon.errors import BadData
from antiphon.interfaces import Progress, no_progress
from antiphon.types import Multitrack


def check_path(path: Path, settings: Settings, workers: int = 1, progress: Progress = no_progress) -> Report:
    """Check a manifest or a folder, with what cannot even be opened as findings.

    Raises BadData only where nothing is at `path`.
    """
    corpus, findings = open_for_check(path, settings.corpus)
    if not corpus.multitracks:
        return Report(in_order(findings), _counts(()), _durations((), {}))
    return check(corpus, settings, workers, progress, findings)


def check(
    corpus: Corpus,
    settings: Settings,
    workers: int = 1,
    progress: Progress = no_progress,
    before: Sequence[Finding] = (),
) -> Report:
    """Listen to every track of `corpus` and say what is wrong with it, for training with `settings`.

    `before` are findings made as it was opened. Each worker holds one multitrack at a time. The same corpus and
    settings give the same report, whatever the number of workers. Data is never an error here, but a finding.
    """
    multitracks = sorted(corpus.multitracks, key=lambda each: each.name)
    examined = _examine_all(multitracks, settings, workers, progress)
    findings = [*before, *(finding for each in examined for finding in each.findings)]
    division: Division = {}
    try:
        division = divide(multitracks, settings.corpus, corpus.splits)
    except BadData as error:
        findings.append(Finding("divided-piece", "error", "corpus", str(error)))
    if division:
        findings += amounts_of(examined, division, settings)
        if len({each.piece for each in multitracks}) > 1 and _is_by_piece(division):
            findings += leaks_of(examined, division)
    return Report(in_order(findings), _counts(multitracks), _durations(multitracks, division))


def _examine_all(
    multitracks: Sequence[Multitrack], settings: Settings, workers: int, progress: Progress
) -> list[Examined]:
    examined: list[Examined] = []
    with ThreadPoolExecutor(workers) as pool:
        try:
            for each in pool.map(lambda multitrack: _examine(multitrack, settings), multitracks):
                examined.append(each)
                progress("check", len(examined), len(multitracks))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return examined


def _examine(multitrack: Multitrack, settings: Settings) -> Examined:
    findings: list[Finding] = []
    heard: list[MeasuredTrack] = []
    for track in multitrack.tracks:
        where = f"{multitrack.name}/{track.name}"
        try:
            each = summarize(track, settings.perception.segment_seconds)
        except BadData as error:
            findings.append(Finding("unreadable", "error", where, str(error)))
            continue
        heard.append(each)
        findings += levels_of(each, where, settings)
    if heard:
        findings += lengths_of(heard, multitrack)
        findings += starts_of(heard, multitrack)
        findings += pairs_of(heard, multitrack, settings.corpus)
    sounding = [each.copy for each in heard if np.any(each.copy)]
    return Examined(
        multitrack,
        tuple(summary_of(each, settings) for each in heard),
        fingerprint(sounding) if sounding else None,
        tuple(findings),
    )


def _is_by_piece(division: Division) -> bool:
    """Whether each multitrack is on one side only; divided along time, all are on every side."""
    sides = [{window.multitrack.name for window in windows} for windows in division.values()]
    return sum(map(len, sides)) == len(set().union(*sides))


def _counts(multitracks: Sequence[Multitrack]) -> dict[str, int]:
    return {
        "multitracks": len(multitracks),
        "tracks": sum(len(each.tracks) for each in multitracks),
        "pieces": len({each.piece for each in multitracks}),
    }


def _durations(multitracks: Sequence[Multitrack], division: Division) -> dict[str, float]:
    return {
        "multitracks": sum(each.duration for each in multitracks),
        "tracks": sum(track.duration for each in multitracks for track in each.tracks),
        **{split: sum(window.end - window.start for window in division.get(split, ())) for split in SPLITS},
    }
