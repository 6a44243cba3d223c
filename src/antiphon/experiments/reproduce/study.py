"""The whole study: cells that can be resumed, then the table of all of them."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from antiphon import __version__
from antiphon.checkpoint import load_json, save_json
from antiphon.config import DecisionSettings, Settings, TrainingSettings, validated
from antiphon.corpus.manifest import Corpus
from antiphon.dataset import prepare
from antiphon.errors import AntiphonError, SettingsError
from antiphon.evaluation.protocol import PROTOCOL_VERSION
from antiphon.experiments.reproduce.cells import SCORES, Job, finished_cell, open_part
from antiphon.experiments.reproduce.plan import Plan, network_gigabytes, plan_of
from antiphon.experiments.reproduce.processes import run_all, suitable_workers
from antiphon.files import owned, refuse_foreign, whole_file
from antiphon.interfaces import Progress, no_progress
from antiphon.pages import paper_figures as figures
from antiphon.pages.study import as_page
from antiphon.pages.study_tables import as_markdown
from antiphon.perception.cache import FrameCache, default_directory
from antiphon.perception.perception import Perception
from antiphon.reading import real

DURATIONS = (0.25, 0.35, 0.5)
"""Segment lengths in seconds (paper 5.2)."""

SIZES = (16, 64, 256)
"""Alphabets, K (paper 5.2)."""

STUDY, TABLE = "study.json", "table.json"
FILES = (STUDY, SCORES, TABLE, "table.md", "cells", "figures", "index.html")
"""What a study's directory holds."""

LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "onnxruntime")
"""On whose versions the numbers depend."""

QUICK_PIECES = 80
"""Pieces of a quick study."""


@dataclass(frozen=True)
class Study:
    """What is asked for: the grid of cells, their common settings, and what of the protocol is free.

    `pieces` of the corpus are taken, 0 all. The models named in `consensus_of` are also judged by a consensus of
    `consensus` samples, 0 none: this costs each of them so many whole decodings.
    """

    settings: Settings = field(default_factory=Settings)
    durations: tuple[float, ...] = DURATIONS
    sizes: tuple[int, ...] = SIZES
    pieces: int = 0
    consensus: int = 32
    consensus_of: tuple[str, ...] = ("antiphon", "p(b|a)", "bigram", "trigram", "counts with guide")
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.durations or not self.sizes:
            raise SettingsError("a study needs a duration and an alphabet size at least")
        if self.settings.perception.segmenter != "uniform":
            raise SettingsError("setting perception.segmenter: the study compares durations of uniform segments")

    def jobs(self, corpus: Path, output: Path) -> tuple[Job, ...]:
        """Its cells, alphabet by alphabet. Raises SettingsError for a duration or a size out of range."""
        return tuple(
            Job(
                name=f"{duration:g}s_A{size}",
                corpus=corpus,
                directory=output / "cells" / f"{duration:g}s_A{size}",
                settings=_with(self.settings, duration, size),
                pieces=self.pieces,
                consensus=self.consensus,
                consensus_of=self.consensus_of,
                seed=self.seed,
            )
            for size in self.sizes
            for duration in self.durations
        )


@dataclass(frozen=True)
class Studied:
    """A finished study: the content of table.json, and where everything is."""

    table: Mapping[str, Any]
    directory: Path


def quick(study: Study) -> Study:
    """The same in minutes: a small network, few epochs, some of the pieces. Corpus, perception, sampling and protocol
    stay as they are; of the training, its seed, device and precision."""
    kept = study.settings.training
    settings = study.settings.model_copy(
        update={
            "decision": DecisionSettings(layers=2, guide_layers=1, dimension=96, feed_forward=384),
            "training": TrainingSettings(
                max_epochs=20,
                patience=3,
                draws_per_window=4,
                seed=kept.seed,
                device=kept.device,
                precision=kept.precision,
            ),
        }
    )
    return replace(study, settings=settings, pieces=study.pieces or QUICK_PIECES)


def _with(settings: Settings, duration: float, size: int) -> Settings:
    tree = settings.model_dump()
    tree["perception"] |= {"segment_seconds": duration, "alphabet_size": size}
    return validated(tree)


def nobody(plan: Plan) -> None:
    """Tell no one of the plan."""


