"""Each published layout, as a small tree in exactly its format."""

import hashlib
import json
import sys

import numpy as np
import pytest
import yaml
from corpus_making import noise, stem_tone, stems_container

from antiphon.config import CorpusSettings
from antiphon.corpus.layouts import recognised, scan, scan_corpus
from antiphon.corpus.opening import open_corpus
from antiphon.corpus.splits import divide
from antiphon.corpus.track_audio import read_track
from antiphon.errors import AntiphonWarning, BadData, MissingExtra

SETTINGS = CorpusSettings(exclude=())


def tracks_of(multitracks):
    return {each.name: {track.name: len(track.sources) for track in each.tracks} for each in multitracks}


def written(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# folders of instruments


def test_the_files_of_an_instrument_are_summed(tmp_path):
    for path in ("one/guitar/l.wav", "one/guitar/r.wav", "one/bass/di.wav", "two/piano/a.wav", "two/lead vocals/b.wav"):
        noise(tmp_path / path)
    assert recognised(tmp_path) == "instruments"
    assert tracks_of(scan(tmp_path, SETTINGS)) == {
        "one": {"bass": 1, "guitar": 2},
        "two": {"lead vocals": 1, "piano": 1},
    }


def test_folders_of_pieces_are_not_folders_of_instruments(tmp_path):
    for piece in ("string quartet", "piano concerto", "bass solo"):
        for track in ("a", "b"):
            noise(tmp_path / "album" / piece / f"{track}.wav")
    assert recognised(tmp_path) == "folders"
    assert len(scan(tmp_path, SETTINGS)) == 3


def test_a_named_layout_is_not_guessed(tmp_path):
    for path in ("one/x/1.wav", "one/x/2.wav", "one/y/1.wav"):
        noise(tmp_path / path)
    assert tracks_of(scan(tmp_path, SETTINGS, "instruments")) == {"one": {"x": 2, "y": 1}}
    named = CorpusSettings(layout="instruments")
    assert tracks_of(open_corpus(tmp_path, named).multitracks) == {"one": {"x": 2, "y": 1}}


# pairs


@pytest.mark.parametrize("roles", [("bass", "piano"), ("guides", "partners")])
def test_two_folders_of_the_same_names_are_pairs(tmp_path, roles):
    for role in roles:
        for take in ("1", "2"):
            noise(tmp_path / role / f"{take}.wav")
    assert recognised(tmp_path) == "pairs"
    assert tracks_of(scan(tmp_path, SETTINGS)) == {"1": dict.fromkeys(roles, 1), "2": dict.fromkeys(roles, 1)}


def test_two_pieces_with_the_same_tracks_are_not_pairs(tmp_path):
    for piece in ("piece 1", "piece 2"):
        for track in ("bass", "piano"):
            noise(tmp_path / piece / f"{track}.wav")
    assert recognised(tmp_path) == "folders"


def test_pairs_need_two_folders(tmp_path):
    for name in ("a/1", "b/1", "c/1"):
        noise(tmp_path / f"{name}.wav")
    with pytest.raises(BadData, match="two folders of audio, here are 3"):
        scan(tmp_path, SETTINGS, "pairs")


# takes


def test_a_take_of_improvisation_has_a_player_a_file_and_an_ensemble(tmp_path):
    for path in ("duo A/take 1/take 1_sax.wav", "duo A/take 1/take 1_piano.wav", "trio/t2/x.wav", "trio/t2/y.wav"):
        noise(tmp_path / path)
    noise(tmp_path / "trio" / "t2" / "z.wav")
    found = scan(tmp_path, SETTINGS, "takes")
    assert tracks_of(found) == {"duo A/take 1": {"piano": 1, "sax": 1}, "trio/t2": {"x": 1, "y": 1, "z": 1}}
    assert [each.artist for each in found] == ["duo A", "trio"]
    assert found[0].tracks[1].instrument == "sax"


def test_a_take_outside_of_a_folder_is_by_its_players(tmp_path):
    noise(tmp_path / "1" / "Ann.wav")
    noise(tmp_path / "1" / "Bob.wav")
    assert scan(tmp_path, SETTINGS, "takes")[0].artist == "Ann & Bob"


# MoisesDB


def moisesdb(folder, uuid="5e4f6a1b-0000", artist="Someone", **changes):
    sources = {
        "vocals": [("lead male singer", "v1"), ("other (vocoder, beatboxing etc)", "v2")],
        "other_keys": [("synth pad", "k1")],
        "drums": [("snare drum", "d1"), ("kick drum", "d2")],
        "percussion": [("a-tonal percussion (claps, shakers, congas, cowbell etc)", "p1")],
        "other": [("fx/processed sound, scratches, gun shots, explosions etc", "f1"), ("other strings", "o1")],
    }
    song = {
        "song": "A Song",
        "artist": artist,
        "genre": "pop",
        "stems": [
            {
                "id": f"stem-{name}",
                "stemName": name,
                "tracks": [
                    {"id": track, "trackType": kind, "extension": "wav", "has_bleed": False} for kind, track in tracks
                ],
            }
            for name, tracks in sources.items()
        ],
    }
    for name, tracks in sources.items():
        for _, track in tracks:
            noise(folder / "moisesdb_v0.1" / uuid / name / f"{track}.wav")
    written(folder / "moisesdb_v0.1" / uuid / "data.json", json.dumps(song | changes))
    return folder


def test_moisesdb(tmp_path):
    moisesdb(tmp_path)
    assert recognised(tmp_path) == "moisesdb"
    (found,) = scan(tmp_path, SETTINGS)
    assert tracks_of([found]) == {
        "moisesdb_v0.1/5e4f6a1b-0000": {"vocals": 2, "other_keys": 1, "drums": 2, "percussion": 1, "other": 2}
    }
    assert (found.piece, found.artist, found.licence) == ("5e4f6a1b-0000/A Song", "Someone", "CC BY-NC-SA 4.0")


def test_of_moisesdb_drums_percussion_and_effects_are_out(tmp_path):
    with pytest.warns(AntiphonWarning, match=r"3 tracks left out .*: drums, part of other, percussion"):
        (found,) = scan(moisesdb(tmp_path), CorpusSettings())
    assert tracks_of([found])[found.name] == {"vocals": 2, "other_keys": 1, "other": 1}
    assert found.tracks[-1].path.name == "o1.wav"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "not JSON"),
        ("[1]", "valid dictionary"),
        ('{"song": "x"}', "stems"),
        ('{"stems": [{"tracks": []}]}', r"stems\.0\.stemName"),
        ("[" * 100_000, "nested more than 64 levels deep"),
    ],
)
def test_a_malformed_data_json_is_named(tmp_path, content, reason):
    moisesdb(tmp_path)
    path = written(tmp_path / "moisesdb_v0.1" / "5e4f6a1b-0000" / "data.json", content)
    with pytest.raises(BadData, match=rf"{path}: .*{reason}"):
        scan(tmp_path, SETTINGS)


