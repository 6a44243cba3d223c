"""What comes next: decision and selection, as offline, over a few segments from what is committed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from antiphon.action.rendering.crossfade import Crossfade
from antiphon.action.selection.candidates import labels_before
from antiphon.action.selection.concatenation_cost import boundaries
from antiphon.action.selection.constraints import FREE, Constraints
from antiphon.action.selection.memory_sounds import REGISTER_COST, MemorySounds, memory_sounds, register_of
from antiphon.action.selection.novelty import uses_before
from antiphon.action.selection.optimal import OptimalSelection
from antiphon.action.selection.regions import usable_segments
from antiphon.action.selection.search_problem import run_lengths, used_before
from antiphon.action.selection.segment_sound import segment_sound
from antiphon.action.selection.sound_relation import SoundRelation
from antiphon.agent import Agent
from antiphon.agent.known_pairs import judged_by_pairs, sound_relation
from antiphon.agent.pair_alphabet import with_pair_classes
from antiphon.agent.pair_following import PairFollowing, pair_following
from antiphon.agent.specifying import FOLLOWED_REST_SECONDS
from antiphon.decision.playing import Heard as HeardTokens
from antiphon.decision.playing import Playing
from antiphon.decision.repetition import Repetition
from antiphon.live.state import SessionState
from antiphon.live.tuning import own_repetition
from antiphon.perception.quantizers import class_distances
from antiphon.types import SILENCE, Boundaries, Ids, Memory, Seconds, SegmentSound, Selection, Specification, Tokens

Costs = NDArray[np.float64]

REJECTED_COST = 1e3
"""What a spot costs that the musician has rejected."""


SHORTEST_NOW_SECONDS = 0.1
"""Sound of which it can be told what harmony it has: two windows of its analysis."""


@dataclass(frozen=True, eq=False)
class Stock:
    """What does not change of a memory and an agent while they play."""

    agent: Agent
    memory: Memory
    seed: int
    reaction: int = 0
    """Frames after a segment has begun at which what is decided for it begins to sound."""

    @cached_property
    def rest(self) -> int | None:
        """The class of silence, where there is one."""
        return self.agent.alphabet.rest if self.agent.alphabet.has_rest else None

    @cached_property
    def sounding(self) -> Memory:
        """The memory whose segments begin a reaction later: the part of each that is heard. The last of a recording
        begins as much later as there is room."""
        if not self.reaction:
            return self.memory
        tokens, reaction = self.memory.tokens, self.reaction / self.rate
        numbers = self.memory.part_of(np.arange(len(tokens)))
        ends = np.array([part.end for part in self.memory.parts])[numbers] / self.rate
        moved = np.minimum(reaction, np.maximum(0.0, ends - tokens.intervals[:, 1]))
        return replace(self.memory, tokens=replace(tokens, intervals=tokens.intervals + moved[:, np.newaxis]))

    @cached_property
    def repetition(self) -> Repetition | None:
        """What the agent's training music repeats by itself."""
        return own_repetition(self.agent)

    @cached_property
    def relation(self) -> SoundRelation:
        """What the agent's pairs teach about following."""
        return sound_relation(self.agent)

    @property
    def segment_seconds(self) -> float:
        """How long a segment is that no beat makes longer or shorter."""
        return self.agent.settings.perception.segment_seconds

    @cached_property
    def following(self) -> PairFollowing | None:
        """How the agent's pair is followed in classes of its own, where a relation was found in them."""
        return pair_following(self.agent)

    @cached_property
    def distances(self) -> NDArray[np.float64]:
        """Between classes."""
        return class_distances(self.agent.alphabet)

    @cached_property
    def edges(self) -> Boundaries | None:
        """How the edges of the memory's segments sound, where cuts have a price."""
        if not self.agent.settings.action.boundary_cost:
            return None
        return self.memory.boundaries or boundaries(self.memory)

    @cached_property
    def sounds(self) -> MemorySounds:
        """How high and how loud its segments are."""
        return memory_sounds(self.memory)

    @cached_property
    def before(self) -> Ids:
        """The label before each segment."""
        return labels_before(self.memory)

    @cached_property
    def renderer(self) -> Crossfade:
        """What makes sound of it. A memory on no beat goes on over segments that are longer or shorter than its own."""
        action = self.agent.settings.action
        return Crossfade(action.crossfade_seconds, action.join_search_seconds, drift_seconds=self.segment_seconds / 2)

    @property
    def rate(self) -> int:
        """Frames a second."""
        return self.memory.audio.sample_rate

    def follower(self, segment: int) -> int:
        """The segment that sounds if the copy goes on; at the end of a recording its first one."""
        part = self.memory.part_of(np.array([segment]))[0]
        if segment + 1 < len(self.memory.tokens) and self.memory.part_of(np.array([segment + 1]))[0] == part:
            return segment + 1
        start = self.memory.parts[part].start / self.rate
        return int(np.searchsorted(self.memory.tokens.intervals[:, 0], start - 1e-6))


