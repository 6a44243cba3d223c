"""What lies on the disk: everything that a scan passes over or stumbles upon becomes a finding, by name."""

from __future__ import annotations

import unicodedata
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from antiphon.audio import duration_of
from antiphon.config import CorpusSettings
from antiphon.corpus.checking.report import Finding, counted
from antiphon.corpus.layouts.folders_on_disk import Folder, look
from antiphon.corpus.manifest import MANIFEST_NAME, Corpus
from antiphon.corpus.opening import open_corpus
from antiphon.errors import AntiphonWarning, BadData, MissingExtra


def open_for_check(path: Path, settings: CorpusSettings) -> tuple[Corpus, list[Finding]]:
    """The corpus at `path`, a manifest or a folder, as far as it can be opened; and what stood in the way.

    Raises BadData only where nothing is at `path`.
    """
    if not path.exists():
        raise BadData(f"{path}: no such corpus")
    scanned = path.is_dir() and not (path / MANIFEST_NAME).is_file()
    findings = list(_on_disk(path, scanned)) if path.is_dir() else []
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", AntiphonWarning)
        try:
            corpus = open_corpus(path, settings.model_copy(update={"skip_unreadable": True}))
        except BadData as error:
            corpus = Corpus(())
            findings.append(Finding("not-a-corpus", "error", "corpus", str(error)))
    unreadable = [str(path / each.where) for each in findings if each.kind == "unreadable"]
    messages = [str(each.message) for each in said if issubclass(each.category, AntiphonWarning)]
    new = [message for message in messages if not any(name in message for name in unreadable)]
    notes = [Finding("left-out", "note", "corpus", message.replace(f"{path}/", "")) for message in new]
    return corpus, findings + notes


def _on_disk(top: Path, scanned: bool) -> Iterator[Finding]:
    tree, remains = look(top)
    for problem in remains.problems:
        where, _, reason = problem.partition(": ")
        yield Finding("unreadable", "error", _below(where, top), reason)
    for folder in tree.all():
        if scanned:
            yield from _unreadable(folder, top)
        yield from _confusable(folder, top)


def _unreadable(folder: Folder, top: Path) -> Iterator[Finding]:
    """Files whose header says already that they cannot be used."""
    for path in folder.audio:
        try:
            duration_of(path)
        except (BadData, MissingExtra) as error:
            yield Finding("unreadable", "error", _below(str(path), top), str(error).removeprefix(f"{path}: "))


def _confusable(folder: Folder, top: Path) -> Iterator[Finding]:
    """Names that another disk takes for one: they differ in case or in Unicode form only."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in (*(path.name for path in folder.files), *(each.path.name for each in folder.folders)):
        alike[unicodedata.normalize("NFC", name).casefold()].append(name)
    for names in alike.values():
        if len(names) > 1:
            sentence = f"{counted(len(names), 'name')} that differ in case or accents only ({', '.join(names)}): rename"
            yield Finding("confusable-names", "warning", _below(str(folder.path), top), sentence)


def _below(path: str, top: Path) -> str:
    """A path as seen from the corpus."""
    return path.removeprefix(f"{top}/") if path != str(top) else top.name
