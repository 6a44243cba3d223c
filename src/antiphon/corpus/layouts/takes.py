"""`ensemble/take/player.wav`: improvisations of duos and trios, as the paper's MICA (5.1); only by name, since nothing
but the listener tells a take from a piece.

A take is a piece of its own; the artist is the ensemble: the folder around the take, or else its players.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from antiphon.corpus.layouts.folders_on_disk import Folder
from antiphon.corpus.layouts.names import file_stems
from antiphon.corpus.layouts.stems import Findings, Found, Layout, Stem
from antiphon.corpus.words import words


def _find(top: Folder, findings: Findings) -> Iterator[Found]:
    for folder in top.all():
        if stems := tuple(_player(stem, folder.name) for stem in file_stems(folder, findings)):
            name = folder.name_below(top)
            ensemble = name.rpartition("/")[0]
            yield Found(name, name, stems, ensemble or " & ".join(sorted(stem.name for stem in stems)))


def _player(stem: Stem, take: str) -> Stem:
    """A stem by its player: recorders write the take before it (`duo 3/duo 3_sax.wav`)."""
    name = stem.name.removeprefix(take).strip(" _-.") if stem.name.startswith(take) else stem.name
    return replace(stem, name=name, instrument=" ".join(words(name))) if name else stem


TAKES = Layout("takes", lambda top: False, _find)
