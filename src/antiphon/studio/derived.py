"""What is computed from files of the project once and kept: peaks, wavs for browsers, loudness, maps, sheets."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from antiphon.files import whole_file
from antiphon.studio.project import Project

MOST_BYTES = 4 << 30
"""Of all that is kept; what was not asked for longest goes."""

MOST_FILES = 2000


def place_of(project: Project, told: object, suffix: str) -> Path:
    """Where the file lies, or would lie, that is made for what is `told`."""
    return project.own / "derived" / f"{hashlib.sha256(repr(told).encode()).hexdigest()[:32]}{suffix}"


def kept(project: Project, told: object, suffix: str, make: Callable[[Path], None]) -> Path:
    """The file that `make` writes for what is `told`, which holds the identity of all that goes into it."""
    place = place_of(project, told, suffix)
    if place.is_file():
        with suppress(OSError):
            os.utime(place)
        return place
    with whole_file(place) as temporary:
        make(temporary)
    _prune(place.parent, place)
    return place


def _prune(folder: Path, newest: Path) -> None:
    found = []
    for path in folder.iterdir():
        with suppress(OSError):
            if path != newest and not path.name.startswith("."):
                found.append((path.stat().st_mtime_ns, path.stat().st_size, path))
    total = 0
    for number, (_, size, path) in enumerate(sorted(found, key=lambda each: -each[0])):
        total += size
        if total > MOST_BYTES or number >= MOST_FILES:
            path.unlink(missing_ok=True)
