"""One piece on disk: stems as mono FLAC of 16 bit, and beside them what is known of them, whole or not at all."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from antiphon import audio
from antiphon.corpus.synthesis.instruments import program_name
from antiphon.corpus.synthesis.jobs import Job
from antiphon.corpus.synthesis.performance import played_by_two
from antiphon.corpus.synthesis.settings import RenderSettings
from antiphon.corpus.synthesis.stems import Stems, render
from antiphon.errors import BadData
from antiphon.files import sha256, whole_directory
from antiphon.reading import json_file
from antiphon.types import Multitrack, Source, Track

NOTES_FILE = "notes.json"
"""Beside the stems: notes, beats and keys in seconds, and how the stems were rendered."""

NOTES_VERSION = 2
"""Version of it, and of what reads scores; raised whenever a field or a rendering changes its meaning."""

NOTE_FIELDS = ("onset", "duration", "pitch", "velocity")
"""Order of the numbers of a note: seconds, seconds, MIDI pitch, MIDI velocity."""

LONGEST_SECONDS = 3600.0
"""Longer music is a slip of the encoding; an hour of a stem takes a gigabyte of memory to render."""

DIGITS = 5
"""Decimals of a time in seconds: a hundredth of a millisecond."""


@dataclass(frozen=True)
class Built:
    """A piece on disk, the seconds of audio that were rendered for it now: 0 where it was there already."""

    multitrack: Multitrack
    seconds_rendered: float


def build_piece(job: Job, directory: Path, settings: RenderSettings, recipe: Mapping[str, Any]) -> Built:
    """Render `job` into a folder of `directory`, or find it there, made by the same recipe from the same files.

    Raises BadData, with the reason alone, where it cannot be rendered.
    """
    folder = directory / job.name
    own = own_recipe(job, recipe)
    if (earlier := _earlier(folder, own)) is not None:
        return Built(_multitrack(job, folder, earlier), 0.0)
    stems = render(job.name, played_by_two(job.read(), LONGEST_SECONDS), settings, own["programs"])
    tree = _tree(job, stems, own)
    names = [f"{name}.flac" for name in stems.sounds]
    with whole_directory(folder, (NOTES_FILE, *names, *_stems_of(folder))) as temporary:
        for name, sound in stems.sounds.items():
            audio.write(temporary / f"{name}.flac", sound)
        (temporary / NOTES_FILE).write_text(json.dumps(tree, ensure_ascii=False), encoding="utf-8")
    return Built(_multitrack(job, folder, tree), sum(sound.duration for sound in stems.sounds.values()))


def own_recipe(job: Job, recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Everything on which the piece depends, in plain JSON values: settings, versions, the content of its files."""
    versions = {name: importlib.metadata.version(name) for name in ("music21", "pretty_midi")}
    files = {path.name: sha256(path) for path in job.files}
    programs = {**recipe["programs"], **job.programs}
    own = {**recipe, "programs": programs, "versions": versions, "files": files, "fingerprint": job.fingerprint}
    return dict(json.loads(json.dumps(own)))


def _earlier(folder: Path, recipe: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is known of a piece that is there whole, by this recipe."""
    try:
        tree = json_file(folder / NOTES_FILE)
    except BadData:
        return None
    if not isinstance(tree, dict) or tree.get("version") != NOTES_VERSION or tree.get("recipe") != recipe:
        return None
    return tree if all((folder / f"{name}.flac").is_file() for name in tree["tracks"]) else None


def _stems_of(folder: Path) -> Sequence[str]:
    """Stems of an earlier rendering, which may have had other parts."""
    return sorted(path.name for path in folder.glob("*.flac")) if (folder / NOTES_FILE).is_file() else ()


def _tree(job: Job, stems: Stems, recipe: Mapping[str, Any]) -> dict[str, Any]:
    performance = stems.performance
    return {
        "version": NOTES_VERSION,
        "name": job.name,
        "piece": job.piece,
        "artist": job.artist,
        "licence": job.licence,
        "recipe": recipe,
        "seconds": round(performance.seconds, DIGITS),
        "programs": dict(stems.programs),
        "instruments": {name: program_name(program) for name, program in stems.programs.items()},
        "note_fields": NOTE_FIELDS,
        "tracks": {
            part.name: [
                [round(note.onset, DIGITS), round(note.duration, DIGITS), note.pitch, note.velocity]
                for note in part.notes
            ]
            for part in performance.parts
        },
        "beats": [[round(beat.time, DIGITS), beat.number] for beat in performance.beats],
        "keys": [[round(key.time, DIGITS), key.name] for key in performance.keys],
        "chords": [[round(chord.time, DIGITS), chord.name] for chord in performance.chords],
    }


def _multitrack(job: Job, folder: Path, tree: Mapping[str, Any]) -> Multitrack:
    tracks = tuple(
        Track(name, (Source(path),), audio.duration_of(path), tree["instruments"][name])
        for name in tree["tracks"]
        for path in [folder / f"{name}.flac"]
    )
    return Multitrack(job.name, job.piece, tracks, artist=job.artist, licence=job.licence)
