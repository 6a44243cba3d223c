"""Training from shards: the tokens of a corpus in memory, every window once, the same whoever reads and stops where."""

import shutil
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from antiphon.cli.app import run
from antiphon.config import DecisionSettings, TrainingSettings, validated
from antiphon.corpus.opening import open_corpus
from antiphon.corpus.planted import PlantedSettings, build_planted
from antiphon.dataset import prepare, split_tokens, training_segments
from antiphon.dataset.shards.index import open_shards
from antiphon.dataset.shards.listening import training_parts
from antiphon.dataset.shards.plan import shard_name
from antiphon.decision.generation import Context
from antiphon.decision.transformer import DecisionNetwork
from antiphon.decision.vocabulary import Vocabulary
from antiphon.errors import BadData, SettingsError, WrongAlphabet
from antiphon.interfaces import no_progress
from antiphon.perception import large_alphabet
from antiphon.perception.alphabet import fit_alphabet
from antiphon.perception.large_alphabet import fit_large_alphabet
from antiphon.perception.perception import Perception
from antiphon.perception.quantizers import make_quantizer
from antiphon.training import shard_batches
from antiphon.training.batches import Drawing, epoch_batches, places
from antiphon.training.pipeline import train
from antiphon.training.ranks import Ranks, chosen_device
from antiphon.training.shard_batches import GroupReader, ShardBatches, WindowOrder
from antiphon.training.shard_lesson import tokens_of, with_shards
from antiphon.training.shard_tokens import alphabet_of
from antiphon.training.trainer import Trainer
from antiphon.training.transposition import in_other_keys
from antiphon.types import Segments
from antiphon.use_cases.encode_corpus import EncodeOptions, encode_corpus
from antiphon.use_cases.encoding_engines import LocalProcesses

SETTINGS = validated({"perception": {"encoder": {"name": "chroma-mfcc"}, "alphabet_size": 6}})
CONTEXT = Context(8, 5)
TINY = TrainingSettings(
    batch_size=4, draws_per_window=1, max_epochs=3, warmup_steps=0, learning_rate=1e-2, checkpoint_steps=2
)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    build_planted(folder, PlantedSettings("copy", pieces=6, segments=30))
    return folder


