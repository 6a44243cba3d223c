"""MedleyDB (Bittner et al., 2014): `Title/Title_STEMS/Title_STEM_NN.wav`, and `Title_METADATA.yaml` in the title's
folder or, as in the second edition, in one folder for all.

Format: github.com/marl/medleydb, `Metadata/` and `data/Audio/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from antiphon.corpus.layouts.folders_on_disk import Folder
from antiphon.corpus.layouts.metadata import Metadata, read_yaml
from antiphon.corpus.layouts.stems import Findings, Found, Layout, Part, Stem
from antiphon.corpus.words import words
from antiphon.types import Source

DATA = "_METADATA.yaml"

STEMS = "_STEMS"


class _Stem(Metadata):
    filename: str
    instrument: str | tuple[str, ...] = ""


class _Song(Metadata):
    artist: str = ""
    has_bleed: bool = False
    stem_dir: str = ""
    stems: dict[str, _Stem]


def _titles(top: Folder) -> dict[str, Folder]:
    return {folder.name: folder for folder in top.all() if folder.folder(folder.name + STEMS)}


def _metadata(top: Folder) -> dict[str, Path]:
    files = (path for folder in top.all() for path in folder.files if path.name.endswith(DATA))
    return {path.name.removesuffix(DATA): path for path in files}


def _recognises(top: Folder) -> bool:
    return bool(_titles(top).keys() & _metadata(top).keys())


def _find(top: Folder, findings: Findings) -> Iterator[Found]:
    metadata = _metadata(top)
    for title, folder in _titles(top).items():
        if title not in metadata:
            findings.problems.append(f"{folder.path}: no {title}{DATA}, which says what its stems are")
            continue
        song = read_yaml(metadata[title], _Song, findings)
        if song is None:
            continue
        place = folder.folder(song.stem_dir or title + STEMS)
        stems = []
        for number, stem in sorted(song.stems.items()):
            names = [stem.instrument] if isinstance(stem.instrument, str) else list(stem.instrument)
            instrument = " ".join(word for name in names for word in words(name))
            file = place and place.file(stem.filename)
            if file:
                stems.append(Stem(f"{number} {instrument}".strip(), instrument, (Part(Source(file)),)))
            else:
                findings.problems.append(f"{metadata[title]} names {stem.filename}, which is not there")
        if stems:
            yield Found(folder.name_below(top), title, tuple(stems), song.artist, has_bleed=song.has_bleed)


MEDLEYDB = Layout("medleydb", _recognises, _find, licence="CC BY-NC-SA 4.0")
