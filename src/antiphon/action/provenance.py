"""Where every segment of a response comes from."""

from __future__ import annotations

from collections.abc import Iterator

from antiphon.action.runs import Run, runs
from antiphon.types import Event, Memory, Selection, Specification


def events(specification: Specification, selection: Selection, memory: Memory) -> tuple[Event, ...]:
    """One event per segment of the response (n,). Source times are seconds of the source file.

    `run` numbers the unbroken copies in order of time, silences included; a silence has no source.
    """
    found = runs(selection, memory, specification.tokens.intervals)
    return tuple(
        Event(
            time=float(start),
            duration=float(end - start),
            token=int(specification.tokens.ids[index]),
            log_probability=float(specification.log_probabilities[index]),
            played=int(selection.played[index]),
            source=run.part.source if run.part else "",
            source_start=heard,
            source_end=heard + float(end - start) if run.part else heard,
            cost=float(selection.costs[index]),
            run=number,
        )
        for number, run in enumerate(found)
        for index, heard in _heard(run, selection, memory)
        for start, end in [specification.tokens.intervals[index]]
    )


def _heard(run: Run, selection: Selection, memory: Memory) -> Iterator[tuple[int, float]]:
    """Each step of a run, and at which second of the source file its segment starts."""
    for index in range(run.first, run.stop):
        if run.part is None:
            yield index, 0.0
        else:
            start = memory.tokens.intervals[selection.segments[index], 0]
            yield index, max(0.0, float(start) - run.part.start / memory.audio.sample_rate)
