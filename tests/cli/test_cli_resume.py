"""Commands that are stopped, and outputs that nobody takes: real processes, real signals."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_making import FAST, digests

from antiphon.cli.app import run

EPOCHS = 12

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def command(*arguments):
    return [sys.executable, "-m", "antiphon", *map(str, arguments)]


def training(world, directory):
    flags = ("--training.max-epochs", EPOCHS, "--training.patience", EPOCHS)
    return command("train", world, "-o", directory, *FAST[2:], *flags)


def stopped(world, directory: Path, number: signal.Signals, epochs: int) -> tuple[int, str, str]:
    """Start a training, send a signal once `epochs` more are kept, and wait for the end."""
    course = directory.parent / f".{directory.name}.training" / "decision" / "course.json"
    wanted = epochs + (json.loads(course.read_text())["epoch"] if course.exists() else 0)
    with subprocess.Popen(
        training(world, directory), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 120
        while not course.exists() or json.loads(course.read_text())["epoch"] < wanted:
            assert process.poll() is None, "it ended before it could be stopped"
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.fixture(scope="module")
def through(world, tmp_path_factory):
    """What a training leaves behind that was never stopped."""
    directory = tmp_path_factory.mktemp("through") / "agent"
    assert run(training(world, directory)[3:]) == 0
    return digests(directory)


@pytest.mark.slow
def test_a_training_that_is_interrupted_goes_on_and_ends_with_the_same_bytes(call, world, through, tmp_path):
    """Ctrl-C in a process of its own, then to the end in this one."""
    directory = tmp_path / "stopped"
    assert stopped(world, directory, signal.SIGINT, 2) == (130, "", "antiphon: interrupted\n")
    assert not directory.exists()
    finished = call(*training(world, directory)[3:])
    assert (finished.code, finished.err) == (0, "")
    assert digests(directory) == through
    assert len((directory / "metrics.jsonl").read_text().splitlines()) == EPOCHS
    assert [path.name for path in tmp_path.iterdir()] == ["stopped"]


@pytest.mark.slow
def test_a_training_that_is_stopped_twice_goes_on_and_ends_with_the_same_bytes(world, through, tmp_path):
    """Ctrl-C, then a kill without warning, then to the end, each in a process of its own."""
    directory = tmp_path / "stopped"
    assert stopped(world, directory, signal.SIGINT, 2) == (130, "", "antiphon: interrupted\n")
    assert stopped(world, directory, signal.SIGKILL, 2)[0] == -signal.SIGKILL
    assert not directory.exists()
    finished = subprocess.run(training(world, directory), capture_output=True, text=True, check=True)
    assert finished.stderr == ""
    assert digests(directory) == through
    assert [path.name for path in tmp_path.iterdir()] == ["stopped"]


def buffered():
    """The environment as a user has it: stdout in a pipe is kept back until the end."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize("verb", ["settings", pytest.param("tokenize", marks=pytest.mark.slow)])
def test_a_reader_that_goes_away_is_no_error(guide, agent, verb, unbuffered):
    """The first verb says much at once and loads no network; the second a line for each segment, late."""
    words = {"settings": ("settings",), "tokenize": ("tokenize", guide, "--agent", agent)}[verb]
    environment = buffered() | ({"PYTHONUNBUFFERED": "1"} if unbuffered else {})
    reading, writing = os.pipe()
    os.close(reading)
    try:
        finished = subprocess.run(
            command(*words),
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=environment,
        )
    finally:
        os.close(writing)
    assert (finished.returncode, finished.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_result_that_cannot_be_written_is_an_error():
    with Path("/dev/full").open("w") as full:
        words = command("settings")
        finished = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=buffered())
    assert (finished.returncode, finished.stderr) == (1, "antiphon: No space left on device\n")
