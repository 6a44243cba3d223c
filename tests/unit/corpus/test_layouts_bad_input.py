"""What lies on real disks: nothing of it stops or hangs a scan, and all of it is said by name."""

import os
import unicodedata

import pytest
from corpus_making import noise

from antiphon.config import CorpusSettings
from antiphon.corpus.layouts import pair, scan
from antiphon.corpus.layouts.names import MOST_TRACKS
from antiphon.errors import AntiphonWarning, BadData

SETTINGS = CorpusSettings()

SKIPPING = CorpusSettings(skip_unreadable=True)


@pytest.fixture
def corpus(tmp_path):
    for name in ("a", "b"):
        noise(tmp_path / "song" / f"{name}.wav")
    return tmp_path


def a_folder(path):
    path.mkdir()


def a_link_to_itself(path):
    path.symlink_to(path)


def a_link_to_nothing(path):
    path.symlink_to("nowhere.wav")


BAD = {
    "a folder": (a_folder, "a folder, although it is named like audio"),
    "a pipe": (os.mkfifo, "not a file"),
    "a link to itself": (a_link_to_itself, "[Ss]ymbolic link"),
    "a link to nothing": (a_link_to_nothing, "No such file"),
    "an empty file": (lambda path: path.touch(), "empty file"),
    "text": (lambda path: path.write_text("x" * 200), "not readable as audio"),
    "half a file": (lambda path: path.write_bytes(noise(path).read_bytes()[:500]), "truncated"),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_audio_is_named_and_can_be_gone_on_without(corpus, kind):
    make, reason = BAD[kind]
    make(corpus / "song" / "x.wav")
    with pytest.raises(BadData, match=rf"song/x\.wav: .*{reason}"):
        scan(corpus, SETTINGS)
    with pytest.warns(AntiphonWarning, match=rf"left out as unreadable: .*song/x\.wav: .*{reason}"):
        (found,) = scan(corpus, SKIPPING)
    assert [track.name for track in found.tracks] == ["a", "b"]


@pytest.mark.timeout(20)
def test_a_pipe_for_metadata_does_not_hang(corpus):
    os.mkfifo(corpus / "song" / "data.json")
    (corpus / "song" / "vocals").mkdir()
    with pytest.warns(AntiphonWarning, match="empty: song/vocals"):
        assert len(scan(corpus, SETTINGS)) == 1


def test_all_that_is_wrong_is_said_at_once(corpus):
    for number in range(8):
        (corpus / "song" / f"bad {number}.wav").touch()
    with pytest.raises(BadData) as refused:
        scan(corpus, SETTINGS)
    message = str(refused.value)
    assert all(f"bad {number}.wav: empty file" in message for number in range(5))
    assert "and 3 more" in message
    assert "skip_unreadable" in message


def test_a_multitrack_without_enough_readable_tracks_is_none(corpus):
    (corpus / "song" / "b.wav").write_bytes(b"")
    with pytest.raises(BadData, match=r"no multitrack here.*b\.wav: empty file"):
        scan(corpus, SKIPPING)


def test_a_folder_that_may_not_be_read_is_named(corpus, monkeypatch):
    (corpus / "secret").mkdir()
    listed = os.scandir

    def refusing(path):
        if os.path.basename(path) == "secret":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(BadData, match="secret: Permission denied"):
        scan(corpus, SETTINGS)
    with pytest.warns(AntiphonWarning, match="secret: Permission denied"):
        assert len(scan(corpus, SKIPPING)) == 1


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="one name there")
def test_two_unicode_forms_of_one_name_are_refused(corpus):
    for form in ("NFC", "NFD"):
        noise(corpus / "song" / f"{unicodedata.normalize(form, 'flûte')}.wav")
    with pytest.raises(BadData, match="have one name"):
        scan(corpus, SETTINGS)


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="one name there")
def test_names_that_differ_in_case_only_are_said(corpus):
    noise(corpus / "song" / "A.wav")
    with pytest.warns(AntiphonWarning, match=r"A\.wav, a\.wav differ in upper and lower case only"):
        (found,) = scan(corpus, SETTINGS)
    assert len(found.tracks) == 3


def test_a_link_up_out_of_the_corpus_does_not_bring_it_in_twice(corpus):
    inner = corpus / "inner"
    for name in ("c", "d"):
        noise(inner / "piece" / f"{name}.wav")
    (inner / "up").symlink_to(corpus)
    with pytest.warns(AntiphonWarning, match="seen already"):
        found = scan(inner, SETTINGS)
    assert [each.name for each in found] == ["piece", "up/song"]


@pytest.mark.timeout(60)
def test_ten_thousand_files_in_a_folder_are_no_multitrack(corpus):
    many = corpus / "many"
    many.mkdir()
    source = corpus / "song" / "a.wav"
    for number in range(10_000):
        os.link(source, many / f"{number}.wav")
    with pytest.raises(BadData, match="many: 10,000 audio files in one folder are no multitrack"):
        scan(corpus, SETTINGS)
    with pytest.warns(AntiphonWarning, match="many: 10,000"):
        assert len(scan(corpus, SKIPPING)) == 1


def test_an_orchestra_is_a_multitrack(corpus):
    for number in range(MOST_TRACKS - 2):
        os.link(corpus / "song" / "a.wav", corpus / "song" / f"desk {number}.wav")
    assert len(scan(corpus, SETTINGS)[0].tracks) == MOST_TRACKS


def test_tracks_of_unequal_length_are_said(corpus):
    noise(corpus / "song" / "long.wav", 1.5)
    with pytest.warns(AntiphonWarning, match=r"1 multitrack with tracks of unequal length.*song \(0\.1 to 1\.5 s\)"):
        scan(corpus, SETTINGS)


def test_a_corpus_of_drums_alone_says_why_nothing_is_left(tmp_path):
    for name in ("kick", "snare"):
        noise(tmp_path / f"{name}.wav")
    with pytest.raises(BadData, match=r"no multitrack here.*2 tracks left out by setting corpus\.exclude: kick, snare"):
        scan(tmp_path, SETTINGS)


@pytest.mark.timeout(20)
def test_a_pair_with_a_pipe_is_refused(corpus):
    os.mkfifo(corpus / "x.wav")
    with pytest.raises(BadData, match=r"x\.wav: not a file"):
        pair(corpus / "song" / "a.wav", corpus / "x.wav")
