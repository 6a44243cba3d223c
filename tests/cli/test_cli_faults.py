"""A machine that says no at the nth thing that is done to the disk: outputs are whole or absent, the message says which
path and why, and nothing of it stays.

Python tells an audit hook of every file that it opens, makes, copies or renames, and the hook says no. What libraries
in C write is met by a limit of the system on the size of files.
"""

import errno
import os
import shutil
import sys
from dataclasses import dataclass

import pytest
from cli_making import digests, sound, tones

WRITES = {"open", "os.rename", "os.mkdir", "tempfile.mkstemp", "tempfile.mkdtemp", "os.chmod", "shutil.copyfile"}
FAULTS = {"no space": errno.ENOSPC, "permission": errno.EACCES, "input and output": errno.EIO}


@dataclass
class Fault:
    """Says no at the `at`th write below `below`; `met` counts the writes."""

    below: str = ""
    at: int = 0
    number: int = 0
    met: int = 0


FAULT = Fault()


def _hook(event, arguments):
    if not FAULT.below or event not in WRITES:
        return
    if event == "open" and not (len(arguments) > 2 and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)):
        return
    paths = [str(each) for each in arguments[:2] if isinstance(each, str | os.PathLike)]
    # A lock is no output, and where there is none it is made.
    if not any(path.startswith(FAULT.below) for path in paths) or any(path.endswith(".lock") for path in paths):
        return
    FAULT.met += 1
    if FAULT.met == FAULT.at:
        raise OSError(FAULT.number, os.strerror(FAULT.number), paths[0])


sys.addaudithook(_hook)


@pytest.fixture(scope="module")
def verbs(guide, memory, agent, world, tmp_path_factory):
    """The words of each verb that writes, for a place to write to."""
    answered = tmp_path_factory.mktemp("answered") / "out"
    from antiphon.cli.app import run

    base = [str(guide), "-m", str(memory), "--agent", str(agent), "--no-explain"]
    assert run(["respond", *base, "-o", str(answered)]) == 0
    other = sound(tmp_path_factory.mktemp("other") / "long.wav", tones(12))
    return {
        "respond": lambda out: ("respond", *base, "--export", "all", "-o", out / "answer"),
        "scan": lambda out: ("corpus", "scan", world, "-o", out / "manifest.jsonl"),
        "render": lambda out: ("explain", answered, "--render", out / "again.wav"),
        "draw": lambda out: ("explain", answered, "--draw", out / "picture.svg"),
        "compare": lambda out: (
            *("compare", agent, agent, "--guide", guide, "--memory", other, "--no-explain", "-o", out / "compared"),
        ),
    }


SLOW = ("respond", "compare")
VERBS = [
    *(pytest.param(each, marks=pytest.mark.slow) for each in ("scan", "render", "draw")),
    *(pytest.param(each, marks=pytest.mark.long) for each in SLOW),
]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("verb", VERBS)
def test_whichever_write_fails_outputs_are_whole_or_absent(call, verbs, tmp_path, verb, fault):
    out = tmp_path / "place"
    words = verbs[verb](out)
    target = words[-1]
    assert call(*words).code == 0
    whole = sorted(digests(out))
    shutil.rmtree(out)
    at = 0
    while True:
        at += 1
        FAULT.below, FAULT.at, FAULT.number, FAULT.met = str(tmp_path), at, FAULTS[fault], 0
        try:
            result = call(*words)
        finally:
            FAULT.below = ""
        if FAULT.met < at:
            break
        assert result.code in (0, 1), result
        if result.code:
            assert result.err.count("\n") == 1, result.err
            assert str(target.parent) in result.err, result.err
            assert os.strerror(FAULTS[fault]) in result.err, result.err
        left = sorted(digests(out)) if out.exists() else []
        assert left in ([], whole), (at, left)
        assert bool(left) == (result.code == 0)
        shutil.rmtree(out, ignore_errors=True)
    assert at > 2, "nothing was written"


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize("most", [0, 1000, 100_000])
@pytest.mark.parametrize("verb", ["respond", "render"])
def test_a_file_that_grows_no_further_is_no_output(call, verbs, tmp_path, verb, most):
    import resource

    out = tmp_path / "place"
    words = verbs[verb](out)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        result = call(*words)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert result.code == 1, result
    assert str(out) in result.err
    assert os.strerror(errno.EFBIG) in result.err
    assert "System error" not in result.err
    assert not out.exists() or not digests(out)


@pytest.mark.skipif(os.name != "posix", reason="kills of POSIX")
@pytest.mark.long
def test_killed_at_any_write_the_next_run_finds_a_clean_place(call, verbs, tmp_path):
    """The hook kills a program of its own at the nth write; then the verb runs as if nothing had been."""
    import subprocess

    killer = (
        "import os, signal, sys\n"
        "at, below, met = int(sys.argv[1]), sys.argv[2], [0]\n"
        f"writes = {WRITES!r}\n"
        "def hook(event, arguments):\n"
        "    if event in writes and any(str(each).startswith(below) for each in arguments[:2]):\n"
        "        met[0] += 1\n"
        "        if met[0] == at: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from antiphon.cli.app import run\n"
        "sys.addaudithook(hook)\n"
        "sys.exit(run(sys.argv[3:]))\n"
    )
    words = [str(word) for word in verbs["respond"](tmp_path / "place")]
    at, ended = 0, -9
    while ended == -9:
        at += 1
        done = subprocess.run(
            [sys.executable, "-c", killer, str(at), str(tmp_path / "place"), *words], check=False, capture_output=True
        )
        ended = done.returncode
        target = tmp_path / "place" / "answer"
        assert not target.exists() or (target / "provenance.json").is_file()
        shutil.rmtree(target, ignore_errors=True)
        assert call(*words).code == 0
        assert [path.name for path in (tmp_path / "place").iterdir()] == ["answer"]
        shutil.rmtree(target)
    assert ended == 0
    assert at > 5
