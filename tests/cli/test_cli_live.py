"""`antiphon live` from the outside: a run, played again, and what it refuses."""

import json

import pytest
from cli_making import sound, tones


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    sound(folder / "guide.wav", tones(4))
    sound(folder / "memory.wav", tones(10, seed=1))
    return folder


def test_a_run_is_written_and_played_again(call, desk):
    found = call(
        *("live", "--guide", str(desk / "guide.wav"), "--memory", str(desk / "memory.wav")),
        *("-o", str(desk / "run"), "--set", "density=0.9", "rests=fill", "--json"),
    )
    assert found.code == 0, found.err
    assert json.loads(found.out)["late"] == 0
    again = call("live", "--replay", str(desk / "run"), "--json")
    assert json.loads(again.out)["same"] is True


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--guide", "guide.wav"], (2, "--memory is missing")),
        (["--guide", "guide.wav", "--memory", "memory.wav", "-o", "x", "--set", "folow=1"], (2, "did you mean follow")),
        (["--guide", "guide.wav", "--memory", "memory.wav", "-o", "x", "--set", "follow=much"], (2, "a number")),
        (["--guide", "guide.wav", "--memory", "memory.wav", "-o", "x", "--tempo", "10000"], (2, "tempo")),
        (["--guide", "guide.wav", "--memory", "memory.wav", "-o", "x", "--block", "1"], (2, "block")),
        (["--guide", "gone.wav", "--memory", "memory.wav", "-o", "x"], (4, "gone.wav")),
        (["--replay", "."], (4, "run.json")),
    ],
)
def test_what_is_wrong_is_one_line(call, desk, monkeypatch, words, wanted):
    monkeypatch.chdir(desk)
    found = call("live", *words)
    assert (found.code, found.err.count("\n")) == (wanted[0], 1), found.err
    assert wanted[1] in found.err
    assert not (desk / "x").exists()
