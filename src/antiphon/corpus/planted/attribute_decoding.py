"""From what an ear hears to what was planted: the map by which predictions from audio are scored on the attribute."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from antiphon.errors import BadData
from antiphon.types import Ids


def attribute_from_audio(heard: Sequence[Ids], planted: Sequence[Ids], distances: NDArray[np.float64]) -> Ids:
    """For each of the ear's classes, the planted attribute (classes,) with which it goes together most often.

    `heard` are the tokens of the training pieces' b in the ear's alphabet, `planted` their true attributes
    (`attribute`), piece by piece and of equal lengths. `distances` (classes, classes) say how far each class is from
    each other (`class_distances`): one that never sounds there is heard as the nearest that does. With the map m, a
    prediction from audio is scored by `true_positive_percentage(m[predicted], planted)` on the test pieces. Raises
    BadData where pieces differ in length, or where there are none.
    """
    if not heard or [len(piece) for piece in heard] != [len(piece) for piece in planted]:
        raise BadData("heard and planted must be the same pieces, of the same lengths, one at least")
    ears, truths = np.concatenate(heard), np.concatenate(planted)
    together = np.zeros((len(distances), int(truths.max()) + 1), dtype=np.int64)
    np.add.at(together, (ears, truths), 1)
    known = np.flatnonzero(together.sum(axis=1))
    nearest = known[np.argmin(distances[:, known], axis=1)]
    return np.asarray(together[nearest].argmax(axis=1), dtype=np.int64)
