"""MoisesDB (Pereira et al., 2023): `provider/uuid/data.json`, and `stem/id.wav` beside it. 11 classes of stems; the
sources of one are summed.

Format: github.com/moises-ai/moises-db, `moisesdb/track.py` and `defaults.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from antiphon.corpus.layouts.folders_on_disk import Folder
from antiphon.corpus.layouts.metadata import Metadata, read_json
from antiphon.corpus.layouts.stems import Findings, Found, Layout, Part, Stem
from antiphon.corpus.words import words
from antiphon.types import Source

CLASSES = frozenset(
    (
        "vocals",
        "bass",
        "drums",
        "guitar",
        "piano",
        "other_keys",
        "bowed_strings",
        "wind",
        "percussion",
        "other_plucked",
        "other",
    )
)

DATA = "data.json"


class _Track(Metadata):
    id: str
    extension: str = "wav"
    trackType: str = ""  # noqa: N815
    has_bleed: bool = False


class _Stem(Metadata):
    stemName: str  # noqa: N815
    tracks: tuple[_Track, ...] = ()


class _Song(Metadata):
    song: str = "untitled"
    artist: str = ""
    stems: tuple[_Stem, ...]


def _recognises(top: Folder) -> bool:
    return any(folder.file(DATA) and _has_classes(folder) for folder in top.all())


def _has_classes(folder: Folder) -> bool:
    return any(each.name in CLASSES for each in folder.folders)


def _find(top: Folder, findings: Findings) -> Iterator[Found]:
    for folder in top.all():
        path = folder.file(DATA)
        if path is None:
            if _has_classes(folder):
                findings.problems.append(f"{folder.path}: no {DATA}, which says what its stems are")
            continue
        song = read_json(path, _Song, findings)
        if song is None:
            continue
        parts: dict[str, list[Part]] = {}
        for stem in song.stems:
            for track in stem.tracks:
                name = f"{track.id}.{track.extension}"
                place = folder.folder(stem.stemName)
                file = place and place.file(name)
                if file:
                    parts.setdefault(stem.stemName, []).append(Part(Source(file), _kind(track.trackType)))
                else:
                    findings.problems.append(f"{path} names {stem.stemName}/{name}, which is not there")
        stems = tuple(Stem(name, " ".join(words(name)), tuple(sources)) for name, sources in parts.items())
        bleeds = any(track.has_bleed for stem in song.stems for track in stem.tracks)
        if stems:
            yield Found(folder.name_below(top), f"{folder.name}/{song.song}", stems, song.artist, has_bleed=bleeds)


def _kind(track_type: str) -> str:
    """What plays, without examples: `other (vocoder, beatboxing etc)` is not about beatboxing alone."""
    return re.sub(r"\(.*", "", track_type).strip()


MOISESDB = Layout("moisesdb", _recognises, _find, licence="CC BY-NC-SA 4.0")