def measured(agent: Agent, memory: Memory) -> Memory:
    """A memory of which it is known how its segments sound, since a dial may ask for it; judged as the agent's pairs
    are, and in the classes of its pair, too."""
    sound = memory.sound or segment_sound(memory.audio, memory.tokens.intervals)
    memory = judged_by_pairs(agent, replace(memory, sound=sound))
    return memory if sound.classes is not None else with_pair_classes(agent, memory)


@dataclass(frozen=True, eq=False)
class Planned:
    """Steps from the first that is not committed on: their frames [edges[i], edges[i + 1]), the decision's state after
    each, and what was decided and selected."""

    edges: Ids
    decisions: tuple[Playing, ...]
    specification: Specification
    selection: Selection

    def __len__(self) -> int:
        return len(self.specification.tokens)


@dataclass(frozen=True, eq=False)
class Forced:
    """What is fixed of a few steps (n,): memory segments or FREE, and silence."""

    segments: Ids
    silent: NDArray[np.bool_]


def planned(stock: Stock, state: SessionState, edges: Sequence[int], *, going_on: bool = False) -> Planned:
    """The plan over the segments between `edges` (n + 1,); with `going_on` the copy goes on whatever is decided."""
    frames = np.array(edges, dtype=np.int64)
    seconds = frames / stock.rate
    intervals = np.stack([seconds[:-1], seconds[1:]], axis=1)
    forced = _forced(stock, state, intervals, going_on)
    decisions, specification = _decided(stock, state, intervals, forced)
    guide = _guide_sound(stock, state, intervals[:, 1] - intervals[:, 0])
    # Uses have their price once for all steps: of a plan one step at a time is let go, and then it is priced anew.
    action = state.tuning.action.model_copy(update={"novelty": 0.0})
    search = OptimalSelection(action, stock.distances, stock.edges, stock.seed + state.number, guide)
    constraints = _constraints(stock, state, forced, float(np.median(intervals[:, 1] - intervals[:, 0])))
    selection = search.select(specification, stock.memory, state.selection, constraints)
    return Planned(frames, decisions, specification, selection)


def gone_on(stock: Stock, before: Selection | None, selection: Selection, count: int, usable: int) -> Selection:
    """The first `count` steps of a selection as the state from which the next goes on.

    Of what was played no more is remembered than the memory has segments to play: in an hour everything comes back.
    """
    segments = selection.segments[:count]
    lasted = run_lengths(segments, stock.before, before)
    used = np.concatenate([used_before(before), segments[segments != SILENCE]])[-max(1, usable) :]
    return Selection(segments, selection.played[:count], selection.costs[:count], last_run=int(lasted[-1]), used=used)


def last_segment(state: SessionState) -> int:
    """The memory segment that was committed last, SILENCE where there is none."""
    return SILENCE if state.selection is None else int(state.selection.segments[-1])


def _forced(stock: Stock, state: SessionState, intervals: Seconds, going_on: bool) -> Forced:
    """Which steps are silent because nothing is to be played or room is left, and which go on in the copy."""
    count = len(intervals)
    segments = np.full(count, FREE, dtype=np.int64)
    silent = np.full(count, not state.playing)
    density = state.tuning.controls.number("density", 1.0)
    phrase, room = state.tuning.action.phrase_seconds, state.room
    last = last_segment(state)
    usable = usable_segments(stock.memory, state.tuning.action)
    for index, (start, end) in enumerate(intervals):
        if going_on or (state.keeping and last != SILENCE):
            silent[index] |= last == SILENCE
            if last != SILENCE and not silent[index]:
                last = segments[index] = _next_usable(stock, last, usable)
        else:
            silent[index] |= room.pausing or density <= 0
        room = room.after(float(end - start), not silent[index], density, phrase)
    return Forced(segments, silent)


def _next_usable(stock: Stock, last: int, usable: NDArray[np.bool_]) -> int:
    """What goes on a copy: the segment that follows, or the next one that may be played."""
    following = stock.follower(last)
    if usable[following]:
        return following
    allowed = np.flatnonzero(usable)
    return int(allowed[np.searchsorted(allowed, following) % len(allowed)])


