"""Outputs appear whole or not at all, and one program at a time writes one: everything is written under a temporary
name and renamed, and who takes long to write holds a lock meanwhile.

A layer below `audio` and `checkpoint`, since both write.
"""

from __future__ import annotations

import errno
import hashlib
import math
import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import platformdirs

from antiphon.errors import AntiphonError, SettingsError
from antiphon.reading import open_regular, real

NAME_KEPT = 40
"""Letters of a name that its temporary name repeats: a name as long as the file system allows leaves no room for
more."""

OLD = "o"
"""In the name of what held an earlier result while a new one took its place."""

ABANDONED_SECONDS = 14 * 86400
"""What another machine left half written, or this one before it was started anew, is left alone for so long."""

OWN_TEMPORARY = re.compile(
    r"\..{0,40}-antiphon(?P<process>\d{1,10})x(?P<machine>[0-9a-f]{8})(?P<old>o)?-.{8}(\..*)?", re.DOTALL
)
"""Temporary names, and whose they are."""

LOCK_INSIDE = ".antiphon.lock"
"""Who fills a directory piece by piece holds this file in it."""

CACHE_VARIABLE = "ANTIPHON_CACHE"

HASH_KEPT = 1 << 26
"""A file of at least so many bytes is hashed once, as long as nothing tells that it has changed."""

LOCK_SECONDS = 0.2
"""How long a lock is tried for: enough for one that is just being given up, and no wait for a program at work."""


WHAT_TO_DO = {
    errno.ENOSPC: "make room there, or choose another place",
    errno.EDQUOT: "make room there, or choose another place",
    errno.EFBIG: "the file system takes no file of this size; choose another place",
    errno.EACCES: "choose a place that may be written",
    errno.EPERM: "choose a place that may be written",
    errno.EROFS: "choose a place that may be written",
    errno.ELOOP: "the link leads to itself; choose another name",
    errno.EIO: "the disk or the connection to it fails; choose another place",
    errno.EMFILE: "too many files are open; raise the limit (ulimit -n)",
}
"""What helps, by the reason of the operating system."""

PROBE_BYTES = 2**20
"""Written to learn why a library could not write: more than a disk that is full takes."""


@contextmanager
def _named_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AntiphonError(f"cannot write {target}: {_reason(error)}") from error


def _reason(error: OSError) -> str:
    """What the operating system says, and what helps."""
    helps = WHAT_TO_DO.get(error.errno or 0)
    return f"{error.strerror or error}{f'; {helps}' if helps else ''}"


