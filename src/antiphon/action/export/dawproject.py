"""A response as a DAWproject 1.0 (Bitwig, MIT licence): one clip for each run, with its place in the memory, fades and
gain as rendered, on tracks that play into a mix bus, beside the guide; a marker for each phrase.

Two clips that fade into one another lie on two tracks in turn. The format has no other way that all programs read
alike: where clips of one track overlap, some play both, some the upper one, and some cut the lower one off.

Clips lie on beats, which every importer reads; their places in seconds are exact by the tempo that is written too.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from xml.etree import ElementTree as Xml

from antiphon import __version__
from antiphon.action.export.midi import Note, heard_notes
from antiphon.action.export.provenance_file import TEMPO, LaidCopy, Provenance, TempoPoint
from antiphon.action.export.reaper import GUIDE_RGB, MIX_RGB, MIX_TRACK, RESPONSE_RGB, RESPONSE_TRACK, phrases
from antiphon.action.export.reaper_items import class_colour, piece_of, run_events, title_of
from antiphon.action.export.tempo import TempoMap
from antiphon.action.rendering.crossfade import Crossfade
from antiphon.names import for_xml
from antiphon.types import Run

VERSION = "1.0"
"""Of the format."""

SLOWEST, FASTEST = 20.0, 666.0
"""Beats a minute between which the format's own program has its tempo."""

LOUDEST_FADER = 2.0
"""The format's own program has its faders end here, +6 dB."""

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Embedded:
    """A sound in the zip: its path there, what a listener calls it, seconds, Hz, channels, and by what it is multiplied
    to be heard as it was."""

    path: str
    name: str
    duration: float
    sample_rate: int
    channels: int
    gain: float = 1.0


@dataclass(frozen=True)
class Sounds:
    """What a project plays: files by their paths in the provenance, and of a musician's items, by their number, those
    whose sound no clip can describe."""

    files: Mapping[str, Embedded]
    bounced: Mapping[int, Embedded]


@dataclass(frozen=True)
class _Clip:
    """Samples [start, end) of the response that sound `offset` samples of a file, as it is played at `speed`.

    `fades` are the lengths of its fade in and its fade out in samples.
    """

    start: int
    end: int
    offset: int
    sound: Embedded
    fades: tuple[int, int] = (0, 0)
    gain: float = 1.0
    speed: float = 1.0
    title: str = ""
    colour: Rgb | None = None


@dataclass(frozen=True)
class _Channel:
    """Of the mixer: its `number` (none: the next one), that of the one it plays into (`to`), and its fader."""

    to: str = ""
    number: str = ""
    role: str = "regular"
    gain: float = 1.0
    muted: bool = False


def project_xml(record: Provenance, rest: int, sounds: Sounds) -> bytes:
    """project.xml. `rest` is the id that is no sound."""
    return _written(_Writer(record, sounds).project(rest))


def metadata_xml(record: Provenance, title: str) -> bytes:
    """metadata.xml, by which a session tells which response it was made for."""
    root = Xml.Element("MetaData")
    Xml.SubElement(root, "Title").text = for_xml(title)
    comment = f"Written by Antiphon {__version__}. Response {record.identity}."
    Xml.SubElement(root, "Comment").text = comment
    return _written(root)


def is_described(laid: LaidCopy, samples: int) -> bool:
    """Whether a clip says how a musician's item sounds, of a file of so many samples: played once, from a place within
    the file, and not with its polarity turned."""
    inside = laid.source >= 0 and laid.source + laid.end - laid.start <= samples
    return inside and laid.start >= 0 and laid.gain > 0 and not laid.loop


