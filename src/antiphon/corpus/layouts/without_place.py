"""Sounds and films in a folder that no multitrack holds, and why: nothing is passed over in silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from antiphon.config import LayoutName
from antiphon.corpus.layouts.folders_on_disk import STEMS_SUFFIX, Folder
from antiphon.corpus.layouts.stems import Findings, Found, counted, first_few
from antiphon.corpus.manifest import LeftOut

NAMED = 100
"""How many files of one kind are named: more is a mistake of the folder, and no list that anybody reads."""


def without_place(top: Folder, layout: LayoutName, found: Iterable[Found], findings: Findings) -> list[str]:
    """A sentence for each reason why files below `top` are in no multitrack of `found`, which are kept by name.

    What is no track by its name, unwanted instruments and folders with a single track are told elsewhere, and so are
    files that `findings` name, themselves or the folder of which they are.
    """
    told = findings.problems + findings.remarks
    taken = {part.source.path for each in found for stem in each.stems for part in stem.parts}
    reasons: dict[str, list[str]] = defaultdict(list)
    for folder in top.all():
        if any(sentence.startswith(f"{folder.path}: ") for sentence in findings.problems):
            continue
        for path in folder.sounding:
            if path in taken or any(str(path) in sentence for sentence in told):
                continue
            reasons[_reason(path, layout)].append(path.relative_to(top.path).as_posix())
    findings.left_out += [LeftOut(name, reason) for reason, names in sorted(reasons.items()) for name in names]
    empty = [each.name_below(top) for each in top.all() if _is_empty(each, top, told)]
    nothing = (
        [f"{top.path}: {counted(len(empty), 'folder')} left out, empty: {first_few(empty, NAMED)}"] if empty else []
    )
    return nothing + [
        f"{top.path}: {counted(len(names), 'file')} left out, {reason}: {first_few(names, NAMED)}"
        for reason, names in sorted(reasons.items())
    ]


def _is_empty(folder: Folder, top: Folder, told: Sequence[str]) -> bool:
    """Whether nothing at all lies in a folder. What could not be looked at is a problem of its own, and a link leads to
    what has its place elsewhere."""
    way = [path for path in (folder.path, *folder.path.parents) if path.is_relative_to(top.path)]
    if folder.files or folder.folders or any(path.is_symlink() for path in way):
        return False
    if any(sentence.startswith(f"{folder.path}: ") for sentence in told):
        return False
    try:
        return not any(folder.path.iterdir())
    except OSError:
        return False


def _reason(path: Path, layout: LayoutName) -> str:
    if path.name.lower().endswith(STEMS_SUFFIX):
        return "each several stems in one file (read in folders train and test, as MUSDB18 has them)"
    return f"without a place in the layout {layout}"
