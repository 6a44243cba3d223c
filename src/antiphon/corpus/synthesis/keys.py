"""The key of a passage: the signature says which two it can be, the notes say which of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from antiphon.corpus.synthesis.performance import Part

MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""How well each pitch class fits a key on the first: Krumhansl and Kessler, Psychological Review 89 (1982)."""

FIFTHS = ("F", "C", "G", "D", "A", "E", "B")


def key_name(sharps: int, mode: str | None, parts: Sequence[Part], start: float, end: float) -> str:
    """The key of `sharps` (flats negative), such as `Gb:maj`; `mode` where the score tells it.

    Where not, the notes in [start, end) seconds decide between the major key and its relative minor, by correlation
    with the profiles of Krumhansl and Kessler.
    """
    if mode not in {"major", "minor"}:
        mode = "major" if _major(sharps, parts, start, end) else "minor"
    position = sharps + (1 if mode == "major" else 4)
    accidentals, letter = divmod(position, len(FIFTHS))
    return FIFTHS[letter] + ("#" * accidentals if accidentals > 0 else "b" * -accidentals) + f":{mode[:3]}"


def _major(sharps: int, parts: Sequence[Part], start: float, end: float) -> bool:
    weights = np.zeros(12)
    for part in parts:
        for note in part.notes:
            overlap = min(end, note.onset + note.duration) - max(start, note.onset)
            weights[note.pitch % 12] += max(overlap, 0.0)
    if np.ptp(weights) == 0:
        return True
    tonic = sharps * 7 % 12
    major = np.corrcoef(weights, np.roll(MAJOR_PROFILE, tonic))[0, 1]
    minor = np.corrcoef(weights, np.roll(MINOR_PROFILE, (tonic + 9) % 12))[0, 1]
    return bool(major >= minor)
