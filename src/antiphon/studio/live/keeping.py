"""What a live run played becomes a response of the project, by a job like any other."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final

from antiphon.agent import Agent
from antiphon.errors import BadData
from antiphon.interfaces import Progress
from antiphon.live.events import GuideBlock
from antiphon.live.recording import told_events
from antiphon.studio.bench import Bench
from antiphon.studio.live.run import LiveRun
from antiphon.studio.project import RESPONSES, Project, nearest_name

RUNS: Final = "live"
"""Where in the studio's own folder runs are recorded."""


def place_of(project: Project, run: str) -> Path:
    """Where a run is recorded. Raises BadData where that leads out of the project."""
    place = project.own / RUNS / run
    if project.own.is_symlink() or place.parent.is_symlink() or place.is_symlink():
        raise BadData(f"{place}: a link, which may lead out of the project")
    return place


def asked_of(run: LiveRun) -> dict[str, Any]:
    """What the job is asked with that keeps a run."""
    return {
        "run": run.id,
        "memories": list(run.asked.memories),
        "agent": run.asked.agent,
        "guide": run.asked.guide,
        "rate": run.about.rate,
        "channels": run.about.channels,
        "seed": run.asked.seed,
    }


def kept(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> tuple[str, Sequence[str]]:
    """The name of the response that a run became, and what is to be said of it. Where the decision was started again,
    each process was told a part of its own, which becomes a response of its own."""
    from antiphon.use_cases.live_take import Take, write_take

    project = bench.project
    place = place_of(project, asked["run"])
    # A process that never decided has heard nothing.
    parts = [told for told in told_events(place) if any(isinstance(event, GuideBlock) for event in told)]
    if not parts:
        raise BadData("nothing was recorded of the run")
    memories = [project.sound(name) for name in asked["memories"]]
    progress("load", 0, 1)
    directory = project.agent(asked["agent"])
    agent = bench.agent(asked["agent"]) if directory is not None else Agent.base(live=True)
    stem = Path(asked["guide"]).stem if asked["guide"] else "guide"
    names, said = [], []
    for part in parts:
        output = project.unused(RESPONSES, nearest_name(f"{stem} live by {memories[0].stem}"))
        take = Take(part, memories, asked["rate"], asked["channels"], asked["seed"])
        try:
            statistics = write_take(
                take, agent, output, agent_directory=directory or live_agent_directory(), progress=progress
            )
        except BadData as error:
            said.append(str(error))
            continue
        names.append(project.name_of(output))
        said.append(statistics.said)
    if not names:
        raise BadData(said[-1])
    shutil.rmtree(place, ignore_errors=True)
    return names[-1], said


def live_agent_directory() -> Path:
    """Where the live agent lies that comes with Antiphon."""
    return Path(str(resources.files("antiphon").joinpath("live_agent")))