def test_a_file_that_moisesdb_names_and_does_not_have(tmp_path):
    moisesdb(tmp_path)
    (tmp_path / "moisesdb_v0.1" / "5e4f6a1b-0000" / "vocals" / "v2.wav").unlink()
    with pytest.raises(BadData, match=r"data\.json names vocals/v2\.wav, which is not there"):
        scan(tmp_path, SETTINGS)


def test_a_song_of_moisesdb_without_its_data_is_named(tmp_path):
    moisesdb(moisesdb(tmp_path), "6f00")
    (tmp_path / "moisesdb_v0.1" / "6f00" / "data.json").unlink()
    with pytest.raises(BadData, match=r"6f00: no data\.json"):
        scan(tmp_path, SETTINGS)


def test_one_bad_song_can_be_gone_on_without(tmp_path):
    moisesdb(moisesdb(tmp_path), "6f00")
    written(tmp_path / "moisesdb_v0.1" / "6f00" / "data.json", "{")
    with pytest.warns(AntiphonWarning, match=r"left out as unreadable: .*6f00/data\.json"):
        assert len(scan(tmp_path, CorpusSettings(exclude=(), skip_unreadable=True))) == 1


def test_bleed_is_said(tmp_path):
    moisesdb(tmp_path)
    path = tmp_path / "moisesdb_v0.1" / "5e4f6a1b-0000" / "data.json"
    path.write_text(path.read_text().replace('"has_bleed": false', '"has_bleed": true', 1))
    with pytest.warns(AntiphonWarning, match=r"in 1 multitrack the tracks hold one another"):
        assert len(scan(tmp_path, SETTINGS)) == 1


