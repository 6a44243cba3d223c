"""What other programs read out of the files that are handed over."""

import csv
import shutil
from dataclasses import replace

import numpy as np
import pytest
from export_making import RATE, REST, made

from antiphon import audio
from antiphon.action.export.formats import COPYING, FORMATS, Handed, hand_over, known_formats, with_media
from antiphon.action.export.labels import add_cues, told_apart
from antiphon.action.export.midi import midi
from antiphon.action.export.provenance_file import Inputs, SourceFile, TempoPoint
from antiphon.action.export.reaper import SESSION, Session, project
from antiphon.action.export.rpp import parsed, read_project, words, written
from antiphon.action.export.sounds import Sound, sound_of
from antiphon.errors import BadData, SettingsError
from antiphon.files import sha256
from antiphon.types import SILENCE, Event


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return made(tmp_path_factory.mktemp("formats"))


def sounding(whole):
    return [event for event in whole.response.events if event.played != REST]


def notes(track, tempo=500_000, ticks=500):
    """Each note that is struck: second, channel, note, velocity."""
    now, found = 0, []
    for message in track:
        now += message.time
        if message.type == "note_on":
            found.append((round(now * tempo / ticks / 1e6, 6), message.channel, message.note, message.velocity))
    return found


def test_a_note_of_the_second_track_is_a_class_and_its_velocity_the_confidence(whole):
    mido = pytest.importorskip("mido")
    file = mido.MidiFile(whole.directory / "response.mid")
    assert (file.type, [track.name for track in file.tracks]) == (1, ["heard", "classes"])
    assert notes(file.tracks[1]) == [
        (event.time, 0, event.played, 1 + round(126 * np.exp(-0.5))) for event in sounding(whole)
    ]


