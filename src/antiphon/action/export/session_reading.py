"""What stands in a REAPER project: its items and tracks in numbers, and by name whatever cannot be rendered."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from antiphon.action.export.rpp import Block, numbers, words
from antiphon.errors import BadData
from antiphon.types import Fade

PROJECT_DEFAULT = -1
"""REAPER's number for an item or a track that is attached to what the project says."""

BY_BEATS = 1
"""REAPER's default for a project: items are attached to beats with position, length and rate."""

MOST_NUMBER = 1e9
"""Seconds, factors and counts of a project: no item is 30 years long."""

PLAYBACK_RATE = "playback rate"
"""With this begins what is said of an item that is not played as fast as its file is."""

PITCH_MOVES = "pitch that goes with the playback rate"

PLUGINS = ("VST", "AU", "JS", "CLAP", "DX", "LV2", "VIDEO_EFFECT", "CONTAINER")

_ENVELOPES = {
    "VOLENV": "volume envelope",
    "VOLENV2": "volume envelope",
    "VOLENV3": "trim envelope",
    "PANENV": "pan envelope",
    "PANENV2": "pan envelope",
    "MUTEENV": "mute envelope",
    "PITCHENV": "pitch envelope",
    "WIDTHENV": "width envelope",
    "WIDTHENV2": "width envelope",
}


@dataclass(frozen=True)
class ItemFade:
    """A fade of an item in seconds, and REAPER's number for its curve."""

    seconds: float
    shape: int

    def samples(self, rate: int) -> Fade:
        """The same in samples."""
        return Fade(round(self.seconds * rate), self.shape)


@dataclass(frozen=True)
class Item:
    """An item as it is heard, in seconds, with the take that is chosen.

    `file` is empty for a take without sound, `kind` what REAPER calls its source. `lost` names what cannot be rendered;
    `beats` is what it is attached to.
    """

    position: float
    length: float
    offset: float
    fade_in: ItemFade
    fade_out: ItemFade
    gain: float
    file: str
    kind: str
    muted: bool
    locked: bool
    loop: bool
    guid: str
    title: str
    looks: str
    rate: float
    beats: int
    lost: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class TrackState:
    """A track with the folders around it: what its items are multiplied by, and what cannot be rendered."""

    block: Block
    title: str
    gain: float
    muted: bool
    soloed: bool
    beats: int
    lost: tuple[str, ...]


def read_item(block: Block, name: str) -> Item:
    """An item's numbers. Raises BadData, naming the file `name`, for what is missing or no number."""
    takes = _takes(block)
    chosen = next((number for number, take in enumerate(takes) if take.chosen), 0)
    active = takes[chosen]
    fields = {found[0]: found[1:] for line in takes[0].lines if isinstance(line, str) and (found := words(line))}
    own = {found[0]: found[1:] for line in active.lines if isinstance(line, str) and (found := words(line))}
    read = _Fields({**fields, **own}, name)
    source, reversed_, section = _source(active.lines)
    position = read.number("POSITION")
    pan, volume = read.number("VOLPAN", 1, 0.0), read.number("VOLPAN", 2, 1.0)
    if chosen:
        pan, volume = read.number("TAKEVOLPAN", 0, 0.0), read.number("TAKEVOLPAN", 1, 1.0)
    rate, pitch = read.number("PLAYRATE", 0, 1.0), read.number("PLAYRATE", 2, 0.0)
    said = [
        *(["take FX"] if any(_has_plugins(each) for each in _blocks(active.lines, "TAKEFX")) else []),
        *(f"{envelope} of the take" for envelope in _envelopes(active.lines)),
        *(["stretch markers"] if "SM" in own else []),
        *([f"{PLAYBACK_RATE} {rate:g}"] if rate != 1 else []),
        *([PITCH_MOVES] if rate != 1 and not read.number("PLAYRATE", 1, 1.0) else []),
        *([f"transposition by {pitch:g} semitones"] if pitch else []),
        *(["channel mode"] if read.number("CHANMODE", 0, 0.0) else []),
        *(["pan"] if pan else []),
        *(["reversed playback"] if reversed_ else []),
        *(["all takes at once"] if len(takes) > 1 and read.number("ALLTAKES", 0, 0.0) else []),
        *(["curve of the fade-in"] if abs(read.number("FADEIN", 5, 0.0)) > 1e-6 else []),
        *(["curve of the fade-out"] if abs(read.number("FADEOUT", 5, 0.0)) > 1e-6 else []),
    ]
    looks = [" ".join(fields.get("COLOR", [])), *(word for word in fields.get("GROUP", []) if word != "0")]
    looks += ["\n".join(note.lines()) for note in block.blocks("NOTES")]
    return Item(
        position,
        read.number("LENGTH"),
        read.number("SOFFS", 0, 0.0) + section,
        ItemFade(max(_fade_seconds(read, "FADEIN"), 0.0), int(read.number("FADEIN", 0, 0.0))),
        ItemFade(max(_fade_seconds(read, "FADEOUT"), 0.0), int(read.number("FADEOUT", 0, 0.0))),
        read.number("VOLPAN", 0, 1.0) * volume,
        (source.find("FILE") or [""])[0] if source else "",
        source.words[-1] if source else "",
        read.number("MUTE", 0, 0.0) != 0,
        read.number("LOCK", 0, 0.0) != 0,
        read.number("LOOP", 0, 0.0) != 0,
        (fields.get("IGUID") or [""])[0],
        " ".join(read.fields.get("NAME") or []),
        "|".join(looks),
        rate,
        int(read.number("BEAT", 0, PROJECT_DEFAULT)),
        tuple(said),
    )


