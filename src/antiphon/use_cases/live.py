"""`antiphon live` for files: a session against a recording, the run as a folder, and the run played again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from antiphon.action.export import RESPONSE_FILES
from antiphon.action.export.provenance_file import Inputs, source_files
from antiphon.action.export.writing import write_response
from antiphon.action.statistics import ResponseStatistics, response_statistics
from antiphon.agent import Agent
from antiphon.agent.memory import joined_memory
from antiphon.agent.opening import noted
from antiphon.audio import resampled, testified, witnessed
from antiphon.checkpoint import save_json
from antiphon.errors import BadData, SettingsError
from antiphon.files import claimed, sha256, temporary_directory, whole_directory
from antiphon.interfaces import Progress, no_progress
from antiphon.live.commands import Commit, Status
from antiphon.live.controls import Controls
from antiphon.live.decision_process import one_thread, stage_memory
from antiphon.live.events import Cue, LiveEvent, Tempo
from antiphon.live.kept_memory import keep, kept
from antiphon.live.outcome import outcome
from antiphon.live.recording import Recorder, agent_id, guide_frames, recorded_events, sound_id
from antiphon.live.run_file import EVENTS, GUIDE, RUN, RUN_VERSION, RunFile, StageRunFile, run_of
from antiphon.live.session import Session
from antiphon.live.simulation import BLOCK_FRAMES, Performed, blocks_of, performed, with_cues
from antiphon.live.stage_replay import StageReplay
from antiphon.perception.sound_store import recordings_of
from antiphon.types import Audio, Memory, Response
from antiphon.use_cases.memory_files import files_of

RUN_FILES = (RUN, EVENTS, GUIDE, *RESPONSE_FILES)
"""What the directory of a live run holds."""


@dataclass(frozen=True)
class LiveOptions:
    """What is asked of a session: its seed, what the controls are set to, a tempo in beats a minute, frames of a block,
    the gain of a sound check in dB, and whether it goes in real time."""

    seed: int = 0
    controls: Controls = field(default_factory=Controls)
    tempo: float | None = None
    block: int = BLOCK_FRAMES
    level_db: float | None = None
    real_time: bool = False
    overwrite: bool = False

    def __post_init__(self) -> None:
        if not 16 <= self.block <= 65536:
            raise SettingsError(f"a block has 16 to 65536 frames, got {self.block}")


@dataclass(frozen=True, eq=False)
class LiveAnswer:
    """What came of a session: the response, its numbers, its run on file, and what the session said."""

    response: Response
    statistics: ResponseStatistics
    performed: Performed
    run: dict[str, Any]

    @property
    def late(self) -> int:
        """Segments for which there was no decision in time."""
        return sum(isinstance(each, Commit) and each.late for each in self.performed.commands)

    @property
    def words(self) -> tuple[str, ...]:
        """What went wrong or gave way, in sentences."""
        told = ("late", "refused", "gap", "old", "level")
        return tuple(each.words for each in self.performed.commands if isinstance(each, Status) and each.kind in told)


def live_memory(agent: Agent, files: Sequence[Path], sample_rate: int | None = None) -> Memory:
    """A memory to play live from files and folders, with everything measured that a dial may ask for; at `sample_rate`
    where that is given, else at the first file's own."""
    recordings: Sequence[Audio] = recordings_of(files_of(files), agent.perception.cache_directory)
    if sample_rate is not None:
        recordings = [resampled(each, sample_rate) for each in recordings]
    agent.require_enough(recordings)
    return joined_memory(recordings, agent.perception, agent.alphabet, sounds=True, edges=True)


def live_on_file(
    guide: Path,
    memories: Sequence[Path],
    agent: Agent,
    output: Path,
    *,
    agent_directory: Path | None = None,
    wanted: LiveOptions | None = None,
    progress: Progress = no_progress,
) -> LiveAnswer:
    """Play with a recording as with a musician, and write the run `output`, whole or not at all."""
    wanted = wanted or LiveOptions()
    with claimed(output, RUN_FILES, overwrite=wanted.overwrite, holding="a live run") as claim:
        files = files_of(memories)
        memory, hashes = witnessed(files, lambda: live_memory(agent, files))
        heard = testified(guide)
        sound = resampled(heard.audio, memory.audio.sample_rate)
        session = Session(agent, memory, wanted.seed, wanted.controls, level_db=wanted.level_db)
        inputs = Inputs(
            source_files([guide], [heard.sha256]),
            source_files(files, hashes),
            noted(agent_directory),
        )
        with whole_directory(claim.target, RUN_FILES) as inside:
            with Recorder(inside, session.sample_rate) as recorder:
                events = _recorded(recorder, _events(sound, wanted, progress))
                found = performed(session, events, len(sound.samples))
            answer = _written(inside, session, sound, found, inputs=inputs)
            claim.confirm()
    return answer


