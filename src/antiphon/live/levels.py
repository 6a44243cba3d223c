"""How loud a segment is played: by the guide's level in the long run and now, and never past full scale."""

from __future__ import annotations

import numpy as np

from antiphon.action.selection.memory_sounds import MemorySounds
from antiphon.action.selection.segment_sound import QUIETEST_DBFS
from antiphon.live.state import SessionState

MOST_DB, MOST_RIDE_DB = 30.0, 9.0
"""No response is turned up or down by more to be as loud as its guide, no phrase by more to follow it."""

STEADY_DB = 3.0
"""A copy that goes on keeps its gain as long as no more is missing, and changes by so much a segment."""

PHRASE_SEGMENTS = 4
"""By the level of so many segments a copy that begins is judged."""

PAUSE_DB = 40.0
"""A guide that is so far below its usual level pauses: its level is not followed."""


def relation_of(state: SessionState, sounds: MemorySounds, segment: int, *, follows: bool) -> float:
    """By how many decibels a memory segment is brought to the guide's level; `follows` says that the copy goes on."""
    wanted = _relation(state, sounds, segment)
    missing = wanted - state.relation
    if not follows:
        return wanted
    return state.relation + (float(np.clip(missing, -STEADY_DB, STEADY_DB)) if abs(missing) >= STEADY_DB else 0.0)


def gain_of(state: SessionState, sounds: MemorySounds, segment: int) -> float:
    """What the samples of a memory segment are multiplied by, with what relates it to the guide."""
    decibels = state.tuning.controls.number("volume", 0.0) + state.relation
    # Fades read what lies before and after.
    peak = float(sounds.peak[max(0, segment - 1) : segment + 2].max(initial=0.0))
    limit = 10 ** (state.tuning.action.true_peak_dbtp / 20)
    gain = float(10 ** (decibels / 20))
    return min(gain, limit / peak) if peak > 0 else gain


def _relation(state: SessionState, sounds: MemorySounds, segment: int) -> float:
    """Decibels by which the memory is brought to the guide's level, where it shall be."""
    controls, action = state.tuning.controls, state.tuning.action
    usual = state.ear.check.level
    if controls.is_off("loudness") or usual is None:
        return 0.0
    if "loudness" not in controls.values and action.loudness == "keep":
        return 0.0
    base = float(np.clip(usual - sounds.usual_level + controls.number("loudness", 0.0), -MOST_DB, MOST_DB))
    now = state.ear.level_now - usual
    ahead = sounds.level[segment : segment + PHRASE_SEGMENTS]
    ahead = ahead[ahead > QUIETEST_DBFS]
    if now < -PAUSE_DB or not len(ahead):
        return base
    away = now - (float(ahead.mean()) - sounds.usual_level)
    return base + action.ride * float(np.clip(away, -MOST_RIDE_DB, MOST_RIDE_DB))
