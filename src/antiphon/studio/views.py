"""What a page is told of a project and of a response, in plain values."""

from __future__ import annotations

from dataclasses import asdict
from math import exp
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from antiphon.action.export import PROVENANCE, read_provenance
from antiphon.action.export.formats import FORMATS
from antiphon.action.export.provenance_file import Provenance, SourceFile
from antiphon.config.presets import PRESETS
from antiphon.errors import AntiphonError, BadData, SettingsError
from antiphon.studio.asked import MOST_SPANS, KeptBody
from antiphon.studio.jobs import Queue
from antiphon.studio.project import Project
from antiphon.studio.work import PARENTS
from antiphon.types import SILENCE
from antiphon.use_cases.read_explanation import asked_for, explained

KEPT = "kept"
"""Where a project remembers which spans of a response are kept."""

Plain = dict[str, Any]


def state(project: Project, queue: Queue, opened: str = "") -> Plain:
    """The project as it is now, and which spans of the response that a page has `opened` are kept."""
    listing = project.listing()
    return {
        "project": project.root.resolve().name or "project",
        "sounds": listing.sounds,
        "agents": listing.agents,
        "responses": sorted(listing.responses, key=lambda name: _made(project, name)),
        "remarks": listing.remarks,
        "jobs": [asdict(job) for job in queue.all()],
        "presets": sorted(PRESETS),
        "formats": list(FORMATS),
        "kept": kept(project, opened) if opened else [],
    }


def _made(project: Project, name: str) -> float:
    try:
        return (project.root / name / PROVENANCE).lstat().st_mtime
    except OSError:
        return 0.0


def response(project: Project, name: str) -> Plain:
    """A response: its tokens, where each segment comes from, and the names of its sounds."""
    directory = project.response(name)
    record, asked = read_provenance(directory / PROVENANCE), asked_for(directory)
    known = {*project.listing().sounds, *project.sounds_of(name)}
    rate = record.sample_rate
    return {
        "name": name,
        "seconds": record.samples / rate,
        "rate": rate,
        "rest": asked.alphabet_size,
        "sound": f"{name}/response.wav",
        "guides": [_source(project, directory, source, known) for source in record.inputs.guides],
        "memories": [
            {**_source(project, directory, source, known), "seconds": source.samples / rate}
            for source in record.inputs.memories
        ],
        "guide": asked.guide_ids,
        "segments": _segments(record),
        "kept": kept(project, name),
        "parent": _parent(project, name),
        "seed": record.settings.get("seed", 0),
        "agent": Path(record.inputs.agent).name,
        "edited": bool(record.laid or record.mixing.kept),
        "files": sorted(path.name for path in directory.iterdir() if not path.name.startswith(".")),
    }


def _segments(record: Provenance) -> list[list[Any]]:
    """Of each event: time, duration, token, what is played, probability, file of the memory (SILENCE: none), its span
    in seconds, run, whether it is pinned."""
    parts = [record.copies[event.run].part if event.source else SILENCE for event in record.events]
    return [
        [
            *(round(event.time, 6), round(event.duration, 6), event.token, event.played),
            *(round(exp(min(event.log_probability, 0.0)), 4), part),
            *(round(event.source_start, 6), round(event.source_end, 6), event.run, event.pinned),
        ]
        for event, part in zip(record.events, parts, strict=True)
    ]


def _source(project: Project, directory: Path, source: SourceFile, known: set[str]) -> Plain:
    """What a file is called, and by which name the page asks for it; empty where it lies outside the project."""
    path = directory / source.path
    try:
        file = project.name_of(project.inside(path).resolve())
    except (BadData, ValueError):
        file = ""
    return {"title": Path(source.path).name or "a sound without a file", "file": file if file in known else ""}


def _parent(project: Project, name: str) -> str:
    found = project.recall(PARENTS, name)
    return found if isinstance(found, str) and found in project.listing().responses else ""


def kept(project: Project, name: str) -> list[list[float]]:
    """The spans of a response that are kept, in seconds."""
    try:
        found = KeptBody.model_validate({"response": name, "spans": project.recall(KEPT, name) or []})
    except ValidationError:
        return []
    return [[start, end] for start, end in found.spans]


def keep(project: Project, name: str, spans: list[tuple[float, float]]) -> None:
    """Remember which spans of a response are kept. Raises SettingsError for spans that are not within it."""
    record = read_provenance(project.response(name) / PROVENANCE)
    seconds = record.samples / record.sample_rate
    if len(spans) > MOST_SPANS or any(not 0 <= start < end <= seconds + 1e-3 for start, end in spans):
        raise SettingsError(f"spans that are kept lie within the response, which lasts {seconds:g} s")
    project.remember(KEPT, name, [[start, min(end, seconds)] for start, end in sorted(spans)])


def segment(project: Project, name: str, index: int) -> Plain:
    """What one segment testifies, as `antiphon explain` says it."""
    told = explained(project.response(name))
    if not 0 <= index < len(told):
        raise SettingsError(f"no segment {index}; the response has {len(told)}")
    found = told[index]
    return {
        "index": index,
        "facts": [(label, _short(value)) for label, value in found.facts()],
        "rivals": [[token, round(exp(value), 4)] for token, value in found.event.rivals],
        "heard": [[segment, round(loss, 4)] for segment, loss in found.event.heard],
        "cost": found.event.cost,
        "runner_up": found.event.runner_up,
    }


def _short(value: str) -> str:
    """A fact without the folders of the file that it names."""
    head, slash, tail = value.rpartition("/")
    return tail if slash and head.startswith("/") else value


def summary(error: AntiphonError) -> str:
    """An error as one line."""
    return " ".join(str(error).split())