class _Writer:
    """Numbers what it writes, and knows the beats."""

    def __init__(self, record: Provenance, sounds: Sounds) -> None:
        self.record = record
        self.sounds = sounds
        self.tempo = TempoMap(_playable(record.tempo))
        self._numbers = itertools.count()

    def project(self, rest: int) -> Xml.Element:
        root = Xml.Element("Project", version=VERSION)
        Xml.SubElement(root, "Application", name="Antiphon", version=__version__)
        points = _playable(self.record.tempo)
        transport = Xml.SubElement(root, "Transport")
        tempo = self._made(transport, "Tempo", name="Tempo", unit="bpm", value=repr(points[0].bpm))
        tempo.set("min", repr(SLOWEST))
        tempo.set("max", repr(FASTEST))
        bar = str(points[0].beats_per_bar)
        signature = self._made(transport, "TimeSignature", name="Time signature", denominator="4", numerator=bar)
        structure = Xml.SubElement(root, "Structure")
        arrangement = self._made(root, "Arrangement")
        lanes = self._made(arrangement, "Lanes", timeUnit="beats")
        self._tracks(structure, lanes, rest)
        self._markers(arrangement, rest)
        self._tempo_changes(arrangement, points, (tempo, signature))
        Xml.SubElement(root, "Scenes")
        return root

    def _tracks(self, structure: Xml.Element, lanes: Xml.Element, rest: int) -> None:
        record = self.record
        master_channel = self._number()
        for number, guide in enumerate(record.inputs.guides):
            name = "Guide" if number == 0 else f"Guide {number + 1}"
            track = self._track(structure, name, GUIDE_RGB, _Channel(master_channel))
            self._clips(lanes, track, [self._whole(self.sounds.files[guide.path])])
        loud, bus_gain, clip_gain = _faders(record.gain * record.mixing.fader)
        bus_channel = self._number()
        bus = self._track(structure, MIX_TRACK, MIX_RGB, _Channel(master_channel, bus_channel, "submix", bus_gain))
        bus.set("contentType", "tracks")
        for number, clips in enumerate(_apart(self._response(rest, clip_gain)), 1):
            name = f"{RESPONSE_TRACK} {number}"
            muted = record.mixing.muted
            track = self._track(bus, name, RESPONSE_RGB, _Channel(bus_channel, gain=loud, muted=muted))
            self._clips(lanes, track, clips)
        for number, take in enumerate(record.takes, 2):
            track = self._track(bus, f"Take {number}", RESPONSE_RGB, _Channel(bus_channel, muted=True))
            self._clips(lanes, track, [self._whole(self.sounds.files[take.file])])
        if notes := list(heard_notes(record)):
            track = self._track(structure, "Notes heard", RESPONSE_RGB, _Channel(master_channel), "notes")
            self._notes(lanes, track, notes)
        self._track(structure, "Master", None, _Channel(number=master_channel, role="master"))

    def _response(self, rest: int, gain: float) -> list[_Clip]:
        """The clips of the runs and of a musician's items, in order of time."""
        record = self.record
        extents = Crossfade(record.crossfade_seconds).extents(record.runs, record.sample_rate)
        found = []
        for run, extent in zip(record.runs, extents, strict=True):
            if run.part is None or run.laid is not None:
                continue
            piece = piece_of(run, extent)
            found.append(
                _Clip(
                    *(extent.start, extent.start + piece.length, piece.offset, self.sounds.files[run.part.source]),
                    (extent.fade_in, extent.fade_out),
                    *(run.gain * gain, piece.speed, title_of(record, run), self._shade(run, rest)),
                )
            )
        found += [replace(clip, gain=clip.gain * gain) for clip in self._laid()]
        return sorted(found, key=lambda clip: (clip.start, clip.end))

    def _laid(self) -> Iterable[_Clip]:
        files = (*self.record.inputs.memories, *self.record.inputs.own)
        for number, laid in enumerate(self.record.laid):
            if number in self.sounds.bounced:
                sound = self.sounds.bounced[number]
                yield _Clip(max(laid.start, 0), laid.end, 0, sound, gain=sound.gain, title=sound.name)
                continue
            source = files[laid.file]
            sound = self.sounds.files[source.path]
            fades = (laid.fade_in.length, laid.fade_out.length)
            yield _Clip(laid.start, laid.end, laid.source, sound, fades, laid.gain, source.rate, sound.name)

    def _shade(self, run: Run, rest: int) -> Rgb | None:
        events = run_events(self.record, run)
        return class_colour(events[0].played, rest) if events else None

    def _whole(self, sound: Embedded) -> _Clip:
        return _Clip(0, round(sound.duration * self.record.sample_rate), 0, sound, title=sound.name)

    def _track(
        self, parent: Xml.Element, name: str, colour: Rgb | None, channel: _Channel, content: str = "audio"
    ) -> Xml.Element:
        """A track with its channel."""
        track = self._made(parent, "Track", name=for_xml(name), contentType=content, loaded="true")
        if colour:
            track.set("color", _hex(colour))
        inside = Xml.SubElement(track, "Channel", id=channel.number or self._number(), role=channel.role)
        inside.set("audioChannels", "2")
        if channel.to:
            inside.set("destination", channel.to)
        self._made(inside, "Mute", name="Mute", value="true" if channel.muted else "false")
        pan = self._made(inside, "Pan", name="Pan", unit="normalized", value="0.5")
        pan.set("min", "0.0")
        pan.set("max", "1.0")
        volume = self._made(inside, "Volume", name="Volume", unit="linear", value=repr(channel.gain))
        volume.set("min", "0.0")
        volume.set("max", repr(LOUDEST_FADER))
        return track

    def _clips(self, lanes: Xml.Element, track: Xml.Element, clips: Sequence[_Clip]) -> None:
        lane = self._made(lanes, "Lanes", track=track.get("id", ""))
        inside = self._made(lane, "Clips")
        for clip in clips:
            self._clip(inside, clip)

    def _clip(self, parent: Xml.Element, clip: _Clip) -> None:
        rate = self.record.sample_rate
        start, end = self.tempo.beats(clip.start / rate), self.tempo.beats(clip.end / rate)
        placed = Xml.SubElement(parent, "Clip", time=repr(start), duration=repr(end - start))
        placed.set("contentTimeUnit", "seconds")
        placed.set("playStart", repr(clip.offset / rate))
        if any(clip.fades):
            placed.set("fadeTimeUnit", "seconds")
            placed.set("fadeInTime", repr(clip.fades[0] / rate))
            placed.set("fadeOutTime", repr(clip.fades[1] / rate))
        placed.set("name", for_xml(clip.title))
        if clip.colour:
            placed.set("color", _hex(clip.colour))
        if clip.gain == 1.0:
            self._sound(placed, clip)
            return
        both = self._made(placed, "Lanes", timeUnit="seconds")
        self._sound(both, clip)
        points = self._made(both, "Points", unit="linear")
        Xml.SubElement(points, "Target", expression="gain")
        Xml.SubElement(points, "RealPoint", time="0.0", value=repr(clip.gain), interpolation="hold")

    def _sound(self, parent: Xml.Element, clip: _Clip) -> None:
        """The whole file, at its own speed or another."""
        sound, inside = clip.sound, parent
        if clip.speed != 1.0:
            inside = self._made(parent, "Warps", timeUnit="seconds", contentTimeUnit="seconds")
        audio = self._made(inside, "Audio", timeUnit="seconds", duration=repr(sound.duration))
        audio.set("sampleRate", str(sound.sample_rate))
        audio.set("channels", str(sound.channels))
        Xml.SubElement(audio, "File", path=sound.path)
        if clip.speed != 1.0:
            audio.set("algorithm", "stretch")
            Xml.SubElement(inside, "Warp", time="0.0", contentTime="0.0")
            Xml.SubElement(inside, "Warp", time=repr(sound.duration / clip.speed), contentTime=repr(sound.duration))

    def _notes(self, lanes: Xml.Element, track: Xml.Element, notes: Sequence[Note]) -> None:
        lane = self._made(lanes, "Lanes", track=track.get("id", ""))
        end = self.tempo.beats(max(note.end for note in notes))
        clip = Xml.SubElement(self._made(lane, "Clips"), "Clip", time="0.0", duration=repr(end), playStart="0.0")
        inside = self._made(clip, "Notes")
        for note in notes:
            first, last = self.tempo.beats(note.start), self.tempo.beats(note.end)
            made = Xml.SubElement(inside, "Note", time=repr(first), duration=repr(last - first))
            made.set("channel", str(note.channel))
            made.set("key", str(note.key))
            made.set("vel", repr(note.velocity / 127))

    def _markers(self, arrangement: Xml.Element, rest: int) -> None:
        """Where each phrase begins: the format has no regions."""
        if not (found := phrases(self.record)):
            return
        inside = self._made(arrangement, "Markers")
        for title, run in found:
            place = self.tempo.beats(run.start / self.record.sample_rate)
            marker = Xml.SubElement(inside, "Marker", time=repr(place), name=for_xml(title))
            if shade := self._shade(run, rest):
                marker.set("color", _hex(shade))

    def _tempo_changes(
        self, arrangement: Xml.Element, points: Sequence[TempoPoint], targets: tuple[Xml.Element, Xml.Element]
    ) -> None:
        """Steps of tempo, and of bars where they change; a tempo that moves is written as the steps that place the
        clips."""
        if len(points) == 1:
            return
        changes = self._made(arrangement, "TempoAutomation", timeUnit="beats", unit="bpm")
        Xml.SubElement(changes, "Target", parameter=targets[0].get("id", ""))
        for _, beat, bpm in self.tempo.steps:
            Xml.SubElement(changes, "RealPoint", time=repr(beat), value=repr(bpm), interpolation="hold")
        bars = self._made(arrangement, "TimeSignatureAutomation", timeUnit="beats")
        Xml.SubElement(bars, "Target", parameter=targets[1].get("id", ""))
        for point in points:
            made = Xml.SubElement(bars, "TimeSignaturePoint", time=repr(self.tempo.beats(point.time)))
            made.set("numerator", str(point.beats_per_bar))
            made.set("denominator", "4")

    def _made(self, parent: Xml.Element, tag: str, **values: str) -> Xml.Element:
        """An element that others can refer to."""
        return Xml.SubElement(parent, tag, {"id": self._number(), **values})

    def _number(self) -> str:
        return f"id{next(self._numbers)}"


