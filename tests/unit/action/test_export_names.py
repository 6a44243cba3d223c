"""Names that a musician gave to classes stand in what is handed over, where the number of a class stands without."""

import struct
from dataclasses import replace

import pytest
from export_making import REST, made

from antiphon.action.export import PROVENANCE, read_provenance
from antiphon.action.export.formats import Handed, hand_over
from antiphon.action.export.provenance_file import as_json
from antiphon.action.export.rpp import read_project
from antiphon.checkpoint import save_json

FORMATS = ("reaper", "audacity", "sonic-visualiser", "midi", "coll", "cues")
NAMES = {0: "low thud", 1: "Glöckchen", 7: "<b>\n\u202etwo  lines"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return made(tmp_path_factory.mktemp("names"), FORMATS)


@pytest.fixture(scope="module")
def named(whole, tmp_path_factory):
    before = {path.name: path.read_bytes() for path in whole.directory.iterdir() if path.is_file()}
    hand_over(whole.directory, Handed(replace(whole.provenance, names=NAMES), REST), FORMATS)
    return before, {path.name: path.read_bytes() for path in whole.directory.iterdir() if path.is_file()}


def test_labels_say_the_name_and_classes_without_one_keep_their_number(named):
    before, after = named
    old, new = (each["response.labels.txt"].decode().splitlines() for each in (before, after))
    assert [line.split("\t")[2] for line in old[:3]] == ["token 0", "token 1", "token 2"]
    assert [line.split("\t")[2] for line in new[:4]] == ["low thud", "Glöckchen", "token 2", "<b> \\u202etwo lines"]
    assert [line.split("\t")[:2] for line in old] == [line.split("\t")[:2] for line in new]
    assert ",low thud\n" in after["response.csv"].decode()


def test_items_of_the_session_begin_with_the_names_of_their_classes(whole, named):
    root = read_project(whole.directory / "session.rpp")
    titles = [item.find("NAME")[0] for track in root.blocks("TRACK") for item in track.blocks("ITEM")]
    assert sum(title.startswith("low thud, Glöckchen: ") for title in titles) == 1
    assert not any("token" in title for title in titles)


def test_a_coll_keeps_its_lines_and_lists_the_names_after_them(named):
    before, after = (each["response.coll.txt"].decode() for each in named)
    assert after.startswith(before)
    assert after.removeprefix(before).splitlines()[0] == 'class-0, "low thud";'


def test_midi_has_the_names_as_lyrics_and_cues_as_labels(named):
    before, after = named
    lyric = b"\xff\x05" + bytes((len("Glöckchen".encode()),)) + "Glöckchen".encode()
    assert lyric in after["response.mid"]
    assert lyric not in before["response.mid"]
    label = b"low thud\0"
    assert struct.pack("<I", 4 + len(label)) in after["response.wav"]
    assert label in after["response.wav"]


def test_a_name_of_any_letters_is_written_whole_or_cut_between_letters(whole):
    names = {0: "\U0001f941" * 60, 1: "\ud800 half", 2: ""}
    hand_over(whole.directory, Handed(replace(whole.provenance, names=names), REST), FORMATS)
    written = (whole.directory / "response.mid").read_bytes()
    found = written.index(b"\xff\x05")
    assert written[found + 3 : found + 3 + written[found + 2]].decode() == "\U0001f941" * 31
    assert "token 2" in (whole.directory / "response.labels.txt").read_text(encoding="utf-8")


def test_the_provenance_keeps_names_and_is_as_it_was_without(whole, tmp_path):
    assert "names" not in as_json(whole.provenance)
    save_json(tmp_path / PROVENANCE, as_json(replace(whole.provenance, names=NAMES)))
    assert read_provenance(tmp_path / PROVENANCE).names == NAMES
