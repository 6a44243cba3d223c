"""A response a token at a time, from what was heard so far; the state goes in and comes out.

Live play and `generation` are the same code: the one feeds it the guide in blocks, the other at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from antiphon.config import SamplingSettings
from antiphon.decision.draws import uniform_numbers
from antiphon.decision.repetition import RepeatLengths, Repetition
from antiphon.decision.sampling import FREE, Mask, Probabilities, candidates, consensus, draw, with_pins
from antiphon.decision.scoring import Context, Moving, advanced, started
from antiphon.interfaces import DecisionModel
from antiphon.types import Floats, Ids, Seconds


@runtime_checkable
class ReadsAtOnce(Protocol):
    """A model that also reads what was heard and played so far in one pass."""

    def again(self, heard: Ids, played: Ids, durations: Seconds | None = None) -> tuple[Any, Floats]:
        """The state and the answer after `heard` (guides, h) and `played` (guides, p) from a fresh start."""
        ...


@dataclass(frozen=True, eq=False)
class Decided:
    """Ids (guides, n) and the model's own log-probability (guides, n) of each, in nats; and `distributions` (guides, n,
    classes), those of all classes."""

    ids: Ids
    log_probabilities: Seconds
    distributions: Floats


@dataclass(frozen=True, eq=False)
class Heard:
    """Guide tokens (guides, m) and, where segments vary, how long each lasts in seconds (guides, m)."""

    tokens: Ids
    durations: Seconds | None = None

    def __post_init__(self) -> None:
        if self.durations is not None and self.durations.shape != self.tokens.shape:
            raise ValueError(f"durations {self.durations.shape} must be one for each token {self.tokens.shape}")

    def between(self, start: int, end: int | None) -> Heard:
        """Those from `start` to before `end`."""
        return Heard(self.tokens[:, start:end], None if self.durations is None else self.durations[:, start:end])

    def repeated(self, times: int) -> Heard:
        """Each guide so many times, its copies side by side."""
        durations = None if self.durations is None else np.repeat(self.durations, times, axis=0)
        return Heard(np.repeat(self.tokens, times, axis=0), durations)

    def then(self, later: Heard) -> Heard:
        """With what was heard later behind it."""
        if self.tokens.shape[1] == 0 or later.tokens.shape[1] == 0:
            return later if self.tokens.shape[1] == 0 else self
        if (self.durations is None) != (later.durations is None):
            raise ValueError("durations are given for all of a guide or for none of it")
        durations = None
        if self.durations is not None and later.durations is not None:
            durations = np.concatenate([self.durations, later.durations], axis=1)
        return Heard(np.concatenate([self.tokens, later.tokens], axis=1), durations)


@dataclass(frozen=True, eq=False)
class Playing:
    """A response in progress, several side by side: what was heard and played (rows, p) since the window began, how
    much of what was heard the model was given, its state, and how many tokens were decided in all."""

    seeds: tuple[int, ...]
    takes: tuple[int, ...]
    heard: Heard
    played: Ids
    given: int
    model: Any
    position: int
    echoes: RepeatLengths | None


@dataclass(frozen=True, eq=False)
class Player:
    """Decides a token at a time from what was heard so far; the state goes in and comes out.

    With a consensus of n samples each guide has n + 1 rows: the samples, each on its own past, and one that follows
    what they agree on, whose log-probabilities are the model's own along the response. `repetition` is what the
    training music does itself, needed where the settings control repetition.
    """

    model: DecisionModel
    context: Context
    sampling: SamplingSettings
    repetition: Repetition | None = None

    def __post_init__(self) -> None:
        if self.sampling.repetition < 1 and self.repetition is None:
            raise ValueError("repetition control needs to know the training music's own repetition")

    @property
    def rows(self) -> int:
        """Rows of the model for each guide."""
        return self.sampling.consensus + (self.sampling.consensus > 1)

    def start(self, seeds: Sequence[int], takes: Sequence[int] | None = None) -> Playing:
        """Nothing was heard or played. One seed a guide; `takes` number the responses that share guide and seed."""
        rows = len(seeds) * self.rows
        nothing = np.zeros((rows, 0), dtype=np.int64)
        echoes = None
        if self.repetition is not None and self.sampling.repetition < 1:
            echoes = RepeatLengths.start(rows, self.repetition.lags)
        numbered = tuple(takes) if takes is not None else (0,) * len(seeds)
        return Playing(tuple(seeds), numbered, Heard(nothing), nothing, 0, None, 0, echoes)

    def afresh(self, state: Playing) -> Playing:
        """The same response in progress, for a model that knows nothing of it yet: another one than before."""
        return replace(state, given=0, model=None)

    def step(
        self, state: Playing, heard: Heard, allowed: Mask | None = None, pinned: int = FREE
    ) -> tuple[Playing, Decided]:
        """One more token for each guide, (guides, 1), after `heard` was heard since the last step.

        `allowed` (classes,), or (guides, classes) one for each, are the labels that may be played, and `pinned` one
        that has to be, whatever the constraint. All that was heard is given to the model, up to the end of its window.
        """
        state = replace(state, heard=state.heard.then(heard.repeated(self.rows)))
        state, log_probabilities = self._ahead(state)
        sampling = self.sampling
        if pinned != FREE:
            allowed = with_pins(np.array([pinned]), None, self.model.classes)[0]
            sampling = sampling.model_copy(update={"constraint": "hard"})
        mask = None
        if allowed is not None:
            each = np.broadcast_to(allowed, (len(state.seeds), self.model.classes))
            mask = np.repeat(each, self.rows, axis=0)
        ceilings = None
        if state.echoes is not None and self.repetition is not None:
            ceilings = self.repetition.ceilings(state.echoes, sampling.repetition)
        ids = self._chosen(state, candidates(log_probabilities, mask, sampling, ceilings), ceilings)
        state = replace(
            state,
            played=np.concatenate([state.played, ids[:, None]], axis=1),
            position=state.position + 1,
            echoes=None if state.echoes is None else state.echoes.played(ids),
        )
        own = log_probabilities[np.arange(len(ids)), ids][self.rows - 1 :: self.rows, None].astype(np.float64)
        every = log_probabilities[self.rows - 1 :: self.rows, None]
        return state, Decided(ids[self.rows - 1 :: self.rows, None], own, every)

    def _ahead(self, state: Playing) -> tuple[Playing, Floats]:
        """The model's answer to all that was heard and played; a window that is full moves on first."""
        heard, played = state.heard, state.played
        given, model, place = state.given, state.model, played.shape[1]
        if place == self.context.tokens:
            heard, played = heard.between(self.context.hop, None), played[:, self.context.hop :]
            moves = isinstance(self.model, Moving) and not isinstance(self.model, ReadsAtOnce)
            model = started(self.model, len(played), model, played.shape[1]) if moves else None
            given, place = 0, 0
        if model is None:
            place = 0
            if played.shape[1] and isinstance(self.model, ReadsAtOnce):
                return _read_at_once(self.model, replace(state, heard=heard, played=played), self.context)
            model = self.model.start(len(played))
        while True:
            end = min(heard.tokens.shape[1], self.context.tokens)
            new = heard.between(given, end)
            previous = played[:, place - 1] if place else None
            model, log_probabilities = advanced(self.model, model, new.tokens, previous, new.durations)
            given = end
            if place == played.shape[1]:
                break
            place += 1
        return replace(state, heard=heard, played=played, given=given, model=model), log_probabilities

    def _chosen(self, state: Playing, probabilities: Probabilities, ceilings: Probabilities | None) -> Ids:
        """An id for each row: the samples, and behind them what they agree on, where there are several."""
        samples = self.sampling.consensus
        each = probabilities.reshape(-1, self.rows, self.model.classes)[:, :samples]
        numbers = uniform_numbers(
            [seed for seed in state.seeds for _ in range(samples)],
            state.position,
            (np.array(state.takes, dtype=np.int64)[:, None] * samples + np.arange(samples)).ravel(),
        )
        drawn = draw(each.reshape(-1, self.model.classes), numbers).reshape(-1, samples)
        if samples == 1:
            return drawn[:, 0]
        agreed = consensus(each, None if ceilings is None else ceilings[samples :: self.rows])
        return np.concatenate([drawn, agreed[:, None]], axis=1).ravel()


def _read_at_once(model: ReadsAtOnce, state: Playing, context: Context) -> tuple[Playing, Floats]:
    seen = state.heard.between(0, context.tokens)
    read, log_probabilities = model.again(seen.tokens, state.played, seen.durations)
    return replace(state, given=seen.tokens.shape[1], model=read), log_probabilities