def _apart(clips: Sequence[_Clip]) -> list[list[_Clip]]:
    """Clips in order of time on as few tracks as leave no two of one track over one another; one track at least."""
    tracks: list[list[_Clip]] = [[]]
    for clip in clips:
        free = next((track for track in tracks if not track or track[-1].end <= clip.start), None)
        if free is None:
            tracks.append(free := [])
        free.append(clip)
    return tracks


def _faders(gain: float) -> tuple[float, float, float]:
    """A gain as those of a track, of the bus after it, and of the clips before it: each as loud as it goes at most."""
    track = min(gain, LOUDEST_FADER)
    bus = min(gain / track, LOUDEST_FADER) if track else 1.0
    return track, bus, gain / (track * bus) if track * bus else 1.0


def _playable(points: Sequence[TempoPoint]) -> tuple[TempoPoint, ...]:
    """The tempo of a session, within what the format's own program plays: its last tempo alone where an earlier one is
    not, and the usual one where that isn't either. Seconds stay what they are; the bars begin elsewhere then."""
    if all(SLOWEST <= point.bpm <= FASTEST for point in points):
        return tuple(points)
    last = points[-1]
    return (TempoPoint(0.0, last.bpm, last.beats_per_bar),) if SLOWEST <= last.bpm <= FASTEST else TEMPO


def _hex(colour: Rgb) -> str:
    red, green, blue = colour
    return f"#{red:02x}{green:02x}{blue:02x}"


def _written(root: Xml.Element) -> bytes:
    Xml.indent(root)
    text: str = Xml.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{text}\n'.encode()