def _decided(
    stock: Stock, state: SessionState, intervals: Seconds, forced: Forced
) -> tuple[tuple[Playing, ...], Specification]:
    """What is decided step by step: the decision is told all that was heard, and what is fixed."""
    tuning, playing = state.tuning, state.decision
    durations = intervals[:, 1] - intervals[:, 0] if stock.agent.settings.decision.durations else None
    new = _unread(state, durations is not None)
    resting = tuning.rests == "follow" and state.ear.quiet >= FOLLOWED_REST_SECONDS - 1e-6
    states, ids, own, every = [], [], [], []
    for index in range(len(intervals)):
        pinned = FREE
        if forced.segments[index] != FREE:
            pinned = int(stock.memory.tokens.ids[forced.segments[index]])
        elif stock.rest is not None and (forced.silent[index] or resting):
            pinned = stock.rest
        playing, decided = tuning.player.step(playing, new, tuning.allowed, pinned)
        new = HeardTokens(new.tokens[:, :0], None if new.durations is None else new.durations[:, :0])
        states.append(playing)
        ids.append(decided.ids[0, 0])
        own.append(decided.log_probabilities[0, 0])
        every.append(decided.distributions[0, 0])
    tokens = Tokens(np.array(ids, dtype=np.int64), intervals, stock.agent.alphabet.id)
    return tuple(states), Specification(tokens, np.array(own, dtype=np.float64), np.stack(every))


def _unread(state: SessionState, timed: bool) -> HeardTokens:
    ids = np.array(state.heard.unread, dtype=np.int64)[np.newaxis]
    return HeardTokens(ids, np.array(state.heard.lasting, dtype=np.float64)[np.newaxis] if timed else None)


def _guide_sound(stock: Stock, state: SessionState, durations: Seconds) -> SegmentSound | None:
    """How the guide sounds, or by the agent's pairs its partner, in segments that last so long (n,): what it was in the
    last moment, it is taken to go on to be; a partner that is later goes by what has been."""
    if not state.tuning.action.follows_guide:
        return None
    seconds, count = stock.segment_seconds, len(durations)
    # What is decided after the segment has begun goes by that segment, and not by the note before it.
    begun = (state.frame - state.edge) / stock.rate
    now = state.ear.sound_now(min(seconds, begun) if stock.reaction and begun >= SHORTEST_NOW_SECONDS else seconds)
    numbers = state.number + np.arange(count)
    following, heard = stock.following, state.heard
    lag = stock.relation.lag_segments(float(np.median(durations)))
    past = replace(heard.sounds, level=state.ear.heard_now(heard.sounds.level))
    going_on = past.going_on(now, state.number - lag, state.number + count)
    before = state.ear.heard_now(heard.levels[: max(0, len(heard.levels) - lag)])
    found = stock.relation.expected(
        replace(going_on, before=before), np.concatenate([np.full(lag, np.median(durations)), durations])
    )
    classes = None if following is None else following.expected(heard.own, heard.count - 1, numbers)
    return replace(found, chroma=found.chroma[lag:], level=found.level[lag:], classes=classes)


def _constraints(stock: Stock, state: SessionState, forced: Forced, seconds: float) -> Constraints:
    count, last = len(forced.silent), last_segment(state)
    refused = None
    if state.jumping and last != SILENCE and forced.segments[0] == FREE:
        refused = np.full(count, FREE, dtype=np.int64)
        refused[0] = stock.follower(last)
    controls, dearer = state.tuning.controls, _price_of_uses(stock, state, seconds)
    if state.rejected is not None:
        dearer = dearer + state.rejected
    if not controls.is_off("register"):
        wanted = register_of(state.ear.recent, state.ear.check.sample_rate) + controls.number("register")
        dearer = dearer + REGISTER_COST * np.abs(stock.sounds.register - wanted)
    silent = forced.silent & (forced.segments == FREE)
    return Constraints(forced.segments, silent, refused=refused, dearer=dearer)


def _price_of_uses(stock: Stock, state: SessionState, seconds: float) -> Costs:
    """What each memory segment (m,) costs for having been played."""
    used = used_before(state.selection)
    return state.tuning.action.novelty * uses_before(used, len(stock.memory.tokens), seconds)


def with_rejected(stock: Stock, state: SessionState) -> SessionState:
    """With the copy that sounds now refused from here on, as far as it has lasted and as long again."""
    last = last_segment(state)
    if last == SILENCE or state.selection is None:
        return state
    lasted = max(1, state.selection.last_run)
    costs = np.zeros(len(stock.memory.tokens)) if state.rejected is None else state.rejected.copy()
    costs[max(0, last - lasted + 1) : last + lasted + 1] = REJECTED_COST
    return replace(state, rejected=costs, jumping=True, keeping=False)
