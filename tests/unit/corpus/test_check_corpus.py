"""What a corpus tells as a whole: leaks across the division, too little data, and what else lies on the disk."""

import os
import unicodedata
from itertools import pairwise

import pytest
import soundfile
from check_making import RATE, SMALL, clean, melody, multitrack, only, report_of, serious

from antiphon.config import SEGMENTS_PER_CLASS, Settings
from antiphon.corpus.checking import check_path
from antiphon.corpus.manifest import Corpus, write_manifest
from antiphon.errors import BadData


def split(multitracks):
    """The first validates, the second tests, the rest trains."""
    names = [each.name for each in multitracks]
    return {name: {0: "validation", 1: "test"}.get(number, "train") for number, name in enumerate(names)}


def with_splits(multitracks, settings=SMALL):
    from antiphon.corpus.checking import check

    return check(Corpus(tuple(multitracks), split(multitracks)), settings)


def test_the_same_samples_in_train_and_test_leak(tmp_path):
    corpus = clean(tmp_path)
    corpus[3] = multitrack(tmp_path / "copied", {"a": melody(110), "b": melody(999)})
    finding = only(with_splits(corpus))
    assert (finding.kind, finding.severity, finding.where) == ("leak", "error", "copied, clean 1")


@pytest.mark.parametrize("cut", [0.0, 4.3])
def test_a_recording_again_as_a_quieter_ogg_leaks(tmp_path, cut):
    corpus = clean(tmp_path)
    again = {"one": 0.3 * melody(110)[round(cut * RATE) :], "two": 0.6 * melody(111)[round(cut * RATE) :]}
    corpus[3] = multitrack(tmp_path / "again", again, suffix="ogg")
    finding = only(with_splits(corpus))
    assert (finding.kind, finding.severity, finding.where) == ("leak", "error", "again, clean 1")
    assert finding.numbers["similarity"] > 0.9
    assert abs(finding.numbers["lag_seconds"]) == pytest.approx(cut, abs=0.2)


def test_takes_of_one_piece_are_no_leak(tmp_path):
    corpus = clean(tmp_path)
    corpus.append(multitrack(tmp_path / "take", {"a": melody(120), "b": melody(121)}, piece="clean 2"))
    assert serious(with_splits(corpus)) == []


def test_a_piece_on_two_sides_is_an_error(tmp_path):
    corpus = clean(tmp_path)
    corpus.append(multitrack(tmp_path / "take", {"a": melody(1), "b": melody(2)}, piece="clean 0"))
    finding = only(with_splits(corpus))
    assert (finding.kind, finding.severity) == ("divided-piece", "error")


def test_an_empty_split_is_told(tmp_path):
    corpus = clean(tmp_path, 3)
    settings = Settings.model_validate({"perception": {"alphabet_size": 4}, "corpus": {"validation_share": 0.2}})
    found = serious(report_of(corpus, settings))
    assert [(each.kind, each.severity) for each in found] == [("no-test", "warning")]


def test_too_few_segments_for_the_alphabet(tmp_path):
    corpus = clean(tmp_path)
    (note,) = report_of(corpus, Settings.model_validate({"perception": {"alphabet_size": 64}})).findings
    assert (note.kind, note.severity) == ("smaller-alphabet", "note")
    # Two pieces train: 4 tracks of 60 segments; a note of the top octave, cut short, still sounds.
    assert note.numbers == {"segments": 240, "alphabet_size": 64, "affordable": 240 // SEGMENTS_PER_CLASS}
    tiny = [multitrack(tmp_path / f"tiny {i}", {"a": melody(i, 2), "b": melody(i + 50, 2)}) for i in range(3)]
    finding = only(report_of(tiny))
    assert (finding.kind, finding.severity, finding.numbers["segments"]) == ("too-few-segments", "error", 8)


def test_one_piece_is_divided_along_time_and_short_tracks_are_named(tmp_path):
    report = report_of([multitrack(tmp_path / "only", {"a": melody(1, 14), "b": melody(2, 14)})])
    assert [(each.kind, each.where) for each in report.findings] == [
        ("shorter-than-window", "only/a"),
        ("shorter-than-window", "only/b"),
        ("few-pieces", "corpus"),
    ]


@pytest.mark.timeout(60)
def test_whatever_lies_in_a_folder_is_told_by_name_and_nothing_hangs(tmp_path):
    clean(tmp_path)
    place = tmp_path / "clean 0"
    (place / "._a.wav").write_bytes(b"\0\5\x16\7")
    (place / ".DS_Store").write_bytes(b"Bud1")
    (place / "zero.wav").write_bytes(b"")
    (place / "text.flac").write_text("not a sound")
    (place / "folder.wav").mkdir()
    os.mkfifo(place / "pipe.wav")
    (tmp_path / "loop").symlink_to(tmp_path)
    (place / "gone.wav").symlink_to(tmp_path / "nowhere.wav")
    (tmp_path / "alone").mkdir()
    soundfile.write(tmp_path / "alone" / "solo.wav", melody(1), RATE)
    (tmp_path / "clean 1" / "A.wav").write_bytes((tmp_path / "clean 2" / "a.wav").read_bytes())
    (tmp_path / unicodedata.normalize("NFD", "été")).mkdir()
    (tmp_path / unicodedata.normalize("NFC", "été")).mkdir()
    before = {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")}
    report = check_path(tmp_path, SMALL, 2)
    assert {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    unreadable = [each.where for each in report.findings if each.kind == "unreadable"]
    named = ("folder.wav", "gone.wav", "pipe.wav", "text.flac", "zero.wav")
    assert sorted(unreadable) == [f"clean 0/{name}" for name in named]
    left_out = " ".join(each.sentence for each in report.findings if each.kind == "left-out")
    assert all(name in left_out for name in ("._a.wav", "loop", "alone"))
    assert sum(each.kind == "confusable-names" for each in report.findings) == 2


def test_the_worst_comes_first(tmp_path):
    corpus = clean(tmp_path)
    (tmp_path / "clean 3" / "b.wav").write_bytes(b"")
    report = report_of(corpus, Settings())
    order = {"error": 0, "warning": 1, "note": 2}
    severities = [order[each.severity] for each in report.findings]
    assert all(before <= after for before, after in pairwise(severities))
    assert set(severities) == {0, 1, 2}


def test_a_manifest_that_is_none_is_a_finding_and_a_place_with_nothing_an_error(tmp_path):
    corpus = clean(tmp_path, 3)
    manifest = tmp_path / "manifest.jsonl"
    write_manifest(manifest, Corpus(tuple(corpus)))
    assert check_path(manifest, SMALL).errors == check_path(tmp_path, SMALL).errors == 0
    manifest.write_text(manifest.read_text().replace('"version"', '"vision"', 1))
    finding = only(check_path(manifest, SMALL))
    assert (finding.kind, finding.severity) == ("not-a-corpus", "error")
    assert "line 1" in finding.sentence
    with pytest.raises(BadData, match="no such corpus"):
        check_path(tmp_path / "nowhere", SMALL)
