"""`piece/instrument/*.wav`: each folder of an instrument is a track, the sum of its files; so is a file beside
them."""

from __future__ import annotations

from collections.abc import Iterator

from antiphon.corpus.instruments import is_instrument
from antiphon.corpus.layouts.folders_on_disk import Folder
from antiphon.corpus.layouts.names import file_stems
from antiphon.corpus.layouts.stems import Findings, Found, Layout, Part, Stem
from antiphon.corpus.layouts.stereo import sided
from antiphon.corpus.words import words


def _recognises(top: Folder) -> bool:
    """Every folder that directly holds audio is called by an instrument, and has another beside it."""
    pieces = [folder for folder in top.all() if any(each.audio for each in folder.folders)]
    return bool(pieces) and not top.audio and all(_is_piece(folder) for folder in pieces)


def _is_piece(folder: Folder) -> bool:
    sounding = [each for each in folder.folders if each.audio]
    return len(sounding) > 1 and all(is_instrument(each.name) and not each.folders for each in sounding)


def _find(top: Folder, findings: Findings) -> Iterator[Found]:
    for folder in top.all():
        summed = tuple(
            Stem(each.name, " ".join(words(each.name)), tuple(map(Part, sided(each.audio))))
            for each in folder.folders
            if each.audio and not each.folders
        )
        if summed:
            name = folder.name_below(top)
            yield Found(name, name, summed + file_stems(folder, findings))


INSTRUMENTS = Layout("instruments", _recognises, _find)
