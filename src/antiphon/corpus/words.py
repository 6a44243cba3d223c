"""The words of a name, as people and workstations write names: `02_LeadVox`, `BVs-dry.L`, `Gtr 1 (bip)`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator


def words(text: str) -> list[str]:
    """The words of a name, lower case, without numbers and signs; `LeadVox` is two, `BVs` is one."""
    return [token for token in tokens(text) if not token.isdigit()]


def tokens(text: str) -> list[str]:
    """The words and the numbers of a name, in their order."""
    return [text[start:end].lower() for start, end in token_spans(text)]


def token_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the words and numbers of a name lie, [start, end)."""
    for run in re.finditer(r"[^\W\d_]+|\d+", text):
        edges = [run.start(), *(run.start() + hump for hump in _humps(run.group())), run.end()]
        yield from itertools.pairwise(edges)


def _humps(run: str) -> Iterator[int]:
    """Where a new word begins inside a run of letters: at `V` of `leadVox` and of `BGVox`, but not of `BVs`."""
    for index in range(1, len(run)):
        after = run[index + 1 : index + 2]
        is_plural = after == "s" and not run[index + 2 : index + 3].islower()
        if run[index].isupper() and (run[index - 1].islower() or (after.islower() and not is_plural)):
            yield index
