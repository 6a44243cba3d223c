"""A score that music21 reads, as it is played: tempo marks, repeats, ties, dynamics, meter and key applied.

Everything is placed bar by bar. Parts whose encoders lost or gained a beat in a bar meet again at the next bar line,
and one order of bars, repeats taken, holds for all of them.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from antiphon.corpus.synthesis.extras import scores_extra
from antiphon.corpus.synthesis.keys import key_name
from antiphon.corpus.synthesis.performance import Beat, Label, Part, Performance, changes
from antiphon.corpus.synthesis.playing import Clock, Tempo, WrittenNote, played
from antiphon.corpus.synthesis.score_files import score_text
from antiphon.errors import BadData

DYNAMICS: Mapping[str, int] = {
    "pppp": 30,
    "ppp": 38,
    "pp": 48,
    "p": 60,
    "mp": 70,
    "mf": 80,
    "f": 92,
    "ff": 104,
    "fff": 114,
}
"""MIDI velocity of a dynamic mark. Accents such as sf are no level, and change nothing."""

DEFAULT_VELOCITY = DYNAMICS["mf"]
"""Before the first mark."""

STAFF = re.compile(r"^(?P<part>.+)-Staff\d+$")
"""How music21 names the staves of one part."""


@dataclass(frozen=True)
class Staves:
    """The staves of one part, and what the score calls it."""

    name: str
    streams: tuple[Any, ...]


NameParts = Callable[[Sequence[Staves]], Sequence[tuple[str, str]]]
"""The track's name and role for each part."""


