"""MUSDB18 (Rafii et al., 2017): `train|test/Artist - Title.stem.mp4`; MUSDB18-HQ: `train|test/Artist - Title/bass.wav`.

Format: github.com/sigsep/sigsep-mus-db, `musdb/configs/mus.yaml`: the order of the streams, and which titles of `train`
validate. The corpus' own division is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from antiphon.corpus.layouts.folders_on_disk import STEMS_SUFFIX, Folder, normalized
from antiphon.corpus.layouts.names import file_stem
from antiphon.corpus.layouts.stems import Findings, Found, Layout, Part, Stem
from antiphon.corpus.splits import Split
from antiphon.types import Source

MIXTURE = "mixture"

STREAMS = (MIXTURE, "drums", "bass", "other", "vocals")
"""What the audio streams of a file hold, in their order."""

DIVISION: tuple[Split, ...] = ("train", "test")
"""The folders of the corpus."""

VALIDATION_TITLES = {
    "Actions - One Minute Smile",
    "Clara Berry And Wooldog - Waltz For My Victims",
    "Johnny Lokke - Promises & Lies",
    "Patrick Talbot - A Reason To Leave",
    "Triviul - Angelsaint",
    "Alexander Ross - Goodbye Bolero",
    "Fergessen - Nos Palpitants",
    "Leaf - Summerghost",
    "Skelpolu - Human Mistakes",
    "Young Griffo - Pennies",
    "ANiMAL - Rockshow",
    "James May - On The Line",
    "Meaxic - Take A Step",
    "Traffic Experiment - Sirens",
}
"""The 14 titles of `train` by which everybody validates."""

LICENCE = "for academic use, each title under its own licence"


def _containers(top: Folder) -> Iterator[tuple[Split, Path]]:
    for split in DIVISION:
        folder = top.folder(split)
        for path in folder.files if folder else ():
            if path.name.lower().endswith(STEMS_SUFFIX):
                yield split, path


def _titles(top: Folder) -> Iterator[tuple[Split, Folder]]:
    for split in DIVISION:
        folder = top.folder(split)
        for title in folder.folders if folder else ():
            yield split, title


def _recognises_hq(top: Folder) -> bool:
    return any(title.file("mixture.wav") and title.file("vocals.wav") for _, title in _titles(top))


def _found(split: Split, title: str, stems: tuple[Stem, ...]) -> Found:
    own: Split = "validation" if split == "train" and title in VALIDATION_TITLES else split
    artist, dash, _ = title.partition(" - ")
    return Found(f"{split}/{title}", title, stems, artist if dash else "", own)


def _find(top: Folder, findings: Findings) -> Iterator[Found]:
    for split, path in _containers(top):
        stems = tuple(Stem(name, name, (Part(Source(path, stream)),)) for stream, name in enumerate(STREAMS) if stream)
        yield _found(split, normalized(path.name[: -len(STEMS_SUFFIX)]), stems)


def _find_hq(top: Folder, findings: Findings) -> Iterator[Found]:
    for split, title in _titles(top):
        files = {name: title.file(f"{name}.wav") for name in STREAMS if name != MIXTURE}
        missing = [name for name, path in files.items() if path is None]
        if missing:
            findings.problems.append(f"{title.path}: without {', '.join(f'{name}.wav' for name in missing)}")
        else:
            yield _found(split, title.name, tuple(file_stem(path, name) for name, path in files.items() if path))


MUSDB18 = Layout("musdb18", lambda top: any(_containers(top)), _find, LICENCE)

MUSDB18_HQ = Layout("musdb18-hq", _recognises_hq, _find_hq, LICENCE)
