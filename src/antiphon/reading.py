"""Files from others, read with care: regular files alone, of a size that is known, and JSON within stated limits.

Whatever a file holds, a loader here returns it or raises BadData, which names it.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from antiphon.errors import BadData

if TYPE_CHECKING:
    from pydantic import ValidationError

MOST_TEXT_BYTES = 256 * 2**20
"""Size of the largest text that is read as a whole: ten times the provenance of an hour in which every segment
testifies."""

MOST_ARRAY_BYTES = 16 * 2**30
"""Size of the largest file of weights."""

PIECE_BYTES = 2**20
"""Of a file that is read in pieces."""

MOST_DEPTH = 64
"""Levels of the deepest JSON: what Antiphon writes has less than ten."""

MOST_DIGITS = 20
"""Digits of the longest whole number: those of 2**64."""

HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""How JSON writes half of a letter beyond 16 bits; two of them make one."""


@contextmanager
def open_regular(path: Path, most_bytes: int | None = None) -> Iterator[BufferedReader]:
    """A regular file, opened for reading. Raises BadData, naming it, for a folder, a pipe or a device (they may never
    end, also behind a link), for more than `most_bytes`, and wherever reading in the block fails."""
    try:
        # Without waiting: a pipe would block until somebody writes into it.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(handle, "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise BadData(f"{path}: not a file, but {_kind_of(status.st_mode)}")
            if most_bytes is not None and status.st_size > most_bytes:
                raise BadData(f"{path}: {status.st_size} bytes, no more than {most_bytes} are read")
            yield stream
    except OSError as error:
        raise BadData(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        if "null" not in str(error):
            raise
        raise BadData(f"{str(path)!r}: not a path") from error


def require_regular(path: Path, most_bytes: int | None = None) -> None:
    """Raise BadData as `open_regular` does; for what a library opens by its name."""
    with open_regular(path, most_bytes):
        pass


def real(path: Path) -> Path:
    """Where a path leads, from the root and without links. One that leads to itself stays as it is, and whoever opens
    it is told; `Path.resolve` raises RuntimeError there before Python 3.13."""
    return Path(os.path.realpath(path))


def _kind_of(mode: int) -> str:
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def pieces_of(path: Path, most_bytes: int | None = None, length: int = PIECE_BYTES) -> Iterator[bytes]:
    """A regular file in pieces. Raises BadData as `open_regular` does, but not for what fails where a piece is used."""
    with open_regular(path, most_bytes) as stream:
        while piece := stream.read(length):
            yield piece


def bytes_of(path: Path, most_bytes: int = MOST_TEXT_BYTES) -> bytes:
    """All of a regular file. Raises BadData as `open_regular` does."""
    with open_regular(path, most_bytes) as stream:
        return stream.read()


def text_of(path: Path, most_bytes: int = MOST_TEXT_BYTES, encoding: str = "utf-8") -> str:
    """The text of a regular file, its line ends as `\\n`. Raises BadData as `open_regular` does, and where it is no
    such text."""
    try:
        text = bytes_of(path, most_bytes).decode(encoding)
    except UnicodeDecodeError as error:
        raise BadData(f"{path}: not UTF-8 text") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def json_of(text: str, name: str, *, allow_nan: bool = False) -> Any:
    """The value of a JSON text that comes from `name`.

    Raises BadData, naming that, for what is not JSON, nested deeper than MOST_DEPTH, or holds a number that neither 64
    bits nor a finite double hold; `allow_nan` lets NaN and infinities pass.
    """
    try:
        tree = json.loads(
            text,
            parse_int=_whole_number,
            parse_float=float if allow_nan else _finite_number,
            parse_constant=float if allow_nan else _no_number,
        )
    except RecursionError as error:
        raise BadData(f"{name}: not read, it is nested more than {MOST_DEPTH} levels deep") from error
    except json.JSONDecodeError as error:
        raise BadData(f"{name}: not JSON ({error.msg} at line {error.lineno}, column {error.colno})") from error
    except ValueError as error:
        raise BadData(f"{name}: not JSON that can be read ({error})") from error
    if _is_deep(tree):
        raise BadData(f"{name}: not read, it is nested more than {MOST_DEPTH} levels deep")
    if HALF.search(text) and not _is_text(tree):
        raise BadData(f"{name}: not read, it holds halves of letters, which no file can")
    return tree


def json_file(path: Path, most_bytes: int = MOST_TEXT_BYTES) -> Any:
    """The value of a JSON file. Raises BadData as `text_of` and `json_of` do."""
    return json_of(text_of(path, most_bytes), str(path))


def _whole_number(digits: str) -> int:
    if len(digits.lstrip("-")) > MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _finite_number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"the number {digits[:MOST_DIGITS]} is too large")
    return value


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _is_text(tree: Any) -> bool:
    try:
        json.dumps(tree, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_deep(tree: Any) -> bool:
    level = [tree]
    for _ in range(MOST_DEPTH + 1):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def first_fault(error: ValidationError) -> str:
    """The first thing that a model found wrong with a file, and where in it."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])
