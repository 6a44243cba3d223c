"""A response as a REAPER project: one item per run with its source offset, fades as rendered, colours by class.

The guide has tracks of its own, other takes are muted tracks, markers name the tokens. Item numbers are written into
their GUIDs, which REAPER keeps: so `edits` finds them again. Written from what REAPER itself writes; there is no other
description of the format.
"""

from __future__ import annotations

import colorsys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path

from antiphon.action.export.labels import token_name
from antiphon.action.export.provenance_file import Provenance
from antiphon.action.export.rpp import Block, quoted, words
from antiphon.action.rendering.crossfade import Crossfade, Extent
from antiphon.types import Event, Run

SESSION = "session.rpp"

RESPONSE_TRACK = "Antiphon response"

SLOW_START_AND_END = 5
"""REAPER's fade shape that is nearest to sin^2 and cos^2."""

GOLDEN_ANGLE = 137.508
"""Degrees of hue between two class ids, as on the page: neighbours in number look different."""

NAMED_TOKENS = 4
"""Tokens that an item's name spells out."""

_NAMESPACE = uuid.UUID("5d9f0a3e-6c0b-5c39-9b1c-2f3b7a1e8d40")
_SOURCES = {".mp3": "MP3", ".flac": "FLAC", ".ogg": "VORBIS", ".oga": "VORBIS", ".opus": "VORBIS"}


@dataclass(frozen=True)
class Session:
    """What a project shows: a response, its guide files with their lengths in seconds, and other takes of it.

    File paths in the provenance are relative to the project. `rest` is the id that is no sound.
    """

    provenance: Provenance
    rest: int
    guides: tuple[tuple[str, float], ...] = ()
    alternates: tuple[Provenance, ...] = ()


def guid(kind: str, number: int = 0) -> str:
    """The same for the same thing, in every session."""
    return "{" + str(uuid.uuid5(_NAMESPACE, f"{kind} {number}")).upper() + "}"


def project(session: Session) -> Block:
    """A new project."""
    rate = session.provenance.sample_rate
    root = Block('<REAPER_PROJECT 0.1 "6.0" 0', ["  RIPPLE 0", "  TEMPO 60 4 4", f"  SAMPLERATE {rate} 1 0"])
    root.inside += markers(session.provenance, session.rest)
    root.inside += [_guide_track(number, *guide) for number, guide in enumerate(session.guides)]
    track = _track(RESPONSE_TRACK, guid("response"), session.provenance.gain, muted=False)
    track.inside += [block for block in items(session.provenance, session.rest) if block]
    root.inside.append(track)
    for number, take in enumerate(session.alternates, 2):
        track = _track(f"Take {number}", guid("take", number), take.gain, muted=True)
        track.inside += [block for block in items(take, session.rest, f"take {number} item") if block]
        root.inside.append(track)
    return root


def merged(old: Block, session: Session, kept: Mapping[int, Block], ours: Sequence[Block]) -> Block:
    """An edited project with the new response: `ours` are its items that give way, `kept` those that stay, by run.

    Nothing else is touched: other tracks, effects, envelopes, settings, foreign items and markers.
    """
    gone = {id(block) for block in ours}
    track = response_track(old)
    assert track is not None
    new = items(session.provenance, session.rest)
    candidate_index = [
        index for index, each in enumerate(track.inside) if isinstance(each, Block) and each.name == "ITEM"
    ]
    first = candidate_index[0] if candidate_index else len(track.inside)
    before = track.inside[:first]
    after = [each for each in track.inside[first:] if id(each) not in gone]
    placed = Crossfade(session.provenance.crossfade_seconds).extents(
        session.provenance.runs, session.provenance.sample_rate
    )
    for number, block in kept.items():
        _set(block, "IGUID", [guid("item", number)])
        _place(block, placed[number], session.provenance.sample_rate)
    middle = [kept.get(number, block) for number, block in enumerate(new)]
    changed = Block(track.opening, [*before, *(block for block in middle if block), *after], track.closing)
    inside = [changed if each is track else each for each in old.inside]
    return Block(old.opening, _with_markers(inside, markers(session.provenance, session.rest)), old.closing)


def response_track(root: Block) -> Block | None:
    """The track that holds the response."""
    tracks = root.blocks("TRACK")
    for track in tracks:
        if guid("response") in (track.find("TRACKID") or track.words[1:2]):
            return track
    return next((track for track in tracks if track.find("NAME") == [RESPONSE_TRACK]), None)


def is_marker_of(line: str, events: Sequence[Event], rest: int) -> bool:
    """Whether a line is a marker as `markers` writes it for one of these events."""
    found = words(line)
    if len(found) < 4 or found[0] != "MARKER":
        return False
    try:
        time = float(found[2])
    except ValueError:
        return False
    return any(abs(event.time - time) < 1e-6 and token_name(event, rest) == found[3] for event in events)


def without_markers(root: Block, events: Sequence[Event], rest: int) -> Block:
    """The project without the markers of an earlier response."""
    inside = [each for each in root.inside if isinstance(each, Block) or not is_marker_of(each, events, rest)]
    return Block(root.opening, inside, root.closing)


def markers(provenance: Provenance, rest: int) -> list[str | Block]:
    """A marker wherever another token begins."""
    found: list[str | Block] = []
    before = None
    for event in provenance.events:
        name = token_name(event, rest)
        if name != before:
            number = len(found) + 1
            found.append(
                f"  MARKER {number} {event.time!r} {quoted(name)} 0 {_colour(event.played, rest)} 1 B "
                f"{guid('marker', number)} 0"
            )
        before = name
    return found


