"""From a model to a sequence: whole tracks in one pass, with a sliding context (paper equation 1).

A window of `context` tokens moves by `hop`; what was played in the overlap is given to the model again, so the response
goes on where it was and no window starts from nothing. `score` walks over a given response in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from antiphon.config import SamplingSettings
from antiphon.decision.playing import Decided, Heard, Player
from antiphon.decision.repetition import Repetition
from antiphon.decision.sampling import FREE, Mask
from antiphon.decision.scoring import ROWS, Context, blocks, score
from antiphon.interfaces import DecisionModel, Progress, no_progress
from antiphon.types import Ids, Seconds

__all__ = ["Context", "Decided", "generate", "score"]


def generate(
    model: DecisionModel,
    guides: Ids,
    context: Context,
    *,
    sampling: SamplingSettings,
    seeds: Sequence[int],
    allowed: Mask | None = None,
    pinned: Ids | None = None,
    durations: Seconds | None = None,
    repetition: Repetition | None = None,
    progress: Progress = no_progress,
) -> Decided:
    """A response to each of `guides` (guides, n), one seed each.

    `allowed` (n, classes) are the labels that may be played and `pinned` (n,) those that have to be (FREE where none
    has), the same for all guides; (n, guides, classes) allows each guide's response its own labels. `durations`
    (guides, n) are those of the guides' segments in seconds, where these vary. `repetition` is what the training music
    does itself.
    """
    if len(seeds) != len(guides):
        raise ValueError(f"{len(guides)} guides need as many seeds, got {len(seeds)}")
    for name, limit in (("allowed labels", allowed), ("pins", pinned)):
        if limit is not None and len(limit) != guides.shape[1]:
            raise ValueError(f"{name} for {len(limit)} positions do not fit guides of {guides.shape[1]}")
    player = Player(model, context, sampling, repetition)
    decided = Decided(
        np.zeros(guides.shape, dtype=np.int64),
        np.zeros(guides.shape),
        np.zeros((*guides.shape, model.classes), dtype=np.float32),
    )
    parts = list(blocks(len(guides), max(1, ROWS // (player.rows * sampling.best_of))))
    for number, rows in enumerate(parts):
        heard = Heard(guides[rows], None if durations is None else durations[rows])
        labels = allowed[:, rows] if allowed is not None and allowed.ndim == 3 else allowed
        steps = _steps(player, heard, seeds[rows], labels, pinned)
        found = []
        for done, step in enumerate(steps, 1):
            found.append(step)
            progress("decide", number * guides.shape[1] + done, len(parts) * guides.shape[1])
        if found:
            best = _likeliest(_in_a_row(found), sampling.best_of)
            decided.ids[rows], decided.log_probabilities[rows] = best.ids, best.log_probabilities
            decided.distributions[rows] = best.distributions
    return decided


def _steps(
    player: Player, guides: Heard, seeds: Sequence[int], allowed: Mask | None, pinned: Ids | None
) -> Iterator[Decided]:
    """The responses to `guides` a token at a time, (guides x best_of, 1), the takes of one guide side by side."""
    takes = player.sampling.best_of
    state = player.start([seed for seed in seeds for _ in range(takes)], list(range(takes)) * len(seeds))
    heard = guides.repeated(takes)
    for position in range(guides.tokens.shape[1]):
        labels = None if allowed is None else allowed[position]
        if labels is not None and labels.ndim == 2:
            labels = np.repeat(labels, takes, axis=0)
        state, decided = player.step(state, heard, labels, FREE if pinned is None else int(pinned[position]))
        heard = heard.between(0, 0)
        yield decided


def _in_a_row(steps: Sequence[Decided]) -> Decided:
    """Steps one after another as one sequence."""
    return Decided(
        np.hstack([step.ids for step in steps]),
        np.hstack([step.log_probabilities for step in steps]),
        np.concatenate([step.distributions for step in steps], axis=1),
    )


def _likeliest(decided: Decided, takes: int) -> Decided:
    """Of each guide's takes (guides x takes, n) the one that is most probable as a whole (guides, n)."""
    totals = decided.log_probabilities.sum(axis=1).reshape(-1, takes)
    rows = np.arange(len(totals)) * takes + totals.argmax(axis=1)
    return Decided(decided.ids[rows], decided.log_probabilities[rows], decided.distributions[rows])
