import os
import sys
import unicodedata

import pytest
from corpus_making import noise, stems_container
from sounding_files import SECONDS, UNTAGGED, encoded

from antiphon.config import CorpusSettings
from antiphon.corpus.layouts import pair, paired_folders, scan
from antiphon.errors import AntiphonWarning, BadData, MissingExtra

SETTINGS = CorpusSettings()


def names(multitracks):
    return {each.name: [track.name for track in each.tracks] for each in multitracks}


def test_every_folder_with_two_tracks_is_a_multitrack_named_by_its_path(tmp_path):
    for path in ("one/bass.wav", "one/piano.flac", "album/two/guitar.ogg", "album/two/voice.aiff", "album/cover.jpg"):
        if path.endswith("jpg"):
            (tmp_path / path).write_bytes(b"picture")
        else:
            noise(tmp_path / path)
    found = scan(tmp_path, SETTINGS)
    assert names(found) == {"album/two": ["guitar", "voice"], "one": ["bass", "piano"]}
    assert [each.piece for each in found] == ["album/two", "one"]


def test_a_flat_folder_is_one_multitrack_with_its_own_name(tmp_path):
    noise(tmp_path / "session" / "a.wav", 0.5)
    noise(tmp_path / "session" / "b.wav", 0.25)
    (found,) = scan(tmp_path / "session", SETTINGS)
    assert found.name == "session"
    assert [track.duration for track in found.tracks] == [0.5, 0.25]


def test_the_instrument_is_the_words_of_the_file_name(tmp_path):
    for name in ("01_Bass Gtr", "VOX-lead2", "03", "Flûte à bec"):
        noise(tmp_path / f"{name}.wav")
    (found,) = scan(tmp_path, SETTINGS)
    assert {track.name: track.instrument for track in found.tracks} == {
        "01_Bass Gtr": "bass gtr",
        "03": "",
        "Flûte à bec": "flûte à bec",
        "VOX-lead2": "vox lead",
    }


@pytest.mark.parametrize("name", ["drums", "Drum_Kit", "02 DRUMSET", "perc", "Percusion2", "percussions", "FX", "fx_3"])
def test_percussion_and_effects_are_out_however_spelt(tmp_path, name):
    for each in ("bass", "piano", name):
        noise(tmp_path / f"{each}.wav")
    with pytest.warns(AntiphonWarning, match=f"1 track left out .*{name}"):
        (found,) = scan(tmp_path, SETTINGS)
    assert [track.name for track in found.tracks] == ["bass", "piano"]


def test_the_user_chooses_what_is_out(tmp_path):
    for each in ("bass", "drums", "lead vocals", "vocals"):
        noise(tmp_path / f"{each}.wav")
    with pytest.warns(AntiphonWarning, match="1 track left out"):
        (found,) = scan(tmp_path, CorpusSettings(exclude=("lead vocal",)))
    assert [track.name for track in found.tracks] == ["bass", "drums", "vocals"]


def test_a_mix_is_no_track(tmp_path):
    for each in ("bass", "piano", "Mixture", "mix", "mixdown", "00_master"):
        noise(tmp_path / f"{each}.wav")
    with pytest.warns(AntiphonWarning, match="4 files left out .*a mix: 00_master, Mixture, mix, mixdown"):
        (found,) = scan(tmp_path, SETTINGS)
    assert [track.name for track in found.tracks] == ["bass", "piano"]


def test_films_and_compressed_sounds_are_tracks_like_any_other(tmp_path):
    noise(tmp_path / "a.wav", SECONDS)
    encoded(tmp_path / "b.m4a", "aac")
    encoded(tmp_path / "c.mov", "aac", film="mpeg4")
    encoded(tmp_path / "d.mp3", "libmp3lame", **UNTAGGED)
    (found,) = scan(tmp_path, SETTINGS)
    lengths = {track.name: track.duration for track in found.tracks}
    assert lengths == pytest.approx({"a": SECONDS, "b": SECONDS, "c": SECONDS, "d": SECONDS}, abs=0.06)


def test_a_file_of_several_stems_is_no_track_and_is_named(tmp_path):
    for each in ("a", "b"):
        noise(tmp_path / "song" / f"{each}.wav")
    stems_container(tmp_path / "song" / "mix.stem.mp4", (0.5, 0.1, 0.2))
    with pytest.warns(AntiphonWarning, match=r"1 file left out, each several stems .*: song/mix\.stem\.mp4"):
        assert names(scan(tmp_path, SETTINGS)) == {"song": ["a", "b"]}


def test_what_has_no_place_in_a_layout_is_named(tmp_path):
    for path in ("guide/1.wav", "answer/1.wav", "rehearsal.wav"):
        noise(tmp_path / path)
    with pytest.warns(AntiphonWarning, match=r"1 file left out, without a place in the layout pairs: rehearsal\.wav"):
        assert len(scan(tmp_path, SETTINGS, "pairs")) == 1


def test_a_sound_that_cannot_be_read_is_named_with_the_reason(tmp_path, monkeypatch):
    for each in ("a", "b"):
        noise(tmp_path / f"{each}.wav")
    (tmp_path / "c.m4a").write_bytes(b"no sound at all, but a text" * 20)
    with pytest.raises(BadData, match=r"c\.m4a: not readable as audio"):
        scan(tmp_path, SETTINGS)
    encoded(tmp_path / "c.m4a", "aac")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtra, match=r"c\.m4a.*pip install 'antiphon\[codecs\]'"):
        scan(tmp_path, SETTINGS)
    with pytest.warns(AntiphonWarning, match=r"left out as unreadable: .*c\.m4a.*pip install"):
        (found,) = scan(tmp_path, CorpusSettings(exclude=(), skip_unreadable=True))
    assert [track.name for track in found.tracks] == ["a", "b"]


