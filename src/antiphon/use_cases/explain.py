"""Why each segment: what else the decision might have asked for, which guide segments mattered, what selection weighed.

The decision is asked again, with the response given, once as it was and once for each guide segment hidden: what the
token's log-probability loses is what that segment was worth to it. All variants of a window go side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from antiphon.action.selection.pins import constraints_of
from antiphon.agent import Agent
from antiphon.decision.scoring import Context, advanced
from antiphon.interfaces import DecisionModel, Progress, no_progress
from antiphon.types import Edited, Floats, Ids, Memory, Response, Run, Seconds

RIVALS = 3
"""Other tokens that are told of each segment."""

HEARD = 3
"""Guide segments that are told of each segment: those whose hiding changes its log-probability most."""

REACH = 4
"""Guide segments before and after the response's own that are hidden one by one: the nine around it."""


def with_candidate_costs(
    agent: Agent,
    response: Response,
    memory: Memory,
    *,
    pins: Sequence[Run] = (),
    edited: Edited | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Response:
    """The response, its events with rivals, guide segments that mattered, candidates and the cost of the runner-up."""
    if not response.events:
        return response
    rest = agent.alphabet.rest if agent.alphabet.has_rest else None
    guide, ids = response.guide.ids, response.specification.tokens.ids
    durations = response.guide.durations if agent.settings.decision.durations else None
    heard = Influences(agent.decision, agent.context, rest).of(guide, ids, durations, progress)
    constraints = constraints_of(pins, edited or Edited(), memory, response.guide.intervals)
    weighed = agent.optimal_selection(memory, seed, response.guide_sound).candidate_costs(
        response.specification, memory, response.selection, constraints=constraints
    )
    events = tuple(
        replace(
            event,
            rivals=heard.rivals(index, event.token),
            heard=heard.mattered(index),
            candidates=int(weighed.candidates[index]),
            runner_up=_above(weighed.runner_up[index] - weighed.chosen[index]),
        )
        for index, event in enumerate(response.events)
    )
    return replace(response, events=events)


def _above(cost: float) -> float | None:
    return float(cost) if np.isfinite(cost) else None


@dataclass(frozen=True, eq=False)
class Told:
    """What the decision says of n positions: `log_probabilities` (n, classes), and `losses` (n, 2 REACH + 1) in nats.

    Column c of a row i is what hiding guide segment i - REACH + c takes from the token at i; NaN where there is none.
    """

    log_probabilities: Floats
    losses: NDArray[np.float64]

    def rivals(self, index: int, token: int) -> tuple[tuple[int, float], ...]:
        """The most probable other tokens at a position, and their log-probabilities."""
        row = self.log_probabilities[index]
        order = [int(other) for other in np.argsort(-row, kind="stable") if other != token and np.isfinite(row[other])]
        return tuple((other, float(row[other])) for other in order[:RIVALS])

    def mattered(self, index: int) -> tuple[tuple[int, float], ...]:
        """The guide segments whose hiding changed most, greatest first, and what the log-probability lost by it."""
        row = self.losses[index]
        order = np.argsort(-np.nan_to_num(np.abs(row), nan=-1.0), kind="stable")[:HEARD]
        return tuple((index - REACH + int(column), float(row[column])) for column in order if np.isfinite(row[column]))


class Influences:
    """Asks a decision model again. A guide segment is hidden by the rest; without a rest, by the guide's own commonest
    other token."""

    def __init__(self, model: DecisionModel, context: Context, rest: int | None) -> None:
        self._model = model
        self._context = context
        self._rest = rest

    def of(self, guide: Ids, response: Ids, durations: Seconds | None = None, progress: Progress = no_progress) -> Told:
        """What the model says of `response` (n,) under `guide` (n,), in the windows in which it was decided."""
        n = len(guide)
        told = np.zeros((n, self._model.classes), dtype=np.float32)
        losses = np.full((n, 2 * REACH + 1), np.nan)
        start, done = 0, 0
        while done < n:
            end = min(start + self._context.tokens, n)
            lasting = None if durations is None else durations[start:end]
            found = self._window(guide[start:end], response[start:end], lasting)
            for position in range(done, end):
                here = position - start
                told[position] = found[0, here]
                token = response[position]
                for column in range(2 * REACH + 1):
                    hidden = here - REACH + column
                    if 0 <= hidden < end - start:
                        losses[position, column] = found[0, here, token] - found[1 + hidden, here, token]
            start, done = start + self._context.hop, end
            progress("explain", done, n)
        return Told(told, losses)

    def _window(self, guide: Ids, response: Ids, durations: Seconds | None) -> Floats:
        """Log-probabilities (1 + m, m, classes): with the whole guide (m,), and with each of its segments hidden."""
        m = len(guide)
        guides = np.tile(guide, (1 + m, 1))
        guides[1 + np.arange(m), np.arange(m)] = [self._instead(guide, int(token)) for token in guide]
        state, heard, previous = self._model.start(1 + m), guides, None
        lasting = None if durations is None else np.tile(durations, (1 + m, 1))
        found = np.zeros((1 + m, m, self._model.classes), dtype=np.float32)
        for position in range(m):
            state, found[:, position] = advanced(self._model, state, heard, previous, lasting)
            heard, previous = guides[:, :0], np.full(1 + m, response[position], dtype=np.int64)
            lasting = None if lasting is None else lasting[:, :0]
        return found

    def _instead(self, guide: Ids, token: int) -> int:
        if self._rest is not None and token != self._rest:
            return self._rest
        counts = np.bincount(guide, minlength=self._model.classes)
        counts[token] = -1
        return int(counts.argmax())
