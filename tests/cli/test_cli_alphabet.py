"""The sheet of an alphabet: measured on a corpus, audible, and true to the tokens of its tracks."""

import base64
import io
import json
import re

import numpy as np
import pytest
import soundfile
from cli_making import digests, refused


@pytest.fixture(scope="module")
def sheet(agent, world, tmp_path_factory):
    from antiphon.cli.app import run

    directory = tmp_path_factory.mktemp("sheet") / "sheet"
    assert run(["alphabet", str(agent), str(world), "-o", str(directory)]) == 0
    return directory


@pytest.fixture(scope="module")
def measured(sheet):
    return json.loads((sheet / "alphabet.json").read_text(encoding="utf-8"))


def tokens(call, agent, track):
    return json.loads(call("tokenize", track, "--agent", agent, "--json").out)


def test_the_shares_are_those_of_the_tokens(call, agent, guide, memory, measured):
    ids = np.concatenate([tokens(call, agent, track)["ids"] for track in (guide, memory)])
    counts = dict(zip(*(values.tolist() for values in np.unique(ids, return_counts=True)), strict=True))
    assert {row["id"]: row["count"] for row in measured["classes"]} == counts
    assert sum(row["share"] for row in measured["classes"]) == pytest.approx(1)
    assert [row["count"] for row in measured["classes"]] == sorted(counts.values(), reverse=True)


def test_what_follows_is_counted_within_tracks(call, agent, guide, memory, measured):
    wanted = np.zeros(np.shape(measured["transitions"]))
    for track in (guide, memory):
        ids = np.array(tokens(call, agent, track)["ids"])
        np.add.at(wanted, (ids[:-1], ids[1:]), 1)
    rows = wanted.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(measured["transitions"], wanted / np.maximum(rows, 1), atol=1e-6)


def test_an_example_of_a_class_is_a_segment_of_that_class(call, agent, measured):
    for row in measured["classes"]:
        for example in row["examples"]:
            heard = tokens(call, agent, example["source"])
            place = int(np.argmin(np.abs(np.array(heard["intervals"])[:, 0] - example["start"])))
            assert heard["ids"][place] == row["id"]
            assert heard["intervals"][place][1] == pytest.approx(example["end"])


def test_every_class_can_be_heard_on_one_page_without_the_net(sheet, measured):
    page = (sheet / "index.html").read_text(encoding="utf-8")
    sounds = re.findall(r'data-sound="data:audio/mpeg;base64,([^"]+)"', page)
    assert len(sounds) == len(measured["classes"])
    assert not re.search(r'(src|href)="(?!#)', page)
    loud = [np.abs(soundfile.read(io.BytesIO(base64.b64decode(each)))[0]).max() for each in sounds]
    rest = [row["level_dbfs"] < -60 for row in measured["classes"]]
    assert all(peak > 0.01 for peak, silent in zip(loud, rest, strict=True) if not silent)


def test_profiles_tell_the_notes_of_the_world_apart(measured):
    strongest = {int(np.argmax(row["pitch_classes"])) for row in measured["classes"] if row["level_dbfs"] > -40}
    assert len(strongest) > 2


def test_the_same_corpus_gives_the_same_sheet(call, agent, world, sheet, tmp_path):
    assert call("alphabet", agent, world, "-o", tmp_path / "again").code == 0
    assert digests(tmp_path / "again") == digests(sheet)


def test_a_folder_of_other_things_is_not_written_to(call, agent, world, tmp_path):
    (tmp_path / "poem.txt").write_text("mine")
    refused(call("alphabet", agent, world, "-o", tmp_path), 1, "poem.txt")
