"""What each class of an alphabet sounds like, and how it is used: the measured sheet (paper 7.2 finds them opaque)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from antiphon.agent import Agent
from antiphon.config import EncoderSettings, PerceptionSettings
from antiphon.corpus.manifest import Corpus
from antiphon.corpus.track_audio import TrackSound
from antiphon.dataset import EncodedTrack, encode
from antiphon.interfaces import Progress, no_progress
from antiphon.perception.alphabet_quality import AlphabetQuality, quality_of_alphabet
from antiphon.perception.cache import FrameCache, default_directory
from antiphon.perception.encoders.notes import NotesEncoder
from antiphon.perception.perception import Perception
from antiphon.perception.quantizers import class_distances, make_quantizer
from antiphon.types import Alphabet, Floats, Ids, Segments, Track

EXAMPLES = 4
"""Audible examples of a class, each from another track as far as there are so many."""

NEIGHBOURS = 4
"""How many neighbours and successors of a class are named."""

Shares = NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """A segment of a class: where its sound lies, in seconds of its track."""

    track: Track
    start: float
    end: float


@dataclass(frozen=True, eq=False)
class ClassSheet:
    """One class. `share` of all segments (0..1); `run_mean` and `run_longest` in segments; `level` in dBFS.

    `pitch_classes` (12,) from C and `registers` (8,) from low to high are mean note posteriors. `neighbours` are the
    nearest classes with their distances, `successors` the classes that follow most often with their probabilities, the
    class itself left out.
    """

    id: int
    count: int
    share: float
    run_mean: float
    run_longest: int
    level: float
    pitch_classes: Floats
    registers: Floats
    neighbours: tuple[tuple[int, float], ...]
    successors: tuple[tuple[int, float], ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, eq=False)
class AlphabetSheet:
    """All classes that occur, the most frequent first, and how one follows another.

    `transitions` (classes, classes) are probabilities by row; `order` (classes,) puts alike classes side by side.
    """

    alphabet: Alphabet
    account: AlphabetQuality
    classes: tuple[ClassSheet, ...]
    transitions: Shares
    order: Ids


def sheet_of(agent: Agent, corpus: Corpus, progress: Progress = no_progress) -> AlphabetSheet:
    """Measure every class of an agent's alphabet on all tracks of a corpus. Raises BadData as `dataset.encode` does."""
    settings, workers = agent.settings.corpus, os.cpu_count() or 1
    encoded = encode(corpus.multitracks, agent.perception, settings, workers, progress)
    tracks = [track for group in encoded.values() for track in group if not track.only]
    quantizer = make_quantizer(agent.alphabet)
    ids = [quantizer(track.segments) for track in tracks]
    segments = Segments(
        np.concatenate([track.segments.vectors for track in tracks]),
        np.concatenate([track.segments.level for track in tracks]),
    )
    transitions = _transitions(ids, agent.alphabet.classes)
    profiles = _profiles(tracks, agent, progress)
    distances = class_distances(agent.alphabet)
    together = np.concatenate(ids)
    present = np.bincount(together, minlength=agent.alphabet.classes)
    runs = _runs(ids)
    nearest = _nearest_segments(tracks, ids, agent.alphabet)
    classes = tuple(
        ClassSheet(
            id=int(token),
            count=int(present[token]),
            share=float(present[token] / len(together)),
            run_mean=float(np.mean(runs[int(token)])),
            run_longest=max(runs[int(token)]),
            level=float(segments.level[together == token].mean()),
            pitch_classes=profiles[together == token, :12].mean(axis=0),
            registers=profiles[together == token, 12:].mean(axis=0),
            neighbours=_best(-distances[token], token, distances[token]),
            successors=_best(transitions[token], token, transitions[token]),
            examples=nearest[int(token)],
        )
        for token in np.argsort(-present, kind="stable")
        if present[token] > 0
    )
    return AlphabetSheet(
        agent.alphabet,
        quality_of_alphabet(agent.alphabet, segments),
        classes,
        transitions,
        _similarity_order(agent.alphabet),
    )


