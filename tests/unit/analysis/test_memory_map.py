"""A memory in two dimensions: alike segments lie side by side, the same ones always at the same places."""

import numpy as np
import pytest

from antiphon.analysis.memory_map import projected


def clusters(seed: int, count: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Vectors around three points of eight dimensions, and which of them each is near."""
    generator = np.random.default_rng(seed)
    middles = np.eye(3, 8) * 10
    labels = generator.integers(0, 3, count)
    return (middles[labels] + generator.normal(0, 0.3, (count, 8))).astype(np.float32), labels


def test_alike_vectors_lie_nearer_than_others():
    vectors, labels = clusters(0)
    places = projected(vectors)
    assert places.shape == (40, 2)
    assert places.min() >= 0
    assert places.max() <= 1
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    same = labels[:, None] == labels[None]
    assert apart[same].mean() < 0.5 * apart[~same].mean()


def test_the_same_vectors_have_the_same_places_and_order_does_not_turn_the_map():
    vectors, _ = clusters(1)
    assert np.array_equal(projected(vectors), projected(vectors.copy()))
    order = np.random.default_rng(2).permutation(len(vectors))
    assert np.allclose(projected(vectors)[order], projected(vectors[order]), atol=1e-6)


def test_silence_does_not_decide_the_plane():
    vectors, _ = clusters(3)
    silent = np.zeros((60, 8), dtype=np.float32)
    silent[:, 7] = np.linspace(-500, 500, 60)
    sounding = np.arange(100) < 40
    alone, together = projected(vectors), projected(np.concatenate([vectors, silent]), sounding)
    assert np.corrcoef(alone[:, 0], together[:40, 0])[0, 1] > 0.95


@pytest.mark.parametrize("shape", [(1, 4), (5, 1), (3, 4)])
def test_few_segments_and_few_dimensions_have_places_too(shape):
    places = projected(np.ones(shape, dtype=np.float32))
    assert places.shape == (shape[0], 2)
    assert np.isfinite(places).all()
