"""Files from strangers, and a machine that says no: one line, an exit code, and nothing changed or left behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from cli_making import FAST, RATE, digests, refused, sound, tones

from antiphon import names
from antiphon.action.export.reaper import SESSION, response_track
from antiphon.action.export.rpp import read_project, write_project

pytestmark = pytest.mark.slow

DEEP = "[" * 100_000


@dataclass(frozen=True)
class Given:
    """What a response needs."""

    guide: Path
    memory: Path
    agent: Path
    world: Path

    def respond(self, out, *more, guide=None, memory=None):
        """The words of a command line."""
        return ("respond", guide or self.guide, "-m", memory or self.memory, "--agent", self.agent, "-o", out, *more)


@pytest.fixture
def given(guide, memory, agent, world):
    return Given(guide, memory, agent, world)


@pytest.fixture
def own(agent, tmp_path):
    """A copy of the agent, to be spoilt."""
    shutil.copytree(agent, tmp_path / "own")
    return tmp_path / "own"


def with_setting(directory, dotted, value):
    path = directory / "config.json"
    tree = json.loads(path.read_text())
    inside = tree
    *way, last = dotted.split(".")
    for key in way:
        inside = inside[key]
    inside[last] = value
    path.write_text(json.dumps(tree))


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        (("respond", "GUIDE", "-m", "MEMORY", "-o", "OUT", "--seed", 2**64), "seed"),
        (("train", "WORLD", "-o", "OUT", "--perception.seed", 2**32), "perception.seed"),
        (("train", "WORLD", "-o", "OUT", "--corpus.hop-seconds", "1e-9"), "hop_seconds"),
        (("train", "WORLD", "-o", "OUT", "--decision.layers", 10**9), "layers"),
    ],
)
def test_numbers_beyond_reason_are_refused_by_name(call, given, tmp_path, verb, said):
    words = {"GUIDE": given.guide, "MEMORY": given.memory, "WORLD": given.world, "OUT": tmp_path / "out"}
    refused(call(*(words.get(word, word) for word in verb)), 2, said)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("dotted", "value"),
    [
        ("settings.decision.dimension", 2**40),
        ("settings.decision.dimension", 8192),
        ("settings.decision.layers", 96),
        ("settings.sampling.consensus", 10**9),
        ("settings.training.seed", 10**15),
        ("alphabet.rest_dbfs", 1e30),
    ],
)
def test_an_agent_whose_settings_no_machine_could_hold_is_refused_at_once(call, own, dotted, value):
    with_setting(own, dotted, value)
    refused(call("info", own), 4, str(own))


@pytest.mark.parametrize("text", [DEEP, "9" * 5000, '{"schema_version": 1e999}', "NaN"])
def test_a_tree_that_is_too_deep_or_too_large_is_named(call, own, text):
    (own / "config.json").write_text(text)
    refused(call("info", own), 4, "config.json")


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_weights_that_no_training_gives_are_refused(call, own, value):
    from antiphon.checkpoint import load_arrays, save_arrays

    arrays = load_arrays(own / "decision.safetensors")
    name = sorted(arrays)[0]
    arrays[name] = np.full_like(arrays[name], value)
    save_arrays(own / "decision.safetensors", arrays)
    refused(call("info", own), 4, "decision.safetensors", name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("name", ["config.json", "decision.safetensors", "alphabet.safetensors", "metrics.jsonl"])
@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_what_is_no_file_is_never_waited_for(call, own, name, kind):
    (own / name).unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(own / name)
    else:
        (own / name).symlink_to("/dev/zero")
    refused(call("info", own), 4, name, "pipe" if kind == "pipe" else "device")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("verb", ["scan", "explain", "convert", "from", "settings"])
def test_no_verb_reads_a_pipe(call, tmp_path, verb):
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "provenance.json")
    out = tmp_path / "out"
    arguments = {
        "scan": ("corpus", "check", tmp_path / "pipe"),
        "explain": ("explain", tmp_path),
        "convert": ("convert", tmp_path / "pipe", out),
        "from": ("respond", "--from", tmp_path / "pipe", "-o", out),
        "settings": ("settings", "--config", tmp_path / "pipe"),
    }[verb]
    result = call(*arguments)
    assert result.code in (2, 4)
    assert result.err.count("\n") == 1
    assert not out.exists()


LOOPED = {
    "scan": ("corpus", "scan", "LOOP", "-o", "OUT"),
    "pair": ("train", "--pair", "LOOP", "LOOP", "-o", "OUT"),
    "reproduce": ("reproduce", "LOOP", "-o", "OUT", "--quick"),
    "compare": ("compare", "LOOP", "LOOP", "-g", "LOOP", "-m", "LOOP", "-o", "OUT"),
    "studio": ("studio", "LOOP"),
    "listen": ("listen", "LOOP"),
    "names": ("respond", "LOOP", "-m", "LOOP", "--names", "LOOP", "-o", "OUT"),
}


@pytest.mark.parametrize("verb", LOOPED)
def test_a_link_to_itself_is_no_input(call, tmp_path, verb):
    loop, out = tmp_path / "loop.wav", tmp_path / "out"
    loop.symlink_to(loop.name)
    refused(call(*({"LOOP": loop, "OUT": out}.get(word, word) for word in LOOPED[verb])), 4, "loop.wav")
    assert not out.exists()


@pytest.mark.parametrize("name", ["a  b", "a\nb", "\"a' `b", "\x1b[31ma\x9b", "a\u202eb", "a\tb;c,d\\e"])
def test_whatever_a_memory_is_called_its_session_comes_back_with_the_edit(call, given, tmp_path, name):
    """`session.rpp` names the file as it lies in `media`, the `coll` too, and the terminal obeys nothing."""
    mine = tmp_path / f"{name}.wav"
    shutil.copy(given.memory, mine)
    out = tmp_path / "out"
    first = call(*given.respond(out, "--no-explain", "--export", "reaper", "coll", memory=mine))
    assert first.code == 0, first.err
    assert "\x1b" not in first.out + first.err
    root = read_project(out / SESSION)
    items = [item for item in response_track(root).blocks("ITEM") if item.blocks("SOURCE")[0].find("FILE")]
    played = {item.blocks("SOURCE")[0].find("FILE")[0] for item in items}
    assert played == {f"media/{names.for_file(mine.name)}"}
    assert all((out / path).is_file() for path in played)
    lines = (out / "response.coll.txt").read_text().splitlines()
    assert len(lines) == len(json.loads((out / "provenance.json").read_text())["events"])
    assert all(line.endswith(";") for line in lines)
    items[0].inside.insert(0, "LOCK 1")
    write_project(out / SESSION, root)
    again = call("respond", "--from", out / SESSION, "-o", tmp_path / "again", "--no-explain")
    assert again.code == 0, again.err
    assert any(copy["pinned"] for copy in json.loads((tmp_path / "again" / "provenance.json").read_text())["copies"])


def test_errors_and_reports_show_a_name_and_obey_nothing_in_it(call, tmp_path):
    odd = tmp_path / "\x1b]0;gotcha\x07\x1b[2J"
    for name in ("a", "b"):
        sound(odd / f"{name}.wav", tones(2))
    refused(call("info", odd), 4, "\\x1b]0;gotcha\\x07\\x1b[2J")
    told = call("corpus", "scan", tmp_path, "-o", tmp_path / "m.jsonl")
    assert "\x1b" not in told.out + told.err


def test_a_file_that_changes_while_it_is_read_never_gets_a_hash(monkeypatch, call, given, tmp_path):
    """The second file takes the first one's place as soon as that is decoded, whoever decodes it."""
    from antiphon import audio
    from antiphon.decoding import by_libsndfile

    mine = tmp_path / "mine.wav"
    shutil.copy(given.memory, mine)
    decode = by_libsndfile.SndfileRecording.samples

    def replaced_after(self, first, count):
        found = decode(self, first, count)
        if self.path == mine:
            shutil.copy(given.guide, tmp_path / "other.wav")
            (tmp_path / "other.wav").replace(mine)
        return found

    monkeypatch.setattr(by_libsndfile.SndfileRecording, "samples", replaced_after)
    out = tmp_path / "out"
    refused(call(*given.respond(out, memory=mine)), 4, "mine.wav", "changed while it was read")
    assert not out.exists()
    monkeypatch.undo()
    assert audio.testified(mine).sha256 == audio.testified(given.guide).sha256


