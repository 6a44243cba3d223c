"""From a response to a session, through the musician's hands, and back; and why each segment is what it is."""

import json
import shutil

import numpy as np
import pytest
from cli_making import digests, refused, sound, tones

import antiphon
from antiphon.action.export.reaper import SESSION, response_track
from antiphon.action.export.rpp import read_project, words, write_project


@pytest.fixture(scope="module")
def handed(agent, guide, memory, tmp_path_factory):
    """A response with everything that can be exported; no test may change it."""
    from antiphon.cli.app import run

    out = tmp_path_factory.mktemp("handed") / "out"
    where = ["--memory", str(memory), "--agent", str(agent), "-o", str(out)]
    assert run(["respond", str(guide), *where, "--export", "all", "--takes", "2"]) == 0
    before = digests(out)
    yield out
    assert digests(out) == before


def edited(handed, tmp_path, change):
    """A copy of the folder whose session was changed by `change(track)`."""
    folder = tmp_path / "edited"
    shutil.copytree(handed, folder)
    root = read_project(folder / SESSION)
    change(root, [item for item in response_track(root).blocks("ITEM") if item.blocks("SOURCE")[0].find("FILE")])
    write_project(folder / SESSION, root)
    return folder


def lock(item):
    item.inside.insert(0, "LOCK 1")


def test_everything_is_exported(handed, guide):
    assert {path.name for path in handed.iterdir()} == {
        *("provenance.json", "specification.json", "response.wav", "mix.wav", "index.html", "take-2.wav", "media"),
        *("session.rpp", "response.mid", "response.csv", "response.labels.txt", "response.coll.txt"),
        "session.dawproject",
    }
    response, take = antiphon.read(handed / "response.wav"), antiphon.read(handed / "take-2.wav")
    assert response.duration == take.duration == antiphon.read(guide).duration
    assert not np.array_equal(response.samples, take.samples)


def test_every_segment_testifies(call, handed, agent, memory, tmp_path):
    events = json.loads((handed / "provenance.json").read_text())["events"]
    for event in events:
        assert len(event["rivals"]) == 3
        assert event["token"] not in [token for token, _ in event["rivals"]]
        total = np.exp(event["log_probability"]) + sum(np.exp(value) for _, value in event["rivals"])
        assert total < 1 + 1e-5
        assert len(event["heard"]) == 3
    assert any(abs(loss) > 0 for event in events for _, loss in event["heard"])
    assert max(event["candidates"] for event in events) > 1
    guide = sound(tmp_path / "guide.wav", tones(8))
    exact = ("respond", guide, "--memory", memory, "--agent", agent, "-o", tmp_path / "exact", "--action.novelty", "0")
    assert call(*exact).code == 0
    events = json.loads((tmp_path / "exact" / "provenance.json").read_text())["events"]
    above = [event["runner_up"] for event in events if event["runner_up"] is not None]
    assert len(above) > 4
    assert min(above) >= -1e-9, "where coming back costs nothing the path is the cheapest of all"


def test_explain_prints_all_or_one_and_draws(call, handed, tmp_path):
    table = call("explain", handed)
    assert len(table.out.splitlines()) == 1 + len(json.loads((handed / "provenance.json").read_text())["events"])
    one = call("explain", handed, "--at", "3.2").out
    assert "3.000 to 3.500 s" in one
    assert "guide segment" in one
    found = json.loads(call("explain", handed, "--at", "3.2", "--json").out)["events"]
    assert [event["time"] for event in found] == [3.0]
    assert call("explain", handed, "--draw", tmp_path / "a.svg").code == 0
    assert (tmp_path / "a.svg").read_text().startswith("<svg ")


def test_a_response_is_rendered_again_from_its_provenance(call, handed, tmp_path):
    assert call("explain", handed, "--render", tmp_path / "again.wav").code == 0
    assert np.array_equal(antiphon.read(tmp_path / "again.wav").samples, antiphon.read(handed / "response.wav").samples)


def test_a_session_without_edits_gives_the_same_response(call, handed, tmp_path):
    assert call("respond", "--from", handed / SESSION, "-o", tmp_path / "again").code == 0
    again, first = (antiphon.read(folder / "response.wav").samples for folder in (tmp_path / "again", handed))
    assert np.array_equal(again, first)


