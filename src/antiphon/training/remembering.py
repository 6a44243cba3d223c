"""Pairs of the user's own as memory of an agent's decision: learned in seconds, without a gradient step.

The network stays as it is. What it makes of the pairs is looked up while it decides (`decision/datastore`), and
believed as far as it proves right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, Literal

import numpy as np

from antiphon.action.selection.lagged_relation import better_than_chance, shifted_guide
from antiphon.action.selection.segment_sound import segment_sound
from antiphon.action.selection.sound_relation import PairSound, concentration
from antiphon.agent import Agent
from antiphon.agent.known_pairs import MOST_SEGMENTS, sound_relation
from antiphon.agent.meanings import meanings_of
from antiphon.agent.pair_alphabet import fitted_pair_alphabet
from antiphon.analysis.pair_account import pair_account
from antiphon.confidence import estimate
from antiphon.dataset import TokenPair
from antiphon.decision.datastore import FEWEST, KnownPair, remembered
from antiphon.decision.neural import NeuralDecision
from antiphon.errors import BadData
from antiphon.interfaces import Progress, no_progress
from antiphon.training.careful_finetuning import finetuned_or_not
from antiphon.training.finetuning import shared_tokens
from antiphon.types import Audio

FEWEST_RESTS = 4
"""Segments in which A rests: of fewer, nothing is told."""

SELDOM = 0.2
"""Of B's segments are rests at most where it hardly ever rests: a decision that is free to rest would rest more."""


def remember(
    agent: Agent,
    pairs: Sequence[tuple[Audio, Audio]],
    progress: Progress = no_progress,
    *,
    finetune: bool = False,
    judged: bool = True,
) -> Agent:
    """The agent with `pairs` of guide and target remembered, beside those that it remembered before; with `finetune`
    its network is fine-tuned on them first, where that helps (`careful_finetuning`). Unless `judged`, its account says
    nothing of them, which takes less time.

    Raises BadData where a pair shares no whole segment, where all together are shorter than FEWEST segments or longer
    than MOST_SEGMENTS.
    """
    learned, sounds, segments = [], [], []
    for number, (guide, target) in enumerate(pairs):
        progress("listen to the pair", number, len(pairs))
        heard, answer = shared_tokens(agent, guide, target)
        learned.append(TokenPair(heard.ids, answer.ids, heard.durations))
        guide_sound, target_sound = (
            replace(segment_sound(each, heard.intervals), activity=agent.perception.activity(each, heard.intervals))
            for each in (guide, target)
        )
        sounds.append(PairSound(guide_sound, target_sound, heard.durations))
        sides = [agent.perception.segments(each, heard.intervals)[0] for each in (guide, target)]
        segments.append((sides[0], sides[1]))
    progress("listen to the pair", len(pairs), len(pairs))
    names = [(guide.source, target.source) for guide, target in pairs]
    if finetune:
        known = [KnownPair(pair.guide, pair.target, pair.durations) for pair in learned]
        agent = finetuned_or_not(agent, known, progress=progress)
    after = remember_tokens(agent, learned, names, judged=judged)
    own = fitted_pair_alphabet(agent, segments)
    return following_pairs(replace(after, pair_sounds=(*agent.pair_sounds, *sounds), pair_alphabet=own))


def following_pairs(agent: Agent) -> Agent:
    """The agent with settings that follow a guide as B of its pairs follows A: in harmony, loudness and activity as
    closely as they show it, and without rests in those of a guide where B plays in those of A. What they show nothing
    of stays as it was."""
    relation, settings = sound_relation(agent), agent.settings
    harmony, level, activity = relation.harmony, relation.level, relation.activity
    action: dict[str, Any] = {}
    if harmony is not None:
        action["harmony"] = round(harmony.weight, 2)
    elif relation.alike is not None:
        # B has harmony, and not by A's: the guide's is followed no more closely than B agrees with A's by chance.
        action["harmony"] = min(settings.action.harmony, round(concentration(relation.alike), 2))
    if level is not None:
        action["dynamics"] = round(level.weight, 2)
        action["ride"] = settings.action.ride if level.sign > 0 else 0.0
    if activity is not None:
        # Where harmony tells which segment it is, how busy it is was told already.
        known = 0.0 if harmony is None else harmony.agreement**2
        action["activity"] = round(activity.weight * (1 - known), 2)
    rests = _rests_of_pairs(agent)
    sampling = {"rests": rests} if settings.sampling.rests == "follow" and rests != "follow" else {}
    changed = {
        "action": settings.action.model_copy(update=action),
        "sampling": settings.sampling.model_copy(update=sampling),
    }
    account = {
        "harmony": None if harmony is None else harmony.account,
        "level": None if level is None else level.account,
        "activity": None if activity is None else activity.account,
        "register": None if relation.register is None else relation.register.account,
        "plays_in_rests": rests != "follow",
        "rests": rests,
    }
    told = replace(agent, training={**agent.training, "following": account})
    return told.with_settings(settings.model_copy(update=changed))


