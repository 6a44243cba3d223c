"""Which pieces a source holds, and how each is read: the published layouts of the corpora that can be built."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from antiphon.corpus.synthesis.musicxml import Staves, read_musicxml
from antiphon.corpus.synthesis.performance import Performance
from antiphon.corpus.synthesis.pop909 import read_pop909
from antiphon.corpus.synthesis.score_files import score_text
from antiphon.errors import BadData, SettingsError
from antiphon.reading import text_of

LIEDER_BPM, QUARTETS_BPM = 80.0, 100.0
"""Quarter notes a minute of scores without any tempo mark."""

INDEX_FILE = "INDEX.tsv"
"""Beside scores in one flat folder: columns file, composer, set, song."""

PIANO_WORDS = ("piano", "klavier", "clavier", "keyboard", "harp")
"""What parts with the role of the accompaniment are called; `Pianoforte` is among them."""

VIOLA_WORDS, CELLO_WORDS = ("viola", "bratsche", "alto"), ("cello", "violoncell", "bass")

MEASURE_NUMBER = re.compile(rb'<measure\b[^>]*?\bnumber="([^"]*)"')


@dataclass(frozen=True)
class Job:
    """A multitrack to be built: its names, the files it is made of, and the function that reads them."""

    name: str
    piece: str
    read: Callable[[], Performance]
    files: tuple[Path, ...] = ()
    artist: str = ""
    licence: str = ""
    fingerprint: str = ""
    """What it depends on beside the files."""
    programs: Mapping[str, int] = field(default_factory=dict)
    """General MIDI programs by part, where they are not left to a draw."""


def find_jobs(kind: str, source: Path) -> tuple[Job, ...]:
    """The jobs of a kind in `source`, by name.

    Raises SettingsError for an unknown kind, BadData where nothing is found.
    """
    if kind not in FINDERS:
        raise SettingsError(f"unknown corpus {kind!r}; known: {', '.join(('chorales', *FINDERS))}")
    if not source.is_dir():
        raise BadData(f"{source}: no such folder")
    finder, expected = FINDERS[kind]
    jobs = sorted(finder(source), key=lambda job: job.name)
    if not jobs:
        raise BadData(f"{source}: no {kind} found; {expected}")
    twice = [name for name, count in Counter(job.name for job in jobs).items() if count > 1]
    if twice:
        raise BadData(f"{source}: {len(twice)} names stand twice, the first is {twice[0]}")
    return tuple(jobs)


def lieder_parts(groups: Sequence[Staves]) -> list[tuple[str, str]]:
    """Names and roles for a song: the accompaniment has two staves or is called so, everybody else is a voice."""
    names, roles = [], []
    for group in groups:
        called = group.name.lower()
        piano = len(group.streams) > 1 or any(word in called for word in PIANO_WORDS)
        names.append("piano" if piano else "voice")
        roles.append("piano" if piano else "voice")
    return list(zip(numbered(names), roles, strict=True))


def quartet_parts(groups: Sequence[Staves]) -> list[tuple[str, str]]:
    """Names and roles for a quartet: violins, viola and cello by what they are called."""
    roles = []
    for group in groups:
        called = group.name.lower()
        if any(word in called for word in CELLO_WORDS):
            roles.append("cello")
        elif any(word in called for word in VIOLA_WORDS):
            roles.append("viola")
        else:
            roles.append("violin")
    return list(zip(numbered(roles), roles, strict=True))


def numbered(names: Sequence[str]) -> list[str]:
    """Names made different: `violin-1` and `violin-2`, while a name of its own stays as it is."""
    counts, seen = Counter(names), Counter[str]()
    found = []
    for name in names:
        seen[name] += 1
        found.append(f"{name}-{seen[name]}" if counts[name] > 1 else name)
    return found


def _lieder(source: Path) -> Iterable[Job]:
    """OpenScore Lieder: `scores/composer/set/song/lcNNN.mxl`, or flat files and an INDEX.tsv."""
    index = _index(source / INDEX_FILE)
    for path in _below(source, ".mxl"):
        composer = index.get(path.name) or _folder_above(path, source, 3)
        read = partial(read_musicxml, path, lieder_parts, LIEDER_BPM)
        yield Job(path.stem, path.stem, read, (path,), _person(composer), "CC0-1.0")


def _quartets(source: Path) -> Iterable[Job]:
    """OpenScore String Quartets: `sqNNN.mxl` below `scores`, a folder a composer and a work.

    The movements of a quartet follow one another in one file.
    """
    for path in _below(source, ".mxl"):
        composer, work = _folder_above(path, source, 2), _folder_above(path, source, 1)
        piece = f"{composer}/{work}" if composer and work else path.stem
        starts = movement_starts(path)
        for number, (start, stop) in enumerate(zip(starts, (*starts[1:], None), strict=True), 1):
            read = partial(read_musicxml, path, quartet_parts, QUARTETS_BPM, (start, stop))
            name = path.stem if len(starts) == 1 else f"{path.stem}-{number}"
            yield Job(name, piece, read, (path,), _person(composer), "CC0-1.0", f"bars {start} to {stop}")


def _pop909(source: Path) -> Iterable[Job]:
    """POP909: `POP909/NNN/NNN.mid` and its annotations; other takes of a song stand in `versions` and are left out."""
    for path in _below(source, ".mid"):
        if path.stem == path.parent.name:
            beside = sorted(each for each in path.parent.glob("*.txt") if not each.name.startswith("."))
            yield Job(path.stem, path.stem, partial(read_pop909, path), (path, *beside), licence="MIT")


FINDERS: Mapping[str, tuple[Callable[[Path], Iterable[Job]], str]] = {
    "lieder": (_lieder, "expected .mxl files of https://github.com/OpenScore/Lieder"),
    "quartets": (_quartets, "expected .mxl files of https://github.com/OpenScore/StringQuartets"),
    "pop909": (_pop909, "expected 001/001.mid of https://github.com/music-x-lab/POP909-Dataset"),
}
"""How each kind is found, and what to say where it isn't."""


