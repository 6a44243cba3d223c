"""What does not work: one line that names it, the exit code, and nothing left behind or touched."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from cli_making import FAST, RATE, digests, refused, sound, tones
from safetensors.numpy import load_file, save_file


def truncated(path, whole):
    content = whole.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    whole.unlink()
    return path


def with_nan(path):
    samples = tones(1)
    samples[100] = np.nan
    return sound(path, samples, subtype="FLOAT")


def written(path, content):
    path.write_bytes(content)
    return path


def folder(path):
    path.mkdir()
    return path


BAD_AUDIO = {
    "missing.wav": (lambda path: path, "no such file"),
    "empty.wav": (lambda path: written(path, b""), "empty file"),
    "no frames.wav": (lambda path: sound(path, np.zeros(0)), "holds no audio"),
    "nan.wav": (with_nan, "NaN"),
    "cut.wav": (lambda path: truncated(path, sound(path.with_name("whole.wav"), tones(1))), "truncated"),
    "cut.flac": (lambda path: truncated(path, sound(path.with_name("whole.flac"), tones(1))), "damaged"),
    "cut.aiff": (lambda path: truncated(path, sound(path.with_name("whole.aiff"), tones(1))), "truncated"),
    "text.wav": (lambda path: written(path, b"not a sound\n" * 100), "not readable as audio"),
    "folder.wav": (folder, "not a file"),
    "two  spaces é.wav": (lambda path: path, "no such file"),
    "x" * 300 + ".wav": (lambda path: path, "name too long"),
}


@pytest.mark.parametrize("name", BAD_AUDIO)
def test_unusable_audio_is_named_whatever_it_was_meant_for(call, guide, agent, tmp_path, name):
    make, reason = BAD_AUDIO[name]
    bad, output = make(tmp_path / name), tmp_path / "out"
    before = digests(tmp_path)
    as_memory = "no sound in it" if bad.name == "folder.wav" else reason
    for command, said in (
        (("respond", bad, "--memory", guide, "--agent", agent, "-o", output), reason),
        (("respond", guide, "--memory", bad, "--agent", agent, "-o", output), as_memory),
        (("tokenize", bad, "--agent", agent), reason),
        (("train", "--pair", guide, bad, "-o", output, *FAST), reason),
    ):
        refused(call(*command), 4, str(bad), said)
        assert digests(tmp_path) == before


def test_a_name_that_is_not_utf8_is_refused_and_not_garbled(call, agent, tmp_path):
    name = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.wav")
    try:
        shutil.copy(sound(tmp_path / "tone.wav", tones(1)), name)
    except OSError:
        pytest.skip("this file system has no such names")
    refused(call("tokenize", name, "--agent", agent), 4, "not UTF-8")


def test_a_memory_without_sound_is_refused(call, guide, agent, tmp_path):
    silent = sound(tmp_path / "silent.wav", np.zeros(3 * RATE))
    before = digests(tmp_path)
    result = call("respond", guide, "--memory", silent, "--agent", agent, "-o", tmp_path / "out")
    refused(result, 4, str(silent), "nothing sounds")
    assert digests(tmp_path) == before


def test_a_memory_shorter_than_a_segment_is_refused(call, guide, agent, tmp_path):
    short = sound(tmp_path / "short.wav", tones(0.3))
    before = digests(tmp_path)
    result = call("respond", guide, "--memory", short, "--agent", agent, "-o", tmp_path / "out")
    refused(result, 4, "shorter than one segment (0.5 s)")
    assert digests(tmp_path) == before


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        (np.zeros(20 * RATE), np.zeros(20 * RATE), "no multitrack has two tracks that sound"),
        (tones(20), np.zeros(20 * RATE), "b.wav"),
        (tones(0.3), tones(0.3, seed=1), "no track as long as a segment"),
        (tones(1.2), tones(0.3), "no track as long as a segment"),
    ],
    ids=["both silent", "one silent", "both too short", "together too short"],
)
def test_nothing_to_learn_from_is_said(call, tmp_path, a, b, reason):
    corpus = tmp_path / "corpus"
    sound(corpus / "a.wav", a)
    sound(corpus / "b.wav", b)
    before = digests(tmp_path)
    refused(call("train", corpus, "-o", tmp_path / "agent", *FAST), 4, reason)
    assert digests(tmp_path) == before


def test_a_silent_track_among_others_is_left_out_with_a_warning(call, guide, memory, tmp_path):
    corpus = tmp_path / "corpus"
    sound(corpus / "c.wav", np.zeros(30 * RATE))
    shutil.copy(guide, corpus)
    shutil.copy(memory, corpus)
    result = call("train", corpus, "-o", tmp_path / "agent", *FAST)
    assert result.code == 0
    assert result.err == f"warning: left out because they are silent: {corpus / 'c.wav'}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "nowhere: no such corpus"),
        (("empty",), "no multitrack here"),
        (("alone",), "no multitrack here"),
        (("text.txt",), "line 1: not JSON"),
        (("moved.jsonl",), "gone.wav: no such file"),
        (("--paired-folders", "alone", "nowhere"), "nowhere: No such file or directory"),
        (("--paired-folders", "alone", "empty"), "no file name is in both"),
    ],
)
def test_a_corpus_that_is_none_is_named(call, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    sound(Path("alone/a.wav"), tones(1))
    Path("text.txt").write_text("nothing\n", encoding="utf-8")
    tracks = [{"name": name, "sources": [{"path": f"{name}.wav"}], "duration": 1.0} for name in ("gone", "lost")]
    line = {"version": 1, "name": "x", "piece": "x", "tracks": tracks}
    Path("moved.jsonl").write_text(json.dumps(line), encoding="utf-8")
    before = digests(tmp_path)
    refused(call("train", *arguments, "-o", "agent", *FAST), 4, said)
    assert digests(tmp_path) == before


def edited(change):
    """A damage: `change` of the tree in config.json."""

    def damage(directory):
        tree = json.loads((directory / "config.json").read_text(encoding="utf-8"))
        change(tree)
        (directory / "config.json").write_text(json.dumps(tree), encoding="utf-8")

    return damage


def altered(name, change):
    """A damage: `change` of the arrays in one of the files."""

    def damage(directory):
        arrays = load_file(directory / name)
        change(arrays)
        save_file(arrays, directory / name)

    return damage


def cut(name):
    return lambda directory: (directory / name).write_bytes((directory / name).read_bytes()[:200])


def encoder_named(name):
    return edited(lambda tree: tree["settings"]["perception"]["encoder"].update(name=name))


def weights_of_another_encoder(tree):
    recipe = json.loads(tree["alphabet"]["recipe"])
    recipe["encoder"] = json.dumps({**json.loads(recipe["encoder"]), "weights": "0" * 64})
    tree["alphabet"]["recipe"] = json.dumps(recipe)


DAMAGE = {
    "no config": (lambda directory: (directory / "config.json").unlink(), "not an agent (no config.json in it)"),
    "config cut off": (cut("config.json"), "config.json: not JSON"),
    "config of something else": (lambda d: (d / "config.json").write_text("{}"), "has no schema_version"),
    "config is a list": (lambda d: (d / "config.json").write_text("[1]"), "has no schema_version"),
    "later schema": (edited(lambda tree: tree.update(schema_version=99)), "written in schema 99"),
    "no alphabet in config": (edited(lambda tree: tree.pop("alphabet")), "alphabet: Field required"),
    "alphabet without id": (edited(lambda tree: tree["alphabet"].pop("id")), "alphabet.id: Field required"),
    "no settings": (edited(lambda tree: tree.update(settings=None)), "settings: Input should be"),
    "unknown setting": (edited(lambda tree: tree["settings"].update(decisions={})), "did you mean decision?"),
    "unknown encoder": (encoder_named("musicfm"), "perception.encoder.name"),
    "another encoder": (encoder_named("chroma-mfcc"), "encoder.name is notes in the alphabet, chroma-mfcc here"),
    "encoder that is not there": (encoder_named("wav2vec2"), "encoder.directory"),
    "encoder with other weights": (edited(weights_of_another_encoder), "encoder.weights is 000000"),
    "another network": (edited(lambda t: t["settings"]["decision"].update(layers=2)), "weights of another network"),
    "no decision": (lambda directory: (directory / "decision.safetensors").unlink(), "decision.safetensors"),
    "decision cut off": (cut("decision.safetensors"), "decision.safetensors: cannot be read"),
    "decision of noughts": (
        altered("decision.safetensors", lambda a: a.update({name: v * np.nan for name, v in a.items()})),
        "decision.safetensors: damaged",
    ),
    "alphabet cut off": (cut("alphabet.safetensors"), "alphabet.safetensors: cannot be read"),
    "alphabet without scale": (altered("alphabet.safetensors", lambda arrays: arrays.pop("scale")), "'scale'"),
    "alphabet without size": (
        altered("alphabet.safetensors", lambda arrays: arrays.update(scale=arrays["scale"] * 0)),
        "scales must be positive",
    ),
    "metrics cut off": (
        lambda directory: (directory / "metrics.jsonl").write_text('{"epo'),
        "metrics.jsonl: not JSON lines",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_agent_is_named_with_the_reason(call, guide, agent, tmp_path, name):
    damage, said = DAMAGE[name]
    copy = tmp_path / "agent"
    shutil.copytree(agent, copy)
    damage(copy)
    before = digests(tmp_path)
    for verb in (("info", copy), ("respond", guide, "-m", guide, "--agent", copy, "-o", tmp_path / "out")):
        refused(call(*verb), 4, str(copy), said)
    assert digests(tmp_path) == before


@pytest.mark.parametrize("verb", ["train", "respond"])
@pytest.mark.parametrize("place", ["theirs", "notes.txt", "notes.txt/agent", "x" * 300])
def test_an_output_that_cannot_be_is_refused_and_what_is_there_is_untouched(call, agent, tmp_path, verb, place):
    tones_a, tones_b = sound(tmp_path / "a.wav", tones(6)), sound(tmp_path / "b.wav", tones(6, seed=1))
    (tmp_path / "theirs").mkdir()
    for notes in (tmp_path / "notes.txt", tmp_path / "theirs" / "notes.txt"):
        notes.write_text("mine\n", encoding="utf-8")
    before = digests(tmp_path)
    commands = {
        "train": ("train", "--pair", tones_a, tones_b, "--overwrite", *FAST),
        "respond": ("respond", tones_a, "--memory", tones_b, "--agent", agent),
    }
    result = call(*commands[verb], "-o", tmp_path / place)
    lines = [line for line in result.err.splitlines() if not line.startswith("warning: only ")]
    assert (result.code, result.out, len(lines)) == (1, "", 1)
    assert str(tmp_path / place).removesuffix("/agent") in lines[0]
    assert digests(tmp_path) == before


def test_training_is_refused_before_it_costs_anything(call, guide, memory, tmp_path):
    """Nothing is encoded, nothing trained, when the result could not be put where it was asked for."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "notes.txt").write_text("mine", encoding="utf-8")
    result = call("train", "--pair", guide, memory, "-o", tmp_path / "theirs", "--overwrite", *FAST)
    refused(result, 1, "holds files of its own")
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


def test_a_response_never_replaces_the_files_that_it_was_made_from(call, agent, tmp_path):
    """As after `antiphon demo DIR`: guide, memory and agent lie in the directory that holds an earlier response."""
    place = tmp_path / "demo"
    guide, memory = sound(place / "guide.wav", tones(1)), sound(place / "memory.wav", tones(2))
    shutil.copytree(agent, place / "agent")
    (place / "provenance.json").write_text("{}", encoding="utf-8")
    before = digests(tmp_path)
    call("respond", guide, "--memory", memory, "--agent", place / "agent", "-o", place)
    assert digests(tmp_path).items() >= before.items()


def test_a_scan_never_replaces_a_recording(call, tmp_path):
    track = sound(tmp_path / "corpus" / "a.wav", tones(1))
    sound(tmp_path / "corpus" / "b.wav", tones(1))
    before = digests(tmp_path)
    assert call("corpus", "scan", tmp_path / "corpus", "-o", track).code != 0
    assert digests(tmp_path) == before
