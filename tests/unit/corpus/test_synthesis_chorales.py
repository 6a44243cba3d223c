import itertools
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from antiphon import audio
from antiphon.corpus.manifest import read_manifest
from antiphon.corpus.synthesis.chorale_scores import VOICES, Note, Score, chorale_names, read_chorale
from antiphon.corpus.synthesis.chorales import (
    ChoraleSettings,
    build_chorales,
    draw_scores,
    programs_of,
    render_chorale,
    render_voices,
)
from antiphon.corpus.synthesis.tunes import group_by_tune
from antiphon.errors import BadData, MissingExtra, SettingsError

for module in ("music21", "pretty_midi", "midirenderer"):
    pytest.importorskip(module)

PASSION = ("bwv244.15", "bwv244.17", "bwv244.44", "bwv244.54", "bwv244.62", "bwv248.5", "bwv135.6", "bwv153.5")
TWO = ChoraleSettings(pieces=2, processes=1, seed=3)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chorales")
    return folder, build_chorales(folder, TWO).manifest


def contents(folder):
    """All files but the report, which tells the time that the build took."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder): path.read_bytes() for path in files}


def test_a_piece_is_four_voices_of_equal_length_that_sound_and_do_not_clip(built):
    for multitrack in read_manifest(built[1]).multitracks:
        assert [track.name for track in multitrack.tracks] == list(VOICES)
        stems = [audio.read(track.path) for track in multitrack.tracks]
        expected = round((read_chorale(multitrack.name).quarters * 60 / 84 + 1) * 44100)
        assert {(len(stem.samples), stem.channels, stem.sample_rate) for stem in stems} == {(expected, 1, 44100)}
        assert all(0.01 < audio.peak(stem) < 1 for stem in stems)
        assert all(track.duration == expected / 44100 for track in multitrack.tracks)


def test_the_instrument_is_what_the_program_is_called(built):
    sounding = ChoraleSettings(programs=dict(zip(VOICES, (52, 60, 70, 19), strict=True)), processes=1)
    assert list(programs_of("bwv1.6", sounding).values()) == [52, 60, 70, 19]
    for multitrack in read_manifest(built[1]).multitracks:
        assert len({track.instrument for track in multitrack.tracks}) == 4
        assert all(track.instrument.islower() for track in multitrack.tracks)


@pytest.mark.slow
def test_the_same_settings_give_the_same_bytes_in_any_number_of_processes(built, tmp_path):
    build_chorales(tmp_path, replace(TWO, processes=2))
    assert contents(tmp_path) == contents(built[0])


@pytest.mark.slow
def test_what_is_built_is_not_built_again_unless_it_would_differ(built, tmp_path):
    shutil.copytree(built[0], tmp_path, dirs_exist_ok=True)
    before = {path: path.stat().st_ino for path in tmp_path.rglob("*.flac")}
    build_chorales(tmp_path, TWO)
    assert {path: path.stat().st_ino for path in tmp_path.rglob("*.flac")} == before
    build_chorales(tmp_path, replace(TWO, programs=dict.fromkeys(VOICES, 56)))
    earlier = contents(built[0])
    assert not any(sound == earlier[path] for path, sound in contents(tmp_path).items() if path.suffix == ".flac")


def test_the_notes_beside_the_sound_are_those_that_sound(built):
    """A stem dies away where its last note ends."""
    for folder in (path for path in built[0].iterdir() if path.is_dir()):
        voices = json.loads((folder / "notes.json").read_text())["tracks"]
        assert list(voices) == list(VOICES)
        for voice, notes in voices.items():
            stem = audio.read(folder / f"{voice}.flac")
            end = max(onset + duration for onset, duration, _, _ in notes)
            assert end <= stem.duration - 1 + 1e-3
            after = stem.samples[round((end + 0.8) * 44100) :]
            assert np.abs(after).max() < 0.1 * audio.peak(stem)


def test_beats_and_keys_of_a_chorale_stand_beside_it(built):
    """All of Bach's chorales in music21 have a meter; a beat lies wherever a bar begins."""
    for folder in (path for path in built[0].iterdir() if path.is_dir()):
        tree = json.loads((folder / "notes.json").read_text())
        times, numbers = zip(*tree["beats"], strict=True)
        assert numbers.count(1) > 4
        assert all(0 < after - before <= 3 * 60 / 84 for before, after in itertools.pairwise(times))
        assert tree["keys"][0][1][-4:] in {":maj", ":min"}


