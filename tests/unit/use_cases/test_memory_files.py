"""A folder as memory: every recording in it, in the order of the names, and a word on what is left out."""

import pytest
from sounding_files import by_libsndfile, by_pyav

from antiphon.errors import AntiphonWarning, BadData
from antiphon.use_cases.memory_files import files_of


@pytest.fixture
def folder(tmp_path):
    top = tmp_path / "takes"
    (top / "b folder").mkdir(parents=True)
    for name in ("c.wav", "a.flac", "b folder/d.wav"):
        by_libsndfile("PCM_16")(top / name)
    by_pyav("aac")(top / "b.m4a")
    by_pyav("aac", film="mpeg4")(top / "d.mov")
    for name in ("notes.txt", "session.rpp", "cover.jpg"):
        (top / name).write_text("no sound", encoding="utf-8")
    return top


def test_a_folder_means_its_recordings_by_name_and_nothing_else(folder):
    found = [path.relative_to(folder).as_posix() for path in files_of([folder])]
    assert found == ["a.flac", "b.m4a", "c.wav", "d.mov", "b folder/d.wav"]


def test_files_stay_in_the_order_given_whatever_they_are(folder):
    one, other = folder / "c.wav", folder / "notes.txt"
    assert files_of([one, folder, other]) == [one, *files_of([folder]), other]


def test_what_cannot_be_read_is_named(folder):
    (folder / "e.wma").write_bytes(b"no sound" * 20)
    cut = folder / "b.m4a"
    cut.write_bytes(cut.read_bytes()[:-500])
    with pytest.warns(AntiphonWarning) as said:
        found = files_of([folder])
    assert cut not in found
    assert len(found) == 4
    for name, reason in (("e.wma", "not readable as audio"), ("b.m4a", "truncated")):
        assert any(f"{folder / name}: {reason}" in str(each.message) for each in said)


def test_a_folder_without_a_recording_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("no sound", encoding="utf-8")
    with pytest.raises(BadData, match="no sound in it that can be read"):
        files_of([tmp_path])
    (tmp_path / "a.wav").touch()
    with pytest.raises(BadData, match=r"no sound in it that can be read; .*a\.wav: empty file"):
        files_of([tmp_path])
