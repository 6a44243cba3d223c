"""Outputs appear whole or not at all: everything is written under a temporary name and renamed.

A layer below `audio` and `checkpoint`, since both write.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from antiphon.errors import AntiphonError

NAME_KEPT = 40
"""Letters of a name that its temporary name repeats: a name as long as the file system allows leaves no room for
more."""


@contextmanager
def _named_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AntiphonError(f"cannot write {target}: {error.strerror or error}") from error


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A temporary path beside `target`, with its suffix, renamed to it when the block ends without an error."""
    with _named_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.stem[:NAME_KEPT]}-", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        with _named_errors(target):
            yield temporary
            temporary.chmod(0o644)
            temporary.replace(target)
    finally:
        with suppress(OSError):
            temporary.unlink()


@contextmanager
def whole_directory(target: Path, names: Sequence[str]) -> Iterator[Path]:
    """A temporary directory beside `target`; when the block ends without an error it takes the target's place.

    `names` is all that such a result may hold, the first of them what it always holds. An earlier result of the kind is
    replaced as a whole, so that nothing of it stays behind. Any other directory with something in it is refused.
    """
    refuse_foreign(target, names)
    with _named_errors(target):
        target = target.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name[:NAME_KEPT]}-", dir=target.parent))
    try:
        yield temporary
        with _named_errors(target):
            temporary.chmod(0o755)
            if target.exists():
                old = Path(tempfile.mkdtemp(prefix=f".{target.name[:NAME_KEPT]}-old-", dir=target.parent))
                target.replace(old / target.name)
                temporary.replace(target)
                shutil.rmtree(old)
            else:
                temporary.replace(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def refuse_foreign(target: Path, names: Sequence[str]) -> None:
    """Raise AntiphonError where no directory can be put at `target`.

    It lies below a file; or it is there and somebody's: neither empty, nor with the first of `names` and no others.
    """
    with _named_errors(target):
        there = next(place for place in (target, *target.parents) if place.exists())
        held = {path.name for path in target.iterdir()} if target.is_dir() else set()
    if not there.is_dir():
        raise AntiphonError(f"cannot write {target}: {there} is a file, not a directory")
    others = sorted(name for name in held - set(names) if not name.startswith("."))
    if others or (held and names[0] not in held):
        raise AntiphonError(f"{target} holds files of its own ({', '.join(others[:3])}); choose another directory")


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
