"""What each kind of job does: one public function of the library, called with paths that the project holds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from antiphon.agent import Agent
from antiphon.errors import BadData
from antiphon.files import identity
from antiphon.interfaces import Progress
from antiphon.studio.project import AGENTS, RESPONSES, Project, nearest_name, plain_name

PARENTS = "parents"
"""Where a project remembers from which response another one was made."""

Outcome = tuple[str, Sequence[str]]
"""The name of what was made, and what is to be said of it."""


@dataclass
class Bench:
    """A project, and the agent that was used last, which is slow to load."""

    project: Project
    held: dict[tuple[object, ...], Agent] = field(default_factory=dict)

    def agent(self, name: str) -> Agent:
        """The agent of a name, the base agent where it is empty."""
        directory = self.project.agent(name)
        key = (name, None if directory is None else identity(directory / "config.json"))
        if key not in self.held:
            self.held.clear()
            self.held[key] = Agent.base() if directory is None else Agent.load(directory)
        return self.held[key]


def do(bench: Bench, kind: str, asked: Mapping[str, Any], progress: Progress) -> Outcome:
    """Do a job. Raises AntiphonError with a sentence where it cannot be done."""
    return WORK[kind](bench, asked, progress)


def _answer(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> Outcome:
    from antiphon.config.presets import with_preset
    from antiphon.use_cases.respond import RespondOptions, respond_to_files

    project = bench.project
    guides = [project.sound(name) for name in asked["guides"]]
    memories = [project.sound(name) for name in asked["memories"]]
    progress("load", 0, 1)
    agent = bench.agent(asked["agent"])
    if asked["preset"]:
        agent = agent.with_settings(with_preset(agent.settings, asked["preset"]))
    output = project.unused(RESPONSES, nearest_name(asked["name"] or f"{guides[0].stem} by {memories[0].stem}"))
    result = respond_to_files(
        *(guides, memories, agent, output),
        agent_directory=project.agent(asked["agent"]),
        wanted=RespondOptions(asked["seed"]),
        progress=progress,
    )
    return project.name_of(output), (*result.notes, result.statistics.said)


def _again(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> Outcome:
    from antiphon.action.export import PROVENANCE, read_provenance
    from antiphon.use_cases.respond import RespondOptions
    from antiphon.use_cases.respond_again import Marks, Wished, respond_again
    from antiphon.use_cases.respond_from_session import settings_of_record

    project = bench.project
    before = project.response(asked["response"])
    record = read_provenance(before / PROVENANCE)
    progress("load", 0, 1)
    agent = bench.agent(_agent_name(project, record.inputs.agent))
    agent = agent.with_settings(settings_of_record(record, agent.settings, before))
    output = project.unused(RESPONSES, nearest_name(asked["name"] or f"{_origin(before.name)} again"))
    result = respond_again(
        *(before, agent, output),
        wished=Wished(Marks(tuple((start, end) for start, end in asked["kept"]))),
        wanted=RespondOptions(asked["seed"]),
        allowed=project.inside,
        progress=progress,
    )
    project.remember(PARENTS, project.name_of(output), asked["response"])
    return project.name_of(output), (*result.notes, result.statistics.said)


def _origin(name: str) -> str:
    """The name of a response without what earlier answers added to it."""
    return re.sub(r" again( \d+)?$", "", name)


def _agent_name(project: Project, noted: str) -> str:
    """What the page calls the agent that a response tells of. Raises BadData where it is not in the project."""
    if not noted:
        return ""
    try:
        name = project.name_of(Path(noted).resolve())
        project.agent(name)
    except ValueError as error:
        raise BadData(
            f"{noted}: the agent lies outside the project; copy it into the folder, and answer again"
        ) from error
    return name


def _train(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> Outcome:
    from antiphon.agent.pair_verdict import pair_verdict
    from antiphon.agent.verdict import verdict
    from antiphon.config import resolve
    from antiphon.config.presets import pair_defaults, with_both_ways
    from antiphon.corpus.opening import open_given
    from antiphon.training.pipeline import train

    project = bench.project
    pair = (project.sound(asked["guide"]), project.sound(asked["target"]))
    settings = resolve(None, base=pair_defaults())
    settings = with_both_ways(settings) if asked["both_ways"] else settings
    output = project.root / AGENTS / plain_name(asked["name"])
    agent = train(open_given(None, pair, None, settings.corpus), output, settings=settings, progress=progress)
    said = (pair_verdict(agent.training), verdict(agent.training))
    return project.name_of(output), tuple(each for each in said if each)


def _export(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> Outcome:
    from antiphon.use_cases.export_again import export_response

    project = bench.project
    directory = project.response(asked["response"])
    files = export_response(directory, asked["formats"], project.inside)
    progress("export", 1, 1)
    return project.name_of(directory), (f"in {project.name_of(directory)}: {', '.join(files)}",)


WORK = {"answer": _answer, "again": _again, "train": _train, "export": _export}
"""Kinds of jobs."""
