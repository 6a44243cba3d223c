"""A response again, of which some spans stay: their samples are kept, bit for bit, and the rest is answered anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from antiphon.action.export import PROVENANCE, read_provenance
from antiphon.action.export.provenance_file import (
    Inputs,
    Provenance,
    found_file,
    require_same,
    source_files,
    testified_file,
)
from antiphon.action.rendering.crossfade import Crossfade
from antiphon.action.rendering.loudness import true_peak, with_gain
from antiphon.action.selection.pins import cut
from antiphon.action.statistics import response_statistics
from antiphon.agent import Agent
from antiphon.audio import mixed, witnessed
from antiphon.errors import AntiphonError, BadData, SettingsError
from antiphon.files import Claim, claimed, whole_directory
from antiphon.interfaces import Progress, no_progress
from antiphon.types import Audio, Memory, Response, Run
from antiphon.use_cases.explain import with_candidate_costs
from antiphon.use_cases.respond import ANSWER_FILES, Answer, RespondOptions, write_result

MARGIN = 3
"""Crossfades that stay on either side of a kept span, so that no fade of the new neighbours reaches into it."""

TURNS = 3
"""How often what is new is turned down before the whole is."""

Span = tuple[float, float]
"""From a second to a second of the response."""

Found = Callable[[Path], Path]
"""Called with every file that is read; it may refuse one."""


@dataclass(frozen=True, eq=False)
class _Before:
    """The response that is gone on with, its folder, where its files are now, and what of it stays."""

    folder: Path
    record: Provenance
    guides: tuple[Path, ...]
    memories: tuple[Path, ...]
    pins: tuple[Run, ...]


def respond_again(
    before: Path,
    agent: Agent,
    output: Path,
    *,
    kept: Sequence[Span],
    wanted: RespondOptions,
    allowed: Found = lambda path: path,
    progress: Progress = no_progress,
) -> Answer:
    """Respond again to the guide of the response in the folder `before`, and write the directory `output`.

    The `kept` spans have the samples that they had. `allowed` is called with each file before it is read. Raises
    SettingsError for spans outside the response, BadData where a file is gone or has changed, AntiphonError where items
    that were laid over the response in a session would be lost.
    """
    record = read_provenance(before / PROVENANCE)
    if record.laid or record.mixing.kept or record.mixing.factor != 1:
        raise AntiphonError(f"{before}: edited in a session; go on with respond --from {before / 'session.rpp'}")
    if output.resolve() == before.resolve():
        raise AntiphonError(f"{before} is not written over; choose another directory")
    guides, memories = (
        tuple(allowed(found_file(source, before)) for source in sources)
        for sources in (record.inputs.guides, record.inputs.memories)
    )
    if not guides:
        raise BadData(f"{before / PROVENANCE}: names no guide")
    pins = kept_runs(record, kept)
    with claimed(output, ANSWER_FILES, overwrite=wanted.overwrite, holding="a response") as claim:
        gone_on_with = _Before(before, record, guides, memories, pins)
        return _responded(gone_on_with, agent, claim, wanted, progress)


def kept_runs(record: Provenance, kept: Sequence[Span]) -> tuple[Run, ...]:
    """What the response plays in these spans and a little around them, pinned, in order of time and none twice.

    Raises SettingsError for a span that ends before it begins, or lies outside the response.
    """
    rate, margin = record.sample_rate, round(MARGIN * record.crossfade_seconds * record.sample_rate)
    length = record.samples / rate
    spans: list[tuple[int, int]] = []
    for start, end in sorted(kept):
        if not 0 <= start < end <= length + 1 / rate:
            raise SettingsError(
                f"a span from {start:g} to {end:g} s is not within the response, which lasts {length:g} s"
            )
        first, stop = max(round(start * rate) - margin, 0), min(round(end * rate) + margin, record.samples)
        if spans and first <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], stop))
        else:
            spans.append((first, stop))
    runs = record.runs
    return tuple(
        replace(piece, first=0, stop=0, pinned=True)
        for first, stop in spans
        for run in runs
        if (piece := cut(run, first, stop)) is not None
    )


def _responded(before: _Before, agent: Agent, claim: Claim, wanted: RespondOptions, progress: Progress) -> Answer:
    """As `respond_again`, into an output that is claimed."""
    record = before.record
    heard = [
        testified_file(path, source, before.folder)
        for path, source in zip(before.guides, record.inputs.guides, strict=True)
    ]
    guide = mixed([each.audio for each in heard])
    progress("respond", 1, 4)
    memory, played = witnessed(before.memories, lambda: agent.memory_of(before.memories))
    require_same(before.memories, played, record.inputs.memories, before.folder)
    progress("respond", 2, 4)
    pins: tuple[Run, ...] = ()
    if before.pins:
        memory = agent.at_rates(memory, [source.rate for source in record.inputs.memories])
        pins = _in_memory(before.pins, record, memory)
    response, *_ = agent.takes(guide, memory, 1, seed=wanted.seed, pins=pins)
    memory = response.memory or memory
    if wanted.explained:
        response = with_candidate_costs(agent, response, memory, pins=pins, seed=wanted.seed, progress=progress)
    response, notes = (
        as_loud(response, memory, record, agent.settings.action.true_peak_dbtp) if pins else (response, ())
    )
    result = Answer(response, guide, memory, response_statistics(response, memory), tempo=record.tempo, notes=notes)
    progress("respond", 3, 4)
    inputs = Inputs(
        source_files(before.guides, [each.sha256 for each in heard]),
        source_files(before.memories, played),
        record.inputs.agent,
    )
    with whole_directory(claim.target, ANSWER_FILES) as inside:
        write_result(inside, result, agent, inputs=inputs, export=wanted.export)
        claim.confirm()
    progress("respond", 4, 4)
    return result


def _in_memory(runs: Sequence[Run], record: Provenance, memory: Memory) -> tuple[Run, ...]:
    """The runs as they read from `memory`. Raises BadData where it is not the one that the record tells of."""
    if [part.end for part in record.parts] != [part.end for part in memory.parts]:
        raise BadData("the memory is not as long as it was when the response was made")
    parts = dict(zip(record.parts, memory.parts, strict=True))
    return tuple(replace(run, part=parts[run.part]) if run.part else run for run in runs)


def as_loud(
    response: Response, memory: Memory, record: Provenance, true_peak_dbtp: float
) -> tuple[Response, tuple[str, ...]]:
    """The response with the gain of the `record`, so that what it keeps has its samples, and what is to be said of it.

    Where new sound would pass the highest peak, it alone is turned down, a phrase with its own gain each.
    """
    runs, limit, note = response.runs, 10 ** (true_peak_dbtp / 20), ""
    renderer = Crossfade(response.settings["action"]["crossfade_seconds"])
    sound = with_gain(renderer.of_runs(runs, memory.audio, record.samples), record.gain)
    for _ in range(TURNS):
        peaks = {number: _peak(sound, run) for number, run in enumerate(runs) if not run.pinned}
        loud = {number: peak for number, peak in peaks.items() if peak > limit}
        if not loud:
            break
        note = "new phrases are turned down, so that no peak passes the limit and what was kept stays as loud"
        runs = tuple(
            replace(run, gain=run.gain * limit / loud[number]) if number in loud else run
            for number, run in enumerate(runs)
        )
        sound = with_gain(renderer.of_runs(runs, memory.audio, record.samples), record.gain)
    return replace(response, audio=sound, runs=runs, gain=record.gain), (note,) if note else ()


def _peak(sound: Audio, run: Run) -> float:
    part = sound.samples[run.start : min(run.end, len(sound.samples))]
    return true_peak([Audio(np.ascontiguousarray(part), sound.sample_rate)]) if len(part) else 0.0
