import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.corpus.synthesis.chorale_scores import Note, Score
from antiphon.corpus.synthesis.tunes import group_by_tune

PASSION = [64, 69, 67, 65, 64, 62, 64, 71, 72, 71, 69, 71, 69, 72, 71, 67, 69, 71, 72, 67, 65, 64, 62]
OTHER = [67, 67, 69, 71, 72, 71, 69, 67, 71, 74, 72, 71, 69, 67, 69, 66, 67, 64, 66, 67, 69, 62, 67]


def score(name, pitches, ornaments=()):
    notes = [Note(float(i), 0.5 if i in ornaments else 1.0, pitch) for i, pitch in enumerate(pitches)]
    notes += [Note(i + 0.5, 0.5, pitches[i] + 1) for i in ornaments]
    return Score(name, {"soprano": tuple(sorted(notes, key=lambda note: note.onset))}, float(len(pitches)))


@given(st.integers(-12, 12), st.sets(st.integers(0, len(PASSION) - 2)))
def test_a_tune_is_known_in_any_key_with_any_passing_notes(shift, ornaments):
    tunes = group_by_tune([score("a", PASSION), score("b", [pitch + shift for pitch in PASSION], ornaments)])
    assert tunes == {"a": "a", "b": "a"}


def test_other_tunes_are_other_pieces():
    assert group_by_tune([score("b", PASSION), score("a", OTHER)]) == {"a": "a", "b": "b"}


def test_versions_of_one_work_belong_together_whatever_they_sing():
    tunes = group_by_tune([score("bwv1.2-a", PASSION), score("bwv1.2", OTHER), score("bwv1.20", [60] * 9)])
    assert tunes == {"bwv1.2-a": "bwv1.2", "bwv1.2": "bwv1.2", "bwv1.20": "bwv1.20"}


@pytest.mark.parametrize("names", list(itertools.permutations("xyz")))
def test_a_medley_links_its_tunes(names):
    melodies = (PASSION, OTHER, PASSION + OTHER)
    tunes = group_by_tune([score(name, melody) for name, melody in zip(names, melodies, strict=True)])
    assert set(tunes.values()) == {"x"}


def test_melodies_too_short_for_a_pattern_are_no_tune_in_common():
    assert len(set(group_by_tune([score("a", [60, 62]), score("b", [60, 62])]).values())) == 2
