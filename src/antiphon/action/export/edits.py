"""What a musician changed in a session: any difference from what was written is an edit.

Items that were moved, cut, faded, turned, muted, swapped or locked, and new ones, stay as they are and are heard so;
those that were deleted are not played there again; what cannot be rendered is named.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from antiphon.action.export.provenance_file import MEDIA, Mixing, Provenance, TempoPoint
from antiphon.action.export.reaper import guide_item, response_track
from antiphon.action.export.reaper_items import BY_SECONDS, guid, items, set_line
from antiphon.action.export.rpp import Block, numbers
from antiphon.action.export.session_reading import (
    BY_BEATS,
    PLAYBACK_RATE,
    PROJECT_DEFAULT,
    Item,
    TrackState,
    project_lost,
    read_item,
    tracks_of,
)
from antiphon.action.export.tempo import TempoMap, tempo_of
from antiphon.action.selection.pins import cut
from antiphon.errors import BadData
from antiphon.types import Fade, MemoryPart, Run

SHORTEST_SECONDS = 0.001
"""Shorter items are passed over."""

_SAME_SECONDS = 1e-5
"""Times that differ by less are the same: REAPER writes more digits, musicians hear fewer."""


_SAME_RATE = 1e-6
"""Playback rates that differ by a smaller share are the same."""


@dataclass(frozen=True, eq=False)
class Pin:
    """A run that stays where it is (silence without a part), and the item that says so."""

    run: Run
    item: Block


@dataclass(frozen=True)
class Lay:
    """An item as it is heard, in samples of the response: see `types.Laid`. `part` is the memory's file that it plays,
    `file` any other, as the project names it."""

    start: int
    end: int
    source: int
    gain: float
    fade_in: Fade
    fade_out: Fade
    loop: bool
    part: MemoryPart | None
    file: str = ""


@dataclass(frozen=True, eq=False)
class Kept:
    """An item that stays in the session: what it sounds (None: nothing), its numbers, and whether it lies on another
    track than the response's."""

    block: Block
    lay: Lay | None
    item: Item
    elsewhere: bool = False


@dataclass(frozen=True, eq=False)
class Edits:
    """All that differs in a session. `pins` are in order of time and do not overlap; `kept` are the items that stay,
    and `ours` those that give way; `refused` are the runs of items that were deleted.

    `lost` says what is not rendered, `notes` what else was understood. `track` is that of the response, `mixing` what
    was set on it, `tempo` the session's.
    """

    pins: tuple[Pin, ...]
    ours: tuple[Block, ...]
    kept: tuple[Kept, ...] = ()
    refused: tuple[Run, ...] = ()
    lost: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    track: Block = field(default_factory=lambda: Block(""))
    mixing: Mixing = field(default_factory=Mixing)
    tempo: tuple[TempoPoint, ...] = ()


def edits_of(
    root: Block,
    provenance: Provenance,
    name: str,
    *,
    rest: int = -1,
    parts: Mapping[str, MemoryPart] | None = None,
    guides: Sequence[float] = (),
) -> Edits:
    """The edits of a session in the file `name` that was made for the response of this provenance.

    `parts` says of paths in the project which file of the memory they are; without it, paths and else names decide.
    `guides` are the lengths of the guides in seconds. An item that was pinned before stays pinned. Raises BadData,
    naming the session, for numbers that cannot be read, and where the response is gone.
    """
    return _Comparison(root, provenance, name, rest=rest, parts=parts, guides=guides).edits()


def put_back(kept: Kept, number: int, louder: float) -> None:
    """Write a kept item as it was understood: under a name of its own, in seconds, and as loud beside the response."""
    block, item = kept.block, kept.item
    set_line(block, "IGUID", [guid("kept", number)])
    if item.beats != BY_SECONDS:
        set_line(block, "BEAT", [str(BY_SECONDS)])
    before = read_item(block, "")
    if (before.position, before.length, before.rate) != (item.position, item.length, item.rate):
        restore(block, item)
    if kept.elsewhere and louder != 1.0:
        values = block.find("VOLPAN") or ["1", "0", "1", "-1"]
        set_line(block, "VOLPAN", [repr(float(values[0]) * louder), *values[1:]])


