"""A: a specification to sound (paper 3.3, 4.3): selected in the memory, rendered, brought to its level."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from antiphon.action.provenance import events
from antiphon.action.rendering.crossfade import Crossfade
from antiphon.action.rendering.laid import laid_over
from antiphon.action.rendering.loudness import balanced
from antiphon.action.rendering.riding import ridden
from antiphon.action.rendering.runs import runs
from antiphon.action.selection.optimal import OptimalSelection
from antiphon.action.selection.pins import around, constraints_of
from antiphon.action.selectors import selector
from antiphon.agent.parts import AgentParts
from antiphon.config import ActionSettings
from antiphon.errors import SettingsError
from antiphon.interfaces import Selector
from antiphon.perception.quantizers import class_distances
from antiphon.types import Audio, Edited, Grid, Memory, Response, Run, SegmentSound, Selection, Specification, Tokens


@dataclass(frozen=True, eq=False)
class Hearing:
    """A guide with its tokens, the memory as it is to be played under it, how the guide's segments `sound` where the
    response follows that, the beats of the guide where segments are beats, and the sentence that says so (`timing`)."""

    guide: Audio
    tokens: Tokens
    memory: Memory
    sound: SegmentSound | None = None
    grid: Grid | None = None
    timing: str = ""


@dataclass(frozen=True, eq=False)
class Request:
    """What was heard, what is to be played under it, the settings and seed that led there, and what a musician has
    fixed (`pins`, and what was `edited` beside them)."""

    heard: Hearing
    specification: Specification
    settings: dict[str, Any]
    pins: tuple[Run, ...] = ()
    edited: Edited = field(default_factory=Edited)


def selector_for(parts: AgentParts, memory: Memory, seed: int = 0, guide: SegmentSound | None = None) -> Selector:
    """What finds the path through a memory, as the settings ask for it; `guide` is how the guide's segments sound."""
    return selector(parts.settings.action, class_distances(parts.alphabet), memory, seed, guide)


def optimal_selection_for(
    parts: AgentParts, memory: Memory, seed: int = 0, guide: SegmentSound | None = None
) -> OptimalSelection:
    """What knows the cost of every path through a memory, whichever selector found it."""
    chosen = selector_for(parts, memory, seed, guide)
    if isinstance(chosen, OptimalSelection):
        return chosen
    return OptimalSelection(parts.settings.action, class_distances(parts.alphabet), seed=seed, guide=guide)


def played(parts: AgentParts, asked: Request, memory: Memory, *, count: int, seed: int) -> tuple[Response, ...]:
    """Up to `count` distinct ways to play the specification of a request, the best first, each with its sound."""
    selections = _selections(parts, asked, memory, count=count, seed=seed)
    return tuple(_rendered(parts.settings.action, memory, asked, each) for each in selections)


def _selections(parts: AgentParts, asked: Request, memory: Memory, *, count: int, seed: int) -> tuple[Selection, ...]:
    if parts.settings.action.selector == "oracle":
        if count > 1 or asked.pins or asked.edited.refused or asked.edited.asked:
            raise SettingsError("setting action.selector: the oracle knows neither takes nor pins: take optimal")
        return (selector_for(parts, memory, seed).select(asked.specification, memory),)
    search = optimal_selection_for(parts, memory, seed, asked.heard.sound)
    constraints = constraints_of(asked.pins, asked.edited, memory, asked.heard.tokens.intervals)
    if count > 1:
        return search.takes(asked.specification, memory, count, constraints=constraints)
    return (search.select(asked.specification, memory, constraints=constraints),)


def _rendered(settings: ActionSettings, memory: Memory, asked: Request, selection: Selection) -> Response:
    """The response that was asked for, with its sound."""
    intervals, rate = asked.heard.tokens.intervals, memory.audio.sample_rate
    renderer = Crossfade(settings.crossfade_seconds, settings.join_search_seconds)
    wanted = around(asked.pins, runs(selection, memory, intervals), intervals, rate)
    placed = ridden(renderer.refined(wanted, memory.audio), memory.audio, asked.heard.guide, settings.ride)
    sound = renderer.of_runs(placed, memory.audio, round(float(intervals[-1, 1]) * rate) if len(intervals) else 0)
    laid = asked.edited.laid
    audio, gain = balanced(replace(sound, samples=laid_over(sound.samples, laid)), asked.heard.guide, settings)
    found = events(asked.specification, selection, memory, placed)
    return Response(
        audio,
        asked.heard.tokens,
        asked.specification,
        selection,
        found,
        asked.settings,
        placed,
        gain,
        laid=laid,
        guide_sound=asked.heard.sound,
        memory=memory,
        grid=asked.heard.grid,
        timing=asked.heard.timing,
    )
