"""A response that leaves room: the phrases that fit worst give way to silence."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from antiphon.action.selection.constraints import FREE
from antiphon.types import SILENCE, Ids, Seconds, Selection


def sparse(selection: Selection, pins: Ids, durations: Seconds, density: float) -> NDArray[np.bool_]:
    """Which steps (n,) are silent so that at most the share `density` of the time is played.

    Phrases, the unbroken copies of the selection, are left out as a whole, the dearest by cost a second first; one that
    holds a pin (n,) stays. What was silent already stays silent.
    """
    segments = selection.segments
    silent = segments == SILENCE
    breaks = np.flatnonzero((np.diff(segments) != 1) | silent[:-1]) + 1
    phrases = [
        slice(first, stop)
        for first, stop in itertools.pairwise([0, *breaks.tolist(), len(segments)])
        if stop > first and not silent[first] and (pins[first:stop] == FREE).all()
    ]
    phrases.sort(key=lambda phrase: -float(selection.costs[phrase].sum() / durations[phrase].sum()))
    allowed = density * float(durations.sum())
    for phrase in phrases:
        if float(durations[~silent].sum()) <= allowed + 1e-9:
            break
        silent[phrase] = True
    return np.asarray(silent)
