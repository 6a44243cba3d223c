"""Recordings to a memory: joined in the rate and channels of the first one, each with its tokens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from antiphon.audio import resampled, with_channels
from antiphon.errors import BadData
from antiphon.perception.perception import Perception
from antiphon.perception.quantizers import class_probabilities, make_quantizer
from antiphon.types import Alphabet, Audio, Memory, MemoryPart, Tokens


def joined_memory(recordings: Sequence[Audio], perception: Perception, alphabet: Alphabet) -> Memory:
    """A memory of one or more recordings. Raises BadData where there is none, or nothing in them sounds."""
    if not recordings:
        raise BadData("a memory needs at least one recording")
    rate, channels = recordings[0].sample_rate, recordings[0].channels
    alike = [with_channels(resampled(recording, rate), channels) for recording in recordings]
    edges = np.concatenate([[0], np.cumsum([len(part.samples) for part in alike])])
    perception.require(alphabet)
    heard = [perception.segments(part) for part in alike]
    ids = np.concatenate([make_quantizer(alphabet)(segments) for segments, _ in heard])
    if alphabet.has_rest and bool(np.all(ids == alphabet.rest)):
        names = ", ".join(part.source or "the memory" for part in recordings)
        raise BadData(f"{names}: nothing sounds in it, so there is nothing to play")
    intervals = np.concatenate([grid + edge / rate for (_, grid), edge in zip(heard, edges[:-1], strict=True)])
    return Memory(
        Audio(np.concatenate([part.samples for part in alike]), rate, alike[0].source),
        Tokens(ids, intervals, alphabet.id),
        tuple(
            MemoryPart(part.source, int(start), int(end))
            for part, start, end in zip(alike, edges[:-1], edges[1:], strict=True)
        ),
        np.concatenate([class_probabilities(alphabet, segments) for segments, _ in heard]),
    )
