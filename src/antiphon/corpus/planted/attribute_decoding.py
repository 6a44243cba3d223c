"""From what an ear hears to what was planted: the map by which predictions from audio are scored on the attribute."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from antiphon.corpus.planted.bounds import attribute
from antiphon.corpus.planted.settings import PlantedSettings
from antiphon.errors import BadData
from antiphon.types import Ids, Response

NOTHING_PLAYED = -1
"""The attribute of silence, but in call and response, where it is that B rests."""


def attribute_from_audio(heard: Sequence[Ids], planted: Sequence[Ids], distances: NDArray[np.float64]) -> Ids:
    """For each of the ear's classes, the planted attribute (classes,) with which it goes together most often.

    `heard` are the tokens of the training pieces' b in the ear's alphabet, `planted` their true attributes
    (`attribute`), piece by piece and of equal lengths. `distances` (classes, classes) say how far each class is from
    each other (`class_distances`): one that never sounds there is heard as the nearest that does. With the map m, a
    prediction from audio is scored by `true_positive_percentage(m[predicted], planted)` on the test pieces. Raises
    BadData where pieces differ in length, or where there are none.
    """
    if not heard or [len(piece) for piece in heard] != [len(piece) for piece in planted]:
        raise BadData("heard and planted must be the same pieces, of the same lengths, one at least")
    ears, truths = np.concatenate(heard), np.concatenate(planted)
    together = np.zeros((len(distances), int(truths.max()) + 1), dtype=np.int64)
    np.add.at(together, (ears, truths), 1)
    known = np.flatnonzero(together.sum(axis=1))
    nearest = known[np.argmin(distances[:, known], axis=1)]
    return np.asarray(together[nearest].argmax(axis=1), dtype=np.int64)


def attribute_played(response: Response, memory: Ids, settings: PlantedSettings) -> Ids:
    """The planted attribute (n,) of what sounds in the middle of each of the guide's segments, or NOTHING_PLAYED.

    `memory` are the tokens (m,) of B of which the memory's sound is made, a segment each.
    """
    frames = response.audio.sample_rate * settings.segment_seconds
    middles = np.round((np.arange(len(response.audio.samples) // frames) + 0.5) * frames).astype(np.int64)
    found = np.full(len(middles), -1)
    for run in response.runs:
        inside = (run.start <= middles) & (middles < run.end)
        if run.part is not None:
            found[inside] = (run.source + middles[inside] - run.start) / frames
    silence = 0 if settings.world == "call-and-response" else NOTHING_PLAYED
    return np.where(found < 0, silence, attribute(settings, memory).ids[np.maximum(found, 0)])
