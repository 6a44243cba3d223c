"""Whatever a file holds, a loader reads it or says in one sentence why not: only AntiphonError leaves it.

Cases are mutations of files that Antiphon or a published corpus wrote. Each that ever failed is kept in `failed/KIND/`
and tried first; a new one is written there as it is found.
"""

import json
import shutil
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from attacking import attack, of_tree
from mutations import mutated_bytes, mutated_lines, mutated_tree

from antiphon import audio
from antiphon.action.export.edits import edits_of
from antiphon.action.export.formats import Handed
from antiphon.action.export.labels import audacity, coll, sonic_visualiser
from antiphon.action.export.midi import midi
from antiphon.action.export.provenance_file import read_provenance, render_provenance
from antiphon.action.export.reaper import Session, merged, project, without_regions
from antiphon.action.export.rpp import read_project, written
from antiphon.agent import Agent
from antiphon.config import resolve
from antiphon.corpus.manifest import read_manifest
from antiphon.corpus.synthesis.jobs import movement_starts, quartet_parts
from antiphon.corpus.synthesis.musicxml import read_musicxml
from antiphon.corpus.synthesis.pop909 import read_pop909
from antiphon.perception.encoders.fairseq import convert_fairseq
from antiphon.use_cases.read_explanation import drawn, explained

TESTS = Path(__file__).parent.parent
sys.path += [str(TESTS), str(TESTS / "unit" / "action"), str(TESTS / "unit" / "corpus")]

AGENT = TESTS / "golden" / "agent-of-schema-2"


@pytest.fixture
def agent(tmp_path):
    shutil.copytree(AGENT, tmp_path / "agent")
    return tmp_path / "agent"


@pytest.fixture(scope="session")
def response(tmp_path_factory):
    from export_making import REST, made

    return made(tmp_path_factory.mktemp("response")), REST


def test_the_settings_of_an_agent(agent, cases):
    tree = json.loads((agent / "config.json").read_text())

    def load(content):
        (agent / "config.json").write_bytes(content)
        Agent.load(agent)

    attack("config", cases, of_tree(tree), load)


