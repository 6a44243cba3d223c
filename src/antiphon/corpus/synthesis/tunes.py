"""Which harmonisations share a tune. They stay on one side of the split, or a test would be half known.

The files carry no titles, and one tune has many (`Herzlich tut mich verlangen`, `O Haupt voll Blut und Wunden`,
`Befiehl du deine Wege`). So the melody decides.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from antiphon.corpus.synthesis.chorale_scores import Note, Score

PATTERN_INTERVALS = 6
"""Length of a melodic pattern: about a line of a hymn."""

SAME_TUNE = 0.2
"""Share of common patterns (Jaccard) above which two melodies are one tune. Over the 365 chorales of music21, all
values from 0.15 to 0.4 bring the eleven `Herzlich tut mich verlangen` together and make no larger group."""

Pattern = tuple[int, ...]


def group_by_tune(scores: Sequence[Score]) -> dict[str, str]:
    """From the name of each score to that of its tune, which is named after its first score.

    Two scores share a tune where their soprano lines share enough patterns, in any key, or where they are versions of
    one work (bwv112.5 and bwv112.5-sc); so do scores that are linked through a third.
    """
    patterns = {score.name: _patterns(score.voices["soprano"]) for score in scores}
    tune_of = {name: name for name in patterns}
    for a, b in itertools.combinations(sorted(patterns), 2):
        if tune_of[a] != tune_of[b] and (_work(a) == _work(b) or _similarity(patterns[a], patterns[b]) >= SAME_TUNE):
            kept, dropped = sorted((tune_of[a], tune_of[b]))
            tune_of = {name: kept if tune == dropped else tune for name, tune in tune_of.items()}
    return tune_of


def _work(name: str) -> str:
    return name.partition("-")[0]


def _similarity(a: set[Pattern], b: set[Pattern]) -> float:
    return len(a & b) / len(a | b) if a and b else 0.0


def _patterns(melody: Sequence[Note]) -> set[Pattern]:
    """Successions of intervals between the notes on the beat: what passes between them is the harmoniser's ornament."""
    pitches = [note.pitch for note in melody if note.onset.is_integer()]
    changes = [pitch for pitch, _ in itertools.groupby(pitches)]
    intervals = [after - before for before, after in itertools.pairwise(changes)]
    return {tuple(intervals[i : i + PATTERN_INTERVALS]) for i in range(len(intervals) - PATTERN_INTERVALS + 1)}
