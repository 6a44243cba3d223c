"""`antiphon corpus check`: what is printed, as text and as JSON, and the exit code."""

import json

from cli_making import digests, refused, sound, tones


def pieces(folder):
    for number in range(3):
        for name in ("a", "b"):
            sound(folder / f"piece {number}" / f"{name}.wav", tones(20, seed=10 * number + ord(name)))
    return folder


def test_a_sound_corpus_is_said_to_be_one(call, tmp_path):
    result = call("corpus", "check", pieces(tmp_path), "--perception.alphabet-size", "4")
    assert (result.code, result.err) == (0, "")
    assert result.out == "3 multitracks, 6 tracks, 0.02 hours: nothing to complain about\n"


def test_where_training_would_be_wrong_the_exit_code_is_4(call, tmp_path):
    pieces(tmp_path)
    for name in ("one.wav", "two.wav"):
        sound(tmp_path / "twice" / name, tones(20, seed=7))
    (tmp_path / "piece 0" / "c.wav").write_bytes(b"")
    before = digests(tmp_path)
    result = call("corpus", "check", tmp_path, "--perception.alphabet-size", "4")
    assert result.code == 4
    assert result.err == f"antiphon: {tmp_path}: training on it would be wrong, see the errors above\n"
    lines = result.out.splitlines()
    assert lines[0] == "Errors: training would be wrong or impossible"
    assert [line.split("  ")[1] for line in lines[1:3]] == ["piece 0/c.wav", "twice/one, two"]
    assert lines[-1].endswith(": 2 errors")
    found = json.loads(call("corpus", "check", tmp_path, "--json").out)
    assert [each["kind"] for each in found["findings"] if each["severity"] == "error"] == ["unreadable", "identical"]
    assert found["counts"]["multitracks"] == 4
    assert digests(tmp_path) == before


def test_a_corpus_that_is_not_there_is_refused(call, tmp_path):
    refused(call("corpus", "check", tmp_path / "nowhere"), 4, "no such corpus")


def test_a_scan_lists_what_it_leaves_out_and_why(call, tmp_path):
    for number, name in enumerate(("Bass DI", "GTR L", "GTR R", "BD", "MASTER", "Click")):
        sound(tmp_path / "Song" / f"{name}.wav", tones(2, seed=number))
    result = call("corpus", "scan", tmp_path)
    assert result.code == 0, result
    table, left_out = result.out.split("\n\n")
    assert table.splitlines()[1].startswith("Song        Bass DI, GTR")
    assert [line.split("  ", 1)[0] for line in left_out.splitlines()] == ["left out", "BD", "Click", "MASTER"]
    assert "setting corpus.exclude: drums" in left_out
    found = json.loads(call("corpus", "scan", tmp_path, "--json").out)["left_out"]
    assert {(each["where"], each["reason"]) for each in found} == {
        ("Song/BD", "setting corpus.exclude"),
        ("Song/Click", "a click"),
        ("Song/MASTER", "a mix"),
    }
    assert result.err.count("warning: ") == result.err.count("\n") == 3
