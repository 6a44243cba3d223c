"""Which General MIDI instrument plays a part: drawn with a seed from those that suit its role, or given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from antiphon.corpus.synthesis.extras import scores_extra
from antiphon.corpus.synthesis.performance import Part
from antiphon.errors import SettingsError

PROGRAMS = 128
"""General MIDI has so many, counted from 0 here."""

POOLS: Mapping[str, tuple[int, ...]] = {
    # choir aahs, voice oohs; violin, viola, cello; horn, saxophones, oboe, English horn, bassoon, clarinet, flute
    "voice": (52, 53, 40, 41, 42, 60, 64, 65, 66, 68, 69, 70, 71, 73),
    # grand, bright and electric grand pianos, electric piano, harpsichord, nylon and steel guitar, harp, vibraphone
    "piano": (0, 0, 1, 2, 4, 6, 24, 25, 46, 11),
    "melody": (40, 41, 42, 56, 60, 68, 69, 70, 71, 73),
    "violin": (40, 40, 68, 71, 73),
    "viola": (41, 41, 69, 71, 66),
    "cello": (42, 42, 70, 60, 67),
    "bridge": (24, 25, 26, 4, 11, 40, 48, 73),
}
"""Programs by role, from 0. One that stands twice is drawn twice as often."""


def drawn_programs(parts: Sequence[Part], given: Mapping[str, int], generator: np.random.Generator) -> tuple[int, ...]:
    """A program for each part: the one `given` for its name or role, or one drawn that no other part of the piece has.

    Raises SettingsError for a program that General MIDI does not have.
    """
    programs: list[int] = []
    for part in parts:
        program = given.get(part.name, given.get(part.role))
        if program is None:
            pool = POOLS[part.role]
            free = [each for each in pool if each not in programs] or list(pool)
            program = free[int(generator.integers(len(free)))]
        programs.append(program)
    return tuple(programs)


def require_programs(programs: Mapping[str, int]) -> None:
    """Raise SettingsError where a program is none of General MIDI's."""
    for name, program in programs.items():
        if not 0 <= program < PROGRAMS:
            raise SettingsError(f"{name}: programs go from 0 to {PROGRAMS - 1}, got {program}")


def program_name(program: int) -> str:
    """What General MIDI calls it, in lower case."""
    return str(scores_extra("pretty_midi").program_to_instrument_name(program)).lower()