def test_the_weights_of_an_agent(agent, cases):
    names = [path.name for path in sorted(agent.glob("*.safetensors"))]
    whole = {name: (agent / name).read_bytes() for name in names}

    def mutate(random):
        name = random.choice(names)
        content = whole[name]
        length = int.from_bytes(content[:8], "little")
        if random.random() < 0.5:
            header = of_tree(json.loads(content[8 : 8 + length]))(random)
            content = len(header).to_bytes(8, "little") + header + content[8 + length :]
        elif random.random() < 0.5:
            values = bytearray(content)
            for _ in range(random.randint(1, 8)):
                place = 8 + length + 4 * random.randrange((len(content) - 8 - length) // 4)
                value = np.float32(random.choice((np.nan, np.inf, 1e30, -1e30, 1e-40, 0, 3e5)))
                values[place : place + 4] = value.tobytes()
            content = bytes(values)
        else:
            content = mutated_bytes(random, content)
        return f"{name}\n".encode() + content

    def load(content):
        name, _, body = content.partition(b"\n")
        (agent / name.decode()).write_bytes(body)
        try:
            found = Agent.load(agent)
            ids = np.zeros(4, dtype=np.int64)
            assert all(np.isfinite(np.asarray(each)).all() for each in (found.alphabet.centroids, ids))
        finally:
            (agent / name.decode()).write_bytes(whole[name.decode()])

    attack("safetensors", cases, mutate, load)


def test_a_manifest(tmp_path, cases):
    track = {"name": "a", "sources": [{"path": "a.wav", "stream": 0, "sha256": ""}], "duration": 1.5}
    line = {"version": 1, "name": "x", "piece": "p", "artist": "", "licence": "", "split": "train"}
    tree = {**line, "tracks": [track, {**track, "name": "b", "instrument": "bass", "sample_rate": 8000}]}

    def mutate(random):
        return b"\n".join(of_tree(tree)(random) for _ in range(random.randint(1, 3)))

    def load(content):
        (tmp_path / "manifest.jsonl").write_bytes(content)
        read_manifest(tmp_path / "manifest.jsonl")

    attack("manifest", cases, mutate, load)


def test_a_provenance_and_all_that_is_made_of_it(response, tmp_path, cases):
    made, rest = response
    folder = tmp_path / "out"
    shutil.copytree(made.directory, folder)
    tree = json.loads((folder / "provenance.json").read_text())

    def load(content):
        (folder / "provenance.json").write_bytes(content)
        record = read_provenance(folder / "provenance.json")
        for each in explained(folder):
            each.row(), each.facts()
        audacity(record.events, rest), sonic_visualiser(record.events, rest)
        coll(record.events, rest, ["x"] * len(record.events)), midi(record, rest)
        Handed(record, rest)
        written(project(Session(record, rest)))
        edits_of(read_project(folder / "session.rpp"), record, "session.rpp", rest=rest, guides=[4.0])
        drawn(folder, tmp_path / "picture.svg")
        if record.samples < 10**6:
            render_provenance(folder)

    attack("provenance", cases, of_tree(tree), load)


def test_a_specification(response, tmp_path, cases):
    made, _ = response
    folder = tmp_path / "out"
    shutil.copytree(made.directory, folder)
    tree = json.loads((folder / "specification.json").read_text())

    def load(content):
        (folder / "specification.json").write_bytes(content)
        explained(folder)
        drawn(folder, tmp_path / "picture.svg")

    attack("specification", cases, of_tree(tree), load)


def test_a_reaper_session(response, tmp_path, cases):
    made, rest = response
    plain = (made.directory / "session.rpp").read_text()
    # The same where everything hangs on beats and the tempo changes twice.
    tempo = ("  <TEMPOENVEX", "  ACT 1 -1", "PT 0 90 1 262148 0 1", "PT 2 140 0 262147 0 1", "PT 3 60 1", "  >")
    beats = plain.replace("TIMELOCKMODE 0", "TIMELOCKMODE 1").replace("BEAT 0", "BEAT 1")
    texts = (plain, beats.replace("  <TRACK", "\n".join((*tempo, "  <TRACK")), 1))
    assert len(set(texts)) == 2
    record = read_provenance(made.directory / "provenance.json")

    def mutate(random):
        text = random.choice(texts)
        if random.random() < 0.1:
            return mutated_bytes(random, text.encode())
        if random.random() < 0.02:
            return b"<REAPER_PROJECT\n" + b"<A\n" * 100_000
        return mutated_lines(random, text).encode("utf-8", "surrogatepass")

    def load(content):
        (tmp_path / "session.rpp").write_bytes(content)
        root = read_project(tmp_path / "session.rpp")
        found = edits_of(root, record, "session.rpp", rest=rest, guides=[4.0])
        bare = without_regions(root, record, rest)
        written(merged(bare, Session(record, rest), found.ours, found.track, 1.25))

    attack("rpp", cases, mutate, load)


def test_a_compressed_score(tmp_path, cases):
    import zipfile

    from score_making import song

    path = song(tmp_path / "lc1.mxl")
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        text = archive.read("score.xml").decode()

    def mutate(random):
        if random.random() < 0.4:
            return mutated_bytes(random, whole)
        words = text.replace(">", ">\n").split("\n")
        for _ in range(random.randint(1, 3)):
            place = random.randrange(len(words))
            words[place] = random.choice(("", words[random.randrange(len(words))], "9" * 300, "-1", "<note>", "\x00"))
        other = tmp_path / "other.mxl"
        with zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("score.xml", "".join(words))
            if random.random() < 0.1:
                archive.writestr("bomb.xml", bytes(80 * 2**20))
        return other.read_bytes()

    def load(content):
        path.write_bytes(content)
        movement_starts(path)
        read_musicxml(path, quartet_parts, 100)

    attack("mxl", cases, mutate, load)


def test_a_midi_file(tmp_path, cases):
    from score_making import pop909

    path = pop909(tmp_path) / "POP909" / "001" / "001.mid"
    whole, beats = path.read_bytes(), (path.parent / "beat_midi.txt").read_text()

    def mutate(random):
        if random.random() < 0.2:
            return b"beat\n" + mutated_lines(random, beats).encode("utf-8", "surrogatepass")
        return b"midi\n" + mutated_bytes(random, whole, 6)

    def load(content):
        kind, _, body = content.partition(b"\n")
        path.write_bytes(whole if kind == b"beat" else body)
        (path.parent / "beat_midi.txt").write_bytes(body if kind == b"beat" else beats.encode())
        read_pop909(path)

    attack("midi", cases, mutate, load)


def test_the_chunks_of_a_wav(tmp_path, cases):
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (3000, 2)).astype(np.float32)
    wholes = []
    for name in ("a.wav", "a.flac", "a.ogg", "a.mp3", "a.aif"):
        with suppress(Exception):
            audio.write(tmp_path / name, audio.Audio(samples, 44100))
            wholes.append((name, (tmp_path / name).read_bytes()))

    def mutate(random):
        name, content = random.choice(wholes)
        if name == "a.wav" and random.random() < 0.5:
            chunk = random.choice((b"bext", b"fmt ", b"data", b"LIST", b"fact", b"cue "))
            length = random.choice((0, 1, 16, 346, 2**31 - 1, 2**32 - 1))
            place = random.choice((12, 36, len(content)))
            content = (
                content[:place] + chunk + length.to_bytes(4, "little") + bytes(random.choice((0, 16))) + content[place:]
            )
        return f"{name}\n".encode() + mutated_bytes(random, content)

    def load(content):
        name, _, body = content.partition(b"\n")
        path = tmp_path / name.decode()
        path.write_bytes(body)
        found = audio.read(path)
        assert np.isfinite(found.samples).all()
        for _ in audio.FileSound(path).blocks(16000):
            pass

    attack("wav", cases, mutate, load)


def test_a_checkpoint(tmp_path, cases):
    import torch

    pytest.importorskip("transformers")
    from wav2vec2_making import checkpoint_of, model_of

    content = checkpoint_of(model_of())
    path = tmp_path / "checkpoint.pt"
    torch.save(content, path)
    whole = path.read_bytes()
    plain = {name: value for name, value in content.items() if name != "model"}

    def mutate(random):
        if random.random() < 0.4:
            return mutated_bytes(random, whole)
        changed = mutated_tree(random, json.loads(json.dumps(plain, default=vars)))
        model = dict(content["model"])
        for name in random.sample(sorted(model), random.choice((0, 0, 1))):
            model[name] = random.choice((None, 3, model[name] * 1e30, model[name].int(), model[name][:1]))
        other = tmp_path / "other.pt"
        torch.save({**changed, "model": model}, other, _use_new_zipfile_serialization=random.random() < 0.7)
        return other.read_bytes()

    def load(content):
        path.write_bytes(content)
        convert_fairseq(path, tmp_path / "model")

    attack("checkpoint", cases, mutate, load)


def test_a_file_of_settings(tmp_path, cases):
    text = '[training]\nseed = 3\nlearning_rate = 1e-3\n[perception.encoder]\nname = "notes"\n[corpus]\ninclude = []\n'

    def load(content):
        (tmp_path / "a.toml").write_bytes(content)
        resolve(tmp_path / "a.toml", {})

    attack("toml", cases, lambda random: mutated_lines(random, text).encode("utf-8", "surrogatepass"), load)
