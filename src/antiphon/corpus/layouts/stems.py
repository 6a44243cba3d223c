"""What a layout finds, before any audio is opened: names, files, and what a corpus says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from antiphon.config import LayoutName
from antiphon.corpus.layouts.folders_on_disk import Folder
from antiphon.corpus.manifest import LeftOut
from antiphon.corpus.splits import Split
from antiphon.types import Source


@dataclass(frozen=True)
class Part:
    """A source of a stem, and what plays in it where that is finer than the stem."""

    source: Source
    instrument: str = ""


@dataclass(frozen=True)
class Stem:
    """A track to be: its parts are summed."""

    name: str
    instrument: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Found:
    """A multitrack to be."""

    name: str
    piece: str
    stems: tuple[Stem, ...]
    artist: str = ""
    split: Split | None = None
    has_bleed: bool = False


@dataclass
class Findings:
    """What a scan has to say: `problems` are files that cannot be used, `remarks` are for the user to know, and
    `left_out` holds each track that is not taken.

    `needs_extra` says that PyAV, which is not there, would read some of the former.
    """

    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    needs_extra: bool = False


@dataclass(frozen=True)
class Layout:
    """A way in which corpora lie on disk. `recognises` looks at names alone; `find` may read metadata."""

    name: LayoutName
    recognises: Callable[[Folder], bool]
    find: Callable[[Folder, Findings], Iterator[Found]]
    licence: str = ""


def counted(count: int, noun: str) -> str:
    """`1 track`, `2 tracks`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def first_few(names: list[str], shown: int = 5, separator: str = ", ") -> str:
    """The names in a row, and how many more there are."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return separator.join(names[:shown]) + more
