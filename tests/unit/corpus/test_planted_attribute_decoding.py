import numpy as np
import pytest

from antiphon.corpus.planted import PlantedSettings, attribute, attribute_from_audio, planted_tokens
from antiphon.errors import BadData
from antiphon.metrics import true_positive_percentage


def test_an_ear_with_its_own_names_and_finer_classes_scores_in_full():
    settings = PlantedSettings("inverse-density", pieces=12)
    pairs = planted_tokens(settings)
    renamed = np.random.default_rng(0).permutation(40)
    heard = [renamed[pair.b] for pair in pairs]
    planted = [attribute(settings, pair.b).ids for pair in pairs]
    table = attribute_from_audio(heard[:8], planted[:8], 1 - np.eye(40))
    for ears, truth in zip(heard[8:], planted[8:], strict=True):
        assert true_positive_percentage(table[ears], truth) > 95


def test_a_class_goes_where_it_is_most_often_and_an_unheard_one_with_the_nearest_that_was_heard():
    heard, planted = [np.array([0, 0, 0, 1])], [np.array([2, 2, 1, 0])]
    places = np.array([0.0, 10.0, 9.0, 2.0])
    distances = np.abs(places[:, None] - places)
    assert attribute_from_audio(heard, planted, distances).tolist() == [2, 0, 0, 2]


@pytest.mark.parametrize(("heard", "planted"), [([], []), ([np.array([0])], [np.array([0, 1])])])
def test_pieces_that_do_not_match_are_refused(heard, planted):
    with pytest.raises(BadData, match="same pieces"):
        attribute_from_audio(heard, planted, np.zeros((2, 2)))
