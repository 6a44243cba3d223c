"""What the musician has fixed before anything is selected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.errors import BadData
from antiphon.types import Ids

FREE = -1
"""In `Constraints.pinned`: the step is not fixed."""


@dataclass(frozen=True, eq=False)
class Constraints:
    """Per step (n,): `pinned` memory segments or FREE, `silent` steps, beat `phases`; `memory_phases` (m,).

    A pinned segment is played whatever its label, its length or its region. Phases are any whole numbers, such as beats
    in a bar; -1 is unknown. A `refused` segment is the one that is not played at its step, FREE where all may be: where
    its label has no other, the step is silent. An `asked` class is played at its step where the memory has it; FREE
    asks for none. `dearer` (m,) is what each memory segment costs more, wherever it is played. All are optional.
    """

    pinned: Ids | None = None
    silent: NDArray[np.bool_] | None = None
    phases: Ids | None = None
    memory_phases: Ids | None = None
    refused: Ids | None = None
    dearer: NDArray[np.float64] | None = None
    asked: Ids | None = None

    def checked(self, steps: int, segments: int) -> Constraints:
        """The same. Raises ValueError for a wrong shape, BadData for a pin that the memory does not have."""
        wanted = {"pinned": steps, "silent": steps, "phases": steps, "memory_phases": segments, "refused": steps}
        wanted |= {"asked": steps, "dearer": segments}
        for name, count in wanted.items():
            value = getattr(self, name)
            if value is not None and value.shape != (count,):
                raise ValueError(f"{name} must be ({count},), got {value.shape}")
        if self.pinned is not None:
            outside = np.flatnonzero((self.pinned < FREE) | (self.pinned >= segments))
            if len(outside):
                step = int(outside[0])
                raise BadData(
                    f"step {step} is pinned to segment {self.pinned[step]}, the memory has {segments} segments"
                )
            both = np.flatnonzero(self.is_silent(steps) & (self.pinned != FREE))
            if len(both):
                raise BadData(f"step {int(both[0])} is pinned and must stay silent")
        return self

    def pins(self, steps: int) -> Ids:
        """The pinned segments (n,), FREE where there are none."""
        return np.full(steps, FREE, dtype=np.int64) if self.pinned is None else self.pinned

    def refusals(self, steps: int) -> Ids:
        """The refused segments (n,), FREE where there are none."""
        return np.full(steps, FREE, dtype=np.int64) if self.refused is None else self.refused

    def classes(self, steps: int) -> Ids:
        """The asked classes (n,), FREE where there are none."""
        return np.full(steps, FREE, dtype=np.int64) if self.asked is None else self.asked

    def is_silent(self, steps: int) -> NDArray[np.bool_]:
        """Which steps (n,) must stay silent."""
        return np.zeros(steps, dtype=np.bool_) if self.silent is None else self.silent
