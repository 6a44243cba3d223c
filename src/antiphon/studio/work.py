"""What each kind of job does: one public function of the library, called with paths that the project holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from antiphon.errors import AntiphonError
from antiphon.interfaces import Progress
from antiphon.studio.bench import Bench, wished_of, with_preset
from antiphon.studio.marks import class_names
from antiphon.studio.project import AGENTS, PARENTS, RESPONSES, nearest_name, plain_name

Outcome = tuple[str, Sequence[str]]
"""The name of what was made, and what is to be said of it."""


def do(bench: Bench, kind: str, asked: Mapping[str, Any], progress: Progress) -> Outcome:
    """Do a job. Raises AntiphonError with a sentence where it cannot be done."""
    return WORK[kind](bench, asked, progress)


def _answer(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> Outcome:
    from antiphon.use_cases.respond import RespondOptions, respond_to_files

    project = bench.project
    guides = [project.sound(name) for name in asked["guides"]]
    memories = [project.sound(name) for name in asked["memories"]]
    progress("load", 0, 1)
    agent = bench.agent(asked["agent"])
    agent = agent.with_settings(with_preset(project, agent.settings, asked["preset"]))
    output = project.unused(RESPONSES, nearest_name(asked["name"] or f"{guides[0].stem} by {memories[0].stem}"))
    result = respond_to_files(
        *(guides, memories, agent, output),
        agent_directory=project.agent(asked["agent"]),
        wanted=RespondOptions(asked["seed"], asked.get("takes", 1), names=class_names(project)),
        progress=progress,
    )
    return project.name_of(output), (*result.notes, result.statistics.said)


def _again(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> Outcome:
    from antiphon.use_cases.respond import RespondOptions
    from antiphon.use_cases.respond_again import respond_again

    project = bench.project
    progress("load", 0, 1)
    player = bench.player(asked)
    output = project.unused(RESPONSES, nearest_name(asked["name"] or f"{_origin(player.folder.name)} again"))
    result = respond_again(
        *(player.folder, player.agent, output),
        wished=wished_of(player.record, asked),
        wanted=RespondOptions(asked["seed"], names=class_names(project)),
        allowed=project.inside,
        progress=progress,
    )
    notes = (*result.notes, result.statistics.said)
    try:
        project.remember(PARENTS, project.name_of(output), asked["response"])
    except AntiphonError as error:
        # The response is there, and is what was asked for.
        notes = (*notes, f"not remembered from which response it was made: {error}")
    return project.name_of(output), notes


def _origin(name: str) -> str:
    """The name of a response without what earlier answers added to it."""
    return re.sub(r" again( \d+)?$", "", name)


def _train(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> Outcome:
    from antiphon.agent.pair_verdict import pair_verdict
    from antiphon.agent.verdict import verdict
    from antiphon.corpus.opening import open_given
    from antiphon.studio.pair_check import learning_settings
    from antiphon.training.pipeline import train

    project = bench.project
    pair = (project.sound(asked["guide"]), project.sound(asked["target"]))
    settings = learning_settings(both_ways=asked["both_ways"])
    output = project.root / AGENTS / plain_name(asked["name"])
    agent = train(open_given(None, pair, None, settings.corpus), output, settings=settings, progress=progress)
    said = (pair_verdict(agent.training), verdict(agent.training))
    return project.name_of(output), tuple(each for each in said if each)


def _learn(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> Outcome:
    from antiphon.agent.pair_verdict import finetuning_verdict, following_verdict, memory_verdict, pair_verdict
    from antiphon.use_cases.adapt import adapt_to_files, finetune_to_files

    project = bench.project
    pair = (project.sound(asked["guide"]), project.sound(asked["target"]))
    output = project.root / AGENTS / plain_name(asked["name"])
    progress("load", 0, 1)
    agent = bench.agent(asked["agent"])
    if asked["way"] == "heart":
        found = finetune_to_files(agent, pair, output, progress=progress)
        told: tuple[Callable[[Mapping[str, Any]], str], ...] = (pair_verdict,)
    else:
        found = adapt_to_files(agent, [pair], output, finetune=asked["way"] == "try", progress=progress)
        told = (finetuning_verdict, memory_verdict, pair_verdict, following_verdict)
    said = [verdict(found.agent.training) for verdict in told]
    if found.example is not None:
        said.append(f"hear it, the first track left and the second right: {project.name_of(found.example)}")
    return project.name_of(output), tuple(each for each in said if each)


def _pair(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> Outcome:
    from antiphon.studio.pair_check import checked

    return checked(bench, asked, progress)


def _export(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> Outcome:
    from antiphon.use_cases.export_again import export_response

    project = bench.project
    directory = project.response(asked["response"])
    files = export_response(directory, asked["formats"], project.inside, names=class_names(project))
    progress("export", 1, 1)
    return project.name_of(directory), (f"in {project.name_of(directory)}: {', '.join(files)}",)


def _alphabet(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> Outcome:
    from antiphon.studio.sheets import made

    return made(bench, asked, progress)


def _live(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> Outcome:
    from antiphon.studio.live.keeping import kept

    return kept(bench, asked, progress)


def _draft(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> Outcome:
    from antiphon.studio.drafts import draft

    return draft(bench, asked, progress)


def _hold(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> Outcome:
    """A response's guide and memory are heard, so that the first draft need not wait for it."""
    progress("hold", 0, 1)
    bench.hearing(bench.player(asked), marked=False)
    return asked["response"], ()


def _map(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> Outcome:
    from antiphon.studio.drafts import memory_map

    return memory_map(bench, asked, progress)


WORK = {
    "answer": _answer,
    "again": _again,
    "train": _train,
    "learn": _learn,
    "pair": _pair,
    "export": _export,
    "alphabet": _alphabet,
    "live": _live,
    "draft": _draft,
    "hold": _hold,
    "map": _map,
}
"""Kinds of jobs."""
