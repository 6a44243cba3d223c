"""A response as a REAPER project: one item per run with its source offset and fades as rendered, in a folder that is
the mix of the response, beside the guide; a region for each phrase.

Item numbers are written into their GUIDs, which REAPER keeps: so `edits` finds them again. Everything is attached to
time, not to beats. Written from what REAPER itself writes; there is no other description of the format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from antiphon.action.export.labels import token_name
from antiphon.action.export.provenance_file import Provenance
from antiphon.action.export.reaper_items import (
    BY_SECONDS,
    NAMED_NOTES,
    colour,
    guid,
    items,
    native_colour,
    notes_of,
    place_of,
    run_events,
    set_line,
    source_block,
)
from antiphon.action.export.rpp import Block, file_word, numbers, words
from antiphon.action.export.tempo import tempo_lines
from antiphon.names import for_rpp
from antiphon.types import Event, Run

SESSION = "session.rpp"

RESPONSE_TRACK = "Antiphon response"

MIX_TRACK = "Response mix"

GUIDE_RGB, RESPONSE_RGB, MIX_RGB = (0x6B, 0x7F, 0xA8), (0xC9, 0x7B, 0x4A), (0x8A, 0x5A, 0x83)
"""Colours of the tracks: red, green, blue."""

GUIDE_COLOUR, RESPONSE_COLOUR, MIX_COLOUR = (
    native_colour(*GUIDE_RGB),
    native_colour(*RESPONSE_RGB),
    native_colour(*MIX_RGB),
)

_EXTENSION, _RESPONSE = "ANTIPHON", "RESPONSE"


@dataclass(frozen=True)
class Session:
    """What a project shows: a response, and its guide files with their lengths in seconds.

    File paths in the provenance are relative to the project. `rest` is the id that is no sound.
    """

    provenance: Provenance
    rest: int
    guides: tuple[tuple[str, float], ...] = ()


def project(session: Session) -> Block:
    """A new project."""
    record = session.provenance
    root = Block('<REAPER_PROJECT 0.1 "6.0" 0', ["  RIPPLE 0", f"  TIMELOCKMODE {BY_SECONDS}"])
    root.inside += [f"  SAMPLERATE {record.sample_rate} 1 0", *tempo_lines(record.tempo)]
    root.inside += regions(record, session.rest)
    root.inside += [_guide_track(number, *guide) for number, guide in enumerate(session.guides)]
    root.inside.append(_track(MIX_TRACK, guid("mix"), 1.0, MIX_COLOUR, "ISBUS 1 1"))
    track = _track(RESPONSE_TRACK, guid("response"), record.gain, RESPONSE_COLOUR, "ISBUS 2 -1")
    track.inside += [block for block in items(record, session.rest) if block]
    root.inside += [track, _identity(record)]
    return root


def merged(old: Block, session: Session, ours: Sequence[Block], track: Block, louder: float = 1.0) -> Block:
    """An edited project with the new response: `ours` are the items that give way, on whichever track they are.

    The new items go to `track`, whose fader is turned by `louder`: what the new response's gain is to the old one's.
    Nothing else is touched: other tracks, effects, envelopes, settings, the musician's own items, markers and regions.
    """
    gone, record = {id(block) for block in ours}, session.provenance
    new = [block for block in items(record, session.rest) if block]
    inside: list[str | Block] = []
    for each in old.inside:
        if isinstance(each, str) or each.name != "TRACK":
            inside.append(each)
            continue
        kept = [part for part in each.inside if id(part) not in gone]
        if each is track:
            places = [n for n, part in enumerate(kept) if isinstance(part, Block) and part.name == "ITEM"]
            first = places[0] if places else len(kept)
            kept = [*kept[:first], *new, *kept[first:]]
        inside.append(Block(each.opening, kept, each.closing))
        if each is track:
            scale_volume(inside[-1], louder)
    found = _before_tracks(inside, regions(record, session.rest, _highest_number(inside) + 1))
    return Block(old.opening, _with_identity(found, record), old.closing)


def scale_volume(block: str | Block, louder: float) -> None:
    """Turn up a track or an item by a factor."""
    assert isinstance(block, Block)
    found = block.find("VOLPAN") or ["1", "0", "1", "-1"]
    volume = numbers(found[:1])
    if volume and louder != 1.0:
        set_line(block, "VOLPAN", [repr(volume[0] * louder), *found[1:]])


def response_track(root: Block) -> Block | None:
    """The track that holds the response: by its id, else by its name, else the one that holds most of its items."""
    tracks = root.blocks("TRACK")
    for track in tracks:
        if guid("response") in (track.find("TRACKID") or track.words[1:2]):
            return track
    named = next((track for track in tracks if track.find("NAME") == [RESPONSE_TRACK]), None)
    if named is not None:
        return named
    written = {guid("item", number) for number in range(sum(len(track.blocks("ITEM")) for track in tracks) + 1000)}
    counts = [sum((item.find("IGUID") or [""])[0] in written for item in track.blocks("ITEM")) for track in tracks]
    return tracks[counts.index(max(counts))] if any(counts) else None


def identity_of(root: Block) -> str:
    """The identity of the response for which a project was written; empty in one of an earlier version."""
    for state in root.blocks("EXTSTATE"):
        for extension in state.blocks(_EXTENSION):
            return (extension.find(_RESPONSE) or [""])[0]
    return ""


def phrases(provenance: Provenance) -> list[tuple[str, Run]]:
    """Each phrase, an unbroken copy of more than one segment, and what it is called."""
    found: list[tuple[str, Run]] = []
    for run in provenance.runs:
        if run.part is None or run.stop - run.first <= 1:
            continue
        notes = notes_of(provenance, run)
        named = " ".join(notes[:NAMED_NOTES]) + (" ..." if len(notes) > NAMED_NOTES else "")
        found.append((", ".join(each for each in (named, place_of(run, provenance.sample_rate)) if each), run))
    return found


def regions(provenance: Provenance, rest: int, first: int = 1) -> list[str | Block]:
    """A region for each phrase. They are numbered from `first` on."""
    found: list[str | Block] = []
    for number, (title, run) in enumerate(phrases(provenance)):
        shade = colour(run_events(provenance, run)[0].played, rest)
        start, end = run.start / provenance.sample_rate, run.end / provenance.sample_rate
        found += [
            f"  MARKER {first + number} {start!r} {for_rpp(title)} 1 {shade} 1 R {guid('phrase', number)} 0",
            f'  MARKER {first + number} {end!r} "" 1',
        ]
    return found


def without_regions(root: Block, provenance: Provenance, rest: int) -> Block:
    """The project without the regions of an earlier response that nobody changed, and without the markers that earlier
    versions wrote."""
    written = [line for line in regions(provenance, rest) if isinstance(line, str)]
    ours = {words(line)[-2]: words(line) for line in written[::2]}
    ends = {words(start)[-2]: words(end) for start, end in zip(written[::2], written[1::2], strict=True)}
    inside: list[str | Block] = []
    ending: tuple[str, str] | None = None
    for each in root.inside:
        found = words(each) if isinstance(each, str) else []
        if found[:1] == ["MARKER"]:
            if ending is not None and found[1:2] == [ending[0]] and found[3:5] == ["", "1"]:
                ending = None
                continue
            name = next((word for word in found if word in ours), None)
            if name is not None and _same_marker(found, ours[name]):
                ending = (found[1], name)
                continue
            if isinstance(each, str) and is_marker_of(each, provenance.events, rest):
                continue
        inside.append(each)
    assert ending is None or ending[1] in ends
    return Block(root.opening, inside, root.closing)


def is_marker_of(line: str, events: Sequence[Event], rest: int) -> bool:
    """Whether a line is a marker as earlier versions wrote it for one of these events: wherever another token began."""
    found = words(line)
    place = numbers(found[2:3])
    if len(found) < 4 or found[0] != "MARKER" or not place:
        return False
    return any(abs(event.time - place[0]) < 1e-6 and token_name(event, rest) == found[3] for event in events)


def relocated(root: Block, paths: Mapping[str, str]) -> None:
    """Have the project play other paths: `paths` by those that stand in it."""
    for number, each in enumerate(root.inside):
        if isinstance(each, Block):
            relocated(each, paths)
        elif (found := words(each))[:1] == ["FILE"] and len(found) > 1 and paths.get(found[1], found[1]) != found[1]:
            indent = each[: len(each) - len(each.lstrip())]
            root.inside[number] = " ".join([f"{indent}FILE {file_word(paths[found[1]])}", *found[2:]])


def _same_marker(found: Sequence[str], written: Sequence[str]) -> bool:
    place = numbers(found[2:3])
    return bool(place) and abs(place[0] - float(written[2])) < 1e-6 and found[3:4] == list(written[3:4])


def _highest_number(inside: Sequence[str | Block]) -> int:
    found = [words(each) for each in inside if isinstance(each, str)]
    return max((int(n[0]) for each in found if each[:1] == ["MARKER"] and (n := numbers(each[1:2]))), default=0)


def _before_tracks(inside: list[str | Block], new: list[str | Block]) -> list[str | Block]:
    """The new regions before the first track, where REAPER keeps them."""
    first = next((n for n, each in enumerate(inside) if isinstance(each, Block) and each.name == "TRACK"), len(inside))
    return [*inside[:first], *new, *inside[first:]]


def _identity(provenance: Provenance) -> Block:
    return Block("  <EXTSTATE", [_extension(provenance)], "  >")


def _extension(provenance: Provenance) -> Block:
    return Block(f"    <{_EXTENSION}", [f"      {_RESPONSE} {provenance.identity}"], "    >")


def _with_identity(inside: Sequence[str | Block], provenance: Provenance) -> list[str | Block]:
    """The identity of the new response instead of the old one's, among what other extensions keep in the project."""
    found = list(inside)
    for number, each in enumerate(found):
        if isinstance(each, Block) and each.name == "EXTSTATE":
            others = [part for part in each.inside if isinstance(part, str) or part.name != _EXTENSION]
            found[number] = Block(each.opening, [*others, _extension(provenance)], each.closing)
            return found
    return [*found, _identity(provenance)]


