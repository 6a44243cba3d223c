"""`piece/track.wav`: each folder that directly holds audio is a multitrack, each file of it a track."""

from __future__ import annotations

from collections.abc import Iterator

from antiphon.corpus.layouts.folders_on_disk import Folder
from antiphon.corpus.layouts.names import file_stems
from antiphon.corpus.layouts.stems import Findings, Found, Layout


def _find(top: Folder, findings: Findings) -> Iterator[Found]:
    for folder in top.all():
        if stems := file_stems(folder, findings):
            name = folder.name_below(top)
            yield Found(name, name, stems)


FOLDERS = Layout("folders", lambda top: True, _find)
