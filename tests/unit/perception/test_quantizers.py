import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.perception import class_distances, make_quantizer, quantizers
from antiphon.perception.quantizers import BANDWIDTH, class_probabilities
from antiphon.types import Alphabet, Segments


def alphabet_of(centroids, scale=None, has_rest=True):
    centroids = np.asarray(centroids, dtype=np.float32)
    scale = np.ones(centroids.shape[1]) if scale is None else np.asarray(scale)
    return Alphabet(centroids, scale.astype(np.float32), -60.0, has_rest, "{}", "id")


def segments_of(vectors, level=-20.0):
    vectors = np.asarray(vectors, dtype=np.float32)
    return Segments(vectors, np.full(len(vectors), level, dtype=np.float32))


@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 70), offset=st.sampled_from([0.0, 1e3, 1e5]))
def test_the_id_is_that_of_the_nearest_centroid(seed, size, offset):
    random = np.random.default_rng(seed)
    centroids = (random.standard_normal((size, 5)) + offset).astype(np.float32)
    vectors = (random.standard_normal((50, 5)) + offset).astype(np.float32)
    distances = ((vectors[:, None].astype(float) - centroids.astype(float)) ** 2).sum(axis=2)
    ids = make_quantizer(alphabet_of(centroids))(segments_of(vectors))
    np.testing.assert_array_equal(ids, distances.argmin(axis=1))


@given(vectors=st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=40))
def test_of_equally_near_centroids_the_lowest_id_wins(vectors):
    grid = [(0, 1), (1, 0), (0, 1), (-1, 0), (0, -1), (1, 0)]
    ids = make_quantizer(alphabet_of(grid))(segments_of(vectors))
    for vector, found in zip(vectors, ids, strict=True):
        distances = [(vector[0] - x) ** 2 + (vector[1] - y) ** 2 for x, y in grid]
        assert found == distances.index(min(distances))


def test_far_from_the_origin_too_the_lowest_of_equally_near_centroids_wins():
    """Squares of 10^14 beside squares of 10 are rounded by a hundredth, where the distances are all 1."""
    random = np.random.default_rng(0)
    for _ in range(40):
        place = np.append(np.round(random.uniform(9e6, 1.6e7)), random.uniform(2, 200, 5)).astype(np.float32)
        others = random.uniform(1e3, 1e4, (20, 6))
        ids = make_quantizer(alphabet_of(np.concatenate([others, place - np.eye(6)])))(segments_of(place[None]))
        assert ids.tolist() == [20]


def test_an_id_does_not_depend_on_the_company():
    random = np.random.default_rng(1)
    quantize = make_quantizer(alphabet_of(random.standard_normal((256, 40))))
    vectors = random.standard_normal((40_000, 40)).astype(np.float32)
    together = quantize(segments_of(vectors))
    alone = np.concatenate([quantize(segments_of(vectors[i : i + 1])) for i in range(0, 40_000, 400)])
    np.testing.assert_array_equal(together[::400], alone)


def test_vectors_are_measured_in_units_of_the_scale():
    quantize = make_quantizer(alphabet_of([[0, 0], [1, 0], [0, 1]], scale=[100, 1]))
    assert quantize(segments_of([[90, 0.3], [40, 0.3], [10, 0.9]])).tolist() == [1, 0, 2]


def test_below_the_threshold_is_the_rest_whatever_the_vector():
    alphabet = alphabet_of([[0.0], [1.0]])
    segments = Segments(np.array([[1], [1], [1]], np.float32), np.array([-60.1, -60.0, -200], np.float32))
    assert make_quantizer(alphabet)(segments).tolist() == [2, 1, 2]
    assert make_quantizer(alphabet_of([[0.0], [1.0]], has_rest=False))(segments).tolist() == [1, 1, 1]


def test_no_segments_have_no_ids():
    ids = make_quantizer(alphabet_of([[0.0], [1.0]]))(segments_of(np.empty((0, 1))))
    assert ids.shape == (0,)
    assert ids.dtype == np.int64


def test_class_distances_are_a_metric_and_the_rest_is_like_nothing():
    random = np.random.default_rng(0)
    centroids = random.standard_normal((6, 3))
    distances = class_distances(alphabet_of(centroids))
    assert distances.shape == (7, 7)
    np.testing.assert_array_equal(np.diag(distances), 0)
    np.testing.assert_array_equal(distances, distances.T)
    assert distances[1, 4] == pytest.approx(np.linalg.norm(centroids[1] - centroids[4]), rel=1e-6)
    assert np.isinf(distances[6, :6]).all()
    assert class_distances(alphabet_of(centroids, has_rest=False)).shape == (6, 6)


@pytest.mark.parametrize("at_once", [1, 7, 4_000_000])
def test_a_class_is_as_probable_as_its_bell_says_and_a_quiet_segment_is_a_rest(monkeypatch, at_once):
    """Nearest neighbours are 2, 2 and 6 away in units of the scale: the bells are as wide as the middle one says."""
    monkeypatch.setattr(quantizers, "CHUNK_DISTANCES", at_once)
    centroids, scale = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 6.0]]), np.array([1.0, 4.0])
    vectors = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 8.0], [0.0, 24.0], [3.0, -2.0]])
    found = class_probabilities(alphabet_of(centroids, scale), Segments(vectors.astype(np.float32), np.full(5, -60.0)))
    assert found.shape == (5, 4)
    for row, vector in zip(found, vectors / scale, strict=True):
        bells = [np.exp(-0.5 * np.sum((vector - each) ** 2) / (BANDWIDTH * 2) ** 2) for each in centroids]
        assert row == pytest.approx([*(np.array(bells) / np.sum(bells)), 0], abs=1e-6)
    levels = np.array([-60.0, -60.5, -20.0, -90.0, -60.0])
    quiet = class_probabilities(alphabet_of(centroids, scale), Segments(vectors.astype(np.float32), levels))
    assert quiet[[1, 3]].tolist() == [[0, 0, 0, 1]] * 2
    assert quiet[[0, 2, 4]] == pytest.approx(found[[0, 2, 4]])
    heard = alphabet_of(centroids, scale, has_rest=False)
    assert class_probabilities(heard, Segments(vectors.astype(np.float32), levels)) == pytest.approx(found[:, :3])


def test_on_its_centroid_a_class_is_2_6_times_as_probable_as_one_at_the_middle_distance():
    """A bell of 0.72 middle distances has fallen to exp(-1 / (2 * 0.72^2)) = 0.381 at one."""
    found = class_probabilities(alphabet_of([[0.0], [3.0]], has_rest=False), segments_of([[0.0], [3.0]]))
    assert found == pytest.approx(np.array([[0.724, 0.276], [0.276, 0.724]]), abs=5e-4)
