"""POP909 (Wang et al., ISMIR 2020): piano arrangements of pop songs as MIDI, played in time, with beats and chords."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from antiphon.corpus.synthesis.extras import scores_extra
from antiphon.corpus.synthesis.performance import (
    SHORTEST_SECONDS,
    Beat,
    Label,
    Part,
    Performance,
    PlayedNote,
    changes,
    untangled,
)
from antiphon.corpus.synthesis.score_files import MOST_MIDI_BYTES
from antiphon.errors import BadData
from antiphon.reading import require_regular, text_of

TRACKS = ("MELODY", "BRIDGE", "PIANO")
"""Names of the MIDI tracks: the sung line, secondary lines, the accompaniment."""

BEATS_FILE, CHORDS_FILE, KEYS_FILE = "beat_midi.txt", "chord_midi.txt", "key_audio.txt"
"""Beside the MIDI file. A beat: its second, 1.0 on each downbeat of simple meter, 1.0 on each of compound meter. Chords
and keys: start, end, label, by tabs; keys were heard in the recording, whose time the MIDI files follow."""


def read_pop909(path: Path) -> Performance:
    """The performance of a song `NNN/NNN.mid`, with the annotations that stand beside it.

    Raises BadData, naming the file, for anything unreadable.
    """
    require_regular(path, MOST_MIDI_BYTES)
    try:
        midi = scores_extra("pretty_midi").PrettyMIDI(str(path))
    except Exception as error:  # mido raises OSError, EOFError, ValueError, KeyError and more on damaged files
        raise BadData(f"not readable as MIDI ({type(error).__name__}: {error})") from error
    parts = []
    for name in TRACKS:
        notes = [
            PlayedNote(note.start, max(note.end - note.start, SHORTEST_SECONDS), note.pitch, max(note.velocity, 1))
            for instrument in midi.instruments
            if instrument.name.strip().upper() == name
            for note in instrument.notes
        ]
        parts.append(Part(name.lower(), name.lower(), untangled(notes)))
    end = max((note.onset + note.duration for part in parts for note in part.notes), default=0.0)
    return Performance(
        tuple(parts),
        _beats(path.with_name(BEATS_FILE)),
        _labels(path.with_name(KEYS_FILE)),
        end,
        _labels(path.with_name(CHORDS_FILE)),
    )


def _beats(path: Path) -> tuple[Beat, ...]:
    """Beats counted from the last downbeat of four; those before the first downbeat count up to it."""
    rows = [(_seconds(time, path), _seconds(compound, path) > 0) for time, _, compound in _rows(path, 3)]
    first = next((index for index, (_, down) in enumerate(rows) if down), 0)
    beats, number = [], (-first) % 4
    for time, down in rows:
        number = 1 if down else number + 1
        beats.append(Beat(time, number))
    return tuple(beats)


def _labels(path: Path) -> tuple[Label, ...]:
    return changes(Label(_seconds(start, path), name) for start, _, name in _rows(path, 3))


def _seconds(word: str, path: Path) -> float:
    try:
        found = float(word)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise BadData(f"{path.name}: {word!r} is no number")
    return found


def _rows(path: Path, columns: int) -> Sequence[Sequence[str]]:
    if not path.is_file():
        return []
    rows = [line.split() for line in text_of(path).split("\n") if line.strip()]
    if any(len(row) != columns for row in rows):
        raise BadData(f"{path.name}: {columns} columns are needed in every line")
    return rows