def items(provenance: Provenance, rest: int, kind: str = "item") -> list[Block | None]:
    """One item for each run, None for a silent one."""
    rate, runs = provenance.sample_rate, provenance.runs
    extents = Crossfade(provenance.crossfade_seconds).extents(runs, rate)
    found: list[Block | None] = []
    for number, (run, extent) in enumerate(zip(runs, extents, strict=True)):
        events = provenance.events[run.first : run.stop] or provenance.events[max(run.first - 1, 0) : run.first]
        found.append(None if run.part is None else _item(run, extent, events, (rate, rest), guid(kind, number)))
    return found


def _item(run: Run, extent: Extent, events: Sequence[Event], about: tuple[int, int], name: str) -> Block:
    assert run.part is not None
    rate, rest = about
    offset = run.source - run.part.start - (run.start - extent.start)
    length = min(extent.end - extent.start, run.part.end - run.part.start - offset)
    lines = [
        f"POSITION {extent.start / rate!r}",
        f"LENGTH {length / rate!r}",
        "LOOP 0",
        f"FADEIN {SLOW_START_AND_END} {extent.fade_in / rate!r} 0 {SLOW_START_AND_END} 0 0 0",
        f"FADEOUT {SLOW_START_AND_END} {extent.fade_out / rate!r} 0 {SLOW_START_AND_END} 0 0 0",
        "MUTE 0 0",
        f"COLOR {_colour(events[0].played, rest) if events else 0} B",
        f"IGUID {name}",
        f"NAME {quoted(_item_name(run, events, rest))}",
        "VOLPAN 1 0 1 -1",
        f"SOFFS {offset / rate!r}",
        "PLAYRATE 1 1 0 -1 0 0.0025",
        "CHANMODE 0",
    ]
    source = Block(
        f"      <SOURCE {_source_kind(run.part.source)}", [f"        FILE {quoted(run.part.source)}"], "      >"
    )
    return Block("    <ITEM", [*(f"      {line}" for line in lines), source], "    >")


def _item_name(run: Run, events: Sequence[Event], rest: int) -> str:
    if run.first == run.stop:
        return "held"
    named = " ".join("rest" if event.played == rest else str(event.played) for event in events[:NAMED_TOKENS])
    more = " ..." if len(events) > NAMED_TOKENS else ""
    likely = sum(exp(event.log_probability) for event in events) / max(len(events), 1)
    return f"{named}{more} (p {likely:.2f})"


def _source_kind(path: str) -> str:
    return _SOURCES.get(Path(path).suffix.lower(), "WAVE")


def _track(name: str, track_id: str, gain: float, *, muted: bool) -> Block:
    lines = [f"NAME {quoted(name)}", f"VOLPAN {gain!r} 0 -1 -1 1", f"MUTESOLO {int(muted)} 0 0", f"TRACKID {track_id}"]
    return Block(f"  <TRACK {track_id}", [f"    {line}" for line in lines], "  >")


def _guide_track(number: int, path: str, seconds: float) -> Block:
    track = _track("Guide" if number == 0 else f"Guide {number + 1}", guid("guide", number), 1.0, muted=False)
    lines = ["POSITION 0", f"LENGTH {seconds!r}", "LOOP 0", f"IGUID {guid('guide item', number)}"]
    lines += [f"NAME {quoted(Path(path).name)}", "SOFFS 0"]
    source = Block(f"      <SOURCE {_source_kind(path)}", [f"        FILE {quoted(path)}"], "      >")
    track.inside.append(Block("    <ITEM", [*(f"      {line}" for line in lines), source], "    >"))
    return track


def _with_markers(inside: list[str | Block], new: list[str | Block]) -> list[str | Block]:
    """The new markers before the first track, where REAPER keeps them."""
    first = next((n for n, each in enumerate(inside) if isinstance(each, Block) and each.name == "TRACK"), len(inside))
    return [*inside[:first], *new, *inside[first:]]


def _place(item: Block, extent: Extent, rate: int) -> None:
    """Write the fades with which a pinned item is rendered now; what it plays at which time stays as it was."""
    before = round(float((item.find("POSITION") or ["0"])[0]) * rate)
    for number, line in enumerate(item.inside):
        found = words(line) if isinstance(line, str) else []
        if found[:1] == ["SOFFS"]:
            offset = (round(float(found[1]) * rate) + extent.start - before) / rate
            item.inside[number] = " ".join(["      SOFFS", repr(offset), *found[2:]])
    _set(item, "POSITION", [repr(extent.start / rate)])
    _set(item, "LENGTH", [repr((extent.end - extent.start) / rate)])
    for name, fade in (("FADEIN", extent.fade_in), ("FADEOUT", extent.fade_out)):
        rest = (item.find(name) or ["", "", "0", str(SLOW_START_AND_END), "0", "0", "0"])[2:]
        _set(item, name, [str(SLOW_START_AND_END), repr(fade / rate), *rest])


def _set(item: Block, name: str, values: Sequence[str]) -> None:
    """Write a line of an item anew, in place: it stays the musician's own item."""
    line = " ".join([f"      {name}", *values])
    for number, each in enumerate(item.inside):
        if isinstance(each, str) and words(each)[:1] == [name]:
            item.inside[number] = line
            return
    item.inside.insert(0, line)


def _colour(token: int, rest: int) -> int:
    """REAPER's number for the page's colour: 0x1BBGGRR."""
    if token == rest:
        red, green, blue = 0x9A / 255, 0x97 / 255, 0xA3 / 255
    else:
        red, green, blue = colorsys.hls_to_rgb(token * GOLDEN_ANGLE % 360 / 360, 0.55, 0.7)
    return 0x1000000 | round(255 * blue) << 16 | round(255 * green) << 8 | round(255 * red)