def why_unwritten(path: Path, otherwise: str) -> str:
    """Why a library could not write the file `path`, which says no more than `otherwise` itself: the operating system
    is asked again."""
    try:
        with tempfile.TemporaryFile(dir=path.parent) as probe:
            probe.write(bytes(PROBE_BYTES))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return _reason(error)
    return otherwise


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A temporary path beside `target`, with its suffix, renamed to it when the block ends without an error."""
    with _named_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep_again(target.parent)
        handle, name = tempfile.mkstemp(prefix=_prefix(target.stem), suffix=target.suffix, dir=target.parent)
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
def new_file(path: Path) -> Iterator[Callable[[bytes], object]]:
    """What writes to a file that was not there. Whatever fails in it is an AntiphonError that names the file, also in a
    block whose errors are those of another one, which is read."""
    with _named_errors(path):
        out = path.open("xb")

    def write(piece: bytes) -> None:
        with _named_errors(path):
            out.write(piece)

    try:
        yield write
    finally:
        with _named_errors(path):
            out.close()


@contextmanager
def whole_directory(target: Path, names: Sequence[str]) -> Iterator[Path]:
    """A temporary directory beside `target`; when the block ends without an error it takes the target's place.

    `names` is all that such a result may hold, the first of them what it always holds. An earlier result of the kind is
    replaced as a whole, so that nothing of it stays behind. Any other directory with something in it is refused, also
    where somebody put that there while the block ran.
    """
    refuse_foreign(target, names)
    target = _resolved(target)
    with _named_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep_again(target.parent)
        temporary = Path(tempfile.mkdtemp(prefix=_prefix(target.name), dir=target.parent))
    try:
        # What fails in the block is an output, whichever file a copy names; inputs have errors of their own.
        with _named_errors(target), _as_it_will_be_called(temporary, target):
            yield temporary
        refuse_foreign(target, names)
        with _named_errors(target):
            temporary.chmod(0o755)
            if target.exists():
                _take_the_place(temporary, target)
            else:
                temporary.replace(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def temporary_directory(purpose: str) -> Iterator[Path]:
    """A directory in the system's place for temporary files, which is gone when the block ends.

    `purpose` is a word of its name. What a process that was killed had there is removed by the next one that calls
    this. Raises AntiphonError where it cannot be made.
    """
    place = Path(tempfile.gettempdir())
    with _named_errors(place):
        _sweep_again(place)
        made = Path(tempfile.mkdtemp(prefix=_prefix(purpose), dir=place))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _take_the_place(new: Path, target: Path) -> None:
    """Put a directory where another one is, which comes back where that fails."""
    old = Path(tempfile.mkdtemp(prefix=_prefix(target.name, OLD), dir=target.parent))
    earlier = old / target.name
    try:
        target.replace(earlier)
        new.replace(target)
    except BaseException:
        # Where it cannot come back either, it stays there for the next run to bring back (`sweep`).
        with suppress(OSError):
            if earlier.exists():
                earlier.replace(target)
            old.rmdir()
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _as_it_will_be_called(temporary: Path, target: Path) -> Iterator[None]:
    """An error names the place that was asked for, not the temporary one."""
    try:
        yield
    except AntiphonError as error:
        if str(temporary) not in str(error):
            raise
        raise type(error)(str(error).replace(str(temporary), str(target))) from error


def _prefix(name: str, kind: str = "") -> str:
    """How the temporary names of this process begin."""
    return f".{name[:NAME_KEPT]}-antiphon{os.getpid()}x{_machine()}{kind}-"


@cache
def _machine() -> str:
    """What tells those among whom process numbers mean something from others that share a folder with them: this
    machine since it started, or this container on it."""
    told = platform.node()
    with suppress(OSError):
        told += Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii") + os.readlink("/proc/self/ns/pid")
    return hashlib.sha256(told.encode()).hexdigest()[:8]


SWEPT_SECONDS = 1e-3
"""For each file in it a folder is not swept anew for so long: to look at a file takes a hundredth of that, and a cache
of many files is written to often."""

_SWEPT: dict[tuple[int, Path], float] = {}
"""From when on a folder is swept again, by the monotonic clock, and by which process: a copy of this one sweeps
anew."""


def _sweep_again(folder: Path) -> None:
    """Sweep a folder that was not swept just now: other programs end while this one, a studio or a notebook, lives
    on."""
    if time.monotonic() >= _SWEPT.get((os.getpid(), folder), -math.inf):
        looked_at = sweep(folder)
        _SWEPT[os.getpid(), folder] = time.monotonic() + looked_at * SWEPT_SECONDS


def sweep(folder: Path) -> int:
    """Remove what processes that are gone left half written in a folder; where one of them was ended in the middle of
    replacing a result, the earlier one comes back. What cannot be removed stays, without a word. Gives how many names
    were looked at."""
    try:
        there = list(folder.iterdir())
    except OSError:
        return 0
    for path in there:
        owner = OWN_TEMPORARY.fullmatch(path.name)
        if owner is None or not _is_left(path, owner):
            continue
        with suppress(OSError):
            if path.is_symlink() or not path.is_dir():
                # A link is no folder of ours: what it leads to is neither moved nor removed.
                path.unlink()
                continue
            if owner["old"]:
                for earlier in path.iterdir():
                    if not (folder / earlier.name).exists():
                        earlier.replace(folder / earlier.name)
            shutil.rmtree(path)
    return len(there)


def _is_left(path: Path, owner: re.Match[str]) -> bool:
    """Whether nobody writes it any more; of what another machine wrote, its age tells."""
    if owner["machine"] == _machine():
        return not _is_alive(int(owner["process"]))
    try:
        return time.time() - path.lstat().st_mtime > ABANDONED_SECONDS
    except OSError:
        return False


def _is_alive(process: int) -> bool:
    if os.name != "posix":
        # There a signal would end it.
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def refuse_foreign(target: Path, names: Sequence[str]) -> None:
    """Raise AntiphonError where no directory can be put at `target`.

    It lies below a file; or it is there and somebody's: neither empty, nor with the first of `names` and no others.
    """
    with _named_errors(target):
        there = next(place for place in (target, *target.parents) if place.exists())
        held = {path.name for path in target.iterdir()} - {LOCK_INSIDE} if target.is_dir() else set()
    if not there.is_dir():
        raise AntiphonError(f"cannot write {target}: {there} is a file, not a directory")
    others = sorted(name for name in held - set(names) if not name.startswith("."))
    if others or (held and names[0] not in held):
        raise AntiphonError(f"{target} holds files of its own ({', '.join(others[:3])}); choose another directory")


@dataclass(frozen=True)
class Claim:
    """An output directory that nobody else writes while this program does.

    `mark` is the file that a result of the kind always holds. `found` tells which one was there at the start, None
    where none was: only that one may be replaced.
    """

    target: Path
    mark: Path
    found: tuple[int, ...] | None

    def confirm(self) -> None:
        """To be called before the result takes its place: raise SettingsError where `target` holds another result than
        at the start, whose owner never agreed to lose it."""
        now = identity(self.mark)
        if now is None or now == self.found:
            return
        happened = "appeared" if self.found is None else "changed"
        raise SettingsError(
            f"{self.target} {happened} while this ran, and is left as it is; "
            "move it away, or call again with --overwrite"
        )


@contextmanager
def claimed(target: Path, names: Sequence[str], *, overwrite: bool, holding: str) -> Iterator[Claim]:
    """As long as the block lasts, no other program that claims `target` writes it. `names` as for `whole_directory`.

    Raises AntiphonError where another thread or process, on this machine or one that shares the folder, is at it, and
    where it is somebody else's folder; SettingsError where it holds a result (`holding` says what) and `overwrite` is
    not given.
    """
    place = _resolved(target)
    refuse_foreign(target, names)
    with (
        _locked(place.parent / _lock_name(place.name), target),
        helping(target, names, overwrite=overwrite, holding=holding) as claim,
    ):
        yield claim


@contextmanager
def helping(target: Path, names: Sequence[str], *, overwrite: bool, holding: str) -> Iterator[Claim]:
    """The same without the lock: for the processes that work together with the one that holds it."""
    refuse_foreign(target, names)
    mark = _resolved(target) / names[0]
    found = identity(mark)
    if found is not None and not overwrite:
        raise SettingsError(f"{target} holds {holding}; choose another name, or pass --overwrite")
    yield Claim(target, mark, found)


@contextmanager
def owned(directory: Path) -> Iterator[None]:
    """The same for a directory that is filled piece by piece and gone on with: no other program fills it meanwhile.

    The lock lies inside, since a folder that may be written need not lie in one that may.
    """
    with _locked(_resolved(directory) / LOCK_INSIDE, directory):
        yield


def _resolved(target: Path) -> Path:
    with _named_errors(target):
        try:
            return target.resolve()
        except RuntimeError as error:
            # What Python before 3.13 says of links that lead to themselves.
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(target)) from error


def identity(path: Path) -> tuple[int, ...] | None:
    """What tells a file from any other that comes to lie in its place; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)


