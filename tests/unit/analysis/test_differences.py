"""Two answers to one guide: where they agree, in time and in sound."""

import numpy as np
import pytest

from antiphon.analysis.differences import (
    AGREEMENTS,
    Heard,
    Placed,
    agreements,
    chroma_of,
    common_spans,
    differences,
    moments,
    placed,
    strongest_classes,
    under_guide,
)
from antiphon.perception import uniform_intervals
from antiphon.types import (
    SILENCE,
    Audio,
    Memory,
    MemoryPart,
    Response,
    Selection,
    Specification,
    Tokens,
)

C, E, G = 0, 4, 7


def heard(*classes, level=-20.0):
    """A span a pitch class; None is silence."""
    chroma = np.zeros((len(classes), 12))
    for index, each in enumerate(classes):
        if each is not None:
            chroma[index, each] = 1.0
    return Heard(np.where([each is None for each in classes], -90.0, level), chroma)


def places(*seconds, part=0):
    """A place of one file each; None is silence."""
    silent = np.array([each is None for each in seconds])
    return Placed(np.where(silent, SILENCE, part), np.array([np.nan if each is None else each for each in seconds]))


def spans(count, seconds=0.5):
    return common_spans(*[uniform_intervals(count * seconds, seconds)] * 2)


def compared(first, second, sounds, others):
    return differences(spans(len(sounds.level)), (first, second), (sounds, others), reach=0.5)


def test_segments_of_one_length_are_the_spans():
    found = spans(4)
    np.testing.assert_array_equal(found.intervals, uniform_intervals(2.0, 0.5))
    assert found.first.tolist() == found.second.tolist() == [0, 1, 2, 3]


def test_spans_are_cut_wherever_either_answer_is():
    found = common_spans(uniform_intervals(1.0, 0.5), np.array([[0.0, 0.3], [0.3, 0.8]]))
    np.testing.assert_allclose(found.intervals, [[0, 0.3], [0.3, 0.5], [0.5, 0.8]])
    assert found.first.tolist() == [0, 0, 1]
    assert found.second.tolist() == [0, 1, 1]


def test_places_are_seconds_of_the_files_they_lie_in():
    audio = Audio(np.zeros((40, 1), np.float32), 10)
    intervals = uniform_intervals(4.0, 0.5)
    memory = Memory(
        audio, Tokens(np.zeros(8, np.int64), intervals, "a"), (MemoryPart("x", 0, 20), MemoryPart("y", 20, 40))
    )
    guide = Tokens(np.zeros(3, np.int64), intervals[:3], "a")
    selection = Selection(np.array([1, 5, SILENCE]), np.zeros(3, np.int64), np.zeros(3))
    response = Response(audio, guide, Specification(guide, np.zeros(3)), selection, ())
    found = placed(response, memory, np.array([0.0, 0.25, 0.75, 1.0]), np.array([0, 0, 1, 2]))
    assert found.part.tolist() == [0, 0, 1, SILENCE]
    np.testing.assert_allclose(found.second, [0.5, 0.75, 0.75, np.nan])


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        (places(1.0), places(1.2), "same"),
        (places(1.0), places(1.3), "near"),
        (places(1.0), places(1.5), "near"),
        (places(1.0), places(1.6), "elsewhere"),
        (places(1.0), places(1.0, part=1), "elsewhere"),
        (places(None), places(1.0), "one rests"),
        (places(None), places(None), "both rest"),
    ],
)
def test_places_agree_by_how_far_they_are_apart(first, second, name):
    for one, other in ((first, second), (second, first)):
        assert AGREEMENTS[agreements(one, other, np.array([0.5]), 0.5)[0]] == name


def test_shares_count_time_and_chance_is_the_agreement_at_the_wrong_time():
    sounds = heard(C, C, C, C)
    found = compared(places(0, 1, 2, None), places(0, 1, 9, None), sounds, sounds)
    assert (found.share("same"), found.share("both rest"), found.share("elsewhere")) == (0.5, 0.25, 0.25)
    assert found.together == 0.75
    assert found.chance == 0
    always = compared(places(0, 0, 0, 0), places(0, 0, 0, 0), sounds, sounds)
    assert always.chance == 1


def test_harmony_and_level_are_compared_where_both_sound():
    found = compared(places(0, 1, 2), places(5, 6, 7), heard(C, C, None, level=-20), heard(C, E, G, level=-26))
    np.testing.assert_allclose(found.harmony, [1, 0, np.nan])
    np.testing.assert_allclose(found.louder, [6, 6, np.nan])


def test_what_is_played_under_each_sound_of_the_guide():
    guide, first, second = heard(C, C, E, None), heard(E, E, G, C), heard(E, G, C, None, level=-30)
    rows = under_guide(spans(4), guide, (first, second))
    assert [(row.pitch_class, row.seconds) for row in rows] == [(C, 1.0), (E, 0.5), (12, 0.5)]
    assert (rows[0].first, rows[0].second) == ((E,), (E, G))
    assert rows[0].alike == pytest.approx(np.sqrt(0.5))
    assert (rows[1].first, rows[1].second, rows[1].alike) == ((G,), (C,), 0)
    assert (rows[1].first_level, rows[1].second_level) == (-20, -30)
    assert np.isnan(rows[2].alike)
    assert rows[2].second == ()


def test_the_moments_are_those_of_another_sound_and_never_those_of_the_same_place():
    first, second = heard(*[C] * 12), heard(*[C] * 5, E, *[C] * 6)
    found = compared(places(*range(12)), places(*range(20, 32)), first, second)
    assert moments(found) == (5,)
    same = compared(places(*range(12)), places(*range(12)), first, second)
    assert moments(same) == ()


def test_moments_lie_apart():
    found = compared(places(*range(20)), places(*range(20, 40)), heard(*[C] * 20), heard(*[E] * 20))
    chosen = moments(found)
    assert len(chosen) == 6
    assert min(np.diff(sorted(chosen))) >= 2


def test_strongest_classes_reach_half_of_the_strongest():
    chroma = np.zeros(12)
    chroma[[C, E, G, 9]] = 1.0, 0.6, 0.4, 0.45
    assert strongest_classes(chroma) == (C, E)
    assert strongest_classes(np.zeros(12)) == ()


def test_what_every_pitch_class_has_is_no_harmony():
    vectors = np.full((2, 14), 0.2, np.float32)
    vectors[0, C], vectors[1, E] = 1.0, 1.0
    chroma = chroma_of(vectors, slice(0, 12), 1.0)
    assert chroma[0] @ chroma[1] == 0
    assert chroma[0, C] == pytest.approx(0.8)
