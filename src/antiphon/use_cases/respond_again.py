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
from antiphon.agent.playing import Hearing
from antiphon.audio import mixed, witnessed
from antiphon.errors import AntiphonError, BadData, SettingsError
from antiphon.files import Claim, claimed, whole_directory
from antiphon.interfaces import Progress, no_progress
from antiphon.reading import real
from antiphon.types import Audio, Edited, Memory, Response, Run, Specification
from antiphon.use_cases.explain import with_candidate_costs
from antiphon.use_cases.registers import register_prices
from antiphon.use_cases.respond import ANSWER_FILES, Answer, RespondOptions, write_result

MARGIN = 3
"""Crossfades that stay on either side of a kept span, so that no fade of the new neighbours reaches into it."""

TURNS = 3
"""How often what is new is turned down before the whole is."""

Span = tuple[float, float]
"""From a second to a second of the response."""

Found = Callable[[Path], Path]
"""Called with every file that is read; it may refuse one."""


@dataclass(frozen=True)
class Marks:
    """What a musician says of a response before it is answered anew: spans that are `kept`, spans that are `rejected`
    (what they play is not played there again), and classes that are `asked` for, as (segment, class)."""

    kept: tuple[Span, ...] = ()
    rejected: tuple[Span, ...] = ()
    asked: tuple[tuple[int, int], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.kept or self.rejected or self.asked)


@dataclass(frozen=True)
class Wished:
    """The marks, by how many octaves above the guide's register the response should lie (None: wherever it likes), and
    which take of the response they are said of, 1 being the response itself."""

    marks: Marks = Marks()
    register: float | None = None
    take: int = 1


@dataclass(frozen=True, eq=False)
class Reopened:
    """A response that is gone on with: its folder, its record, where its files are now and the hashes of what was read,
    the guide and the memory."""

    folder: Path
    record: Provenance
    guides: tuple[Path, ...]
    memories: tuple[Path, ...]
    hashes: tuple[tuple[str, ...], tuple[str, ...]]
    guide: Audio
    memory: Memory


def unedited(before: Path) -> Provenance:
    """The record of a response. Raises AntiphonError where a session laid something over it."""
    record = read_provenance(before / PROVENANCE)
    if record.laid or record.mixing.kept or record.mixing.factor != 1:
        raise AntiphonError(f"{before}: edited in a session; go on with respond --from {before / 'session.rpp'}")
    return record


def of_take(record: Provenance, number: int) -> Provenance:
    """The record as if another take of the response were the response. Raises SettingsError for one that it does not
    have."""
    if number == 1:
        return record
    if not 2 <= number <= len(record.takes) + 1:
        raise SettingsError(f"no take {number}; the response has {len(record.takes) + 1}")
    take = record.takes[number - 2]
    return replace(record, copies=take.copies, gain=take.gain, takes=())


def reopened(
    before: Path, agent: Agent, allowed: Found = lambda path: path, progress: Progress = no_progress
) -> Reopened:
    """Guide and memory of the response in the folder `before`, whose files have not changed since it was made.

    `allowed` is called with each file before it is read. Raises BadData where a file is gone or has changed,
    AntiphonError where items that were laid over the response in a session would be lost.
    """
    record = unedited(before)
    guides, memories = (
        tuple(allowed(found_file(source, before)) for source in sources)
        for sources in (record.inputs.guides, record.inputs.memories)
    )
    if not guides:
        raise BadData(f"{before / PROVENANCE}: names no guide")
    heard = [testified_file(path, source, before) for path, source in zip(guides, record.inputs.guides, strict=True)]
    progress("respond", 1, 4)
    memory, played = witnessed(memories, lambda: agent.memory_of(memories))
    require_same(memories, played, record.inputs.memories, before)
    progress("respond", 2, 4)
    hashes = tuple(each.sha256 for each in heard), tuple(played)
    return Reopened(before, record, guides, memories, hashes, mixed([each.audio for each in heard]), memory)


def heard_again(agent: Agent, opened: Reopened, *, same_rates: bool) -> Hearing:
    """Guide and memory of a response as an agent hears them.

    With the `same_rates` the memory goes as fast as it went, so that its samples can stay.
    """
    memory = opened.memory
    if same_rates:
        memory = agent.at_rates(memory, [source.rate for source in opened.record.inputs.memories])
    return agent.hear(opened.guide, memory, may_stretch=not same_rates)


def constraints_of_marks(opened: Reopened, heard: Hearing, wished: Wished) -> tuple[tuple[Run, ...], Edited | None]:
    """What marks mean to an answer: pins, and what is edited beside them, None where nothing is.

    Raises SettingsError for spans outside the response, BadData where the memory is not the one it was made of.
    """
    marks, record = wished.marks, of_take(opened.record, wished.take)
    pins, refused = (
        _in_memory(found, opened, heard.memory) if found else ()
        for found in (kept_runs(record, marks.kept), runs_within(record, marks.rejected))
    )
    dearer = None
    if wished.register is not None:
        dearer = register_prices(heard.guide, heard.memory, wished.register)
    if not refused and not marks.asked and dearer is None:
        return pins, None
    return pins, Edited((), refused, marks.asked, dearer)


