"""The sheet of an alphabet for a page: what each class sounds like in two sounds, and what answers what, lag by lag."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from antiphon.checkpoint import save_json
from antiphon.files import identity
from antiphon.interfaces import Progress
from antiphon.studio.derived import kept, place_of
from antiphon.studio.project import Project

if TYPE_CHECKING:
    from antiphon.agent import Agent
    from antiphon.studio.bench import Bench

Asked = Mapping[str, Any]

LAGS = 8
"""Segments by which an answer may come earlier or later."""

ANSWERS = 6
"""Classes that are told of as answers to each class at each lag."""


def told_of(project: Project, asked: Asked) -> tuple[object, ...]:
    """All that a sheet depends on. Raises BadData for a name that the project does not hold."""
    directory = project.agent(asked["agent"])
    config = None if directory is None else identity(directory / "config.json")
    sounds = [(name, identity(project.sound(name))) for name in (asked["guide"], asked["target"])]
    return ("sheet", config, sounds)


def sheet(project: Project, asked: Asked) -> Path | None:
    """The sheet that was made already; None where it was not."""
    place = place_of(project, told_of(project, asked), ".json")
    return place if place.is_file() else None


def made(bench: Bench, asked: Asked, progress: Progress) -> tuple[str, list[str]]:
    """The sheet of an agent's alphabet in two sounds: the name of a JSON that holds it."""
    from antiphon.analysis.alphabet_sheet import sheet_of
    from antiphon.corpus.opening import open_given
    from antiphon.pages.alphabet_sheet import as_dict

    project = bench.project

    def make(place: Path) -> None:
        agent = bench.agent(asked["agent"])
        pair = (project.sound(asked["guide"]), project.sound(asked["target"]))
        found = as_dict(sheet_of(agent, open_given(None, pair, None, agent.settings.corpus), progress))
        names = {str(path): name for path, name in zip(pair, (asked["guide"], asked["target"]), strict=True)}
        for each in found["classes"]:
            for example in each["examples"]:
                example["file"] = names.get(example.pop("source"), "")
        found["transitions"] = []
        found["answers"] = _answers(agent, pair)
        save_json(place, found)

    return project.name_of(kept(project, told_of(project, asked), ".json", make)), []


def _answers(agent: Agent, pair: tuple[Path, Path]) -> dict[str, list[list[Any]]]:
    """By lag: rows of guide class, answering class, p(b|a), p(b), times; the likeliest answers to each class first."""
    from antiphon.analysis.circular_shifts import CooccurrenceCounts, PartnerTokens
    from antiphon.audio import FileSound

    guide, target = (agent.tokens(FileSound(path)).ids for path in pair)
    count = min(len(guide), len(target))
    lags = [lag for lag in range(-LAGS, LAGS + 1) if abs(lag) < count]
    pairs = [PartnerTokens("", guide[:count], target[:count])]
    counts = CooccurrenceCounts(pairs, agent.alphabet.classes, lags)
    return {str(lag): _rows(table) for lag, table in zip(lags, counts.tables(counts.guide), strict=True) if table.sum()}


def _rows(table: np.ndarray[Any, np.dtype[np.float64]]) -> list[list[Any]]:
    chance = table.sum(axis=0) / table.sum()
    rows: list[list[Any]] = []
    for heard in np.flatnonzero(table.sum(axis=1)).tolist():
        share = table[heard] / table[heard].sum()
        best = [each for each in np.argsort(-share, kind="stable")[:ANSWERS].tolist() if share[each] > 0]
        rows += [
            [heard, each, round(float(share[each]), 4), round(float(chance[each]), 4), int(table[heard, each])]
            for each in best
        ]
    return rows
