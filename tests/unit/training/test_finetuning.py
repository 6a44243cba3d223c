import numpy as np
import pytest
import torch

from antiphon.agent import Agent
from antiphon.config import Settings
from antiphon.dataset import Splits, TokenExcerpt, TokenPair
from antiphon.perception.perception import Perception
from antiphon.training.finetuning import Specialising, likely_mistakes, mistaken, specialised
from antiphon.training.network_variants import TrainingData, new_network
from antiphon.training.rehearsal import kept_for_replay
from antiphon.training.trainer import Trainer
from antiphon.types import Alphabet

CLASSES = 12
SETTINGS = Settings.model_validate(
    {
        "corpus": {"window_seconds": 6, "hop_seconds": 4},
        "decision": {"layers": 1, "heads": 2, "dimension": 64, "feed_forward": 64, "guide_layers": 1, "dropout": 0.0},
        "training": {"max_epochs": 8, "learning_rate": 5e-3, "draws_per_window": 4, "hide_guide": 0.0},
    }
)


def neighbours(pieces: int, seed: int, n: int = 48) -> tuple[TokenExcerpt, ...]:
    """Whoever plays after random tokens: the class next to the one that sounds, in both directions of a pair of three
    classes' cycle; tunes use half of the classes, so that a stranger can be told."""
    random = np.random.default_rng(seed)
    found = []
    for piece in range(pieces):
        ids = random.integers(CLASSES // 2, size=n)
        found.append(TokenExcerpt(f"{piece}", f"{piece}", ("a", "b"), (ids, (ids + 1) % (CLASSES // 2))))
    return tuple(found)


@pytest.fixture(scope="module")
def agent() -> Agent:
    centroids = np.arange(CLASSES, dtype=np.float32)[:, None]
    alphabet = Alphabet(centroids, np.ones(1, np.float32), -60.0, False, "{}", "numbers")
    found = Agent(SETTINGS, alphabet, Perception(SETTINGS.perception), new_network(SETTINGS, alphabet))
    lesson = TrainingData(Splits(neighbours(20, 0), neighbours(4, 1), ()))
    Trainer(found.network, found.context, SETTINGS.training).fit(lesson.splits.train, lesson.splits.validation)
    return Agent(SETTINGS, alphabet, found.perception, found.network, replay=kept_for_replay(found, lesson))


def strange_pair(n: int = 40) -> TokenPair:
    """A guide of classes that the agent never heard, and a target that nothing explains."""
    random = np.random.default_rng(5)
    guide = CLASSES // 2 + random.integers(CLASSES // 2, size=n)
    return TokenPair(guide, random.integers(CLASSES, size=n), np.full(n, 0.5))


@pytest.mark.slow
def test_a_pair_is_learned_by_heart_and_the_rest_is_kept(agent):
    before = {name: weight.clone() for name, weight in agent.network.state_dict().items()}
    network, course = specialised(agent, strange_pair(), Specialising(steps=600, learning_rate=3e-3))
    assert course[0].tpp < 40
    assert course[-1].tpp >= 95
    assert course[-1].kept_bits <= course[0].kept_bits * 1.02
    for name, weight in agent.network.state_dict().items():
        assert torch.equal(weight, before[name]), "the agent it started from stays what it was"
    assert any(not torch.equal(weight, before[name]) for name, weight in network.state_dict().items())


@pytest.mark.slow
def test_the_same_seed_learns_the_same(agent):
    how = Specialising(steps=4, check_every=2)
    first, second, other = (
        specialised(agent, strange_pair(), each)[1] for each in (how, how, Specialising(steps=4, check_every=2, seed=1))
    )
    assert first == second
    assert first[1:] != other[1:]
    assert [each.step for each in first] == [0, 2, 4]


def test_checked_pieces_are_not_rehearsed(agent):
    replay = agent.replay
    assert 0 < replay.checked < len(replay) / 4
    windows = [tuple(row[:length]) for row, length in zip(replay.guide, replay.lengths, strict=True)]
    assert not set(windows[: replay.checked]) & set(windows[replay.checked :])


def test_a_mistake_is_another_class_and_rather_a_near_one():
    distances = np.abs(np.arange(6)[:, None] - np.arange(6)[None]).astype(float)
    mistakes = likely_mistakes(distances)
    assert (np.diag(mistakes) == 0).all()
    assert mistakes[0, 1] > 2 * mistakes[0, 2] > 4 * mistakes[0, 3]
    ids = np.tile(np.arange(6), 2000)
    heard = mistaken(ids, 0.3, mistakes, np.random.default_rng(0))
    assert np.mean(heard != ids) == pytest.approx(0.3, abs=0.02)
    assert np.array_equal(mistaken(ids, 0.0, mistakes, np.random.default_rng(0)), ids)


def test_a_class_that_nothing_is_near_to_is_mistaken_for_any():
    distances = np.full((4, 4), np.inf)
    np.fill_diagonal(distances, 0)
    assert np.allclose(likely_mistakes(distances), 0.25)
