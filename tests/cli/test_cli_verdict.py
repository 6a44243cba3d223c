"""What the command line says of an agent that learned nothing, of takes that do not exist, and of unset values."""

from cli_making import FAST, RATE, sound, tones

from antiphon.agent import Agent
from antiphon.agent.verdict import verdict

NOTHING = "This agent learned nothing beyond "


def test_a_training_that_taught_nothing_ends_with_a_sentence(call, world, tmp_path):
    lines = call("train", world, "-o", tmp_path / "agent", *FAST).out.splitlines()
    assert lines[-2].startswith(NOTHING)
    assert lines[-1] == f"agent: {tmp_path / 'agent'}"


def test_who_an_agent_is_says_so_too(call, agent):
    said = verdict(Agent.load(agent).training)
    assert f"**{said}**" in call("info", agent).out
    assert f"**{said}**" in (agent / "README.md").read_text(encoding="utf-8")


def test_the_base_agent_learned_something():
    assert verdict(Agent.base().training) == ""


def test_an_answer_of_such_an_agent_has_a_note_beside_it(call, agent, guide, memory, tmp_path):
    question = ("respond", guide, "--memory", memory, "--agent", agent, "--no-explain")
    told = call(*question, "-o", tmp_path / "told")
    assert (told.code, told.err.count("\n")) == (0, 1)
    assert told.err.startswith(NOTHING)
    assert NOTHING not in told.out
    assert call(*question, "-o", tmp_path / "quiet", "--quiet").err == ""


def test_takes_that_do_not_exist_are_named(call, agent, tmp_path):
    guide = sound(tmp_path / "guide.wav", tones(4, RATE))
    memory = sound(tmp_path / "memory.wav", tones(0.5, RATE))
    question = ("respond", guide, "--memory", memory, "--agent", agent, "--no-explain", "--takes", "4")
    result = call(*question, "-o", tmp_path / "out", "--quiet", "--sampling.rests", "fill")
    assert result.code == 0
    assert result.err.startswith("warning: 4 takes were asked for; the memory has one way to play what was decided")
    assert result.err.count("\n") == 1
    assert not list((tmp_path / "out").glob("take-*.wav"))


def test_the_help_of_respond_shows_no_default_that_an_agent_may_not_have(call):
    text = " ".join(call("respond", "--help").out.replace("│", " ").split())
    settings = text[text.index("Settings") :]
    assert "What is not set stays as the agent, or the session of --from, has it" in settings
    assert "--sampling.rests" in settings
    assert "[default:" not in settings
