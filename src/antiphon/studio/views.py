"""What a page is told of a project and of a response, in plain values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib import resources
from math import exp
from pathlib import Path
from typing import Any

from antiphon.action.export import PROVENANCE, read_provenance
from antiphon.action.export.formats import FORMATS
from antiphon.action.export.provenance_file import Provenance, SourceFile
from antiphon.action.selection.regions import Region
from antiphon.config.presets import PRESETS
from antiphon.errors import AntiphonError, BadData, SettingsError
from antiphon.reading import json_file, json_of, real
from antiphon.studio import marks
from antiphon.studio.dials import positions, table
from antiphon.studio.jobs import Queue
from antiphon.studio.project import PARENTS, Project
from antiphon.studio.tellings import segments_of, take_segments_of
from antiphon.use_cases.read_explanation import asked_for, explained

Plain = dict[str, Any]

MOST_CONFIG = 1 << 24
"""Bytes of an agent's config.json."""


def state(project: Project, queue: Queue, opened: str = "", since: str = "") -> Plain:
    """The project as it is now, and the marks of the response that a page has `opened`; where nothing of it has changed
    `since` its version, that alone."""
    listing = project.listing()
    found = {
        "project": real(project.root).name or "project",
        "sounds": listing.sounds,
        "agents": listing.agents,
        "responses": sorted(listing.responses, key=lambda name: _made(project, name)),
        "remarks": listing.remarks,
        "jobs": [asdict(job) for job in queue.all()],
        "presets": {name: positions(PRESETS[name]) for name in sorted(PRESETS)},
        "own_presets": marks.presets(project),
        "names": marks.names(project),
        "formats": list(FORMATS),
        "dials": table(),
        "marks": marks.marks(project, opened) if opened in listing.responses else None,
    }
    version = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:16]
    return {"version": version} if version == since else {"version": version, **found}


def _made(project: Project, name: str) -> float:
    try:
        return (project.root / name / PROVENANCE).lstat().st_mtime
    except OSError:
        return 0.0


def response(project: Project, name: str) -> Plain:
    """A response: its tokens, where each segment comes from, and the names of its sounds."""
    directory = project.response(name)
    record, asked = read_provenance(directory / PROVENANCE), asked_for(directory)
    rate = record.sample_rate
    return {
        "name": name,
        "seconds": record.samples / rate,
        "rate": rate,
        "rest": asked.alphabet_size,
        "alphabet": asked.alphabet_id,
        "sound": f"{name}/response.wav",
        "guides": [_source(project, directory, source) for source in record.inputs.guides],
        "memories": [
            {**_source(project, directory, source), "seconds": source.samples / rate * source.rate}
            for source in record.inputs.memories
        ],
        "guide": asked.guide_ids,
        "segments": segments_of(record.events, record.copies),
        "takes": _takes(record, name),
        "marks": marks.marks(project, name),
        "parent": _parent(project, name),
        "seed": record.settings.get("seed", 0),
        "agent": Path(record.inputs.agent).name,
        "agent_name": _agent(project, record.inputs.agent),
        "dials": positions(record.settings),
        "defaults": _defaults(project, record.inputs.agent),
        "regions": _regions(record),
        "edited": bool(record.laid or record.mixing.kept or record.mixing.factor != 1),
        "files": sorted(path.name for path in directory.iterdir() if not path.name.startswith(".")),
    }


def _takes(record: Provenance, name: str) -> list[Plain]:
    return [
        {"name": f"take {number}", "sound": f"{name}/{take.file}", "segments": take_segments_of(record, take.copies)}
        for number, take in enumerate(record.takes, 2)
    ]


def _source(project: Project, directory: Path, source: SourceFile) -> Plain:
    """What a file is called, and by which name the page asks for it; empty where it lies outside the project."""
    path = directory / source.path
    try:
        file = project.name_of(real(project.inside(path)))
    except (BadData, ValueError):
        file = ""
    return {
        "title": Path(source.path).name or "a sound without a file",
        "file": file if file and project.holds(file) else "",
    }


def _agent(project: Project, noted: str) -> str | None:
    """What the page calls the agent that a response tells of: empty for the base agent, None for one that is not in the
    project."""
    if not noted:
        return ""
    try:
        name = project.name_of(real(Path(noted)))
    except (OSError, ValueError):
        return None
    return name if name in project.listing().agents else None


def _defaults(project: Project, noted: str) -> Mapping[str, Any]:
    """Where the dials of the agent itself stand; nothing where it is not there, or says nothing."""
    name = _agent(project, noted)
    try:
        if name is None:
            return {}
        if name:
            directory = project.agent(name)
            assert directory is not None
            content = json_file(directory / "config.json", MOST_CONFIG)
        else:
            base = resources.files("antiphon").joinpath("base_agent", "config.json")
            content = json_of(base.read_text(encoding="utf-8"), "the base agent")
        return positions(content["settings"])
    except (BadData, KeyError, TypeError, OSError, AttributeError):
        return {}


def _regions(record: Provenance) -> dict[str, list[list[float]]]:
    """Regions in force, as (number of the memory's file, start, end) each."""
    found: dict[str, list[list[float]]] = {}
    for kind in ("allowed", "taboo"):
        found[kind] = []
        for text in record.settings.get("action", {}).get(f"{kind}_regions", ()):
            try:
                region = Region.parsed(text)
            except (SettingsError, AttributeError):
                continue
            found[kind] += [
                [number, region.start, region.end] for number, part in enumerate(record.parts) if region.is_of(part)
            ]
    return found


def _parent(project: Project, name: str) -> str:
    found = project.recall(PARENTS, name)
    return found if isinstance(found, str) and found in project.listing().responses else ""


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
