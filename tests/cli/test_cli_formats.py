"""Whatever a recording is wrapped in, every verb reads it alike, or says in one line what to install."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_making import FAST, RATE, digests, refused, tones
from sounding_files import NO_XING, VARIABLE, encoded

pytest.importorskip("av")


@pytest.fixture(scope="module")
def wrapped(tmp_path_factory):
    """Two recordings of 20 s as people have them: one in a film, one as an mp3 that says nothing of its length."""
    folder = tmp_path_factory.mktemp("wrapped")
    a, b = (tones(20, seed=seed).astype(np.float32) for seed in (0, 1))
    encoded(folder / "a.mov", "aac", (a,), rate=RATE, channels=1, film="mpeg4")
    encoded(folder / "b.mp3", "libmp3lame", (b,), rate=RATE, channels=1, options=VARIABLE, muxing=NO_XING)
    before = digests(folder)
    yield folder
    assert digests(folder) == before


@pytest.mark.slow
def test_every_verb_reads_a_film_and_an_mp3_without_a_length(call, agent, wrapped, tmp_path):
    a, b = wrapped / "a.mov", wrapped / "b.mp3"
    for path in (a, b):
        found = json.loads(call("tokenize", path, "--agent", agent, "--json").out)
        assert found["intervals"][-1][1] == pytest.approx(20, abs=0.15)
    assert call("train", "--pair", a, b, "-o", tmp_path / "agent", *FAST).code == 0
    rows = json.loads(call("corpus", "scan", wrapped, "--json").out)["multitracks"]
    assert rows == [{"name": wrapped.name, "tracks": ["a", "b"]}]
    assert "unreadable" not in call("corpus", "check", wrapped).out
    result = call("respond", a, "--memory", b, "--agent", agent, "-o", tmp_path / "out", "--no-explain")
    assert result.code == 0, result


def test_a_folder_is_a_memory_and_what_is_left_out_of_it_is_named(call, agent, wrapped, tmp_path):
    place = tmp_path / "memory"
    place.mkdir()
    for path in wrapped.iterdir():
        (place / path.name).write_bytes(path.read_bytes())
    (place / "broken.m4a").write_bytes(b"no sound" * 20)
    (place / "notes.txt").write_text("mine", encoding="utf-8")
    out = tmp_path / "out"
    result = call("respond", wrapped / "a.mov", "--memory", place, "--agent", agent, "-o", out, "--no-explain")
    assert result.code == 0
    assert f"warning: left out: {place / 'broken.m4a'}: not readable as audio" in result.err
    assert "notes.txt" not in result.err
    record = json.loads((out / "provenance.json").read_text(encoding="utf-8"))
    assert [Path(each["path"]).name for each in record["inputs"]["memories"]] == ["a.mov", "b.mp3"]


def test_without_the_extra_every_verb_says_what_to_install(call, agent, wrapped, tmp_path, monkeypatch):
    folder, out = tmp_path / "folder", tmp_path / "out"
    shutil.copytree(wrapped, folder)
    a, b = folder / "a.mov", folder / "b.mp3"
    monkeypatch.setitem(sys.modules, "av", None)
    for command in (
        ("tokenize", a, "--agent", agent),
        ("respond", a, "--memory", a, "--agent", agent, "-o", out),
        ("train", "--pair", b, a, "-o", out, *FAST),
        ("coupling", b, a),
        ("corpus", "scan", folder),
    ):
        refused(call(*command), 3, "pip install 'antiphon[codecs]'")
    result = call("corpus", "check", folder)
    assert result.code == 4
    assert "pip install 'antiphon[codecs]'" in result.out