def _rests_of_pairs(agent: Agent) -> Literal["follow", "fill", "free"]:
    """When B of the pairs rests: hardly ever, though A does (`fill`); surely elsewhere than A (`free`); else with A, or
    at times that A does not tell, and nothing is changed (`follow`)."""
    if not agent.alphabet.has_rest:
        return "follow"
    rest = agent.alphabet.rest
    guides = [(pair.guide == rest).astype(np.float64) for pair in agent.pairs]
    target = np.concatenate([pair.target for pair in agent.pairs]) == rest
    resting = np.concatenate(guides) > 0
    if resting.sum() < FEWEST_RESTS or target[resting].mean() >= 0.5:
        return "follow"
    if target.mean() < SELDOM:
        return "fill"

    def elsewhere(shift: int) -> float:
        heard = np.concatenate([shifted_guide(each, shift) for each in guides]) > 0
        return float(target[~heard].mean() - target[heard].mean())

    return "free" if better_than_chance(elsewhere(0), elsewhere) else "follow"


def remember_tokens(
    agent: Agent, pairs: Sequence[TokenPair], names: Sequence[tuple[str, str]] = (), *, judged: bool = True
) -> Agent:
    """As `remember`, of pairs as tokens; `names` are those of their recordings."""
    known = (*agent.pairs, *(KnownPair(pair.guide, pair.target, pair.durations) for pair in pairs))
    segments = sum(map(len, known))
    if segments < FEWEST:
        raise BadData(f"{segments} segments of a pair are too few to remember: give {FEWEST} at the very least")
    if segments > MOST_SEGMENTS:
        raise BadData(f"{segments} segments are too many to look up, {MOST_SEGMENTS} at most: train on them")
    if not judged:
        return replace(agent, pairs=known)
    named = [{"guide": guide, "target": target} for guide, target in names]
    earlier = agent.training.get("remembers", {}).get("recordings", [])
    every = [TokenPair(each.guide, each.target, each.durations) for each in known]
    account: dict[str, Any] = {
        **agent.training,
        "relation": pair_account(every, agent),
        "remembers": {"recordings": [*earlier, *named], "segments": segments, **worth(agent, known)},
    }
    return replace(agent, pairs=known, training=account)


def worth(agent: Agent, pairs: Sequence[KnownPair]) -> dict[str, Any]:
    """What remembering is worth on blocks of the pairs that were held out, in bits a token, in plain values: `bits` by
    the network alone, `gain` of the memory, and what the guide is worth `guide_before` and `guide_after`: the same
    network and memory without a guide, minus with it."""
    meanings = meanings_of(agent.alphabet, agent.perception.encoder, agent.settings.perception.encoder)
    hearing, deaf = (
        remembered(NeuralDecision(agent.network, hidden=hidden), pairs, agent.context, meanings).evidence
        for hidden in (False, True)
    )
    # Of very much music the relation model, and so the hearing memory, knows the first blocks only.
    known = min(len(hearing.network), len(deaf.network))
    alone, together = hearing.network[:known], hearing.memory[:known]
    return {
        "bits": float(np.mean(alone)),
        "gain": asdict(estimate((alone - together).tolist())),
        "guide_before": asdict(estimate((deaf.network[:known] - alone).tolist())),
        "guide_after": asdict(estimate((deaf.memory[:known] - together).tolist())),
    }
