"""What of the guide may be heard when a token is decided: one rule, for training and for playing alike."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


def segments_ahead(seconds: float | None, segment_seconds: float) -> int | None:
    """A lookahead in seconds as whole segments, rounded down: what must not be heard is not. None: all."""
    return None if seconds is None else math.floor(seconds / segment_seconds + 1e-9)


@dataclass(frozen=True)
class Visibility:
    """When y_t is decided, guide segments up to t + `ahead` are visible; None: all of them.

    With a bounded view the guide's places begin with one for its beginning, which is always visible, so that there is
    something to hear before the first segment.
    """

    ahead: int | None

    @property
    def lead(self) -> int:
        """Places before the first segment."""
        return 0 if self.ahead is None else 1

    def require(self, start: int, n: int, places: int) -> None:
        """Raise ValueError unless `places` of the guide are enough to decide n tokens from `start` on."""
        if self._beside(start) + n > places:
            raise ValueError("a token can be decided only where the guide was heard")

    def beside(self, states: Tensor, start: int, n: int) -> Tensor:
        """Of `states` (batch, places, dimension), what sounds with n tokens from `start` on, or the last before it."""
        first = self._beside(start)
        if first >= 0:
            return states[:, first : first + n]
        return states[:, torch.arange(first, first + n, device=states.device).clamp(min=0)]

    def latest(self, states: Tensor, valid: Tensor, start: int, n: int) -> Tensor:
        """The last of `states` that is visible to each of n tokens from `start` on; behind a guide's end, its last."""
        horizon = torch.arange(start, start + n, device=states.device) + (self.ahead or 0) + self.lead
        index = torch.minimum(horizon, valid.sum(dim=1, keepdim=True) - 1)
        return states.gather(1, index[..., None].expand(-1, -1, states.shape[2]))

    def hides(self, start: int, places: int) -> bool:
        """Whether any of the guide's `places` is invisible to the token at `start`."""
        return self.ahead is not None and places > max(start + self.ahead, -1) + 1 + self.lead

    def guide(self, start: int, n: int, places: int, device: torch.device) -> Tensor:
        """Whether each of n tokens from `start` on sees each of the guide's places: (1, n, places)."""
        horizon = torch.arange(start, start + n, device=device) + (self.ahead or 0) + self.lead
        return (torch.arange(places, device=device) <= horizon.clamp(min=self.lead - 1)[:, None])[None]

    def past(self, start: int, n: int, device: torch.device) -> Tensor:
        """Whether n positions from `start` on see each position up to the last of them: (1, n, start + n)."""
        return torch.ones(n, start + n, dtype=torch.bool, device=device).tril(start)[None]

    def _beside(self, start: int) -> int:
        return start + self.lead + min(self.ahead or 0, 0)
