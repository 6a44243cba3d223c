"""`--quiet` and `--verbose`: stderr says less or more, stdout the same."""

import re
import sys
import warnings

import pytest
from cli_making import FAST, refused

from antiphon.cli import terminal
from antiphon.cli.app import app
from antiphon.cli.terminal import Stages, Talk
from antiphon.errors import AntiphonWarning
from antiphon.interfaces import no_progress

QUICK = ("--durations", "0.5", "--sizes", "4", "--workers", "1", "--no-figures", "--consensus", "0")


@pytest.fixture(autouse=True)
def _normal_afterwards():
    yield
    terminal.set_talk(Talk.NORMAL)


def verbs(application, path=()):
    for name in application:
        if not name.startswith("-"):
            yield (*path, name)
            yield from verbs(application[name], (*path, name))


@pytest.mark.parametrize("verb", list(verbs(app)), ids=" ".join)
def test_every_verb_has_both_flags(call, verb):
    shown = call(*verb, "--help").out
    assert "--quiet" in shown
    assert "--verbose" in shown


@pytest.mark.parametrize("flag", ["--quiet", "--verbose"])
def test_stdout_is_the_same_wherever_the_flag_stands(call, agent, flag):
    usual = call("info", agent, "--json").out
    assert usual
    for words in ((flag, "info", agent, "--json"), ("info", flag, agent, "--json"), ("info", agent, "--json", flag)):
        assert call(*words).out == usual


def test_they_exclude_each_other(call):
    refused(call("settings", "--quiet", "--verbose"), 2, "--quiet and --verbose exclude each other")


def test_after_two_dashes_a_flag_is_a_name(call):
    refused(call("info", "--", "--verbose"), 4, "--verbose: not an agent")


def test_quiet_says_only_errors(call, tmp_path):
    refused(call("info", tmp_path, "--quiet"), 4, "not an agent")


def test_quiet_leaves_out_notes_but_no_warnings(capsys):
    terminal.set_talk(Talk.QUIET)
    terminal.note("a note")
    terminal.detail("a detail")
    terminal.say("warning: loud")
    assert capsys.readouterr().err == "warning: loud\n"


def test_quiet_keeps_warnings(call, monkeypatch):
    def examine():
        warnings.warn("take care", AntiphonWarning, stacklevel=1)
        return []

    monkeypatch.setattr("antiphon.cli.doctor.examine", examine)
    with warnings.catch_warnings():
        assert call("doctor", "--quiet").err == "warning: take care\n"


@pytest.mark.parametrize(("talk", "shown"), [(Talk.QUIET, False), (Talk.NORMAL, True), (Talk.VERBOSE, True)])
def test_progress_on_a_terminal_is_shown_unless_quiet(capsys, monkeypatch, talk, shown):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    terminal.set_talk(talk)
    with terminal.progress() as progress:
        assert (progress is no_progress) != shown
        progress("encode", 1, 1)
    assert ("encode" in capsys.readouterr().err) == shown


def test_the_plan_of_a_study_is_a_note(call, world, tmp_path):
    learning = tuple(flag for flag in FAST if flag not in ("--perception.alphabet-size", "8"))
    study = ("reproduce", world, "-o", tmp_path / "study", *QUICK, *learning)
    usual = call(*study)
    assert "at a time" in usual.err
    quiet = call(*study, "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, usual.out, "")


def test_verbose_says_settings_and_timings(call, world, tmp_path):
    made = call("train", world, "-o", tmp_path / "agent", *FAST, "--verbose")
    assert made.code == 0, made.err
    assert "setting perception.alphabet_size = 8 (command line)\n" in made.err
    assert "action.jump_cost" not in made.err
    stages = re.findall(r"^([^\n:]+): \d+\.\d\d s$", made.err, re.MULTILINE)
    assert "train" in stages
    assert stages[-1] == "all"


def test_verbose_says_the_settings_of_an_agent(call, agent, guide):
    said = call("tokenize", guide, "--agent", agent, "--verbose").err
    assert f"setting training.max_epochs = 1 ({agent})\n" in said
    assert said.endswith(" s\n")


def test_verbose_shows_where_an_error_came_from(call, tmp_path):
    told = call("info", tmp_path, "--verbose")
    assert told.code == 4
    assert "Traceback (most recent call last)" in told.err
    assert told.err.splitlines()[-1].startswith("antiphon: ")


def test_one_verbose_call_leaves_the_next_as_usual(call, tmp_path):
    call("info", tmp_path, "--verbose")
    refused(call("info", tmp_path), 4, "not an agent")


@pytest.mark.parametrize("flags", [(), ("--quiet",), ("--verbose",)], ids=["usual", "quiet", "verbose"])
def test_an_interruption_is_one_line(call, monkeypatch, flags):
    def examine():
        raise KeyboardInterrupt

    monkeypatch.setattr("antiphon.cli.doctor.examine", examine)
    stopped = call("doctor", *flags)
    assert stopped.code == 130
    assert stopped.err.splitlines()[-1] == "antiphon: interrupted"


def test_a_stage_begins_where_the_one_before_ended(monkeypatch):
    times = iter([0.0, 1.0, 3.0, 4.0, 9.0])
    monkeypatch.setattr(terminal, "perf_counter", lambda: next(times))
    stages = Stages()
    for task in ("encode", "encode", "train: 3.1 bits", "train: 2.9 bits"):
        stages.heard(task)
    assert stages.seconds() == {"encode": 3.0, "train": 6.0}