def test_what_is_locked_stays_and_foreign_parts_too(call, handed, tmp_path):
    def change(root, items):
        lock(items[2])
        root.inside.append("  SOMETHING_UNKNOWN 1 2 3")

    folder = edited(handed, tmp_path, change)
    before = digests(folder)
    assert call("respond", "--from", folder / SESSION, "-o", tmp_path / "again", "--seed", "5").code == 0
    assert digests(folder) == before
    old, new = (json.loads((where / "provenance.json").read_text()) for where in (handed, tmp_path / "again"))
    (pin,) = [copy for copy in new["copies"] if copy["pinned"]]
    sounding = [copy for copy in old["copies"] if copy["part"] >= 0]
    copy = sounding[2]
    assert (pin["part"], pin["source"] - pin["start"]) == (copy["part"], copy["source"] - copy["start"])
    assert all(abs(pin[edge] - copy[edge]) < 0.05 * new["sample_rate"] for edge in ("start", "end"))
    assert [event["token"] for event in new["events"]] != [event["token"] for event in old["events"]]
    assert "SOMETHING_UNKNOWN 1 2 3" in (tmp_path / "again" / SESSION).read_text()
    assert new["settings"]["seed"] == 5


def test_edits_into_nonsense_are_one_line(call, handed, tmp_path):
    def far_away(root, items):
        places = [n for n, line in enumerate(items[0].inside) if isinstance(line, str) and words(line)[0] == "POSITION"]
        items[0].inside[places[0]] = "POSITION 1e9"

    folder = edited(handed, tmp_path, far_away)
    far = call("respond", "--from", folder / SESSION, "-o", tmp_path / "far")
    assert (far.code, "not rendered, kept in the session" in far.err, "outside the response" in far.err) == (
        0,
        True,
        True,
    )
    (folder / SESSION).write_text("once upon a time")
    refused(call("respond", "--from", folder / SESSION, "-o", tmp_path / "again"), 4, "not a REAPER project")
    refused(call("respond", "--from", folder / "none.rpp", "-o", tmp_path / "again"), 4, "no such file")
    assert not (tmp_path / "again").exists()


def test_missing_files_of_a_session_are_named(call, handed, tmp_path, memory):
    folder = edited(handed, tmp_path, lambda root, items: lock(items[0]))
    shutil.rmtree(folder / "media")
    assert call("respond", "--from", folder / SESSION, "-o", tmp_path / "found").code == 0, "where they came from"
    record = (folder / "provenance.json").read_text()
    (folder / "provenance.json").write_text(record.replace('"origin": "/', '"origin": "/gone/'))
    refused(call("respond", "--from", folder / SESSION, "-o", tmp_path / "again"), 4, "no such file")
    (folder / "provenance.json").unlink()
    refused(call("respond", "--from", folder / SESSION, "-o", tmp_path / "again"), 4, "provenance.json")


def test_a_session_is_not_written_over(call, handed):
    refused(call("respond", "--from", handed / SESSION, "-o", handed), 1, "choose another directory")


def test_arguments_that_contradict_are_refused(call, handed, guide, memory, tmp_path):
    agent = json.loads((handed / "provenance.json").read_text())["inputs"]["agent"]
    out = ("-o", tmp_path / "out")
    refused(call("respond", guide, "--from", handed / SESSION, *out), 2, "leave them out")
    refused(call("respond", guide, "--agent", agent, *out), 2, "--memory is missing")
    refused(call("respond", "--memory", memory, "--agent", agent, *out), 2, "GUIDE is missing")
    both = ("--memory", memory, "--agent", agent)
    refused(call("respond", guide, *both, *out, "--export", "ableton"), 2, "known: reaper")
    refused(call("respond", guide, *both, *out, "--takes", "0"), 2, "takes must be 1 to")


def test_what_cannot_be_explained_is_refused(call, handed, tmp_path):
    refused(call("explain", handed, "--at", "1000"), 2, "no segment sounds there")
    refused(call("explain", handed, "--draw", tmp_path / "a.bmp"), 2, "pictures are .svg")
    refused(call("explain", tmp_path), 4, "provenance.json")


@pytest.mark.slow
def test_a_mono_guide_and_a_memory_of_six_channels_and_another_rate(call, agent, tmp_path):
    guide = sound(tmp_path / "guide.wav", tones(6))
    memory = sound(tmp_path / "six.wav", tones(8, 44100, 6, seed=1), 44100)
    out = tmp_path / "out"
    assert call("respond", guide, "--memory", memory, "--agent", agent, "-o", out, "--export", "reaper").code == 0
    response = antiphon.read(out / "response.wav")
    assert (response.channels, response.sample_rate) == (6, 44100)
    assert len(response.samples) == round(antiphon.read(guide).duration * 44100)
    assert call("explain", out, "--render", tmp_path / "again.wav").code == 0
    assert np.array_equal(antiphon.read(tmp_path / "again.wav").samples, response.samples)
