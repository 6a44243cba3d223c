"""Finding multitracks in folders. Only headers are read here, and nothing is ever written."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterator
from pathlib import Path

import soundfile

from antiphon.audio import duration_of
from antiphon.config import CorpusSettings
from antiphon.errors import AntiphonWarning, BadData
from antiphon.types import Multitrack, Source, Track

HEADERLESS = {"raw"}
"""What libsndfile reads only when told the rate: never audio by its name alone."""

ALIASES = {"aif", "aifc", "oga", "opus", "snd", "wave"}
"""Suffixes in use beside libsndfile's own names."""

AUDIO_SUFFIXES = frozenset(
    f".{name}" for name in {name.lower() for name in soundfile.available_formats()} - HEADERLESS | ALIASES
)

MIXES = {"mix", "mixture", "mixdown", "master"}
"""Track names of the sum of all others, which is no track."""

PREFIX_LETTERS = 4
"""How many first letters make two words the same instrument: `perc`, `percussions` and `percusion` are percussion."""


def scan(folder: Path, settings: CorpusSettings) -> tuple[Multitrack, ...]:
    """Every multitrack below `folder`: each folder that directly holds two audio files or more, itself included.

    Name and piece are the path from `folder`, a track is a file. Mixes and the instruments of `settings.exclude` are
    left out, the latter with an AntiphonWarning, as are folders with one track. The order is that of the names, not
    of the disk. Raises BadData for an unreadable file, and where no multitrack is found.
    """
    found, excluded, alone = [], [], []
    for place in _folders(folder):
        tracks = [_track(path, stem) for stem, path in _by_stem(place).items()]
        tracks = [track for track in tracks if track.instrument not in MIXES]
        kept = [track for track in tracks if not _is_excluded(track.instrument, settings.exclude)]
        excluded += [track for track in tracks if track not in kept]
        name = _normalized(place.relative_to(folder).as_posix() if place != folder else folder.resolve().name)
        if len(kept) > 1:
            found.append(Multitrack(name, name, tuple(kept)))
        elif kept:
            alone.append(name)
    if excluded:
        names = ", ".join(sorted({track.name for track in excluded}))
        _warn(f"{folder}: {_counted(len(excluded), 'track')} left out by setting corpus.exclude: {names}")
    if not found:
        raise BadData(
            f"{folder}: no multitrack here; expected folders that each hold two simultaneous tracks or more "
            f"as audio files of their own (for instance {folder.name}/piece/bass.wav, piano.wav)"
        )
    if alone:
        _warn(f"{folder}: {_counted(len(alone), 'folder')} left out with a single track: {', '.join(alone)}")
    return tuple(sorted(found, key=lambda multitrack: multitrack.name))


def pair(a: Path, b: Path) -> Multitrack:
    """Two files that sound together. Raises BadData where one cannot be read."""
    if a.resolve() == b.resolve():
        raise BadData(f"{a}: a track has no relation to itself; give two files")
    stems = _normalized(a.stem), _normalized(b.stem)
    return _pair(a, b, " + ".join(stems), stems)


def paired_folders(a: Path, b: Path) -> tuple[Multitrack, ...]:
    """The files of `a` and `b` that have one name, suffix and Unicode form apart, as multitracks of two tracks.

    Files without a partner are left out with an AntiphonWarning. Raises BadData where none has one.
    """
    first, second = _by_stem(a), _by_stem(b)
    shared = sorted(first.keys() & second.keys())
    unmatched = [str(path) for files in (first, second) for stem, path in files.items() if stem not in shared]
    if not shared:
        raise BadData(f"no file name is in both {a} and {b}; without a partner: {', '.join(unmatched) or 'no audio'}")
    if unmatched:
        _warn(f"{_counted(len(unmatched), 'file')} left out without a partner: {', '.join(unmatched)}")
    roles = _normalized(a.resolve().name), _normalized(b.resolve().name)
    return tuple(_pair(first[stem], second[stem], stem, roles) for stem in shared)


def _pair(a: Path, b: Path, name: str, roles: tuple[str, str]) -> Multitrack:
    if roles[0] == roles[1]:
        roles = f"{roles[0]} 1", f"{roles[1]} 2"
    return Multitrack(name, name, (_track(a, roles[0]), _track(b, roles[1])))


def _by_stem(folder: Path) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for path in _audio_files(folder):
        stem = _normalized(path.stem)
        if stem in files:
            raise BadData(f"{path} and {files[stem].name} have one name; keep one of them")
        files[stem] = path
    return files


def _track(path: Path, name: str) -> Track:
    return Track(name, (Source(path),), duration_of(path), " ".join(_words(name)))


def _is_excluded(instrument: str, exclude: tuple[str, ...]) -> bool:
    words = instrument.split()
    unwanted = [parts for parts in map(_words, exclude) if parts]
    return any(all(any(_alike(word, part) for word in words) for part in parts) for parts in unwanted)


def _alike(word: str, wanted: str) -> bool:
    return word.startswith(wanted[:PREFIX_LETTERS])


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())


def _normalized(name: str) -> str:
    """One form for names that look the same: macOS hands out accents as characters of their own."""
    return unicodedata.normalize("NFC", name)


def _folders(top: Path) -> Iterator[Path]:
    """`top` and all folders below it, each once, however many links lead there."""
    seen: set[Path] = set()
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        if folder.resolve() not in seen:
            seen.add(folder.resolve())
            yield folder
            waiting += [path for path in reversed(_visible(folder)) if path.is_dir()]


def _audio_files(folder: Path) -> list[Path]:
    return [path for path in _visible(folder) if path.suffix.lower() in AUDIO_SUFFIXES and not path.is_dir()]


def _visible(folder: Path) -> list[Path]:
    """What is in a folder, by name, without hidden files and the `._` shadows that macOS leaves on other disks."""
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise BadData(f"{folder}: {error.strerror or error}") from error
    for path in paths:
        if any("\ud800" <= character <= "\udfff" for character in path.name):
            raise BadData(f"{str(path)!r}: its name is not UTF-8, so that no manifest can hold it; rename it")
    return paths


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _warn(message: str) -> None:
    warnings.warn(message, AntiphonWarning, stacklevel=3)
