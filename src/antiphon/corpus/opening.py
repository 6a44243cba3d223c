"""One way in for every corpus: a manifest, a folder to be scanned, a pair of files, two folders of pairs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from antiphon.config import CorpusSettings
from antiphon.corpus.layouts import pair as pair_of
from antiphon.corpus.layouts import paired_folders as pairs_of
from antiphon.corpus.layouts import scan_corpus
from antiphon.corpus.manifest import MANIFEST_NAME, Corpus, read_manifest
from antiphon.errors import BadData, SettingsError
from antiphon.types import Multitrack


def open_corpus(path: Path, settings: CorpusSettings) -> Corpus:
    """The corpus behind a manifest file or a folder: the folder's own manifest, or what a scan finds in it.

    Raises BadData where there is none.
    """
    if (path / MANIFEST_NAME).is_file():
        return read_manifest(path / MANIFEST_NAME)
    if path.is_dir():
        return scan_corpus(path, settings)
    if not path.exists():
        raise BadData(f"{path}: no such corpus")
    return read_manifest(path)


def open_given(
    path: Path | None, pair: tuple[Path, Path] | None, folders: tuple[Path, Path] | None, settings: CorpusSettings
) -> Corpus:
    """The corpus that was given in one of three ways; of pairs the first track answers where `both_ways` says so.

    Raises SettingsError for none or more than one of them.
    """
    if sum(way is not None for way in (path, pair, folders)) != 1:
        raise SettingsError("give one corpus: a manifest or a folder, or --pair A B, or --paired-folders A B")
    if pair is not None:
        return Corpus(_directed((pair_of(*pair),), settings))
    if folders is not None:
        return Corpus(_directed(pairs_of(*folders), settings))
    assert path is not None
    return open_corpus(path, settings)


def _directed(pairs: tuple[Multitrack, ...], settings: CorpusSettings) -> tuple[Multitrack, ...]:
    """Pairs of which the first track is a guide only, unless both answer."""
    if settings.both_ways:
        return pairs
    return tuple(replace(each, tracks=(replace(each.tracks[0], answers=False), *each.tracks[1:])) for each in pairs)
