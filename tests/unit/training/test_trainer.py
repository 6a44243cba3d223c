from functools import cache

import numpy as np
import pytest
import torch

from antiphon.config import DecisionSettings, TrainingSettings
from antiphon.dataset import TokenExcerpt
from antiphon.decision.generation import Context, score
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.transformer import DecisionNetwork
from antiphon.errors import AntiphonError
from antiphon.metrics import bits_per_token
from antiphon.training.trainer import IMPROVEMENT, Trainer

CLASSES = 6
CONTEXT = Context(12, 8)
TINY = TrainingSettings(batch_size=8, draws_per_window=4, max_epochs=4, warmup_steps=0, learning_rate=1e-2)


def network(hears: bool = True) -> DecisionNetwork:
    settings = DecisionSettings(layers=1, heads=2, dimension=16, feed_forward=16, guide_layers=1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return DecisionNetwork(settings, CLASSES, hears)


def twins(pieces: int = 6, n: int = 40, seed: int = 0) -> list[TokenExcerpt]:
    """Random tokens that a second track doubles: B = A."""
    random = np.random.default_rng(seed)
    tracks = [random.integers(CLASSES, size=n) for _ in range(pieces)]
    return [TokenExcerpt(f"{i}", f"{i}", ("a", "b"), (ids, ids)) for i, ids in enumerate(tracks)]


def strangers(pieces: int, seed: int, n: int = 12) -> list[TokenExcerpt]:
    """Two tracks of random tokens that have nothing to do with each other."""
    random = np.random.default_rng(seed)
    return [
        TokenExcerpt(f"{i}", f"{i}", ("a", "b"), tuple(random.integers(CLASSES, size=(2, n)))) for i in range(pieces)
    ]


def walk(seed: int, n: int = 12) -> TokenExcerpt:
    """A random guide, and a second track that begins with the first class and goes on from itself at random."""
    random = np.random.default_rng(seed)
    steady = np.cumsum(np.append(0, random.integers(1, 3, size=n - 1))) % CLASSES
    return TokenExcerpt(f"{seed}", f"{seed}", ("a", "b"), (random.integers(CLASSES, size=n), steady), only={0: 1})


def weights(model: DecisionNetwork) -> dict[str, bytes]:
    return {name: value.numpy().tobytes() for name, value in model.state_dict().items()}


def bits(model: DecisionNetwork, excerpts: list[TokenExcerpt]) -> float:
    pairs = [excerpt.pair(*names) for excerpt in excerpts for names in excerpt.ordered_pairs()]
    guides, targets = np.stack([pair.guide for pair in pairs]), np.stack([pair.target for pair in pairs])
    return bits_per_token(score(NeuralDecision(model), guides, targets, CONTEXT))


@pytest.mark.slow
def test_who_hears_learns_what_a_doubled_track_is_and_who_is_deaf_does_not():
    settings = TINY.model_copy(update={"max_epochs": 12})
    hearing, deaf = network(), network(hears=False)
    heard = Trainer(hearing, CONTEXT, settings).fit(twins(), twins(3, seed=1))
    unheard = Trainer(deaf, CONTEXT, settings).fit(twins(), twins(3, seed=1))
    assert heard[-1].validation_bits < 0.3 < heard[0].validation_bits
    assert heard[-1].train_bits < heard[0].train_bits / 3
    assert min(record.validation_bits for record in unheard) > 0.9 * np.log2(CLASSES)


@cache
def plain():
    """A network, and the history of its training on twins without validation. Nobody may change it."""
    trained = network()
    return trained, Trainer(trained, CONTEXT, TINY).fit(twins(), [])


def interrupt_at(epoch: int):
    def progress(task, done, total):
        if done == epoch:
            raise KeyboardInterrupt

    return progress


@cache
def straight(optimizer):
    """Settings, and the network and the history of a training that nothing interrupts."""
    settings = TINY.model_copy(update={"optimizer": optimizer})
    trained = network()
    return settings, trained, Trainer(trained, CONTEXT, settings).fit(twins(), twins(2, seed=1))


@pytest.mark.parametrize(("optimizer", "epoch"), [("adam", 0), ("adam", 1), ("adam", 2), ("adam", 3), ("adamw", 2)])
def test_an_interrupted_training_ends_with_the_same_bytes(tmp_path, optimizer, epoch):
    settings, trained, expected = straight(optimizer)
    stopped = network()
    with pytest.raises(KeyboardInterrupt):
        Trainer(stopped, CONTEXT, settings, tmp_path).fit(twins(), twins(2, seed=1), interrupt_at(epoch))
    resumed = network()
    found = Trainer(resumed, CONTEXT, settings, tmp_path).fit(twins(), twins(2, seed=1))
    assert weights(resumed) == weights(trained)
    assert found == expected


def test_a_training_that_is_done_is_not_done_again(tmp_path):
    first, second = network(), network()
    done = Trainer(first, CONTEXT, TINY, tmp_path).fit(twins(), twins(2, seed=1))
    again = Trainer(second, CONTEXT, TINY, tmp_path).fit([], twins(2, seed=1))
    assert again == done
    assert weights(second) == weights(first)


def test_the_best_epoch_is_kept_and_patience_ends_the_training():
    train, validation = strangers(4, 0), strangers(20, 1)
    settings = TINY.model_copy(update={"max_epochs": 60, "patience": 3, "draws_per_window": 20})
    model = network()
    history = Trainer(model, CONTEXT, settings).fit(train, validation)
    by_epoch = [record.validation_bits for record in history]
    kept = len(history) - 1 - settings.patience
    assert 0 <= kept < len(history) - 1 < 59
    assert by_epoch[kept] <= min(by_epoch) + IMPROVEMENT
    assert by_epoch[-1] > by_epoch[kept] + 10 * IMPROVEMENT
    assert bits(model, validation) == pytest.approx(by_epoch[kept], rel=1e-4)


def test_without_validation_it_trains_to_the_end_and_keeps_the_last():
    longer, history = plain()
    assert [record.epoch for record in history] == [0, 1, 2, 3]
    assert all(record.validation_bits is None for record in history)
    shorter = network()
    Trainer(shorter, CONTEXT, TINY.model_copy(update={"max_epochs": 3})).fit(twins(), [])
    assert weights(longer) != weights(shorter)


@pytest.mark.parametrize("stopped", [False, True])
def test_the_random_numbers_of_others_are_not_touched(stopped):
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    trainer = Trainer(network(), CONTEXT, TINY)
    if stopped:
        with pytest.raises(KeyboardInterrupt):
            trainer.fit(twins(), [], interrupt_at(2))
    else:
        trainer.fit(twins(), [])
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_random_numbers_of_others_do_not_count():
    first, second = network(), network()
    torch.manual_seed(1)
    Trainer(first, CONTEXT, TINY).fit(twins(), [])
    torch.manual_seed(2)
    Trainer(second, CONTEXT, TINY).fit(twins(), [])
    assert weights(first) == weights(second)


def test_the_seed_counts():
    other = network()
    Trainer(other, CONTEXT, TINY.model_copy(update={"seed": 1})).fit(twins(), [])
    assert weights(other) != weights(plain()[0])


def test_bits_at_the_first_step_are_those_of_an_even_guess():
    settings = TINY.model_copy(update={"max_epochs": 1, "learning_rate": 1e-9})
    model = network()
    torch.nn.init.zeros_(model.output.weight)
    torch.nn.init.zeros_(model.output.bias)
    record = Trainer(model, CONTEXT, settings).fit(twins(), twins(2, seed=1))[0]
    assert record.train_bits == pytest.approx(np.log2(CLASSES), rel=1e-4)
    assert record.validation_bits == pytest.approx(np.log2(CLASSES), rel=1e-4)


def test_a_training_that_diverges_says_so():
    model = network()
    torch.nn.init.constant_(model.output.weight, float("nan"))
    with pytest.raises(AntiphonError, match="learning_rate"):
        Trainer(model, CONTEXT, TINY).fit(twins(), [])


@pytest.mark.slow
def test_one_network_serves_hearing_and_not_hearing_where_the_guide_was_hidden_at_times():
    settings = TINY.model_copy(update={"max_epochs": 12})
    model, never = network(), network()
    Trainer(model, CONTEXT, settings.model_copy(update={"hide_guide": 0.3})).fit(twins(), [])
    Trainer(never, CONTEXT, settings.model_copy(update={"hide_guide": 0.0})).fit(twins(), [])
    ids = twins(3, seed=1)[0].ids[0][None]
    hidden, unused = (
        bits_per_token(score(NeuralDecision(each, hidden=True), ids, ids, CONTEXT)) for each in (model, never)
    )
    assert bits(model, twins(3, seed=1)) < 0.5
    assert hidden < np.log2(CLASSES) + 0.5
    assert hidden < unused - 1, "who never missed the guide is sure of something wrong without it"


@pytest.mark.slow
def test_one_network_serves_by_the_guide_alone_where_the_past_was_hidden_at_times():
    settings = TINY.model_copy(update={"max_epochs": 12})
    model, never = network(), network()
    walks = [walk(number) for number in range(40)]
    Trainer(model, CONTEXT, settings.model_copy(update={"hide_past": 0.4})).fit(walks, [])
    Trainer(never, CONTEXT, settings.model_copy(update={"hide_past": 0.0})).fit(walks, [])
    guide, target = (ids[None] for ids in walk(99).ids)
    alone, unused = (
        bits_per_token(score(NeuralDecision(each, guide_only=True), guide, target, CONTEXT)) for each in (model, never)
    )
    assert alone < np.log2(CLASSES) + 0.3, "what follows from the past cannot be known without it"
    assert alone < unused - 0.5, "who never missed the past takes every place for the beginning"


def test_by_the_guide_alone_what_was_played_changes_nothing():
    heard = np.zeros((1, 4), dtype=np.int64)
    said = []
    for previous in (1, 2):
        model = NeuralDecision(network(), guide_only=True)
        state, _ = model.step(model.start(1), heard, None)
        said.append(model.step(state, heard[:, :0], np.array([previous]))[1])
    assert np.array_equal(*said)


@pytest.mark.slow
def test_half_precision_learns_the_same_and_keeps_its_weights_whole():
    settings = TINY.model_copy(update={"max_epochs": 12, "precision": "bf16"})
    model = network()
    history = Trainer(model, CONTEXT, settings).fit(twins(), twins(3, seed=1))
    assert history[-1].validation_bits < 0.5
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}


