"""The alphabet of a pair itself: the classes that its two tracks have, and the relation between these.

An agent's alphabet tells apart what it learned from, and is coarse where a pair is fine: two octaves of one note may be
one class. K-means on the segments of the pair give an alphabet that hears the pair's own notes, and the relation model
finds in it what it cannot find in the agent's. What it expects of B is a further price in the search, beside what the
agent decides. A segment that is none of the pair's (another key, another instrument) is no class of it: there nothing
is expected.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.agent.meanings import meanings_of
from antiphon.agent.memory import grids_in
from antiphon.agent.parts import AgentParts
from antiphon.config import SamplingSettings
from antiphon.decision.generation import generate
from antiphon.decision.relation import RelationModel, fitted
from antiphon.decision.relation.fitting import SHORTEST
from antiphon.decision.relation.grammar import STEPPING, Rule
from antiphon.decision.relation.meanings import NONE
from antiphon.errors import AntiphonWarning, BadData
from antiphon.perception.alphabet import fit_alphabet, identify
from antiphon.perception.quantizers import class_probabilities, make_quantizer
from antiphon.types import Alphabet, Audio, Floats, Ids, Memory, PairAlphabet, Seconds, Segments

ANOTHER_PITCH = 0.4
"""What is nearer to a class than this share of the (squared) distance between classes of different pitches is that
class: another instrument is, on an oboe instead of strings 0.1 to 0.3; a note that the pair does not have is not, from
0.8 on."""

MOSTLY = 0.8
"""Of the segments of a guide must be known: what a relation in these classes says of a piece in another key hangs
together with what it says of the notes that it does not know."""

EXPECTED = 0.5
"""A class of the pair from this probability on is expected, and the decision keeps to what may be it."""

AS_NEAR = 0.1
"""Classes of the agent that an expected class may be: those at least this share as probable as the likeliest."""

MOST_PROBABLE = SamplingSettings(temperature=0, constraint="off")


def fitted_pair_alphabet(parts: AgentParts, pairs: Sequence[tuple[Segments, Segments]]) -> PairAlphabet | None:
    """The alphabet of pairs of guide and target, and the pairs in it; None where there is too little to tell apart."""
    if max((len(guide.level) for guide, _ in pairs), default=0) < SHORTEST:
        return None
    every = [part for pair in pairs for part in pair]
    together = Segments(*(np.concatenate([getattr(part, name) for part in every]) for name in ("vectors", "level")))
    try:
        with warnings.catch_warnings():
            # That a short pair has fewer classes is no news to whoever gave it.
            warnings.simplefilter("ignore", AntiphonWarning)
            alphabet = fit_alphabet(together, parts.perception.encoder, parts.settings.perception)
    except BadData:
        return None
    quantize = make_quantizer(alphabet)
    return PairAlphabet(alphabet, tuple((quantize(guide), quantize(target)) for guide, target in pairs))


def expected_classes(parts: AgentParts, guide: Audio, intervals: Seconds) -> Floats | None:
    """How probable each class of the pair's alphabet is under each of the guide's segments (n, classes), all alike
    where that is none of the pair's; None where no relation was found, or most of the guide is none of the pair's."""
    own, model = parts.pair_alphabet, relation_of_pair(parts)
    if own is None or model is None:
        return None
    segments, _ = parts.perception.segments(guide, intervals)
    ids = make_quantizer(own.alphabet)(segments)
    if not len(ids):
        return None
    decided = generate(model, ids[None], parts.context, sampling=MOST_PROBABLE, seeds=[0])
    found = np.exp(decided.distributions[0])
    known = is_known(own.alphabet, segments, ids, model)
    if known.mean() < MOSTLY:
        return None
    for lag in lags_of(model):
        # What is expected goes back to this segment of the guide.
        found[lag:][~known[: len(known) - lag]] = 1 / own.alphabet.classes
    return np.asarray(found, dtype=np.float32)


def expected_labels(parts: AgentParts, expected: Floats | None) -> NDArray[np.bool_] | None:
    """Which of the agent's classes (n, classes) may be what is `expected` of the pair's (n, pair's classes): all where
    nothing is expected for certain. None where no relation of a pair is known.

    A decision draws each label after its own, and a relation from step to step carries a wrong one on.
    """
    own = parts.pair_alphabet
    if own is None or expected is None:
        return None
    vectors = own.alphabet.centroids * own.alphabet.scale
    sounding = Segments(vectors, np.zeros(len(vectors), dtype=np.float32))
    likely = class_probabilities(parts.alphabet, sounding)[expected[:, : len(vectors)].argmax(axis=1)]
    found = likely >= AS_NEAR * likely.max(axis=1, keepdims=True)
    found[expected[:, : len(vectors)].max(axis=1) < EXPECTED] = True
    return np.asarray(found)


def with_pair_classes(parts: AgentParts, memory: Memory) -> Memory:
    """The memory, and how probable each class of the pair's alphabet is in its segments."""
    own = parts.pair_alphabet
    if own is None or memory.sound is None or relation_of_pair(parts) is None:
        return memory
    found = []
    for recording, grid in grids_in(memory):
        segments, _ = parts.perception.segments(recording, grid)
        found.append(class_probabilities(own.alphabet, segments))
    return replace(memory, sound=replace(memory.sound, classes=np.concatenate(found)))


@lru_cache(maxsize=6)
def relation_of_pair(parts: AgentParts) -> RelationModel | None:
    """What the relation model finds in the pair's own alphabet; None where B does not depend on A."""
    own = parts.pair_alphabet
    if own is None:
        return None
    model = fitted(
        [(guide[None], target[None]) for guide, target in own.pairs],
        meanings_of(own.alphabet, parts.perception.encoder, parts.settings.perception.encoder),
    )
    return model if model.by_guide else None


def lags_of(model: RelationModel) -> set[int]:
    """How many segments before each its relation looks at the guide; a step is from one segment to the next."""
    found = set()
    for what in model.by_guide:
        found.add(what.lag)
        if isinstance(what, Rule) and what.kind in STEPPING:
            found.add(what.lag + 1)
    return found


def is_known(alphabet: Alphabet, segments: Segments, ids: Ids, model: RelationModel) -> NDArray[np.bool_]:
    """Which segments (n,) are the class that they were given, and not a stranger to which it is the nearest."""
    from scipy.spatial.distance import cdist

    pitches = model.meanings.pitches[: alphabet.size]
    apart = cdist(alphabet.centroids, alphabet.centroids, "sqeuclidean")
    apart[(pitches[:, None] == pitches) | (pitches[:, None] == NONE) | (pitches == NONE)] = np.inf
    nearest = apart.min(axis=1)
    if not np.isfinite(nearest).any():
        return np.ones(len(ids), dtype=np.bool_)
    far = ANOTHER_PITCH * float(np.median(nearest[np.isfinite(nearest)]))
    resting = ids >= alphabet.size
    centroids = alphabet.centroids[np.where(resting, 0, ids)]
    away = ((segments.vectors / alphabet.scale - centroids) ** 2).sum(axis=1)
    return np.asarray(resting | (away <= far))


def alphabet_arrays(own: PairAlphabet) -> dict[str, NDArray[Any]]:
    """What is written of it."""
    guide, target = (np.concatenate([pair[side] for pair in own.pairs]).astype(np.int32) for side in (0, 1))
    return {
        "own_centroids": own.alphabet.centroids,
        "own_scale": own.alphabet.scale,
        "own_guide": guide,
        "own_target": target,
        "own_lengths": np.array([len(pair[0]) for pair in own.pairs], dtype=np.int32),
    }


def alphabet_of(arrays: Mapping[str, NDArray[Any]], agent: Alphabet) -> PairAlphabet | None:
    """What `alphabet_arrays` wrote, beside an agent's alphabet; None where nothing was written. Raises ValueError for
    anything else, KeyError where an array is missing."""
    if "own_centroids" not in arrays:
        return None
    centroids, scale = (np.asarray(arrays[name], dtype=np.float32) for name in ("own_centroids", "own_scale"))
    guide, target, lengths = (arrays[name] for name in ("own_guide", "own_target", "own_lengths"))
    if any(each.dtype.kind not in "iu" or each.ndim != 1 for each in (guide, target, lengths)):
        raise ValueError("the pair's own tokens must be whole numbers")
    if scale.shape != agent.scale.shape or centroids.shape[1:] != scale.shape or not len(centroids):
        raise ValueError("the pair's alphabet must be of the agent's perception")
    if not np.all(scale > 0):
        raise ValueError("the pair's alphabet must have a spread")
    unnamed = replace(agent, centroids=centroids, scale=scale, id="")
    own = replace(unnamed, id=identify(unnamed))
    lengths = lengths.astype(np.int64)
    if not len(lengths) or lengths.min() < 1 or not lengths.sum() == len(guide) == len(target):
        raise ValueError("lengths must be those of the pair's own tokens")
    if min(guide.min(), target.min()) < 0 or max(guide.max(), target.max()) >= own.classes:
        raise ValueError(f"the pair's own ids go from 0 to {own.classes - 1}")
    edges = np.cumsum([0, *lengths]).tolist()
    sides = (guide.astype(np.int64), target.astype(np.int64))
    return PairAlphabet(own, tuple((sides[0][a:b], sides[1][a:b]) for a, b in pairwise(edges)))