@pytest.mark.parametrize("change", ["hash", "no hash", "samples"])
def test_an_untrue_provenance_gives_no_sound(call, given, tmp_path, change):
    out = tmp_path / "out"
    assert call(*given.respond(out, "--no-explain")).code == 0
    tree = json.loads((out / "provenance.json").read_text())
    source = tree["inputs"]["memories"][0]
    source |= {"hash": {"sha256": "0" * 64}, "no hash": {"sha256": ""}, "samples": {"samples": 2**33}}[change]
    (out / "provenance.json").write_text(json.dumps(tree))
    refused(call("explain", out, "--render", tmp_path / "again.wav"), 4, str(given.memory))
    assert not (tmp_path / "again.wav").exists()


@pytest.mark.parametrize("seconds", [1 / RATE, 0.01])
@pytest.mark.parametrize("which", ["guide", "memory", "tokenize"])
def test_less_than_a_segment_is_no_guide_and_no_memory(call, given, tmp_path, seconds, which):
    short = sound(tmp_path / "short.wav", np.full((max(round(seconds * RATE), 1), 1), 0.25))
    out = tmp_path / "out"
    verb = given.respond(out, guide=short) if which == "guide" else given.respond(out, memory=short)
    if which == "tokenize":
        verb = ("tokenize", short, "--agent", given.agent)
    refused(call(*verb), 4, "short.wav", "segment")
    assert not out.exists()


