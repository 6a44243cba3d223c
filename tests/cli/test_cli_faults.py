"""A machine that says no at the nth thing that is done to the disk: outputs are whole or absent, the message says which
path and why, and nothing of it stays.

Python tells an audit hook of every file that it opens, makes, copies or renames, and the hook says no. What libraries
in C write is met by a limit of the system on the size of files.
"""

import errno
import json
import os
import shutil
import signal
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from io import BytesIO
from pathlib import Path

import pytest
from cli_making import FAST, Result, digests, sound, tones

from antiphon.corpus.planted import PlantedSettings, build_planted
from antiphon.errors import AntiphonError
from antiphon.files import whole_directory
from antiphon.use_cases import adapt

WRITES = {"open", "os.rename", "os.mkdir", "tempfile.mkstemp", "tempfile.mkdtemp", "os.chmod", "shutil.copyfile"}
FAILED = 70
"""The exit code of a copy that came to no other."""

KILL = -1
"""In place of an error number: the process ends at once."""

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
        if FAULT.number == KILL:
            os.killpg(0, signal.SIGKILL)
        raise OSError(FAULT.number, os.strerror(FAULT.number), paths[0])


sys.addaudithook(_hook)


@contextmanager
def fault(below, at, number):
    """While it lasts the `at`th write below a folder fails; 0 lets all of them pass and counts them."""
    FAULT.below, FAULT.at, FAULT.number, FAULT.met = str(below), at, number, 0
    try:
        yield
    finally:
        FAULT.below = ""


def killed(words, place, at):
    """How a copy of this process ended that runs a verb and is killed at its `at`th write below a place."""
    from antiphon.cli.app import run

    copy = os.fork()
    if not copy:
        # With the processes that it starts: what renders a piece is one of its own.
        os.setsid()
        code = FAILED
        try:
            with fault(place, at, KILL):
                code = run(list(words))
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])


@dataclass(frozen=True)
class Words:
    """A verb's command line, and where its result comes to lie."""

    line: tuple
    target: Path

    def __iter__(self):
        return map(str, self.line)


STUDY = ("--durations", "0.5", "--sizes", "8", "--workers", "1", "--no-figures", "--consensus", "0")