def test_hidden_files_and_the_shadows_of_macos_are_not_audio(tmp_path):
    noise(tmp_path / "song" / "a.wav")
    noise(tmp_path / "song" / "b.wav")
    for shadow in ("song/._a.wav", "song/.hidden.wav", "song/.DS_Store", ".git/x.wav", ".git/y.wav"):
        (tmp_path / shadow).parent.mkdir(exist_ok=True)
        (tmp_path / shadow).write_bytes(b"\x00\x05\x16\x07")
    with pytest.warns(AntiphonWarning, match=r"2 hidden files left out: .*\._a\.wav, .*hidden\.wav"):
        assert names(scan(tmp_path, SETTINGS)) == {"song": ["a", "b"]}


def test_links_that_run_in_a_circle_end(tmp_path):
    noise(tmp_path / "song" / "a.wav")
    noise(tmp_path / "song" / "b.wav")
    (tmp_path / "song" / "up").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "song")
    with pytest.warns(AntiphonWarning, match="2 links to folders that were seen already, .*again, .*up"):
        assert names(scan(tmp_path, SETTINGS)) == {"song": ["a", "b"]}


def test_the_order_of_the_disk_does_not_matter(tmp_path, monkeypatch):
    for name in ("c", "a", "b"):
        noise(tmp_path / name / "y.wav")
        noise(tmp_path / name / "x.wav")
    expected = scan(tmp_path, SETTINGS)
    listed = os.scandir
    monkeypatch.setattr(
        os, "scandir", lambda path: iter(sorted(listed(path), key=lambda entry: entry.name, reverse=True))
    )
    assert scan(tmp_path, SETTINGS) == expected


@pytest.mark.parametrize("content", [b"", b"not audio at all"])
def test_an_unreadable_file_is_an_error_that_names_it(tmp_path, content):
    noise(tmp_path / "a.wav")
    (tmp_path / "b.wav").write_bytes(content)
    with pytest.raises(BadData, match=r"b\.wav"):
        scan(tmp_path, SETTINGS)


@pytest.mark.parametrize("tracks", [[], ["alone"]])
def test_a_folder_without_a_multitrack_says_what_is_expected(tmp_path, tracks):
    for name in tracks:
        noise(tmp_path / f"{name}.wav")
    with pytest.raises(BadData, match="two simultaneous tracks"):
        scan(tmp_path, SETTINGS)


def test_no_folder_is_an_error_that_names_it(tmp_path):
    with pytest.raises(BadData, match="nowhere"):
        scan(tmp_path / "nowhere", SETTINGS)
    with pytest.raises(BadData, match="Not a directory"):
        scan(noise(tmp_path / "a.wav"), SETTINGS)


def test_a_folder_with_a_single_track_is_left_out_by_name(tmp_path):
    for path in ("full/a.wav", "full/b.wav", "lonely/a.wav"):
        noise(tmp_path / path)
    with pytest.warns(AntiphonWarning, match="single track: lonely"):
        assert names(scan(tmp_path, SETTINGS)) == {"full": ["a", "b"]}


def test_one_track_in_two_formats_is_refused(tmp_path):
    for name in ("a.wav", "a.flac", "b.wav"):
        noise(tmp_path / name)
    with pytest.raises(BadData, match=r"a\.(wav|flac) and a\.(wav|flac) have one name"):
        scan(tmp_path, SETTINGS)


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="names are Unicode there")
def test_a_name_that_is_no_text_is_refused(tmp_path):
    for name in (b"a.wav", b"caf\xe9.wav"):
        os.rename(noise(tmp_path / "new.wav"), os.fsencode(tmp_path) + b"/" + name)
    with pytest.raises(BadData, match="not UTF-8"):
        scan(tmp_path, SETTINGS)


def test_a_pair_is_two_files_that_sound_together(tmp_path):
    found = pair(noise(tmp_path / "Guide 1.wav"), noise(tmp_path / "réponse.flac"))
    assert names([found]) == {"Guide 1 + réponse": ["Guide 1", "réponse"]}


def test_a_pair_of_files_of_one_name_has_two_track_names(tmp_path):
    found = pair(noise(tmp_path / "x" / "take.wav"), noise(tmp_path / "y" / "take.wav"))
    assert len({track.name for track in found.tracks}) == 2


def test_folders_are_paired_by_name_whatever_the_suffix_and_unicode_form(tmp_path):
    noise(tmp_path / "piano" / (unicodedata.normalize("NFC", "Été 1") + ".wav"))
    noise(tmp_path / "bass" / (unicodedata.normalize("NFD", "Été 1") + ".flac"))
    (found,) = paired_folders(tmp_path / "piano", tmp_path / "bass")
    assert found.name == unicodedata.normalize("NFC", "Été 1")
    assert [track.name for track in found.tracks] == ["piano", "bass"]


def test_files_without_a_partner_are_named(tmp_path):
    for path in ("a/1.wav", "b/1.wav", "a/2.wav", "b/3.wav"):
        noise(tmp_path / path)
    with pytest.warns(AntiphonWarning, match=r"2 files .*2\.wav, .*3\.wav"):
        assert len(paired_folders(tmp_path / "a", tmp_path / "b")) == 1


def test_folders_with_nothing_in_common_are_refused_by_name(tmp_path):
    noise(tmp_path / "a" / "1.wav")
    noise(tmp_path / "b" / "2.wav")
    with pytest.raises(BadData, match=r"1\.wav, .*2\.wav"):
        paired_folders(tmp_path / "a", tmp_path / "b")
