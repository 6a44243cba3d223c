"""What is passed on whole and opened by name: packed agents, shards, listening studies, standards of coupling, corpora
with metadata, directories of wav2vec 2.0; and what a training or a cache left behind, and packets of OSC."""

import json
import shutil
import sys
import warnings
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from attacking import attack, of_tree
from mutations import mutated_bytes

from antiphon.agent import Agent
from antiphon.agent.directory import AGENT_FILES
from antiphon.agent.opening import copied
from antiphon.agent.packing import EARLIEST, INDEX, pack
from antiphon.config import validated
from antiphon.coupling.reference import CALIBRATION_FILE, REFERENCE_FILE, VERIFIER_FILES, load_standard, save_standard

TESTS = Path(__file__).parent.parent
sys.path += [str(TESTS), str(TESTS / "cli"), str(TESTS / "unit"), str(TESTS / "unit" / "coupling")]

AGENT = TESTS / "golden" / "agent-of-schema-2"


def named(name, body):
    """A case that says which file it is of."""
    return f"{name}\n".encode() + body


def arrays_changed(random, path):
    """A file of safetensors with a value that is none, another shape or type, or without an array."""
    from antiphon.checkpoint import load_arrays, save_arrays

    arrays = {name: np.array(array) for name, array in load_arrays(path).items()}
    for _ in range(random.randint(1, 2)):
        name = random.choice(sorted(arrays))
        array, kind = arrays[name], random.randrange(5)
        if kind == 0 and array.size and array.dtype.kind == "f":
            array.flat[random.randrange(array.size)] = random.choice((np.nan, np.inf, 1e30, -1e30, 0))
        elif kind == 1:
            arrays[name] = random.choice((array[:1], array[None], array.ravel(), np.array(3.0), array[..., :0]))
        elif kind == 2:
            arrays[name] = array.astype(random.choice(("int8", "float64", "int64", "bool", "float16")))
        elif kind == 3:
            arrays[name] = np.zeros_like(array)
        elif len(arrays) > 1:
            del arrays[name]
    other = path.with_name("other.safetensors.new")
    save_arrays(other, arrays)
    found = other.read_bytes()
    other.unlink()
    return found if random.random() < 0.8 else mutated_bytes(random, found, 2)


def file_changed(random, folder, name):
    """A case of a file of JSON or of arrays, changed where it means something."""
    path = folder / name
    if name.endswith(".json"):
        return named(name, of_tree(json.loads(path.read_bytes()))(random))
    return named(name, arrays_changed(random, path))


@contextmanager
def put(folder, content):
    """The folder with the file of a case in the place of its own, which is put back."""
    name, _, body = content.partition(b"\n")
    path = folder / name.decode()
    before = path.read_bytes()
    path.write_bytes(body)
    try:
        yield
    finally:
        path.write_bytes(before)


def test_a_packed_agent(tmp_path, cases):
    whole = tmp_path / "a.antiphon"
    pack(AGENT, whole)
    plain = whole.read_bytes()
    with zipfile.ZipFile(whole) as archive:
        entries = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]

    def mutate(random):
        if random.random() < 0.4:
            # Where a zip says what it holds is at its end.
            return plain[:-1500] + mutated_bytes(random, plain[-1500:]) if random.random() < 0.7 else plain[:-500]
        changed = list(entries)
        for _ in range(random.randint(1, 2)):
            place = random.randrange(len(changed))
            name, body = changed[place]
            kind = random.randrange(5)
            if kind == 0:
                changed[place] = (random.choice(("../a", "/a", "a/b", "README.md", INDEX, "\0", "x" * 300)), body)
            elif kind == 1:
                changed[place] = (name, mutated_bytes(random, body, 1))
            elif kind == 2:
                changed.insert(place, random.choice(changed))
            elif kind == 3 and len(changed) > 1:
                del changed[place]
            else:
                index = of_tree(json.loads(entries[0][1]))(random)
                changed = [(name, index if name == INDEX else body) for name, body in changed]
        made = tmp_path / "made.zip"
        how = random.choice((zipfile.ZIP_STORED,) * 4 + (zipfile.ZIP_DEFLATED,))
        with warnings.catch_warnings(), zipfile.ZipFile(made, "w", how) as archive:
            warnings.simplefilter("ignore")
            for name, body in changed:
                entry = zipfile.ZipInfo(name.replace("\0", "") or "x", EARLIEST)
                entry.compress_type = how
                entry.external_attr = random.choice((0, 0, 0o100644 << 16, 0o120777 << 16))
                archive.writestr(entry, body)
        return made.read_bytes()

    home = tmp_path / "home"

    def load(content):
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        (home / "a.antiphon").write_bytes(content)
        try:
            copied(home / "a.antiphon", home / "agent")
            Agent.load(home / "agent")
        finally:
            there = {path.relative_to(home).as_posix() for path in home.rglob("*")}
            assert there <= {"a.antiphon", "agent", *(f"agent/{name}" for name in AGENT_FILES)}

    attack("pack", cases, mutate, load)


