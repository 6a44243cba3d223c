"""What a provenance.json may say: limits for every number, since it may come from anybody.

Beyond these limits nothing was ever written; within them, whatever goes through a response stays finite.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING

from antiphon.types import SILENCE, Event

if TYPE_CHECKING:
    from antiphon.action.export.provenance_file import Copy, Provenance

MOST_RATE, MOST_CHANNELS = 6_144_000, 256
"""Hz, and channels of a response."""

MOST_SAMPLES = 2**33
"""A day of sound at 96 kHz."""

MOST_SECONDS = 1e7
"""115 days."""

MOST_TOKEN = 2**17
"""Above the id of any class."""

MOST_NATS = 700.0
"""Its exponential is still a number."""

MOST_GAIN = 1e6
"""120 dB."""

MOST_COST = 1e12
"""Above the cost of any path."""

SLOWEST_RATE, FASTEST_RATE = 0.9, 1.1
"""How much a file of the memory may be slowed down and sped up."""

SLOWEST_BPM, FASTEST_BPM, MOST_BEATS = 1.0, 6000.0, 1024
"""Tempi and bars that mean something."""


def first_problem(record: Provenance) -> str | None:
    """What cannot be true in a provenance, as a sentence; None where nothing stands against it."""
    return next(_problems(record), None)


def _problems(record: Provenance) -> Iterator[str]:
    yield from _of_response(record)
    yield from _of_events(record)
    yield from _of_copies(record)
    yield from _of_laid(record)
    for take in record.takes:
        if not _within(take.gain, 0, MOST_GAIN) or PurePath(take.file).name != take.file or not take.file:
            yield f"a take whose file or gain cannot be ({take.file!r})"
    for point in record.tempo:
        bpm, beats = _within(point.bpm, SLOWEST_BPM, FASTEST_BPM), 1 <= point.beats_per_bar <= MOST_BEATS
        if not (bpm and beats and _within(point.time, 0, MOST_SECONDS)):
            yield f"a tempo that cannot be ({point.bpm} a minute)"
    if not record.tempo or any(after.time < here.time for here, after in itertools.pairwise(record.tempo)):
        yield "no tempo, or tempi that are not in order of time"
    for sound in record.sounds:
        if sound is not None and not (0 <= sound.note <= 127 and _within(sound.level, -1000, 1000)):
            yield f"a sound whose note or level cannot be ({sound.note})"


def _of_response(record: Provenance) -> Iterator[str]:
    mixing, sources = record.mixing, (*record.inputs.guides, *record.inputs.memories, *record.inputs.own)
    limits = {
        "sample_rate": (record.sample_rate, 1, MOST_RATE),
        "channels": (record.channels, 1, MOST_CHANNELS),
        "samples": (record.samples, 0, MOST_SAMPLES),
        "gain": (record.gain, 0, MOST_GAIN),
        "crossfade_seconds": (record.crossfade_seconds, 0, 60),
        "mixing.fader": (mixing.fader, -MOST_GAIN, MOST_GAIN),
        "mixing.kept": (mixing.kept, 0, 1_000_000),
    }
    yield from _outside(limits)
    for source in sources:
        if not 0 <= source.samples <= MOST_SAMPLES:
            yield f"{source.samples} samples of {source.path!r}"
        if not _within(source.rate, SLOWEST_RATE, FASTEST_RATE):
            yield f"{source.path!r} played at a rate of {source.rate}"
        if any("\0" in path for path in (source.path, source.origin)):
            yield f"a path that cannot be ({source.path!r})"


def _of_events(record: Provenance) -> Iterator[str]:
    copies = max(len(record.copies), 1)
    for number, event in enumerate(record.events):
        limits: dict[str, tuple[float, float, float]] = {
            "time": (event.time, 0, MOST_SECONDS),
            "duration": (event.duration, 0, MOST_SECONDS),
            "token": (event.token, 0, MOST_TOKEN),
            "played": (event.played, 0, MOST_TOKEN),
            "log_probability": (event.log_probability, -MOST_COST, 1e-3),
            "source_start": (event.source_start, 0, MOST_SECONDS),
            "source_end": (event.source_end, 0, MOST_SECONDS),
            "cost": (event.cost, -MOST_COST, MOST_COST),
            "run": (event.run, 0, copies - 1),
            "source_first": (event.source_first, 0, MOST_SAMPLES),
            "source_stop": (event.source_stop, 0, MOST_SAMPLES),
            "candidates": (event.candidates, 0, MOST_SAMPLES),
            "runner_up": (event.runner_up or 0.0, -MOST_COST, MOST_COST),
        }
        yield from (f"events.{number}.{said}" for said in _outside(limits))
        if not all(_is_told(*pair) for pair in _pairs(event)):
            yield f"events.{number}: rivals or heard segments that cannot be"


def _pairs(event: Event) -> Iterator[tuple[int, float]]:
    yield from event.rivals
    yield from event.heard


def _is_told(number: int, nats: float) -> bool:
    return 0 <= number <= MOST_SAMPLES and _within(nats, -MOST_COST, MOST_NATS)


def _of_copies(record: Provenance) -> Iterator[str]:
    events = len(record.events)
    # Segments are rounded to samples, and the last may be a little longer than the sound.
    end = record.samples + record.sample_rate
    for copy in itertools.chain(record.copies, *(take.copies for take in record.takes)):
        steps = 0 <= copy.first <= copy.stop <= events
        placed = 0 <= copy.start <= copy.end <= end
        if not (steps and placed and _is_in_file(copy, record) and _within(copy.gain, -MOST_GAIN, MOST_GAIN)):
            yield "a copy names a source file or a span that is not there"
        if copy.laid is not None and not all(0 <= each <= MOST_SAMPLES for each in copy.laid):
            yield "a copy beside an item fades longer than can be"
    if any(after.start < here.end for here, after in itertools.pairwise(record.copies)):
        yield "copies that are not in order of time"


def _is_in_file(copy: Copy, record: Provenance) -> bool:
    if copy.part == SILENCE:
        return 0 <= copy.source <= MOST_SAMPLES
    parts = record.inputs.memories
    return 0 <= copy.part < len(parts) and 0 <= copy.source <= parts[copy.part].samples


def _of_laid(record: Provenance) -> Iterator[str]:
    files = len(record.inputs.memories) + len(record.inputs.own)
    for each in record.laid:
        fades = all(
            0 <= fade.length <= MOST_SAMPLES and abs(fade.shape) < 100 for fade in (each.fade_in, each.fade_out)
        )
        spans = all(abs(place) <= MOST_SAMPLES for place in (each.start, each.end, each.source))
        if not (0 <= each.file < files and each.start <= each.end and fades and spans):
            yield "an item names a source file or a span that is not there"
        elif not _within(each.gain, -MOST_GAIN, MOST_GAIN):
            yield f"an item of gain {each.gain}"


def _outside(limits: dict[str, tuple[float, float, float]]) -> Iterator[str]:
    for name, (value, least, most) in limits.items():
        if not _within(value, least, most):
            yield f"{name}: {value} is not from {least:g} to {most:g}"


def _within(value: float, least: float, most: float) -> bool:
    return math.isfinite(value) and least <= value <= most


def within_seed(value: object, most: int) -> bool:
    """Whether a value is a seed."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