def test_two_seconds_of_music_teach_nothing(call, tmp_path):
    for piece in ("x", "y"):
        for name in ("a", "b"):
            sound(tmp_path / "mixes" / piece / f"{name}.wav", tones(1, seed=ord(piece)))
    result = call(
        "train",
        tmp_path / "mixes",
        "-o",
        tmp_path / "agent",
        *FAST,
        "--corpus.train-share",
        1,
        "--corpus.validation-share",
        0,
    )
    assert result.code == 4
    assert "too little to learn a relation" in result.err
    assert not (tmp_path / "agent").exists()


@pytest.mark.filterwarnings("default::antiphon.errors.AntiphonWarning")
def test_an_empty_folder_of_a_corpus_is_named(call, tmp_path):
    for name in ("a", "b"):
        sound(tmp_path / "mixes" / "x" / f"{name}.wav", tones(2))
    (tmp_path / "mixes" / "hollow").mkdir()
    told = call("corpus", "scan", tmp_path / "mixes", "-o", tmp_path / "m.jsonl")
    assert told.code == 0
    assert "hollow" in told.err


def test_an_output_that_is_a_link_to_itself_is_one_line(call, given, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    result = call(*given.respond(tmp_path / "loop" / "out"))
    refused(result, 1, "loop", "link")
    refused(call(*given.respond(tmp_path / "loop")), 1, "loop", "link")


STUCK = """
import sys, time
from antiphon.cli import app
from antiphon.use_cases import respond

whole = respond.write_result
def stuck(*arguments, **named):
    whole(*arguments, **named)
    print("here", flush=True)
    time.sleep(60)
respond.write_result = stuck
sys.exit(app.run(sys.argv[1:]))
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT", "SIGKILL"])
def test_a_signal_in_the_write_leaves_nothing_or_the_next_run_takes_it_away(call, given, tmp_path, name):
    out, number = tmp_path / "place" / "out", getattr(signal, name)
    arguments = given.respond(out, "--no-explain")
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "here\n"
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    left = sorted(path.name for path in out.parent.iterdir()) if out.parent.exists() else []
    if name == "SIGKILL":
        assert process.returncode == -number
        assert len([each for each in left if "antiphon" in each]) == 1
    else:
        assert process.returncode == (130 if name == "SIGINT" else 128 + number)
        assert said.count("\n") == 1, said
        assert left == []
    assert call(*arguments).code == 0
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_a_result_that_was_being_replaced_when_the_program_was_killed_comes_back(tmp_path):
    """A process that is gone had moved the result aside: the next one puts it back before it looks."""
    from antiphon import files

    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    aside = tmp_path / f".out-antiphon{gone.pid}x{files._machine()}o-abcd_123"
    (aside / "out").mkdir(parents=True)
    (aside / "out" / "response.wav").write_text("mine")
    alive = tmp_path / f".out-antiphon{os.getpid()}x{files._machine()}-abcd_123"
    foreign = tmp_path / ".out-antiphon1x00000000-abcd_123"
    for each in (alive, foreign):
        each.mkdir()
    files.sweep(tmp_path)
    assert digests(tmp_path / "out").keys() == {"response.wav"}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["out", alive.name, foreign.name])
    os.utime(foreign, (0, time.time() - 30 * 86400))
    files.sweep(tmp_path)
    assert not foreign.exists()


def test_ctrl_c_while_the_program_loads_is_one_line(tmp_path):
    """The first import of the command line raises what Ctrl-C raises."""
    package = Path(__file__).parents[2] / "src"
    code = (
        "import sys; from antiphon.cli import entry\n"
        "class Stop:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'cyclopts': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Stop())\n"
        "entry.main()"
    )
    environment = {**os.environ, "PYTHONPATH": str(package)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (130, "antiphon: interrupted\n")


@pytest.mark.parametrize("error", [MemoryError(), RecursionError(), RuntimeError("can't allocate memory: 9")])
def test_what_runs_out_is_one_line(monkeypatch, call, agent, error):
    from antiphon.agent import Agent

    def fail(*_):
        raise error

    monkeypatch.setattr(Agent, "load", fail)
    refused(call("info", agent), 1, "nested" if isinstance(error, RecursionError) else "out of memory")
