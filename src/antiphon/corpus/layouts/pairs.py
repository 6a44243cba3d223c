"""Recordings that belong together by name: two files, or two folders with files of the same names."""

from __future__ import annotations

from collections.abc import Iterator

from antiphon.corpus.instruments import is_instrument
from antiphon.corpus.layouts.folders_on_disk import Folder
from antiphon.corpus.layouts.names import by_stem, file_stem
from antiphon.corpus.layouts.stems import Findings, Found, Layout, counted, first_few
from antiphon.corpus.words import words

ROLES = {"guide", "guides", "partner", "partners", "target", "targets"}
"""Names of folders that say that their files are parts in a pair."""


def paired(a: Folder, b: Folder, findings: Findings) -> Iterator[Found]:
    """The files of two folders that have one name, suffix and Unicode form apart; the others are a remark."""
    first, second = by_stem(a, findings), by_stem(b, findings)
    roles = role_names(a.name, b.name)
    shared = sorted(first.keys() & second.keys())
    for stem in shared:
        yield Found(stem, stem, (file_stem(first[stem], roles[0]), file_stem(second[stem], roles[1])))
    unmatched = [str(path) for files in (first, second) for stem, path in files.items() if stem not in shared]
    if unmatched:
        findings.remarks.append(f"{counted(len(unmatched), 'file')} left out without a partner: {first_few(unmatched)}")


def role_names(a: str, b: str) -> tuple[str, str]:
    """Two names of tracks that are not the same."""
    return (a, b) if a != b else (f"{a} 1", f"{b} 2")


def _recognises(top: Folder) -> bool:
    """Two folders by the names of instruments or roles, and names that they share which are no instruments."""
    if len(top.folders) != 2 or top.audio or any(each.folders for each in top.folders):
        return False
    stems = [{path.stem for path in each.audio} for each in top.folders]
    shared = stems[0] & stems[1]
    named = all(is_instrument(each.name) or bool(ROLES & set(words(each.name))) for each in top.folders)
    return named and bool(shared) and not all(is_instrument(stem) for stem in shared)


def _find(top: Folder, findings: Findings) -> Iterator[Found]:
    sounding = [folder for folder in top.folders if folder.audio]
    if len(sounding) != 2:
        findings.problems.append(f"{top.path}: pairs lie in two folders of audio, here are {len(sounding)}")
        return
    yield from paired(sounding[0], sounding[1], findings)


PAIRS = Layout("pairs", _recognises, _find)
