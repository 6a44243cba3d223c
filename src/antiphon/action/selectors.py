"""The two ways to select, by name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from antiphon.action.oracle.selection import OracleSelection
from antiphon.action.selection.concatenation_cost import boundaries
from antiphon.action.selection.optimal import OptimalSelection
from antiphon.config import ActionSettings
from antiphon.interfaces import Selector
from antiphon.types import Memory, SegmentSound


def selector(
    settings: ActionSettings,
    class_distances: NDArray[np.floating],
    memory: Memory,
    seed: int = 0,
    guide: SegmentSound | None = None,
) -> Selector:
    """The selector that the settings name, for this memory, whose boundaries are learned if cuts have a price.

    `guide` is how the guide's segments sound, for a response that follows it.
    """
    if settings.selector == "oracle":
        return OracleSelection(settings, class_distances, seed)
    learned = None
    if settings.boundary_cost > 0:
        learned = memory.boundaries or boundaries(memory)
    return OptimalSelection(settings, class_distances, learned, seed, guide)