def tracks_of(root: Block) -> list[TrackState]:
    """The tracks of a project in order, each with what the folders around it do to it."""
    blocks = root.blocks("TRACK")
    found: list[TrackState] = []
    folders: list[TrackState] = []
    for number, block in enumerate(blocks):
        own = _track_state(block, [*_sends(blocks, number), *_track_lost(block)])
        inside = [each for folder in folders for each in folder.lost]
        state = TrackState(
            block,
            own.title,
            own.gain * math.prod(folder.gain for folder in folders),
            own.muted or any(folder.muted for folder in folders),
            own.soloed or any(folder.soloed for folder in folders),
            own.beats,
            (*own.lost, *inside),
        )
        found.append(state)
        bus = numbers(block.find("ISBUS"))
        if len(bus) > 1 and bus[0] == 1 and bus[1] > 0:
            folders.append(own)
        elif len(bus) > 1 and bus[1] < 0:
            del folders[max(len(folders) + int(bus[1]), 0) :]
    return found


def project_lost(root: Block) -> tuple[str, ...]:
    """What the master and the project do to all that is heard."""
    volume, rate = numbers(root.find("MASTER_VOLUME")), numbers(root.find("PLAYRATE"))
    mute = numbers(root.find("MASTERMUTESOLO"))
    said = [
        *(["volume of the master"] if volume and abs(volume[0] - 1) > 1e-6 else []),
        *(["pan of the master"] if len(volume) > 1 and volume[1] else []),
        *(["mute of the master"] if mute and int(mute[0]) & 1 else []),
        *(["playback rate of the project"] if rate and abs(rate[0] - 1) > 1e-6 else []),
        *(["FX of the master"] if any(_has_plugins(each) for each in root.blocks("MASTERFXLIST")) else []),
    ]
    said += [
        f"{_ENVELOPES.get(each.name.removeprefix('MASTER'), 'envelope')} of the master"
        for each in root.inside
        if isinstance(each, Block) and each.name.startswith("MASTER") and "ENV" in each.name and _is_active(each)
    ]
    return tuple(said)


class _Fields:
    def __init__(self, fields: Mapping[str, list[str]], name: str) -> None:
        self.fields = fields
        self._name = name

    def number(self, field: str, index: int = 0, default: float | None = None) -> float:
        """A number of a line. Raises BadData where it is none, or missing without a `default`."""
        values = self.fields.get(field, [])
        if default is not None and len(values) <= index:
            return default
        try:
            found = float(values[index])
        except (IndexError, ValueError):
            found = math.nan
        if not abs(found) <= MOST_NUMBER:
            raise BadData(f"{self._name}: an item of the response has no readable {field}")
        return found


@dataclass(frozen=True, eq=False)
class _Take:
    chosen: bool
    lines: list[str | Block]


