"""In time: where guide and memory have a beat, segments are beats, and the memory's fall on the guide's.

An agent of uniform segments hears and plays them just as well: a beat, or two, or half of one, lasts about as long as
its segments. Where guide and memory go at one tempo a copy of the memory stays in time by itself; at two tempi every
segment is put on its beat, or the memory is played faster or slower where the settings allow so much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from antiphon.agent.memory import at_rates, over_grids, recordings_in
from antiphon.agent.parts import AgentParts
from antiphon.perception.beat_grid import CLEAR, ON_TIME_SECONDS, Beats, beats_of
from antiphon.types import Audio, Floats, Grid, Memory, Seconds, Tokens

LONGEST_SECONDS = 600.0
"""A longer recording has more than one tempo, and its beats are not looked for: what that takes grows with the square
of its length."""

SAME_TEMPO = 0.75
"""Two recordings are of one tempo where the beat of one is at least so clear in the other as its own."""

SIMPLE_RATIOS = {1 / 2: "1:2", 2 / 3: "2:3", 3 / 4: "3:4", 1.0: "1:1", 4 / 3: "4:3", 3 / 2: "3:2", 2.0: "2:1"}
SIMPLE_WITHIN = 0.015
"""Tempi of these ratios, so nearly at most and as nearly as they are known, are one tempo heard in two ways."""

FAR_TEMPO = 0.08
"""Tempi further apart than this, octaves aside, are left as they are: a memory would be cut at every beat."""

_LENGTHS = {2: "four beats", 1: "two beats", 0: "a beat", -1: "half a beat", -2: "a quarter of a beat"}
"""What a segment is, by the power of two of beats that it lasts."""


@dataclass(frozen=True, eq=False)
class Timing:
    """Whether a response is in time: the `memory` as it is to be played, over its beats where it is; the `guide`'s
    tokens over its own, None where it is heard over the agent's segments; the guide's beats as a session counts them,
    where they are the segments; and all of it in a sentence."""

    memory: Memory
    said: str
    guide: Tokens | None = None
    grid: Grid | None = None


@dataclass(frozen=True, eq=False)
class _Heard:
    """Guide and recordings of the memory: their names, their onset strengths, and the beats of each by itself."""

    recordings: Sequence[Audio]
    onsets: Sequence[Floats]
    beats: Sequence[Beats | None]

    def name(self, index: int) -> str:
        """The guide, or a file of the memory."""
        return "the guide" if index == 0 else Path(self.recordings[index].source).name or "the memory"


def in_time(parts: AgentParts, guide: Audio, memory: Memory, *, may_stretch: bool = True) -> Timing:
    """Guide and memory over their beats, where all of them have one that is clear, none is longer than
    `LONGEST_SECONDS`, segments are uniform, and the beats do not lie on the segments anyway; else as they are.

    With the setting `action.grid` "beats" the likeliest beats are taken however clear they are, and with
    `action.tempo_bpm` the tempo is known. A memory is brought to the guide's tempo by the share `action.stretch` at
    most, and not if it `may_stretch` no more.
    """
    settings, perception = parts.settings.action, parts.settings.perception
    if settings.grid == "seconds":
        return Timing(memory, "Not in time with the guide: segments are seconds, as asked for (grid seconds).")
    if perception.segmenter != "uniform":
        return Timing(memory, f"Segments are those that the agent has learned ({perception.segmenter}).")
    recordings = [guide, *recordings_in(memory)]
    if max(each.duration for each in recordings) > LONGEST_SECONDS:
        minutes = LONGEST_SECONDS / 60
        return Timing(memory, f"Not in time with the guide: no beat is looked for beyond {minutes:g} minutes.")
    heard = _heard(parts, recordings)
    rates = _rates(heard, settings.stretch) if may_stretch and settings.tempo_bpm is None else []
    if any(rate != 1 for rate in rates):
        memory = at_rates(memory, rates, parts.perception, parts.alphabet)
        again = _heard(parts, recordings_in(memory))
        heard = _Heard([guide, *again.recordings], [heard.onsets[0], *again.onsets], [heard.beats[0], *again.beats])
    found = _together(heard, needs_clear=settings.grid == "auto")
    if found is None:
        return Timing(memory, f"Not in time with the guide: {_why_not(heard)}.")
    return _over_beats(parts, heard, found, memory)


def _over_beats(parts: AgentParts, heard: _Heard, found: Sequence[Beats], memory: Memory) -> Timing:
    """Guide and memory over the beats that were found."""
    length = parts.settings.perception.segment_seconds
    grids = [beats.intervals(each.duration, length) for beats, each in zip(found, heard.recordings, strict=True)]
    grid = Grid(found[0].bpm, float(found[0].times[0] % found[0].period))
    said = _said(heard, found, memory, length)
    if all(_is_uniform(grid, length) for grid in grids) and all(part.rate == 1 for part in memory.parts):
        return Timing(memory, said, grid=grid)
    tokens = parts.perception.guide_tokens(heard.recordings[0], parts.alphabet, grids[0])
    return Timing(over_grids(memory, parts.perception, parts.alphabet, grids[1:]), said, tokens, grid)


def _heard(parts: AgentParts, recordings: Sequence[Audio]) -> _Heard:
    onsets = [parts.perception.onsets(each) for each in recordings]
    return _Heard(recordings, onsets, [beats_of(each, parts.settings.action.tempo_bpm) for each in onsets])


def _rates(heard: _Heard, most: float) -> list[float]:
    """How fast each recording of the memory is played to be at the guide's tempo, or half or twice it: 1 where that is
    more than the share `most` away, where a tempo is not steady and clear, and where it makes no difference."""
    found = []
    for recording, own in zip(heard.recordings[1:], heard.beats[1:], strict=True):
        rate = _ratio(heard.beats[0], own)
        matters = abs(rate - 1) * recording.duration > ON_TIME_SECONDS
        found.append(rate if abs(rate - 1) <= most and matters else 1.0)
    return found


def _ratio(guide: Beats | None, own: Beats | None) -> float:
    """The guide's tempo by a recording's, octaves aside; 1 where one of them is not steady and clear."""
    if guide is None or own is None or not all(each.is_clear and each.is_steady for each in (guide, own)):
        return 1.0
    ratio = guide.bpm / own.bpm
    return float(ratio / 2.0 ** round(float(np.log2(ratio))))


def _is_far(guide: Beats, own: Beats) -> bool:
    """Whether a recording goes at so far another tempo than the guide that its every beat would have to be moved."""
    return abs(_ratio(guide, own) - 1) > FAR_TEMPO and not _is_simple(guide, own)


def _said(heard: _Heard, found: Sequence[Beats], memory: Memory, length: float) -> str:
    """The sentence of a response that is in time."""
    power = round(float(np.log2(length / found[0].period)))
    segment = _LENGTHS.get(power, f"{2.0**power:g} beats")
    said = f"In time with the guide: {found[0].bpm:.1f} beats a minute, a segment is {segment}"
    for index, (beats, part) in enumerate(zip(found[1:], memory.parts, strict=True), 1):
        if part.rate != 1:
            way = "faster" if part.rate > 1 else "slower"
            said += f"; {heard.name(index)} is played {100 * abs(part.rate - 1):.1f} % {way}"
        own = heard.beats[index]
        if abs(beats.bpm / found[0].bpm - 1) > beats.precision + found[0].precision:
            said += f"; {heard.name(index)} goes at {beats.bpm:.1f} and is put on the guide's beats segment by segment"
        elif own is not None and own.is_clear and (ratio := _simple(own, found[0])) != 1 and _is_simple(own, found[0]):
            said += f"; {heard.name(index)}, {own.bpm:.1f} by itself, goes {SIMPLE_RATIOS[ratio]} with it"
    return f"{said}."


def _why_not(heard: _Heard) -> str:
    """What stands against being in time."""
    for index, beats in enumerate(heard.beats):
        if beats is None or len(beats.times) <= 2:
            return f"{heard.name(index)} has too few onsets for a beat"
    for index, beats in enumerate(heard.beats):
        if beats is not None and not beats.is_clear:
            return f"{heard.name(index)} has no clear beat (grid beats takes the likeliest, tempo the known one)"
    guide, *others = (beats for beats in heard.beats if beats is not None)
    for index, own in enumerate(others, 1):
        if _is_far(guide, own):
            tempi = f"it goes at {guide.bpm:.1f} beats a minute, {heard.name(index)} at {own.bpm:.1f}"
            return f"{tempi}, too far apart to move every beat (grid beats does)"
    index = next((n for n, beats in enumerate(heard.beats) if beats is not None and not beats.is_steady), 0)
    return f"guide and memory go at other tempi, and that of {heard.name(index)} is not steady"


def _together(heard: _Heard, *, needs_clear: bool) -> list[Beats] | None:
    """The beats of guide and memory parts, at one tempo as far as they have one; None where one has none."""
    onsets = heard.onsets
    own = [beats for beats in heard.beats if beats is not None and len(beats.times) > 2]
    if len(own) < len(onsets):
        return None
    steady = [beats for beats in own if beats.is_steady]
    # The guide leads where its tempo is clear, else who is clearest.
    leaders = sorted(steady, key=lambda beats: (beats is not own[0] or not beats.is_clear, -beats.clarity))
    for leader in leaders:
        shared = [_at_tempo(beats, leader, each) for beats, each in zip(own, onsets, strict=True)]
        if all(beats is not None for beats in shared):
            own = [beats for beats in shared if beats is not None]
            return own if not needs_clear or any(beats.is_clear for beats in own) else None
    if needs_clear and not all(beats.is_clear and beats.is_steady for beats in own):
        return None
    if needs_clear and any(_is_far(own[0], each) for each in own):
        return None
    return own


def _at_tempo(own: Beats, leader: Beats, onsets: Floats) -> Beats | None:
    """The beats of a recording at the leader's tempo, where they are about as clear there as at its own, or where its
    own is a simple part of the leader's: a line of dotted notes is taken for another tempo. Else None."""
    if own is leader:
        return own
    there = beats_of(onsets, leader.bpm)
    if there is None or len(there.times) < 3:
        return None
    nearly = min(own.precision + leader.precision, SIMPLE_WITHIN)
    return there if _off_simple(own, leader) < nearly or there.clarity >= SAME_TEMPO * max(own.clarity, CLEAR) else None


def _simple(own: Beats, leader: Beats) -> float:
    """The simple ratio that is nearest to that of two tempi."""
    return min(SIMPLE_RATIOS, key=lambda ratio: abs(own.bpm / leader.bpm / ratio - 1))


def _is_simple(own: Beats, leader: Beats) -> bool:
    """Whether two tempi are of a simple ratio."""
    return _off_simple(own, leader) <= SIMPLE_WITHIN


def _off_simple(own: Beats, leader: Beats) -> float:
    """By what share two tempi are off the nearest simple ratio."""
    return abs(own.bpm / leader.bpm / _simple(own, leader) - 1)


def _is_uniform(grid: Seconds, length: float) -> bool:
    """Whether a grid (n, 2) lies on uniform segments, as near as an onset is on time."""
    edges = grid[1:-1, 0]
    return bool(len(edges)) and bool(np.all(np.abs(edges - np.round(edges / length) * length) <= ON_TIME_SECONDS))
