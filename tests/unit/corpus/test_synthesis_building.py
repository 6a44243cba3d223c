"""Many pieces: found in their published layouts, built, gone on with, reported."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from score_making import REPEAT, attributes, lieder, mxl, note, pop909, song

from antiphon import audio
from antiphon.corpus.manifest import read_manifest
from antiphon.corpus.synthesis.building import build_corpus
from antiphon.corpus.synthesis.jobs import find_jobs
from antiphon.corpus.synthesis.pool import NotFinished, worked
from antiphon.corpus.synthesis.settings import BuildSettings, RenderSettings
from antiphon.errors import AntiphonError, BadData, SettingsError

for module in ("music21", "pretty_midi", "midirenderer"):
    pytest.importorskip(module)

ONE = BuildSettings(processes=1)


def quartets(folder):
    bars = [attributes() + note("C4", 4), note("D4", 4), attributes(3) + note("E4", 3), note("F4", 3)]
    players = dict.fromkeys(("Violin 1", "Violin 2", "Viola", "Violoncello"), bars)
    work = folder / "scores" / "Haydn,_Joseph" / "String_Quartet,_Op.20_No.1"
    mxl(work / "sq1.mxl", players, numbers=[1, 2, 1, 2])
    return folder


def inodes(folder):
    return {path: path.stat().st_ino for path in folder.rglob("*.flac")}


def doubled(number):
    return 2 * number


def slow_at_two(number):
    if number == 2:
        time.sleep(60)
    return number


def dies_at_two(number):
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def fails_at_two(number):
    if number == 2:
        raise KeyError("of another library")
    return number


def test_a_song_becomes_a_voice_and_a_piano_with_what_is_known_of_them(tmp_path):
    report = build_corpus("lieder", lieder(tmp_path / "in", 2), tmp_path / "out", build=BuildSettings(processes=2))
    assert (report.rendered, report.already_there, report.failed) == (2, 0, {})
    assert report.music_seconds == pytest.approx(2 * 9)
    assert report.rendered_seconds == pytest.approx(4 * 9)
    assert report.real_time_factor > 0
    multitracks = read_manifest(report.manifest).multitracks
    assert [(each.name, each.piece, each.artist, each.licence) for each in multitracks] == [
        (name, name, "Schubert, Franz", "CC0-1.0") for name in ("lc100", "lc101")
    ]
    for multitrack in multitracks:
        assert [track.name for track in multitrack.tracks] == ["voice", "piano"]
        for track in multitrack.tracks:
            sound = audio.read(track.path)
            assert (sound.sample_rate, sound.channels, len(sound.samples)) == (22050, 1, 9 * 22050)
            assert track.instrument
    tree = json.loads((tmp_path / "out" / "lc100" / "notes.json").read_text())
    assert tree["tracks"]["voice"] == [[0.0, 4.0, 60, 60], [4.0, 2.0, 64, 60], [6.0, 2.0, 67, 60]]
    assert tree["beats"] == [[float(i), i % 4 + 1] for i in range(8)]
    assert tree["keys"] == [[0.0, "C:maj"]]


def test_a_flat_folder_has_its_composers_in_the_index(tmp_path):
    song(tmp_path / "lc7.mxl")
    (tmp_path / "INDEX.tsv").write_text("file\tcomposer\tset\tsong\nlc7.mxl\tWolf,_Hugo\t_\tGebet\n")
    assert [(job.name, job.artist) for job in find_jobs("lieder", tmp_path)] == [("lc7", "Wolf, Hugo")]


def test_movements_are_multitracks_of_one_piece(tmp_path):
    report = build_corpus("quartets", quartets(tmp_path / "in"), tmp_path / "out", build=BuildSettings(processes=2))
    first, second = read_manifest(report.manifest).multitracks
    assert (first.name, second.name) == ("sq1-1", "sq1-2")
    assert first.piece == second.piece == "Haydn,_Joseph/String_Quartet,_Op.20_No.1"
    assert [track.name for track in second.tracks] == ["violin-1", "violin-2", "viola", "cello"]
    notes = [json.loads((tmp_path / "out" / each.name / "notes.json").read_text()) for each in (first, second)]
    assert [[each[2] for each in tree["tracks"]["cello"]] for tree in notes] == [[60, 62], [64, 65]]
    assert [number for _, number in notes[1]["beats"]] == [1, 2, 3, 1, 2, 3]


def test_a_repeat_stays_within_its_movement(tmp_path):
    bars = [attributes() + note("C4", 4) + REPEAT, note("D4", 4), note("E4", 4) + REPEAT, note("F4", 4)]
    score = mxl(tmp_path / "sq1.mxl", {"Violin": bars, "Violoncello": bars}, numbers=[1, 2, 1, 2])
    movements = [job.read().parts[0].notes for job in find_jobs("quartets", score.parent)]
    assert [[each.pitch for each in notes] for notes in movements] == [[60, 60, 62], [64, 64, 65]]


def test_pop909_is_built_without_its_other_versions(tmp_path):
    report = build_corpus("pop909", pop909(tmp_path / "in"), tmp_path / "out", build=ONE)
    (multitrack,) = read_manifest(report.manifest).multitracks
    assert multitrack.name == "001"
    assert [track.name for track in multitrack.tracks] == ["melody", "bridge", "piano"]
    tree = json.loads((tmp_path / "out" / "001" / "notes.json").read_text())
    assert tree["keys"] == [[0.5, "Gb:maj"]]
    assert tree["chords"][1] == [1.0, "C:maj"]


def test_what_is_there_is_not_rendered_again_unless_its_recipe_or_score_changed(tmp_path):
    source, out = lieder(tmp_path / "in", 3), tmp_path / "out"
    build_corpus("lieder", source, out, build=ONE)
    before, report = inodes(out), (out / "build.json").read_text()
    again = build_corpus("lieder", source, out, build=ONE)
    assert (again.rendered, again.already_there) == (0, 3)
    assert inodes(out) == before
    assert (out / "build.json").read_text() == report
    song(next(source.rglob("lc101.mxl")), bpm=90)
    (out / "lc102" / "piano.flac").unlink()
    assert build_corpus("lieder", source, out, build=ONE).rendered == 2
    assert inodes(out)[out / "lc100" / "piano.flac"] == before[out / "lc100" / "piano.flac"]
    assert build_corpus("lieder", source, out, settings=RenderSettings(gain_db=6.0), build=ONE).rendered == 3


def test_what_does_not_come_through_is_counted_by_its_reason(tmp_path):
    source = lieder(tmp_path / "in", 2)
    (source / "lc7.mxl").write_bytes(b"PK damaged")
    mxl(source / "lc8.mxl", {"Voice": [attributes() + note("C4", 4)]})
    report = build_corpus("lieder", source, tmp_path / "out", build=ONE)
    assert report.rendered == 2
    reasons = {names: reason for reason, names in report.failed.items()}
    assert reasons[("lc8",)] == "fewer than two parts with notes"
    assert reasons[("lc7",)].startswith("not a compressed score")
    assert json.loads((tmp_path / "out" / "build.json").read_text())["failed"][reasons[("lc8",)]] == ["lc8"]
    assert any("1 left out, fewer than two parts with notes: lc8" in line for line in report.lines())
    assert not (tmp_path / "out" / "lc7").exists()


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
@pytest.mark.parametrize(("kind", "suffix"), [("lieder", ".mxl"), ("quartets", ".mxl"), ("pop909", ".mid")])
def test_what_is_no_file_is_named_in_every_layout(tmp_path, kind, suffix):
    """A pipe, a link to a device and one to itself are not passed over in silence, and end no build."""
    made = {"lieder": lambda folder: lieder(folder, 1), "quartets": quartets, "pop909": pop909}[kind]
    source = made(tmp_path / "in")
    for name in ("901", "902", "903"):
        (source / name).mkdir()
    os.mkfifo(source / "901" / f"901{suffix}")
    os.symlink("/dev/zero", source / "902" / f"902{suffix}")
    os.symlink(f"903{suffix}", source / "903" / f"903{suffix}")
    report = build_corpus(kind, source, tmp_path / "out", build=ONE)
    reasons = {names: reason for reason, names in report.failed.items()}
    assert report.rendered == (2 if kind == "quartets" else 1)
    assert reasons[("901",)].endswith("not a file, but a pipe")
    assert reasons[("902",)].endswith("not a file, but a device")
    assert ("903",) in reasons


def test_nothing_that_comes_through_is_bad_data(tmp_path):
    (tmp_path / "lc7.mxl").write_bytes(b"PK damaged")
    with pytest.raises(BadData, match="no lieder came through: not a compressed score"):
        build_corpus("lieder", tmp_path, tmp_path / "out", build=ONE)


def test_a_draw_of_pieces_depends_on_the_seed_alone(tmp_path):
    source = lieder(tmp_path / "in", 12)
    drawn = []
    for seed in (0, 0, 1):
        out = tmp_path / f"out {len(drawn)}"
        settings = RenderSettings(seed=seed)
        report = build_corpus("lieder", source, out, settings=settings, build=replace(ONE, pieces=3))
        drawn.append([each.name for each in read_manifest(report.manifest).multitracks])
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(drawn[0]) == 3


@pytest.mark.parametrize(
    ("kind", "error", "said"),
    [("madrigals", SettingsError, "known: chorales, lieder"), ("lieder", BadData, "OpenScore/Lieder")],
)
def test_what_cannot_be_found_is_said(tmp_path, kind, error, said):
    with pytest.raises(error, match=said):
        find_jobs(kind, tmp_path)
    with pytest.raises(BadData, match="no such folder"):
        find_jobs("lieder", tmp_path / "missing")


def test_a_folder_of_somebodys_own_is_not_written_to(tmp_path):
    (tmp_path / "out" / "lc100").mkdir(parents=True)
    (tmp_path / "out" / "lc100" / "thesis.txt").write_text("mine")
    with pytest.raises(AntiphonError, match="files of its own"):
        build_corpus("lieder", lieder(tmp_path / "in", 1), tmp_path / "out", build=ONE)
    assert [path.name for path in (tmp_path / "out" / "lc100").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("processes", [1, 3])
def test_every_item_is_worked_on_once(processes):
    done = worked(doubled, range(20), processes=processes, seconds=30, clean=print)
    assert sorted(each.result for each in done) == list(range(0, 40, 2))
    assert list(worked(doubled, [], processes=processes, seconds=30, clean=print)) == []


@pytest.mark.parametrize(
    ("function", "seconds", "said"), [(slow_at_two, 1.0, "not finished within 1 s"), (dies_at_two, 30.0, "died")]
)
def test_one_that_stalls_or_crashes_costs_no_other(function, seconds, said):
    cleaned = []
    done = {each.item: each for each in worked(function, range(5), processes=2, seconds=seconds, clean=cleaned.append)}
    assert sorted(item for item, each in done.items() if each.error is None) == [0, 1, 3, 4]
    assert isinstance(done[2].error, NotFinished)
    assert said in str(done[2].error)
    assert cleaned == [2]


def test_an_error_of_any_library_comes_back_as_the_reason():
    done = {each.item: each.error for each in worked(fails_at_two, range(3), processes=1, seconds=30, clean=print)}
    assert "KeyError: 'of another library'" in str(done[2])


def test_an_error_that_every_piece_would_meet_ends_the_build(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AntiphonError, match="cannot write"):
        build_corpus("lieder", lieder(tmp_path / "in", 1), tmp_path / "file", build=ONE)


@pytest.mark.slow
def test_an_interrupted_build_leaves_whole_pieces_only_and_goes_on(tmp_path):
    source, out = lieder(tmp_path / "in", 40), tmp_path / "out"
    arguments = ["corpus", "build", "lieder", "--source", str(source), "-o", str(out)]
    code = f"from antiphon.cli.app import main\nif __name__ == '__main__': main({arguments!r})"
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 60
    while len(list(out.glob("lc*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said.strip() == "antiphon: interrupted"
    left = list(out.iterdir())
    assert 2 <= len(left) < 40
    for folder in left:
        assert sorted(path.name for path in folder.iterdir()) == ["notes.json", "piano.flac", "voice.flac"]
    report = build_corpus("lieder", source, out, build=BuildSettings(processes=2))
    assert (report.already_there, report.rendered) == (len(left), 40 - len(left))


def test_leftovers_of_a_killed_process_are_removed(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    killed = (
        "import os, pathlib, sys; from antiphon.files import whole_directory\n"
        "with whole_directory(pathlib.Path(sys.argv[1]), ()): os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", killed, out / "lc100"], check=False)
    (leftover,) = out.iterdir()
    (out / ".lc100-other-abcdefgh").mkdir()
    build_corpus("lieder", lieder(tmp_path / "in", 1), out, build=ONE)
    assert not leftover.exists()
    assert (out / ".lc100-other-abcdefgh").exists()