@pytest.fixture(scope="module")
def shards(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards") / "shards"
    encode_corpus(world, folder, SETTINGS, EncodeOptions(LocalProcesses(1)))
    return folder


@pytest.fixture(scope="module")
def tokens(shards, tmp_path_factory):
    place = tmp_path_factory.mktemp("tokens") / "tokens"
    return tokens_of(shards, SETTINGS, Perception(SETTINGS.perception), place, no_progress)


@pytest.fixture(scope="module")
def prepared(world):
    corpus = open_corpus(world, SETTINGS.corpus)
    return prepare(corpus, Perception(SETTINGS.perception), SETTINGS.corpus)


def drawing_of(tokens) -> Drawing:
    return Drawing(CONTEXT, Vocabulary(alphabet_of(tokens).classes))


def alike(one, other) -> bool:
    same = (one.name, one.piece, one.tracks, one.only, one.unanswering) == (
        *(other.name, other.piece, other.tracks, other.only, other.unanswering),
    )
    return same and all(np.array_equal(a, b) for a, b in zip(one.ids, other.ids, strict=True))


@pytest.mark.slow
def test_tokens_of_shards_are_those_of_the_corpus_in_memory_in_every_key(tokens, prepared):
    perception = Perception(SETTINGS.perception)
    segments = training_segments(prepared.encoded, prepared.division["train"])
    alphabet = fit_alphabet(segments, perception.encoder, SETTINGS.perception)
    assert alphabet_of(tokens).id == alphabet.id
    held = split_tokens(prepared, alphabet)
    quantizer = make_quantizer(alphabet)
    other = in_other_keys(prepared.encoded, prepared.division["train"], quantizer, perception.encoder)
    assert len(tokens.plan.keys) == 1 + len(other)
    reader = GroupReader(tokens, alphabet.classes, 2)
    for split, wanted in vars(held).items():
        found = tokens.excerpts(split)
        assert len(found) == len(wanted) > 0
        for number, excerpt in enumerate(wanted):
            group = reader.group((int(found.shard[number]) << 32) | int(found.group[number]))
            assert alike(group.excerpt(int(found.number[number])), excerpt)
            for key in range(len(other)) if split == "train" else ():
                assert alike(group.excerpt(int(found.number[number]), key + 1), other[key][number])


@pytest.mark.parametrize("pool", [2, 1024])
def test_a_pass_draws_every_window_once_whatever_the_pools(tokens, prepared, monkeypatch, pool):
    monkeypatch.setattr(shard_batches, "POOL_WINDOWS", pool)
    order = WindowOrder(tokens, "train", drawing_of(tokens), 4, seed=3)
    alphabet = alphabet_of(tokens)
    expected = len(places(split_tokens(prepared, alphabet).train, CONTEXT))
    assert order.windows == expected
    drawn = []
    for turn in range(2):
        steps = range(turn * order.steps, (turn + 1) * order.steps)
        drawn.append([order.position(step, lane) for step in steps for lane in range(4)])
        counts = Counter(position for position in drawn[-1] if position is not None)
        assert len(counts) == expected
        assert set(counts.values()) == {1}
    assert drawn[0] != drawn[1]


@dataclass(frozen=True)
class Rank(Ranks):
    """One of two processes, without the other."""

    number: int = 0

    @property
    def rank(self):
        return self.number

    @property
    def count(self):
        return 2


def rows_of(share) -> list[bytes]:
    return (
        [row.numpy().tobytes() for row in torch.stack([share.own.guide, share.own.target], dim=1)]
        if len(share.own)
        else []
    )


def test_two_processes_share_the_rows_of_one_and_anyone_can_begin_anywhere(tokens):
    drawing = drawing_of(tokens)
    alone = ShardBatches(tokens, drawing, TINY, Ranks())
    both = [ShardBatches(tokens, drawing, TINY, Rank(number=number)) for number in (0, 1)]
    assert {each.steps for each in both} == {alone.steps}
    wanted = list(alone.shares(1, 0))
    assert len(wanted) == alone.steps > 3
    for step, (whole, *parts) in enumerate(zip(wanted, *(each.shares(1, 0) for each in both), strict=True)):
        first, second = map(rows_of, parts)
        mixed = [row for pair in zip(first, second, strict=False) for row in pair] + first[len(second) :]
        assert sorted(mixed) == sorted(rows_of(whole)), step
    late = ShardBatches(tokens, drawing, TINY, Ranks())
    assert [rows_of(each) for each in late.shares(1, 2)] == [rows_of(each) for each in wanted[2:]]


def test_an_epoch_has_no_more_steps_than_it_may_and_the_next_goes_on_behind_it(tokens):
    drawing = drawing_of(tokens)
    short = ShardBatches(tokens, drawing, TINY.model_copy(update={"most_epoch_steps": 2}), Ranks())
    whole = ShardBatches(tokens, drawing, TINY, Ranks())
    assert short.steps == 2
    joined = [rows_of(share) for epoch in (0, 1) for share in short.shares(epoch, 0)]
    assert joined == [rows_of(share) for share in whole.shares(0, 0)][:4]


class Stopped(Exception):
    pass


def network(classes: int) -> DecisionNetwork:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return DecisionNetwork(
            DecisionSettings(layers=1, heads=2, dimension=16, feed_forward=16, guide_layers=1), classes
        )


def stop_after(reports: int):
    told = []

    def progress(task, done, total):
        told.append(task)
        if len(told) > reports:
            raise Stopped

    return progress


def weights(model: DecisionNetwork) -> dict[str, bytes]:
    return {name: value.numpy().tobytes() for name, value in model.state_dict().items()}


@pytest.mark.parametrize("of_shards", [True, False])
@pytest.mark.parametrize("reports", [3, 8])
def test_a_training_that_is_stopped_in_an_epoch_ends_with_the_same_bytes(
    tokens, prepared, tmp_path, of_shards, reports
):
    classes = alphabet_of(tokens).classes
    held = split_tokens(prepared, alphabet_of(tokens))

    def learned(model, state, progress=no_progress):
        trainer = Trainer(model, CONTEXT, TINY, state)
        source = ShardBatches(tokens, trainer.drawing, TINY, Ranks()) if of_shards else trainer.held(held.train)
        assert source.steps > 4
        return trainer.learn(source, held.validation, progress)

    through, resumed = network(classes), network(classes)
    wanted = learned(through, None)
    with pytest.raises(Stopped):
        learned(network(classes), tmp_path, stop_after(reports))
    kept = [path.name for path in tmp_path.glob("*.safetensors")]
    assert len(kept) == 1
    assert learned(resumed, tmp_path) == wanted
    assert weights(resumed) == weights(through)


def test_parts_of_a_step_add_up_to_the_step(tokens):
    classes = alphabet_of(tokens).classes
    plain = TINY.model_copy(
        update={"max_epochs": 1, "teacher_decay": 1.0, "hide_guide": 0.0, "hide_past": 0.0, "averaging": 0.0}
    )
    models = []
    for parts in (1, 3):
        settings = plain.model_copy(update={"accumulation": parts})
        model = DecisionNetwork(
            DecisionSettings(layers=1, heads=2, dimension=16, feed_forward=16, guide_layers=1, dropout=0.0), classes
        )
        model.load_state_dict(network(classes).state_dict())
        trainer = Trainer(model, CONTEXT, settings)
        trainer.learn(ShardBatches(tokens, trainer.drawing, settings, Ranks()), [])
        models.append(model)
    for name, value in models[0].state_dict().items():
        torch.testing.assert_close(models[1].state_dict()[name], value, atol=2e-3, rtol=0, msg=name)


def test_memory_holds_no_more_groups_than_the_pools_need(tokens):
    reader = GroupReader(tokens, alphabet_of(tokens).classes, 1)
    found = tokens.excerpts("train")
    for shard, group in zip(found.shard, found.group, strict=True):
        reader.group((int(shard) << 32) | int(group))
    assert reader.held == 1


def test_an_agent_is_trained_from_shards_and_says_of_which(shards, tmp_path):
    settings = validated(
        {
            **SETTINGS.model_dump(),
            "decision": {"layers": 1, "guide_layers": 0, "dimension": 16, "heads": 2, "feed_forward": 16},
            "training": {"max_epochs": 1, "deaf": False, "draws_per_window": 1},
        }
    )
    agents = [train(shards, tmp_path / name, settings=settings) for name in ("one", "two")]
    first, second = ((tmp_path / name / "decision.safetensors").read_bytes() for name in ("one", "two"))
    assert first == second
    assert agents[0].training["held"] == {"train": 4, "validation": 1, "test": 1}
    assert agents[0].training["tracks"] == 12
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]
    other = settings.model_copy(update={"perception": settings.perception.model_copy(update={"segment_seconds": 0.25})})
    with pytest.raises(SettingsError, match=r"perception\.segment_seconds"):
        train(shards, settings=other)
    assert with_shards(None, shards).perception == SETTINGS.perception