@pytest.fixture(scope="module")
def verbs(guide, memory, agent, world, tmp_path_factory):
    """The words of each verb that writes, for a place to write to."""
    made = tmp_path_factory.mktemp("made")
    answered = made / "answered"
    from antiphon.cli.app import run

    base = [str(guide), "-m", str(memory), "--agent", str(agent), "--no-explain"]
    assert run(["respond", *base, "-o", str(answered), "--export", "reaper"]) == 0
    other = sound(made / "other" / "long.wav", tones(12))

    def checkpoint():
        import torch
        from wav2vec2_making import checkpoint_of, model_of

        torch.save(checkpoint_of(model_of()), made / "checkpoint.pt")
        return made / "checkpoint.pt"

    @cache
    def rehearsing():
        """An agent of several pieces: of one alone nothing is kept to rehearse."""
        build_planted(made / "pieces", PlantedSettings("delay", pieces=4, segments=60, classes=6))
        assert run(["train", str(made / "pieces"), "-o", str(made / "rehearsing"), *FAST]) == 0
        return made / "rehearsing"

    sys.path.append(str(Path(__file__).parent.parent / "unit" / "corpus"))
    from score_making import lieder

    songs = lieder(made / "songs", 2)
    from listening_making import study

    study(made / "study")
    assert run(["agent", "pack", str(agent), "-o", str(made / "packed.antiphon")]) == 0
    pair, varied = ("--pair", guide, memory), ("--varied", "--processes", "1")
    fast = [flag for flag in FAST if flag not in ("--perception.alphabet-size", "8")]
    lines = {
        "respond": lambda out: ("respond", *base, "--export", "all", "-o", out),
        "takes": lambda out: ("respond", *base, "--takes", "2", "-o", out),
        "from": lambda out: ("respond", "--from", answered / "session.rpp", "--no-explain", "-o", out),
        "scan": lambda out: ("corpus", "scan", world, "-o", out),
        "render": lambda out: ("explain", answered, "--render", out),
        "draw": lambda out: ("explain", answered, "--draw", out),
        "compare": lambda out: ("compare", agent, agent, "-g", guide, "-m", other, "--no-explain", "-o", out),
        "alphabet": lambda out: ("alphabet", agent, world, "-o", out),
        "convert": lambda out: ("convert", checkpoint(), out),
        "finetune": lambda out: ("finetune", rehearsing(), *pair, "-o", out),
        "adapt": lambda out: ("adapt", agent, *pair, "-o", out),
        "by pair": lambda out: ("respond", *base, *pair, "-o", out),
        "live": lambda out: ("live", "--guide", guide, "-m", other, "--agent", agent, "-o", out),
        "evaluate": lambda out: ("evaluate", agent, world, "--probe", "-o", out),
        "pack": lambda out: ("agent", "pack", agent, "-o", out),
        "unpack": lambda out: ("agent", "unpack", made / "packed.antiphon", "-o", out),
        "analyse": lambda out: ("listen", made / "study", "--analyse", "-o", out),
        "proof": lambda out: ("proof", *base[:3], "--passages", "1", "--seconds", "2", "--agent", agent, "-o", out),
        "encode": lambda out: ("corpus", "encode", world, "-o", out, "--workers", "1"),
        "train": lambda out: ("train", world, "-o", out, *FAST),
        "pairbench": lambda out: ("corpus", "build", "pairbench", "-o", out, "--pieces", "2"),
        "varied": lambda out: ("corpus", "build", "lieder", "--source", songs, "-o", out, *varied),
        "chorales": lambda out: ("corpus", "build", "chorales", "-o", out, "--pieces", "2", "--processes", "1"),
        "reproduce": lambda out: ("reproduce", world, "-o", out, *STUDY, *fast),
        "tokenize": lambda out: ("tokenize", memory, "--agent", agent),
        "check": lambda out: ("corpus", "check", world),
    }
    endings = {"scan": ".jsonl", "render": ".wav", "draw": ".svg", "pack": ".antiphon"}

    def words(verb, place):
        target = place / f"out{endings.get(verb, '')}"
        return Words(lines[verb](target), target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adapt, "Specialising", partial(adapt.Specialising, steps=4, check_every=2))
        yield words


CHEAP = ("scan", "render", "draw", "pack", "unpack", "analyse")
"""Every nth write fails, in the slow run."""

DEAR = (
    *("respond", "takes", "by pair", "from", "compare", "alphabet", "convert", "finetune", "adapt", "evaluate", "live"),
    "proof",
)
"""A spread of n, by hand."""

PIECEWISE = ("train", "pairbench", "varied", "chorales", "reproduce", "encode")
"""What goes on where it was stopped: after the fault the same words again give what they give without one."""

REFUSING = ("respond", "takes", "by pair", "from", "finetune", "adapt", "live", "train", "pack", "unpack")
"""What replaces a result of its kind only with --overwrite."""


def spread(writes):
    """1 to `writes`: the first, the last, and ever wider steps between."""
    return sorted({1, 2, 3, writes - 1, writes, *(round(1.6**step) for step in range(20) if 1.6**step < writes)})


def failed_well(result, place, number):
    """One line, which names the path and the reason."""
    assert result.code == 1, result
    assert result.err.splitlines()[-1:] == [line for line in result.err.splitlines() if line.startswith("antiphon: ")]
    assert str(place) in result.err, result.err
    assert os.strerror(number) in result.err, result.err
    assert "-antiphon" not in result.err, "a name that nobody asked for"


