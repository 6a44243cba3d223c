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
from typing_extensions import deprecated

from antiphon.action.provenance import events
from antiphon.action.rendering.crossfade import Crossfade
from antiphon.action.rendering.loudness import balanced
from antiphon.action.rendering.runs import runs
from antiphon.action.selection.optimal import OptimalSelection, playable
from antiphon.action.selection.pins import around, pinned_steps
from antiphon.action.selection.regions import usable_segments
from antiphon.action.selectors import selector
from antiphon.agent.replay import Replay
from antiphon.audio import resampled, with_channels
from antiphon.config import CorpusSettings, PerceptionSettings, SamplingSettings, Settings
from antiphon.decision.generation import Context, generate
from antiphon.decision.guidance import GuidedDecision
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.repetition import Repetition, repetition_of
from antiphon.decision.transformer import DecisionNetwork
from antiphon.errors import BadData, SettingsError, WrongAlphabet
from antiphon.interfaces import DecisionModel, Encoder, Selector
from antiphon.perception.perception import Perception
from antiphon.perception.quantizers import class_distances
from antiphon.types import Alphabet, Audio, Memory, MemoryPart, Response, Run, Selection, Specification, Tokens


def context_of(corpus: CorpusSettings, perception: PerceptionSettings) -> Context:
    """The decision's window and hop in tokens: the training windows of the settings, on the grid of the segments."""
    tokens = max(1, round(corpus.window_seconds / perception.segment_seconds))
    hop = max(1, round(corpus.hop_seconds / perception.segment_seconds))
    return Context(tokens, min(hop, tokens))