def answered_again(
    agent: Agent,
    opened: Reopened,
    heard: Hearing,
    wished: Wished,
    seed: int,
    *,
    specification: Specification | None = None,
) -> tuple[Response, tuple[str, ...]]:
    """The response once more around what a musician wished, and what is to be said of it; nothing is encoded.

    A `specification` that was decided of the same before is not decided again.
    """
    pins, edited = constraints_of_marks(opened, heard, wished)
    response, *_ = agent.takes_of(heard, seed=seed, pins=pins, edited=edited, specification=specification)
    if wished.register is not None:
        response = replace(response, settings={**response.settings, "register": wished.register})
    if not pins:
        return response, ()
    return as_loud(response, heard.memory, of_take(opened.record, wished.take), agent.settings.action.true_peak_dbtp)


def respond_again(
    before: Path,
    agent: Agent,
    output: Path,
    *,
    wished: Wished,
    wanted: RespondOptions,
    allowed: Found = lambda path: path,
    progress: Progress = no_progress,
) -> Answer:
    """Respond again to the guide of the response in the folder `before`, and write the directory `output`.

    What is kept has the samples that it had. `allowed` is called with each file before it is read. Raises SettingsError
    for marks outside the response, BadData where a file is gone or has changed, AntiphonError where items that were
    laid over the response in a session would be lost.
    """
    record = unedited(before)
    if real(output) == real(before):
        raise AntiphonError(f"{before} is not written over; choose another directory")
    kept_runs(of_take(record, wished.take), wished.marks.kept)
    with claimed(output, ANSWER_FILES, overwrite=wanted.overwrite, holding="a response") as claim:
        return _responded(
            reopened(before, agent, allowed, progress), agent, claim, wished, wanted=wanted, progress=progress
        )


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
    return tuple(
        replace(piece, first=0, stop=0, pinned=True) for first, stop in spans for piece in _pieces(record, first, stop)
    )


def runs_within(record: Provenance, spans: Sequence[Span]) -> tuple[Run, ...]:
    """What the response plays in these spans, in order of time; spans of it that lie outside are none."""
    rate = record.sample_rate
    return tuple(
        piece
        for start, end in sorted(spans)
        for piece in _pieces(record, round(start * rate), min(round(end * rate), record.samples))
        if piece.part is not None
    )


def _pieces(record: Provenance, first: int, stop: int) -> list[Run]:
    """What of each copy lies between two samples of the response."""
    return [piece for run in record.runs if (piece := cut(run, first, stop)) is not None]


def _responded(
    opened: Reopened, agent: Agent, claim: Claim, wished: Wished, *, wanted: RespondOptions, progress: Progress
) -> Answer:
    """As `respond_again`, into an output that is claimed."""
    record = opened.record
    heard = heard_again(agent, opened, same_rates=bool(wished.marks))
    response, notes = answered_again(agent, opened, heard, wished, wanted.seed)
    if wanted.explained:
        pins, edited = constraints_of_marks(opened, heard, wished)
        response = with_candidate_costs(
            agent, response, heard.memory, pins=pins, edited=edited, seed=wanted.seed, progress=progress
        )
    statistics = response_statistics(response, heard.memory)
    result = Answer(
        *(response, opened.guide, heard.memory, statistics),
        tempo=record.tempo,
        notes=notes,
        names=wanted.names_for(agent, record.names),
    )
    progress("respond", 3, 4)
    inputs = Inputs(
        source_files(opened.guides, opened.hashes[0]),
        source_files(opened.memories, opened.hashes[1]),
        record.inputs.agent,
    )
    with whole_directory(claim.target, ANSWER_FILES) as inside:
        write_result(inside, result, agent, inputs=inputs, export=wanted.export)
        claim.confirm()
    progress("respond", 4, 4)
    return result


def _in_memory(runs: Sequence[Run], opened: Reopened, memory: Memory) -> tuple[Run, ...]:
    """The runs as they read from `memory`. Raises BadData where it is not the one that the record tells of."""
    record = opened.record
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
    turned = set(range(len(runs)))
    for _ in range(TURNS):
        # A run sounds as before where neither it nor a neighbour, which fades into it, was turned down.
        near = {each for number in turned for each in (number - 1, number, number + 1)}
        peaks = {number: _peak(sound, run) for number, run in enumerate(runs) if not run.pinned and number in near}
        loud = {number: peak for number, peak in peaks.items() if peak > limit}
        if not loud:
            break
        turned = set(loud)
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
