"""Whether two tracks begin their notes together."""

from __future__ import annotations

import numpy as np

from antiphon.coupling.features import CouplingFeatures
from antiphon.errors import MissingExtra
from antiphon.perception.envelope import CELLS_PER_SECOND
from antiphon.perception.segmenters import onset_cells
from antiphon.types import Seconds

TOGETHER_SECONDS = 0.05
"""Two onsets closer than this are one: what mir_eval and MIREX take."""


def onset_seconds(heard: CouplingFeatures) -> Seconds:
    """When something begins (n,), in seconds of the excerpt."""
    return np.asarray(onset_cells(heard.onsets) / CELLS_PER_SECOND, dtype=np.float64)


def onset_synchrony(guide: CouplingFeatures, response: CouplingFeatures) -> float:
    """F-measure of the onsets of one track as estimates of the other's (mir_eval), 0..1; NaN where neither has any.

    Raises MissingExtra where mir_eval is not installed.
    """
    try:
        from mir_eval.onset import f_measure
    except ImportError as error:
        raise MissingExtra("onset synchrony needs mir_eval: pip install 'antiphon[eval]'") from error
    ours, theirs = onset_seconds(guide), onset_seconds(response)
    if not len(ours) and not len(theirs):
        return float("nan")
    if not len(ours) or not len(theirs):
        return 0.0
    return float(f_measure(ours, theirs, window=TOGETHER_SECONDS)[0])
