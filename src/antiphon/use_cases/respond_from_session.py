"""A session comes back from the musician: what was edited stays, to the sample, and the rest is answered anew."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from antiphon.action.export import PROVENANCE, RESPONSE_FILES, read_provenance
from antiphon.action.export.edits import Edits, edits_of
from antiphon.action.export.formats import known_formats, session_of
from antiphon.action.export.provenance_file import Inputs, Provenance, found_file, source_files
from antiphon.action.export.reaper import SESSION, merged, without_markers
from antiphon.action.export.rpp import Block, read_project, words, write_project
from antiphon.action.statistics import response_statistics
from antiphon.agent import Agent
from antiphon.audio import mixed, read
from antiphon.config import Settings, validated
from antiphon.errors import AntiphonError, AntiphonWarning, BadData
from antiphon.files import Claim, claimed, whole_directory
from antiphon.interfaces import Progress, no_progress
from antiphon.types import Memory, Run
from antiphon.use_cases.explain import with_candidate_costs
from antiphon.use_cases.respond import ANSWER_FILES, Answer, RespondOptions, handed, write_result


def respond_from_session(
    session: Path, agent: Agent, output: Path, *, wanted: RespondOptions, progress: Progress = no_progress
) -> Answer:
    """Respond again around the pins of an edited session and write the directory `output`, which is not the session's.

    The session that is written holds all that was in the edited one, but for the items and markers that gave way.
    """
    if output.resolve() == session.parent.resolve():
        raise AntiphonError(f"{session} lies in {output}, and is not written over; choose another directory")
    with claimed(output, ANSWER_FILES, overwrite=wanted.overwrite, holding="a response") as claim:
        return _responded(session, agent, claim, wanted, progress)


def _responded(session: Path, agent: Agent, claim: Claim, wanted: RespondOptions, progress: Progress) -> Answer:
    """As `respond_from_session`, into an output that is claimed."""
    if wanted.takes > 1:
        warnings.warn("an edited session is answered once: no other takes are made", AntiphonWarning, stacklevel=3)
    root, record = read_project(session), record_of(session)
    edits = edits_of(root, record, str(session))
    guides = [found_file(source, session.parent) for source in record.inputs.guides]
    memories = [found_file(source, session.parent) for source in record.inputs.memories]
    if not guides:
        raise BadData(f"{session.parent / PROVENANCE}: names no guide")
    guide = mixed([read(path) for path in guides])
    memory = agent.memory(*(read(path) for path in memories))
    pins = _pins(edits, record, memory)
    response = agent.respond(guide, memory, seed=wanted.seed, pins=pins)
    if wanted.explained:
        response = with_candidate_costs(agent, response, memory, pins=pins, seed=wanted.seed, progress=progress)
    result = Answer(response, guide, memory, response_statistics(response, memory))
    inputs = Inputs(source_files(guides), source_files(memories), record.inputs.agent)
    with whole_directory(claim.target, _names(root, session.parent)) as inside:
        formats = known_formats((*wanted.export, "reaper"))
        inputs = write_result(inside, result, agent, inputs=inputs, export=formats)
        given = handed(result, agent, inputs)
        numbers = {run.start: number for number, run in enumerate(response.runs) if run.pinned}
        kept = {numbers[pin.run.start]: pin.item for pin in edits.pins}
        bare = without_markers(root, record.events, agent.alphabet.rest)
        write_project(inside / SESSION, merged(bare, session_of(inside, given), kept, edits.ours))
        for name in _carried(root, session.parent):
            if not (inside / name).exists():
                (inside / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(session.parent / name, inside / name)
        claim.confirm()
    return result


def record_of(session: Path) -> Provenance:
    """The provenance beside a session."""
    if not session.is_file():
        raise BadData(f"{session}: no such file")
    return read_provenance(session.parent / PROVENANCE)


def session_agent(session: Path) -> Path | None:
    """The directory of the agent that answered last, None for the base agent. Raises BadData where it is gone."""
    noted = record_of(session).inputs.agent
    if not noted:
        return None
    if not Path(noted).is_dir():
        raise BadData(f"{noted}: the agent that answered is not there any more; name it with --agent")
    return Path(noted)


def session_settings(session: Path, base: Settings) -> Settings:
    """The settings with which the session was answered, over those of its agent."""
    used = record_of(session).settings
    tree = base.model_dump()
    for section in ("sampling", "action"):
        tree[section] |= used.get(section, {})
    return validated(tree)


def session_seed(session: Path) -> int:
    """The seed with which the session was answered."""
    return int(record_of(session).settings.get("seed", 0))


def _pins(edits: Edits, record: Provenance, memory: Memory) -> tuple[Run, ...]:
    """The pins, reading from `memory`, which has to be the one that the record tells of."""
    if [part.end for part in record.parts] != [part.end for part in memory.parts]:
        raise BadData("the memory is not as long as it was when the session was made")
    parts = dict(zip(record.parts, memory.parts, strict=True))
    return tuple(replace(pin.run, part=parts[pin.run.part]) if pin.run.part else pin.run for pin in edits.pins)


def _names(root: Block, folder: Path) -> tuple[str, ...]:
    return (*ANSWER_FILES, *{PurePosixPath(name).parts[0] for name in _carried(root, folder)} - set(RESPONSE_FILES))


def _carried(root: Block, folder: Path) -> tuple[str, ...]:
    """Files inside the session's folder that the project plays, ours or not: they move with it."""
    found = dict.fromkeys(
        name.replace("\\", "/") for line in _files(root) for name in words(line)[1:2] if (folder / name).is_file()
    )
    inside = [PurePosixPath(name) for name in found]
    return tuple(str(name) for name in inside if not name.is_absolute() and ".." not in name.parts)


def _files(block: Block) -> Iterator[str]:
    for line in block.lines():
        if words(line)[:1] == ["FILE"]:
            yield line