@dataclass(frozen=True, eq=False)
class Agent:
    """A trained agent. `deaf` is its opponent that never heard a guide, `shifted` the one that heard every guide at the
    wrong time; `training` says what it learned from and how well, and `replay` keeps some of it for fine-tuning."""

    settings: Settings
    alphabet: Alphabet
    perception: Perception
    network: DecisionNetwork
    deaf: DecisionNetwork | None = None
    shifted: DecisionNetwork | None = None
    replay: Replay | None = None
    training: Mapping[str, Any] = field(default_factory=dict)
    history: Sequence[Mapping[str, Any]] = ()

    @property
    def decision(self) -> NeuralDecision:
        """The trained model behind the protocol of all decision models."""
        return NeuralDecision(self.network)

    def decision_for(self, sampling: SamplingSettings) -> DecisionModel:
        """The trained model as `sampling` asks for it: obeying the guide more or less than it has learned to, or by the
        guide alone."""
        if not sampling.past and not self.settings.training.hide_past:
            raise SettingsError("setting sampling.past: this agent was trained without training.hide_past")
        heard = NeuralDecision(self.network, guide_only=not sampling.past)
        if sampling.guidance == 1:
            return heard
        return GuidedDecision(heard, replace(heard, hidden=True), sampling.guidance)

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
        self,
        guide: Tokens,
        memory: Memory,
        *,
        seed: int = 0,
        sampling: SamplingSettings | None = None,
        pins: Sequence[Run] = (),
    ) -> Specification:
        """D(x_q): what to play under each of the guide's segments, from the classes that the memory has.

        Under the `pins` it is what they play.
        """
        self._require_own(guide, "the guide")
        self._require_own(memory.tokens, "the memory")
        sampling = sampling or self.settings.sampling
        decided = generate(
            self.decision_for(sampling),
            guide.ids[None],
            self.context,
            sampling=sampling,
            seeds=[seed],
            allowed=self._allowed(guide, memory, sampling.rests),
            pinned=pinned_steps(pins, memory, guide.intervals).ids(memory, self._rest) if pins else None,
            durations=guide.durations[None],
            repetition=self._repetition(sampling),
        )
        return Specification(
            Tokens(decided.ids[0], guide.intervals, self.alphabet.id), decided.log_probabilities[0].astype(np.float64)
        )

    def respond(
        self,
        guide: Audio,
        memory: Memory,
        *,
        seed: int = 0,
        sampling: SamplingSettings | None = None,
        pins: Sequence[Run] = (),
    ) -> Response:
        """A(D(P(x))): a response as long as the guide, from segments of the memory, at the memory's rate and channels.

        The same guide, memory, settings and seed give the same samples. `pins` are kept to the sample, and the response
        is decided and selected around them; they must not overlap.
        """
        return self.takes(guide, memory, 1, seed=seed, sampling=sampling, pins=pins)[0]

    def takes(
        self,
        guide: Audio,
        memory: Memory,
        count: int,
        *,
        seed: int = 0,
        sampling: SamplingSettings | None = None,
        pins: Sequence[Run] = (),
    ) -> tuple[Response, ...]:
        """Up to `count` distinct ways to play one decision, the best first; see `respond`."""
        heard = self.tokens(guide)
        specification = self.specify(heard, memory, seed=seed, sampling=sampling, pins=pins)
        fixed = pinned_steps(pins, memory, heard.intervals)
        used = {"sampling": (sampling or self.settings.sampling).model_dump(), "seed": seed}
        used["action"] = self.settings.action.model_dump()
        if self.settings.action.selector == "oracle":
            if count > 1 or pins:
                raise SettingsError("setting action.selector: the oracle knows neither takes nor pins: take optimal")
            found: tuple[Selection, ...] = (self.selector(memory, seed).select(specification, memory),)
        elif count > 1:
            found = self.optimal_selection(memory, seed).takes(
                specification, memory, count, constraints=fixed.constraints
            )
        else:
            found = (self.optimal_selection(memory, seed).select(specification, memory, constraints=fixed.constraints),)
        return tuple(
            self._rendered(guide, memory, Response(guide, heard, specification, each, (), used), pins) for each in found
        )

    def selector(self, memory: Memory, seed: int = 0) -> Selector:
        """A's first half: what finds the path through a memory."""
        return selector(self.settings.action, class_distances(self.alphabet), memory, seed)

    def optimal_selection(self, memory: Memory, seed: int = 0) -> OptimalSelection:
        """What knows the cost of every path through a memory, whoever found it."""
        chosen = self.selector(memory, seed)
        if isinstance(chosen, OptimalSelection):
            return chosen
        return OptimalSelection(self.settings.action, class_distances(self.alphabet), seed=seed)

    @deprecated("Agent.decider is called Agent.decision_for now")
    def decider(self, sampling: SamplingSettings) -> DecisionModel:
        """The former name of `decision_for`."""
        return self.decision_for(sampling)

    @deprecated("Agent.weigher is called Agent.optimal_selection now")
    def weigher(self, memory: Memory, seed: int = 0) -> OptimalSelection:
        """The former name of `optimal_selection`."""
        return self.optimal_selection(memory, seed)

    def _rendered(self, guide: Audio, memory: Memory, asked: Response, pins: Sequence[Run]) -> Response:
        """A's second half: the response that was `asked` for, with its sound."""
        intervals, rate = asked.guide.intervals, memory.audio.sample_rate
        renderer = Crossfade(self.settings.action.crossfade_seconds, self.settings.action.join_search_seconds)
        wanted = around(pins, runs(asked.selection, memory, intervals), intervals, rate)
        placed = renderer.refined(wanted, memory.audio)
        sound = renderer.of_runs(placed, memory.audio, round(float(intervals[-1, 1]) * rate) if len(intervals) else 0)
        audio, gain = balanced(sound, guide, self.settings.action)
        found = events(asked.specification, asked.selection, memory, placed)
        return replace(asked, audio=audio, events=found, runs=placed, gain=gain)

    def save(self, directory: str | Path) -> None:
        """Write the agent as a directory; see `antiphon.agent.directory`."""
        from antiphon.agent.directory import save

        save(self, Path(directory))

    @classmethod
    def load(cls, directory: str | Path, encoder: Encoder | None = None) -> Agent:
        """Read an agent, one with an encoder of your own together with it; see `antiphon.agent.directory`."""
        from antiphon.agent.directory import load

        return load(Path(directory), encoder)

    @classmethod
    def base(cls) -> Agent:
        """The agent that comes with the package: 64 classes of half a second, learned from Lieder and planted worlds.

        Raises BadData where this installation was made without one.
        """
        directory = Path(__file__).parents[1] / "base_agent"
        if not directory.is_dir():
            raise BadData("this installation has no base agent: name an agent, or make one (make base-agent)")
        return cls.load(directory)

    def _repetition(self, sampling: SamplingSettings) -> Repetition | None:
        """What the training music repeats by itself, where `sampling` goes by it."""
        if sampling.repetition == 1:
            return None
        if self.replay is None:
            raise SettingsError("setting sampling.repetition: this agent keeps no training tokens to compare with")
        return repetition_of(self.replay.targets(), self.alphabet.classes)

    @property
    def _rest(self) -> int | None:
        return self.alphabet.rest if self.alphabet.has_rest else None

    def _allowed(self, guide: Tokens, memory: Memory, rests: bool) -> NDArray[np.bool_]:
        usable = usable_segments(memory, self.settings.action)
        allowed = playable(memory, guide.intervals, self.alphabet.classes, usable)
        if self.alphabet.has_rest:
            allowed[:, self.alphabet.rest] = rests | ~allowed[:, : self.alphabet.rest].any(axis=1)
        return allowed

    def _require_own(self, tokens: Tokens, name: str) -> None:
        if tokens.alphabet_id != self.alphabet.id:
            raise WrongAlphabet(
                f"{name} has tokens of alphabet {tokens.alphabet_id}, this agent speaks {self.alphabet.id}: "
                "tokenize it with this agent"
            )
