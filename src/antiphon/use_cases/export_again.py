"""What `respond --export` writes, for a response that is there already."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from antiphon.action.export import PROVENANCE, read_provenance
from antiphon.action.export.class_names import known_names
from antiphon.action.export.formats import COPYING, FORMAT_FILES, Handed, hand_over, known_formats, with_media
from antiphon.action.export.provenance_file import as_json, found_file
from antiphon.action.export.reaper import SESSION
from antiphon.checkpoint import save_json
from antiphon.errors import AntiphonError
from antiphon.files import claimed, whole_directory
from antiphon.use_cases.read_explanation import asked_for
from antiphon.use_cases.respond import ANSWER_FILES


def export_response(
    directory: Path,
    formats: Sequence[str],
    allowed: Callable[[Path], Path] = lambda path: path,
    *,
    names: Mapping[str, Mapping[int, str]] | None = None,
) -> tuple[str, ...]:
    """Write the formats into the folder of a response, which changes whole or not at all; the exported files
    that it holds now.

    `allowed` is called with each file that would be copied into `media` or a session, and may refuse it. `names` are
    what a musician calls classes, by the id of their alphabet; the response keeps them. Raises AntiphonError where a
    session of the musician would be written over.
    """
    wanted = known_formats(formats)
    record, asked = read_provenance(directory / PROVENANCE), asked_for(directory)
    rest, before = asked.alphabet_size, record
    record = replace(record, names=known_names({**record.names, **(names or {}).get(asked.alphabet_id, {})}))
    if "reaper" in wanted and (record.laid or record.mixing.kept):
        raise _edited(directory)
    if any(name in COPYING for name in wanted):
        for source in (*record.inputs.guides, *record.inputs.memories, *record.inputs.own):
            allowed(found_file(source, directory))
    # All that lies there is copied, so that what a sequencer left beside its session stays.
    held = (*ANSWER_FILES, *(path.name for path in _visible(directory)))
    with (
        claimed(directory, held, overwrite=True, holding="a response") as claim,
        whole_directory(claim.target, held) as inside,
    ):
        _copied(directory, inside)
        if "reaper" in wanted:
            record = replace(record, inputs=with_media(inside, record.inputs))
        if record != before:
            save_json(inside / PROVENANCE, as_json(record))
        if "reaper" in wanted:
            # By the names of then: a session that reads otherwise was changed by the musician, not by a new name.
            hand_over(inside, Handed(replace(record, names=before.names), rest), ["reaper"])
            _require_no_edits(directory / SESSION, inside / SESSION)
        hand_over(
            *(inside, Handed(record, rest)),
            [name for name in wanted if name != "cues" or not _has_cues(inside / "response.wav")],
        )
        claim.confirm()
    return tuple(name for name in FORMAT_FILES if (directory / name).exists())


def _edited(directory: Path) -> AntiphonError:
    return AntiphonError(f"{directory}: its session.rpp holds edits of yours, and is not written anew")


def _require_no_edits(before: Path, after: Path) -> None:
    """Raise AntiphonError where a session that is there is not the one that is written."""
    if before.is_file() and before.read_bytes() != after.read_bytes():
        raise _edited(before.parent)


def _visible(directory: Path) -> list[Path]:
    """What the folder of a response holds, hidden files and links aside."""
    return [path for path in directory.iterdir() if not path.name.startswith(".") and not path.is_symlink()]


def _copied(directory: Path, inside: Path) -> None:
    """What is visible of the folder of a response."""
    for path in _visible(directory):
        if path.is_dir():
            shutil.copytree(path, inside / path.name, symlinks=True)
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
