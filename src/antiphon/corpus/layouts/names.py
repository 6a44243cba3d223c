"""Stems that are told apart by the names of their files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from antiphon.corpus.layouts.folders_on_disk import Folder, normalized
from antiphon.corpus.layouts.stems import Findings, Part, Stem
from antiphon.corpus.layouts.stereo import with_stereo
from antiphon.corpus.words import words
from antiphon.types import Source

MOST_TRACKS = 500
"""More files than that in a folder are a collection of recordings, not the tracks of one: their pairs alone would be a
quarter of a million."""


def by_stem(folder: Folder, findings: Findings) -> dict[str, Path]:
    """A folder's audio files by name without suffix. One name for two files is a problem; a difference of case alone,
    which other disks don't know, a remark."""
    files: dict[str, Path] = {}
    for path in folder.audio:
        stem = normalized(path.stem)
        if stem in files:
            findings.problems.append(f"{path} and {files[stem].name} have one name; keep one of them")
        else:
            files[stem] = path
    cases = Counter(stem.casefold() for stem in files)
    alike = [path.name for stem, path in files.items() if cases[stem.casefold()] > 1]
    if alike:
        findings.remarks.append(f"{folder.path}: {', '.join(alike)} differ in upper and lower case only")
    return files


def file_stem(path: Path, name: str) -> Stem:
    """A stem of one file; the instrument is the words of the name."""
    return Stem(name, " ".join(words(name)), (Part(Source(path)),))


def file_stems(folder: Folder, findings: Findings) -> tuple[Stem, ...]:
    """Each audio file of a folder as a stem, left and right of a stereo recording as one; none, and a problem, for more
    files than a multitrack has."""
    if len(folder.audio) > MOST_TRACKS:
        findings.problems.append(
            f"{folder.path}: {len(folder.audio):,} audio files in one folder are no multitrack; "
            "give each recording a folder of its own"
        )
        return ()
    stems = {name: file_stem(path, name) for name, path in by_stem(folder, findings).items()}
    return with_stereo(stems, folder.path, findings)