def restore(block: Block, item: Item) -> None:
    """Write an item's place, length and rate as they were before a change of tempo."""
    set_line(block, "POSITION", [repr(item.position)])
    set_line(block, "LENGTH", [repr(item.length)])
    rate = block.find("PLAYRATE")
    if rate is not None:
        set_line(block, "PLAYRATE", [repr(item.rate), *rate[1:]])
    set_line(block, "BEAT", [str(BY_SECONDS)])


class _Comparison:
    def __init__(
        self,
        root: Block,
        provenance: Provenance,
        name: str,
        *,
        rest: int,
        parts: Mapping[str, MemoryPart] | None,
        guides: Sequence[float],
    ) -> None:
        track = response_track(root)
        if track is None:
            raise BadData(f"{name}: the track of the response is gone")
        self.root, self.record, self.name, self.track = root, provenance, name, track
        self.rest, self.parts, self.guides = rest, parts, guides
        self.tracks = tracks_of(root)
        self.main = next(state for state in self.tracks if state.block is track)
        self.tempo = tempo_of(root)
        self.now, self.before = TempoMap(self.tempo), TempoMap(provenance.tempo)
        self.tempo_changed = [(p.time, p.bpm) for p in self.tempo] != [(p.time, p.bpm) for p in provenance.tempo]
        self.runs = provenance.runs
        self.written = {
            guid("item", number): (number, self._written(block))
            for number, block in enumerate(items(provenance, rest))
            if block is not None
        }
        self.kept_names = {guid("kept", number) for number in range(provenance.mixing.kept)}
        self.lost: dict[str, None] = {}
        self.notes: dict[str, None] = {}
        self.ours: list[Block] = []
        self.kept: list[Kept] = []
        self.seen: set[str] = set()
        self.put_back = 0

    def _written(self, block: Block) -> Item:
        item = read_item(block, self.name)
        return _at_rate(item, self._part(item.file))

    def edits(self) -> Edits:
        for state in self.tracks:
            for block in state.block.blocks("ITEM"):
                self._item(block, state)
        pins = self._pins()
        refused = self._refused(pins)
        self._guides()
        self._tracks()
        if self.put_back:
            self._note(f"the tempo of the project changed: {self.put_back} items attached to beats keep their seconds")
        volume = self.main.gain / self.record.gain if self.record.gain else 1.0
        fader = 1.0 if abs(volume - 1) < 1e-6 else volume
        mixing = Mixing(fader, self.main.muted, len(self.kept))
        if fader != 1.0:
            self._note(f"the fader of {self.main.title} is {_decibels(fader)}: so is response.wav")
        if self.main.muted:
            self._note(f"{self.main.title} is muted: so is response.wav")
        lost, notes = (*self.lost,), (*self.notes,)
        return Edits(
            *(pins, tuple(self.ours), tuple(self.kept), refused, lost, notes), self.track, mixing, self.tempo
        )  # fmt: skip

    def _item(self, block: Block, state: TrackState) -> None:
        name = (block.find("IGUID") or [""])[0]
        is_main = state.block is self.track
        known = self.written.get(name) if name not in self.seen else None
        if known is None and name not in self.kept_names and not is_main:
            self._beside(block, state)
            return
        item = read_item(block, self.name)
        before = None if known is None else known[1]
        item = self._in_seconds(item, before, state)
        part = self._part(item.file)
        item = _at_rate(item, part)
        if part is None and not item.file and known is None and name not in self.kept_names:
            self._foreign(item)
            return
        self.seen.add(name)
        run = None if known is None else self.runs[known[0]]
        if before is not None and run is not None and is_main and not run.pinned and not item.locked:
            changes = self._changes(item, before)
            if not changes:
                self.ours.append(block)
                return
        self._keep(block, item, state, part)

    def _changes(self, item: Item, before: Item) -> bool:
        """Whether an item differs in anything from what was written."""
        times = zip(
            (item.position, item.length, item.offset), (before.position, before.length, before.offset), strict=True
        )
        plain: list[tuple[object, object]] = [(item.muted, before.muted), (item.loop, before.loop)]
        if self.record.sounds:
            plain.append((item.title, before.title))
        if self.rest >= 0:
            plain.append((item.looks, before.looks))
        for here, there in ((item.fade_in, before.fade_in), (item.fade_out, before.fade_out)):
            plain.append((abs(here.seconds - there.seconds) > _SAME_SECONDS, False))
            if here.seconds > 0:
                plain.append((here.shape, there.shape))
        return (
            any(abs(here - there) > _SAME_SECONDS for here, there in times)
            or any(here != there for here, there in plain)
            or abs(item.gain - before.gain) > 1e-6 * max(abs(before.gain), 1e-6)
            or self._other_file(item.file, before.file)
            or bool(item.lost)
        )

    def _other_file(self, here: str, there: str) -> bool:
        first, second = self._part(here), self._part(there)
        if first is not None or second is not None:
            return first != second
        return PurePosixPath(here.replace("\\", "/")).name != PurePosixPath(there).name

    def _keep(self, block: Block, item: Item, state: TrackState, part: MemoryPart | None) -> None:
        """An item that stays, with what it sounds."""
        elsewhere = state.block is not self.track
        place = self._place(item)
        for each in item.lost:
            self._miss(f"{each} on {place}")
        if elsewhere:
            self._note(f"{place} lies on track {state.title} now: it is heard as it lies there")
            for each in state.lost:
                self._miss(each)
        rate = self.record.sample_rate
        start, length = round(item.position * rate), round(item.length * rate)
        lay = None
        if item.length < SHORTEST_SECONDS:
            self._miss(f"{place} is shorter than a millisecond: passed over")
        elif start >= self.record.samples or start + length <= 0:
            self._miss(f"{place} lies outside the response, which lasts {self.record.samples / rate:g} s")
        elif item.muted or (elsewhere and state.muted and not self.main.muted) or (not item.file and part is None):
            lay = Lay(
                start, start + length, 0, 0.0, item.fade_in.samples(rate), item.fade_out.samples(rate), False, None
            )
        else:
            lay = self._lay(item, start, length, part, self._relative_gain(state) if elsewhere else 1.0)
        self.kept.append(Kept(block, lay, item, elsewhere))

    def _relative_gain(self, state: TrackState) -> float:
        return state.gain / self.main.gain if self.main.gain else 1.0

    def _lay(self, item: Item, start: int, length: int, part: MemoryPart | None, factor: float) -> Lay:
        rate = self.record.sample_rate
        over = (start + length) / rate - self.record.samples / rate
        if over > SHORTEST_SECONDS:
            self._miss(f"the last {over:.3f} s of {self._place(item)}: the response ends before")
        if start < 0:
            self._miss(f"the first {-start / rate:.3f} s of {self._place(item)}: the response begins later")
        rising, falling = (_at_most(each.samples(rate), length) for each in (item.fade_in, item.fade_out))
        offset = round(item.offset * rate / (part.rate if part is not None else 1.0))
        file = "" if part is not None else item.file
        return Lay(start, start + length, offset, item.gain * factor, rising, falling, item.loop, part, file)

    def _in_seconds(self, item: Item, before: Item | None, state: TrackState) -> Item:
        """An item with the seconds that it had before the tempo of the project was changed, where that moved it."""
        beats = next(
            (each for each in (item.beats, state.beats) if each != PROJECT_DEFAULT),
            int(next(iter(numbers(self.root.find("TIMELOCKMODE"))), BY_BEATS)),
        )
        if not self.tempo_changed or beats == BY_SECONDS:
            return item
        if before is not None and not self._changes(item, before):
            return item
        end = item.position + item.length
        position = self.before.seconds(self.now.beats(item.position))
        moved = replace(item, position=position)
        if beats == BY_BEATS:
            length = self.before.seconds(self.now.beats(end)) - position
            rate = item.rate * item.length / length if length > 0 else item.rate
            part = self._part(item.file)
            usual = 1.0 if part is None else part.rate
            rate = usual if abs(rate / usual - 1) < 1e-4 else rate
            moved = _at_rate(replace(moved, length=length, rate=rate), part)
            if before is None and (rate != usual or item.rate == usual):
                return item
        elif before is None:
            return item
        self.put_back += 1
        return moved

    def _part(self, file: str) -> MemoryPart | None:
        """The memory's file that an item plays."""
        if not file:
            return None
        if self.parts is not None and file in self.parts:
            return self.parts[file]
        wanted = file.replace("\\", "/")
        named = [part for part in self.record.parts if part.source == wanted]
        if self.parts is None:
            named += [
                part for part in self.record.parts if PurePosixPath(part.source).name == PurePosixPath(wanted).name
            ]
        return next(iter(named), None)

    def _foreign(self, item: Item) -> None:
        """An item on the response's track that is not sound from a file."""
        if item.kind not in ("", "EMPTY") and not item.muted:
            self._miss(f"{item.kind.lower()} of {self._place(item)}")

    def _beside(self, block: Block, state: TrackState) -> None:
        """An item on another track that was never the response's."""
        if state.muted or (block.find("IGUID") or [""])[0] in {guid("guide item", n) for n in range(64)}:
            return
        for source in block.blocks("SOURCE"):
            file = (source.find("FILE") or [""])[0]
            if self._part(file) is not None and Path(file).name not in {
                Path(g.path).name for g in self.record.inputs.guides
            }:
                self._miss(
                    f"an item on track {state.title} that plays {PurePosixPath(file).name}: it is not the response's; "
                    f"put it on the track {self.main.title} to have it rendered"
                )

    def _pins(self) -> tuple[Pin, ...]:
        """The time that the kept items take, in order, none over another: where two overlap the later one counts."""
        sounding = [kept for kept in self.kept if kept.lay is not None]
        ordered = sorted(sounding, key=lambda kept: (_is_sounding(kept), _start(kept)))
        found: list[Pin] = []
        for kept in ordered:
            runs = [run for run in self._runs_of(kept) if run is not None]
            for run in runs:
                found = [piece for pin in found for piece in _without(pin, run)]
                found.append(Pin(run, kept.block))
        return self._closed(sorted(found, key=lambda pin: pin.run.start))

    def _closed(self, pins: Sequence[Pin]) -> tuple[Pin, ...]:
        """The pins with what lies between them, or before and after them, where that is less than a crossfade: too
        little to be filled."""
        shortest = round(self.record.crossfade_seconds * self.record.sample_rate)
        found: list[Pin] = []
        end = 0
        for pin in pins:
            if 0 < pin.run.start - end < shortest:
                found.append(Pin(Run(0, 0, end, pin.run.start, pinned=True, laid=(0, 0)), pin.item))
            found.append(pin)
            end = pin.run.end
        if pins and 0 < self.record.samples - end < shortest:
            found.append(Pin(Run(0, 0, end, self.record.samples, pinned=True, laid=(0, 0)), pins[-1].item))
        return tuple(found)

    def _runs_of(self, kept: Kept) -> list[Run | None]:
        """The time that an item takes as runs: what of the memory is heard then, and silence for all else."""
        lay = kept.lay
        assert lay is not None
        most = round(self.record.crossfade_seconds * self.record.sample_rate)
        half = (lay.end - lay.start) // 2
        rooms = (min(lay.fade_in.length, most, half), min(lay.fade_out.length, most, half))
        start, end = lay.start + rooms[0] // 2, lay.end - (rooms[1] - rooms[1] // 2)
        laid = None if not _is_sounding(kept) else rooms
        whole = Run(0, 0, start, max(end, start + 1), pinned=True, laid=laid)
        if not _is_sounding(kept):
            found = [whole]
        elif lay.part is not None:
            found = _over(whole, [self._copy(lay, lay.part, laid)])
        else:
            found = _over(whole, self._of_take(lay, laid))
        return [cut(run, 0, self.record.samples) for run in found]

    def _copy(self, lay: Lay, part: MemoryPart, laid: tuple[int, int] | None) -> Run:
        """What of a file of the memory an item plays, once, wherever the item begins and ends."""
        first = lay.start - lay.source
        return Run(0, 0, first, first + part.end - part.start, part.start, part, True, laid)

    def _of_take(self, lay: Lay, laid: tuple[int, int] | None) -> list[Run]:
        """What of the memory another take plays at an item's time."""
        file = PurePosixPath(lay.file.replace("\\", "/"))
        here = file.parent.name != MEDIA
        take = next((take for take in self.record.takes if here and take.file == file.name), None)
        if take is None:
            return []
        shift = lay.start - lay.source
        return [
            replace(run, first=0, stop=0, start=run.start + shift, end=run.end + shift, pinned=True, laid=laid)
            for run in self.record.runs_of(take.copies)
            if run.part is not None and run.laid is None
        ]

    def _refused(self, pins: Sequence[Pin]) -> tuple[Run, ...]:
        """The runs whose items were deleted: not to be played there again."""
        there = self.seen | {(block.find("IGUID") or [""])[0] for block in self.ours}
        gone = []
        for name, (number, item) in self.written.items():
            run = self.runs[number]
            if name in there or run.part is None:
                continue
            gone.append(replace(run, pinned=False))
            if not any(pin.run.start <= run.start and run.end <= pin.run.end for pin in pins):
                self._note(f"{self._place(item)} was deleted: its time is filled anew, with something else or a rest")
        missing = self.record.mixing.kept - len(self.kept_names & self.seen)
        if missing > 0:
            self._note(f"{missing} items of your own were deleted: their time is filled anew")
        return tuple(gone)

    def _guides(self) -> None:
        """Whether a guide was changed: the response answers the file as it is."""
        guides = self.record.inputs.guides
        for number, guide in enumerate(guides):
            name = guid("guide item", number)
            found = [
                (block, state) for state in self.tracks for block in state.block.blocks("ITEM")
                if block.find("IGUID") == [name]
            ]  # fmt: skip
            if not found:
                self._miss(
                    f"the deletion of guide {PurePosixPath(guide.path).name}: the response answers it all the same"
                )
                continue
            block, state = found[0]
            before = read_item(guide_item(number, guide.path, 0.0), self.name)
            item = read_item(block, self.name)
            seconds = self.guides[number] if number < len(self.guides) else item.length * item.rate
            back = self._in_seconds(item, replace(before, length=seconds), state)
            if back is not item:
                restore(block, back)
            same = all(abs(each) < _SAME_SECONDS for each in (back.position, back.offset, *_fades(back)))
            same = same and abs(back.length - seconds) < SHORTEST_SECONDS
            if not same or back.muted or back.lost or abs(back.gain - 1) > 1e-6 or len(found) > 1:
                self._miss(f"changes to guide {PurePosixPath(guide.path).name}: the response answers the file as it is")
            if abs(state.gain - 1) > 1e-6 or state.muted or state.lost:
                self._miss(f"the mix of track {state.title}: mix.wav has the guide as it is")

    def _tracks(self) -> None:
        for each in (*self.main.lost, *project_lost(self.root)):
            self._miss(each)
        if any(state.soloed for state in self.tracks) and not self.main.soloed:
            self._miss("solo of other tracks")

    def _place(self, item: Item) -> str:
        title = f" ({item.title})" if item.title else ""
        return f"the item at {item.position:.3f} s{title}"

    def _miss(self, what: str) -> None:
        self.lost[what] = None

    def _note(self, what: str) -> None:
        self.notes[what] = None


