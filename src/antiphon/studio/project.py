"""A project is a folder: its sounds, agents and responses, wherever in it they lie, and nothing outside it.

A page names what was listed to it, letter by letter; a name that is not on the list is no path. So nothing is ever put
together from what a page says, and no form of a name (.., links, NUL, letters that look alike) leads anywhere.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from antiphon.action.export import PROVENANCE
from antiphon.action.export.provenance_file import MEDIA
from antiphon.agent.directory import AGENT_MARK
from antiphon.checkpoint import save_json
from antiphon.decoding.kinds import AUDIO_SUFFIXES
from antiphon.errors import BadData, SettingsError
from antiphon.names import is_hidden
from antiphon.reading import json_file, real

SOUNDS, AGENTS, RESPONSES = "sounds", "agents", "responses"
"""Folders into which the page puts what is new."""

OWN = ".antiphon-studio"
"""What the studio keeps for itself: jobs, what is derived from files, marks, names of classes and presets. No sound and
no agent is lost with it."""

PARENTS = "parents"
"""Kind of memo: from which response another one was made."""

DRAFTS = "drafts"
"""Where in its own folder responses lie that nobody has kept yet."""

SETTLED_NS = 50_000_000
"""A folder that changed so lately may change once more without its time of change telling."""

MOST_FILES = 5000
"""Sounds, agents and responses of a project that are listed."""

DEEPEST = 4
"""Folders within folders that are looked into."""

LONGEST_NAME = 120
"""Bytes of a name that a page gives."""

RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))})
"""Names that another system takes for a device."""


@dataclass(frozen=True)
class Listing:
    """Names (paths below the folder, with `/`) of what a project holds, and what was passed over, in words."""

    sounds: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    responses: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass
class _Findings:
    folders: list[tuple[str, int]] = field(default_factory=list)
    sounds: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    responses: list[str] = field(default_factory=list)
    links: int = 0
    unnamed: int = 0
    left: int = 0

    def __len__(self) -> int:
        return len(self.sounds) + len(self.agents) + len(self.responses)


@dataclass
class _Seen:
    """A listing, and every folder that was looked into for it with when it changed last."""

    listing: Listing | None = None
    folders: tuple[tuple[str, int], ...] = ()
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Project:
    """A folder that is there."""

    root: Path
    _seen: _Seen = field(default_factory=_Seen, repr=False, compare=False)

    @property
    def own(self) -> Path:
        """The studio's own folder."""
        return self.root / OWN

    def listing(self) -> Listing:
        """What lies in the folder now; it is walked again only where a folder in it has changed. Links are passed over,
        and said to be."""
        with self._seen.lock:
            if self._seen.listing is None or not _unchanged(self._seen.folders):
                self._seen.listing, self._seen.folders = self._walked()
            return self._seen.listing

    def _walked(self) -> tuple[Listing, tuple[tuple[str, int], ...]]:
        """What lies in the folder, and the folders that say whether that is still so."""
        found = _Findings()
        _look(self.root, "", 0, found)
        said = (
            (found.links, "links, which may lead out of the project"),
            (found.unnamed, "files whose names are not text"),
            (found.left, f"things more than the {MOST_FILES} that are listed"),
        )
        remarks = tuple(f"passed over: {count} {what}" for count, what in said if count)
        listing = Listing(
            tuple(sorted(found.sounds)), tuple(sorted(found.agents)), tuple(sorted(found.responses)), remarks
        )
        return listing, tuple(found.folders)

    def sound(self, name: str) -> Path:
        """A sound that is listed. Raises BadData for any other name."""
        return self._listed(name, self.listing().sounds, "sound")

    def agent(self, name: str) -> Path | None:
        """An agent that is listed, None for the base agent, whose name is empty. Raises BadData for any other name."""
        return self._listed(name, self.listing().agents, "agent") if name else None

    def response(self, name: str) -> Path:
        """A response that is listed. Raises BadData for any other name."""
        return self._listed(name, self.listing().responses, "response")

    def audible(self, name: str) -> Path:
        """A sound that is listed, or one that a listed response holds. Raises BadData for any other name."""
        if not self.holds(name) and name not in self.drafts():
            raise BadData(f"the project holds no sound {name!r}")
        return self.inside(self.root / name)

    def holds(self, name: str) -> bool:
        """Whether a name is a sound that is listed, or one that any listed response holds."""
        listing = self.listing()
        if name in listing.sounds:
            return True
        home = next((each for each in listing.responses if name.startswith(f"{each}/")), None)
        return home is not None and name in self.sounds_of(home)

    def drafts(self) -> tuple[str, ...]:
        """The sounds of drafts: responses that nobody has kept yet."""
        folder = self.own / DRAFTS
        if self.own.is_symlink() or folder.is_symlink() or not folder.is_dir():
            return ()
        return tuple(
            f"{OWN}/{DRAFTS}/{entry.name}"
            for entry in os.scandir(folder)
            if entry.is_file(follow_symlinks=False) and entry.name.endswith(".wav") and not entry.name.startswith(".")
        )

    def sounds_of(self, response: str) -> tuple[str, ...]:
        """The sounds in the folder of a response that is listed, and in its `media`."""
        found = _Findings()
        for inside in (response, f"{response}/{MEDIA}"):
            folder = self.root / inside
            if folder.is_dir() and not folder.is_symlink():
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
                found.sounds += [
                    name for entry, name in _told(entries, inside, found)
                    if entry.is_file(follow_symlinks=False) and Path(entry.name).suffix.lower() in AUDIO_SUFFIXES
                ]  # fmt: skip
        return tuple(found.sounds)

    def recall(self, kind: str, name: str) -> Any:
        """What was remembered of a thing of the project; None for nothing, and for what cannot be read."""
        try:
            return json_file(self._memo(kind, name), 1 << 20)["value"]
        except (BadData, KeyError, TypeError):
            return None

    def remember(self, kind: str, name: str, value: Any) -> None:
        """Keep a plain value for a thing of the project."""
        save_json(self._memo(kind, name), {"name": name, "value": value})

    def _memo(self, kind: str, name: str) -> Path:
        return self.own / kind / f"{hashlib.sha256(os.fsencode(name)).hexdigest()[:32]}.json"

    def inside(self, path: Path) -> Path:
        """The path itself. Raises BadData where it leads out of the project, by a link too."""
        try:
            resolved = Path(os.path.realpath(path, strict=True))
        except (OSError, ValueError) as error:
            raise BadData(f"{path}: no such file") from error
        if not resolved.is_relative_to(real(self.root)):
            raise BadData(f"{path}: lies outside the project; copy it into the folder")
        return path

    def unused(self, folder: str, stem: str) -> Path:
        """A path in one of the project's folders where nothing is yet: the name, or the name and a number."""
        name, number = plain_name(stem), 1
        if (self.root / folder).is_symlink():
            raise BadData(f"{self.root / folder}: a link, which may lead out of the project")
        place = self.root / folder / name
        while os.path.lexists(place):
            number += 1
            head, dot, suffix = name.rpartition(".") if folder == SOUNDS else (name, "", "")
            place = self.root / folder / (f"{head} {number}{dot}{suffix}" if dot else f"{name} {number}")
        return place

    def name_of(self, path: Path) -> str:
        """What a page calls a path of the project."""
        return path.relative_to(self.root).as_posix()

    def _listed(self, name: str, names: tuple[str, ...], kind: str) -> Path:
        if name not in names:
            raise BadData(f"the project holds no {kind} {name!r}")
        return self.inside(self.root / name)


