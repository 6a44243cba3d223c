"""What a musician changed in a session: items that were moved, muted, swapped, trimmed or locked become pins."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from antiphon.action.export.provenance_file import Provenance
from antiphon.action.export.reaper import guid, items, response_track
from antiphon.action.export.rpp import Block, words
from antiphon.action.selection.candidates import LENGTH_TOLERANCE
from antiphon.action.selection.pins import cut
from antiphon.errors import BadData
from antiphon.types import MemoryPart, Run


@dataclass(frozen=True, eq=False)
class Pin:
    """A run that stays where it is (silence without a part), and the item that says so."""

    run: Run
    item: Block


@dataclass(frozen=True, eq=False)
class Edits:
    """The pins in order of time, and the items that give way unless they are pinned."""

    pins: tuple[Pin, ...]
    ours: tuple[Block, ...]


@dataclass(frozen=True)
class _Item:
    """An item's numbers in samples at the response's rate, and the file it plays, as the project names it."""

    start: int
    end: int
    offset: int
    fade_in: int
    fade_out: int
    file: str
    muted: bool
    locked: bool
    name: str


def edits_of(root: Block, provenance: Provenance, name: str) -> Edits:
    """The edits of a session in the file `name` that was made for the response of this provenance.

    An item that was ours is compared with what we wrote; one that is new (split, copied, drawn) is a pin where it plays
    a file of the memory, and else is not ours. An item that was pinned before stays pinned. Raises BadData, naming the
    item, for what cannot be rendered.
    """
    track = response_track(root)
    if track is None:
        raise BadData(f"{name}: the track of the response is gone")
    written = {guid("item", number): number for number, run in enumerate(provenance.runs)}
    reference = _references(provenance, name)
    pins, ours = [], []
    for block in track.blocks("ITEM"):
        found = _read(block, provenance.sample_rate, name)
        part = _part(found, provenance.parts)
        if part is None:
            continue
        ours.append(block)
        number = written.get(found.name)
        before = reference.get(number) if number is not None else None
        run = _pinned(found, part, provenance.runs[number] if number is not None else None, before)
        if run is not None:
            _require_playable(run, found, provenance, name)
            pins.append(Pin(run, block))
    return Edits(_apart(pins, provenance.samples), tuple(ours))


def _references(provenance: Provenance, name: str) -> Mapping[int, _Item]:
    """The items as they were written, by the numbers of their runs."""
    return {
        number: _read(block, provenance.sample_rate, name)
        for number, block in enumerate(items(provenance, -1))
        if block is not None
    }


def _pinned(found: _Item, part: MemoryPart, run: Run | None, before: _Item | None) -> Run | None:
    """The pin that an item is; None where nothing was changed."""
    if run is None or before is None:
        start, end = found.start + found.fade_in // 2, found.end - (found.fade_out - found.fade_out // 2)
        placed = Run(0, 0, start, max(end, start + 1), part.start + found.offset + start - found.start, part, True)
    else:
        source = run.source + (found.offset - before.offset)
        if part != run.part:
            source = part.start + found.offset + (run.start - before.start)
        start, end = run.start + found.start - before.start, run.end + found.end - before.end
        placed = replace(run, start=start, end=max(end, start + 1), source=source, part=part, pinned=True)
        same = (placed.start, placed.end, placed.source, part) == (run.start, run.end, run.source, run.part)
        if same and not (found.muted or found.locked or run.pinned):
            return None
    return Run(0, 0, placed.start, placed.end, pinned=True) if found.muted else placed


def _require_playable(run: Run, found: _Item, provenance: Provenance, name: str) -> None:
    tolerance = LENGTH_TOLERANCE * provenance.sample_rate
    place = f"{name}: the item at {found.start / provenance.sample_rate:.3f} s"
    if run.end <= 0 or run.start >= provenance.samples:
        raise BadData(
            f"{place} lies outside the response, which lasts {provenance.samples / provenance.sample_rate:g} s"
        )
    if run.part is not None and (run.lead < 0 or run.tail < -tolerance):
        raise BadData(
            f"{place} plays what {PurePosixPath(found.file).name} does not hold: it starts before or ends after it"
        )


def _apart(pins: Sequence[Pin], length: int) -> tuple[Pin, ...]:
    """In order of time, within the response, none over another: where two overlap the later one sounds."""
    ordered = sorted(pins, key=lambda pin: pin.run.start)
    kept = []
    for pin, after in itertools.zip_longest(ordered, ordered[1:]):
        end = min(pin.run.end, length, length if after is None else after.run.start)
        run = cut(pin.run, max(pin.run.start, 0), end)
        if run is not None:
            kept.append(Pin(run, pin.item))
    return tuple(kept)


def _part(item: _Item, parts: Sequence[MemoryPart]) -> MemoryPart | None:
    """The memory's file that an item plays: by its path, else by its name alone (REAPER may write another path)."""
    if not item.file:
        return None
    wanted = item.file.replace("\\", "/")
    named = [part for part in parts if part.source == wanted]
    alike = [part for part in parts if PurePosixPath(part.source).name == PurePosixPath(wanted).name]
    return next(iter([*named, *alike]), None)


def _read(block: Block, rate: int, name: str) -> _Item:
    """An item's numbers. Raises BadData for what is missing or no number, or played at another speed or pitch."""
    active = _active_take(block)
    fields = {found[0]: found[1:] for line in block.inside if isinstance(line, str) and (found := words(line))}
    fields |= {found[0]: found[1:] for line in active if isinstance(line, str) and (found := words(line))}

    def number(field: str, index: int = 0, default: float | None = None) -> float:
        if field not in fields and default is not None:
            return default
        try:
            found = float(fields[field][index])
        except (KeyError, IndexError, ValueError):
            found = math.nan
        if not math.isfinite(found):
            raise BadData(f"{name}: an item of the response has no readable {field}")
        return found

    position = number("POSITION")
    source = next((each for each in active if isinstance(each, Block) and each.name == "SOURCE"), None)
    file = (source.find("FILE") or [""])[0] if source else ""
    inner = source.blocks("SOURCE") if source else []
    if inner and inner[0].find("FILE"):
        raise BadData(f"{name}: the item at {position:.3f} s plays a section or backwards; glue it to a file first")
    if file and (number("PLAYRATE", 0, 1.0) != 1 or number("PLAYRATE", 2, 0.0) != 0):
        raise BadData(f"{name}: the item at {position:.3f} s is stretched or transposed; glue it to a file first")
    start, length = round(position * rate), round(number("LENGTH") * rate)
    if length <= 0:
        raise BadData(f"{name}: the item at {position:.3f} s has no length")
    return _Item(
        start,
        start + length,
        round(number("SOFFS", 0, 0.0) * rate),
        round(number("FADEIN", 1, 0.0) * rate),
        round(number("FADEOUT", 1, 0.0) * rate),
        file,
        number("MUTE", 0, 0.0) != 0,
        number("LOCK", 0, 0.0) != 0,
        (fields.get("IGUID") or [""])[0],
    )


def _active_take(block: Block) -> list[str | Block]:
    """The lines of the take that sounds; all of them where there is one."""
    takes: list[list[str | Block]] = [[]]
    active = 0
    for each in block.inside:
        found = words(each) if isinstance(each, str) else []
        if found[:1] == ["TAKE"]:
            takes.append([])
            active = len(takes) - 1 if "SEL" in found else active
        else:
            takes[-1].append(each)
    return takes[active]
