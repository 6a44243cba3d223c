"""y = A(D(P(x))) (paper 3, figure 2): it listens, decides and plays.

perception, decision and action know nothing of each other: here they meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.action.provenance import events
from antiphon.action.rendering import Crossfade, HardCut
from antiphon.action.selection import OptimalSelection, playable
from antiphon.audio import resampled, with_channels
from antiphon.config import CorpusSettings, PerceptionSettings, SamplingSettings, Settings
from antiphon.decision.generation import Context, generate
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.transformer import DecisionNetwork
from antiphon.errors import BadData, WrongAlphabet
from antiphon.interfaces import Encoder, Renderer
from antiphon.perception.perception import Perception
from antiphon.perception.quantizers import class_distances
from antiphon.types import Alphabet, Audio, Memory, MemoryPart, Response, Specification, Tokens


def context_of(corpus: CorpusSettings, perception: PerceptionSettings) -> Context:
    """The decision's window and hop in tokens: the training windows of the settings, on the grid of the segments."""
    tokens = max(1, round(corpus.window_seconds / perception.segment_seconds))
    hop = max(1, round(corpus.hop_seconds / perception.segment_seconds))
    return Context(tokens, min(hop, tokens))


@dataclass(frozen=True, eq=False)
class Agent:
    """A trained agent. `deaf` is its opponent that never heard a guide; `training` says what it learned from and how
    well."""

    settings: Settings
    alphabet: Alphabet
    perception: Perception
    network: DecisionNetwork
    deaf: DecisionNetwork | None = None
    training: Mapping[str, Any] = field(default_factory=dict)
    history: Sequence[Mapping[str, Any]] = ()

    @property
    def decision(self) -> NeuralDecision:
        """The trained model behind the protocol of all decision models."""
        return NeuralDecision(self.network)

    @property
    def context(self) -> Context:
        """How much the decision sees at once."""
        return context_of(self.settings.corpus, self.settings.perception)

    def with_settings(self, settings: Settings) -> Agent:
        """The same agent, sampling and playing by other settings; what it has learned is not touched."""
        changed = {"sampling": settings.sampling, "action": settings.action}
        return replace(self, settings=self.settings.model_copy(update=changed))

    def tokens(self, audio: Audio) -> Tokens:
        """P(x): the symbolic sequence of any audio in this agent's alphabet."""
        return self.perception.tokens(audio, self.alphabet)

    def memory(self, *parts: Audio) -> Memory:
        """What the agent may play: one or more recordings, joined in the first one's rate and channels.

        Raises BadData where nothing in them sounds.
        """
        if not parts:
            raise BadData("a memory needs at least one recording")
        rate, channels = parts[0].sample_rate, parts[0].channels
        alike = [with_channels(resampled(part, rate), channels) for part in parts]
        edges = np.concatenate([[0], np.cumsum([len(part.samples) for part in alike])])
        tokens = [self.tokens(part) for part in alike]
        ids = np.concatenate([part.ids for part in tokens])
        if self.alphabet.has_rest and bool(np.all(ids == self.alphabet.rest)):
            names = ", ".join(part.source or "the memory" for part in parts)
            raise BadData(f"{names}: nothing sounds in it, so there is nothing to play")
        intervals = np.concatenate(
            [part.intervals + edge / rate for part, edge in zip(tokens, edges[:-1], strict=True)]
        )
        samples = np.concatenate([part.samples for part in alike])
        return Memory(
            Audio(samples, rate, alike[0].source),
            Tokens(ids, intervals, self.alphabet.id),
            tuple(
                MemoryPart(part.source, int(start), int(end))
                for part, start, end in zip(alike, edges[:-1], edges[1:], strict=True)
            ),
        )

    def specify(
        self, guide: Tokens, memory: Memory, *, seed: int = 0, sampling: SamplingSettings | None = None
    ) -> Specification:
        """D(x_q): what to play under each of the guide's segments, from the classes that the memory has."""
        self._require_own(guide, "the guide")
        self._require_own(memory.tokens, "the memory")
        decided = generate(
            self.decision,
            guide.ids[None],
            self.context,
            sampling=sampling or self.settings.sampling,
            seeds=[seed],
            allowed=self._allowed(guide, memory),
        )
        return Specification(
            Tokens(decided.ids[0], guide.intervals, self.alphabet.id), decided.log_probabilities[0].astype(np.float64)
        )

    def respond(
        self, guide: Audio, memory: Memory, *, seed: int = 0, sampling: SamplingSettings | None = None
    ) -> Response:
        """A(D(P(x))): a response as long as the guide, from segments of the memory, at the memory's rate and channels.

        The same guide, memory, settings and seed give the same samples.
        """
        heard = self.tokens(guide)
        specification = self.specify(heard, memory, seed=seed, sampling=sampling)
        selector = OptimalSelection(self.settings.action, class_distances(self.alphabet))
        selection = selector.select(specification, memory)
        audio = self._renderer()(selection, memory, heard.intervals)
        used = {"sampling": (sampling or self.settings.sampling).model_dump(), "seed": seed}
        used["action"] = self.settings.action.model_dump()
        return Response(audio, heard, specification, selection, events(specification, selection, memory), used)

    def save(self, directory: str | Path) -> None:
        """Write the agent as a directory; see `antiphon.agent.directory`."""
        from antiphon.agent.directory import save

        save(self, Path(directory))

    @classmethod
    def load(cls, directory: str | Path, encoder: Encoder | None = None) -> Agent:
        """Read an agent, one with an encoder of your own together with it; see `antiphon.agent.directory`."""
        from antiphon.agent.directory import load

        return load(Path(directory), encoder)

    def _renderer(self) -> Renderer:
        seconds = self.settings.action.crossfade_seconds
        return Crossfade(seconds) if seconds > 0 else HardCut()

    def _allowed(self, guide: Tokens, memory: Memory) -> NDArray[np.bool_]:
        allowed = playable(memory, guide.intervals, self.alphabet.classes)
        if self.alphabet.has_rest:
            allowed[:, self.alphabet.rest] = True
        return allowed

    def _require_own(self, tokens: Tokens, name: str) -> None:
        if tokens.alphabet_id != self.alphabet.id:
            raise WrongAlphabet(
                f"{name} has tokens of alphabet {tokens.alphabet_id}, this agent speaks {self.alphabet.id}: "
                "tokenize it with this agent"
            )
