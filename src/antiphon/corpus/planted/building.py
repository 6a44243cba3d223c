"""A planted world as a corpus on disk, and how alike two performances of the same notes are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from antiphon import audio
from antiphon.corpus.manifest import MANIFEST_NAME, Corpus, write_manifest
from antiphon.corpus.planted.settings import LICENCE, PlantedSettings
from antiphon.corpus.planted.sound import UNSEEN_VOICES, VOICES, Part, planted_audio
from antiphon.corpus.planted.tokens import PlantedPair, planted_tokens
from antiphon.corpus.splits import MINIMUM_PIECES, Split
from antiphon.errors import BadData, SettingsError
from antiphon.files import sha256, whole_directory
from antiphon.interfaces import Progress, no_progress
from antiphon.metrics import true_positive_percentage
from antiphon.types import Audio, Ids, Multitrack, Source, Track

HELD_OUT_SHARE = 0.1
"""Share of the pieces to stop by, and of those to be judged on (paper 5.1)."""

PERFORMED, AGAIN = 0, 1
"""Takes: the rendering on disk, and another of the same notes."""


def planted_splits(settings: PlantedSettings) -> dict[str, Split]:
    """The split of each piece by name: the last tenth tests, the one before validates. None with fewer than three.

    Raises SettingsError where a world of unseen timbres is too small for a test.
    """
    if settings.pieces < MINIMUM_PIECES:
        if settings.unseen_timbre:
            raise SettingsError(f"planted world: unseen timbres need {MINIMUM_PIECES} pieces or more")
        return {}
    held_out = max(1, round(HELD_OUT_SHARE * settings.pieces))
    train = settings.pieces - 2 * held_out
    counts: dict[Split, int] = {"train": train, "validation": held_out, "test": held_out}
    splits = (split for split, count in counts.items() for _ in range(count))
    return {piece_name(settings, piece): split for piece, split in enumerate(splits)}


def piece_name(settings: PlantedSettings, piece: int) -> str:
    """The name of a piece's folder."""
    return f"{settings.world}-{piece:03d}"


def performed(settings: PlantedSettings, piece: int, part: Part, ids: Ids, take: int = PERFORMED) -> Audio:
    """A track of a piece, by the voice of its split; another `take` has other phases, noise and timing."""
    tests = planted_splits(settings).get(piece_name(settings, piece)) == "test"
    voices = UNSEEN_VOICES if settings.unseen_timbre and tests else VOICES
    generator = np.random.default_rng([settings.seed, piece, PlantedPair._fields.index(part), take, 1])
    return planted_audio(ids, part, settings, voices[part], generator)


def build_planted(directory: Path, settings: PlantedSettings, progress: Progress = no_progress) -> Path:
    """Write a world into `directory`, a folder per piece with the tracks a and b, and return the manifest that names
    them and their splits."""
    multitracks = []
    splits = planted_splits(settings)
    for number, pair in enumerate(planted_tokens(settings)):
        name = piece_name(settings, number)
        files = {part: f"{part}.{settings.audio_format}" for part in VOICES}
        with whole_directory(directory / name, tuple(files.values())) as temporary:
            for part, file in files.items():
                audio.write(temporary / file, performed(settings, number, part, getattr(pair, part)))
        multitracks.append(_multitrack(directory / name, files, settings.sample_rate))
        progress("planting", number + 1, settings.pieces)
    manifest = directory / MANIFEST_NAME
    write_manifest(manifest, Corpus(tuple(multitracks), splits=splits))
    return manifest


def performed_twice(settings: PlantedSettings) -> Iterator[tuple[str, Audio, Audio]]:
    """Each test piece's name, its b as on disk, and its b performed again; all pieces where the world has no splits."""
    splits = planted_splits(settings)
    for piece, pair in enumerate(planted_tokens(settings)):
        name = piece_name(settings, piece)
        if splits.get(name, "test") == "test":
            first, second = (performed(settings, piece, "b", pair.b, take) for take in (PERFORMED, AGAIN))
            yield name, first, second


def ceiling(settings: PlantedSettings, tokenize: Callable[[Audio], Ids]) -> float:
    """How well the true B scores (percent of equal tokens) in the ears of `tokenize` when it is performed again.

    Two renderings of the B of each test piece, of the same notes with other phases, noise and timing: what they differ
    in is the ear's doing, and no response is to be blamed for it. Raises BadData where `tokenize` finds different
    numbers of tokens in equally long audio.
    """
    heard: list[tuple[Ids, Ids]] = []
    for name, first_take, second_take in performed_twice(settings):
        first, second = tokenize(first_take), tokenize(second_take)
        if len(first) != len(second):
            raise BadData(f"{name}: tokenised into {len(first)} and {len(second)} segments")
        heard.append((first, second))
    first_takes, second_takes = (np.concatenate(takes) for takes in zip(*heard, strict=True))
    return true_positive_percentage(first_takes, second_takes)


def _multitrack(folder: Path, files: dict[Part, str], sample_rate: int) -> Multitrack:
    tracks = tuple(
        Track(part, (Source(path, sha256=sha256(path)),), audio.duration_of(path), f"synthetic {part}", sample_rate)
        for part, file in files.items()
        for path in [folder / file]
    )
    return Multitrack(folder.name, folder.name, tracks, licence=LICENCE)
