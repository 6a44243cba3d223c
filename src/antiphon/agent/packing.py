"""An agent as one file, to be sent: a zip of its directory, behind an index with the SHA-256 of each file.

No code is in it, and nothing of it is believed before it is checked. Files are stored and not deflated: weights do not
get smaller, the same agent gives the same bytes with every zlib, and a small file cannot unpack to a large one.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from antiphon import __version__
from antiphon.agent.directory import AGENT_FILES, AGENT_MARK
from antiphon.errors import AntiphonWarning, BadData, SettingsError
from antiphon.files import new_file, sha256, whole_file
from antiphon.reading import PIECE_BYTES, first_fault, json_of, open_regular, pieces_of

PACK_VERSION = 1
"""Version of the index; raised whenever a field changes its meaning."""

INDEX = "index.json"
"""The first file of a pack: which files follow, how long each is, and its SHA-256."""

SUFFIX = ".antiphon"

MOST_PACKED_BYTES = 2**32 - 2**20
"""Size of the largest pack: zip's own numbers end at 4 GB, and what goes past them is another format. Twenty times the
three networks of the paper's size."""

MOST_INDEX_BYTES = 2**16
"""Size of the largest index, and of the largest table of contents: they name ten files."""

END, END_64, END_BYTES, LOCATOR_BYTES = b"PK\x05\x06", b"PK\x06\x07", 22, 20
"""Where zip's table of contents is told, at the end of a file without a comment; and the longer form, which is refused
(APPNOTE.TXT 4.3.15 and 4.3.16)."""

