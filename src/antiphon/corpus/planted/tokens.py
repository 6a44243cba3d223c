"""The pieces of a planted world as tokens, drawn from the very probabilities of which `bounds` computes the bounds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from antiphon.corpus.planted.chains import draw, path
from antiphon.corpus.planted.relations import Process, relation_of
from antiphon.corpus.planted.settings import PlantedSettings
from antiphon.types import Ids

GUIDE, PARTNER = 0, 1
"""The streams of random numbers of A and B: the noise of B never changes A."""


class PlantedPair(NamedTuple):
    """Class ids (segments,) of two simultaneous tracks."""

    a: Ids
    b: Ids


def planted_tokens(settings: PlantedSettings) -> tuple[PlantedPair, ...]:
    """The pieces of a world. Each depends on the seed and its own number only: more pieces change none."""
    process = relation_of(settings).process
    return tuple(_pair(process, settings, piece) for piece in range(settings.pieces))


def _pair(process: Process, settings: PlantedSettings, piece: int) -> PlantedPair:
    generator = np.random.default_rng([settings.seed, piece, GUIDE])
    states = path(process.states, settings.segments, generator)
    own = path(process.guide_free, settings.segments, generator)
    a = process.guide[states] * process.guide_free.size + own
    return PlantedPair(a, _played(process, process.answer[states], settings, piece))


def _played(process: Process, asked: Ids, settings: PlantedSettings, piece: int) -> Ids:
    """B's tokens, where the relation asks for the planted parts `asked` (segments,) without delay and noise."""
    generator = np.random.default_rng([settings.seed, piece, PARTNER])
    free = process.answer_free
    played: list[int] = []
    for segment in range(settings.segments):
        late = generator.random() < settings.late
        slips = generator.random() < settings.slip
        before = played[-1] if played else None
        if before is not None and late:
            played.append(before)
        elif segment < process.delay:
            lead_in = process.lead_in
            played.append(draw(lead_in.initial if before is None else lead_in.transition[before], generator))
        else:
            planted = int(asked[segment - process.delay])
            if slips and planted < process.sounding > 1:
                planted = (planted + int(generator.integers(1, process.sounding))) % process.sounding
            other = draw(free.initial if before is None else free.transition[before % free.size], generator)
            played.append(planted * free.size + other)
    return np.array(played, dtype=np.int64)
