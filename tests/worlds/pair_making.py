"""Pairs of planted worlds as sound, and agents that remember one."""

from dataclasses import replace

import numpy as np

from antiphon.corpus.planted import PlantedSettings, planted_tokens
from antiphon.corpus.planted.sound import VOICES, planted_audio
from antiphon.training.remembering import remember

MINUTES = 2
"""Of the pair that is remembered."""


def sounded(ids, part, settings):
    generator = np.random.default_rng([settings.seed, part == "b"])
    return replace(planted_audio(ids, part, settings, VOICES[part], generator), source=part)


def taught(agent, world):
    settings = PlantedSettings(world, pieces=1, segments=120 * MINUTES, seed=1)
    (pair,) = planted_tokens(settings)
    return remember(agent, [(sounded(pair.a, "a", settings), sounded(pair.b, "b", settings))])


def new_piece(settings):
    """A new piece, and the tokens of B of the others, of which the memory is made."""
    new, *others = planted_tokens(settings)
    return new, np.concatenate([pair.b for pair in others])
