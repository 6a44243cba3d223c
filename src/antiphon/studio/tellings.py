"""A response as plain values: what a page draws of it."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from typing import Any

from antiphon.action.export.provenance_file import Copy, Provenance
from antiphon.types import SILENCE, Event


def segments_of(events: Sequence[Event], copies: Sequence[Copy]) -> list[list[Any]]:
    """Of each event: time, duration, token, what is played, probability, file of the memory (SILENCE: none), its span
    in seconds, run, whether it is pinned."""
    parts = [copies[event.run].part if event.source else SILENCE for event in events]
    return [
        [
            *(round(event.time, 6), round(event.duration, 6), event.token, event.played),
            *(round(exp(min(event.log_probability, 0.0)), 4), part),
            *(round(event.source_start, 6), round(event.source_end, 6), event.run, event.pinned),
        ]
        for event, part in zip(events, parts, strict=True)
    ]


def take_segments_of(record: Provenance, copies: Sequence[Copy]) -> list[list[Any]]:
    """The same of another take: of each event the class that was asked for, and where the take has it from."""
    found = []
    for run, copy in enumerate(copies):
        for event in record.events[copy.first : copy.stop]:
            start = copy.source / record.sample_rate + event.time - copy.start / record.sample_rate
            speed = record.inputs.memories[copy.part].rate if copy.part != SILENCE else 1.0
            found.append(
                [
                    *(round(event.time, 6), round(event.duration, 6), event.token, event.token),
                    *(round(exp(min(event.log_probability, 0.0)), 4), copy.part),
                    *(round(max(start, 0.0) * speed, 6), round(max(start + event.duration, 0.0) * speed, 6)),
                    *(run, copy.pinned),
                ]
            )
    return found
