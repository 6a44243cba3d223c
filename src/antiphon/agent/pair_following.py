"""What B of a pair would play, in the pair's own classes, while the guide plays: a segment at a time, from what came.

The same as `pair_alphabet.expected_classes` of a whole guide, where nothing is known of what has not been heard.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from antiphon.agent.pair_alphabet import MOSTLY, is_known, lags_of, relation_of_pair
from antiphon.agent.parts import AgentParts
from antiphon.decision.relation import RelationModel
from antiphon.perception.quantizers import make_quantizer
from antiphon.types import Alphabet, Floats, Ids, Segments


def _none() -> Ids:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class PairHeard:
    """The last segments of a guide (n,) as classes of the pair's alphabet, which of them are `known` to it, what B is
    taken to have `played` under each, and how probable each class of B is there, `expected` (n, classes)."""

    guide: Ids = field(default_factory=_none)
    known: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    played: Ids = field(default_factory=_none)
    expected: Floats = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))


@dataclass(frozen=True, eq=False)
class PairFollowing:
    """The alphabet of a pair and the relation that was found in it; `window` segments of a guide are kept."""

    alphabet: Alphabet
    model: RelationModel
    window: int

    def then(self, before: PairHeard, segments: Segments | None) -> PairHeard:
        """With one more segment of the guide, (1, dim); None: it was told, and how it sounds is not known."""
        kept = slice(max(0, len(before.guide) + 1 - self.window), None)
        heard, known = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.bool_)
        if segments is not None:
            heard = make_quantizer(self.alphabet)(segments)
            known = is_known(self.alphabet, segments, heard, self.model)
        guide, known = np.append(before.guide[kept], heard), np.append(before.known[kept], known)
        played = before.played[kept]
        row = self.model.distributions(guide[None], np.append(played, 0)[None], len(played))
        played = np.append(played, int(row[0].argmax()))
        rows = before.expected[kept].reshape(len(played) - 1, self.alphabet.classes)
        place = len(guide) - 1
        if not all(known[place - lag] for lag in lags_of(self.model) if lag <= place):
            row = np.full_like(row, 1 / self.alphabet.classes)
        return PairHeard(guide, known, played, np.concatenate([rows, row.astype(np.float32)]))

    def expected(self, heard: PairHeard, last: int, numbers: Ids) -> Floats | None:
        """How probable each class of B is in segments (n,) by their `numbers` (n, classes), where segment `last` was
        heard last; all alike where nothing is known yet. None where most of the guide is none of the pair's."""
        if not len(heard.known) or heard.known.mean() < MOSTLY:
            return None
        found = np.full((len(numbers), self.alphabet.classes), 1 / self.alphabet.classes, dtype=np.float32)
        places = numbers - last + len(heard.guide) - 1
        inside = (places >= 0) & (places < len(heard.guide))
        found[inside] = heard.expected[places[inside]]
        return found


def pair_following(parts: AgentParts) -> PairFollowing | None:
    """How the agent's pair is followed in its own classes; None where no relation was found there."""
    own, model = parts.pair_alphabet, relation_of_pair(parts)
    return None if own is None or model is None else PairFollowing(own.alphabet, model, parts.context.tokens)