# MUSDB18


@pytest.fixture
def musdb18(tmp_path):
    for name in ("train/A - One", "train/Triviul - Angelsaint", "test/B - Two"):
        stems_container(tmp_path / f"{name}.stem.mp4", (0.5, 0.1, 0.2, 0.3, 0.4))
    return tmp_path


def test_musdb18(musdb18):
    assert recognised(musdb18) == "musdb18"
    corpus = scan_corpus(musdb18, SETTINGS)
    assert corpus.splits == {
        "test/B - Two": "test",
        "train/A - One": "train",
        "train/Triviul - Angelsaint": "validation",
    }
    found = corpus.multitracks[0]
    assert {track.name: track.sources[0].stream for track in found.tracks} == {
        "drums": 1,
        "bass": 2,
        "other": 3,
        "vocals": 4,
    }
    assert (found.piece, found.artist) == ("B - Two", "B")
    assert {track.sample_rate for track in found.tracks} == {44100}


def test_a_stream_of_musdb18_is_its_stem_to_the_sample(musdb18):
    for number, (track, level) in enumerate(
        zip(scan(musdb18, SETTINGS)[0].tracks, (0.1, 0.2, 0.3, 0.4), strict=True), 1
    ):
        sound = read_track(track)
        expected = stem_tone(number, level, 1.0, 44100)
        assert len(sound.samples) == len(expected) == round(track.duration * 44100)
        assert np.abs(sound.samples[:, 0] - expected).max() < 0.02


def test_an_excerpt_of_a_container_is_what_lies_there_in_the_whole(tmp_path):
    path = stems_container(tmp_path / "train" / "a.stem.mp4", (0.5, 0.1, 0.2, 0.3, 0.4), seconds=3.0)
    track = scan(tmp_path, SETTINGS)[0].tracks[0]
    assert track.path == path
    whole, part = read_track(track).samples, read_track(track, 1.5, 0.5).samples
    np.testing.assert_allclose(part, whole[66150:88200], atol=1e-4)
    assert len(read_track(track, 2.9, 5.0).samples) == 4410


def test_without_pyav_musdb18_asks_for_the_extra(musdb18, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtra, match=r"antiphon\[codecs\]"):
        scan(musdb18, SETTINGS)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty file"), (b"no container" * 100, "not readable"), (None, "stream 1 is asked for")],
)
def test_a_bad_container_is_named(tmp_path, content, reason):
    path = stems_container(tmp_path / "train" / "x.stem.mp4", (0.5,))
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadData, match=rf"x\.stem\.mp4: .*{reason}"):
        scan(tmp_path, SETTINGS)


def test_musdb18_hq(tmp_path):
    for name in ("train/A - One", "test/B - Two", "test/C"):
        for stem in ("mixture", "drums", "bass", "other", "vocals"):
            noise(tmp_path / name / f"{stem}.wav")
    assert recognised(tmp_path) == "musdb18-hq"
    corpus = scan_corpus(tmp_path, SETTINGS)
    assert tracks_of(corpus.multitracks)["test/C"] == {"drums": 1, "bass": 1, "other": 1, "vocals": 1}
    assert corpus.splits == {"train/A - One": "train", "test/B - Two": "test", "test/C": "test"}
    assert [each.artist for each in corpus.multitracks] == ["B", "", "A"]


