"""What a token says: its classes beside the score, on pieces that the alphabet was not fitted on.

Pure functions from tokens and the truth to measures. Shared information is the adjusted mutual information of Vinh,
Epps and Bailey (2010): 0 for classes drawn by chance, however many there are, 1 where either tells the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from antiphon.types import Floats, Ids, Seconds

Notes = NDArray[np.float64]
"""Notes (m, 3 or more): onset and duration in seconds, MIDI pitch, and whatever else."""

LEFT_OUT = -1
"""Label of a segment about which the truth says nothing."""

SHORTEST_SHARE = 0.1
"""A note that fills less of a segment than this belongs to its neighbour: an end that reaches over, not a sound."""

MOST_ONSETS = 6
"""Six onsets in a segment and more are one label."""

LOUDNESS_STEP_DB = 6.0
"""Levels are told apart in steps of twice the amplitude."""

PERCUSSION_SOUNDS = 61
"""General MIDI's, 27 to 87: as many as an integer has room for."""

GROUPS = 10
"""At most so many groups of pieces, each left out once."""


@dataclass(frozen=True, eq=False)
class ProbedTrack:
    """Tokens of a track, `ids` (n,), and its truth: for each name a label (n,) per segment, LEFT_OUT where none holds.

    `line` names the truth whose own repeats those of the tokens are held against; empty where there is none.
    """

    piece: str
    instrument: str
    ids: Ids
    truth: Mapping[str, Ids]
    line: str = ""

    def __post_init__(self) -> None:
        if any(labels.shape != self.ids.shape for labels in self.truth.values()):
            raise ValueError("one label per token")


POSSIBLE = {"balance": (0.0, 1.0), "repeats": (0.0, 1.0), "repeats of the music": (0.0, 1.0)}
"""Between what a measure can lie, where that is the same for every alphabet."""

SHARED = (-np.inf, 1.0)
"""The same for shared information, which is below 0 where two labellings agree less than by chance."""

Statistic = Callable[[Sequence[ProbedTrack]], float]
"""A number of several tracks together."""


@dataclass(frozen=True)
class Measure:
    """A value over all pieces, and its 95 % interval by leaving pieces out (jackknife)."""

    value: float
    low: float
    high: float


def pitched_truth(notes: Notes, intervals: Seconds) -> dict[str, Ids]:
    """What sounds in each interval (n, 2): `pitch`, `pitch class`, `chord`, `onsets`.

    The pitch is that of the note that sounds longest, of equals the lowest; the pitch class is the pitch's; the chord
    is the set of all pitch classes that sound. Segments without a note are left out of these three: no class is right
    there.
    """
    pitch = np.full(len(intervals), LEFT_OUT, dtype=np.int64)
    chord = np.full(len(intervals), LEFT_OUT, dtype=np.int64)
    for index, sounding in enumerate(_sounding(notes, intervals)):
        if sounding:
            pitch[index] = min(sounding, key=lambda each: (-round(sounding[each], 3), each))
            chord[index] = sum(1 << each for each in {each % 12 for each in sounding})
    pitch_class = np.where(pitch == LEFT_OUT, LEFT_OUT, pitch % 12)
    return {"pitch": pitch, "pitch class": pitch_class, "chord": chord, "onsets": onset_counts(notes, intervals)}


def percussion_truth(notes: Notes, intervals: Seconds) -> dict[str, Ids]:
    """What is struck in each interval (n, 2): `sounds`, the set of them, and `onsets`.

    A written duration says nothing here: a cymbal rings as long as it likes.
    """
    struck: list[set[int]] = [set() for _ in intervals]
    for onset, _, sound in notes[:, :3]:
        if (index := _interval_of(onset, intervals)) is not None:
            struck[index].add(int(sound))
    sounds = [sum(1 << each % PERCUSSION_SOUNDS for each in found) if found else LEFT_OUT for found in struck]
    named = np.array(sounds, dtype=np.int64)
    return {"sounds": named, "onsets": onset_counts(notes, intervals)}


def onset_counts(notes: Notes, intervals: Seconds) -> Ids:
    """How many notes begin in each interval (n, 2), counted up to MOST_ONSETS."""
    counts = np.zeros(len(intervals), dtype=np.int64)
    for onset in notes[:, 0]:
        if (index := _interval_of(onset, intervals)) is not None:
            counts[index] += 1
    return np.minimum(counts, MOST_ONSETS)


def loudness_labels(level: Floats) -> Ids:
    """Levels (n,) in dBFS as labels, 6 dB each."""
    return np.asarray(np.maximum(np.round(level / LOUDNESS_STEP_DB) + 100, 0), dtype=np.int64)


def probe(tracks: Sequence[ProbedTrack], size: int) -> dict[str, Measure]:
    """Every measure of the tokens of `tracks`, whose alphabet has `size` classes; rests, ids from there on, are left
    out.

    The information shared with each truth and with the `instrument`: how much of a token only says who plays.
    `balance`: entropy over that of equally frequent classes; `dead`: classes that never occur. `repeats`: share of
    tokens equal to the one before, and `repeats of the music`: of the line itself. Raises ValueError where there is no
    sounding token.
    """
    if not any((track.ids < size).any() for track in tracks):
        raise ValueError("there is no sounding token to probe")
    names = sorted({name for track in tracks for name in track.truth})
    functions: dict[str, Statistic] = {name: partial(_shared_with, size=size, name=name) for name in names}
    functions["instrument"] = lambda some: shared_information(*_with_instruments(some, size))
    functions["balance"] = lambda some: balance(_ids(some, size), size)
    functions["dead"] = lambda some: size - len(np.unique(_ids(some, size)))
    functions["repeats"] = partial(_repeats, size=size)
    functions["repeats of the music"] = partial(_repeats_of_the_music, size=size)
    possible = {"dead": (0.0, float(size)), **POSSIBLE}
    return {name: jackknifed(function, tracks, possible.get(name, SHARED)) for name, function in functions.items()}