def test_a_voice_sounds_its_written_pitch_at_its_written_time():
    notes = (Note(0.0, 2.0, 69), Note(4.0, 2.0, 57))
    score = Score("made", dict.fromkeys(VOICES, notes), 8.0)
    stems = render_voices(score, ChoraleSettings(tempo_bpm=60, programs=dict.fromkeys(VOICES, 73)))
    samples = stems["tenor"].samples[:, 0]
    assert len(samples) == 9 * 44100
    for start, frequency in ((0.5, 440), (4.5, 220)):
        second = samples[round(start * 44100) :][:44100] * np.hanning(44100)
        spectrum = np.abs(np.fft.rfft(second))
        assert any(abs(int(np.argmax(spectrum[:600])) - multiple * frequency) <= 4 for multiple in (1, 2))
    assert np.abs(samples[round(3.2 * 44100) : round(3.9 * 44100)]).max() < 0.02 * np.abs(samples).max()


def test_the_last_note_dies_away_and_is_not_cut():
    score = Score("made", dict.fromkeys(VOICES, (Note(0.0, 1.0, 60),)), 1.0)
    programs = dict(zip(VOICES, (48, 52, 19, 70), strict=True))
    stems = render_voices(score, ChoraleSettings(tempo_bpm=60, programs=programs))
    for stem in stems.values():
        assert np.abs(stem.samples[44100 + 1000 : 44100 + 6000]).max() > 0.001


def test_harmonisations_of_one_tune_are_one_piece():
    tunes = group_by_tune([read_chorale(name) for name in (*PASSION, "bwv269", "bwv227.7", "bwv302", "bwv66.6")])
    assert {tunes[name] for name in PASSION} == {"bwv135.6"}
    assert len(set(tunes.values())) == 5


def test_a_draw_is_of_four_part_chorales_and_depends_on_the_seed():
    first, second = (draw_scores(ChoraleSettings(pieces=4, seed=seed, processes=1)) for seed in (0, 1))
    assert {score.name for score in first} != {score.name for score in second}
    for score in first:
        assert list(score.voices) == list(VOICES)
        assert all(notes for notes in score.voices.values())
        assert max(note.onset + note.duration for notes in score.voices.values() for note in notes) <= score.quarters


def test_programs_are_drawn_for_each_piece_by_itself():
    drawn = {tuple(programs_of(name, ChoraleSettings()).values()) for name in chorale_names()[:50]}
    assert len(drawn) > 40
    assert all(len(set(programs)) == 4 for programs in drawn)


def test_a_chorale_can_be_had_without_a_corpus(built):
    name = read_manifest(built[1]).multitracks[0].name
    voices = render_chorale(name, TWO)
    written = audio.read(built[0] / name / "bass.flac")
    assert np.allclose(voices["bass"].samples, written.samples, atol=2.0**-15)


@pytest.mark.parametrize("name", ["bwv9999", "bwv846"])
def test_what_is_no_four_part_chorale_is_refused_by_name(name):
    with pytest.raises(BadData, match=name):
        read_chorale(name)


def test_a_soundfont_that_is_none_is_named(tmp_path):
    (tmp_path / "broken.sf2").write_bytes(b"RIFF")
    for name in ("broken.sf2", "missing.sf2"):
        with pytest.raises(BadData, match=name):
            build_chorales(tmp_path / "out", replace(TWO, soundfont=tmp_path / name))


@pytest.mark.parametrize(
    "wrong",
    [{"pieces": 0}, {"programs": {"flute": 73}}, {"programs": {"alto": 128}}, {"pool": (1, 2, 2, 3)}, {"tempo_bpm": 0}],
)
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(SettingsError, match=r"must|programs"):
        ChoraleSettings(**wrong)


def test_a_missing_extra_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pretty_midi", None)
    with pytest.raises(MissingExtra, match=r"pip install 'antiphon\[scores\]'"):
        render_voices(Score("made", dict.fromkeys(VOICES, ()), 1.0), ChoraleSettings())