def test_softened_targets_give_near_classes_their_share():
    """Classes in pairs of neighbours: asked for both halves of a pair, the network is sure of the pair alone."""
    pairs = torch.block_diag(*[torch.full((2, 2), 0.5)] * 3)
    settings = TINY.model_copy(update={"max_epochs": 15, "hide_guide": 0.0})
    model = network()
    history = Trainer(model, CONTEXT, settings, soft=pairs).fit(twins(), twins(3, seed=1))
    assert history[-1].validation_bits == pytest.approx(1, abs=0.25)


def test_every_epoch_is_told_as_soon_as_it_is_known_and_again_when_gone_on_with(tmp_path):
    told, again, bars = [], [], []

    def stop_at_two(task, done, total):
        bars.append((task, done, total))
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Trainer(network(), CONTEXT, TINY, tmp_path).fit(twins(), twins(2, seed=1), stop_at_two, log=told.append)
    history = Trainer(network(), CONTEXT, TINY, tmp_path).fit(twins(), twins(2, seed=1), log=again.append)
    assert [record.epoch for record in told] == [0, 1]
    assert tuple(again) == history
    assert told == again[:2]
    assert bars[0][0] == "train"
    assert bars[-1] == (f"train: {told[-1].validation_bits:.3f} bits", 2, 4)


def test_the_schedules_are_written_down():
    settings = TINY.model_copy(update={"schedule": "cosine", "teacher_decay": 0.5, "teacher_floor": 0.0})
    history = Trainer(network(), CONTEXT, settings).fit(twins(), [])
    assert [record.true_token_probability for record in history] == [1, 0.5, 0.25, 0.125]
    rates = [record.learning_rate for record in history]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] < settings.learning_rate
    assert rates[-1] == pytest.approx(0, abs=1e-6)