def test_the_first_track_is_what_is_heard(whole, tmp_path):
    mido = pytest.importorskip("mido")
    heard = [Sound(57, True, -20.0), Sound(57, True, -26.0), Sound(60, True, -30.0), Sound(38, False, -20.0)]
    events = tuple(Event(0.5 * n, 0.5, 3, 0.0, 3, "a.wav", 0, 0, 0, n // 3) for n in range(4))
    record = replace(whole.provenance, events=events, sounds=tuple(heard))
    (tmp_path / "a.mid").write_bytes(midi(record, REST))
    file = mido.MidiFile(tmp_path / "a.mid")
    soft = round(112 * 10 ** (-10 / 40))
    assert notes(file.tracks[0]) == [(0.0, 0, 57, 112), (1.0, 0, 60, soft), (1.5, 9, 38, 112)]
    assert file.length == pytest.approx(2.0)


@pytest.mark.parametrize("bpm", [60.0, 97.3, 120.0])
def test_notes_lie_under_the_sound_at_any_tempo(whole, tmp_path, bpm):
    mido = pytest.importorskip("mido")
    record = replace(whole.provenance, tempo=(TempoPoint(0.0, bpm),))
    (tmp_path / "a.mid").write_bytes(midi(record, REST))
    file = mido.MidiFile(tmp_path / "a.mid")
    tempo = next(message.tempo for message in file.tracks[0] if message.type == "set_tempo")
    assert tempo == pytest.approx(60e6 / bpm, rel=2e-3)
    assert [each[0] for each in notes(file.tracks[1], tempo, file.ticks_per_beat)] == [
        event.time for event in sounding(whole)
    ]


def test_every_note_ends_before_it_is_struck_again_and_large_alphabets_take_more_channels(whole, tmp_path):
    mido = pytest.importorskip("mido")
    events = tuple(Event(0.5 * step, 0.5, 300, 0.0, 300, "", 0, 0, 0, 0) for step in range(3))
    (tmp_path / "a.mid").write_bytes(midi(replace(whole.provenance, events=events, sounds=()), REST))
    found = [message for message in mido.MidiFile(tmp_path / "a.mid") if message.type.startswith("note")]
    assert [message.type for message in found] == ["note_on", "note_off"] * 3
    assert {(message.channel, message.note) for message in found} == {(2, 300 - 256)}
    assert found[0].velocity == 127


@pytest.mark.parametrize("pitch", [33, 45, 57, 60, 73, 88])
def test_a_pitch_is_heard_with_its_register_and_noise_has_none(pitch):
    time = np.arange(11025) / 22050
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    tone = sum(np.sin(2 * np.pi * hertz * n * time) / n for n in range(1, 12) if hertz * n < 11000) * 0.1
    noise = np.random.default_rng(0).normal(0, 0.1, len(time)).astype(np.float32)
    assert (sound_of(tone.astype(np.float32), 22050).note, sound_of(tone.astype(np.float32), 22050).pitched) == (
        pitch,
        True,
    )
    assert not sound_of(noise, 22050).pitched
    assert sound_of(noise, 22050).level == pytest.approx(-20, abs=0.2)


def test_an_item_is_named_by_pitch_and_place_and_a_phrase_is_a_region(whole):
    sounds = tuple(Sound(57, True, -20.0) if event.source else None for event in whole.provenance.events)
    text = written(project(Session(replace(whole.provenance, sounds=sounds), REST)))
    first = next(run for run in whole.provenance.runs if run.part)
    assert 'NAME "A3 first.wav 0:00.0"' in text
    regions = [words(line) for line in text.splitlines() if words(line)[:1] == ["MARKER"]]
    phrases = [run for run in whole.provenance.runs if run.part and run.stop - run.first > 1]
    assert [float(line[2]) for line in regions[::2]] == [run.start / RATE for run in phrases]
    assert [float(line[2]) for line in regions[1::2]] == [run.end / RATE for run in phrases]
    assert regions[0][3] == "A3, first.wav 0:00.0"
    assert first == phrases[0]


def test_cue_points_name_the_tokens_at_their_samples(whole):
    wavinfo = pytest.importorskip("wavinfo")
    cues = wavinfo.WavInfoReader(str(whole.directory / "response.wav")).cues
    assert [cue.sample_offset for cue in cues.cues] == [round(event.time * RATE) for event in whole.response.events]
    assert [label.text for label in cues.labels][:4] == ["token 0", "token 1", "token 2", "token 7"]
    assert "rest" in [label.text for label in cues.labels]


def test_cue_points_change_no_sample(whole):
    assert np.allclose(audio.read(whole.directory / "response.wav").samples, whole.response.audio.samples, atol=2**-23)


def test_only_a_wav_takes_cue_points(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFX, or whatever")
    with pytest.raises(BadData, match="not a wav"):
        add_cues(tmp_path / "a.wav", b"")


def test_labels_for_audacity_and_sonic_visualiser_cover_the_response(whole):
    lines = (whole.directory / "response.labels.txt").read_text().splitlines()
    rows = list(csv.DictReader((whole.directory / "response.csv").open()))
    for event, line, row in zip(whole.response.events, lines, rows, strict=True):
        start, end, name = line.split("\t")
        assert (float(start), float(end)) == (event.time, event.time + event.duration)
        assert (float(row["TIME"]), float(row["DURATION"]), int(row["VALUE"])) == (event.time, 0.5, event.played)
        assert name == row["LABEL"] == ("rest" if event.played == REST else f"token {event.played}")


def test_a_coll_has_an_indexed_line_for_each_segment(whole):
    lines = (whole.directory / "response.coll.txt").read_text().splitlines()
    assert lines[0] == '0, 0.000 500.000 0 0.606531 "first.wav" 0.000;'
    assert lines[7].startswith("7, 3500.000 500.000 -1 ")
    assert all(line.endswith(";") for line in lines)


def test_a_coll_tells_two_files_of_one_name_apart(whole, tmp_path):
    rows = {}
    for folders in (("take 1", "take 2"), ("media", "media")):
        names = ("x.wav", "x-2.wav" if folders[0] == "media" else "x.wav")
        paths = [f"/music/{folder}/{name}" for folder, name in zip(folders, names, strict=True)]
        memories = tuple(
            replace(source, path=path) for source, path in zip(whole.provenance.inputs.memories, paths, strict=True)
        )
        record = replace(whole.provenance, inputs=replace(whole.provenance.inputs, memories=memories))
        hand_over(tmp_path, Handed(record, REST), ["coll"])
        rows[folders] = [line.split('"')[1] for line in (tmp_path / "response.coll.txt").read_text().splitlines()]
    played = [copy.part for copy in whole.provenance.copies for _ in range(copy.first, copy.stop)]
    assert set(played) == {SILENCE, 0, 1}
    by_folder = {SILENCE: "none", 0: "take 1/x.wav", 1: "take 2/x.wav"}
    by_name = {SILENCE: "none", 0: "x.wav", 1: "x-2.wav"}
    assert rows["take 1", "take 2"] == [by_folder[part] for part in played]
    assert rows["media", "media"] == [by_name[part] for part in played]


def test_a_path_is_told_apart_by_its_shortest_end():
    paths = ["/a/b/x.wav", "/c/b/x.wav", "/c/b/y.wav", "x.wav"]
    assert list(told_apart(paths).values()) == ["a/b/x.wav", "c/b/x.wav", "y.wav", "x.wav"]
    assert told_apart(["/a/x.wav", "/a/x.wav"]) == {"/a/x.wav": "x.wav"}
    assert told_apart([""]) == {"": ""}


def test_a_session_is_read_by_others_and_has_an_item_for_each_run(whole):
    rpp = pytest.importorskip("rpp")
    project = rpp.loads((whole.directory / SESSION).read_text())
    guide, mix, response = project.findall("TRACK")
    runs = [run for run in whole.response.runs if run.part]
    items = [item for item in response.findall("ITEM") if item.find("SOURCE").find("FILE") is not None]
    assert len(response.findall("ITEM")) == len(whole.response.runs)
    assert (mix.find("NAME")[1], mix.find("ISBUS")[1:], response.find("ISBUS")[1:]) == (
        "Response mix",
        ["1", "1"],
        ["2", "-1"],
    )
    assert len({each.find("PEAKCOL")[1] for each in (guide, mix, response)}) == 3
    assert {each.find("MUTESOLO")[1] for each in (guide, mix, response)} == {"0"}
    assert guide.find("ITEM").find("SOURCE").find("FILE")[1] == "media/guide.wav"
    for item, run in zip(items, runs, strict=True):
        assert item.children.count("TAKE") == 1
        shift = round(float(item.find("SOFFS")[1]) * RATE) - round(float(item.find("POSITION")[1]) * RATE)
        assert shift == run.source - run.part.start - run.start
        assert item.find("SOURCE").find("FILE")[1].startswith("media/")


def test_items_cross_where_the_rendering_fades(whole):
    items = read_project(whole.directory / SESSION).blocks("TRACK")[2].blocks("ITEM")
    first, second = items[:2]
    end = float(first.find("POSITION")[0]) + float(first.find("LENGTH")[0])
    assert float(second.find("POSITION")[0]) == pytest.approx(1.5 - 0.025)
    assert end == pytest.approx(1.5 + 0.025)
    assert float(first.find("FADEOUT")[1]) == float(second.find("FADEIN")[1]) == pytest.approx(0.05)


def test_the_folder_moves_as_one(whole, tmp_path):
    shutil.copytree(whole.directory, tmp_path / "elsewhere")
    for block in read_project(tmp_path / "elsewhere" / SESSION).blocks("TRACK"):
        for item in block.blocks("ITEM"):
            for source in item.blocks("SOURCE"):
                file = source.find("FILE")
                assert file is None or (tmp_path / "elsewhere" / file[0]).is_file()


def test_media_are_copies_and_two_files_of_one_name_stay_two(tmp_path):
    paths = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / "x.wav")
        paths[-1].write_text(folder)
    (tmp_path / "out").mkdir()
    sources = tuple(SourceFile(str(path), sha256(path)) for path in paths)
    found = with_media(tmp_path / "out", Inputs(sources[:1], (*sources[1:], *sources[:1])))
    assert [source.path for source in (*found.guides, *found.memories)] == [
        "media/x.wav",
        "media/x-2.wav",
        "media/x.wav",
    ]
    assert (tmp_path / "out" / "media" / "x-2.wav").read_text() == "b"
    with pytest.raises(BadData, match="never in a file"):
        with_media(tmp_path / "out", Inputs((SourceFile(""),), ()))


def test_formats_are_known_by_name():
    assert known_formats(["all"]) == tuple(FORMATS)
    assert known_formats(["midi", "cues"]) == ("cues", "midi")
    with pytest.raises(SettingsError, match="cannot export 'ableton'; known: reaper, cues"):
        known_formats(["ableton"])


def test_an_empty_response_is_handed_over(tmp_path, whole):
    nothing = replace(whole.provenance, events=(), copies=(), samples=0)
    audio_file = tmp_path / "response.wav"
    shutil.copy(whole.directory / "response.wav", audio_file)
    hand_over(tmp_path, Handed(nothing, REST), [name for name in FORMATS if name not in COPYING])
    assert "ITEM" not in written(project(Session(nothing, REST)))


def test_a_foreign_project_is_written_as_it_was_read():
    text = '<REAPER_PROJECT 0.1 "7.0/linux" 1\r\n  <NOTES\n    |< no block\n  >\n  <X\n  >\n\tODD   spacing\n>\n'
    assert written(parsed(text, "a.rpp")) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a REAPER project"),
        ("RIFF", "not a REAPER project"),
        ("<REAPER_PROJECT\n  <TRACK\n>\n", "<REAPER_PROJECT has no end"),
        ("<REAPER_PROJECT\n>\n>\n", "line 3"),
    ],
)
def test_what_is_no_project_is_refused_by_name(text, reason):
    with pytest.raises(BadData, match=rf"a\.rpp: .*{reason}"):
        parsed(text, "a.rpp")