def _takes(block: Block) -> list[_Take]:
    """The takes of an item; the lines of the item itself stand in the first one."""
    takes = [_Take(False, [])]
    for each in block.inside:
        found = words(each) if isinstance(each, str) else []
        if found[:1] == ["TAKE"]:
            takes.append(_Take("SEL" in found, []))
        else:
            takes[-1].lines.append(each)
    return takes


def _fade_seconds(read: _Fields, field: str) -> float:
    """An automatic crossfade, where there is one, goes before the item's own fade."""
    automatic = read.number(field, 2, 0.0)
    return automatic if automatic > 0 else read.number(field, 1, 0.0)


def _blocks(lines: Sequence[str | Block], name: str) -> list[Block]:
    return [each for each in lines if isinstance(each, Block) and each.name == name]


def _source(lines: Sequence[str | Block]) -> tuple[Block | None, bool, float]:
    """The source of a take, whether it is played backwards, and where in the file a section of it begins."""
    source = next(iter(_blocks(lines, "SOURCE")), None)
    backwards, start = False, 0.0
    while source is not None and source.words[1:2] == ["SECTION"]:
        mode, place = numbers(source.find("MODE")), numbers(source.find("STARTPOS"))
        backwards = backwards or bool(mode and int(mode[0]) & 2)
        start += place[0] if place else 0.0
        source = next(iter(source.blocks("SOURCE")), None)
    return source, backwards, start


def _has_plugins(chain: Block) -> bool:
    return any(isinstance(each, Block) and each.name in PLUGINS for each in chain.inside)


def _is_active(envelope: Block) -> bool:
    active = numbers(envelope.find("ACT"))
    automation = bool(envelope.all("POOLEDENVINST"))
    return (not active or active[0] != 0) and (bool(envelope.all("PT")) or automation)


def _envelopes(lines: Sequence[str | Block]) -> list[str]:
    found = [each for each in lines if isinstance(each, Block) and each.name.endswith(("ENV", "ENV2", "ENV3"))]
    return [_ENVELOPES.get(each.name, "envelope") for each in found if _is_active(each)]


def _track_state(block: Block, lost: Sequence[str]) -> TrackState:
    volume, mute = numbers(block.find("VOLPAN")), numbers(block.find("MUTESOLO"))
    beats = numbers(block.find("BEAT"))
    title = " ".join(block.find("NAME") or []) or "without a name"
    return TrackState(
        block,
        title,
        volume[0] if volume else 1.0,
        bool(mute and mute[0]),
        len(mute) > 1 and mute[1] != 0,
        int(beats[0]) if beats else PROJECT_DEFAULT,
        tuple(f"{each} of track {title}" for each in dict.fromkeys(lost)),
    )


def _track_lost(block: Block) -> list[str]:
    volume, delay = numbers(block.find("VOLPAN")), numbers(block.find("PLAYOFFS"))
    said = [
        *(["FX"] if any(_has_plugins(each) for each in block.blocks("FXCHAIN")) else []),
        *_envelopes(block.inside),
        *(["pan"] if len(volume) > 1 and volume[1] else []),
        *(["inverted polarity"] if any(numbers(block.find("IPHASE"))[:1]) else []),
        *(["playback offset"] if delay and delay[0] and not (len(delay) > 1 and int(delay[1]) & 1) else []),
        *(["hardware output"] if block.find("HWOUT") else []),
        *(["no way to the master"] if numbers(block.find("MAINSEND"))[:1] == [0.0] else []),
        *(["fixed lanes"] if block.find("LANESOLO") else []),
        *(["freezing"] if block.blocks("FREEZE") else []),
    ]
    chains = itertools.chain.from_iterable(chain.inside for chain in block.blocks("FXCHAIN"))
    parameters = [each for each in chains if isinstance(each, Block) and each.name == "PARMENV" and _is_active(each)]
    return [*said, *(["automation of FX"] if parameters else [])]


def _sends(blocks: Sequence[Block], number: int) -> list[str]:
    """Sends from a track: other tracks say from which they receive."""
    received = (numbers(each)[:1] for block in blocks for each in block.all("AUXRECV"))
    return ["send"] if [float(number)] in received else []