ENCRYPTED = 1
"""The bit that says so (APPNOTE.TXT 4.4.4)."""

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a pack: when it was packed is no part of an agent."""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    bytes: int = Field(ge=0, le=MOST_PACKED_BYTES)
    sha256: Annotated[str, Field(pattern=re.compile(r"^[0-9a-f]{64}$"))]


class _Index(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    antiphon: str = Field(max_length=100)
    files: dict[str, _File] = Field(max_length=len(AGENT_FILES))


def pack(directory: Path, output: Path, *, overwrite: bool = False) -> None:
    """Write the agent of a directory to the one file `output`; the same agent gives the same bytes.

    What else lies in the directory is named in a warning and left out. Raises BadData for what is no agent, a link
    among its files, or more than MOST_PACKED_BYTES, and SettingsError where `output` is there and may not be replaced.
    """
    names = files_of(directory)
    if output.exists() and not overwrite:
        raise SettingsError(f"{output} is there; choose another name, or pass --overwrite")
    index = _Index(version=PACK_VERSION, antiphon=__version__, files={name: _seen(directory / name) for name in names})
    if sum(each.bytes for each in index.files.values()) > MOST_PACKED_BYTES - MOST_INDEX_BYTES:
        raise BadData(f"{directory}: more than {MOST_PACKED_BYTES} bytes; such an agent is not packed")
    with whole_file(output) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        text = json.dumps(index.model_dump(), indent=1, sort_keys=True)
        archive.writestr(_entry(INDEX), f"{text}\n")
        for name in names:
            about = index.files[name]
            with archive.open(_entry(name), "w") as inside:
                if _copied(pieces_of(directory / name), inside.write, about.bytes) != about.sha256:
                    raise BadData(f"{directory / name}: changed while it was packed")


def unpacked(file: Path, directory: Path) -> None:
    """Write the files of a pack into an empty `directory`.

    Raises BadData, naming the file, for anything but a pack whose files are those of its index, byte for byte.
    """
    with _read(file) as archive:
        for name, about in _checked(archive, file).items():
            with archive.open(name) as stream, new_file(directory / name) as write:
                if _copied(_pieces(stream), write, about.bytes) != about.sha256:
                    raise BadData(f"{file}: damaged, {name} is not what its index says (SHA-256)")


def files_of(directory: Path) -> list[str]:
    """The files of an agent that a directory holds, in their order; what else lies there is named in a warning.

    Raises BadData for what is no agent, and for a link among its files.
    """
    if not (directory / AGENT_MARK).is_file():
        raise BadData(f"{directory}: not an agent (no {AGENT_MARK} in it)")
    held = {path.name for path in directory.iterdir()}
    others = sorted(name for name in held - set(AGENT_FILES) if not name.startswith("."))
    if others:
        warnings.warn(f"left out, no part of an agent: {', '.join(others)}", AntiphonWarning, stacklevel=3)
    names = [name for name in AGENT_FILES if name in held]
    for name in names:
        if (directory / name).is_symlink():
            raise BadData(f"{directory / name}: a link; a pack holds files alone")
    return names


def is_packed(path: Path) -> bool:
    """Whether a path is to be read as a pack: anything that is not a folder."""
    return path.exists() and not path.is_dir()


def _seen(path: Path) -> _File:
    with open_regular(path, MOST_PACKED_BYTES) as stream:
        size = stream.seek(0, 2)
    return _File(bytes=size, sha256=sha256(path))


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EARLIEST)
    entry.create_system, entry.external_attr = 3, (stat.S_IFREG | 0o644) << 16
    return entry


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(PIECE_BYTES):
        yield piece


def _copied(pieces: Iterator[bytes], write: Callable[[bytes], object], most: int) -> str:
    """The SHA-256 of what was copied, no more than a piece beyond `most` bytes."""
    digest, left = hashlib.sha256(), most
    while left >= 0 and (piece := next(pieces, b"")):
        left -= len(piece)
        digest.update(piece)
        write(piece)
    return digest.hexdigest()


@contextmanager
def _read(file: Path) -> Iterator[zipfile.ZipFile]:
    """A zip file, opened after a look at how long its table of contents says it is."""
    with open_regular(file, MOST_PACKED_BYTES) as stream:
        _require_small_table(stream, file)
        try:
            with zipfile.ZipFile(stream) as archive:
                yield archive
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, struct.error) as error:
            raise BadData(f"{file}: not a packed agent ({error})") from error


def _require_small_table(stream: BufferedReader, file: Path) -> None:
    size = stream.seek(0, 2)
    stream.seek(max(0, size - END_BYTES - LOCATOR_BYTES))
    end = stream.read()
    told = end[-END_BYTES:]
    if len(told) < END_BYTES or not told.startswith(END):
        raise BadData(f"{file}: not a packed agent (not a zip file, or it was cut off)")
    if end[:-END_BYTES].startswith(END_64) or struct.unpack("<I", told[12:16])[0] > MOST_INDEX_BYTES:
        raise BadData(f"{file}: not a packed agent (its table of contents is too long)")
    stream.seek(0)


def _checked(archive: zipfile.ZipFile, file: Path) -> Mapping[str, _File]:
    """The index of a pack that holds exactly what it names, as plain files side by side."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    strange = sorted(set(names) - {INDEX, *AGENT_FILES})
    if strange:
        raise BadData(f"{file}: not a packed agent, it holds {strange[0]!r}")
    if len(set(names)) < len(names) or names[:1] != [INDEX] or AGENT_MARK not in names:
        raise BadData(f"{file}: not a packed agent (it must hold {INDEX}, then {AGENT_MARK}, and nothing twice)")
    for entry in entries:
        _require_plain(entry, file)
    index = _index(archive, file)
    if set(index.files) != set(names) - {INDEX}:
        missing = sorted(set(index.files) ^ (set(names) - {INDEX}))
        raise BadData(f"{file}: damaged, its index and what it holds differ in {', '.join(missing)}")
    for entry in entries[1:]:
        if entry.file_size != index.files[entry.filename].bytes:
            raise BadData(f"{file}: damaged, {entry.filename} is not as long as its index says")
    return index.files


def _require_plain(entry: zipfile.ZipInfo, file: Path) -> None:
    """A stored file is as long packed as unpacked, so that no ratio is left to limit."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
        raise BadData(f"{file}: not a packed agent, {entry.filename} is compressed")
    if entry.flag_bits & ENCRYPTED or kind not in (0, stat.S_IFREG):
        raise BadData(
            f"{file}: not a packed agent, {entry.filename} is {'secret' if kind == stat.S_IFREG else 'no file'}"
        )


def _index(archive: zipfile.ZipFile, file: Path) -> _Index:
    if archive.getinfo(INDEX).file_size > MOST_INDEX_BYTES:
        raise BadData(f"{file}: not a packed agent, its index is too long")
    try:
        text = archive.read(INDEX).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadData(f"{file}: not a packed agent ({INDEX} is not UTF-8 text)") from error
    tree = json_of(text, f"{file}, {INDEX}")
    if not isinstance(tree, dict) or tree.get("version") != PACK_VERSION:
        raise BadData(f"{file}: not a packed agent of version {PACK_VERSION}, which this Antiphon reads")
    try:
        return _Index.model_validate(tree)
    except ValidationError as error:
        raise BadData(f"{file}: not a packed agent ({INDEX}: {first_fault(error)})") from error
