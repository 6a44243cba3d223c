"""What a response can be, from the true partner to noise: the conditions whose order a measure must respect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.random import Generator

from antiphon.audio import mono
from antiphon.corpus.track_audio import read_track
from antiphon.coupling.features import STEPS_PER_SECOND, CouplingFeatures, FeatureExtractor
from antiphon.coupling.pieces import NEAR_BEATS, SAME_TEMPO, HeardPiece, on_phase
from antiphon.errors import BadData
from antiphon.interfaces import Progress, no_progress
from antiphon.perception.block_encoding import sound_of
from antiphon.types import Audio, Floats, Window

EXCERPT_STEPS = 10 * STEPS_PER_SECOND

FAR_BEATS = (2, 3, 4, 5, 6, 7, 8)
"""Shifts of more than a beat keep the metre: the hardest of them, for rhythm alone does not tell."""

MEMORY_SECONDS = 0.5
"""Length of the segments of which the random response is made, the paper's longest."""

JOINT_SECONDS = 0.01
"""Overlap of two of these segments, faded: no click tells them."""

NOISE_SECONDS, NOISE_AMPLITUDE = 40, 0.1


class Condition(StrEnum):
    """Where a response comes from."""

    TRUE = "true B"
    NEAR = "shifted by less than a beat"
    FAR = "shifted by more than a beat"
    SAME_KEY = "another piece's B, same key and tempo"
    OTHER = "another piece's B"
    TRANSPOSED = "transposed B"
    ITSELF = "A itself"
    RANDOM = "random segments of the memory"
    NOISE = "noise"


@dataclass(frozen=True, eq=False)
class Trial:
    """A guide of 10 s, and what could answer it under each condition. `piece` is what statistics count."""

    piece: str
    guide: CouplingFeatures
    responses: Mapping[Condition, CouplingFeatures]


@dataclass(frozen=True, eq=False)
class Stranger:
    """A track that belongs to no trial's guide: the piece it is made of, its name there, and what is heard."""

    piece: str
    track: str
    heard: CouplingFeatures


@dataclass(frozen=True, eq=False)
class Distractors:
    """Responses that had to be made as sound: shuffled memories, and noise."""

    shuffled: tuple[Stranger, ...]
    noise: CouplingFeatures


def make_distractors(
    windows: Sequence[Window], listener: FeatureExtractor, seed: int, progress: Progress = no_progress
) -> Distractors:
    """One track of each piece as random segments of itself, and white noise at -20 dBFS.

    Which track of a piece goes round: the first of the first, the second of the second.
    """
    rng = np.random.default_rng(seed)
    shuffled = []
    for number, window in enumerate(windows):
        track = window.multitrack.tracks[number % len(window.multitrack.tracks)]
        sound = read_track(track, window.start, window.end - window.start)
        heard = listener.hear(sound_of(shuffled_audio(sound, rng)))
        shuffled.append(Stranger(window.multitrack.piece, track.name, heard))
        progress("shuffle", number + 1, len(windows))
    samples = NOISE_AMPLITUDE * rng.standard_normal((NOISE_SECONDS * 22050, 1)).astype(np.float32)
    return Distractors(tuple(shuffled), listener.hear(sound_of(Audio(samples, 22050))))