def movement_starts(path: Path) -> tuple[int, ...]:
    """Indices of the bars where bar numbers begin again, the first of them 0. An unreadable file is one movement: the
    build says what is wrong with it."""
    try:
        text = score_text(path)
    except BadData:
        return (0,)
    first_part = text.partition(b"</part>")[0]
    numbers = [int(number) if number.isdigit() else None for number in MEASURE_NUMBER.findall(first_part)]
    starts, highest = [0], 0
    for index, number in enumerate(numbers):
        if number is not None and number <= 1 < highest:
            starts.append(index)
            highest = 0
        highest = max(highest, number or 0)
    return tuple(starts)


def _below(source: Path, suffix: str) -> list[Path]:
    # What is neither a file nor a folder, such as a pipe or a broken link, is refused by name when it is read.
    found = (path for path in source.rglob("*") if path.suffix.lower() == suffix and not path.is_dir())
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(source).parts))


def _folder_above(path: Path, source: Path, levels: int) -> str:
    """The name of the folder so many levels above the file, empty where that is no longer below `source`."""
    folders = path.relative_to(source).parts[:-1]
    return folders[-levels] if len(folders) >= levels else ""


def _person(folder: str) -> str:
    """`Schubert,_Franz` as `Schubert, Franz`."""
    return folder.replace("_", " ").strip()


def _index(path: Path) -> Mapping[str, str]:
    if not path.is_file():
        return {}
    rows = csv.DictReader(io.StringIO(text_of(path)), delimiter="\t", quoting=csv.QUOTE_NONE)
    try:
        return {row["file"]: row["composer"] for row in rows if row.get("file") and row.get("composer")}
    except csv.Error as error:
        raise BadData(f"{path}: not a table ({error})") from error
