"""y = A(D(P(x))) (paper 3, figure 2): it listens, decides and plays.

perception, decision and action know nothing of each other: here they meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from typing_extensions import deprecated

from antiphon.action.selection.optimal import OptimalSelection
from antiphon.action.selection.segment_sound import segment_sound
from antiphon.agent import directory as directories
from antiphon.agent.beats import in_time
from antiphon.agent.known_pairs import judged_by_pairs, recalling, sound_relation
from antiphon.agent.memory import at_rates, joined_memory
from antiphon.agent.opening import opened
from antiphon.agent.pair_alphabet import expected_classes, expected_labels, with_pair_classes
from antiphon.agent.parts import AgentParts
from antiphon.agent.playing import Hearing, Request, optimal_selection_for, played, selector_for
from antiphon.agent.specifying import decision_for, specification_for
from antiphon.config import SamplingSettings, Settings
from antiphon.decision.neural import NeuralDecision
from antiphon.errors import BadData
from antiphon.interfaces import DecisionModel, Encoder, Selector, Sound
from antiphon.perception.sound_store import recordings_of
from antiphon.types import Audio, Edited, Memory, Response, Run, SegmentSound, Specification, Tokens


@dataclass(frozen=True, eq=False)
class Agent(AgentParts):
    """A trained agent. `deaf` is its opponent that never heard a guide, `shifted` the one that heard every guide at the
    wrong time; `training` says what it learned from and how well, and `replay` keeps some of it for fine-tuning."""

    def tokens(self, audio: Audio | Sound) -> Tokens:
        """P(x): the symbolic sequence of any audio in this agent's alphabet. Raises BadData for less than a segment."""
        self.require_enough((audio,))
        return self.perception.tokens(audio, self.alphabet)

    def guide_tokens(self, audio: Audio | Sound) -> Tokens:
        """The same of a sound that is to be answered: what this agent has heard of it when it decides each segment."""
        self.require_enough((audio,))
        return self.perception.guide_tokens(audio, self.alphabet)

    def memory(self, *parts: Audio) -> Memory:
        """What the agent may play: one or more recordings, joined in the first one's rate and channels.

        Raises BadData where nothing in them sounds, and where all together are shorter than a segment.
        """
        self.require_enough(parts)
        action = self.settings.action
        edges = action.selector == "optimal" and action.boundary_cost > 0
        return joined_memory(
            *(parts, self.perception, self.alphabet),
            sounds=action.follows_guide,
            activity=action.activity > 0,
            edges=edges,
        )

    def memory_of(self, files: Sequence[Path]) -> Memory:
        """The same of files; long ones are decoded once, kept beside what was heard of them, and mapped from there."""
        return self.memory(*recordings_of(files, self.perception.cache_directory))

    def at_rates(self, memory: Memory, rates: Sequence[float]) -> Memory:
        """The same memory, each of its recordings played so many times as fast, at its own pitch."""
        return at_rates(memory, rates, self.perception, self.alphabet)

    def require_enough(self, sounds: Sequence[Audio | Sound]) -> None:
        """Raise BadData, naming them, for sounds that all together are shorter than a segment."""
        settings = self.settings.perception
        least = settings.segment_seconds if settings.segmenter == "uniform" else settings.minimum_seconds
        if (seconds := sum(sound.duration for sound in sounds)) < least:
            names = ", ".join((each.source if isinstance(each, Audio) else each.name) or "audio" for each in sounds)
            raise BadData(f"{names}: {seconds:.3g} s, shorter than one segment ({least:g} s); give more sound")

    def specify(
        self,
        guide: Tokens,
        memory: Memory,
        *,
        seed: int = 0,
        sampling: SamplingSettings | None = None,
        pins: Sequence[Run] = (),
        edited: Edited | None = None,
    ) -> Specification:
        """D(P(x)): what to play under each of the guide's segments, from the classes that the memory has.

        Under the `pins` it is what they play, and where a class was asked for (`edited`), that.
        """
        asked = sampling or self.settings.sampling
        return specification_for(self, guide, memory, seed=seed, sampling=asked, pins=pins, edited=edited)

    def respond(
        self,
        guide: Audio,
        memory: Memory,
        *,
        seed: int = 0,
        sampling: SamplingSettings | None = None,
        pins: Sequence[Run] = (),
        edited: Edited | None = None,
    ) -> Response:
        """A(D(P(x))): a response as long as the guide, from segments of the memory, at the memory's rate and channels.

        The same guide, memory, settings and seed give the same samples. `pins` are kept to the sample, and the response
        is decided and selected around them; they must not overlap. `edited` is what a musician changed beside them.
        """
        return self.takes(guide, memory, 1, seed=seed, sampling=sampling, pins=pins, edited=edited)[0]

    def takes(
        self,
        guide: Audio,
        memory: Memory,
        count: int,
        *,
        seed: int = 0,
        sampling: SamplingSettings | None = None,
        pins: Sequence[Run] = (),
        edited: Edited | None = None,
    ) -> tuple[Response, ...]:
        """Up to `count` distinct ways to play one decision, the best first; see `respond`.

        Over beats, where guide and memory have them: `Response.memory` is the memory as it was played. It is played
        faster or slower, where the settings allow that, only if nothing of it was fixed by a musician yet.
        """
        heard = self.hear(guide, memory, may_stretch=not pins and edited is None)
        return self.takes_of(heard, count, seed=seed, sampling=sampling, pins=pins, edited=edited)

    def hear(self, guide: Audio, memory: Memory, *, may_stretch: bool = True) -> Hearing:
        """Guide and memory as they are to be answered and played: all of `takes` that listens.

        It holds while `action.grid`, `tempo_bpm` and `stretch` stay, and whether the guide's sound is followed.
        """
        timed = in_time(self, guide, memory, may_stretch=may_stretch)
        tokens = self.guide_tokens(guide) if timed.guide is None else timed.guide
        sound = self.guide_sound(guide, tokens)
        memory = with_pair_classes(self, judged_by_pairs(self, timed.memory))
        return Hearing(guide, tokens, memory, sound, timed.grid, timed.said)

    def takes_of(
        self,
        heard: Hearing,
        count: int = 1,
        *,
        seed: int = 0,
        sampling: SamplingSettings | None = None,
        pins: Sequence[Run] = (),
        edited: Edited | None = None,
        specification: Specification | None = None,
    ) -> tuple[Response, ...]:
        """As `takes`, of what was heard already: it decides, selects and renders, and encodes nothing.

        A `specification` that was decided of the same before is not decided again.
        """
        specification = specification or specification_for(
            self,
            heard.tokens,
            heard.memory,
            seed=seed,
            sampling=sampling or self.settings.sampling,
            pins=pins,
            edited=edited,
            expected=None if heard.sound is None else expected_labels(self, heard.sound.classes),
        )
        used = {"sampling": (sampling or self.settings.sampling).model_dump(), "seed": seed}
        used["action"] = self.settings.action.model_dump()
        request = Request(heard, specification, used, tuple(pins), edited or Edited())
        return played(self, request, heard.memory, count=count, seed=seed)

    def guide_sound(self, guide: Audio, heard: Tokens) -> SegmentSound | None:
        """What is followed beside the tokens: how the guide's segments sound, or, by the pairs that the agent
        remembers, how their partner would; None where that does not matter."""
        action = self.settings.action
        if not action.follows_guide:
            return None
        sound = segment_sound(guide, heard.intervals)
        if action.activity > 0:
            sound = replace(sound, activity=self.perception.activity(guide, heard.intervals))
        sound = sound_relation(self).expected(sound, heard.durations)
        return replace(sound, classes=expected_classes(self, guide, heard.intervals))

    @property
    def decision(self) -> DecisionModel:
        """The trained model behind the protocol of all decision models, with what it remembers of `pairs`."""
        return recalling(self, NeuralDecision(self.network))

    def decision_for(self, sampling: SamplingSettings) -> DecisionModel:
        """The trained model as `sampling` asks for it: obeying the guide more or less than it has learned to, or by the
        guide alone."""
        return decision_for(self, sampling)

    def selector(self, memory: Memory, seed: int = 0) -> Selector:
        """A's first half: what finds the path through a memory."""
        return selector_for(self, memory, seed)

    def optimal_selection(self, memory: Memory, seed: int = 0, guide: SegmentSound | None = None) -> OptimalSelection:
        """What knows the cost of every path through a memory, whichever selector found it."""
        return optimal_selection_for(self, memory, seed, guide)

    @deprecated("Agent.decider is called Agent.decision_for now")
    def decider(self, sampling: SamplingSettings) -> DecisionModel:
        """The former name of `decision_for`."""
        return self.decision_for(sampling)

    @deprecated("Agent.weigher is called Agent.optimal_selection now")
    def weigher(self, memory: Memory, seed: int = 0) -> OptimalSelection:
        """The former name of `optimal_selection`."""
        return self.optimal_selection(memory, seed)

    def with_settings(self, settings: Settings) -> Agent:
        """The same agent, sampling and playing by other settings; what it has learned is not touched."""
        changed = {"sampling": settings.sampling, "action": settings.action}
        return replace(self, settings=self.settings.model_copy(update=changed))

    def save(self, directory: str | Path) -> None:
        """Write the agent as a directory; see `antiphon.agent.directory`."""
        directories.save(self, Path(directory))

    @classmethod
    def load(cls, directory: str | Path, encoder: Encoder | None = None) -> Agent:
        """Read an agent, one with an encoder of your own together with it; see `antiphon.agent.directory`.

        A packed file and an address that `fsspec` reads do as well; see `antiphon.agent.opening`.
        """
        with opened(Path(directory)) as inside:
            return cls(**vars(directories.load(inside, encoder)))

    @classmethod
    def base(cls, live: bool = False) -> Agent:
        """The agent that comes with the package: 64 classes of half a second, learned from Lieder and planted worlds;
        or the one beside it that learned to play `live`, from a guide that it hears late.

        Raises BadData where this installation was made without one.
        """
        name, made_by = ("live_agent", "live-agent") if live else ("base_agent", "base-agent")
        directory = Path(__file__).parents[1] / name
        if not directory.is_dir():
            kind = name.replace("_", " ")
            raise BadData(f"this installation has no {kind}: name an agent, or make one (make {made_by})")
        return cls.load(directory)
