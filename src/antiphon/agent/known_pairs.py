"""The pairs that an agent remembers, as tokens: what is kept of them in its directory, and how its decision uses them.

What a decision looks up is made of them anew by the network at hand, in a second or two; no sound can be made of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.action.selection.segment_sound import CHROMA
from antiphon.action.selection.sound_relation import PairSound, SoundRelation, fitted_sound_relation
from antiphon.agent.meanings import meanings_of
from antiphon.agent.parts import AgentParts
from antiphon.decision.datastore import (
    KnownPair,
    PairMemory,
    PartlyRememberingDecision,
    RememberingDecision,
    remembered,
)
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.partly_heard import PartlyHeardDecision, ReadsPartly
from antiphon.interfaces import DecisionModel
from antiphon.types import Memory, SegmentSound

MOST_SEGMENTS = 7200
"""An hour of half seconds. All distances between them are looked at; of more music a training learns more."""

LONGEST_SEGMENT = 3600.0
"""Seconds: what lasts longer is no segment."""

LATER_HEARD = ("activity", "register")
"""What of a sound earlier versions did not write."""

LONGEST_CHROMA, MOST_DECIBELS = 1.001, 400.0
"""What goes beyond is neither."""


def pair_arrays(pairs: Sequence[KnownPair]) -> dict[str, NDArray[Any]]:
    """What is written of pairs: their ids in as few bytes as they need, end to end, and how long each pair is."""
    guide, target = (np.concatenate([getattr(pair, name) for pair in pairs]) for name in ("guide", "target"))
    small = np.min_scalar_type(int(max(guide.max(), target.max())))
    return {
        "guide": guide.astype(small),
        "target": target.astype(small),
        "durations": np.concatenate([pair.durations for pair in pairs]).astype(np.float32),
        "lengths": np.array([len(pair) for pair in pairs], dtype=np.int32),
    }


def pairs_of(arrays: Mapping[str, NDArray[Any]], classes: int) -> tuple[KnownPair, ...]:
    """What `pair_arrays` wrote. Raises ValueError for anything else, KeyError where an array is missing."""
    for name in ("guide", "target", "lengths"):
        if arrays[name].dtype.kind not in "iu":
            raise ValueError(f"{name} must be whole numbers")
    guide, target, lengths = (np.asarray(arrays[name], dtype=np.int64) for name in ("guide", "target", "lengths"))
    durations = np.asarray(arrays["durations"], dtype=np.float64)
    if not guide.shape == target.shape == durations.shape or guide.ndim != 1 or lengths.ndim != 1:
        raise ValueError("guide, target and durations must be of one length")
    if not len(lengths) or lengths.min() < 1 or lengths.sum() != len(guide) or len(guide) > MOST_SEGMENTS:
        raise ValueError(f"lengths must be those of the pairs, {MOST_SEGMENTS} segments together at most")
    if min(guide.min(), target.min()) < 0 or max(guide.max(), target.max()) >= classes:
        raise ValueError(f"ids go from 0 to {classes - 1}")
    if not np.all((durations > 0) & (durations <= LONGEST_SEGMENT)):
        raise ValueError(f"segments last from 0 to {LONGEST_SEGMENT:g} s")
    edges = np.cumsum([0, *lengths])
    whole = KnownPair(guide, target, durations)
    return tuple(whole.between(int(start), int(end)) for start, end in pairwise(edges))


def sound_arrays(sounds: Sequence[PairSound]) -> dict[str, NDArray[Any]]:
    """What is written of how pairs sound: chroma (n, dim), level (n,) and, where they are known of all, activity (n,)
    and register (n,) of both tracks, end to end."""
    found: dict[str, NDArray[Any]] = {}
    for track in ("guide", "target"):
        parts = [getattr(sound, track) for sound in sounds]
        found[f"{track}_chroma"] = np.concatenate([part.chroma for part in parts]).astype(np.float32)
        found[f"{track}_level"] = np.concatenate([part.level for part in parts]).astype(np.float32)
        for name in LATER_HEARD:
            known = [value for part in parts if (value := getattr(part, name)) is not None]
            if len(known) == len(parts):
                found[f"{track}_{name}"] = np.concatenate(known).astype(np.float32)
    return found


def sounds_of(arrays: Mapping[str, NDArray[Any]], pairs: Sequence[KnownPair]) -> tuple[PairSound, ...]:
    """What `sound_arrays` wrote, of the last of these pairs; none where nothing was written. Raises ValueError for
    anything else, KeyError where an array is missing."""
    if "guide_chroma" not in arrays:
        return ()
    count = len(arrays["guide_level"])
    lengths = np.cumsum([len(pair) for pair in reversed(pairs)])
    if count not in lengths:
        raise ValueError("how the pairs sound must be as long as the last of them")
    known = pairs[len(pairs) - 1 - int(np.flatnonzero(lengths == count)[0]) :]
    tracks = []
    for track in ("guide", "target"):
        chroma, level = (np.asarray(arrays[f"{track}_{name}"], dtype=np.float32) for name in ("chroma", "level"))
        if chroma.shape != (count, CHROMA) or level.shape != (count,):
            raise ValueError(f"chroma must be ({count}, {CHROMA}), and one level for each segment")
        if not (np.all(np.abs(chroma) <= LONGEST_CHROMA) and np.all(np.abs(level) <= MOST_DECIBELS)):
            raise ValueError("chroma go from -1 to 1, levels are decibels")
        activity, register = (_later_heard(arrays, f"{track}_{name}", count) for name in LATER_HEARD)
        tracks.append(SegmentSound(chroma, level, activity=activity, register=register))
    edges = np.cumsum([0, *map(len, known)])
    found = []
    for pair, (start, end) in zip(known, pairwise(edges.tolist()), strict=True):
        guide, target = (_between(track, start, end) for track in tracks)
        found.append(PairSound(guide, target, pair.durations))
    return tuple(found)


def _between(sound: SegmentSound, start: int, end: int) -> SegmentSound:
    """The segments from `start` to `end` (exclusive)."""
    activity, register = (None if values is None else values[start:end] for values in (sound.activity, sound.register))
    return SegmentSound(sound.chroma[start:end], sound.level[start:end], activity=activity, register=register)


def _later_heard(arrays: Mapping[str, NDArray[Any]], name: str, count: int) -> NDArray[np.float32] | None:
    """How busy a track is, or how high (count,); None where an earlier version did not write it."""
    if name not in arrays:
        return None
    found = np.asarray(arrays[name], dtype=np.float32)
    if found.shape != (count,) or not np.all(np.abs(found) <= MOST_DECIBELS):
        raise ValueError("one activity and one register for each segment, in octaves")
    return found


@lru_cache(maxsize=6)
def sound_relation(parts: AgentParts) -> SoundRelation:
    """What the agent's pairs teach about following; of an agent without pairs nothing is known."""
    return fitted_sound_relation(parts.pair_sounds)


