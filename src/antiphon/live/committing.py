"""What of a plan is let go: segments that will be played and do not change any more, with their sound.

A segment for which there was no decision in time goes on in the memory: silence is never an accident.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from antiphon.action.provenance import events
from antiphon.action.selection.regions import usable_segments
from antiphon.live.commands import Commit, LiveCommand, Plan, Status, Step
from antiphon.live.levels import gain_of, relation_of
from antiphon.live.planning import Planned, Stock, gone_on, last_segment, planned
from antiphon.live.state import SessionState
from antiphon.live.voice import spoken
from antiphon.types import SILENCE, Run, Selection, Specification, Tokens

Committed = tuple[SessionState, tuple[LiveCommand, ...]]


@dataclass(frozen=True)
class Horizon:
    """Segments that begin by frame `commit` are let go, those that begin by frame `lead` are planned."""

    commit: int
    lead: int


def late(stock: Stock, state: SessionState, reserve: int) -> Committed:
    """The segments whose joint should sound already: the copy goes on."""
    edges = _edges(state, state.frame + reserve - 1)
    count = len(edges) - 1
    # What lies before the first block of all, nobody could have played.
    if count <= 0 or (state.number == 0 and count == 1):
        return state, ()
    plan = planned(stock, state, edges, going_on=True)
    state, done = _let_go(stock, state, plan, count, is_late=True)
    state = replace(state, counts={**state.counts, "late": state.counts.get("late", 0) + count})
    words = f"no decision in time for {count} segment{'s' if count > 1 else ''}: the copy goes on"
    return state, (*done, Status("late", state.frame, words, state.counts["late"]))


def committed(stock: Stock, state: SessionState, horizon: Horizon, *, news: bool) -> Committed:
    """The segments that are due, let go, and what is planned after them; nothing where nothing changed."""
    due = len(_edges(state, horizon.commit)) - 1
    if due <= 0 and not (news and state.playing):
        return state, ()
    edges = _edges(state, horizon.lead if state.playing else horizon.commit)
    if len(edges) < 2:
        return state, ()
    plan = planned(stock, state, edges)
    steps = tuple(_planned_steps(stock, state, plan, due)) if len(plan) > due else ()
    done: tuple[LiveCommand, ...] = ()
    if due:
        state, done = _let_go(stock, state, plan, due)
    return state, (*done, Plan(steps)) if state.playing else done


def _edges(state: SessionState, until: int) -> list[int]:
    """The frames between the segments that are not committed and begin by `until`; the last is where they end."""
    edges, number = [state.edge], state.number
    while edges[-1] <= until:
        edges.append(state.pulse.after(edges[-1], number))
        number += 1
    return edges


def _let_go(stock: Stock, state: SessionState, plan: Planned, count: int, is_late: bool = False) -> Committed:
    """The state with the first `count` steps of a plan committed, and their sound."""
    done: list[LiveCommand] = []
    before, heard = state.selection, state.heard.count
    density, phrase = state.tuning.controls.number("density", 1.0), state.tuning.action.phrase_seconds
    for index in range(count):
        selection = _one(plan.selection, index)
        segment, last = int(selection.segments[0]), last_segment(state)
        follows = SILENCE not in (segment, last) and segment == stock.follower(last)
        gain = 1.0
        if segment != SILENCE:
            state = replace(state, relation=relation_of(state, stock.sounds, segment, follows=follows))
            gain = gain_of(state, stock.sounds, segment)
        interval = plan.specification.tokens.intervals[index : index + 1] + stock.reaction / stock.rate
        voice, play, run = spoken(stock.renderer, stock.sounding, state.voice, selection, interval=interval, gain=gain)
        step = _step(stock, plan, index, run, number=state.number, follows=follows)
        done.append(Commit(step, heard, is_late))
        if play is not None:
            done.append(play)
        seconds = float(interval[0, 1] - interval[0, 0])
        state = replace(
            state,
            voice=voice,
            number=state.number + 1,
            room=state.room.after(seconds, segment != SILENCE, density, phrase),
            selection=selection,
        )
    usable = int(usable_segments(stock.memory, state.tuning.action).sum())
    edges = plan.edges[1 : count + 1].tolist()
    # A segment that was heard before it was decided is none that is awaited.
    ahead = max(0, state.heard.count - (state.number - count))
    awaited = (*state.heard.edges, *edges) if not ahead else tuple(edges[ahead - 1 :])
    state = replace(
        state,
        decision=plan.decisions[count - 1],
        selection=gone_on(stock, before, plan.selection, count, usable),
        edge=edges[-1],
        heard=replace(state.heard, unread=(), lasting=(), edges=awaited),
        jumping=False,
    )
    return state, tuple(done)


def _one(selection: Selection, index: int) -> Selection:
    here = slice(index, index + 1)
    return Selection(selection.segments[here], selection.played[here], selection.costs[here])


def _planned_steps(stock: Stock, state: SessionState, plan: Planned, first: int) -> list[Step]:
    """The steps of a plan from number `first` of it on, as they would be played."""
    steps, segments = [], plan.selection.segments
    last = last_segment(state) if first == 0 else int(segments[first - 1])
    for index in range(first, len(plan)):
        segment, (start, end) = int(segments[index]), (plan.edges[index : index + 2] + stock.reaction).tolist()
        run = Run(index, index + 1, start, end)
        if segment != SILENCE:
            part = stock.memory.parts[int(stock.memory.part_of(np.array([segment]))[0])]
            run = replace(run, source=round(float(stock.sounding.tokens.intervals[segment, 0]) * stock.rate), part=part)
        follows = SILENCE not in (segment, last) and segment == stock.follower(last)
        steps.append(_step(stock, plan, index, run, number=state.number + index, follows=follows))
        last = segment
    return steps


def _step(stock: Stock, plan: Planned, index: int, run: Run, *, number: int, follows: bool) -> Step:
    """One step of a plan with the run that plays it, as word of it goes out."""
    here, tokens = slice(index, index + 1), plan.specification.tokens
    one = Specification(
        Tokens(tokens.ids[here], tokens.intervals[here] + stock.reaction / stock.rate, tokens.alphabet_id),
        plan.specification.log_probabilities[here],
    )
    selection = _one(plan.selection, index)
    event = events(one, selection, stock.sounding, (replace(run, first=0, stop=1),))[0]
    fade = round(stock.renderer.seconds * stock.rate)
    return Step(
        number,
        int(plan.edges[index]) + stock.reaction,
        int(plan.edges[index + 1]) + stock.reaction,
        event,
        int(selection.segments[0]),
        0 if follows else fade,
        fade,
        follows,
        run.gain,
    )
