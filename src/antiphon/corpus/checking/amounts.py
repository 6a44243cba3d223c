"""Whether there is enough: pieces for three splits, tracks that sound, segments for the alphabet; and no leak."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.audio import dbfs
from antiphon.config import SEGMENTS_PER_CLASS, Settings
from antiphon.corpus.checking.fingerprints import Fingerprint, alike
from antiphon.corpus.checking.levels import sounds
from antiphon.corpus.checking.report import Finding, Severity, counted
from antiphon.corpus.checking.track_measurement import MeasuredTrack
from antiphon.corpus.splits import MINIMUM_PIECES, SPLITS, Division, Split
from antiphon.types import Floats, Multitrack


@dataclass(frozen=True, eq=False)
class TrackSummary:
    """What is kept of a track once its multitrack is done."""

    name: str
    content: bytes
    levels: Floats
    duration: float
    sounds: bool


@dataclass(frozen=True, eq=False)
class Examined:
    """What is kept of a multitrack whose tracks were heard: enough to compare it with others."""

    multitrack: Multitrack
    tracks: tuple[TrackSummary, ...]
    fingerprint: Fingerprint | None
    findings: tuple[Finding, ...]


def summary_of(heard: MeasuredTrack, settings: Settings) -> TrackSummary:
    """A track without its sound."""
    return TrackSummary(heard.track.name, heard.content, heard.levels, heard.duration, sounds(heard, settings))


def amounts_of(examined: Sequence[Examined], division: Division, settings: Settings) -> Iterator[Finding]:
    """Findings about the corpus as a whole."""
    usable = {each.multitrack.name: each for each in examined if sum(track.sounds for track in each.tracks) > 1}
    for each in examined:
        if each.multitrack.name not in usable:
            sentence = "fewer than two tracks that sound: there is no relation to learn, it is left out"
            yield Finding("too-few-tracks", "warning", each.multitrack.name, sentence)
    if not usable:
        yield Finding("no-multitrack", "error", "corpus", "no multitrack has two tracks that sound: nothing to learn")
        return
    yield from _pieces(usable, division)
    yield from _segments(usable, division, settings)


def leaks_of(examined: Sequence[Examined], division: Division) -> Iterator[Finding]:
    """Recordings or pieces that are on two sides of the division."""
    by_name = {each.multitrack.name: each for each in examined}
    sides = {
        split: [
            by_name[window.multitrack.name] for window in division.get(split, ()) if window.multitrack.name in by_name
        ]
        for split in SPLITS
    }
    for one, other in itertools.combinations(SPLITS, 2):
        seen: set[str] = set()
        for finding in _copies(sides[one], sides[other], one, other):
            seen.add(finding.where)
            yield finding
        first, second = ([each for each in sides[split] if each.fingerprint] for split in (one, other))
        prints = ([each.fingerprint for each in side if each.fingerprint] for side in (first, second))
        for i, j, similarity, lag in alike(*prints):
            a, b = first[i].multitrack, second[j].multitrack
            if a.piece != b.piece and _both(a, b) not in seen:
                yield _leak(a, b, (one, other), "the same music", {"similarity": similarity, "lag_seconds": lag})


def _copies(first: Sequence[Examined], second: Sequence[Examined], one: Split, other: Split) -> Iterator[Finding]:
    """Tracks of the same samples in both splits."""
    held: dict[bytes, tuple[Examined, str]] = {
        track.content: (each, track.name) for each in first for track in each.tracks if track.sounds
    }
    for each in second:
        found = [(*held[track.content], track.name) for track in each.tracks if track.content in held]
        for origin, name, copy in found[:1]:
            if origin.multitrack.piece != each.multitrack.piece:
                same = f"the same samples ({name} and {copy})"
                yield _leak(origin.multitrack, each.multitrack, (one, other), same, {"tracks": len(found)})


def _leak(
    a: Multitrack, b: Multitrack, splits: tuple[Split, Split], same: str, numbers: Mapping[str, float]
) -> Finding:
    sentence = f"{same}, in {splits[0]} and in {splits[1]}: give both one piece in the manifest, or take one out"
    return Finding("leak", "error", _both(a, b), sentence, numbers)


def _both(a: Multitrack, b: Multitrack) -> str:
    return f"{a.name}, {b.name}"


def _pieces(usable: Mapping[str, Examined], division: Division) -> Iterator[Finding]:
    pieces = {each.multitrack.piece for each in usable.values()}
    if len(pieces) < MINIMUM_PIECES:
        sentence = f"{counted(len(pieces), 'piece')}: divided along time, so that a test is on music heard in training"
        yield Finding("few-pieces", "note", "corpus", sentence, {"pieces": len(pieces)})
    held = {split: [w for w in division.get(split, ()) if w.multitrack.name in usable] for split in SPLITS}
    consequences: dict[Split, str] = {
        "train": "there is nothing to learn from",
        "validation": "nothing says when to stop",
        "test": "nothing says whether it learned",
    }
    for split in SPLITS:
        if not held[split]:
            severity: Severity = "error" if split == "train" else "warning"
            yield Finding(f"no-{split}", severity, "corpus", f"the {split} split is empty: {consequences[split]}")


def _segments(usable: Mapping[str, Examined], division: Division, settings: Settings) -> Iterator[Finding]:
    """Whether the training split has sounding segments for K classes, distinct or not: an upper bound."""
    perception = settings.perception
    count = 0
    for window in division.get("train", ()):
        if window.multitrack.name in usable:
            first, last = (round(edge / perception.segment_seconds) for edge in (window.start, window.end))
            for track in usable[window.multitrack.name].tracks:
                levels = dbfs(track.levels[first:last])
                count += int(np.count_nonzero(levels >= perception.rest_dbfs)) if perception.rest else len(levels)
    wanted, affordable = perception.alphabet_size, count // SEGMENTS_PER_CLASS
    numbers = {"segments": count, "alphabet_size": wanted, "affordable": affordable}
    if affordable < 2:
        sentence = f"{counted(count, 'sounding segment')} to learn from, fewer than an alphabet of two classes needs"
        yield Finding("too-few-segments", "error", "corpus", sentence, numbers)
    elif affordable < wanted:
        sentence = f"{count} sounding segments to learn from: the alphabet will have {affordable} classes at most, "
        sentence += f"instead of {wanted}"
        yield Finding("smaller-alphabet", "note", "corpus", sentence, numbers)
