"""Two agents, one guide: two responses as `respond` gives them, and one page about where they differ."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from cli_making import FAST, digests, refused

import antiphon
from antiphon.cli.app import run
from antiphon.types import Audio
from antiphon.use_cases.compare import guide_worth
from antiphon.use_cases.respond import answer


@pytest.fixture(scope="module")
def other(world, tmp_path_factory):
    """An agent of shorter segments, with an alphabet of its own."""
    directory = tmp_path_factory.mktemp("others") / "other"
    assert run(["train", str(world), "-o", str(directory), *FAST, "--perception.segment-seconds", "0.25"]) == 0
    return directory


@pytest.fixture(scope="module")
def question(guide, memory, tmp_path_factory):
    """What both are asked: eight seconds of the guide, from twenty of the memory."""
    folder = tmp_path_factory.mktemp("question")
    asked = []
    for name, path, seconds in (("--guide", guide, 8), ("--memory", memory, 20)):
        whole = antiphon.read(path)
        antiphon.write(folder / path.name, Audio(whole.samples[: seconds * whole.sample_rate], whole.sample_rate))
        asked += [name, str(folder / path.name)]
    return [*asked, "--seed", "3"]


@pytest.fixture(scope="module")
def compared(agent, other, question, tmp_path_factory):
    out = tmp_path_factory.mktemp("compared") / "out"
    assert run(["compare", str(agent), str(other), *question, "-o", str(out)]) == 0
    return out


def told(directory):
    return json.loads((directory / "compare.json").read_text(encoding="utf-8"))


def test_both_responses_are_those_of_respond(agent, other, question, compared):
    guide, *where = question[1:]
    for name, player in (("first", agent), ("second", other)):
        alone = compared.parent / name
        assert run(["respond", guide, *where, "--agent", str(player), "-o", str(alone)]) == 0
        assert digests(alone) == digests(compared / name)


def test_agents_that_differ_are_told_apart(compared, agent):
    found = told(compared)
    assert found["settings"] == {"perception.segment_seconds": [0.5, 0.25]}
    assert found["agents"][0]["alphabet"] != found["agents"][1]["alphabet"]
    assert [each["name"] for each in found["agents"]] == [agent.name, "other"]
    assert not found["identical"]


def test_places_are_those_of_the_provenance(compared):
    """Spans of a quarter of a second: every half-second segment of the first agent is two of them."""
    found = told(compared)
    shares = [found["agreement"][name] for name in ("same", "near", "elsewhere", "one rests", "both rest")]
    assert sum(shares) == pytest.approx(1)
    assert [span["end"] - span["start"] for span in found["spans"]] == pytest.approx([0.25] * len(found["spans"]))
    specification = json.loads((compared / "second" / "specification.json").read_text())
    assert len(specification["ids"]) == len(found["spans"])
    events = json.loads((compared / "second" / "provenance.json").read_text())["events"]
    for event, span in zip(events, found["spans"], strict=True):
        place = span["places"][1]
        assert (place is None) == (not event["source"])
        if place is not None:
            # Joins are moved by a few milliseconds to where they are heard least.
            assert place["second"] == pytest.approx(event["source_start"], abs=0.06)


def test_everything_is_on_one_page(compared):
    page = (compared / "index.html").read_text(encoding="utf-8")
    assert len(re.findall(r"<audio [^>]*src=\"data:audio/mpeg;base64,", page)) == 3
    assert not re.search(r'(src|href)="(?!data:|first/|second/)', page)
    assert "perception.segment_seconds" in page
    for line in told(compared)["most_different"]:
        assert line.split(" plays ")[0].replace("'", "&#x27;") in page


def test_a_guide_is_worth_nothing_to_an_agent_that_plays_the_same_without(agent, question):
    """What a network says without a guide is asked of one that can do without, or of a deaf one; else nobody knows."""
    player = antiphon.Agent.load(agent)
    memory = player.memory(antiphon.read(question[3]))
    answered = answer(player, antiphon.read(question[1]), memory, explained=False)
    assert player.settings.training.hide_guide > 0
    assert np.any(guide_worth(player, answered) != 0)
    training = player.settings.training.model_copy(update={"hide_guide": 0.0})
    always_heard = replace(player, settings=player.settings.model_copy(update={"training": training}), deaf=None)
    assert np.all(np.isnan(guide_worth(always_heard, answered)))
    np.testing.assert_array_equal(guide_worth(replace(always_heard, deaf=player.network), answered), 0)


def test_an_agent_agrees_with_itself(call, agent, question, tmp_path):
    result = call("compare", agent, agent, *question, "-o", tmp_path / "out", "--no-explain")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Both agents play the same response, sample by sample.")
    found = told(tmp_path / "out")
    assert found["identical"]
    assert found["agreement"]["together"] == 1
    assert found["settings"] == {}
    assert found["most_different"] == []
    assert "sample by sample" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    first, second = (antiphon.read(tmp_path / "out" / name / "response.wav") for name in ("first", "second"))
    assert np.array_equal(first.samples, second.samples)


def test_the_same_comparison_gives_the_same_bytes(call, agent, other, question, compared):
    again = compared.parent / "again"
    result = call("compare", agent, other, *question, "-o", again, "--json")
    assert digests(again) == digests(compared)
    assert json.loads(result.out)["agreement"] == told(compared)["agreement"]


def test_what_cannot_be_compared_is_one_line(call, agent, guide, memory, tmp_path):
    sounds = ("--guide", guide, "--memory", memory, "-o", tmp_path / "out")
    refused(call("compare", agent, tmp_path / "nobody", *sounds), 4, "nobody: not an agent")
    refused(call("compare", agent, *sounds), 2, "SECOND is missing")
    refused(call("compare", agent, agent, "--memory", memory, "-o", tmp_path / "out"), 2, "--guide is missing")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "poem.txt").write_text("mine")
    refused(call("compare", agent, agent, *sounds[:-1], tmp_path / "mine"), 1, "poem.txt")
    assert not (tmp_path / "out").exists()


def test_what_was_learned_is_printed_and_written(call, agent, world, tmp_path):
    """The world's partner plays what the guide played a segment before."""
    where = ("--probe", "-o", tmp_path / "learned")
    printed = call("evaluate", agent, world, *where)
    assert printed.code == 0
    found = json.loads((tmp_path / "learned" / "evaluation.json").read_text())
    assert found["relations"]["best_lag"] == 1
    assert found["relations"]["stands_out"]
    assert found["relations"]["said"] in printed.out
    for each in found["relations"]["strongest"]:
        assert each["said"] in printed.out
    before = digests(tmp_path / "learned")
    assert json.loads(call("evaluate", agent, world, *where, "--json").out) == found
    assert digests(tmp_path / "learned") == before
    refused(call("evaluate", agent, world, "-o", tmp_path / "other"), 2, "--probe")