def plain_name(name: str) -> str:
    """The name of a file or folder as a page may give it. Raises SettingsError for anything that could be more."""
    plain = unicodedata.normalize("NFC", name)
    folded = unicodedata.normalize("NFKC", name)
    bad = not plain or len(plain.encode("utf-8", errors="replace")) > LONGEST_NAME
    bad = bad or any(letter in '/\\:*?"<>|' or is_hidden(letter) for letter in plain + folded)
    bad = bad or plain[0] in ". " or plain[-1] in ". " or ".." in folded
    bad = bad or folded.split(".")[0].strip().lower() in RESERVED
    if bad:
        raise SettingsError(f"{name[:40]!r} cannot be the name of a file here; take letters, digits, spaces and -")
    return plain


def nearest_name(text: str) -> str:
    """A name that `plain_name` takes, as near to a text as may be."""
    letters = "".join("_" if letter in '/\\:*?"<>|' or is_hidden(letter) else letter for letter in text)
    short = letters.encode("utf-8", errors="replace")[: LONGEST_NAME // 2].decode("utf-8", errors="ignore")
    try:
        return plain_name(short.replace("..", "_").strip(". "))
    except SettingsError:
        return "new"


def sound_name(name: str) -> str:
    """The name of a sound that a page gives. Raises SettingsError as `plain_name` does, and for another suffix."""
    plain = plain_name(name)
    suffix = Path(plain).suffix.lower()
    if suffix not in AUDIO_SUFFIXES or not Path(plain).stem.strip():
        raise SettingsError(f"{plain!r}: not the name of a sound; wav, flac, aiff, mp3 and the like are")
    return plain


def _unchanged(folders: tuple[tuple[str, int], ...]) -> bool:
    """Whether no folder has changed since it was looked into, as far as its time of change tells."""
    for path, then in folders:
        try:
            now = os.stat(path, follow_symlinks=False).st_mtime_ns
        except OSError:
            return False
        if now != then:
            return False
    return True


def _look(folder: Path, name: str, depth: int, found: _Findings) -> None:
    try:
        changed = os.stat(folder, follow_symlinks=False).st_mtime_ns
        # What changed just now is looked at again next time: two changes may bear one time.
        found.folders.append((str(folder), changed if time.time_ns() - changed > SETTLED_NS else -1))
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    names = {entry.name for entry in entries}
    if name and PROVENANCE in names and "response.wav" in names:
        found.responses.append(name)
        return
    if name and AGENT_MARK in names and "alphabet.safetensors" in names:
        found.agents.append(name)
        return
    for entry, path in _told(entries, name, found):
        if len(found) >= MOST_FILES:
            found.left += 1
        elif entry.is_dir(follow_symlinks=False):
            if depth < DEEPEST:
                _look(folder / entry.name, path, depth + 1, found)
        elif entry.is_file(follow_symlinks=False) and Path(entry.name).suffix.lower() in AUDIO_SUFFIXES:
            found.sounds.append(path)


def _told(entries: list[os.DirEntry[str]], name: str, found: _Findings) -> Iterator[tuple[os.DirEntry[str], str]]:
    """The entries that can be told of, with their names."""
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            found.links += 1
        elif any("\ud800" <= letter <= "\udfff" for letter in entry.name):
            found.unnamed += 1
        else:
            yield entry, f"{name}/{entry.name}" if name else entry.name
