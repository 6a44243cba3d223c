"""Chorales to stems: the embedded corpus, built on the user's machine from what pip has installed there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from antiphon.corpus.synthesis.building import BuildReport, build_jobs
from antiphon.corpus.synthesis.chorale_scores import VOICES, Score, chorale_names, four_part, read_chorale
from antiphon.corpus.synthesis.jobs import Job
from antiphon.corpus.synthesis.keys import key_name
from antiphon.corpus.synthesis.performance import Beat, Label, Part, Performance, PlayedNote, changes
from antiphon.corpus.synthesis.settings import BuildSettings, RenderSettings
from antiphon.corpus.synthesis.stems import render
from antiphon.corpus.synthesis.tunes import group_by_tune
from antiphon.errors import SettingsError
from antiphon.interfaces import Progress, no_progress
from antiphon.types import Audio

SUSTAINED_PROGRAMS = (19, 20, 40, 42, 48, 49, 52, 53, 57, 60, 66, 68, 70, 71, 73)
"""General MIDI, from 0: organs, strings, choir, winds. They hold a note, and sound from bass to soprano."""

In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True)
class ChoraleSettings(RenderSettings):
    """What to render and how. Pieces None: all; processes None: one a processor.

    `programs` are by voice; those of the other voices are drawn from `pool`, four different ones for each piece.
    """

    sample_rate: int = 44100
    pieces: int | None = None
    pool: tuple[int, ...] = SUSTAINED_PROGRAMS
    tempo_bpm: float = 84.0
    velocity: int = 90
    processes: int | None = None
    piece_seconds: float = 300.0

    def __post_init__(self) -> None:
        super().__post_init__()
        checks = {
            f"programs are for {', '.join(VOICES)}": set(self.programs) <= set(VOICES),
            "pool must hold a program for each of four voices": len(set(self.pool)) >= len(VOICES),
            "programs go from 0 to 127": all(0 <= each < 128 for each in self.pool),
            "tempo_bpm must be above 0": self.tempo_bpm > 0,
            "velocity goes from 1 to 127": 0 < self.velocity < 128,
            "only lieder, quartets and pop909 are rendered varied": not self.varied,
        }
        for sentence, holds in checks.items():
            if not holds:
                raise SettingsError(f"chorales: {sentence}")
        self.build_settings()

    def build_settings(self) -> BuildSettings:
        """How much is built, and with what."""
        return BuildSettings(self.pieces, self.processes, self.piece_seconds)


def build_chorales(directory: Path, settings: ChoraleSettings, progress: Progress = no_progress) -> BuildReport:
    """Render chorales into `directory`, a folder per piece, with a manifest that names them; as `build_jobs`.

    Harmonisations of one tune share a piece. Raises MissingExtra without the extra `scores`.
    """
    settings.recipe()
    scores = draw_scores(settings, progress)
    tunes = group_by_tune(scores)
    jobs = [
        Job(
            score.name,
            tunes[score.name],
            partial(performed, score, settings.tempo_bpm, settings.velocity),
            artist="Bach, Johann Sebastian",
            fingerprint=f"{settings.tempo_bpm} quarters a minute, velocity {settings.velocity}",
            programs=programs_of(score.name, settings),
        )
        for score in scores
    ]
    build = settings.build_settings()
    return build_jobs("chorales", jobs, directory, settings=settings, build=build, progress=progress)


def draw_scores(settings: ChoraleSettings, progress: Progress = no_progress) -> tuple[Score, ...]:
    """As many four-part chorales as `settings.pieces`, drawn with its seed, sorted by name; or all there are."""
    names = chorale_names()
    wanted = len(names) if settings.pieces is None else settings.pieces
    order = np.random.default_rng(settings.seed).permutation(len(names))
    found: list[Score] = []
    tried = 0
    while len(found) < wanted and tried < len(names):
        batch = [names[index] for index in order[tried : tried + wanted - len(found)]]
        for score in _mapped(four_part, batch, settings.processes):
            tried += 1
            found += [score] if score else []
            progress("reading scores", len(found), wanted)
    progress("reading scores", len(found), len(found))
    return tuple(sorted(found, key=lambda score: score.name))


def render_chorale(name: str, settings: ChoraleSettings) -> Mapping[str, Audio]:
    """The four voices (mono, `settings.sample_rate`) of the chorale `name`, as `build_chorales` would write them."""
    return render_voices(read_chorale(name), settings)


def render_voices(score: Score, settings: ChoraleSettings) -> Mapping[str, Audio]:
    """Each voice of `score` as mono audio of `settings.sample_rate`, all of the same number of samples.

    Turned down together, should one pass full scale with the gain. Raises BadData where the soundfont clips or stays
    silent.
    """
    performance = performed(score, settings.tempo_bpm, settings.velocity)
    return render(score.name, performance, settings, programs_of(score.name, settings)).sounds


def programs_of(name: str, settings: ChoraleSettings) -> dict[str, int]:
    """The General MIDI programs of the voices: those of the settings, the others drawn for this piece alone."""
    generator = np.random.default_rng([settings.seed, *name.encode()])
    drawn = generator.choice(sorted(set(settings.pool)), len(VOICES), False)
    return {voice: int(program) for voice, program in zip(VOICES, drawn, strict=True)} | dict(settings.programs)


def performed(score: Score, tempo_bpm: float, velocity: int) -> Performance:
    """The chorale at one tempo, in quarter notes a minute, and one MIDI velocity."""
    quarter = 60 / tempo_bpm
    parts = tuple(
        Part(
            voice,
            "voice",
            tuple(PlayedNote(note.onset * quarter, note.duration * quarter, note.pitch, velocity) for note in notes),
        )
        for voice, notes in score.voices.items()
    )
    seconds = score.quarters * quarter
    starts = [start * quarter for start, _, _ in score.signatures]
    keys = [
        Label(start, key_name(sharps, mode, parts, start, end))
        for start, end, (_, sharps, mode) in zip(starts, [*starts, seconds][1:], score.signatures, strict=True)
    ]
    beats = tuple(Beat(position * quarter, number) for position, number in score.beats)
    return Performance(parts, beats, changes(keys), seconds)


def _mapped(function: Callable[[In], Out], items: Sequence[In], processes: int | None) -> Iterator[Out]:
    """`function` of each item, in order, worked out in several processes."""
    processes = min(processes or os.cpu_count() or 1, len(items))
    if processes <= 1:
        yield from map(function, items)
    else:
        with ProcessPoolExecutor(processes) as executor:
            yield from executor.map(function, items)