def _track(name: str, track_id: str, gain: float, shade: int, bus: str) -> Block:
    lines = [f"NAME {for_rpp(name)}", f"PEAKCOL {shade}", f"BEAT {-1}", f"VOLPAN {gain!r} 0 -1 -1 1", "MUTESOLO 0 0 0"]
    lines += [bus, f"TRACKID {track_id}"]
    return Block(f"  <TRACK {track_id}", [f"    {line}" for line in lines], "  >")


def _guide_track(number: int, path: str, seconds: float) -> Block:
    name = "Guide" if number == 0 else f"Guide {number + 1}"
    track = _track(name, guid("guide", number), 1.0, GUIDE_COLOUR, "ISBUS 0 0")
    track.inside.append(guide_item(number, path, seconds))
    return track


def guide_item(number: int, path: str, seconds: float) -> Block:
    """A guide as an item: the whole file, from the start."""
    lines = ["POSITION 0", f"LENGTH {seconds!r}", "LOOP 0", "MUTE 0 0", f"BEAT {BY_SECONDS}"]
    lines += [f"IGUID {guid('guide item', number)}", f"NAME {for_rpp(Path(path).name)}", "VOLPAN 1 0 1 -1", "SOFFS 0"]
    return Block("    <ITEM", [*(f"      {line}" for line in lines), source_block(path)], "    >")
