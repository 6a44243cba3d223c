"""Scores to stems: the embedded corpus, built on the user's machine from what pip has installed there.

MIDI per voice, a General MIDI soundfont, one mono FLAC per voice, and beside them the notes that sound (`notes.json`).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import soundfile

from antiphon import audio
from antiphon.corpus.manifest import MANIFEST_NAME, Corpus, write_manifest
from antiphon.corpus.scores import VOICES, Note, Score, chorale_names, four_part, read_chorale, scores_extra
from antiphon.corpus.tunes import group_by_tune
from antiphon.errors import BadData, SettingsError
from antiphon.files import whole_directory
from antiphon.interfaces import Progress, no_progress
from antiphon.types import Audio, Multitrack, Source, Track

RELEASE_SECONDS = 1.0
"""Sound after the last note, so that it dies away and is not cut."""

SUSTAINED_PROGRAMS = (19, 20, 40, 42, 48, 49, 52, 53, 57, 60, 66, 68, 70, 71, 73)
"""General MIDI, from 0: organs, strings, choir, winds. They hold a note, and sound from bass to soprano."""

SUSTAIN_PEDAL = 64
"""A controller whose release changes nothing: the renderer stops at the last event, so one marks the end."""

NOTES_FILE = "notes.json"
"""Beside the stems: every note of every voice in seconds, and how it was rendered."""

NOTES_VERSION = 1
"""Version of it; raised whenever a field changes its meaning."""

Programs = tuple[int, int, int, int]
In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True)
class ChoraleSettings:
    """What to render and how. None: all pieces, programs drawn from `pool`, pretty_midi's soundfont, all processors.

    `gain_db` is given to every stem alike: a soundfont leaves room for an orchestra.
    """

    pieces: int | None = None
    programs: Programs | None = None
    pool: tuple[int, ...] = SUSTAINED_PROGRAMS
    tempo_bpm: float = 84.0
    velocity: int = 90
    gain_db: float = 12.0
    sample_rate: int = 44100
    soundfont: Path | None = None
    seed: int = 0
    processes: int | None = None

    def __post_init__(self) -> None:
        checks = {
            "pieces must be 1 or more": self.pieces is None or self.pieces > 0,
            "programs must be four, from the soprano down": self.programs is None or len(self.programs) == len(VOICES),
            "pool must hold a program for each of four voices": len(set(self.pool)) >= len(VOICES),
            "programs go from 0 to 127": all(0 <= each < 128 for each in (*self.pool, *(self.programs or ()))),
            "tempo_bpm must be above 0": self.tempo_bpm > 0,
            "velocity goes from 1 to 127": 0 < self.velocity < 128,
            "sample_rate must be above 0": self.sample_rate > 0,
            "processes must be 1 or more": self.processes is None or self.processes > 0,
        }
        for sentence, holds in checks.items():
            if not holds:
                raise SettingsError(f"chorales: {sentence}")


def build_chorales(directory: Path, settings: ChoraleSettings, progress: Progress = no_progress) -> Path:
    """Render chorales into `directory`, a folder per piece, and return the manifest that names them.

    Harmonisations of one tune share a piece. What is there already, from the same settings, is not rendered again.
    Raises MissingExtra without the extra `scores`. Works in processes of its own: scripts call it below
    `if __name__ == "__main__":`, as Python demands where processes are spawned.
    """
    render = partial(_build_piece, directory=directory, settings=settings, renderer=_renderer(settings))
    scores = draw_scores(settings, progress)
    multitracks = []
    tunes = group_by_tune(scores)
    for score, tracks in zip(scores, _mapped(render, scores, settings.processes), strict=True):
        multitracks.append(Multitrack(score.name, tunes[score.name], tracks))
        progress("rendering chorales", len(multitracks), len(scores))
    manifest = directory / MANIFEST_NAME
    write_manifest(manifest, Corpus(tuple(multitracks)))
    return manifest


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


def render_chorale(name: str, settings: ChoraleSettings) -> dict[str, Audio]:
    """The four voices (mono, `settings.sample_rate`) of the chorale `name`, as `build_chorales` would write them."""
    score = read_chorale(name)
    return render_voices(score, programs_of(name, settings), settings)


def programs_of(name: str, settings: ChoraleSettings) -> Programs:
    """The General MIDI programs of the voices: those of the settings, or four drawn for this piece alone."""
    if settings.programs:
        return settings.programs
    generator = np.random.default_rng([settings.seed, *name.encode()])
    soprano, alto, tenor, bass = (int(program) for program in generator.choice(sorted(set(settings.pool)), 4, False))
    return soprano, alto, tenor, bass


def render_voices(score: Score, programs: Sequence[int], settings: ChoraleSettings) -> dict[str, Audio]:
    """Each voice of `score` as mono audio of `settings.sample_rate`, all of the same number of samples.

    Turned down together, should one pass full scale with the gain. Raises BadData where the soundfont clips or stays
    silent.
    """
    seconds = score.quarters * 60 / settings.tempo_bpm + RELEASE_SECONDS
    frames = round(seconds * settings.sample_rate)
    stems = {}
    for voice, program in zip(VOICES, programs, strict=True):
        sound = _synthesized(_midi(score.voices[voice], program, seconds, settings), program, settings.soundfont)
        samples = audio.resampled(sound, settings.sample_rate).samples[:frames]
        stems[voice] = np.pad(samples, ((0, frames - len(samples)), (0, 0)))
    loudest = max(float(np.abs(samples).max()) for samples in stems.values())
    gain = np.float32(min(10 ** (settings.gain_db / 20), 1 / max(loudest, 1e-9)))
    return {voice: Audio(samples * gain, settings.sample_rate, score.name) for voice, samples in stems.items()}


def _build_piece(score: Score, directory: Path, settings: ChoraleSettings, renderer: str) -> tuple[Track, ...]:
    folder = directory / score.name
    programs = programs_of(score.name, settings)
    notes = _notes_file(score, programs, settings, renderer)
    if not _is_built(folder, notes):
        with whole_directory(folder, (NOTES_FILE, *(f"{voice}.flac" for voice in VOICES))) as temporary:
            for voice, sound in render_voices(score, programs, settings).items():
                audio.write(temporary / f"{voice}.flac", sound)
            (temporary / NOTES_FILE).write_text(notes, encoding="utf-8")
    return tuple(
        Track(voice, (Source(path),), audio.duration_of(path), _program_name(program))
        for voice, program in zip(VOICES, programs, strict=True)
        for path in [folder / f"{voice}.flac"]
    )


def _is_built(folder: Path, notes: str) -> bool:
    """A folder is there whole or not at all; its notes and recipe say whether it is the same piece."""
    path = folder / NOTES_FILE
    return path.is_file() and path.read_text(encoding="utf-8") == notes


def _notes_file(score: Score, programs: Programs, settings: ChoraleSettings, renderer: str) -> str:
    quarter = 60 / settings.tempo_bpm
    tree = {
        "version": NOTES_VERSION,
        "recipe": {
            "programs": programs,
            "tempo_bpm": settings.tempo_bpm,
            "velocity": settings.velocity,
            "gain_db": settings.gain_db,
            "sample_rate": settings.sample_rate,
            "renderer": renderer,
        },
        "voices": {
            voice: [asdict(Note(note.onset * quarter, note.duration * quarter, note.pitch)) for note in notes]
            for voice, notes in score.voices.items()
        },
    }
    return json.dumps(tree)


def _midi(notes: Sequence[Note], program: int, seconds: float, settings: ChoraleSettings) -> bytes:
    pretty_midi = scores_extra("pretty_midi")
    quarter = 60 / settings.tempo_bpm
    instrument = pretty_midi.Instrument(program)
    instrument.notes = [
        pretty_midi.Note(settings.velocity, note.pitch, note.onset * quarter, (note.onset + note.duration) * quarter)
        for note in notes
    ]
    instrument.control_changes = [pretty_midi.ControlChange(SUSTAIN_PEDAL, 0, seconds)]
    score = pretty_midi.PrettyMIDI(initial_tempo=settings.tempo_bpm)
    score.instruments.append(instrument)
    stream = io.BytesIO()
    score.write(stream)
    return stream.getvalue()


def _synthesized(midi: bytes, program: int, soundfont: Path | None) -> Audio:
    """Mono at the renderer's own rate."""
    path = soundfont or _default_soundfont()
    try:
        wave = scores_extra("midirenderer").render_wave_from(_bytes(path), midi)
    except RuntimeError as error:
        raise BadData(f"{path}: {error}") from error
    samples, rate = soundfile.read(io.BytesIO(bytes(wave)), dtype="float32", always_2d=True)
    sound = audio.mono(Audio(samples, rate, str(path)))
    loudest = np.abs(samples).max(initial=0.0)
    if loudest == 0:
        raise BadData(f"{path}: program {program} ({_program_name(program)}) is silent")
    if loudest >= 1 - 2.0**-15:
        raise BadData(f"{path}: program {program} ({_program_name(program)}) clips; choose a lower velocity")
    return sound


def _program_name(program: int) -> str:
    return str(scores_extra("pretty_midi").program_to_instrument_name(program)).lower()


def _default_soundfont() -> Path:
    return Path(scores_extra("pretty_midi").__file__).with_name("TimGM6mb.sf2")


@cache
def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadData(f"{path}: {error.strerror or error}") from error


def _renderer(settings: ChoraleSettings) -> str:
    scores_extra("midirenderer")
    soundfont = hashlib.sha256(_bytes(settings.soundfont or _default_soundfont())).hexdigest()
    return f"midirenderer {importlib.metadata.version('midirenderer')}, soundfont {soundfont}"


def _mapped(function: Callable[[In], Out], items: Sequence[In], processes: int | None) -> Iterator[Out]:
    """`function` of each item, in order, worked out in several processes."""
    processes = min(processes or os.cpu_count() or 1, len(items))
    if processes <= 1:
        yield from map(function, items)
    else:
        with ProcessPoolExecutor(processes) as executor:
            yield from executor.map(function, items)
