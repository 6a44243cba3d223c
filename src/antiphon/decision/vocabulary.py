"""Ids that exist only inside the decision: the beginning of a sequence, and the filler behind its end.

They are inputs. The network has no output for them, so neither can ever be sampled.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Vocabulary:
    """The alphabet's `classes` (K, and the rest where there is one), and the two ids behind them."""

    classes: int

    @property
    def bos(self) -> int:
        """Stands before the first token of a response."""
        return self.classes

    @property
    def pad(self) -> int:
        """Fills a batch behind the end of a sequence; never attended to, never scored."""
        return self.classes + 1

    @property
    def size(self) -> int:
        """How many ids the network reads."""
        return self.classes + 2
