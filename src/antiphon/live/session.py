"""An agent that plays with a musician: what it hears in, what is to be played out, and nothing else.

There is no clock, no device and no thread in it. A session in blocks of any size is the offline code, fed as the sound
comes. `listening` takes events of the guide in, `planning` decides, `committing` lets go.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from antiphon.agent import Agent
from antiphon.agent.known_pairs import recall_ahead
from antiphon.errors import AntiphonError, SettingsError
from antiphon.live.commands import LiveCommand, Silence, Status
from antiphon.live.committing import Horizon, committed, late
from antiphon.live.controls import Controls
from antiphon.live.events import CUES, Beat, Control, Cue, GuideBlock, GuideToken, LiveEvent, Tempo, Tick
from antiphon.live.hearing import ear_of
from antiphon.live.listening import heard_tokens, with_sound, with_token
from antiphon.live.planning import Stock, measured, with_rejected
from antiphon.live.pulse import FASTEST_BPM, SLOWEST_BPM, Pulse, is_tempo
from antiphon.live.state import SessionState
from antiphon.live.tuning import tuned
from antiphon.live.voice import SILENT_FADE_SECONDS, silent_voice
from antiphon.types import Memory

BLOCK_SECONDS = 0.025
"""What may pass between a sound and the decision by it, beside the encoder: two blocks of 512 frames."""

COMMIT_SECONDS = 0.1
"""How much of a plan does not change any more, unless it is set or a segment is decided after it has begun."""

Stepped = tuple[SessionState, tuple[LiveCommand, ...]]


@dataclass(frozen=True, eq=False)
class Session:
    """What does not change while it plays. Frames, of events and commands alike, are of the memory's sample rate.

    `reserve_seconds` is how long before a segment the sound must know of it: what lies between here and the
    loudspeaker. `level_db` is the gain of a sound check that was made; None hears by what comes.
    """

    agent: Agent
    memory: Memory
    seed: int = 0
    controls: Controls = field(default_factory=Controls)
    reserve_seconds: float = 0.02
    level_db: float | None = None

    @property
    def sample_rate(self) -> int:
        """Frames a second."""
        return self.memory.audio.sample_rate

    @property
    def delay_seconds(self) -> float:
        """How long after a guide segment begins its token is known, besides a block."""
        return self.agent.perception.stream(self.agent.alphabet).delay_seconds

    @cached_property
    def reaction(self) -> int:
        """Frames after a segment has begun at which what is decided for it begins to sound: as soon as the part of it
        is heard by which the agent was trained to decide. Until then the segment before it goes on.

        0 where all of that is heard before it begins, and for an agent whose token would come after its end.
        """
        perception = self.agent.settings.perception
        seconds = self.delay_seconds + self._reserve / self.sample_rate + BLOCK_SECONDS
        if not perception.hears_late or not 0 < seconds < perception.segment_seconds:
            return 0
        return round(seconds * self.sample_rate)

    @cached_property
    def stock(self) -> Stock:
        """What was measured of the memory."""
        return Stock(self.agent, measured(self.agent, self.memory), self.seed, self.reaction)

    def start(self) -> SessionState:
        """The state before anything was heard; it listens, and plays from the cue `start` on.

        Raises SettingsError and BadData for controls that cannot be, and SettingsError for an agent that hears whole
        recordings only.
        """
        if not np.isfinite(self.delay_seconds):
            name = self.agent.settings.perception.encoder.name
            raise SettingsError(
                f"setting perception.encoder.name: {name} hears whole recordings only, none as it comes"
            )
        recall_ahead(self.agent)
        tuning = tuned(self.agent, self.memory, self.controls, self.stock.repetition)
        # What is measured of the memory is measured now, and not in the middle of the first phrase.
        _ = (self.stock.sounding, self.stock.sounds, self.stock.edges, self.stock.before, self.stock.distances)
        _ = (self.stock.following, self.stock.relation)
        ear = ear_of(
            self.agent.perception.stream(self.agent.alphabet),
            self.sample_rate,
            gate=self.controls.number("gate", self.agent.alphabet.rest_dbfs),
            level=self.level_db,
        )
        return SessionState(
            ear,
            tuning,
            Pulse(self.sample_rate, self.agent.settings.perception.segment_seconds),
            tuning.player.start([self.seed]),
            silent_voice(0, 0),
        )

    def step(self, state: SessionState, event: LiveEvent) -> Stepped:
        """The next state, and what is to be done. Never raises for an event, whatever it says."""
        if isinstance(event, GuideBlock):
            state, said = with_sound(self.stock, state, event.samples, event.frame)
            return self._advanced(state, said)
        if isinstance(event, Tick):
            state, said = with_sound(self.stock, state, np.zeros((0, 1), dtype=np.float32), event.frame)
            return self._advanced(state, said)
        if isinstance(event, GuideToken):
            return with_token(self.stock, state, event.token, event.frame)
        if isinstance(event, Control):
            return self._turned(state, event)
        if isinstance(event, Cue):
            return self._cued(state, event.name)
        return _timed(state, event)

    @property
    def _reserve(self) -> int:
        """Frames before a segment at which its joint begins to sound, and what lies behind that."""
        action = self.agent.settings.action
        seconds = action.crossfade_seconds / 2 + action.join_search_seconds + self.reserve_seconds
        return round(seconds * self.sample_rate)

    def _advanced(self, state: SessionState, said: tuple[LiveCommand, ...]) -> Stepped:
        """Everything that follows from time having gone on."""
        state, heard = heard_tokens(self.stock, state)
        state, missed = late(self.stock, state, self._reserve - self.reaction)
        horizon = self._horizon(state)
        state, done = committed(self.stock, state, horizon, news=bool(heard))
        return state, (*said, *heard, *missed, *done)

    def _horizon(self, state: SessionState) -> Horizon:
        """Up to which frame segments are committed, and up to which they are planned.

        A segment that is decided a reaction after it has begun is committed as soon as its guide token is there, unless
        it is to be committed earlier.
        """
        controls, pulse = state.tuning.controls, state.pulse
        beats = controls.word("unit", "seconds") == "beats" and pulse.period is not None
        unit = pulse.period if beats and pulse.period else float(pulse.sample_rate)
        commit = max(round(controls.number("commit", COMMIT_SECONDS) * unit), self._reserve)
        lead = max(round(controls.number("lead") * unit), commit)
        due = state.frame + commit - self.reaction
        if self.reaction and "commit" not in controls.values:
            due = state.edge if state.heard.count > state.number else state.edge - 1
        return Horizon(due, state.frame + lead)

    def _turned(self, state: SessionState, event: Control) -> Stepped:
        try:
            controls = state.tuning.controls.set(event.name, event.value)
            tuning = tuned(self.agent, self.memory, controls, self.stock.repetition)
        except AntiphonError as error:
            return _refused(state, str(error))
        decision = state.decision
        if tuning.sampling != state.tuning.sampling:
            decision = tuning.player.afresh(decision)
        ear = replace(state.ear, gate=controls.number("gate", self.agent.alphabet.rest_dbfs))
        words = f"{event.name} is {controls.values[event.name]}"
        state = replace(state, tuning=tuning, decision=decision, ear=ear)
        return state, (Status("changed", state.frame, words),)

    def _cued(self, state: SessionState, name: str) -> Stepped:
        if name not in CUES:
            return _refused(state, f"no cue {name!r}; there are {', '.join(CUES)}")
        if name == "start":
            return replace(state, playing=True), (Status("playing", state.frame, "it plays"),)
        if name == "stop":
            state = replace(state, playing=False, keeping=False)
            return state, (Status("stopped", state.frame, "it stops after what is committed"),)
        if name == "panic":
            return self._silenced(state)
        if name == "reject":
            return with_rejected(self.stock, state), (Status("changed", state.frame, "this is not played again"),)
        keeping = name == "keep"
        state = replace(state, keeping=keeping, jumping=name == "jump" or (state.jumping and not keeping))
        return state, (Status("changed", state.frame, CUES["keep"] if keeping else CUES[name]),)

    def _silenced(self, state: SessionState) -> Stepped:
        fade = round(SILENT_FADE_SECONDS * self.sample_rate)
        voice = silent_voice(state.edge + self.reaction, state.number)
        state = replace(state, playing=False, keeping=False, voice=voice, selection=None)
        return state, (Silence(state.frame, fade), Status("stopped", state.frame, "it is silent"))


def _timed(state: SessionState, event: Tempo | Beat) -> Stepped:
    """A tempo or a beat: the segments that are not committed go by it."""
    if isinstance(event, Beat):
        pulse = state.pulse.with_beat(event.frame)
    elif event.bpm is not None and not is_tempo(event.bpm):
        return _refused(state, f"a tempo is {SLOWEST_BPM:g} to {FASTEST_BPM:g} beats a minute, got {event.bpm}")
    else:
        pulse = state.pulse.at_tempo(event.bpm, event.frame, event.on_beat)
    state = replace(state, pulse=pulse)
    bpm = pulse.bpm
    words = "no tempo: segments are free" if bpm is None else f"{bpm:.2f} beats a minute"
    return state, (Status("beat", state.frame, words),)


def _refused(state: SessionState, words: str) -> Stepped:
    state = state.counted("refused")
    return state, (Status("refused", state.frame, words, state.counts["refused"]),)