def shuffled_audio(audio: Audio, rng: Generator) -> Audio:
    """Segments of half a second of a sound in random order, each faded into the next over 10 ms."""
    samples = mono(audio).samples[:, 0]
    length, overlap = round(MEMORY_SECONDS * audio.sample_rate), round(JOINT_SECONDS * audio.sample_rate)
    count = max(1, (len(samples) - overlap) // length)
    fade = np.linspace(0, 1, overlap, dtype=np.float32)
    result = np.zeros(count * length + overlap, dtype=np.float32)
    for place, segment in enumerate(rng.permutation(count)):
        part: Floats = samples[segment * length : (segment + 1) * length + overlap].copy()
        part = np.pad(part, (0, length + overlap - len(part)))
        part[:overlap] *= fade
        part[length:] *= fade[::-1]
        result[place * length : (place + 1) * length + overlap] += part
    return Audio(result[:, np.newaxis], audio.sample_rate, audio.source)


def draw_trials(pieces: Sequence[HeardPiece], distractors: Distractors, count: int, seed: int) -> tuple[Trial, ...]:
    """`count` trials, as many for each piece as for any other, give or take one.

    Guides come from pieces that share key and tempo with another piece, and that a shift of more than a beat fits into;
    the others only distract. Raises BadData where there are no such pieces.
    """
    rng = np.random.default_rng(seed)
    long_enough = [piece for piece in pieces if len(piece) >= EXCERPT_STEPS and len(piece.tracks) > 1]
    usable = [piece for piece in long_enough if _same_key(piece, long_enough) and _has_room(piece)]
    if not usable:
        raise BadData(
            "nothing to calibrate on: no two held-out pieces of 11 s or more share a key and a tempo; "
            "calibrate on a larger corpus"
        )
    order = [usable[index] for _ in range(-(-count // len(usable))) for index in rng.permutation(len(usable))]
    return tuple(_trial(piece, long_enough, distractors, rng) for piece in order[:count])


def _has_room(piece: HeardPiece) -> bool:
    return len(piece) >= EXCERPT_STEPS + round(min(FAR_BEATS) * piece.beat.steps)


def _same_key(piece: HeardPiece, others: Sequence[HeardPiece]) -> list[HeardPiece]:
    tempo = piece.beat.steps
    return [
        other
        for other in others
        if other.piece != piece.piece
        and other.key == piece.key
        and abs(other.beat.steps - tempo) <= SAME_TEMPO * tempo
        and len(other) >= EXCERPT_STEPS + tempo
    ]


def _trial(piece: HeardPiece, pieces: Sequence[HeardPiece], distractors: Distractors, rng: Generator) -> Trial:
    names = list(piece.tracks)
    a, b = (names[index] for index in rng.permutation(len(names))[:2])
    last = len(piece) - EXCERPT_STEPS
    near = round(rng.uniform(*NEAR_BEATS) * piece.beat.steps)
    far = round(int(rng.choice([each for each in FAR_BEATS if each * piece.beat.steps <= last])) * piece.beat.steps)
    # A start from which the response can be read both that much later or, if not, that much earlier.
    start = int(rng.integers(0, last + 1 - far)) + (far if rng.random() < 0.5 else 0)
    guide, true = piece.tracks[a].excerpt(start, EXCERPT_STEPS), piece.tracks[b]
    phase = (start - piece.beat.first) / piece.beat.steps % 1
    relative = _chosen(_same_key(piece, pieces), rng)
    stranger = _chosen([other for other in pieces if other.piece != piece.piece], rng)
    memory = _shuffled(piece, b, distractors, rng)
    at = {
        Condition.TRUE: start,
        Condition.NEAR: _shifted(start, near, last, rng),
        Condition.FAR: _shifted(start, far, last, rng),
    }
    responses = {condition: true.excerpt(place, EXCERPT_STEPS) for condition, place in at.items()}
    relative_start = on_phase(relative, phase, 0, len(relative) - EXCERPT_STEPS, rng)
    responses |= {
        Condition.SAME_KEY: _like(relative, b, rng).excerpt(relative_start, EXCERPT_STEPS),
        Condition.OTHER: _anywhere(_like(stranger, b, rng), rng),
        Condition.TRANSPOSED: responses[Condition.TRUE].transposed(
            int(rng.choice([-6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5]))
        ),
        Condition.ITSELF: guide,
        Condition.RANDOM: _anywhere(memory, rng),
        Condition.NOISE: _anywhere(distractors.noise, rng),
    }
    return Trial(piece.piece, guide, responses)


def _chosen(pieces: Sequence[HeardPiece], rng: Generator) -> HeardPiece:
    return pieces[int(rng.integers(len(pieces)))]


def _like(piece: HeardPiece, track: str, rng: Generator) -> CouplingFeatures:
    """The track of that name where a piece has one, else any."""
    return piece.tracks[track if track in piece.tracks else str(rng.choice(list(piece.tracks)))]


def _shuffled(piece: HeardPiece, track: str, distractors: Distractors, rng: Generator) -> CouplingFeatures:
    """A memory of another piece, of the same instrument or voice where there is one."""
    foreign = [each for each in distractors.shuffled if each.piece != piece.piece and len(each.heard) >= EXCERPT_STEPS]
    alike = [each for each in foreign if each.track == track] or foreign
    if not alike:
        raise BadData("nothing to calibrate on: no other piece is 10 s long")
    return alike[int(rng.integers(len(alike)))].heard


def _anywhere(heard: CouplingFeatures, rng: Generator) -> CouplingFeatures:
    return heard.excerpt(int(rng.integers(0, len(heard) - EXCERPT_STEPS + 1)), EXCERPT_STEPS)


def _shifted(start: int, by: int, last: int, rng: Generator) -> int:
    """`start` moved earlier or later, whichever the track has room for."""
    places = [place for place in (start - by, start + by) if 0 <= place <= last]
    return places[int(rng.integers(len(places)))]
