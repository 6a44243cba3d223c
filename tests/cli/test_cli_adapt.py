"""`antiphon adapt` and `respond --pair`: a pair of recordings is remembered, in a directory or for one response."""

import pytest
import soundfile

from antiphon.agent import Agent

PAIR_SECONDS = 30


@pytest.mark.slow
def test_a_pair_is_remembered_and_told_and_heard(call, guide, memory, tmp_path):
    agent = tmp_path / "mine"
    result = call("adapt", "--pair", guide, memory, "-o", agent, "--quiet")
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0].startswith("Remembers 60 segments: ")
    assert "0.5 s later: worth" in lines[1]
    assert lines[-1] == f"agent: {agent}"
    example = tmp_path / "mine-relation.wav"
    assert lines[2].startswith("As B follows A, a response follows its guide: its harmony as it is, 0.5 s later")
    assert lines[3] == f"hear it, A left and B right: {example}"
    sides = soundfile.info(example)
    assert (sides.channels, sides.duration) == (2, 10.0)
    assert [len(pair) for pair in Agent.load(agent).pairs] == [2 * PAIR_SECONDS]
    assert "Remembers 60 segments" in call("info", agent).out
    again = call("adapt", "--pair", guide, memory, "-o", agent, "--quiet")
    assert again.code != 0
    other = tmp_path / "other"
    (tmp_path / "other-relation.wav").write_bytes(b"mine")
    refused = call("adapt", "--pair", guide, memory, "-o", other, "--quiet")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert (tmp_path / "other-relation.wav").read_bytes() == b"mine"
    assert not other.exists()


@pytest.mark.slow
def test_a_response_may_remember_a_pair_for_itself(call, guide, memory, tmp_path):
    asked = ("respond", guide, "--memory", memory, "--no-explain", "--quiet")
    assert call(*asked, "--pair", guide, memory, "-o", tmp_path / "with").code == 0
    assert call(*asked, "-o", tmp_path / "without").code == 0
    known, alone = (
        (tmp_path / name / "specification.json").read_text(encoding="utf-8") for name in ("with", "without")
    )
    assert known != alone


def test_without_a_pair_there_is_nothing_to_remember(call, tmp_path):
    result = call("adapt", "-o", tmp_path / "agent")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "--pair is missing" in result.err
