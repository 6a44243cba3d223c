"""What `--memory` means: files, and folders of files."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path

from antiphon.audio import header_of
from antiphon.corpus.layouts.folders_on_disk import look
from antiphon.errors import AntiphonWarning, BadData, MissingExtra


def files_of(paths: Sequence[Path]) -> list[Path]:
    """Each file as it is, and for each folder the sounds and films in it and below, by name.

    Other files of a folder are passed over. What has the suffix of a sound or a film and cannot be read is left out
    with an AntiphonWarning. Raises BadData for a folder in which nothing can be read.
    """
    return [file for path in paths for file in (_files_in(path) if os.path.isdir(path) else [path])]


def _files_in(folder: Path) -> list[Path]:
    top, remains = look(folder)
    readable, problems = [], [*remains.problems, *(f"{path}: a hidden file" for path in remains.hidden)]
    for path in (path for each in top.all() for path in each.sounding):
        try:
            header_of(path)
        except (BadData, MissingExtra) as error:
            problems.append(str(error))
        else:
            readable.append(path)
    if not readable:
        raise BadData(f"{folder}: no sound in it that can be read" + "".join(f"; {each}" for each in problems[:1]))
    for problem in problems:
        warnings.warn(f"left out: {problem}", AntiphonWarning, stacklevel=3)
    return readable
