"""What a DAWproject holds: by its format's rules, and by a mixer of the test's own that plays it."""

import io
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from export_making import RATE, REST, made

from antiphon.action.export.dawproject_file import DAWPROJECT
from antiphon.action.export.formats import Handed, hand_over
from antiphon.action.export.provenance_file import LaidCopy, Mixing, SourceFile, TempoPoint, copies_of
from antiphon.action.export.sounds import Sound
from antiphon.action.export.tempo import TempoMap
from antiphon.audio import read
from antiphon.errors import BadData
from antiphon.files import sha256
from antiphon.names import for_archive
from antiphon.types import Fade

etree = pytest.importorskip("lxml.etree")

RULES = Path(__file__).with_name("dawproject.rng")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return made(tmp_path_factory.mktemp("dawproject"), ("dawproject",))


def exported(whole, **changes):
    """The project of the response with these changes to its provenance."""
    hand_over(whole.directory, Handed(replace(whole.provenance, **changes), REST), ("dawproject",))
    return opened(whole.directory / DAWPROJECT)


def opened(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def tree(files):
    return etree.fromstring(files["project.xml"])


def require_valid(files):
    rules = etree.RelaxNG(etree.parse(RULES))
    for name in ("project.xml", "metadata.xml"):
        rules.assertValid(etree.fromstring(files[name]))
    root = tree(files)
    ids = [each.get("id") for each in root.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    for each in root.iter():
        for name in ("destination", "track", "parameter"):
            assert each.get(name) is None or each.get(name) in ids
    assert {file.get("path") for file in root.iter("File")} <= set(files)


def channels(root):
    return {track.find("Channel").get("id"): track for track in root.iter("Track")}


def faders(root, track):
    """By what a track is multiplied on its way to the master, and whether it is heard."""
    gain, heard = 1.0, True
    while track is not None:
        channel = track.find("Channel")
        gain *= float(channel.find("Volume").get("value"))
        heard = heard and channel.find("Mute").get("value") == "false"
        track = channels(root).get(channel.get("destination"))
    return gain, heard


def rises(length):
    """A fade as a response has it; the format says how long it is, and not how it rises."""
    x = (np.arange(length) + 0.5) / max(length, 1)
    return x * x * (3 - 2 * x)


def played(files, samples, rate=RATE, named="Antiphon response"):
    """What the tracks of this name sound together, mixed by the project's own words."""
    root, mix = tree(files), np.zeros(samples)
    times = steps(root)
    for lane in root.find("Arrangement/Lanes").findall("Lanes"):
        track = next(each for each in root.iter("Track") if each.get("id") == lane.get("track"))
        gain, heard = faders(root, track)
        if not track.get("name").startswith(named) or not heard:
            continue
        last = 0.0
        for clip in lane.find("Clips"):
            assert float(clip.get("time")) >= last - 1e-9
            last = float(clip.get("time")) + float(clip.get("duration"))
            first, stop = (round(seconds(times, beat) * rate) for beat in (float(clip.get("time")), last))
            mix[first:stop] += gain * clip_sound(files, clip, stop - first, rate)
    return mix


def clip_sound(files, clip, length, rate):
    sound, file_rate = soundfile.read(io.BytesIO(files[next(clip.iter("File")).get("path")]))
    assert file_rate == rate == int(next(clip.iter("Audio")).get("sampleRate"))
    offset = round(float(clip.get("playStart")) * rate)
    heard = (sound if sound.ndim == 1 else sound[:, 0])[offset : offset + length].copy()
    assert len(heard) == length
    fade_in, fade_out = (round(float(clip.get(name, "0")) * rate) for name in ("fadeInTime", "fadeOutTime"))
    heard[:fade_in] *= rises(fade_in)
    heard[length - fade_out :] *= rises(fade_out)[::-1]
    gains = [float(point.get("value")) for point in clip.iter("RealPoint")]
    return heard * (gains[0] if gains else 1.0)


def steps(root):
    """Seconds, beats and beats a second of the project's tempo."""
    points = [
        (float(each.get("time")), float(each.get("value"))) for each in root.iterfind(".//TempoAutomation/RealPoint")
    ]
    points = points or [(0.0, float(root.find("Transport/Tempo").get("value")))]
    found, time = [], 0.0
    for number, (beat, bpm) in enumerate(points):
        if number:
            time += (beat - points[number - 1][0]) * 60 / points[number - 1][1]
        found.append((time, beat, bpm / 60))
    return found


def seconds(times, beat):
    time, start, rate = [each for each in times if each[1] <= beat + 1e-9][-1]
    return time + (beat - start) / rate


TEMPI = {
    "no known beat": (TempoPoint(0.0, 120.0),),
    "a bar before the first downbeat": (TempoPoint(0.0, 150.0, 2), TempoPoint(0.8, 96.4, 3)),
    "a tempo that moves": (TempoPoint(0.0, 100.0, ramp=True), TempoPoint(3.0, 140.0)),
    "a first bar too fast for the format": (TempoPoint(0.0, 900.0, 1), TempoPoint(0.0667, 96.4)),
}


@pytest.mark.parametrize("tempo", TEMPI.values(), ids=TEMPI)
def test_the_project_sounds_as_the_response_and_keeps_the_rules_of_its_format(whole, tempo):
    sounds = tuple(Sound(57, True, -20.0) if event.source else None for event in whole.provenance.events)
    files = exported(whole, tempo=tempo, sounds=sounds, gain=1.7)
    require_valid(files)
    response = 1.7 * whole.response.audio.samples[:, 0]
    assert np.abs(played(files, len(response)) - response).max() < 1e-4
    guide = read(whole.directory.parent / "sounds" / "guide.wav").samples[:, 0]
    assert np.abs(played(files, len(guide), named="Guide") - guide).max() < 1e-6


def test_bars_begin_where_those_of_the_session_do(whole):
    tempo = TEMPI["a bar before the first downbeat"]
    root = tree(exported(whole, tempo=tempo))
    bars = [(float(p.get("time")), p.get("numerator")) for p in root.iter("TimeSignaturePoint")]
    assert bars == [(0.0, "2"), (TempoMap(tempo).beats(0.8), "3")]
    assert bars[1][0] == pytest.approx(2.0)


def test_a_phrase_has_a_marker_and_a_clip_its_name_and_colour(whole):
    sounds = tuple(Sound(57, True, -20.0) if event.source else None for event in whole.provenance.events)
    root = tree(exported(whole, sounds=sounds))
    notes = [(float(note.get("time")) / 2, note.get("key"), note.get("channel")) for note in root.iter("Note")]
    assert notes[0] == (0.0, "57", "0")
    phrases = [run for run in whole.response.runs if run.part and run.stop - run.first > 1]
    markers = list(root.iter("Marker"))
    assert [float(each.get("time")) / 2 for each in markers] == [pytest.approx(run.start / RATE) for run in phrases]
    assert markers[0].get("name") == "A3, first.wav 0:00.0"
    clips = [clip for clip in root.iter("Clip") if clip.get("color")]
    assert len(clips) == sum(run.part is not None for run in whole.response.runs)
    assert min(clips, key=lambda clip: float(clip.get("time"))).get("name") == "A3 first.wav 0:00.0"
    assert len({clip.get("color") for clip in clips}) > 3


def test_the_response_plays_into_a_mix_bus_and_takes_lie_beside_it_muted(whole):
    root = tree(exported(whole))
    by_id = channels(root)
    into = {
        track.get("name"): by_id[track.find("Channel").get("destination")].get("name")
        for track in root.iter("Track")
        if track.find("Channel").get("destination")
    }
    assert into == {
        "Guide": "Master",
        "Response mix": "Master",
        "Antiphon response 1": "Response mix",
        "Antiphon response 2": "Response mix",
        "Take 2": "Response mix",
        "Notes heard": "Master",
    }
    take = next(track for track in root.iter("Track") if track.get("name") == "Take 2")
    assert faders(root, take)[1] is False


def test_gain_and_loudness_beyond_a_fader_are_heard_all_the_same(whole):
    runs = [replace(run, gain=0.5 + 0.1 * number) for number, run in enumerate(whole.response.runs)]
    copies = copies_of(replace(whole.response, runs=tuple(runs)), whole.memory)
    softer = exported(whole, copies=copies)
    require_valid(softer)
    for gain in (1.0, 3.1, 9.0):
        files = exported(whole, copies=copies, gain=gain)
        values = [float(each.get("value")) for each in tree(files).iter("Volume")]
        assert max(values) <= 2.0
        length = len(whole.response.audio.samples)
        assert played(files, length) == pytest.approx(gain * played(softer, length), abs=1e-9)


def test_what_a_musician_muted_or_turned_is_so(whole):
    root = tree(exported(whole, mixing=Mixing(fader=0.5, muted=True)))
    tracks = [track for track in root.iter("Track") if track.get("name").startswith("Antiphon")]
    assert [faders(root, track) for track in tracks] == [(0.5, False)] * len(tracks)


def test_a_file_that_is_played_faster_is_warped_at_its_own_pitch(whole):
    first, second = whole.provenance.inputs.memories
    inputs = replace(whole.provenance.inputs, memories=(replace(first, rate=1.25), second))
    files = exported(whole, inputs=inputs)
    require_valid(files)
    warps = list(tree(files).iter("Warps"))
    assert {clip.find("Audio/File").get("path") for clip in warps} == {"audio/2 first.wav"}
    assert [(w.get("time"), w.get("contentTime")) for w in warps[0].iter("Warp")] == [("0.0", "0.0"), ("3.2", "4.0")]


def test_items_of_a_musician_are_clips_and_what_no_clip_can_say_is_a_sound_of_its_own(whole, tmp_path):
    own = whole.directory.parent / "sounds" / "second.wav"
    inputs = replace(whole.provenance.inputs, own=(SourceFile(str(own), sha256(own), 4 * RATE),))
    plain = LaidCopy(RATE, 2 * RATE, 100, 2, 0.5, Fade(80, 5), Fade(0, 5))
    turned = LaidCopy(3 * RATE, 4 * RATE, 0, 2, -1.5, Fade(0, 5), Fade(400, 1))
    files = exported(whole, inputs=inputs, laid=(plain, turned), copies=(), events=(), sounds=())
    require_valid(files)
    heard = played(files, 5 * RATE)
    sound = read(own).samples[:, 0]
    risen = np.ones(RATE)
    risen[:80] = rises(80)
    assert heard[RATE : 2 * RATE] == pytest.approx(0.5 * sound[100 : 100 + RATE] * risen, abs=1e-6)
    assert heard[3 * RATE : 4 * RATE - 400] == pytest.approx(-1.5 * sound[: RATE - 400], abs=1e-6)
    assert [name for name in files if "edit" in name] == ["audio/6 edit 2.wav"]


def test_the_same_response_gives_the_same_bytes(whole):
    exported(whole)
    first = (whole.directory / DAWPROJECT).read_bytes()
    os.utime(whole.directory / "take-2.wav")
    exported(whole)
    assert (whole.directory / DAWPROJECT).read_bytes() == first


NAMES = ["Ünïcode ♫ 日本.wav", "a<b>&\"c'.wav", "x\ny\x01\ufffe.wav", "a\\b:c?.wav", "l" * 240 + ".wav", "con. .wav"]


@pytest.mark.parametrize("name", NAMES, ids=["unicode", "markup", "controls", "windows", "long", "dots"])
def test_any_name_of_a_file_is_written_and_found_again(tmp_path, name):
    whole = made(tmp_path, ())
    memories = whole.provenance.inputs.memories
    odd = tmp_path / name
    odd.write_bytes((tmp_path / "sounds" / "first.wav").read_bytes())
    inputs = replace(whole.provenance.inputs, memories=(replace(memories[0], path=str(odd)), memories[1]))
    files = exported(whole, inputs=inputs)
    require_valid(files)
    (entry,) = [path for path in files if path.startswith("audio/2 ")]
    assert entry == f"audio/2 {for_archive(name)}"
    assert not set('<>:"\\|?*') & set(entry)
    assert files[entry] == odd.read_bytes()


def test_two_files_whose_names_differ_in_case_stay_two(tmp_path):
    whole = made(tmp_path, ())
    sources = []
    for name, source in zip(("Take.wav", "take.WAV"), whole.provenance.inputs.memories, strict=True):
        path = tmp_path / name
        path.write_bytes((whole.directory / source.path).read_bytes())
        sources.append(replace(source, path=str(path)))
    files = exported(whole, inputs=replace(whole.provenance.inputs, memories=tuple(sources)))
    assert {"audio/2 Take.wav", "audio/3 take.WAV"} <= set(files)


def test_a_memory_that_changed_is_not_put_into_a_project(tmp_path):
    whole = made(tmp_path, ())
    memory = whole.directory / whole.provenance.inputs.memories[0].path
    memory.write_bytes(memory.read_bytes() + b"more")
    with pytest.raises(BadData, match="changed since"):
        exported(whole)
    assert not (whole.directory / DAWPROJECT).exists()


def test_sound_that_was_never_in_a_file_makes_no_project(whole):
    with pytest.raises(BadData, match="never in a file"):
        exported(whole, inputs=replace(whole.provenance.inputs, guides=(SourceFile(""),)))


def test_an_empty_response_is_a_project_too(whole):
    files = exported(whole, events=(), copies=(), sounds=(), samples=0, takes=())
    require_valid(files)
    assert not list(tree(files).iter("Marker"))