def test_a_result_that_is_replaced_is_the_earlier_or_the_new_one_whichever_write_fails(tmp_path):
    """Also where the fault is in the exchange itself: the earlier one comes back, and nothing lies beside it."""
    out, failed = tmp_path / "out", []
    out.mkdir()

    def replaced(at):
        (out / "a").write_text("earlier")
        with fault(tmp_path, at, errno.EIO), whole_directory(out, ["a"]) as inside:
            (inside / "a").write_text("new")

    replaced(0)
    for at in range(1, FAULT.met + 1):
        wanted = "new"
        try:
            replaced(at)
        except AntiphonError as error:
            wanted = "earlier"
            failed.append(str(error))
        assert list(digests(tmp_path)) == ["out", "out/a"], at
        assert (out / "a").read_text() == wanted, at
    assert len(failed) >= 5
    assert all(str(out) in line and "-antiphon" not in line for line in failed)


@pytest.mark.parametrize("said", FAULTS)
@pytest.mark.parametrize(
    "verb",
    [
        *(pytest.param(each, marks=pytest.mark.slow) for each in CHEAP),
        *(pytest.param(each, marks=pytest.mark.long) for each in DEAR),
    ],
)
def test_whichever_write_fails_outputs_are_whole_or_absent(call, verbs, tmp_path, verb, said):
    place = tmp_path / "place"
    place.mkdir()
    number = FAULTS[said]
    with fault(place, 0, number):
        assert call(*verbs(verb, place)).code == 0
    writes, whole = FAULT.met, sorted(digests(place))
    assert writes > 2, "nothing was written"
    for at in range(1, writes + 1) if verb in CHEAP else spread(writes):
        shutil.rmtree(place)
        place.mkdir()
        with fault(place, at, number):
            result = call(*verbs(verb, place))
        if result.code:
            failed_well(result, place, number)
        left = sorted(digests(place))
        if "without an example" in result.err:
            # The agent is there, and a warning says what is not.
            left = sorted([*left, f"{verbs(verb, place).target.name}-relation.wav"])
        assert left in ([], whole), (at, left)
        assert bool(left) == (result.code == 0)


@pytest.mark.long
@pytest.mark.parametrize("verb", PIECEWISE)
def test_what_is_filled_piece_by_piece_goes_on_after_a_write_that_failed(call, verbs, tmp_path, verb):
    place = tmp_path / "place"
    place.mkdir()
    words = verbs(verb, place)
    with fault(place, 0, errno.ENOSPC):
        assert call(*words).code == 0
    writes, whole = FAULT.met, digests(place)
    for count, at in enumerate(spread(writes)):
        shutil.rmtree(place)
        place.mkdir()
        number = list(FAULTS.values())[count % len(FAULTS)]
        with fault(place, at, number):
            result = call(*words)
        if result.code:
            failed_well(result, place, number)
        again = call(*words, *(["--overwrite"] if verb == "train" and words.target.exists() else []))
        assert again.code == 0, (at, again)
        now = digests(place)
        assert sorted(now) == sorted(whole), at
        told = [name for name in whole if now[name] != whole[name] and name.endswith((".wav", ".safetensors"))]
        assert told == [], at


@pytest.fixture
def job(project):
    """Does a job of the studio as its worker does, and gives what it said."""
    from antiphon.studio.project import Project
    from antiphon.studio.work import Bench
    from antiphon.studio.worker import Telling, _do

    def job(kind, **asked):
        out = BytesIO()
        _do(Bench(Project(project)), {"kind": kind, "asked": asked}, Telling(out, "job"))
        said = json.loads(out.getvalue().splitlines()[-1])
        return Result(0, "", "") if "done" in said else Result(1, "", f"antiphon: {said['error']}\n")

    return job


@pytest.fixture
def project(tmp_path, guide, memory, agent, call):
    """A project of the studio with a response to its own sounds."""
    folder = tmp_path / "project"
    shutil.copytree(agent, folder / "agents" / "small")
    for name, path in (("guide", guide), ("memory", memory)):
        shutil.copy(path, folder / f"{name}.wav")
    words = ["-m", folder / "memory.wav", "--agent", folder / "agents" / "small", "--no-explain"]
    assert call("respond", folder / "guide.wav", *words, "-o", folder / "answer").code == 0
    return folder


