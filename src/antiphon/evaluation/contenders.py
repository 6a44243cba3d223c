"""Who else could have answered: the agent, its deaf twin, the guide at the wrong time, and the best table of counts,
each playing the same memory by the same rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from antiphon.agent import Agent
from antiphon.agent.meanings import meanings_of
from antiphon.agent.playing import Hearing, Request, played
from antiphon.agent.replay import Replay
from antiphon.agent.specifying import specification_for
from antiphon.config import SamplingSettings
from antiphon.dataset import TokenExcerpt
from antiphon.decision.generation import score
from antiphon.decision.neural import NeuralDecision
from antiphon.evaluation.opponents import Opponent, opponents, side_by_side
from antiphon.evaluation.shifted_guides import JUDGED_SHARES
from antiphon.interfaces import DecisionModel
from antiphon.metrics import bits_per_token
from antiphon.types import Audio, Response, Tokens

MOST_LEARNED, MOST_CHECKED = 600, 200
"""Windows of the replay that opponents are fitted on, and judged by: minutes become seconds, and the order of the best
ones stays."""

LEAST_CHECKED = 10
"""One window of so many is held back where a replay tells none apart."""

UNIFORM = "uniform"

DEAF_ACTION = {"harmony": 0.0, "dynamics": 0.0, "ride": 0.0}
DEAF_SAMPLING = {"rests": "free"}
"""Settings by which a response follows its guide beside the decision: off where nothing of the guide is heard."""


def hearing(agent: Agent, place: Hearing, seed: int) -> Response:
    """The agent's own response: that of `Agent.respond`."""
    return _answered(agent, place, seed)


def deaf(agent: Agent, place: Hearing, seed: int) -> Response | None:
    """The response of the network that learned without a guide, which follows nothing of the guide but its time and
    its level; None where the agent keeps no such network."""
    if agent.deaf is None:
        return None
    settings = agent.settings
    action = settings.action.model_copy(update=DEAF_ACTION)
    sampling = settings.sampling.model_copy(update=DEAF_SAMPLING)
    unled = agent.with_settings(settings.model_copy(update={"action": action, "sampling": sampling}))
    return _answered(unled, replace(place, sound=None), seed, NeuralDecision(agent.deaf))


def turned(place: Hearing, seed: int) -> tuple[Hearing, int]:
    """The guide at the wrong time, circularly shifted by so many segments, from a quarter to three quarters of it: what
    it says of the piece stays, what it says of the moment is gone. Where segments are beats it is whole bars."""
    count = round(JUDGED_SHARES[seed % len(JUDGED_SHARES)] * len(place.tokens))
    bar = place.grid.beats_per_bar if place.grid is not None else 1
    count = max(round(count / bar) * bar, 1)
    samples = round(float(place.tokens.intervals[min(count, len(place.tokens)) - 1, 1]) * place.guide.sample_rate)
    late = Audio(np.roll(np.asarray(place.guide.samples), samples, axis=0), place.guide.sample_rate)
    tokens = Tokens(np.roll(place.tokens.ids, count), place.tokens.intervals, place.tokens.alphabet_id)
    sound = place.sound
    if sound is not None:
        classes = None if sound.classes is None else np.roll(sound.classes, count, axis=0)
        chroma, level = np.roll(sound.chroma, count, axis=0), np.roll(sound.level, count)
        sound = replace(sound, chroma=chroma, level=level, classes=classes)
    return replace(place, guide=late, tokens=tokens, sound=sound), count


def by_opponent(agent: Agent, place: Hearing, opponent: Opponent, seed: int) -> Response:
    """The response that an opponent decides, played by the agent's own rules."""
    return _answered(agent, place, seed, opponent.model, opponent.sampling)


@dataclass(frozen=True, eq=False)
class Rivals:
    """The opponent with the fewest bits per token on held-back windows, those bits, and the one that draws from all
    classes alike."""

    best: Opponent
    bits: float
    uniform: Opponent


def rivals(agent: Agent) -> Rivals | None:
    """Fitted on what the agent keeps of its training, and judged on windows of other pieces where it tells them apart;
    None where it keeps nothing."""
    if agent.replay is None or len(agent.replay) < 2:
        return None
    train, held_back = _excerpts(agent.replay)
    meanings = meanings_of(agent.alphabet, agent.perception.encoder, agent.settings.perception.encoder)
    fitted = opponents(
        train, held_back, agent.alphabet.classes, agent.context, agent.settings.sampling, meanings=meanings
    )
    bits = {each.name: _bits(each, held_back, agent) for each in fitted if each.name != UNIFORM}
    best = min(bits, key=lambda name: bits[name])
    named = {each.name: each for each in fitted}
    return Rivals(named[best], bits[best], named[UNIFORM])


def _bits(opponent: Opponent, excerpts: Sequence[TokenExcerpt], agent: Agent) -> float:
    nats = [
        score(opponent.surprise, group.guides, group.targets, agent.context, group.durations).ravel()
        for group in side_by_side(excerpts)
    ]
    return bits_per_token(np.concatenate(nats))


def _excerpts(replay: Replay) -> tuple[list[TokenExcerpt], list[TokenExcerpt]]:
    """Windows to fit on, and windows to judge by; spread over all that are kept."""
    checked = replay.checked or max(len(replay) // LEAST_CHECKED, 1)
    held_back, learned = range(checked), range(checked, len(replay))
    if not learned:
        learned = held_back
    return (
        [_excerpt(replay, row) for row in _spread(learned, MOST_LEARNED)],
        [_excerpt(replay, row) for row in _spread(held_back, MOST_CHECKED)],
    )


def _spread(rows: range, most: int) -> list[int]:
    if len(rows) <= most:
        return list(rows)
    return [rows[index] for index in np.linspace(0, len(rows) - 1, most).astype(np.int64).tolist()]


def _excerpt(replay: Replay, row: int) -> TokenExcerpt:
    length = int(replay.lengths[row])
    durations = np.asarray(replay.durations[row, :length], dtype=np.float64)
    return TokenExcerpt(
        name=str(row),
        piece=str(row),
        tracks=("guide", "target"),
        ids=(replay.guide[row, :length], replay.target[row, :length]),
        durations=(durations, durations),
        unanswering=frozenset({0}),
    )


def _answered(
    agent: Agent,
    place: Hearing,
    seed: int,
    decision: DecisionModel | None = None,
    sampling: SamplingSettings | None = None,
) -> Response:
    asked = sampling or agent.settings.sampling
    specification = specification_for(
        agent, place.tokens, place.memory, seed=seed, sampling=asked, pins=(), decision=decision
    )
    used: dict[str, Any] = {"sampling": asked.model_dump(), "seed": seed, "action": agent.settings.action.model_dump()}
    return played(agent, Request(place, specification, used), place.memory, count=1, seed=seed)[0]