QUICK = validated({"perception": {"encoder": {"name": "chroma-mfcc"}, "alphabet_size": 6}})


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """A small corpus as shards of segments, and of tokens."""
    pytest.importorskip("pyarrow", reason="the extra shards is not installed")
    from antiphon.corpus.planted import PlantedSettings, build_planted
    from antiphon.interfaces import no_progress
    from antiphon.perception.perception import Perception
    from antiphon.training.shard_lesson import tokens_of
    from antiphon.use_cases.encode_corpus import EncodeOptions, encode_corpus
    from antiphon.use_cases.encoding_engines import LocalProcesses

    home = tmp_path_factory.mktemp("shards")
    build_planted(home / "world", PlantedSettings("copy", pieces=3, segments=24))
    encode_corpus(home / "world", home / "segments", QUICK, EncodeOptions(LocalProcesses(1)))
    tokens_of(home / "segments", QUICK, Perception(QUICK.perception), home / "tokens", no_progress)
    return home


def values_changed(random, path):
    """A Parquet file with other values in a column or two, of the column's own type, and whole pages."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    about = {key: value for key, value in (file.metadata.metadata or {}).items() if key == b"antiphon"}
    if random.random() < 0.2:
        about[b"antiphon"] = of_tree(json.loads(about[b"antiphon"]))(random)
    tables = [file.read_row_group(number) for number in range(file.num_row_groups)]
    schema = file.schema_arrow.remove_metadata()
    for _ in range(random.randint(1, 2)):
        if not tables:
            break
        number = random.randrange(len(tables))
        column = random.choice(schema.names)
        values = tables[number][column].to_pylist()
        values[random.randrange(len(values))] = _other(random, random.choice(values))
        try:
            changed = pa.chunked_array([pa.array(values, schema.field(column).type)])
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            continue
        tables[number] = tables[number].set_column(schema.names.index(column), schema.field(column), changed)
    if random.random() < 0.2 and tables:
        number = random.randrange(len(tables))
        tables[number] = random.choice((tables[number][:1], tables[number][:0], pa.concat_tables([tables[number]] * 2)))
    if random.random() < 0.1:
        schema = schema.remove(random.randrange(len(schema)))
    other = path.with_name("other.new")
    with pq.ParquetWriter(other, schema, compression="zstd", write_page_checksum=True) as writer:
        for table in tables:
            writer.write_table(table.select(schema.names), row_group_size=max(1, table.num_rows))
        writer.add_key_value_metadata(about)
    found = other.read_bytes()
    other.unlink()
    return found


def _other(random, value):
    if isinstance(value, dict):
        name = random.choice(sorted(value))
        return {**value, name: _other(random, value[name])}
    if isinstance(value, list) and value and random.random() < 0.6:
        place = random.randrange(len(value))
        return [*value[:place], _other(random, value[place]), *value[place + 1 :]]
    choices = {
        list: lambda: ([], value * 2, value[:-1], value[:1]),
        bool: lambda: (not value,),
        int: lambda: (value + 1, -value, -1, 0, 2**31 - 1, -(2**31), 65535, 7),
        float: lambda: (float("nan"), float("inf"), -1.0, 0.0, 1e30, 1e308, value + 1),
        str: lambda: ("", "x", "train", "test", "\x1b[2J", "a\nb", "é" * 300),
        type(None): lambda: (1, 0.5, "x", []),
    }
    return random.choice((None, *choices[type(value)]()))


@pytest.mark.parametrize("kind", ["segments", "tokens"])
def test_shards(shards, tmp_path, cases, kind):
    """They are opened, and everything in them is read as a training reads it."""
    from antiphon.config import TrainingSettings
    from antiphon.dataset.shards.index import open_shards
    from antiphon.dataset.shards.listening import heard_groups, shard_places, training_parts
    from antiphon.decision.generation import Context
    from antiphon.decision.vocabulary import Vocabulary
    from antiphon.perception.encoders import make_encoder
    from antiphon.perception.large_alphabet import fit_large_alphabet
    from antiphon.training.batches import Drawing
    from antiphon.training.ranks import Ranks
    from antiphon.training.shard_batches import ShardBatches
    from antiphon.training.shard_lesson import shard_lesson
    from antiphon.training.shard_tokens import alphabet_of

    folder = tmp_path / "shards"
    shutil.copytree(shards / kind, folder)
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    encoder = make_encoder(QUICK.perception.encoder)
    few = TrainingSettings(batch_size=2, draws_per_window=1)

    def mutate(random):
        name = random.choice(sorted(whole))
        if random.random() < 0.2:
            return named(name, mutated_bytes(random, whole[name]))
        if name.endswith(".json"):
            return named(name, of_tree(json.loads(whole[name]))(random))
        if name.endswith(".parquet"):
            return named(name, values_changed(random, shards / kind / name))
        if name.endswith(".safetensors"):
            return named(name, arrays_changed(random, shards / kind / name))
        return named(name, b"")

    def read():
        opened = open_shards(folder)
        if kind == "segments":
            for shard, places in shard_places(opened):
                for _ in heard_groups(opened, shard, places):
                    pass
            fit_large_alphabet(lambda: training_parts(opened), encoder, QUICK.perception)
            return
        found = shard_lesson(opened, QUICK)
        drawing = Drawing(Context(8, 5), Vocabulary(alphabet_of(opened).classes))
        batches = ShardBatches(opened, drawing, few, Ranks())
        next(iter(batches.shares(0, 0)))
        assert all(np.isfinite(each).all() for part in found.splits.train for each in part.durations)

    def load(content):
        with put(folder, content):
            read()

    read()
    attack(f"shards-{kind}", max(30, cases // 5), mutate, load)


def test_a_listening_study(tmp_path, cases):
    """Its questions are asked, and what was answered is analysed."""
    from test_listening import folder_with, listened, study

    from antiphon.listening.analysis import analysed
    from antiphon.listening.answers import ANSWERS, as_csv, read_answers
    from antiphon.listening.order import questions
    from antiphon.listening.study import STUDY, read_study
    from antiphon.pages.listening import listening_page

    found = study(trials=3)
    folder = folder_with(tmp_path, found)
    (folder / ANSWERS).mkdir()
    for listener in ("ann", "ben"):
        lines = [each.model_dump_json() for each in listened(found, listener, lambda places: len(places[0]) % 2)]
        (folder / ANSWERS / f"listener-{listener}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    answers = f"{ANSWERS}/listener-ann.jsonl"
    whole = {name: (folder / name).read_bytes() for name in (STUDY, answers)}

    def mutate(random):
        name = random.choice(sorted(whole))
        if name == STUDY:
            return named(name, of_tree(json.loads(whole[name]))(random))
        lines = whole[name].splitlines()
        place = random.randrange(len(lines))
        lines[place] = of_tree(json.loads(lines[place]))(random)
        return named(name, b"\n".join(lines))

    def load(content):
        with put(folder, content):
            read = read_study(folder)
            questions(read, "ann")
            given = read_answers(folder, read)
            listening_page(read, analysed(read, given))
            as_csv(read, given.found).encode()

    load(named(STUDY, whole[STUDY]))
    attack("study", max(30, cases // 5), mutate, load)


def test_a_standard_of_coupling(tmp_path, cases):
    """A pair is held against it."""
    from coupling_making import third_apart

    from antiphon.coupling.network import PairNetwork
    from antiphon.coupling.reference import OWN
    from antiphon.coupling.settings import VerifierSettings
    from antiphon.coupling.verifier import Verifier
    from antiphon.use_cases.coupling import couple, standard_at

    folder = tmp_path / "standard"
    folder.mkdir()
    own = standard_at(None)
    settings = VerifierSettings(width=4, dimension=4)
    network = PairNetwork(settings.width, settings.dimension, settings.dropout).eval()
    verifier = Verifier(network, settings, "ear", frozenset({"p"}))
    save_standard(folder, replace(own, verifier=verifier))
    assert {path.name for path in OWN.iterdir()} >= {CALIBRATION_FILE, REFERENCE_FILE}
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    one, other = third_apart("p", 0).tracks.values()

    def mutate(random):
        name = random.choice(sorted(whole))
        if random.random() < 0.1:
            return named(name, mutated_bytes(random, whole[name]))
        return file_changed(random, folder, name)

    def load(content):
        with put(folder, content):
            couple(one, other, load_standard(folder, "ear"))

    load(named(CALIBRATION_FILE, whole[CALIBRATION_FILE]))
    assert set(VERIFIER_FILES) <= set(whole)
    attack("standard", max(30, cases // 5), mutate, load)


def test_a_directory_of_wav2vec2(tmp_path, cases):
    """It is opened, and hears a second of sound."""
    pytest.importorskip("transformers")
    from wav2vec2_making import model_of, saved

    from antiphon.config import EncoderSettings
    from antiphon.perception.encoders import make_encoder
    from antiphon.types import Audio

    folder = tmp_path / "model"
    saved(model_of(), folder)
    whole = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".json", ".safetensors")}
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, (16000, 1)).astype(np.float32)

    def mutate(random):
        name = random.choice(sorted(whole))
        return file_changed(random, folder, name)

    def load(content):
        with put(folder, content):
            encoder = make_encoder(EncoderSettings(name="wav2vec2", directory=str(folder), layer=1))
            assert np.isfinite(encoder.encode(Audio(noise, 16000)).values).all()

    load(named("config.json", whole["config.json"]))
    attack("wav2vec2", max(10, cases // 20), mutate, load)


SONGS = {
    "moisesdb": (
        "song/data.json",
        {
            "song": "s",
            "artist": "a",
            "stems": [{"stemName": "bass", "tracks": [{"id": "x", "extension": "wav", "trackType": "bass guitar"}]}],
        },
    ),
    "slakh2100": (
        "Track00001/metadata.yaml",
        {"UUID": "1", "stems": {"S00": {"inst_class": "Bass"}, "S01": {"inst_class": "Piano"}}},
    ),
    "medleydb": (
        "Metadata/A_B_METADATA.yaml",
        {
            "artist": "a",
            "stem_dir": "A_B_STEMS",
            "stems": {"S01": {"filename": "A_B_STEM_01.wav", "instrument": "bass"}},
        },
    ),
}


@pytest.mark.parametrize("layout", SONGS)
def test_what_a_corpus_says_of_itself(tmp_path, cases, layout):
    from cli_making import sound, tones

    from antiphon.config import CorpusSettings
    from antiphon.corpus.opening import open_corpus

    place, tree = SONGS[layout]
    top = tmp_path / "top"
    names = {
        "moisesdb": ("song/bass/x.wav", "song/drums/y.wav"),
        "slakh2100": ("Track00001/stems/S00.wav", "Track00001/stems/S01.wav", "Track00001/mix.wav"),
        "medleydb": ("Audio/A_B/A_B_STEMS/A_B_STEM_01.wav", "Audio/A_B/A_B_MIX.wav"),
    }[layout]
    for name in names:
        sound(top / name, tones(1))
    path = top / place
    path.parent.mkdir(parents=True, exist_ok=True)
    settings = CorpusSettings(layout=layout)

    def mutate(random):
        if random.random() < 0.2 and path.suffix == ".yaml":
            text = "stems: &a\n  S00: *a\nx: !!python/object/apply:os.system ['true']\n" + "- " * 3000
            return mutated_bytes(random, text.encode())
        return of_tree(tree)(random)

    def load(content):
        path.write_bytes(content)
        for each in open_corpus(top, settings).multitracks:
            json.dumps([each.name, each.piece, each.artist, [track.instrument for track in each.tracks]]).encode()

    attack(f"layout-{layout}", max(40, cases // 5), mutate, load)


def test_a_packet_of_osc(cases):
    from antiphon.live.osc_packets import decode, encode, encode_bundle

    packets = [encode("/antiphon/follow", [0.5]), encode("/antiphon/cue", ["keep", 3, True, None, b"abc"])]
    packets.append(encode_bundle([*packets, encode_bundle(packets)]))

    def load(content):
        for message in decode(content):
            assert message.address.startswith("/")

    attack("osc", cases, lambda random: mutated_bytes(random, random.choice(packets), 4), load)


def test_a_training_that_was_stopped(tmp_path, cases):
    """What waits beside an agent for a training to go on may be damaged: it goes on, or says which file is."""
    from antiphon.config import DecisionSettings, TrainingSettings
    from antiphon.dataset import TokenExcerpt
    from antiphon.decision.generation import Context
    from antiphon.decision.transformer import DecisionNetwork
    from antiphon.training.trainer import Trainer

    ids = tuple(np.random.default_rng(n).integers(0, 5, 20) for n in range(2))
    excerpts = [TokenExcerpt("n", "p", ("a", "b"), ids, (np.full(20, 0.5),) * 2)]
    settings = TrainingSettings(batch_size=4, draws_per_window=1, max_epochs=2, warmup_steps=0)
    sizes = DecisionSettings(dimension=8, heads=1, guide_layers=1, layers=1)
    state = tmp_path / "state"
    state.mkdir()

    def fitted():
        network = DecisionNetwork(sizes, 5, 0)
        return Trainer(network, Context(8, 5), settings, state).fit(excerpts, excerpts)

    done = fitted()
    assert fitted() == done
    whole = {path.name: path.read_bytes() for path in state.iterdir()}

    def mutate(random):
        name = random.choice(sorted(whole))
        if name.endswith(".json"):
            return named(name, of_tree(json.loads(whole[name]))(random))
        (tmp_path / name).write_bytes(whole[name])
        return named(name, arrays_changed(random, tmp_path / name))

    def load(content):
        name, _, body = content.partition(b"\n")
        for path in state.iterdir():
            path.unlink()
        for other, kept in whole.items():
            (state / other).write_bytes(body if other == name.decode() else kept)
        fitted()

    attack("training", max(20, cases // 10), mutate, load)


def test_frames_in_the_cache(tmp_path, cases):
    """What cannot be used is made again, and the answer is the same."""
    from antiphon.audio import FileSound, write
    from antiphon.config import EncoderSettings
    from antiphon.perception.cache import FrameCache
    from antiphon.perception.encoders import make_encoder
    from antiphon.types import Audio

    noise = np.random.default_rng(0).uniform(-0.1, 0.1, (11025, 1)).astype(np.float32)
    write(tmp_path / "a.wav", Audio(noise, 22050))
    cache, encoder = FrameCache(tmp_path / "cache"), make_encoder(EncoderSettings(name="chroma-mfcc"))

    def heard():
        return [piece.features.values for piece in cache.pieces(FileSound(tmp_path / "a.wav"), encoder)]

    true = heard()
    (path,) = (tmp_path / "cache").glob("*.safetensors")
    whole = path.read_bytes()

    def load(content):
        path.write_bytes(content)
        found = heard()
        assert len(found) == len(true)

    attack("frames", max(30, cases // 5), lambda random: mutated_bytes(random, whole[:400], 2) + whole[400:], load)
