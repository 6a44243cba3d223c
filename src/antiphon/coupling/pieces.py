"""Multitracks as they are heard, with the key and the beat by which hard distractors are chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from antiphon.corpus.synthesis.keys import MAJOR_PROFILE, MINOR_PROFILE
from antiphon.corpus.synthesis.pieces import NOTES_FILE
from antiphon.corpus.track_audio import TrackSound
from antiphon.coupling.features import PARTIALS, PITCH_CLASSES, STEPS_PER_SECOND, CouplingFeatures, FeatureExtractor
from antiphon.errors import BadData
from antiphon.interfaces import Progress, no_progress
from antiphon.perception.envelope import CELLS_PER_SECOND
from antiphon.perception.segmenters import beat_cells
from antiphon.reading import json_file
from antiphon.types import Multitrack, Seconds, Window

LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}

USUAL_BEAT_SECONDS = 0.5
"""Taken where no two beats are found: 120 to the minute."""

NEAR_BEATS = (0.25, 0.75)
"""A shift of less than a beat, in beats."""

SAME_TEMPO = 0.05
"""Two beats that differ by a smaller share are one tempo."""


@dataclass(frozen=True)
class Key:
    """A key by its tonic (0..11 from C) and mode, `maj` or `min`."""

    tonic: int
    mode: str


@dataclass(frozen=True)
class Beat:
    """The usual beat of a piece: how long it is and when the first comes, in steps of 0.05 s."""

    steps: float
    first: float


@dataclass(frozen=True, eq=False)
class HeardPiece:
    """A multitrack as heard: its tracks by name, all of one length, its key at the start, its beat.

    `piece` is what splits and statistics count.
    """

    name: str
    piece: str
    tracks: Mapping[str, CouplingFeatures]
    key: Key
    beat: Beat

    def __len__(self) -> int:
        return len(next(iter(self.tracks.values())))


def hear_pieces(
    windows: Sequence[Window], listener: FeatureExtractor, partials: int = PARTIALS, progress: Progress = no_progress
) -> tuple[HeardPiece, ...]:
    """The parts of multitracks that lie in `windows`, cut to the length that all their tracks have, if there is one.

    Key and beat are those of the score where the corpus was built from one, else as heard. Raises BadData for a track
    that cannot be read.
    """
    found = []
    for done, window in enumerate(windows, 1):
        piece = _heard_piece(window, listener, partials)
        if len(piece) > 0:
            found.append(piece)
        progress("listen", done, len(windows))
    return tuple(found)


def _heard_piece(window: Window, listener: FeatureExtractor, partials: int) -> HeardPiece:
    multitrack = window.multitrack
    whole = {track.name: listener.hear(TrackSound(track), partials) for track in multitrack.tracks}
    start = round(window.start * STEPS_PER_SECOND)
    end = min(round(window.end * STEPS_PER_SECOND), *map(len, whole.values()))
    start = min(start, end)
    tracks = {name: heard.excerpt(start, end - start) for name, heard in whole.items()}
    truth = _truth_of(multitrack)
    key = key_named(truth["keys"][0][1]) if truth.get("keys") else key_heard(list(tracks.values()))
    beats = np.array([time for time, _ in truth["beats"]]) if truth.get("beats") else beats_heard(list(whole.values()))
    return HeardPiece(multitrack.name, multitrack.piece, tracks, key, beat_of(beats - window.start))


def _truth_of(multitrack: Multitrack) -> Mapping[str, list[tuple[float, str]]]:
    """What a corpus built from scores has beside its stems; nothing for any other."""
    file = multitrack.tracks[0].path.parent / NOTES_FILE
    if not file.is_file():
        return {}
    try:
        content = json_file(file)
        return {name: [(float(time), value) for time, value in content[name]] for name in ("keys", "beats")}
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise BadData(f"{file}: not the notes of a rendered piece ({error})") from error


def key_named(name: str) -> Key:
    """The key of a name such as `Gb:maj`. Raises BadData for a name that is none."""
    letter, _, mode = name.partition(":")
    if letter[:1] not in LETTERS or letter[1:].strip("#b") or mode not in {"maj", "min"}:
        raise BadData(f"{name!r} is not a key such as Gb:maj")
    return Key((LETTERS[letter[0]] + letter.count("#") - letter[1:].count("b")) % 12, mode)


def key_heard(tracks: Sequence[CouplingFeatures]) -> Key:
    """The key whose profile (Krumhansl and Kessler, 1982) the mean chroma of all tracks resembles most."""
    chroma = np.sum([heard.frames[:, PITCH_CLASSES].sum(axis=0) for heard in tracks], axis=0)
    profiles = {"maj": MAJOR_PROFILE, "min": MINOR_PROFILE}
    fits = {
        Key(tonic, mode): float(np.corrcoef(chroma, np.roll(profile, tonic))[0, 1]) if np.ptp(chroma) > 0 else 0.0
        for mode, profile in profiles.items()
        for tonic in range(12)
    }
    return max(fits, key=fits.__getitem__)


def beats_heard(tracks: Sequence[CouplingFeatures]) -> Seconds:
    """Beats (n,) in seconds, in the onset strength of all tracks together."""
    cells = min(len(heard.onsets) for heard in tracks)
    strength = np.mean([heard.onsets[:cells] for heard in tracks], axis=0)
    return np.asarray(beat_cells(strength) / CELLS_PER_SECOND, dtype=np.float64)


def beat_of(beats: Seconds) -> Beat:
    """The usual beat of beats (n,) in seconds: their median distance."""
    length = float(np.median(np.diff(beats))) if len(beats) > 1 else USUAL_BEAT_SECONDS
    first = float(beats[0]) if len(beats) else 0.0
    return Beat(length * STEPS_PER_SECOND, first * STEPS_PER_SECOND % (length * STEPS_PER_SECOND))


def on_phase(piece: HeardPiece, phase: float, first: int, last: int, rng: Generator) -> int:
    """A step between `first` and `last` that lies `phase` (0..1) of a beat after one; any step where none does."""
    beats = (np.arange(first, last + 1) - piece.beat.first) / piece.beat.steps - phase
    near = np.flatnonzero(np.abs(beats - np.round(beats)) * piece.beat.steps <= 0.5)
    return first + int(rng.choice(near) if len(near) else rng.integers(last + 1 - first))
