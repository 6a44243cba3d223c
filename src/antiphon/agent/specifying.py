"""D(P(x)): a guide's tokens to a specification, from the classes that the memory has (paper 3.2, 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from antiphon.action.selection.optimal import playable
from antiphon.action.selection.pins import asked_classes, pinned_steps
from antiphon.action.selection.regions import usable_segments
from antiphon.agent.known_pairs import recalling
from antiphon.agent.parts import AgentParts
from antiphon.agent.replay import Replay
from antiphon.config import SamplingSettings
from antiphon.decision.generation import generate
from antiphon.decision.guidance import GuidedDecision
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.repetition import Repetition, repetition_of
from antiphon.decision.sampling import FREE
from antiphon.errors import SettingsError, WrongAlphabet
from antiphon.interfaces import DecisionModel
from antiphon.types import Edited, Floats, Ids, Memory, Run, Seconds, Specification, Tokens

FOLLOWED_REST_SECONDS = 1.0
"""A shorter rest of the guide is part of its phrase."""

UNLIKELY = -30.0
"""The log-probability of a label that is ruled out."""

NEAR_ENOUGH = 0.05
"""A class can be played where some memory segment is it with this probability."""


def decision_for(parts: AgentParts, sampling: SamplingSettings) -> DecisionModel:
    """The trained model as `sampling` asks for it: obeying the guide more or less than it has learned to, or by the
    guide alone; with what it remembers of the agent's pairs."""
    if not sampling.past and not parts.settings.training.hide_past:
        raise SettingsError("setting sampling.past: this agent was trained without training.hide_past")
    heard = NeuralDecision(parts.network, guide_only=not sampling.past)
    if sampling.guidance == 1:
        return recalling(parts, heard, inventing=True)
    with_guide, without = (recalling(parts, replace(heard, hidden=hidden), inventing=True) for hidden in (False, True))
    return GuidedDecision(with_guide, without, sampling.guidance)


def specification_for(
    parts: AgentParts,
    guide: Tokens,
    memory: Memory,
    *,
    seed: int,
    sampling: SamplingSettings,
    pins: Sequence[Run],
    edited: Edited | None = None,
    decision: DecisionModel | None = None,
    expected: NDArray[np.bool_] | None = None,
) -> Specification:
    """What to play under each of the guide's segments; under the `pins` it is what they play, and else what a musician
    asked for. `decision` decides instead of the agent's own, from the classes (n, classes) that are `expected`, where
    the memory has one. Raises SettingsError for a class that is none."""
    require_own(parts, guide, "the guide")
    require_own(parts, memory.tokens, "the memory")
    rest = parts.alphabet.rest if parts.alphabet.has_rest else None
    pinned = pinned_steps(pins, memory, guide.intervals).ids(memory, rest) if pins else None
    if edited is not None and edited.asked:
        pinned = _with_asked(edited, len(guide), pinned, parts.alphabet.classes)
    if rest is not None and sampling.rests == "follow":
        pinned = _with_rests_of(guide, rest, pinned)
    allowed = allowed_classes(parts, guide.intervals, memory, sampling.rests)
    if expected is not None:
        allowed = np.where((allowed & expected).any(axis=1, keepdims=True), allowed & expected, allowed)
    decided = generate(
        decision or decision_for(parts, sampling),
        guide.ids[None],
        parts.context,
        sampling=sampling,
        seeds=[seed],
        allowed=allowed,
        pinned=pinned,
        durations=guide.durations[None],
        repetition=_repetition(parts, sampling),
    )
    tokens = Tokens(decided.ids[0], guide.intervals, parts.alphabet.id)
    distributions = decided.distributions[0]
    if expected is not None:
        distributions = _kept_to(distributions, expected & allowed)
    return Specification(tokens, decided.log_probabilities[0].astype(np.float64), distributions)


def _kept_to(distributions: Floats, labels: NDArray[np.bool_]) -> Floats:
    """Log-probabilities (n, classes) of these labels (n, classes) alone, where there are any and one is likely at
    all."""
    likely = np.where(labels, distributions, -np.inf)
    total = np.logaddexp.reduce(likely, axis=1, keepdims=True)
    kept = np.maximum(likely - np.where(np.isfinite(total), total, 0), np.float32(UNLIKELY))
    return np.asarray(np.where(np.isfinite(total), kept, distributions), dtype=np.float32)


def require_own(parts: AgentParts, tokens: Tokens, name: str) -> None:
    """Raise WrongAlphabet where `tokens` are of another alphabet than the agent's."""
    if tokens.alphabet_id != parts.alphabet.id:
        raise WrongAlphabet(
            f"{name} has tokens of alphabet {tokens.alphabet_id}, this agent speaks {parts.alphabet.id}: "
            "tokenize it with this agent"
        )


def _repetition(parts: AgentParts, sampling: SamplingSettings) -> Repetition | None:
    """What the training music repeats by itself, where `sampling` goes by it."""
    if sampling.repetition == 1:
        return None
    if parts.replay is None:
        raise SettingsError("setting sampling.repetition: this agent keeps no training tokens to compare with")
    return _own_repetition(parts.replay, parts.alphabet.classes)


@lru_cache(maxsize=4)
def _own_repetition(replay: Replay, classes: int) -> Repetition:
    """What the pieces of a replay repeat by themselves: counted once, since it is asked for with every response."""
    return repetition_of(replay.targets(), classes)


def _with_asked(edited: Edited, steps: int, pinned: Ids | None, classes: int) -> Ids:
    """The pins (n,), and where nothing is pinned what a musician asked for."""
    asked = asked_classes(edited, steps)
    if asked.min(initial=FREE) < FREE or asked.max(initial=FREE) >= classes:
        raise SettingsError(f"a class is asked for that is none: there are {classes}")
    return asked if pinned is None else np.where(pinned == FREE, asked, pinned)


def _with_rests_of(guide: Tokens, rest: int, pinned: Ids | None) -> Ids:
    """The pins (n,), and the rest wherever the guide rests for at least `FOLLOWED_REST_SECONDS` and nothing else is
    pinned."""
    resting = guide.ids == rest
    edges = np.flatnonzero(np.diff(resting, prepend=False, append=False)).reshape(-1, 2)
    pins = np.full(len(guide), FREE, dtype=np.int64) if pinned is None else pinned.copy()
    for first, stop in edges:
        if guide.intervals[stop - 1, 1] - guide.intervals[first, 0] >= FOLLOWED_REST_SECONDS - 1e-6:
            pins[first:stop] = np.where(pins[first:stop] == FREE, rest, pins[first:stop])
    return pins


def allowed_classes(parts: AgentParts, intervals: Seconds, memory: Memory, rests: str) -> NDArray[np.bool_]:
    """The constraint of the memory (paper 4.3): which classes can be played over each interval, shape (n, classes)."""
    usable = usable_segments(memory, parts.settings.action)
    allowed = playable(memory, intervals, parts.alphabet.classes, usable)
    if memory.class_probabilities is not None and parts.settings.action.match == "distribution":
        allowed |= (memory.class_probabilities[usable] >= NEAR_ENOUGH).any(axis=0)
    if parts.alphabet.has_rest:
        allowed[:, parts.alphabet.rest] = (rests == "free") | ~allowed[:, : parts.alphabet.rest].any(axis=1)
    return allowed