def read_musicxml(
    path: Path, name_parts: NameParts, default_bpm: float, bars: tuple[int, int | None] = (0, None)
) -> Performance:
    """The performance of a .mxl or .musicxml file; `default_bpm` holds where the score has no tempo mark.

    `bars` is the half-open range of bars of one movement, counted from 0. Raises BadData where music21 cannot read the
    file.
    """
    music21 = scores_extra("music21")
    score_text(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            score = music21.converter.parseFile(path, format="musicxml", forceSource=True, storePickle=False)
            if any(instrument.transposition for instrument in score.recurse().getElementsByClass("Instrument")):
                score.toSoundingPitch(inPlace=True)
            return perform(score, name_parts, default_bpm, bars)
    except (BadData, MemoryError):
        raise
    except Exception as error:  # music21 raises anything: KeyError, ZeroDivisionError, its own
        raise BadData(f"music21 cannot read it ({type(error).__name__}: {error})") from error


def perform(
    score: Any, name_parts: NameParts, default_bpm: float, within: tuple[int, int | None] = (0, None)
) -> Performance:
    """A music21 score, or the bars `within` it, as it is played. Raises BadData where it has no bars."""
    groups = _parts(score)
    excerpt = slice(*within)
    bars = {
        id(stream): list(stream.getElementsByClass("Measure"))[excerpt] for group in groups for stream in group.streams
    }
    count = max((len(measures) for measures in bars.values()), default=0)
    if count == 0:
        raise BadData("a score without bars")
    lengths = [
        max(float(measures[i].highestTime) for measures in bars.values() if i < len(measures)) for i in range(count)
    ]
    order = _order(groups, bars, count)
    starts = [0.0]
    for index in order:
        starts.append(starts[-1] + lengths[index])
    sequence = list(zip(order, starts[:-1], strict=True))
    everyone = list(bars.values())
    tempos = _in_force(everyone, "TempoIndication", _bpm, sequence)
    clock = Clock([Tempo(quarter, bpm) for quarter, bpm in tempos], default_bpm)
    parts = []
    for group, (name, role) in zip(groups, name_parts(groups), strict=True):
        own = [bars[id(stream)] for stream in group.streams]
        parts.append(Part(name, role, played(_notes(own, sequence), clock)))
    signatures = _in_force(everyone, "KeySignature", lambda mark: mark, sequence)
    ends = [*(clock(quarter) for quarter, _ in signatures), clock(starts[-1])][1:]
    keys = [
        Label(clock(quarter), key_name(mark.sharps, getattr(mark, "mode", None), parts, clock(quarter), end))
        for (quarter, mark), end in zip(signatures, ends, strict=True)
    ]
    beats = [Beat(clock(quarter), number) for quarter, number in beats_of(max(everyone, key=len), sequence)]
    last = max((note.onset + note.duration for part in parts for note in part.notes), default=0.0)
    return Performance(tuple(parts), tuple(beats), changes(keys), max(clock(starts[-1]), last))


def _parts(score: Any) -> list[Staves]:
    """Staves of one part belong together: those named so, and those that a brace joins."""
    braced = {
        id(stream): f"brace {number}"
        for number, group in enumerate(score.recurse().getElementsByClass("StaffGroup"))
        if group.symbol == "brace"
        for stream in group
    }
    found: dict[str, list[Any]] = {}
    for index, stream in enumerate(score.parts):
        staff = STAFF.match(str(stream.id))
        own = staff["part"] if staff else braced.get(id(stream), f"part {index}")
        found.setdefault(own, []).append(stream)
    return [Staves(str(streams[0].partName or ""), tuple(streams)) for streams in found.values()]


def _order(groups: Sequence[Staves], bars: Mapping[int, list[Any]], count: int) -> list[int]:
    """Indices of the bars as played, repeats and jumps taken; as written where music21 cannot tell."""
    repeat = scores_extra("music21.repeat")
    for group in groups:
        for stream in group.streams:
            measures = bars[id(stream)]
            if len(measures) < count or not stream.recurse().getElementsByClass(("Repeat", "RepeatExpression")):
                continue
            for index, measure in enumerate(measures):
                measure.id = f"bar {index}"
            try:
                expanded = repeat.Expander(_excerpt(stream, measures)).process()
            except repeat.ExpanderException:
                continue
            return [int(measure.id.removeprefix("bar ")) for measure in expanded.getElementsByClass("Measure")]
    return list(range(count))


def _excerpt(stream: Any, measures: Sequence[Any]) -> Any:
    """The stream, or a part of these bars alone with the brackets that span them."""
    if len(stream.getElementsByClass("Measure")) == len(measures):
        return stream
    part = scores_extra("music21.stream").Part()
    for measure in measures:
        part.append(measure)
    inside = {id(measure) for measure in measures}
    for bracket in stream.recurse().getElementsByClass("RepeatBracket"):
        if all(id(measure) in inside for measure in bracket.getSpannedElements()):
            part.insert(0, bracket)
    return part


def _in_force(
    everyone: Sequence[list[Any]], kind: str, value: Callable[[Any], Any], sequence: Sequence[tuple[int, float]]
) -> list[tuple[float, Any]]:
    """Marks of a kind as (quarter, value) in played order; after a jump the one in force there holds again."""
    written: dict[int, dict[float, Any]] = {}
    for measures in reversed(everyone):
        for index, measure in enumerate(measures):
            for mark in measure.recurse().getElementsByClass(kind):
                found = value(mark)
                if found is not None:
                    written.setdefault(index, {})[float(mark.getOffsetInHierarchy(measure))] = found
    marks: list[tuple[float, Any]] = []
    previous = -1
    for index, start in sequence:
        if index != previous + 1:
            before = [written[earlier] for earlier in sorted(written) if earlier < index]
            if before:
                marks.append((start, before[-1][max(before[-1])]))
        marks += [(start + offset, found) for offset, found in sorted(written.get(index, {}).items(), key=_first)]
        previous = index
    return list(dict(marks).items())


def _first(pair: tuple[float, Any]) -> float:
    return pair[0]


def _bpm(mark: Any) -> float | None:
    if not hasattr(mark, "getQuarterBPM"):
        mark = mark.newMetronome
    bpm = None if mark is None else mark.getQuarterBPM()
    return None if bpm is None else float(bpm)


def _notes(own: Sequence[list[Any]], sequence: Sequence[tuple[int, float]]) -> list[WrittenNote]:
    levels = _in_force(own, "Dynamic", lambda mark: DYNAMICS.get(mark.value), sequence)
    written = [{index: _bar_notes(measure) for index, measure in enumerate(measures)} for measures in own]
    notes: list[WrittenNote] = []
    for staff in written:
        velocity, coming = DEFAULT_VELOCITY, list(levels)
        for index, start in sequence:
            for offset, duration, pitch, tied_from, tied_on in staff.get(index, ()):
                while coming and coming[0][0] <= start + offset:
                    velocity = coming.pop(0)[1]
                notes.append(WrittenNote(start + offset, duration, pitch, velocity, tied_from, tied_on))
    return notes


def _bar_notes(measure: Any) -> list[tuple[float, float, int, bool, bool]]:
    """Offset and duration in quarters, pitch, tied from the left, tied to the right; chord symbols do not sound."""
    notes = []
    for element in measure.flatten().notes:
        if "Harmony" in element.classes:
            continue
        length = 0.0 if element.duration.isGrace else float(element.quarterLength)
        for each in element.notes if element.isChord else (element,):
            tie = each.tie.type if each.tie else ""
            notes += [
                (
                    float(element.offset),
                    length,
                    int(pitch.midi),
                    tie in {"stop", "continue"},
                    tie in {"start", "continue"},
                )
                for pitch in each.pitches
            ]
    return notes


def beats_of(bars: Sequence[Any], sequence: Sequence[tuple[int, float]]) -> list[tuple[float, int]]:
    """Beats as (quarter, number in the bar) by the meter in force, of the bars in the order of `sequence`.

    `sequence` is the index of each bar and the quarter at which it starts; an upbeat counts from the bar it belongs to.
    """
    meters: list[Any] = []
    for bar in bars:
        meters.append(bar.timeSignature or (meters[-1] if meters else None))
    beats = []
    for index, start in sequence:
        missing, position = float(bars[index].paddingLeft), 0.0
        for number, beat in enumerate(meters[index].beatSequence if meters[index] else (), 1):
            offset = position - missing
            if 0 <= offset < float(bars[index].highestTime):
                beats.append((start + offset, number))
            position += float(beat.duration.quarterLength)
    return beats