def _events(guide: Audio, wanted: LiveOptions, progress: Progress) -> Iterator[LiveEvent]:
    """What a session is told: to start, the tempo if there is one, and the guide block by block."""
    cues: list[tuple[int, LiveEvent]] = [(0, Cue("start"))]
    if wanted.tempo is not None:
        cues.insert(0, (0, Tempo(wanted.tempo, 0, on_beat=True)))
    began, seconds = time.monotonic(), int(guide.duration) + 1
    for event in with_cues(blocks_of(guide, wanted.block), cues):
        frame = getattr(event, "frame", 0)
        if wanted.real_time:
            time.sleep(max(0.0, began + frame / guide.sample_rate - time.monotonic()))
        progress("play", min(seconds, frame // guide.sample_rate + 1), seconds)
        yield event


def _recorded(recorder: Recorder, events: Iterator[LiveEvent]) -> Iterator[LiveEvent]:
    for event in events:
        recorder.event(event)
        yield event


def _written(inside: Path, session: Session, guide: Audio, found: Performed, *, inputs: Inputs) -> LiveAnswer:
    response = outcome(session, found.commands, found.response)
    write_response(inside, response, guide, session.memory, alphabet=session.agent.alphabet, inputs=inputs)
    run = _run(session, response, inputs)
    save_json(inside / RUN, run)
    return LiveAnswer(response, response_statistics(response, session.memory), found, run)


def _run(session: Session, response: Response, inputs: Inputs) -> dict[str, Any]:
    """What tells how to play a run again, and whether it came out as it was."""
    return {
        "version": RUN_VERSION,
        "agent": {"id": agent_id(session.agent), "directory": inputs.agent},
        "memory": [{"path": each.path, "sha256": each.sha256} for each in inputs.memories],
        "sample_rate": session.sample_rate,
        "seed": session.seed,
        "controls": dict(session.controls.values),
        "reserve_seconds": session.reserve_seconds,
        "level_db": session.level_db,
        "frames": len(response.audio.samples),
        "ids": response.specification.tokens.ids.tolist(),
        "segments": response.selection.segments.tolist(),
        "sound": sound_id(response.audio),
    }


@dataclass(frozen=True)
class Replayed:
    """Whether a run came out as it was: its specification, its selection, its sound; and how much of it there is:
    seconds, decision processes, whether there was sound to compare, and whether the record has its end."""

    specification: bool
    selection: bool
    sound: bool
    seconds: float = 0.0
    processes: int = 1
    has_sound: bool = True
    is_whole: bool = True

    @property
    def same(self) -> bool:
        """Whether all of it did, bit for bit."""
        return not self.others

    @property
    def others(self) -> tuple[str, ...]:
        """What came out otherwise."""
        return tuple(name for name in ("specification", "selection", "sound") if not getattr(self, name))


def replayed(directory: Path, agent: Agent | None = None, progress: Progress = no_progress) -> Replayed:
    """Play a run again. Raises BadData where its agent or its memory is not what it was, naming it."""
    run = run_of(directory)
    if isinstance(run, StageRunFile):
        return _stage_replayed(run, directory, agent, progress)
    if run.frames > guide_frames(directory):
        raise BadData(f"{directory / RUN}: {run.frames} frames were played, and fewer heard")
    session = _session_of(run, directory, agent)
    progress("replay", 0, 1)
    found = performed(session, recorded_events(directory), run.frames)
    response = outcome(session, found.commands, found.response)
    progress("replay", 1, 1)
    return Replayed(
        np.array_equal(response.specification.tokens.ids, run.ids),
        np.array_equal(response.selection.segments, run.segments),
        sound_id(response.audio) == run.sound,
        run.frames / session.sample_rate,
    )


def _stage_replayed(run: StageRunFile, directory: Path, agent: Agent | None, progress: Progress) -> Replayed:
    """The same of a performance on stage."""
    agent = _agent_of(run, directory, agent)
    memory = stage_memory(agent, _files_of(run, directory))
    with stage_session(agent, memory, (run.sample_rate, run.channels), run.seed, run.reserve_seconds) as session:
        found = StageReplay(session, directory).run(progress)
    return Replayed(
        found.specification,
        found.selection,
        found.sound,
        found.seconds,
        found.processes,
        found.has_sound,
        found.is_whole,
    )


@contextmanager
def stage_session(
    agent: Agent, memory: Memory, device: tuple[int, int], seed: int, reserve_seconds: float
) -> Iterator[Session]:
    """A session as the process on stage had it: one thread, and the memory at the rate and in the channels of the
    `device`, mapped from a file that lasts as long as the block."""
    with temporary_directory("replay") as inside, one_thread():
        keep(memory, *device, inside)
        brought = kept(inside)
        assert brought is not None
        yield Session(agent, brought, seed, reserve_seconds=reserve_seconds)


def _agent_of(run: RunFile | StageRunFile, directory: Path, agent: Agent | None) -> Agent:
    if agent is None:
        place = run.agent.directory
        if place and not Path(place).exists():
            # Nothing is fetched because a record says so.
            raise BadData(f"{place}: the agent that played is not there; name it with --agent")
        agent = Agent.load(place) if place else Agent.base(live=True)
    if agent_id(agent) != run.agent.id:
        raise BadData(f"{directory}: played by another agent ({run.agent.id}); name it with --agent")
    return agent


def _files_of(run: RunFile | StageRunFile, directory: Path) -> list[Path]:
    files = [directory / each.path for each in run.memory]
    for file, each in zip(files, run.memory, strict=True):
        if sha256(file) != each.sha256:
            raise BadData(f"{file}: not the file that was played; put that back")
    return files


def _session_of(run: RunFile, directory: Path, agent: Agent | None) -> Session:
    agent = _agent_of(run, directory, agent)
    files = _files_of(run, directory)
    controls = Controls()
    for name, value in run.controls.items():
        controls = controls.set(name, value)
    memory = live_memory(agent, files, run.sample_rate)
    return Session(agent, memory, run.seed, controls, run.reserve_seconds, run.level_db)
