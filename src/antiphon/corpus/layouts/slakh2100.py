"""Slakh2100 (Manilow et al., 2019): `train|validation|test/TrackNNNNN/metadata.yaml`, and `stems/SNN.flac` beside it.

Format: github.com/ethman/slakh-utils, README. The corpus' own division is kept, with one correction: some MIDI files
were rendered more than once, in different splits. The piece is the MIDI file; one that is trained on is not tested on.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from antiphon.corpus.layouts.folders_on_disk import Folder
from antiphon.corpus.layouts.metadata import Metadata, read_yaml
from antiphon.corpus.layouts.stems import Findings, Found, Layout, Part, Stem, counted
from antiphon.corpus.splits import SPLITS, Split
from antiphon.corpus.words import words
from antiphon.types import Source

DATA = "metadata.yaml"

OMITTED = "omitted"
"""Where the corpus' own script puts renderings of one MIDI file beyond the first."""


class _Stem(Metadata):
    inst_class: str
    is_drum: bool = False
    audio_rendered: bool = True


class _Song(Metadata):
    UUID: str = ""
    stems: dict[str, _Stem]


def _songs(top: Folder) -> Iterator[tuple[Split | None, Folder]]:
    splits: dict[str, Split] = {split: split for split in SPLITS}
    for folder in top.all():
        if re.fullmatch(r"Track\d{5}", folder.name) and folder.folder("stems"):
            yield splits.get(folder.path.parent.name), folder


def _recognises(top: Folder) -> bool:
    return any(folder.file(DATA) for _, folder in _songs(top))


def _find(top: Folder, findings: Findings) -> Iterator[Found]:
    found, omitted = [], 0
    for split, folder in _songs(top):
        if folder.path.parent.name == OMITTED:
            omitted += 1
        elif each := _song(folder, split, top, findings):
            found.append(each)
    if omitted:
        findings.remarks.append(f"{counted(omitted, 'duplicate')} left out that the corpus itself keeps in {OMITTED!r}")
    yield from _divided(found, findings)


def _song(folder: Folder, split: Split | None, top: Folder, findings: Findings) -> Found | None:
    path = folder.file(DATA)
    if path is None:
        findings.problems.append(f"{folder.path}: no {DATA}, which says what its stems are")
        return None
    song = read_yaml(path, _Song, findings)
    if song is None:
        return None
    place = folder.folder("stems")
    files = {file.stem: file for file in place.audio} if place else {}
    stems = []
    for name, stem in sorted(song.stems.items()):
        instrument = "drums" if stem.is_drum else " ".join(words(stem.inst_class))
        if name in files:
            stems.append(Stem(f"{name} {instrument}", instrument, (Part(Source(files[name])),)))
        elif stem.audio_rendered:
            findings.problems.append(f"{path} names stems/{name}.flac, which is not there")
    name = folder.name_below(top)
    return Found(name, song.UUID or name, tuple(stems), split=split) if stems else None


def _divided(found: list[Found], findings: Findings) -> Iterator[Found]:
    splits_of: dict[str, set[Split | None]] = defaultdict(set)
    for each in found:
        splits_of[each.piece].add(each.split)
    moved = [each for each in found if len(splits_of[each.piece]) > 1 and each.split != "train"]
    if moved:
        findings.remarks.append(
            f"{counted(len(moved), 'rendering')} of MIDI files that are in another split too went to train: "
            f"{', '.join(each.name for each in moved[:5])}"
        )
    for each in found:
        yield replace(each, split="train") if each in moved else each


SLAKH2100 = Layout("slakh2100", _recognises, _find, licence="CC BY 4.0")