def _fades(item: Item) -> tuple[float, float]:
    return item.fade_in.seconds, item.fade_out.seconds


def _at_most(fade: Fade, length: int) -> Fade:
    return replace(fade, length=min(fade.length, length))


def _at_rate(item: Item, part: MemoryPart | None) -> Item:
    """An item of which nothing is lost by its playback rate, where it is that at which the response plays the file."""
    usual = 1.0 if part is None else part.rate
    lost = [each for each in item.lost if not each.startswith(PLAYBACK_RATE)]
    if abs(item.rate / usual - 1) > _SAME_RATE:
        lost.append(f"{PLAYBACK_RATE} {item.rate:g}")
    return replace(item, lost=tuple(lost))


def _is_sounding(kept: Kept) -> bool:
    return kept.lay is not None and (kept.lay.part is not None or bool(kept.lay.file))


def _start(kept: Kept) -> int:
    assert kept.lay is not None
    return kept.lay.start


def _over(whole: Run, heard: Sequence[Run]) -> list[Run]:
    """A run in pieces: what is `heard` within it, and what is left of it."""
    found = [each for run in heard if (each := cut(run, whole.start, whole.end)) is not None]
    edges = sorted({whole.start, whole.end, *(edge for run in found for edge in (run.start, run.end))})
    starts = {run.start: run for run in found}
    pieces: list[Run] = []
    for start, end in itertools.pairwise(edges):
        pieces.append(starts[start] if start in starts else replace(whole, start=start, end=end))
    return pieces


def _without(pin: Pin, later: Run) -> list[Pin]:
    """What a pin keeps of its time beside a later one."""
    left, right = cut(pin.run, pin.run.start, later.start), cut(pin.run, later.end, pin.run.end)
    return [Pin(run, pin.item) for run in (left, right) if run is not None]


def _decibels(factor: float) -> str:
    return f"{20 * math.log10(abs(factor)):+.1f} dB" if factor else "down"