def _lock_name(name: str) -> str:
    kept = name if len(name) <= NAME_KEPT else f"{name[:NAME_KEPT]}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:8]}"
    return f".{kept}.lock"


@contextmanager
def _locked(path: Path, target: Path) -> Iterator[None]:
    """Hold the operating system's lock on the file `path`, which the end of the process gives up too, however it ends.

    Neither the file nor a folder that was made for it stays behind.
    """
    # Loaded where it is used: `antiphon --help` does without.
    from filelock import FileLock, Timeout, UnixFileLock

    with _named_errors(target):
        made = [parent for parent in path.parents if not parent.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=LOCK_SECONDS)
        except Timeout as error:
            raise AntiphonError(
                f"{target} is being written by another program; wait for it, or choose another directory"
            ) from error
    try:
        yield
    finally:
        if isinstance(lock, UnixFileLock):
            # On Windows the library removes it. Here it goes while it is held: who has it open finds it gone, and tries
            # anew.
            with suppress(OSError):
                path.unlink()
        lock.release()
        for parent in made:
            with suppress(OSError):
                parent.rmdir()


def cache_directory() -> Path:
    """Where what can be made again is kept: $ANTIPHON_CACHE, else `frames` in the user's cache directory."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else platformdirs.user_cache_path("antiphon") / "frames"


def sha256(path: Path) -> str:
    """Hex digest of a regular file's bytes. Raises BadData, naming it, where it is none or cannot be read."""
    with suppress(OSError):
        state = path.stat()
        if state.st_size >= HASH_KEPT:
            return _hashed_once(real(path), (state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns))
    return _hashed(path)


def _hashed(path: Path) -> str:
    with open_regular(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@lru_cache(maxsize=4096)
def _hashed_once(path: Path, state: tuple[int, ...]) -> str:
    return _hashed(path)
