"""What a live run on stage was told, as the response that it played: sounds, specification and provenance in a folder.

A session is a pure function of its events, so the run is played again from its record: the same specification,
selection and runs. Where a decision came too late for the device, its `Deck` went on in the copy; here the decision
sounds in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from antiphon import arrays, audio
from antiphon.action.export import RESPONSE_FILES
from antiphon.action.export.provenance_file import Inputs, SourceFile, source_files
from antiphon.action.export.writing import write_response
from antiphon.action.statistics import ResponseStatistics, response_statistics
from antiphon.agent import Agent
from antiphon.agent.opening import noted
from antiphon.audio import MOST_AMPLITUDE, witnessed
from antiphon.errors import BadData
from antiphon.files import claimed, sha256, whole_directory
from antiphon.interfaces import Progress, no_progress
from antiphon.live.commands import Commit, LiveCommand, Play
from antiphon.live.decision_process import RESERVE_SECONDS, stage_memory
from antiphon.live.events import GuideBlock, LiveEvent, Tick
from antiphon.live.outcome import outcome
from antiphon.live.recording import Recorder
from antiphon.live.run_file import EVENTS, GUIDE
from antiphon.live.scheduler import Schedule, Scheduler
from antiphon.live.session import Session
from antiphon.live.simulation import PlayedSound
from antiphon.types import Audio
from antiphon.use_cases.live import stage_session

HEARD: Final = "heard.wav"
"""The guide as it was heard, in the response's time."""

TAKE_FILES: Final = (EVENTS, GUIDE, HEARD, *RESPONSE_FILES)
"""What the folder of a take holds."""

SHORTEST_SECONDS: Final = 0.5
"""Less than this is no take."""


MOST_SILENT_SECONDS: Final = 6 * 3600.0
"""What a record may say of time in which nothing was heard."""


@dataclass(frozen=True)
class Take:
    """What one decision process of a run was told, what was played from, at which rate and in how many channels, and
    the seed."""

    told: Sequence[LiveEvent]
    memories: Sequence[Path]
    sample_rate: int
    channels: int
    seed: int = 0


def write_take(
    take: Take,
    agent: Agent,
    output: Path,
    *,
    agent_directory: Path | None = None,
    progress: Progress = no_progress,
) -> ResponseStatistics:
    """Write what a run played as the folder `output`, whole or not at all. Raises BadData for a run that heard nothing,
    and for one whose record is damaged."""
    heard = heard_guide(take.told, take.sample_rate)
    with claimed(output, TAKE_FILES, overwrite=False, holding="a response") as claim:
        progress("listen", 0, 1)
        memory, hashes = witnessed(take.memories, lambda: stage_memory(agent, take.memories))
        device = take.sample_rate, take.channels
        with (
            stage_session(agent, memory, device, take.seed, RESERVE_SECONDS) as session,
            whole_directory(claim.target, TAKE_FILES) as inside,
        ):
            commands, sound = _performed(take, session, len(heard.samples), progress)
            audio.write(inside / HEARD, heard)
            inputs = Inputs(
                (SourceFile(HEARD, sha256(inside / HEARD)),),
                source_files(take.memories, hashes),
                noted(agent_directory),
            )
            response = outcome(session, _until(commands, len(sound.samples)), sound)
            statistics = response_statistics(response, session.memory)
            write_response(inside, response, heard, session.memory, alphabet=agent.alphabet, inputs=inputs)
            with Recorder(inside, take.sample_rate) as recorder:
                for event in take.told:
                    recorder.event(event)
            claim.confirm()
    return statistics


def heard_guide(events: Sequence[LiveEvent], sample_rate: int) -> Audio:
    """The guide of a run from frame 0 on, as long as it was listened to; what is missing is silence. Raises BadData
    where that is too short, or longer than a record can be believed."""
    blocks = [event for event in events if isinstance(event, GuideBlock) and len(event.samples)]
    ends = [event.frame for event in events if isinstance(event, Tick)]
    length = max((*ends, *(block.frame + len(block.samples) for block in blocks)), default=0)
    heard = sum(len(block.samples) for block in blocks)
    if heard < SHORTEST_SECONDS * sample_rate:
        raise BadData(f"the run has heard less than {SHORTEST_SECONDS:g} s of a guide: there is nothing to keep")
    if length > heard + MOST_SILENT_SECONDS * sample_rate:
        raise BadData(f"the record tells of more than {MOST_SILENT_SECONDS / 3600:g} h without a guide")
    samples = arrays.zeros(length, blocks[0].samples.shape[1])
    walk = arrays.Walk(samples)
    for block in blocks:
        place = samples[max(0, block.frame) : max(0, block.frame + len(block.samples))]
        told = block.samples[max(0, -block.frame) :]
        place[:] = np.where(np.abs(told) <= MOST_AMPLITUDE, told, np.float32(0))
        walk.read(place)
    walk.end()
    return Audio(samples, sample_rate, HEARD)


def _performed(take: Take, session: Session, frames: int, progress: Progress) -> tuple[tuple[LiveCommand, ...], Audio]:
    """Every command of the run, and its sound: `frames` of it, or as long as what was committed lasts."""
    scheduler = Scheduler(session.memory, session.stock.renderer)
    state, schedule = session.start(), Schedule()
    commands: list[LiveCommand] = []
    sound = PlayedSound(session, frames)
    for event in take.told:
        progress("play again", min(state.frame, frames), frames)
        state, told = session.step(state, event)
        commands += told
        schedule = scheduler.told(schedule, told)
        if isinstance(event, GuideBlock | Tick) and (count := min(state.frame, frames) - schedule.handed) > 0:
            schedule, samples = scheduler.frames(schedule, count)
            sound.write(samples)
    ends = [command.step.end for command in commands if isinstance(command, Commit) and command.step.segment >= 0]
    if (count := frames - schedule.handed) > 0:
        schedule, samples = scheduler.frames(schedule, count)
        sound.write(samples)
    parts = [sound.whole().samples]
    if (count := max([frames, *ends]) - frames) > 0:
        parts.append(scheduler.frames(schedule, count)[1])
    progress("play again", frames, frames)
    return tuple(commands), Audio(arrays.end_to_end(parts), session.sample_rate)


def _until(commands: Sequence[LiveCommand], frames: int) -> tuple[LiveCommand, ...]:
    """The commands but for segments, silent all of them, that begin after the sound is over."""
    return tuple(
        command
        for command in commands
        if not (isinstance(command, Commit) and command.step.start >= frames)
        and not (isinstance(command, Play) and command.start >= frames)
    )
