"""Where every segment of a response comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from antiphon.types import SILENCE, Event, Memory, Run, Seconds, Selection, Specification


def events(
    specification: Specification, selection: Selection, memory: Memory, runs: Sequence[Run]
) -> tuple[Event, ...]:
    """One event per segment of the response (n,), from the `runs` as they were rendered.

    Source times are seconds of the source file. `run` numbers the unbroken copies in order of time, silences included;
    a silence has no source. A segment that was held has the span that is copied first.
    """
    tokens, rate = specification.tokens, memory.audio.sample_rate
    counts = np.bincount(memory.tokens.ids)
    return tuple(
        Event(
            time=float(start),
            duration=float(end - start),
            token=int(tokens.ids[index]),
            log_probability=float(specification.log_probabilities[index]),
            played=int(selection.played[index]),
            source=run.part.source if run.part else "",
            source_start=first / rate * (run.part.rate if run.part else 1.0),
            source_end=stop / rate * (run.part.rate if run.part else 1.0),
            cost=float(selection.costs[index]),
            run=number,
            source_first=first,
            source_stop=stop,
            pinned=run.pinned,
            candidates=int(counts[selection.played[index]]) if selection.segments[index] != SILENCE else 0,
        )
        for index, number, run, (first, stop) in _spans(tokens.intervals, runs, rate)
        for start, end in [tokens.intervals[index]]
    )


def _spans(intervals: Seconds, runs: Sequence[Run], rate: int) -> Iterator[tuple[int, int, Run, tuple[int, int]]]:
    """Each step, the number of its run, the run, and the span that it plays in samples of the source file."""
    edges = np.round(intervals * rate).astype(np.int64)
    for number, run in enumerate(runs):
        for index in range(run.first, run.stop):
            if run.part is None:
                yield index, number, run, (0, 0)
            else:
                shift = run.source - run.part.start - run.start
                start, end = max(int(edges[index, 0]), run.start), min(int(edges[index, 1]), run.end)
                yield index, number, run, (start + shift, end + shift)
