"""Two programs and one output: one writes it, the other says so; what is there is replaced where that is asked for."""

import shutil
import subprocess
import sys
import time

import pytest
from cli_making import FAST, digests, refused

from antiphon.agent import Agent
from antiphon.errors import SettingsError
from antiphon.files import claimed, owned
from antiphon.training.pipeline import train


def busy(result):
    refused(result, 1, "is being written by another program; wait for it, or choose another directory")


@pytest.fixture
def theirs(tmp_path):
    """A response's or an agent's directory that somebody else writes."""
    with claimed(tmp_path / "out", ("any",), overwrite=True, holding="a result"):
        yield tmp_path / "out"


@pytest.mark.slow
def test_of_two_trainings_into_one_output_one_wins_and_one_says_so(call, world, tmp_path):
    target = tmp_path / "agent"
    command = [sys.executable, "-m", "antiphon", "train", str(world), "-o", str(target), *FAST]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as first:
        while not (tmp_path / ".agent.lock").exists():
            assert first.poll() is None
            time.sleep(0.02)
        busy(call("train", world, "-o", target, *FAST))
        busy(call("train", world, "-o", target, *FAST, "--overwrite"))
        out, err = first.communicate()
    assert first.returncode == 0, err
    assert f"agent: {target}" in out
    assert [path.name for path in tmp_path.iterdir()] == ["agent"]
    refused(call("train", world, "-o", target, *FAST), 2, "holds an agent", "--overwrite")


def test_an_agent_that_appears_while_another_is_trained_is_left_alone(world, agent, tmp_path):
    target = tmp_path / "agent"

    def meanwhile(task, done, total):
        if not target.exists():
            shutil.copytree(agent, target)

    settings = Agent.load(agent).settings
    with pytest.raises(SettingsError, match=r"agent appeared while this ran, .* or call again with --overwrite"):
        train(world, target, settings=settings, progress=meanwhile)
    assert digests(target) == digests(agent)
    assert [path.name for path in sorted(tmp_path.iterdir())] == [".agent.training", "agent"]
    train(world, target, settings=settings, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["agent"], "what was learned was kept, and is written now"


def test_an_output_that_others_write_is_no_place_for_a_response_or_an_agent(call, theirs, agent, guide, memory):
    busy(call("finetune", agent, "--pair", guide, memory, "-o", theirs))
    busy(call("respond", guide, "--memory", memory, "--agent", agent, "-o", theirs))
    assert not theirs.exists()


def test_a_result_that_is_replaced_unasked_is_left_alone_while_others_write_it(call, theirs, world, agent, guide):
    """Each is refused before anything is read: what is named as a checkpoint is none."""
    busy(call("compare", agent, agent, "-g", guide, "-m", guide, "-o", theirs))
    busy(call("alphabet", agent, world, "-o", theirs))
    busy(call("evaluate", agent, world, "--probe", "-o", theirs))
    busy(call("convert", guide, theirs))
    busy(call("coupling", "train", world, "-o", theirs))
    assert not theirs.exists()


def test_a_corpus_that_is_being_built_and_a_study_that_is_being_made_are_left_alone(call, world, tmp_path):
    for name, arguments in (
        ("corpus", ("corpus", "build", "pairbench")),
        ("chorales", ("corpus", "build", "chorales", "--pieces", "1")),
        ("study", ("reproduce", world, "--quick", "--no-figures", "--durations", "0.5", "--sizes", "4")),
        ("demo", ("demo",)),
    ):
        with owned(tmp_path / name):
            output = () if name == "demo" else ("-o",)
            busy(call(*arguments, *output, tmp_path / name))
        assert not (tmp_path / name).exists()


@pytest.mark.slow
def test_a_response_is_replaced_only_where_that_was_asked_for(call, agent, guide, memory, tmp_path):
    question = ("respond", guide, "--memory", memory, "--agent", agent, "-o", tmp_path / "out", "--no-explain")
    assert call(*question, "--export", "reaper").code == 0
    before = digests(tmp_path / "out")
    again = ("respond", "--from", tmp_path / "out" / "session.rpp", "--no-explain")
    with claimed(tmp_path / "again", ("any",), overwrite=True, holding="a result"):
        busy(call(*again, "-o", tmp_path / "again"))
    assert call(*again, "-o", tmp_path / "again").code == 0
    refused(call(*question, "--seed", "1"), 2, "holds a response; choose another name, or pass --overwrite")
    refused(call(*again, "-o", tmp_path / "again"), 2, "holds a response; choose another name, or pass --overwrite")
    refused(call(*again, "-o", tmp_path / "out", "--overwrite"), 1, "is not written over")
    assert digests(tmp_path / "out") == before
    assert call(*question, "--seed", "1", "--overwrite").code == 0
    assert digests(tmp_path / "out").keys() < before.keys()
    assert digests(tmp_path / "out")["response.wav"] != before["response.wav"]
