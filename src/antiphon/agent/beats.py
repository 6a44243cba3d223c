"""In time: where guide and memory have a beat, segments are beats, and the memory's fall on the guide's.

An agent of uniform segments hears and plays them just as well: a beat, or two, or half of one, lasts about as long as
its segments. Where guide and memory go at one tempo a copy of the memory stays in time by itself; at two tempi every
segment is put on its beat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.agent.memory import over_grids, recordings_in
from antiphon.agent.parts import AgentParts
from antiphon.perception.beat_grid import CLEAR, ON_TIME_SECONDS, Beats, beats_of
from antiphon.types import Audio, Floats, Grid, Memory, Seconds, Tokens

LONGEST_SECONDS = 600.0
"""A longer recording has more than one tempo, and its beats are not looked for: what that takes grows with the square
of its length."""

SAME_TEMPO = 0.75
"""Two recordings are of one tempo where the beat of one is at least so clear in the other as its own."""

SIMPLE_RATIOS = (1 / 2, 2 / 3, 3 / 4, 1.0, 4 / 3, 3 / 2, 2.0)
SIMPLE_WITHIN = 0.015
"""Tempi of these ratios, so nearly, are one tempo heard in two ways."""


@dataclass(frozen=True, eq=False)
class OnBeats:
    """The guide's tokens and the memory, both over beats; and the guide's beats as a session counts them."""

    guide: Tokens
    memory: Memory
    grid: Grid


def on_beats(parts: AgentParts, guide: Audio, memory: Memory) -> OnBeats | None:
    """Guide and memory over their beats; None where one of them has none that is clear or is longer than
    `LONGEST_SECONDS`, where segments are not uniform, and where the beats lie on the segments anyway.

    With the setting `action.grid` "beats" the likeliest beats are taken however clear they are, and with
    `action.tempo_bpm` the tempo is known.
    """
    settings, perception = parts.settings.action, parts.settings.perception
    if settings.grid == "seconds" or perception.segmenter != "uniform":
        return None
    recordings = [guide, *recordings_in(memory)]
    if max(each.duration for each in recordings) > LONGEST_SECONDS:
        return None
    onsets = [parts.perception.onsets(each) for each in recordings]
    found = _together(onsets, settings.tempo_bpm, needs_clear=settings.grid == "auto")
    if found is None:
        return None
    length = perception.segment_seconds
    grids = [beats.intervals(each.duration, length) for beats, each in zip(found, recordings, strict=True)]
    if all(_is_uniform(grid, length) for grid in grids):
        return None
    tokens = parts.perception.guide_tokens(guide, parts.alphabet, grids[0])
    played = over_grids(memory, parts.perception, parts.alphabet, grids[1:])
    first = float(found[0].times[0] % found[0].period)
    return OnBeats(tokens, played, Grid(found[0].bpm, first))


def _together(onsets: Sequence[Floats], tempo_bpm: float | None, *, needs_clear: bool) -> list[Beats] | None:
    """The beats of guide and memory parts, at one tempo as far as they have one; None where one has none."""
    heard = [beats_of(each, tempo_bpm) for each in onsets]
    own = [beats for beats in heard if beats is not None and len(beats.times) > 2]
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
    return own


def _at_tempo(own: Beats, leader: Beats, onsets: Floats) -> Beats | None:
    """The beats of a recording at the leader's tempo, where they are about as clear there as at its own, or where its
    own is a simple part of the leader's: a line of dotted notes is taken for another tempo. Else None."""
    if own is leader:
        return own
    there = beats_of(onsets, leader.bpm)
    if there is None or len(there.times) < 3:
        return None
    simple = min(abs(own.bpm / leader.bpm / ratio - 1) for ratio in SIMPLE_RATIOS) < SIMPLE_WITHIN
    return there if simple or there.clarity >= SAME_TEMPO * max(own.clarity, CLEAR) else None


def _is_uniform(grid: Seconds, length: float) -> bool:
    """Whether a grid (n, 2) lies on uniform segments, as near as an onset is on time."""
    edges = grid[1:-1, 0]
    return bool(len(edges)) and bool(np.all(np.abs(edges - np.round(edges / length) * length) <= ON_TIME_SECONDS))
