"""Memories, specifications and class distances for the tests of A."""

import itertools
from collections.abc import Sequence

import numpy as np

from antiphon.action import provenance
from antiphon.action.rendering.runs import runs
from antiphon.config import ActionSettings
from antiphon.types import Alphabet, Audio, Memory, MemoryPart, Response, Selection, Specification, Tokens

ALPHABET = "test"


def uniform(count: int, seconds: float = 0.5) -> np.ndarray:
    return np.stack([np.arange(count), np.arange(1, count + 1)], axis=1) * seconds


def plain(**changes) -> ActionSettings:
    """Exactly the labels that are asked for, where only joins cost something; and what a test is about."""
    return ActionSettings(**{"match": "class", "phrase_cost": 0, "novelty": 0, **changes})


def specification(ids: Sequence[int], seconds: float = 0.5) -> Specification:
    tokens = Tokens(np.array(ids, dtype=np.int64), uniform(len(ids), seconds), ALPHABET)
    return Specification(tokens, np.full(len(ids), -0.5))


def memory(ids: Sequence[int], seconds: float = 0.5, rate: int = 100, channels: int = 1, parts: Sequence[int] = ()):
    """Noise with these labels; a new part begins at each of the segments `parts`."""
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (round(len(ids) * seconds * rate), channels))
    return with_sound(ids, samples.astype(np.float32), rate, seconds, parts)


def with_sound(ids, samples, rate: int, seconds: float = 0.5, parts: Sequence[int] = ()) -> Memory:
    bounds = [0, *(round(part * seconds * rate) for part in parts), len(samples)]
    files = tuple(
        MemoryPart(f"{index}.wav", start, end) for index, (start, end) in enumerate(itertools.pairwise(bounds))
    )
    intervals = uniform(len(ids), seconds)
    if len(ids):
        intervals[-1, 1] = len(samples) / rate
    return Memory(Audio(samples, rate), Tokens(np.array(ids, dtype=np.int64), intervals, ALPHABET), files)


def distances(classes: int, rest: bool = False) -> np.ndarray:
    """Class i lies at i on a line, so the nearest is the nearest number; the last may be a rest."""
    line = np.arange(classes, dtype=np.float64)
    table = np.abs(line[:, None] - line)
    if rest:
        table[-1, :-1] = table[:-1, -1] = np.inf
    return table


def path(segments: Sequence[int], source: Memory) -> Selection:
    """A selection made by hand: these segments, with their own labels; SILENCE is a rest, 9."""
    chosen = np.array(segments, dtype=np.int64)
    played = np.where(chosen < 0, 9, source.tokens.ids[chosen]) if len(chosen) else chosen
    return Selection(chosen, played, np.zeros(len(chosen)))


def alphabet(size: int = 9) -> Alphabet:
    return Alphabet(np.zeros((size, 2), np.float32), np.ones(2, np.float32), -60.0, True, "made up", ALPHABET)


def response(sound: Audio, asked: Specification, selection: Selection, source: Memory) -> Response:
    copies = runs(selection, source, asked.tokens.intervals)
    found = provenance.events(asked, selection, source, copies)
    return Response(sound, asked.tokens, asked, selection, found, {"seed": 1}, copies)
