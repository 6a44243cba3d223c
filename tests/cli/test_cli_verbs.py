"""The verbs as a stranger uses them, on files that work: what comes out, and that nothing that went in is changed."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from cli_making import FAST, RATE, digests, sound, tones

import antiphon

VERBS = [
    "demo", "corpus", "corpus scan", "corpus check", "corpus build", "train", "adapt", "respond", "explain",
    "tokenize", "alphabet", "evaluate", "finetune", "reproduce", "convert", "cache", "info", "doctor", "compare",
]  # fmt: skip
RESPONSE_FILES = {"index.html", "mix.wav", "provenance.json", "response.wav", "specification.json"}


def done(result):
    """Done without a word on stderr, but for that the agent of these tests learned nothing; what stands on stdout."""
    said = [line for line in result.err.splitlines() if not line.startswith("This agent learned nothing beyond ")]
    assert (result.code, said) == (0, [])
    return result.out


def specification(directory):
    return json.loads((directory / "specification.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(call, verb):
    assert f"Usage: antiphon {verb}" in done(call(*verb.split(), "--help"))


def test_help_lists_the_verbs_and_version_is_the_packages(call):
    listed = done(call("--help"))
    assert all(verb in listed for verb in VERBS if " " not in verb)
    assert done(call()) == listed
    assert done(call("--version")).strip() == antiphon.__version__


def test_help_loads_nothing_heavy():
    program = (
        "import sys; from antiphon.cli.app import run; run(['--help']); run(['train', '--help']);"
        "heavy = {'torch', 'librosa', 'onnxruntime', 'sklearn', 'scipy', 'soundfile'} & sys.modules.keys();"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


def test_python_m_antiphon_is_the_command():
    command = [sys.executable, "-m", "antiphon", "--version"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == antiphon.__version__


def test_a_scan_finds_the_multitracks_and_its_manifest_is_a_corpus(call, world, tmp_path):
    manifest = tmp_path / "found.jsonl"
    table = done(call("corpus", "scan", world, "-o", manifest))
    assert table.splitlines()[1].split() == ["delay-000", "a,", "b", "30.0"]
    found = json.loads(done(call("corpus", "scan", world, "--json")))
    assert found == {"multitracks": [{"name": "delay-000", "tracks": ["a", "b"]}], "left_out": []}
    assert json.loads(manifest.read_text(encoding="utf-8"))["name"] == "delay-000"


@pytest.mark.slow
def test_chorales_are_built_into_a_corpus_that_a_scan_finds_too(call, tmp_path):
    for module in ("music21", "midirenderer", "pretty_midi"):
        pytest.importorskip(module)
    build = ("corpus", "build", "chorales", "--pieces", "1", "-o", tmp_path / "corpus")
    first, *_, last = done(call(*build)).splitlines()
    assert first.startswith("1 chorales rendered")
    assert last == str(tmp_path / "corpus" / "manifest.jsonl")
    before = digests(tmp_path)
    again = json.loads(done(call(*build, "--json")))
    assert again["manifest"] == last
    assert (again["rendered"], again["already_there"], again["failed"]) == (0, 1, {})
    assert digests(tmp_path) == before
    (piece,) = json.loads(done(call("corpus", "scan", tmp_path / "corpus", "--json")))["multitracks"]
    assert piece["tracks"] == ["alto", "bass", "soprano", "tenor"]


@pytest.mark.slow
def test_one_recording_given_in_two_ways_makes_one_agent(call, world, agent, tmp_path):
    """A folder (the agent fixture) and a manifest; a pair and two folders, here from other names, so that only sound
    counts. All comes out of the cache, and the agent in every byte, README and metrics included."""
    guide, memory = (world / "delay-000" / name for name in ("a.wav", "b.wav"))
    a, b = tmp_path / "left" / "take.wav", tmp_path / "right" / "take.wav"
    for source, copy in ((guide, a), (memory, b)):
        copy.parent.mkdir()
        copy.write_bytes(source.read_bytes())
    ways = [(world / "manifest.jsonl",), ("--pair", guide, memory), ("--paired-folders", a.parent, b.parent)]
    for number, way in enumerate(ways):
        directory = tmp_path / f"agent {number}"
        shown = done(call("train", *way, "-o", directory, *FAST))
        assert shown.splitlines()[0].startswith("one held-out")
        assert shown.splitlines()[-1] == f"agent: {directory}"
    assert digests(tmp_path / "agent 0") == digests(agent)
    assert digests(tmp_path / "agent 1") == digests(tmp_path / "agent 2") != digests(agent), "a pair has a direction"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["agent 0", "agent 1", "agent 2", "left", "right"]


@pytest.mark.slow
def test_the_second_training_calls_no_encoder(call, world, agent, tmp_path, monkeypatch):
    from antiphon.perception.encoders.notes import NotesEncoder

    def called(*_):
        raise AssertionError("the encoder was called")

    monkeypatch.setattr(NotesEncoder, "encode", called)
    described = json.loads(done(call("train", world, "-o", tmp_path / "again", *FAST, "--json")))
    assert digests(tmp_path / "again") == digests(agent)
    assert described == json.loads((agent / "config.json").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_an_agent_is_replaced_only_when_told_to(call, world, agent, tmp_path):
    directory = tmp_path / "agent"
    directory.mkdir()
    done(call("train", world, "-o", directory, *FAST, "--training.seed", "1"))
    other = digests(directory)
    assert other != digests(agent)
    assert call("train", world, "-o", directory, *FAST).code == 2
    assert digests(directory) == other
    done(call("train", world, "-o", directory, *FAST, "--overwrite"))
    assert digests(directory) == digests(agent)


def test_tracks_of_other_rates_channels_and_lengths_train_together(call, tmp_path):
    a = sound(tmp_path / "a.flac", tones(20, 44100, 2), 44100)
    b = sound(tmp_path / "b.aiff", tones(14, 48000, seed=1), 48000)
    result = call("train", "--pair", a, b, "-o", tmp_path / "agent", *FAST)
    assert result.code == 0
    assert result.err.startswith("warning: only ")  # too few segments for 8 classes: it says so
    assert (tmp_path / "agent" / "decision.safetensors").exists()


def test_a_response_is_as_long_as_the_guide_at_the_memorys_rate_and_channels(call, agent, tmp_path):
    guide = sound(tmp_path / "guide.wav", tones(3.21))
    memory = sound(tmp_path / "memory.wav", tones(8, 44100, 2), 44100)
    shown = done(call("respond", guide, "-m", memory, "--agent", agent, "-o", tmp_path / "out"))
    assert shown.splitlines()[-1] == f"listen and look: {tmp_path / 'out' / 'index.html'}"
    assert {path.name for path in (tmp_path / "out").iterdir()} == RESPONSE_FILES
    for name in ("response.wav", "mix.wav"):
        found = soundfile.info(tmp_path / "out" / name)
        assert (found.samplerate, found.channels, found.frames) == (44100, 2, round(len(tones(3.21)) / RATE * 44100))


@pytest.mark.slow
def test_the_same_question_has_the_same_answer_and_another_seed_another(call, guide, memory, agent, tmp_path):
    question = ("respond", guide, "--memory", memory, "--agent", agent)
    done(call(*question, "-o", tmp_path / "first"))
    numbers = json.loads(done(call(*question, "-o", tmp_path / "second", "--json")))
    assert numbers["output"] == str(tmp_path / "second")
    assert digests(tmp_path / "first") == digests(tmp_path / "second")
    done(call(*question, "-o", tmp_path / "first", "--seed", "1", "--overwrite"))
    assert specification(tmp_path / "first")["ids"] != specification(tmp_path / "second")["ids"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "second"]


def test_guides_are_mixed_and_memories_joined_whatever_their_format(call, agent, tmp_path):
    guides = [sound(tmp_path / "short.wav", tones(1)), sound(tmp_path / "long.flac", tones(2.5, 48000, 2), 48000)]
    memories = [
        sound(tmp_path / "été 1.ogg", tones(3, 32000, 2, seed=1), 32000),
        sound(tmp_path / "e\u0301te\u0301 2.mp3", tones(2, 44100, seed=2), 44100),
        sound(tmp_path / "8.wav", tones(2, 96000, 8, seed=3), 96000),
        sound(tmp_path / "a moment.aiff", tones(0.3)),
        sound(tmp_path / "silent.flac", np.zeros(RATE)),
    ]
    before = digests(tmp_path)
    done(call("respond", *guides, "--memory", *memories, "--agent", agent, "-o", tmp_path / "out put"))
    found = soundfile.info(tmp_path / "out put" / "response.wav")
    assert (found.samplerate, found.channels, found.frames) == (32000, 2, 80000)
    events = json.loads((tmp_path / "out put" / "provenance.json").read_text(encoding="utf-8"))["events"]
    assert {event["source"] for event in events} <= {*map(str, memories), ""}
    assert {name: digest for name, digest in digests(tmp_path).items() if not name.startswith("out put")} == before


def test_a_silent_guide_is_heard_as_rests(call, memory, agent, tmp_path):
    silent = sound(tmp_path / "silent.wav", np.zeros(2 * RATE))
    done(call("respond", silent, "-m", memory, "--agent", agent, "-o", tmp_path / "out", "--quiet"))
    heard = specification(tmp_path / "out")
    assert heard["guide_ids"] == [heard["alphabet_size"]] * 4


@pytest.mark.parametrize("seconds", [1, 0.5])
def test_a_moment_is_a_guide(call, memory, agent, tmp_path, seconds):
    guide = sound(tmp_path / "moment.wav", tones(seconds))
    done(call("respond", guide, "-m", memory, "--agent", agent, "-o", tmp_path / "out"))
    assert soundfile.info(tmp_path / "out" / "response.wav").frames == round(seconds * RATE)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff", "au", "caf", "w64"])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_format_is_tokenized(call, agent, tmp_path, suffix, channels):
    path = sound(tmp_path / f"take.{suffix}", tones(2, 44100, channels), 44100)
    lines = [line.split("\t") for line in done(call("tokenize", path, "--agent", agent)).splitlines()]
    assert [(start, end) for start, end, _ in lines[:2]] == [("0.000", "0.500"), ("0.500", "1.000")]
    assert len(lines) == 4
    assert all(0 <= int(token) <= 8 for _, _, token in lines)


def test_tokens_as_json_are_those_of_the_table(call, guide, agent):
    table = [line.split("\t")[2] for line in done(call("tokenize", guide, "--agent", agent)).splitlines()]
    tokens = json.loads(done(call("tokenize", guide, "--agent", agent, "--json")))
    assert [str(token) for token in tokens["ids"]] == table
    assert tokens["alphabet_id"] == json.loads((agent / "config.json").read_text(encoding="utf-8"))["alphabet"]["id"]


def test_evaluation_on_the_same_corpus_repeats_what_training_found(call, world, guide, memory, agent):
    kept = json.loads((agent / "config.json").read_text(encoding="utf-8"))["training"]["summary"]
    assert json.loads(done(call("evaluate", agent, world, "--json")))["summary"] == kept
    table = done(call("evaluate", agent, "--pair", guide, memory)).splitlines()
    assert [line.split("  ")[0] for line in table[2 : 2 + len(kept)]] == [row["model"] for row in kept]


def test_the_probe_says_what_the_corpus_knows(call, world, agent):
    found = json.loads(done(call("evaluate", agent, world, "--probe", "--json")))["probe"]
    assert {"balance", "loudness"} <= set(found)
    assert all(each["low"] <= each["value"] <= each["high"] for each in found.values())


def test_an_agent_that_may_not_rest_does_not(call, guide, memory, agent, tmp_path):
    """Drawn almost evenly, so that an agent that may rest does."""
    loose = ("--sampling.temperature", "20", "--sampling.top-p", "1", "--no-explain")
    asked = []
    for name, flags in (("may", ()), ("may not", ("--sampling.rests", "fill"))):
        done(call("respond", guide, "-m", memory, "--agent", agent, "-o", tmp_path / name, *loose, *flags))
        asked.append(set(specification(tmp_path / name)["ids"]))
    rest = specification(tmp_path / "may")["alphabet_size"]
    assert rest in asked[0]
    assert rest not in asked[1]


def test_info_is_the_model_card_and_as_json_the_config(call, agent):
    assert done(call("info", agent)) == (agent / "README.md").read_text(encoding="utf-8")
    config = json.loads((agent / "config.json").read_text(encoding="utf-8"))
    assert json.loads(done(call("info", agent, "--json"))) == config


def test_doctor_finds_what_is_needed(call):
    findings = json.loads(done(call("doctor", "--json")))["findings"]
    assert all(finding["fine"] for finding in findings if not finding["optional"])
    table = done(call("doctor")).splitlines()
    assert len(table) == len(findings) + 1


def test_every_extra_that_is_named_can_be_installed_and_is_looked_for(call):
    root = Path(antiphon.__file__).parents[2]
    offered = set(tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    files = [*root.glob("src/**/*.py"), *root.glob("docs/*.md"), root / "README.md"]
    named = {name for path in files for name in re.findall(r"antiphon\[(\w+)\]", path.read_text(encoding="utf-8"))}
    findings = json.loads(done(call("doctor", "--json")))["findings"]
    looked_for = {finding["what"].removeprefix("extra ") for finding in findings if "extra " in finding["what"]}
    assert named
    assert named <= offered
    assert looked_for == offered - {"all", "dev", "docs"}


def test_an_agent_read_and_written_again_is_the_same(agent, tmp_path):
    from antiphon.agent import Agent

    Agent.load(agent).save(tmp_path / "copy")
    assert digests(tmp_path / "copy") == digests(agent)
