"""What lies in the cache, and making room: it touches nothing that the cache has not written."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import safetensors

from antiphon.errors import AntiphonError

OWN_NAME = re.compile(r"\.?([0-9a-f]{40})(-[^.]*)?\.safetensors")
"""Names of pieces, of files of earlier versions, and of those that a process left half-written when it was ended."""

EARLIER = "of an earlier version"
"""Stands for the encoder where a file does not name one."""


@dataclass(frozen=True)
class CachedSound:
    """What one encoder heard in one sound: its files, their bytes, and when they were last used (seconds since
    1970)."""

    encoder: str
    files: tuple[Path, ...]
    bytes: int
    used: float


@dataclass(frozen=True)
class EncoderShare:
    """What the cache holds of one encoder: sounds, bytes, and the oldest and the newest last use of a sound."""

    encoder: str
    sounds: int
    bytes: int
    oldest: float
    newest: float


def cached_sounds(directory: Path) -> tuple[CachedSound, ...]:
    """All that the cache holds, the least recently used first. Nothing where there is no such directory."""
    groups: dict[str, list[Path]] = defaultdict(list)
    with suppress(FileNotFoundError, NotADirectoryError):
        for path in sorted(directory.iterdir()):
            if (match := OWN_NAME.fullmatch(path.name)) and path.is_file() and not path.is_symlink():
                groups[match[1]].append(path)
    sounds = [sound for files in groups.values() if (sound := _sound_of(files)) is not None]
    return tuple(sorted(sounds, key=lambda sound: (sound.used, sound.files)))


def shares(sounds: Sequence[CachedSound]) -> tuple[EncoderShare, ...]:
    """The same by encoder, the largest first."""
    groups: dict[str, list[CachedSound]] = defaultdict(list)
    for sound in sounds:
        groups[sound.encoder].append(sound)
    found = [
        EncoderShare(
            name,
            len(group),
            sum(sound.bytes for sound in group),
            min(sound.used for sound in group),
            max(sound.used for sound in group),
        )
        for name, group in groups.items()
    ]
    return tuple(sorted(found, key=lambda share: (-share.bytes, share.encoder)))


def unused_since(sounds: Sequence[CachedSound], moment: float) -> tuple[CachedSound, ...]:
    """Those that were last used before a moment (seconds since 1970)."""
    return tuple(sound for sound in sounds if sound.used < moment)


def beyond(sounds: Sequence[CachedSound], limit_bytes: float) -> tuple[CachedSound, ...]:
    """Those without which at most so many bytes are left: the least recently used, and no more than it takes."""
    total, excess = sum(sound.bytes for sound in sounds), []
    for sound in sounds:
        if total <= limit_bytes:
            break
        excess.append(sound)
        total -= sound.bytes
    return tuple(excess)


def remove(sounds: Iterable[CachedSound]) -> None:
    """Delete what is kept of these sounds; what another process has deleted in the meantime is no error."""
    for sound in sounds:
        for path in sound.files:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise AntiphonError(f"cannot delete {path}: {error.strerror or error}") from error


def _sound_of(files: Sequence[Path]) -> CachedSound | None:
    """The files of one key; None where they have gone in the meantime."""
    try:
        states = [path.stat() for path in files]
    except FileNotFoundError:
        return None
    used = max(state.st_mtime for state in states)
    return CachedSound(_encoder_of(files[-1]), tuple(files), sum(state.st_size for state in states), used)


def _encoder_of(path: Path) -> str:
    """The name of the encoder that a file names, and six letters that tell its settings apart; or what else it is."""
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            about = file.metadata()
            if "kind" in about:
                return str(about["kind"])
            identity = str(about["encoder"])
    except (OSError, KeyError, TypeError, safetensors.SafetensorError):
        return EARLIER
    try:
        name = str(json.loads(identity)["name"])
    except (ValueError, KeyError, TypeError):
        name = identity
    return f"{name} {hashlib.blake2b(identity.encode(), digest_size=3).hexdigest()}"