def judged_by_pairs(parts: AgentParts, memory: Memory) -> Memory:
    """The memory, how loud and how busy its segments are judged as B of the agent's pairs is."""
    if memory.sound is None:
        return memory
    return replace(memory, sound=sound_relation(parts).judged(memory.sound))


def recalling(parts: AgentParts, model: NeuralDecision, *, inventing: bool = False) -> DecisionModel:
    """A way of deciding by the agent's network, with what it remembers of the agent's pairs, if there are any;
    `inventing` where it makes up a response (`RememberingDecision`)."""
    if not parts.pairs:
        return model
    return RememberingDecision(model, _memories(parts, model.hidden, model.guide_only), inventing)


def recalling_partly(parts: AgentParts, model: PartlyHeardDecision) -> ReadsPartly:
    """The same of a decision that is made while the guide plays, where a response is made up."""
    if not parts.pairs:
        return model
    return PartlyRememberingDecision(model, _memories(parts, model.hidden, model.guide_only))


def recall_ahead(parts: AgentParts) -> None:
    """Make now what a live decision may ask for later, by whatever a dial is set to: it takes a second or two."""
    if parts.pairs:
        for hidden in (False, True):
            _memories(parts, hidden, not parts.settings.sampling.past)


@lru_cache(maxsize=6)
def _memories(parts: AgentParts, hidden: bool, guide_only: bool) -> tuple[PairMemory, ...]:
    """Kept, since a response asks for its decision more than once."""
    model = NeuralDecision(parts.network, hidden=hidden, guide_only=guide_only)
    meanings = meanings_of(parts.alphabet, parts.perception.encoder, parts.settings.perception.encoder)
    return (remembered(model, parts.pairs, parts.context, meanings),)