def test_shards_that_are_damaged_or_heard_by_another_are_refused_in_one_line(shards, tmp_path, capsys):
    shutil.copytree(shards, tmp_path / "shards")
    data = bytearray((tmp_path / "shards" / shard_name(2)).read_bytes())
    data[len(data) // 3] ^= 255
    (tmp_path / "shards" / shard_name(2)).write_bytes(data)
    flags = ("--training.max-epochs", "1")
    assert run(["train", str(tmp_path / "shards"), "-o", str(tmp_path / "agent"), *flags]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert shard_name(2) in line
    assert not (tmp_path / "agent").exists()

    class Stranger:
        identity, sample_rate, lookahead_seconds, standardize = "another", 22050, 0.0, False

        def encode(self, audio):
            raise AssertionError

    with pytest.raises(WrongAlphabet, match="another encoder"):
        train(shards, settings=SETTINGS, encoder=Stranger())
    (tmp_path / "shards" / "index.parquet").unlink()
    with pytest.raises(BadData, match="not complete"):
        open_shards(tmp_path / "shards")


def test_a_large_corpus_has_the_same_alphabet_again_and_one_that_fits_it(monkeypatch):
    random = np.random.default_rng(0)
    centres = random.normal(size=(6, 3)).astype(np.float32) * 8
    parts = [
        Segments(
            (centres[random.integers(6, size=500)] + random.normal(size=(500, 3))).astype(np.float32),
            np.zeros(500, dtype=np.float32),
        )
        for _ in range(8)
    ]
    settings = SETTINGS.perception
    encoder = Perception(settings).encoder
    whole = fit_large_alphabet(lambda: parts, encoder, settings)
    joined = Segments(np.concatenate([each.vectors for each in parts]), np.concatenate([each.level for each in parts]))
    assert whole.id == fit_alphabet(joined, encoder, settings).id
    monkeypatch.setattr(large_alphabet, "HELD_SEGMENTS", 800)
    monkeypatch.setattr(large_alphabet, "BATCH_SEGMENTS", 256)
    first, second = (fit_large_alphabet(lambda: parts, encoder, settings) for _ in range(2))
    assert first.id == second.id != whole.id
    scaled = first.centroids * first.scale
    assert all(np.linalg.norm(scaled - centre, axis=1).min() < 0.3 for centre in centres)


def test_segments_are_fitted_on_once_each(shards, prepared):
    parts = list(training_parts(open_shards(shards)))
    wanted = training_segments(prepared.encoded, prepared.division["train"])
    np.testing.assert_array_equal(np.concatenate([part.vectors for part in parts]), wanted.vectors)


def test_the_fastest_device_is_one_that_is_there():
    assert chosen_device("mps") == "mps"
    assert torch.zeros(1, device=chosen_device("auto")).item() == 0


def test_held_batches_are_those_of_an_epoch(prepared, tokens):
    held = split_tokens(prepared, alphabet_of(tokens)).train
    trainer = Trainer(network(alphabet_of(tokens).classes), CONTEXT, TINY)
    wanted = list(epoch_batches(held, trainer.drawing, TINY, 0))
    found = list(trainer.held(held).shares(0, 0))
    assert all(torch.equal(share.own.target, batch.target) for share, batch in zip(found, wanted, strict=True))
