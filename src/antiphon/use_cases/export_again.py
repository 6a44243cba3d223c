"""What `respond --export` writes, for a response that is there already."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from antiphon.action.export import PROVENANCE, read_provenance
from antiphon.action.export.formats import FORMAT_FILES, Handed, hand_over, known_formats, with_media
from antiphon.action.export.provenance_file import as_json, found_file
from antiphon.checkpoint import save_json
from antiphon.errors import AntiphonError
from antiphon.files import claimed, whole_directory
from antiphon.use_cases.read_explanation import asked_for
from antiphon.use_cases.respond import ANSWER_FILES


def export_response(
    directory: Path, formats: Sequence[str], allowed: Callable[[Path], Path] = lambda path: path
) -> tuple[str, ...]:
    """Write the formats into the folder of a response, which changes whole or not at all; the files that were added.

    `allowed` is called with each file that would be copied into `media`, and may refuse it. Raises AntiphonError where
    a session of the musician would be written over.
    """
    names = known_formats(formats)
    record = read_provenance(directory / PROVENANCE)
    rest = asked_for(directory).alphabet_size
    if "reaper" in names and (record.laid or record.mixing.kept):
        raise AntiphonError(f"{directory}: its session.rpp holds edits of yours, and is not written anew")
    if "reaper" in names:
        for source in (*record.inputs.guides, *record.inputs.memories, *record.inputs.own):
            allowed(found_file(source, directory))
    with (
        claimed(directory, ANSWER_FILES, overwrite=True, holding="a response") as claim,
        whole_directory(claim.target, ANSWER_FILES) as inside,
    ):
        _copied(directory, inside)
        if "reaper" in names:
            record = replace(record, inputs=with_media(inside, record.inputs))
            save_json(inside / PROVENANCE, as_json(record))
        wanted = tuple(name for name in names if name != "cues" or not _has_cues(inside / "response.wav"))
        hand_over(inside, Handed(record, rest), wanted)
        claim.confirm()
    return tuple(name for name in FORMAT_FILES if (directory / name).exists())


def _copied(directory: Path, inside: Path) -> None:
    """What the folder of a response holds, hidden files aside."""
    for path in directory.iterdir():
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir():
            shutil.copytree(path, inside / path.name)
        else:
            shutil.copyfile(path, inside / path.name)


def _has_cues(path: Path) -> bool:
    """Whether a wav has cue points already: they are appended once."""
    with path.open("rb") as file:
        file.seek(12)
        while len(head := file.read(8)) == 8:
            name, length = struct.unpack("<4sI", head)
            if name == b"cue ":
                return True
            file.seek(length + length % 2, 1)
    return False
