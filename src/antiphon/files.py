"""Outputs appear whole or not at all: everything is written under a temporary name and renamed.

A layer below `audio` and `checkpoint`, since both write.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
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
        yield temporary
        with _named_errors(target):
            temporary.chmod(0o644)
            temporary.replace(target)
    finally:
        with suppress(OSError):
            temporary.unlink()


@contextmanager
def whole_directory(target: Path, mark: str) -> Iterator[Path]:
    """A temporary directory beside `target`; when the block ends without an error it takes the target's place.

    An earlier result of the same kind, known by the file `mark` in it, is replaced as a whole, so that nothing of it
    stays behind. Any other directory with something in it is refused: it is somebody's.
    """
    refuse_foreign(target, mark)
    with _named_errors(target):
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


def refuse_foreign(target: Path, mark: str) -> None:
    """Raise AntiphonError where `target` exists and is neither empty nor an earlier result that holds the file
    `mark`."""
    if target.is_dir():
        if any(target.iterdir()) and not (target / mark).exists():
            raise AntiphonError(f"{target} holds files of its own (no {mark} among them); choose another directory")
    elif target.exists():
        raise AntiphonError(f"{target} is a file, not a directory")


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