def shared_information(ids: Ids, labels: Ids) -> float:
    """Adjusted mutual information of two labellings (n,): 1 the same, 0 by chance."""
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(labels, ids))


def balance(ids: Ids, size: int) -> float:
    """Entropy of ids (n,) over log of `size`: 1 where all classes are equally frequent."""
    shares = np.bincount(ids, minlength=size) / len(ids)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum() / np.log(size)) + 0.0


def jackknifed(
    function: Statistic, tracks: Sequence[ProbedTrack], possible: tuple[float, float] = (-np.inf, np.inf)
) -> Measure:
    """`function` of all tracks, and a 95 % interval by leaving out one group of pieces after another.

    A bootstrap would draw a piece twice, which looks like agreement to an information measure; leaving out does not
    (Efron and Stein, 1981). For a single piece low and high equal the value. The interval is symmetric, and reaches
    beyond what a measure can be where its value is near the end of that: it is cut to the `possible` range.
    """
    value = function(tracks)
    pieces = sorted({track.piece for track in tracks})
    groups = min(GROUPS, len(pieces))
    if groups < 2:
        return Measure(value, value, value)
    group_of = {piece: number % groups for number, piece in enumerate(pieces)}
    left = [function([track for track in tracks if group_of[track.piece] != group]) for group in range(groups)]
    error = float(np.sqrt((groups - 1) * np.var(left)))
    least, most = possible
    low, high = np.clip([value - 1.96 * error, value + 1.96 * error], least, most).tolist()
    return Measure(value, low, high)


def _sounding(notes: Notes, intervals: Seconds) -> list[dict[int, float]]:
    """For each interval (n, 2) the pitches that fill enough of it, and the seconds that they sound."""
    found: list[dict[int, float]] = [{} for _ in intervals]
    for onset, duration, pitch in notes[:, :3]:
        first = int(np.searchsorted(intervals[:, 1], onset, side="right"))
        for index in range(first, len(intervals)):
            start, end = intervals[index]
            if start >= onset + duration:
                break
            seconds = min(end, onset + duration) - max(start, onset)
            found[index][int(pitch)] = found[index].get(int(pitch), 0.0) + seconds
    lengths = intervals[:, 1] - intervals[:, 0]
    return [
        {pitch: seconds for pitch, seconds in sounding.items() if seconds >= SHORTEST_SHARE * length}
        for sounding, length in zip(found, lengths, strict=True)
    ]


def _interval_of(time: float, intervals: Seconds) -> int | None:
    """The index of the interval (n, 2) in which a time lies; None between intervals and outside."""
    index = int(np.searchsorted(intervals[:, 0], time + 1e-6, side="right")) - 1
    return index if index >= 0 and time < intervals[index, 1] else None


def _ids(tracks: Sequence[ProbedTrack], size: int) -> Ids:
    ids = np.concatenate([track.ids for track in tracks])
    return np.asarray(ids[ids < size], dtype=np.int64)


def _shared_with(tracks: Sequence[ProbedTrack], size: int, name: str) -> float:
    """What the tokens share with the truth called `name`, where tracks have it; nan where none has."""
    having = [track for track in tracks if name in track.truth]
    if not having:
        return np.nan
    ids = np.concatenate([track.ids for track in having])
    labels = np.concatenate([track.truth[name] for track in having])
    kept = (ids < size) & (labels != LEFT_OUT)
    return shared_information(ids[kept], labels[kept])


def _with_instruments(tracks: Sequence[ProbedTrack], size: int) -> tuple[Ids, Ids]:
    names = sorted({track.instrument for track in tracks})
    number = {name: index for index, name in enumerate(names)}
    labels = np.concatenate([np.full(len(track.ids), number[track.instrument]) for track in tracks])
    ids = np.concatenate([track.ids for track in tracks])
    return ids[ids < size], labels[ids < size]


def _repeats(tracks: Sequence[ProbedTrack], size: int) -> float:
    """Share of tokens that are that of the segment before; of a track that has a line, where the line is known."""
    return _share([_same(track.ids, _spoken_of(track, size)) for track in tracks])


def _repeats_of_the_music(tracks: Sequence[ProbedTrack], size: int) -> float:
    """Share of the same segments whose truth is that of the segment before; nan where no track has a line."""
    return _share([_same(track.truth[track.line], _spoken_of(track, size)) for track in tracks if track.line])


def _spoken_of(track: ProbedTrack, size: int) -> NDArray[np.bool_]:
    sounding = track.ids < size
    return np.asarray(sounding & (track.truth[track.line] != LEFT_OUT) if track.line else sounding)


def _same(labels: Ids, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """For each two neighbours that are both kept, whether their labels are the same."""
    return np.asarray((labels[1:] == labels[:-1])[kept[1:] & kept[:-1]])


def _share(found: Sequence[NDArray[np.bool_]]) -> float:
    together = np.concatenate([np.zeros(0, dtype=np.bool_), *found])
    return float(together.mean()) if len(together) else np.nan
