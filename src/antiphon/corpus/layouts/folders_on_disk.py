"""What lies in a folder, looked at once: names only, nothing opened, nothing written.

Everything that a disk can hold is met here, so that the layouts see files and folders and nothing else.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from antiphon.decoding.kinds import AUDIO_SUFFIXES
from antiphon.reading import real

STEMS_SUFFIX = ".stem.mp4"
"""Of a file that holds all stems of a recording: no single track, and read by the layout musdb18 alone."""


@dataclass(eq=False)
class Folder:
    """A folder and all below it. Names are in one Unicode form (NFC); the order is that of the names."""

    path: Path
    name: str
    files: tuple[Path, ...] = ()
    folders: list[Folder] = field(default_factory=list)

    @cached_property
    def audio(self) -> tuple[Path, ...]:
        """Its own files of one recording each, sounds and films, by suffix."""
        return tuple(path for path in self.sounding if not path.name.lower().endswith(STEMS_SUFFIX))

    @cached_property
    def sounding(self) -> tuple[Path, ...]:
        """Its own files with the suffix of a sound or a film."""
        return tuple(path for path in self.files if path.suffix.lower() in AUDIO_SUFFIXES)

    @cached_property
    def _by_name(self) -> dict[str, Path]:
        return {normalized(path.name): path for path in self.files}

    def file(self, name: str) -> Path | None:
        """Its own file of that name, in any Unicode form."""
        return self._by_name.get(normalized(name))

    def folder(self, name: str) -> Folder | None:
        """Its own folder of that name, in any Unicode form."""
        return next((each for each in self.folders if each.name == normalized(name)), None)

    def all(self) -> Iterator[Folder]:
        """Itself and everything below, parents first, by name."""
        waiting = [self]
        while waiting:
            folder = waiting.pop()
            yield folder
            waiting += reversed(folder.folders)

    def name_below(self, top: Folder) -> str:
        """Its path from `top`, by which its multitrack is called; its own name if it is `top`."""
        return normalized(self.path.relative_to(top.path).as_posix()) if self is not top else self.name


@dataclass
class Remains:
    """What on a disk is no file and no folder that could be read: sentences, and names of what was passed over."""

    problems: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


def normalized(name: str) -> str:
    """One form for names that look the same: macOS hands out accents as characters of their own."""
    return unicodedata.normalize("NFC", name)


def look(top: Path) -> tuple[Folder, Remains]:
    """The tree below `top`, each folder once however many links lead there, and what could not be looked at.

    Links are followed last, so that a folder is known by its own path wherever it has one here.
    """
    remains = Remains()
    root = Folder(top, normalized(real(top).name))
    seen: set[tuple[int, int]] = set()
    waiting, links = [root], list[Folder]()
    while waiting or links:
        folder = waiting.pop() if waiting else links.pop()
        try:
            if (identity := _identity(folder.path)) in seen:
                remains.links.append(str(folder.path))
                continue
            seen.add(identity)
            entries = sorted(os.scandir(folder.path), key=lambda entry: normalized(entry.name))
        except OSError as error:
            remains.problems.append(f"{folder.path}: {error.strerror or error}")
            continue
        files = []
        for entry in entries:
            path = folder.path / entry.name
            kind = _kind(entry, path, remains)
            if kind == "file":
                files.append(path)
            elif kind == "folder":
                folder.folders.append(Folder(path, normalized(entry.name)))
                (links if entry.is_symlink() else waiting).append(folder.folders[-1])
        folder.files = tuple(files)
    return root, remains


def _kind(entry: os.DirEntry[str], path: Path, remains: Remains) -> Literal["file", "folder"] | None:
    """What an entry is; None, with a word where it looks like audio, for what is no plain file and no folder."""
    looks_like_audio = path.suffix.lower() in AUDIO_SUFFIXES
    if entry.name.startswith("."):
        if looks_like_audio:
            remains.hidden.append(str(path))
        return None
    if any("\ud800" <= character <= "\udfff" for character in entry.name):
        remains.problems.append(f"{str(path)!r}: its name is not UTF-8, so that no manifest can hold it; rename it")
        return None
    problem = ""
    try:
        if not entry.is_symlink():
            is_folder, is_file = entry.is_dir(), entry.is_file()
        else:
            mode = os.stat(path).st_mode
            is_folder, is_file = stat.S_ISDIR(mode), stat.S_ISREG(mode)
    except OSError as error:
        is_folder, is_file, problem = False, False, error.strerror or str(error)
    if is_folder and not looks_like_audio:
        return "folder"
    if is_file:
        return "file"
    if looks_like_audio:
        what = (
            "a folder, although it is named like audio; rename it" if is_folder else "not a file (a pipe or a device)"
        )
        remains.problems.append(f"{path}: {problem or what}")
    return None


def _identity(path: Path) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino
