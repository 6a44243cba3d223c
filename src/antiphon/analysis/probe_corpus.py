"""What the classes of an agent mean on a corpus, as far as the corpus knows the truth.

Corpora built from scores have their notes beside the stems; of any other, loudness and instruments are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from antiphon.analysis.probe import Notes, ProbedTrack, loudness_labels, pitched_truth
from antiphon.corpus.synthesis.pieces import NOTES_FILE
from antiphon.dataset import EncodedTrack
from antiphon.errors import BadData
from antiphon.perception import make_quantizer
from antiphon.reading import json_file
from antiphon.types import Alphabet, Track, Window


def probed_tracks(
    encoded: Mapping[str, tuple[EncodedTrack, ...]], windows: Sequence[Window], alphabet: Alphabet
) -> tuple[ProbedTrack, ...]:
    """Every track, whole, of the multitracks that have a window among `windows` (the test split's, say).

    Mixes of several tracks are left out: they have no score of their own. Raises BadData for notes that are damaged.
    """
    quantize = make_quantizer(alphabet)
    pieces = {window.multitrack.name: window.multitrack.piece for window in windows}
    found = []
    for name, piece in sorted(pieces.items()):
        for heard in encoded.get(name, ()):
            if heard.only:
                continue
            notes = notes_of(heard.track)
            truth = {"loudness": loudness_labels(heard.segments.level)}
            if notes is not None:
                truth |= pitched_truth(notes, heard.intervals)
            line = "" if notes is None else "chord"
            found.append(
                ProbedTrack(piece, heard.track.instrument or heard.track.name, quantize(heard.segments), truth, line)
            )
    return tuple(found)


def notes_of(track: Track) -> Notes | None:
    """The notes (m, 4) that were rendered as this track, None where the corpus does not say. Raises BadData where it
    cannot be read."""
    file: Path = track.path.parent / NOTES_FILE
    if not file.is_file():
        return None
    try:
        notes = json_file(file)["tracks"].get(track.path.stem)
        return None if notes is None else np.array(notes, dtype=np.float64).reshape(-1, 4)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise BadData(f"{file}: not the notes of a rendered piece ({error})") from error