@pytest.mark.long
@pytest.mark.parametrize("said", FAULTS)
@pytest.mark.parametrize("kind", ["again", "export"])
def test_a_job_of_the_studio_leaves_the_project_whole(project, job, kind, said):
    """Whichever write fails: what is new is absent, and what was there is as it was."""
    number = FAULTS[said]
    asked = {"response": "answer", "kept": [[0.0, 2.0]], "seed": 1, "name": "new"}
    asked = {"response": "answer", "formats": ["all"]} if kind == "export" else asked

    def there():
        """What the studio keeps for itself may be missing at any time."""
        return {name: what for name, what in digests(project).items() if not name.startswith(".antiphon-studio")}

    before = there()
    shutil.copytree(project, project.parent / "kept", symlinks=True)
    with fault(project, 0, number):
        assert job(kind, **asked).code == 0
    writes, whole = FAULT.met, there()
    assert whole != before
    for at in spread(writes):
        shutil.rmtree(project)
        shutil.copytree(project.parent / "kept", project, symlinks=True)
        with fault(project, at, number):
            result = job(kind, **asked)
        if result.code:
            failed_well(result, project, number)
        now = there()
        assert sorted(now) in (sorted(before), sorted(whole)), at
        assert {name: what for name, what in before.items() if now[name] != what} == {} or now == whole, at


@pytest.mark.long
@pytest.mark.parametrize("verb", ["respond", "tokenize", "check"])
def test_a_cache_that_cannot_be_written_costs_a_warning_at_the_most(call, verbs, tmp_path, verb, monkeypatch):
    """Nothing is lost but time: the answer is the same."""
    (tmp_path / "place").mkdir()
    words = [*verbs(verb, tmp_path / "place"), *(["--overwrite"] if verb == "respond" else [])]
    place = tmp_path / "cache"
    monkeypatch.setenv("ANTIPHON_CACHE", str(place))
    with fault(place, 0, errno.ENOSPC):
        first = call(*words)
    assert first.code == 0
    for at in spread(FAULT.met) if FAULT.met > 2 else range(1, FAULT.met + 1):
        shutil.rmtree(place, ignore_errors=True)
        with fault(place, at, errno.ENOSPC):
            result = call(*words)
        assert (result.code, result.out) == (0, first.out), (at, result.err)
        assert "Traceback" not in result.err
        assert not any(path.name.startswith(".") for path in place.rglob("*") if path.is_file())


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize("most", [0, 1000, 100_000])
@pytest.mark.parametrize("verb", ["respond", "render"])
def test_a_file_that_grows_no_further_is_no_output(call, verbs, tmp_path, verb, most):
    import resource

    out = tmp_path / "place"
    out.mkdir()
    words = verbs(verb, out)
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
@pytest.mark.parametrize(
    "verb",
    [
        *(pytest.param(each, marks=pytest.mark.slow) for each in CHEAP),
        *(pytest.param(each, marks=pytest.mark.long) for each in (*DEAR, *PIECEWISE)),
    ],
)
def test_killed_at_any_write_the_next_run_finds_a_clean_place(call, verbs, tmp_path, verb):
    """A copy of this process is killed at its nth write; then the verb runs as if nothing had been."""
    place = tmp_path / "place"
    place.mkdir()
    words = verbs(verb, place)
    with fault(place, 0, KILL):
        assert call(*words).code == 0
    writes, whole = FAULT.met, digests(place)
    for at in range(1, writes + 1) if verb in CHEAP else spread(writes):
        shutil.rmtree(place)
        place.mkdir()
        assert killed(words, place, at) == -signal.SIGKILL, at
        left = digests(place)
        if words.target.exists() and verb not in PIECEWISE:
            # It is whole, but for the example of what a pair shows, a file of its own that is written after the agent.
            seen = [name for name in left if not name.startswith(".")]
            assert set(whole) - set(seen) <= {f"{words.target.name}-relation.wav"}, at
            assert set(seen) <= set(whole), at
        afresh = verb in REFUSING and words.target.exists()
        assert call(*words, *(["--overwrite"] if afresh else [])).code == 0, at
        now = digests(place)
        assert sorted(now) == sorted(whole), at
        told = [name for name in whole if now[name] != whole[name] and name.endswith((".wav", ".safetensors"))]
        assert told == [], at