def reproduce(
    corpus: str | Path,
    output: str | Path,
    study: Study | None = None,
    *,
    workers: int | None = None,
    draw: bool = True,
    told: Callable[[Plan], None] = nobody,
    progress: Progress = no_progress,
) -> Studied:
    """Train, judge and draw every cell of a study on a corpus; go on where an earlier call was interrupted.

    `told` is given the plan before it starts. `workers` processes, each with one thread, do the cells; None: as many
    as cores and memory allow. Same corpus, study and versions: same bytes, but for `times.json` in the cells. Raises
    MissingExtra where it is to `draw` and matplotlib is not there, SettingsError where `output` holds another study,
    AntiphonError where another program works on it, or where a cell failed, after all others.
    """
    if draw:
        figures.require()
    study, target, source = study or Study(), Path(output), real(Path(corpus))
    refuse_foreign(target, FILES)
    with owned(target):
        return _reproduced(source, target, study, workers=workers, draw=draw, told=told, progress=progress)


def _reproduced(
    source: Path,
    target: Path,
    study: Study,
    *,
    workers: int | None,
    draw: bool,
    told: Callable[[Plan], None],
    progress: Progress,
) -> Studied:
    """As `reproduce`, into a directory that nobody else fills."""
    jobs = study.jobs(source, target)
    part = open_part(source, study.settings, study.pieces, study.seed)
    about = _about(study, part)
    _require_same(target / STUDY, about)
    workers = workers or suitable_workers(network_gigabytes(jobs[-1].settings))
    told(plan_of(jobs, part, workers))
    if not all(job.finished for job in jobs):
        _listen(part, jobs[0].settings, progress)
    save_json(target / STUDY, about)
    failed = run_all([job for job in jobs if not job.finished], workers, progress)
    done = [job for job in jobs if job.finished]
    result = _written(target, about, done, draw)
    if failed:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
        raise AntiphonError(f"{len(failed)} of {len(jobs)} cells failed, the others are in {target}: {reasons}")
    return result


def _listen(corpus: Corpus, settings: Settings, progress: Progress) -> None:
    """Encode once, before several processes would each do it."""
    perception = Perception(settings.perception, None, FrameCache(default_directory()))
    prepare(corpus, perception, settings.corpus, progress)


def _about(study: Study, corpus: Corpus) -> dict[str, Any]:
    """All on which the scores of a cell depend, and the versions they were made with."""
    lines = sorted(
        [each.name, each.piece, corpus.splits.get(each.name), [[track.name, track.duration] for track in each.tracks]]
        for each in corpus.multitracks
    )
    settings = study.settings.model_dump(mode="json")
    for name in ("segment_seconds", "alphabet_size"):
        del settings["perception"][name]
    return {
        "antiphon": __version__,
        "protocol": PROTOCOL_VERSION,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "corpus": {
            "multitracks": len(corpus.multitracks),
            "pieces": len({each.piece for each in corpus.multitracks}),
            "minutes": round(sum(each.duration for each in corpus.multitracks) / 60, 3),
            "digest": hashlib.sha256(json.dumps(lines).encode()).hexdigest()[:16],
        },
        "settings": settings,
        "seed": study.seed,
        "consensus": {"samples": study.consensus, "models": list(study.consensus_of)},
    }


def _require_same(path: Path, about: Mapping[str, Any]) -> None:
    if not path.exists():
        return
    different = sorted(_differences(load_json(path), about))
    if different:
        named = ", ".join(different[:3]) + (" and more" if len(different) > 3 else "")
        raise SettingsError(f"{path.parent} holds another study, which differs in {named}; choose another directory")


def _differences(before: Any, now: Any, name: str = "") -> Iterator[str]:
    """The names of the values that differ, with points between those of a tree."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in before.keys() | now.keys():
            yield from _differences(before.get(key), now.get(key), f"{name}.{key}".lstrip("."))
    elif json.dumps(before) != json.dumps(now):
        yield name


def _written(target: Path, about: Mapping[str, Any], jobs: Sequence[Job], draw: bool) -> Studied:
    """The outputs of all finished cells together."""
    with whole_file(target / SCORES) as temporary, temporary.open("wb") as stream:
        for job in jobs:
            with (job.directory / SCORES).open("rb") as part:
                shutil.copyfileobj(part, stream)
    cells = [finished_cell(job) for job in jobs]
    table = {"study": dict(about), "cells": cells}
    save_json(target / TABLE, table)
    pictures: list[tuple[figures.Drawing, bytes]] = []
    for drawing in figures.DRAWINGS if draw and jobs else ():
        for ending, content in figures.files(drawing, cells).items():
            with whole_file(target / "figures" / f"{drawing.name}.{ending}") as temporary:
                temporary.write_bytes(content)
            if ending == "png":
                pictures.append((drawing, content))
    for name, text in (("table.md", as_markdown(table)), ("index.html", as_page(table, pictures))):
        with whole_file(target / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return Studied(table, target)
