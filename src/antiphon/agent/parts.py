"""What an agent is made of: settings, an alphabet, its perception, its networks, and what it learned from.

`Agent` plays with it; `directory` writes and reads it; `card` describes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from antiphon.action.selection.sound_relation import PairSound
from antiphon.agent.replay import Replay
from antiphon.config import CorpusSettings, PerceptionSettings, Settings
from antiphon.decision.datastore.walking import KnownPair
from antiphon.decision.generation import Context
from antiphon.decision.transformer import DecisionNetwork
from antiphon.perception.perception import Perception
from antiphon.types import Alphabet, PairAlphabet


def context_of(corpus: CorpusSettings, perception: PerceptionSettings) -> Context:
    """The decision's window and hop in tokens: the training windows of the settings, on the grid of the segments."""
    tokens = max(1, round(corpus.window_seconds / perception.segment_seconds))
    hop = max(1, round(corpus.hop_seconds / perception.segment_seconds))
    return Context(tokens, min(hop, tokens))


@dataclass(frozen=True, eq=False)
class AgentParts:
    """`deaf` is the network trained without a guide, `shifted` the one trained with circularly shifted guides: the
    opponents of `network`. `present`, beside a network that hears the guide late, is the one that heard it at once.
    `training` says what it learned from and how well, `replay` keeps some of it for fine-tuning, `history` is an epoch
    a row; `pairs` are those that the decision remembers beside its network, `pair_sounds` how the last of these
    sound, and `pair_alphabet` the last that were given in an alphabet of their own."""

    settings: Settings
    alphabet: Alphabet
    perception: Perception
    network: DecisionNetwork
    deaf: DecisionNetwork | None = None
    shifted: DecisionNetwork | None = None
    present: DecisionNetwork | None = None
    replay: Replay | None = None
    training: Mapping[str, Any] = field(default_factory=dict)
    history: Sequence[Mapping[str, Any]] = ()
    pairs: tuple[KnownPair, ...] = ()
    pair_sounds: tuple[PairSound, ...] = ()
    pair_alphabet: PairAlphabet | None = None

    @property
    def context(self) -> Context:
        """How much the decision sees at once."""
        return context_of(self.settings.corpus, self.settings.perception)
