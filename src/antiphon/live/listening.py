"""From events of the guide to what is heard of it: sound at its time, tokens as soon as they are final."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from antiphon.action.selection.segment_sound import QUIETEST_DBFS
from antiphon.audio import MOST_AMPLITUDE
from antiphon.live.commands import LiveCommand, Status, TokenEvent
from antiphon.live.guide_sounds import GuideSounds
from antiphon.live.hearing import Ear, ear_of
from antiphon.live.planning import Stock
from antiphon.live.state import LEVELS_KEPT, Heard, SessionState
from antiphon.live.voice import silent_voice
from antiphon.types import Floats

LONGEST_GAP_SECONDS = 10.0
"""A longer one is no gap but another beginning: a laptop that was asleep."""

TOLD_DBFS, TOLD_REST_DBFS = -20.0, QUIETEST_DBFS
"""The level that a guide is taken to have where it is told by tokens: one that sounds, and a rest."""

Listened = tuple[SessionState, tuple[LiveCommand, ...]]


def with_sound(stock: Stock, state: SessionState, samples: Floats, frame: int) -> Listened:
    """The state after guide samples (frames, channels) that begin at `frame`."""
    said: list[LiveCommand] = []
    samples = np.asarray(samples, dtype=np.float32)
    if samples.ndim != 2 or samples.shape[1] < 1:
        state = state.counted("refused")
        words = f"a block of sound is (frames, channels), got {samples.shape}"
        return state, (Status("refused", state.frame, words, state.counts["refused"]),)
    if not (are_sound := np.abs(samples) <= MOST_AMPLITUDE).all():
        samples = np.where(are_sound, samples, np.float32(0))
        state = state.counted("level")
        said.append(Status("level", frame, "samples that are no sound are heard as silence", state.counts["level"]))
    missing = frame - state.frame
    if missing < 0:
        samples = samples[-missing:]
        state = state.counted("old")
        said.append(Status("old", frame, f"{-missing} frames were heard already", state.counts["old"]))
    elif missing > LONGEST_GAP_SECONDS * stock.rate:
        state = _woken(stock, state, frame, len(samples)).counted("gap")
        words = f"nothing came for {missing / stock.rate:.1f} s: it begins anew"
        said.append(Status("gap", frame, words, state.counts["gap"]))
    elif missing:
        state = replace(state, ear=state.ear.push_silence(missing), frame=frame)
        if len(samples):
            state = state.counted("gap")
            said.append(Status("gap", frame, f"{missing} frames are missing", state.counts["gap"]))
    if len(samples):
        state = replace(state, ear=state.ear.push(samples), frame=state.frame + len(samples))
    return state, tuple(said)


def with_token(stock: Stock, state: SessionState, token: int, frame: int) -> Listened:
    """The state with what the guide is in the segment of `frame`, told and not heard."""
    edges, heard = np.array(_awaited(state)), state.heard
    place = int(np.searchsorted(edges, frame, side="right")) - 1
    if not 0 <= token < stock.agent.alphabet.classes or not 0 <= place < len(edges) - 1:
        state = state.counted("refused")
        words = f"token {token} at frame {frame}: no class of the alphabet, or no segment that is awaited"
        return state, (Status("refused", state.frame, words, state.counts["refused"]),)
    told = {**heard.told, heard.count + place: int(token)}
    return replace(state, heard=replace(heard, told=told)), ()


def heard_tokens(stock: Stock, state: SessionState) -> Listened:
    """The state with the tokens that are final now, and word of each."""
    said: list[LiveCommand] = []
    delay = round(stock.agent.settings.perception.guide_delay_seconds * stock.rate)
    while len(awaited := _awaited(state)) > 1:
        heard, (start, end) = state.heard, awaited[:2]
        told = heard.told.get(heard.count)
        if told is not None and end - delay <= state.frame:
            level = TOLD_REST_DBFS if told == stock.rest else TOLD_DBFS
            token, ear, segments = told, _told(stock, state.ear, told), None
        elif end <= state.ear.known:
            segments = state.ear.segments(np.array([start, end])) if stock.following is not None else None
            ids, levels, ear = state.ear.over(np.array([start, end]))
            token, level = int(ids[0]), float(levels[0])
            if stock.rest is not None and level < ear.gate:
                token = stock.rest
        else:
            break
        said.append(TokenEvent(heard.count, start, end, token, level))
        came = ear.as_they_came(np.array([level], dtype=np.float32))
        heard = replace(
            _with_sounds(stock, state, (start, end)),
            count=heard.count + 1,
            edges=heard.edges[1:] or awaited[1:],
            unread=(*heard.unread, token),
            lasting=(*heard.lasting, (end - start) / stock.rate),
            levels=np.append(heard.levels, came)[-LEVELS_KEPT:],
            told={number: each for number, each in heard.told.items() if number > heard.count},
            own=heard.own if stock.following is None else stock.following.then(heard.own, segments),
        )
        state = replace(state, heard=heard, ear=ear)
    return state, tuple(said)


def _with_sounds(stock: Stock, state: SessionState, segment: tuple[int, int]) -> Heard:
    """What was heard with the sounds of the segments that are over once a token of `segment` is known, where a partner
    follows later: one of which only the first part was heard is over when the next one begins."""
    heard, ear = state.heard, state.ear
    if not stock.relation.lag_segments(stock.segment_seconds):
        return heard
    over = [each for each in (heard.going, segment) if each is not None]
    going = None if segment[1] <= ear.heard else over.pop()
    sounds = heard.sounds
    for each in over:
        sound = ear.sound_over(*each)
        sounds = sounds.then(replace(sound, level=ear.as_they_came(sound.level)))
    return replace(heard, sounds=sounds, going=going)


def _awaited(state: SessionState) -> tuple[int, ...]:
    """The edges of the segments that were not heard yet, up to the one that is decided next: its end is as now."""
    heard = state.heard
    if heard.count > state.number or heard.edges[-1] != state.edge:
        return heard.edges
    return (*heard.edges, state.pulse.after(state.edge, state.number))


def _told(stock: Stock, ear: Ear, token: int) -> Ear:
    """An ear that was told of a sound: it is not silent."""
    return ear if token == stock.rest else replace(ear, quiet=0.0)


def _woken(stock: Stock, state: SessionState, frame: int, arriving: int) -> SessionState:
    """The state as if the session began at `frame`, with its controls and what it learned of the level.

    It plays from a segment after the block of so many frames on that is `arriving`.
    """
    edge = frame + arriving + round(state.pulse.unit)
    tokens = stock.agent.perception.stream(stock.agent.alphabet)
    ear = ear_of(tokens, stock.rate, gate=state.ear.gate, level=state.ear.check.fixed, origin=frame)
    decision = replace(state.tuning.player.start(state.decision.seeds), position=state.decision.position)
    voice = silent_voice(edge + stock.reaction, state.number)
    heard = Heard(state.number, (edge,), levels=state.heard.levels, sounds=GuideSounds(state.number))
    ear = replace(ear, check=replace(state.ear.check, energy=0.0, filled=0))
    return replace(state, ear=ear, decision=decision, voice=voice, heard=heard, frame=frame, edge=edge, selection=None)
