"""The process that decides: the agent, its memory and the pure session, fed through a pipe.

It may be slow, stand still or die: the instrument (`instrument`) plays on, and starts another one.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np

from antiphon.errors import AntiphonError
from antiphon.live.commands import LiveCommand
from antiphon.live.events import GuideBlock, LiveEvent
from antiphon.live.kept_memory import keep, kept
from antiphon.live.priority import DECISION, before_others, loaded

if TYPE_CHECKING:
    from antiphon.agent import Agent
    from antiphon.live.session import Session
    from antiphon.live.state import SessionState
    from antiphon.types import Memory

RESERVE_SECONDS: Final = 0.03
"""How long before a segment the instrument must know of it: its turn, the pipe, and what the device has taken."""

MOST_BATCHES: Final = 64
"""What is answered in one piece at most."""


@dataclass(frozen=True)
class Recipe:
    """What a decision process is made of: an agent's directory (None: the one inside the package), the memory's files,
    the device's rate and channels, a seed, and a directory in which the memory is kept as it is played."""

    agent: Path | None
    memory: tuple[Path, ...]
    sample_rate: int
    channels: int
    seed: int
    kept: Path


@dataclass(frozen=True)
class Ready:
    """It can decide now: how many classes the alphabet has, how long its crossfades and its segments are in seconds,
    what the agent is called, and what tells it from any other."""

    classes: int
    crossfade_seconds: float
    agent: str
    segment_seconds: float = 0.5
    agent_id: str = ""


@dataclass(frozen=True)
class Done:
    """The answer to so many batches of events, and how long it took in seconds."""

    batches: int
    commands: tuple[LiveCommand, ...]
    seconds: float


@dataclass(frozen=True)
class Failed:
    """It cannot go on, and why, in a sentence; `code` is the exit code."""

    words: str
    code: int


def decide(connection: Connection, recipe: Recipe) -> None:
    """Answer events until the other end is closed. The main function of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the instrument, which then closes the pipe
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    try:
        session = _session(recipe)
        state = session.start()
        connection.send(_ready(session, str(recipe.agent or "the agent inside the package")))
    except AntiphonError as error:
        connection.send(Failed(str(error), error.exit_code))
        return
    except BrokenPipeError:  # the instrument was killed meanwhile
        return
    loaded()
    before_others(DECISION)
    with contextlib.suppress(EOFError, OSError):
        while True:
            state = _answered(session, state, connection)


def _ready(session: Session, name: str) -> Ready:
    from antiphon.live.recording import agent_id

    agent = session.agent
    fade, segment = agent.settings.action.crossfade_seconds, agent.settings.perception.segment_seconds
    return Ready(agent.alphabet.classes, fade, name, segment, agent_id(agent))


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """One thread an operation as long as the block lasts, as a decision process has it: with others, sums are added in
    another order."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _session(recipe: Recipe) -> Session:
    import torch

    from antiphon.agent import Agent
    from antiphon.live.session import Session

    torch.set_num_threads(1)
    agent = Agent.base(live=True) if recipe.agent is None else Agent.load(recipe.agent)
    memory = kept(recipe.kept)
    if memory is None:
        keep(stage_memory(agent, recipe.memory), recipe.sample_rate, recipe.channels, recipe.kept)
        memory = kept(recipe.kept)
    if memory is None:
        raise AntiphonError(f"{recipe.kept}: the memory was written there and is gone")
    return Session(agent, memory, recipe.seed, reserve_seconds=RESERVE_SECONDS)


def stage_memory(agent: Agent, files: Sequence[Path]) -> Memory:
    """A memory from files, with everything measured that a dial may ask for; it is brought to the device's rate and
    channels by `kept_memory.keep`."""
    from antiphon.agent.memory import joined_memory
    from antiphon.agent.pair_alphabet import with_pair_classes
    from antiphon.perception.sound_store import recordings_of

    recordings = recordings_of(files, agent.perception.cache_directory)
    agent.require_enough(recordings)
    memory = joined_memory(recordings, agent.perception, agent.alphabet, sounds=True, edges=True)
    return with_pair_classes(agent, memory)


def _answered(session: Session, state: SessionState, connection: Connection) -> SessionState:
    """Take all that waits, answer it in one piece, and give the next state."""
    events: list[LiveEvent] = list(connection.recv())
    batches = 1
    while connection.poll() and batches < MOST_BATCHES:
        events += connection.recv()
        batches += 1
    started = perf_counter()
    commands: list[LiveCommand] = []
    for event in merged(events):
        state, found = session.step(state, event)
        commands += found
    connection.send(Done(batches, tuple(commands), perf_counter() - started))
    return state


def merged(events: Sequence[LiveEvent]) -> list[LiveEvent]:
    """The events, blocks of guide sound that follow one another as one: what waited is heard at once."""
    found: list[LiveEvent] = []
    for event in events:
        before = found[-1] if found else None
        if isinstance(event, GuideBlock) and isinstance(before, GuideBlock) and _follows(before, event):
            found[-1] = GuideBlock(np.concatenate([before.samples, event.samples]), before.frame)
        else:
            found.append(event)
    return found


def _follows(before: GuideBlock, after: GuideBlock) -> bool:
    return after.frame == before.frame + len(before.samples) and after.samples.shape[1] == before.samples.shape[1]
