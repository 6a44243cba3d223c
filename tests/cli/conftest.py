"""What the command-line tests stand on: half a minute of two tracks, an agent that learned from it, a way to call."""

import os
from pathlib import Path

import pytest
from cli_making import FAST, Call, Result, digests

from antiphon.cli.app import run
from antiphon.corpus.planted import PlantedSettings, build_planted


@pytest.fixture(scope="session", autouse=True)
def _surroundings(built_once):
    """A cache of its own, no settings from outside, and one thread: two that wait for each other are far slower."""
    import torch

    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("ANTIPHON_")]:
            patch.delenv(name)
        patch.setenv("ANTIPHON_CACHE", str(built_once("cli-cache", Path.mkdir)))
        patch.setenv("OMP_NUM_THREADS", "1")
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def chromium():
    """A browser, where one is asked for."""
    from studio_browsing import browsing

    with browsing() as browser:
        yield browser


@pytest.fixture
def call(capsys) -> Call:
    def call(*arguments) -> Result:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def world(built_once):
    """Half a minute of two tracks, b a segment behind a, in a folder with its manifest. No test may change it."""
    settings = PlantedSettings("delay", pieces=1, segments=60, classes=6)
    folder = built_once("cli-world", lambda folder: build_planted(folder, settings))
    before = digests(folder)
    yield folder
    assert digests(folder) == before


@pytest.fixture(scope="session")
def guide(world) -> Path:
    return world / "delay-000" / "a.wav"


@pytest.fixture(scope="session")
def memory(world) -> Path:
    return world / "delay-000" / "b.wav"


@pytest.fixture(scope="session")
def agent(world, built_once):
    """An agent that has hardly learned anything; no test may change it."""

    def trained(directory: Path) -> None:
        assert run(["train", str(world), "-o", str(directory), *FAST]) == 0

    directory = built_once("cli-agent", trained)
    before = digests(directory)
    yield directory
    assert digests(directory) == before
