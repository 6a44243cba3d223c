"""Scores as plain notes: the four-part chorales of Bach inside music21. Nothing of them is stored or passed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from antiphon.corpus.synthesis.extras import scores_extra
from antiphon.corpus.synthesis.musicxml import beats_of
from antiphon.errors import BadData

VOICES = ("soprano", "alto", "tenor", "bass")
"""The tracks of a chorale, from the top."""

CHORALE_SUFFIXES = {".mxl", ".xml"}
"""MusicXML. The same works in Humdrum are doublets, and the Roman numeral analyses hold no voices."""


@dataclass(frozen=True)
class Note:
    """A note of a voice: onset and duration in quarter notes, MIDI pitch."""

    onset: float
    duration: float
    pitch: int


@dataclass(frozen=True)
class Score:
    """The voices of a piece, and its length in quarter notes.

    `beats` are (quarter, number in the bar); `signatures` are (quarter, sharps, mode), the mode None where untold.
    """

    name: str
    voices: Mapping[str, tuple[Note, ...]]
    quarters: float
    beats: tuple[tuple[float, int], ...] = ()
    signatures: tuple[tuple[float, int, str | None], ...] = ()


def chorale_names() -> tuple[str, ...]:
    """Names of Bach's vocal works in music21, such as bwv244.15, sorted. Not all of them have four parts."""
    return tuple(sorted(_paths()))


def four_part(name: str) -> Score | None:
    """The score of that name as written, repeats taken once; None where it has more or fewer than four parts."""
    parts = scores_extra("music21.corpus").parse(_paths()[name]).parts
    if len(parts) != len(VOICES):
        return None
    flat = [part.stripTies().flatten() for part in parts]
    voices = {voice: _notes(part) for voice, part in zip(VOICES, flat, strict=True)}
    bars = list(parts[0].getElementsByClass("Measure"))
    beats = beats_of(bars, [(index, float(bar.offset)) for index, bar in enumerate(bars)])
    signatures = tuple(
        (float(mark.offset), int(mark.sharps), getattr(mark, "mode", None))
        for mark in flat[0].getElementsByClass("KeySignature")
    )
    return Score(name, voices, max(float(part.highestTime) for part in flat), tuple(beats), signatures)


def read_chorale(name: str) -> Score:
    """The four-part chorale of that name. Raises BadData where there is none."""
    score = four_part(name) if name in _paths() else None
    if score is None:
        raise BadData(f"music21 has no four-part chorale named {name!r}")
    return score


@cache
def _paths() -> dict[str, Path]:
    """Only of what music21 brings, not of what a user has added: the same settings give the same corpus."""
    paths = scores_extra("music21.corpus.corpora").CoreCorpus().getComposer("bach")
    found = {path.stem: Path(path) for path in paths if path.suffix in CHORALE_SUFFIXES}
    if not found:
        raise BadData("this music21 came without its corpus; install the one from PyPI")
    return found


def _notes(part: Any) -> tuple[Note, ...]:
    """Of a chord the top note, since a voice sings one; grace notes have no length, and are not kept."""
    return tuple(
        Note(float(note.offset), float(note.quarterLength), max(int(pitch.midi) for pitch in note.pitches))
        for note in part.notes
        if note.quarterLength > 0 and note.pitches
    )
