"""Many pieces: built side by side, gone on with where they were stopped, and a report of what did not come through."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from antiphon.checkpoint import save_json
from antiphon.corpus.manifest import MANIFEST_NAME, Corpus, write_manifest
from antiphon.corpus.synthesis.jobs import Job, find_jobs
from antiphon.corpus.synthesis.pieces import Built, build_piece
from antiphon.corpus.synthesis.pool import worked
from antiphon.corpus.synthesis.settings import BuildSettings, RenderSettings
from antiphon.errors import AntiphonError, BadData
from antiphon.files import owned, sweep
from antiphon.interfaces import Progress, no_progress

REPORT_NAME = "build.json"
"""Beside the manifest: what came through, what did not and why."""

REPORT_VERSION = 1
"""Version of it; raised whenever a field changes its meaning."""

NAMES_SHOWN = 5
"""Names printed for a reason; the report file has all."""


@dataclass(frozen=True)
class BuildReport:
    """What a build did. `failed` goes from a reason to the names of the pieces that it kept back."""

    kind: str
    manifest: Path
    rendered: int
    already_there: int
    failed: Mapping[str, tuple[str, ...]]
    music_seconds: float
    """Length of all multitracks together."""
    rendered_seconds: float
    """Track audio made by this build."""
    wall_seconds: float

    @property
    def real_time_factor(self) -> float:
        """Seconds of track audio made in a second; 0 where nothing had to be made."""
        return self.rendered_seconds / self.wall_seconds if self.wall_seconds > 0 else 0.0

    def account(self) -> dict[str, Any]:
        """What the corpus is, in plain values: the same however often and fast it was built."""
        return {
            "version": REPORT_VERSION,
            "kind": self.kind,
            "pieces": self.rendered + self.already_there,
            "failed": {reason: list(names) for reason, names in self.failed.items()},
            "music_hours": round(self.music_seconds / 3600, 4),
        }

    def as_dict(self) -> dict[str, Any]:
        """The account, and what this build did."""
        return self.account() | {
            "manifest": str(self.manifest),
            "rendered": self.rendered,
            "already_there": self.already_there,
            "rendered_seconds": round(self.rendered_seconds, 3),
            "wall_seconds": round(self.wall_seconds, 3),
            "real_time_factor": round(self.real_time_factor, 2),
        }

    def lines(self) -> list[str]:
        """The report as it is read: what there is and how fast it was made, then each reason, the commonest first."""
        lost = sum(map(len, self.failed.values()))
        lines = [
            f"{self.rendered} {self.kind} rendered, {self.already_there} were there, {lost} did not come through; "
            f"{self.music_seconds / 3600:.2f} hours of music"
        ]
        if self.rendered:
            lines.append(
                f"{self.rendered_seconds:.0f} s of tracks in {self.wall_seconds:.0f} s: "
                f"{self.real_time_factor:.0f} times real time"
            )
        for reason, names in self.failed.items():
            shown = ", ".join(names[:NAMES_SHOWN]) + (", ..." if len(names) > NAMES_SHOWN else "")
            lines.append(f"{len(names)} left out, {reason}: {shown}")
        return [*lines, str(self.manifest)]


def build_corpus(
    kind: str,
    source: Path,
    directory: Path,
    *,
    settings: RenderSettings | None = None,
    build: BuildSettings | None = None,
    progress: Progress = no_progress,
) -> BuildReport:
    """Render the lieder, quartets or pop909 in `source` into `directory`: a folder a piece, a manifest, a report.

    As `build_jobs`. With fewer pieces than there are, they are drawn with the seed. Raises SettingsError for an unknown
    kind, BadData where `source` holds nothing of it.
    """
    settings, build = settings or RenderSettings(), build or BuildSettings()
    jobs = find_jobs(kind, source)
    if build.pieces is not None:
        order = np.random.default_rng(settings.seed).permutation(len(jobs))[: build.pieces]
        jobs = tuple(jobs[index] for index in sorted(order))
    return build_jobs(kind, jobs, directory, settings=settings, build=build, progress=progress)


def build_jobs(
    kind: str,
    jobs: Sequence[Job],
    directory: Path,
    *,
    settings: RenderSettings,
    build: BuildSettings,
    progress: Progress = no_progress,
) -> BuildReport:
    """Render every job into a folder of `directory`, and write manifest.jsonl and build.json there.

    What is there already, made by the same recipe from the same files, is not rendered again. A piece that cannot be
    read or rendered is left out and reported. Raises BadData where none comes through, MissingExtra where a renderer is
    not installed, AntiphonError where `directory` cannot be written, or another build is at it. Works in processes of
    its own: scripts call it below `if __name__ == "__main__":`, as Python demands where processes are spawned.
    """
    with owned(directory):
        return _built(kind, jobs, directory, settings=settings, build=build, progress=progress)


def _built(
    kind: str,
    jobs: Sequence[Job],
    directory: Path,
    *,
    settings: RenderSettings,
    build: BuildSettings,
    progress: Progress,
) -> BuildReport:
    """As `build_jobs`, into a directory that nobody else fills."""
    recipe = settings.recipe()
    function = partial(build_piece, directory=directory, settings=settings, recipe=recipe)
    began = time.monotonic()
    built: list[Built] = []
    failed: dict[str, list[str]] = defaultdict(list)
    task = f"rendering {kind}"
    clean = partial(_clean, directory)
    progress(task, 0, len(jobs))
    stream = worked(function, jobs, processes=build.processes, seconds=build.piece_seconds, clean=clean)
    with closing(stream):
        for count, done in enumerate(stream, 1):
            if done.result is not None:
                built.append(done.result)
            elif isinstance(done.error, AntiphonError) and not isinstance(done.error, BadData):
                # Nothing that this piece alone has: a renderer that is missing, a disk that is full.
                raise done.error
            else:
                failed[" ".join(str(done.error).split())].append(done.item.name)
            progress(task, count, len(jobs))
    report = BuildReport(
        kind,
        directory / MANIFEST_NAME,
        rendered=sum(each.seconds_rendered > 0 for each in built),
        already_there=sum(each.seconds_rendered == 0 for each in built),
        failed={reason: tuple(sorted(names)) for reason, names in sorted(failed.items(), key=_most_first)},
        music_seconds=sum(each.multitrack.duration for each in built),
        rendered_seconds=sum(each.seconds_rendered for each in built),
        wall_seconds=time.monotonic() - began,
    )
    if not built:
        raise BadData(f"no {kind} came through: {next(iter(report.failed), 'there are none')}")
    multitracks = sorted((each.multitrack for each in built), key=lambda each: each.name)
    write_manifest(report.manifest, Corpus(tuple(multitracks)))
    save_json(directory / REPORT_NAME, report.account())
    return report


def _clean(directory: Path, job: Job) -> None:
    """After the process of a job was ended: what it left goes."""
    sweep(directory)


def _most_first(item: tuple[str, list[str]]) -> tuple[int, str]:
    return -len(item[1]), item[0]