def test_a_title_of_musdb18_hq_without_a_stem_is_named(tmp_path):
    for stem in ("mixture", "drums", "bass", "vocals"):
        noise(tmp_path / "train" / "x" / f"{stem}.wav")
    with pytest.raises(BadData, match=r"train/x: without other\.wav"):
        scan(tmp_path, SETTINGS)


# Slakh2100


def slakh(folder, track, midi="midi", stems=None):
    stems = stems or {
        "S00": ("Guitar", False, True),
        "S01": ("Drums", True, True),
        "S02": ("Strings (continued)", False, True),
        "S03": ("Sound Effects", False, False),
    }
    metadata = {
        "UUID": midi,
        "audio_dir": "stems",
        "normalized": True,
        "stems": {
            name: {"inst_class": kind, "is_drum": drum, "audio_rendered": rendered, "program_num": 1}
            for name, (kind, drum, rendered) in stems.items()
        },
    }
    written(folder / track / "metadata.yaml", yaml.safe_dump(metadata))
    noise(folder / track / "mix.flac")
    for name, (_, _, rendered) in stems.items():
        if rendered:
            noise(folder / track / "stems" / f"{name}.flac")


def test_slakh2100(tmp_path):
    for number, split in enumerate(("train", "validation", "test", "omitted")):
        slakh(tmp_path / split, f"Track0000{number}", f"midi {number}")
    assert recognised(tmp_path) == "slakh2100"
    with pytest.warns(AntiphonWarning, match="1 duplicate left out"):
        corpus = scan_corpus(tmp_path, SETTINGS)
    assert list(corpus.splits.values()) == ["test", "train", "validation"]
    found = corpus.multitracks[0]
    assert {track.name: track.instrument for track in found.tracks} == {
        "S00 guitar": "guitar",
        "S01 drums": "drums",
        "S02 strings continued": "strings continued",
    }
    assert (found.name, found.piece, found.licence) == ("test/Track00002", "midi 2", "CC BY 4.0")


def test_a_midi_file_that_slakh_trains_on_is_not_tested_on(tmp_path):
    slakh(tmp_path / "train", "Track00001", "same")
    slakh(tmp_path / "test", "Track00002", "same")
    slakh(tmp_path / "test", "Track00003", "other")
    with pytest.warns(AntiphonWarning, match="1 rendering .* went to train: test/Track00002"):
        corpus = scan_corpus(tmp_path, SETTINGS)
    assert corpus.splits == {"train/Track00001": "train", "test/Track00002": "train", "test/Track00003": "test"}
    assert [window.multitrack.name for window in divide(corpus.multitracks, SETTINGS, corpus.splits)["test"]] == [
        "test/Track00003"
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [("stems: [", "not YAML"), ("a: 1", "stems"), ("stems: {S00: {}}", r"stems\.S00\.inst_class")],
)
def test_malformed_metadata_of_slakh_is_named(tmp_path, content, reason):
    slakh(tmp_path, "Track00001")
    written(tmp_path / "Track00001" / "metadata.yaml", content)
    with pytest.raises(BadData, match=rf"metadata\.yaml: .*{reason}"):
        scan(tmp_path, SETTINGS)


def test_a_stem_that_slakh_names_and_does_not_have(tmp_path):
    slakh(tmp_path, "Track00001")
    (tmp_path / "Track00001" / "stems" / "S00.flac").unlink()
    with pytest.raises(BadData, match=r"names stems/S00\.flac, which is not there"):
        scan(tmp_path, SETTINGS)


# MedleyDB


MEDLEYDB_STEMS = ("electric bass", "drum set", "male singer", "fx/processed sound", "tambourine")


