import dataclasses
import json

import numpy as np
import pytest
from loudness_making import Loudness

from antiphon.config import PerceptionSettings
from antiphon.errors import AntiphonWarning, BadData
from antiphon.perception import fit_alphabet, make_quantizer
from antiphon.types import Segments


class Standardized(Loudness):
    standardize = True


def clouds(count=8, each=30, dim=4, seed=0):
    """Well separated clouds, one after another, and then as many silent segments far away from all."""
    random = np.random.default_rng(seed)
    places = 20 * random.standard_normal((count, dim))
    sounding = np.repeat(places, each, axis=0) + 0.1 * random.standard_normal((count * each, dim))
    silent = np.full((count * each, dim), 500.0)
    level = np.repeat([-20.0, -90.0], count * each)
    return Segments(np.concatenate([sounding, silent]).astype(np.float32), level.astype(np.float32))


def test_each_cloud_is_a_class_and_silence_is_the_rest():
    segments = clouds()
    alphabet = fit_alphabet(segments, Loudness(), PerceptionSettings(alphabet_size=8))
    ids = make_quantizer(alphabet)(segments)
    groups = ids[:240].reshape(8, 30)
    assert np.all(groups == groups[:, :1])
    assert sorted(groups[:, 0]) == list(range(8))
    assert np.all(ids[240:] == alphabet.rest)


def test_no_centroid_is_spent_on_silence():
    alphabet = fit_alphabet(clouds(), Loudness(), PerceptionSettings(alphabet_size=8))
    assert np.abs(alphabet.centroids).max() < 100
    without = fit_alphabet(clouds(), Loudness(), PerceptionSettings(alphabet_size=8, rest=False))
    assert np.abs(without.centroids - 500).max(axis=1).min() < 1
    assert without.classes == 8


def test_centroids_are_the_means_of_what_is_quantised_to_them():
    segments = clouds()
    alphabet = fit_alphabet(segments, Standardized(), PerceptionSettings(alphabet_size=4))
    ids = make_quantizer(alphabet)(segments)
    scaled = segments.vectors / alphabet.scale
    means = [scaled[ids == k].mean(axis=0) for k in range(4)]
    np.testing.assert_allclose(alphabet.centroids, means, atol=1e-4)
    assert alphabet.centroids.dtype == alphabet.scale.dtype == np.float32


def test_the_scale_is_the_spread_of_sounding_segments_if_the_encoder_asks_for_it():
    segments = clouds()
    segments.vectors[:, 2] = 3.0
    settings = PerceptionSettings(alphabet_size=8)
    scale = fit_alphabet(segments, Standardized(), settings).scale
    np.testing.assert_allclose(scale[[0, 1, 3]], segments.vectors[:240, [0, 1, 3]].std(axis=0), rtol=1e-5)
    assert scale[2] == 1
    assert np.all(fit_alphabet(segments, Loudness(), settings).scale == 1)


def test_the_same_data_and_settings_give_the_same_alphabet_and_any_difference_another_id():
    segments, settings = clouds(), PerceptionSettings(alphabet_size=8)
    alphabet = fit_alphabet(segments, Loudness(), settings)
    again = fit_alphabet(segments, Loudness(), settings)
    np.testing.assert_array_equal(alphabet.centroids, again.centroids)
    assert alphabet.id == again.id
    others = [
        fit_alphabet(segments, Loudness(), settings.model_copy(update={"rest_dbfs": -50.0})),
        fit_alphabet(segments, Loudness(), settings.model_copy(update={"segment_seconds": 0.25})),
        fit_alphabet(segments, Loudness(), settings.model_copy(update={"condenser": "max"})),
        fit_alphabet(segments, Loudness(), settings.model_copy(update={"alphabet_size": 7})),
        fit_alphabet(clouds(seed=1), Loudness(), settings),
    ]
    assert len({alphabet.id, *(other.id for other in others)}) == 6
    assert json.loads(alphabet.recipe)["encoder"] == "a user's loudness"


def test_few_distinct_segments_lower_the_size_and_say_so():
    vectors = np.tile(np.arange(40, dtype=np.float32)[:, None], (10, 1))
    segments = Segments(vectors, np.full(400, -20, dtype=np.float32))
    with pytest.warns(AntiphonWarning, match="only 40 distinct segments: the alphabet has 5 classes instead of 64"):
        alphabet = fit_alphabet(segments, Loudness(), PerceptionSettings(alphabet_size=64))
    assert alphabet.size == 5
    assert fit_alphabet(segments, Loudness(), PerceptionSettings(alphabet_size=5)).size == 5


def test_silence_and_sameness_are_no_alphabet():
    silent = dataclasses.replace(clouds(), level=np.full(480, -80, dtype=np.float32))
    with pytest.raises(BadData, match="no segment reaches -60 dBFS"):
        fit_alphabet(silent, Loudness(), PerceptionSettings())
    alike = Segments(np.ones((50, 3), np.float32), np.zeros(50, np.float32))
    with pytest.raises(BadData, match="all segments are alike"):
        fit_alphabet(alike, Loudness(), PerceptionSettings())
    broken = clouds()
    broken.vectors[3, 1] = np.nan
    with pytest.raises(BadData, match="not finite"):
        fit_alphabet(broken, Loudness(), PerceptionSettings(alphabet_size=2))