def _transitions(ids: Sequence[Ids], classes: int) -> Shares:
    counts = np.zeros((classes, classes))
    for track in ids:
        np.add.at(counts, (track[:-1], track[1:]), 1)
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def _runs(ids: Sequence[Ids]) -> Mapping[int, list[int]]:
    """Lengths of the unbroken runs of each class."""
    found: dict[int, list[int]] = {}
    for track in ids:
        edges = np.concatenate([[0], np.flatnonzero(np.diff(track)) + 1, [len(track)]])
        for start, end in pairwise(edges.tolist()):
            found.setdefault(int(track[start]), []).append(end - start)
    return found


def _profiles(tracks: Sequence[EncodedTrack], agent: Agent, progress: Progress) -> Floats:
    """Mean posteriors (segments, 12 + 8) of pitch classes and registers, whatever the agent's own encoder is."""
    settings = PerceptionSettings(encoder=EncoderSettings(name="notes"))
    encoder = NotesEncoder(settings.encoder)
    listener = Perception(settings, encoder, FrameCache(default_directory()))
    weights = settings.encoder.pitch_class_weight, settings.encoder.register_weight
    parts = []
    for done, track in enumerate(tracks, 1):
        heard, _ = listener.segments(TrackSound(track.track), track.intervals)
        pitch_classes = heard.vectors[:, encoder.pitch_class_dimensions] / weights[0]
        registers = heard.vectors[:, encoder.register_dimensions] / weights[1]
        parts.append(np.concatenate([pitch_classes, registers], axis=1))
        progress("profiles", done, len(tracks))
    return np.concatenate(parts)


def _best(value: Shares, token: int, shown: Shares) -> tuple[tuple[int, float], ...]:
    order = [each for each in np.argsort(-value, kind="stable").tolist() if each != token and np.isfinite(shown[each])]
    return tuple((each, float(shown[each])) for each in order[:NEIGHBOURS] if value[each] != 0)


def _nearest_segments(
    tracks: Sequence[EncodedTrack], ids: Sequence[Ids], alphabet: Alphabet
) -> Mapping[int, tuple[Example, ...]]:
    """For each class the segments nearest to its centroid, the best of each track before the second best of any."""
    found: dict[int, list[tuple[int, float, Example]]] = {}
    for track, tokens in zip(tracks, ids, strict=True):
        for token in np.unique(tokens).tolist():
            for rank, (distance, index) in enumerate(_ranked(track, np.flatnonzero(tokens == token), token, alphabet)):
                start, end = track.intervals[index]
                found.setdefault(token, []).append((rank, distance, Example(track.track, float(start), float(end))))
    return {
        token: tuple(example for _, _, example in sorted(each, key=lambda row: row[:2])[:EXAMPLES])
        for token, each in found.items()
    }


def _ranked(track: EncodedTrack, indices: Ids, token: int, alphabet: Alphabet) -> Iterator[tuple[float, int]]:
    """The few segments of a track nearest to a class; the rest has no centroid, and takes them as they come."""
    if token == alphabet.size:
        distances = np.zeros(len(indices))
    else:
        distances = np.linalg.norm(
            track.segments.vectors[indices] / alphabet.scale - alphabet.centroids[token], axis=1
        ).astype(np.float64)
    best = np.argsort(distances, kind="stable")[:EXAMPLES]
    return ((float(distances[each]), int(indices[each])) for each in best)


def _similarity_order(alphabet: Alphabet) -> Ids:
    """All ids, the leaves of an average-linkage tree of the centroids from left to right, the rest behind them."""
    from scipy.cluster.hierarchy import leaves_list, linkage

    leaves = leaves_list(linkage(alphabet.centroids.astype(np.float64), method="average", optimal_ordering=True))
    return np.append(leaves, [alphabet.rest] * int(alphabet.has_rest)).astype(np.int64)