def medleydb(folder, title="ABand_ASong", metadata_folder=None, instruments=MEDLEYDB_STEMS, **changes):
    metadata = {
        "artist": "A Band",
        "title": "A Song",
        "has_bleed": "no",
        "mix_filename": f"{title}_MIX.wav",
        "stem_dir": f"{title}_STEMS",
        "stems": {
            f"S{number:02d}": {
                "component": "",
                "filename": f"{title}_STEM_{number:02d}.wav",
                "instrument": instrument,
                "raw": {"R01": {"filename": f"{title}_RAW_{number:02d}_01.wav", "instrument": instrument}},
            }
            for number, instrument in enumerate(instruments, 1)
        },
    }
    for number, _ in enumerate(instruments, 1):
        noise(folder / "Audio" / title / f"{title}_STEMS" / f"{title}_STEM_{number:02d}.wav")
        noise(folder / "Audio" / title / f"{title}_RAW" / f"{title}_RAW_{number:02d}_01.wav")
    noise(folder / "Audio" / title / f"{title}_MIX.wav")
    place = folder / (metadata_folder or f"Audio/{title}")
    written(place / f"{title}_METADATA.yaml", yaml.safe_dump(metadata | changes))


@pytest.mark.parametrize("place", [None, "Metadata"])
def test_medleydb(tmp_path, place):
    medleydb(tmp_path, metadata_folder=place, instruments=(*MEDLEYDB_STEMS, "Main System"))
    assert recognised(tmp_path) == "medleydb"
    with pytest.warns(AntiphonWarning, match="1 file left out .*a mix: S06 main system"):
        (found,) = scan(tmp_path, SETTINGS)
    assert tracks_of([found])["Audio/ABand_ASong"] == {
        "S01 electric bass": 1,
        "S02 drum set": 1,
        "S03 male singer": 1,
        "S04 fx processed sound": 1,
        "S05 tambourine": 1,
    }
    assert (found.piece, found.artist) == ("ABand_ASong", "A Band")


def test_of_medleydb_drums_percussion_and_effects_are_out(tmp_path):
    medleydb(tmp_path)
    with pytest.warns(
        AntiphonWarning, match="3 tracks left out .*S02 drum set, S04 fx processed sound, S05 tambourine"
    ):
        (found,) = scan(tmp_path, CorpusSettings())
    assert [track.instrument for track in found.tracks] == ["electric bass", "male singer"]


def test_medleydb_says_where_microphones_heard_everybody(tmp_path):
    medleydb(tmp_path, has_bleed="yes")
    with pytest.warns(AntiphonWarning, match="bleed"):
        scan(tmp_path, SETTINGS)


def test_a_title_of_medleydb_without_metadata_is_named(tmp_path):
    medleydb(tmp_path)
    medleydb(tmp_path, "Other_Song")
    (tmp_path / "Audio" / "Other_Song" / "Other_Song_METADATA.yaml").unlink()
    with pytest.raises(BadData, match=r"no Other_Song_METADATA\.yaml"):
        scan(tmp_path, SETTINGS)


# all of them


@pytest.mark.parametrize("layout", ["moisesdb", "musdb18", "slakh2100", "medleydb", "folders"])
def test_nothing_is_ever_written_to_a_corpus(tmp_path, layout):
    makers = {
        "moisesdb": moisesdb,
        "musdb18": lambda folder: stems_container(folder / "train" / "x.stem.mp4", (0.5, 0.1, 0.2, 0.3, 0.4)),
        "slakh2100": lambda folder: slakh(folder, "Track00001"),
        "medleydb": medleydb,
        "folders": lambda folder: [noise(folder / "song" / f"{name}.wav") for name in "ab"],
    }
    makers[layout](tmp_path)
    before = hashes(tmp_path)
    assert recognised(tmp_path) == layout
    for multitrack in scan(tmp_path, SETTINGS):
        for track in multitrack.tracks:
            read_track(track)
    assert hashes(tmp_path) == before


def hashes(folder):
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else path.stat().st_mtime_ns
        for path in folder.rglob("*")
    }
