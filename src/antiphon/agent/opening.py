"""One way in for every agent: a folder, a packed file, or the address of either wherever `fsspec` reads from.

`hf://OWNER/NAME` is such an address, for which fsspec asks huggingface_hub; neither is needed for what lies on a disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from antiphon.agent.directory import AGENT_FILES, AGENT_MARK
from antiphon.agent.packing import MOST_PACKED_BYTES, SUFFIX, files_of, is_packed, unpacked
from antiphon.errors import AntiphonError, BadData, MissingExtra, SettingsError
from antiphon.files import claimed, new_file, temporary_directory, whole_directory
from antiphon.reading import PIECE_BYTES, pieces_of, real

ADDRESS = re.compile(r"(?P<protocol>[A-Za-z][A-Za-z0-9+.-]+):/(?P<rest>[^:]*(?::\d+)?[^:]*)")
"""`protocol://rest`, of which a path keeps one slash. A letter alone is a drive."""

BY_EXTRA = ("http://", "https://", "hf://")
"""What the extra `remote` brings; fsspec says itself what any other protocol needs."""


@contextmanager
def opened(source: Path) -> Iterator[Path]:
    """The directory of an agent, as long as the block lasts: `source` itself, or a temporary one.

    Errors in the block name the source. Raises BadData where it is no agent, MissingExtra for an address that needs a
    library that is not there, and SettingsError for a protocol that nobody knows.
    """
    address = None if source.exists() else address_of(source)
    if address is None and not is_packed(source):
        yield source
        return
    with temporary_directory("agent") as made:
        directory = made / "agent"
        directory.mkdir()
        try:
            if address is None:
                unpacked(source, directory)
            else:
                _fetched(address, directory, made)
            yield directory
        except AntiphonError as error:
            if str(made) not in str(error) or type(error) is AntiphonError:
                # What cannot be written is named as it is: no room for temporary files is no fault of the source.
                raise
            told = str(error).replace(str(directory), address or str(source))
            raise type(error)(told.replace(f"{made}/pack{SUFFIX}", address or str(source))) from error


def copied(source: Path, output: Path, *, overwrite: bool = False) -> list[str]:
    """Write the agent of any source as a directory, whole or not at all; the names of its files.

    Raises as `opened` does, and SettingsError and AntiphonError as `files.claimed` does.
    """
    with (
        claimed(output, AGENT_FILES, overwrite=overwrite, holding="an agent") as claim,
        opened(source) as directory,
        whole_directory(output, AGENT_FILES) as inside,
    ):
        names = files_of(directory)
        for name in names:
            with new_file(inside / name) as write:
                for piece in pieces_of(directory / name, MOST_PACKED_BYTES):
                    write(piece)
        claim.confirm()
    return names


def address_of(source: Path) -> str | None:
    """The address that a path was before its two slashes became one; None for a path that is none."""
    found = ADDRESS.fullmatch(source.as_posix())
    if found is None:
        return None
    protocol, rest = found["protocol"].lower(), found["rest"]
    return f"{protocol}:///{rest}" if protocol in ("file", "local") else f"{protocol}://{rest}"


def noted(source: Path | None) -> str:
    """How a record names where an agent came from: the address, or where the file or folder lies; empty for none."""
    if source is None:
        return ""
    address = None if source.exists() else address_of(source)
    return address or real(source).as_posix()


def _fetched(address: str, directory: Path, beside: Path) -> None:
    """Fill `directory` from an address: of a packed file, by its name, or else of a folder."""
    system, path = _file_system(address)
    try:
        if path.endswith(SUFFIX):
            packed = beside / f"pack{SUFFIX}"
            _copied(system, path, packed, MOST_PACKED_BYTES, address)
            unpacked(packed, directory)
            packed.unlink()
            return
        left = MOST_PACKED_BYTES
        for name in AGENT_FILES:
            if system.isfile(f"{path.rstrip('/')}/{name}"):
                left -= _copied(system, f"{path.rstrip('/')}/{name}", directory / name, left, address)
    except (AntiphonError, MemoryError):
        raise
    except Exception as error:  # each of fsspec's file systems has errors of its own
        raise BadData(f"{address}: cannot be read ({_said(error)})") from error
    if not (directory / AGENT_MARK).exists():
        raise BadData(f"{address}: not an agent (no {AGENT_MARK} in it); a packed one is named NAME{SUFFIX}")


def _file_system(address: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError as error:
        raise MissingExtra("agents from an address need fsspec: pip install 'antiphon[remote]'") from error
    try:
        system, path = fsspec.core.url_to_fs(address)
    except ImportError as error:
        helps = "; pip install 'antiphon[remote]'" if address.startswith(BY_EXTRA) else ""
        raise MissingExtra(f"{address}: {_said(error)}{helps}") from error
    except ValueError as error:
        raise SettingsError(f"{address}: {_said(error)}") from error
    except Exception as error:  # each of fsspec's file systems has errors of its own
        raise BadData(f"{address}: cannot be read ({_said(error)})") from error
    return system, path


def _copied(system: Any, path: str, target: Path, most: int, address: str) -> int:
    """How many bytes a file had; no more than `most` are taken."""
    taken = 0
    with system.open(path, "rb") as stream, new_file(target) as write:
        while block := stream.read(PIECE_BYTES):
            taken += len(block)
            if taken > most:
                raise BadData(f"{address}: more than {MOST_PACKED_BYTES} bytes, no agent has as many")
            write(block)
    return taken


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
