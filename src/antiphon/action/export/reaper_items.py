"""The items of a REAPER project: one for each unbroken copy of the memory, with the other takes inside as takes.

An item's first take is a piece of the memory. Takes 2 and on play the files of the other takes at the item's own time,
so that items may be cut anywhere and neighbours with one and the same take sound through. REAPER 6 and 7 open them
alike.
"""

from __future__ import annotations

import colorsys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from antiphon.action.export.class_names import known_names, named_classes
from antiphon.action.export.provenance_file import Provenance
from antiphon.action.export.rpp import Block, file_word, words
from antiphon.action.rendering.crossfade import Crossfade, Extent
from antiphon.action.rendering.laid import SLOW_START_AND_END
from antiphon.names import for_rpp
from antiphon.types import Event, Run

GOLDEN_ANGLE = 137.508
"""Degrees of hue between two class ids, as on the page: neighbours in number look different."""

NAMED_NOTES = 4
"""Notes that a region's name spells out."""

BY_SECONDS = 0
"""REAPER's number for an item that is attached to time: a change of tempo leaves it alone."""

_NAMESPACE = uuid.UUID("5d9f0a3e-6c0b-5c39-9b1c-2f3b7a1e8d40")
_SOURCES = {".mp3": "MP3", ".flac": "FLAC", ".ogg": "VORBIS", ".oga": "VORBIS", ".opus": "VORBIS"}


@dataclass(frozen=True)
class Piece:
    """What an item plays: samples from `offset` of its file on, as the file is played, `length` of them; and how fast
    the file is played."""

    offset: int
    length: int
    speed: float


def piece_of(run: Run, extent: Extent) -> Piece:
    """What is heard of a run's file, the fades included."""
    length = extent.end - extent.start
    if run.part is None:
        return Piece(0, length, 1.0)
    offset = run.source - run.part.start - (run.start - extent.start)
    return Piece(offset, min(length, run.part.end - run.part.start - offset), run.part.rate)


def guid(kind: str, number: int = 0) -> str:
    """The same for the same thing, in every session."""
    return "{" + str(uuid.uuid5(_NAMESPACE, f"{kind} {number}")).upper() + "}"


def items(provenance: Provenance, rest: int) -> list[Block | None]:
    """One item for each run; None where a musician's own item is, and for silence where there are no takes."""
    rate, runs = provenance.sample_rate, provenance.runs
    extents = Crossfade(provenance.crossfade_seconds).extents(runs, rate)
    found: list[Block | None] = []
    for number, (run, extent) in enumerate(zip(runs, extents, strict=True)):
        silent = run.part is None and (run.pinned or not provenance.takes)
        if run.laid is not None or silent:
            found.append(None)
        else:
            found.append(_item(provenance, (number, run, extent), rest))
    return found


def source_block(path: str) -> Block:
    """The file that a take plays."""
    kind = _SOURCES.get(Path(path).suffix.lower(), "WAVE")
    return Block(f"      <SOURCE {kind}", [f"        FILE {file_word(path)}"], "      >")


def set_line(block: Block, name: str, values: Sequence[str]) -> None:
    """Write a line of a block anew, in place: it stays the musician's own."""
    line = " ".join([f"      {name}", *values])
    for number, each in enumerate(block.inside):
        if isinstance(each, str) and words(each)[:1] == [name]:
            block.inside[number] = line
            return
    block.inside.insert(0, line)


def run_events(provenance: Provenance, run: Run) -> tuple[Event, ...]:
    """The events that a run sounds; for a run that holds a sound the one before it."""
    return provenance.events[run.first : run.stop] or provenance.events[max(run.first - 1, 0) : run.first]


def notes_of(provenance: Provenance, run: Run) -> list[str]:
    """The notes that a run sounds, one after the other, none twice in a row; empty where nothing is known."""
    found: list[str] = []
    for sound in provenance.sounds[run.first : run.stop] or provenance.sounds[max(run.first - 1, 0) : run.first]:
        if sound is not None and sound.name not in found[-1:]:
            found.append(sound.name)
    return found


def place_of(run: Run, rate: int) -> str:
    """The file that a run plays, and from where on: memory.wav 0:12.5."""
    assert run.part is not None
    tenths = round(10 * (run.source - run.part.start) / rate * run.part.rate)
    return f"{Path(run.part.source).name or 'memory'} {tenths // 600}:{tenths % 600 / 10:04.1f}"


def class_colour(token: int, rest: int) -> tuple[int, int, int]:
    """The page's colour of a class: red, green, blue, 0 to 255."""
    if token == rest:
        return 0x9A, 0x97, 0xA3
    red, green, blue = colorsys.hls_to_rgb(token * GOLDEN_ANGLE % 360 / 360, 0.55, 0.7)
    return round(255 * red), round(255 * green), round(255 * blue)


def colour(token: int, rest: int) -> int:
    """REAPER's number for the page's colour: 0x1BBGGRR."""
    return native_colour(*class_colour(token, rest))


def native_colour(red: int, green: int, blue: int) -> int:
    """REAPER's number for a colour of three bytes."""
    return 0x1000000 | blue << 16 | green << 8 | red


def _item(provenance: Provenance, placed: tuple[int, Run, Extent], rest: int) -> Block:
    number, run, extent = placed
    rate, piece = provenance.sample_rate, piece_of(run, extent)
    events = run_events(provenance, run)
    lines = [
        f"POSITION {extent.start / rate!r}",
        f"LENGTH {piece.length / rate!r}",
        "LOOP 0",
        f"FADEIN {SLOW_START_AND_END} {extent.fade_in / rate!r} 0 {SLOW_START_AND_END} 0 0 0",
        f"FADEOUT {SLOW_START_AND_END} {extent.fade_out / rate!r} 0 {SLOW_START_AND_END} 0 0 0",
        "MUTE 0 0",
        f"COLOR {colour(events[0].played, rest) if events else 0} B",
        f"BEAT {BY_SECONDS}",
        f"IGUID {guid('item', number)}",
        f"NAME {for_rpp(title_of(provenance, run))}",
        f"VOLPAN {run.gain!r} 0 1 -1",
        f"SOFFS {piece.offset / rate * piece.speed!r}",
        f"PLAYRATE {piece.speed:.17g} 1 0 -1 0 0.0025",
        "CHANMODE 0",
        f"GUID {guid('take of item', number)}",
    ]
    inside: list[str | Block] = [f"      {line}" for line in lines]
    inside.append(Block("      <SOURCE EMPTY", [], "      >") if run.part is None else source_block(run.part.source))
    for count, take in enumerate(provenance.takes, 2):
        gain = 1 / provenance.gain if provenance.gain else 1.0
        inside += [
            "      TAKE",
            f"      NAME {for_rpp(f'Take {count}')}",
            f"      TAKEVOLPAN 0 {gain!r} -1",
            f"      SOFFS {extent.start / rate!r}",
            "      PLAYRATE 1 1 0 -1 0 0.0025",
            "      CHANMODE 0",
            f"      GUID {guid(f'take {count} of item', number)}",
            source_block(take.file),
        ]
    return Block("    <ITEM", inside, "    >")


def title_of(provenance: Provenance, run: Run) -> str:
    """What an item is called: its classes, where a musician has named them, its pitch and its place in the memory."""
    if run.part is None:
        return "rest"
    named = named_classes([event.played for event in run_events(provenance, run)], known_names(provenance.names))
    return " ".join([*named, *notes_of(provenance, run)[:1], place_of(run, provenance.sample_rate)])
