"""The text of a REAPER project as a tree, line by line: what nobody touches is written as it was read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from antiphon.errors import BadData
from antiphon.files import whole_file
from antiphon.names import fits_rpp, for_rpp
from antiphon.reading import bytes_of

_WORD = re.compile(r'"([^"]*)"|\'([^\']*)\'|`([^`]*)`|(\S+)')

MOST_NUMBER = 1e12
"""Larger than any time, colour or flag of a project."""

MOST_DEPTH = 64
"""Blocks within blocks: REAPER writes fewer than ten."""


@dataclass(eq=False)
class Block:
    """Lines between `<NAME ...` and `>`: `opening` and `closing` as they stand, and in between lines and blocks."""

    opening: str
    inside: list[str | Block] = field(default_factory=list)
    closing: str = ">"

    @property
    def name(self) -> str:
        """TRACK, ITEM, SOURCE, ..."""
        return self.words[0].removeprefix("<")

    @property
    def words(self) -> list[str]:
        """The opening line, its words without quotes."""
        return words(self.opening)

    def blocks(self, name: str) -> list[Block]:
        """The blocks of this name directly inside."""
        return [each for each in self.inside if isinstance(each, Block) and each.name == name]

    def find(self, name: str) -> list[str] | None:
        """What follows the first line with this name directly inside; None without one."""
        for each in self.inside:
            if isinstance(each, str):
                found = words(each)
                if found and found[0] == name:
                    return found[1:]
        return None

    def all(self, name: str) -> list[list[str]]:
        """What follows each line with this name directly inside."""
        return [found[1:] for each in self.inside if isinstance(each, str) and (found := words(each))[:1] == [name]]

    def lines(self) -> Iterator[str]:
        """All of it as text lines."""
        yield self.opening
        for each in self.inside:
            if isinstance(each, Block):
                yield from each.lines()
            else:
                yield each
        yield self.closing


def words(line: str) -> list[str]:
    """The words of a line, quotes taken off."""
    return [next(group for group in found.groups() if group is not None) for found in _WORD.finditer(line)]


def numbers(values: Sequence[str] | None) -> list[float]:
    """The numbers with which a line begins, up to one that is none or beyond MOST_NUMBER."""
    found: list[float] = []
    for value in values or ():
        try:
            number = float(value)
        except ValueError:
            break
        if not abs(number) <= MOST_NUMBER:
            break
        found.append(number)
    return found


def file_word(path: str) -> str:
    """A path as one word of a line. Raises BadData, naming it, for one that would not come back as it was."""
    if not fits_rpp(path):
        raise BadData(f"{path}: REAPER has no way to write this name; rename the file or its folder")
    return for_rpp(path)


def read_project(path: Path) -> Block:
    """The project in a file. Raises BadData, naming it, for anything that is not a REAPER project."""
    return parsed(bytes_of(path).decode("utf-8", errors="surrogateescape"), str(path))


def parsed(text: str, name: str) -> Block:
    """The project in a text that comes from the file `name`."""
    found = text.split("\n")
    if not found[0].startswith("<REAPER_PROJECT"):
        raise BadData(f"{name}: not a REAPER project")
    root = Block(found[0])
    opened = [root]
    for number, line in enumerate(found[1:], 2):
        word = line.strip()
        if not opened:
            if word:
                raise BadData(f"{name}: damaged REAPER project, line {number} stands after its end")
        elif word.startswith("<"):
            block = Block(line)
            opened[-1].inside.append(block)
            opened.append(block)
            if len(opened) > MOST_DEPTH:
                raise BadData(f"{name}: not read, line {number} is nested more than {MOST_DEPTH} blocks deep")
        elif word == ">":
            opened.pop().closing = line
        else:
            opened[-1].inside.append(line)
    if opened:
        raise BadData(f"{name}: damaged REAPER project, <{opened[-1].name} has no end")
    return root


def written(root: Block) -> str:
    """The project as text; what was parsed and not changed comes out as it was."""
    return "\n".join(root.lines()) + "\n"


def write_project(path: Path, root: Block) -> None:
    """Write the project, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_bytes(written(root).encode("utf-8", errors="surrogateescape"))
