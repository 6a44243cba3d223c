import random
from collections import Counter
from dataclasses import replace

import pytest
from corpus_making import take
from hypothesis import given
from hypothesis import strategies as st

from antiphon.config import CorpusSettings
from antiphon.corpus.splits import SPLITS, divide
from antiphon.errors import BadData

SETTINGS = CorpusSettings()

takes_per_piece = st.lists(st.integers(1, 3), min_size=3, max_size=40)


def corpus_of(counts):
    return [take(f"take {i}-{j}", f"piece {i}") for i, count in enumerate(counts) for j in range(count)]


def pieces(division):
    return {split: {window.multitrack.piece for window in windows} for split, windows in division.items()}


def split_of(division):
    return {window.multitrack.name: split for split, windows in division.items() for window in windows}


@given(takes_per_piece, st.integers(0, 5))
def test_a_piece_is_whole_and_each_split_has_one(counts, seed):
    multitracks = corpus_of(counts)
    division = divide(multitracks, CorpusSettings(seed=seed))
    found = pieces(division)
    assert all(found.values())
    assert sum(map(len, found.values())) == len(set.union(*found.values())) == len(counts)
    assert Counter(window.multitrack for windows in division.values() for window in windows) == Counter(multitracks)
    assert all((window.start, window.end) == (0, 60) for windows in division.values() for window in windows)


@given(takes_per_piece, st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(counts, shuffler: random.Random):
    multitracks = corpus_of(counts)
    expected = divide(multitracks, SETTINGS)
    shuffler.shuffle(multitracks)
    assert divide(multitracks, SETTINGS) == expected


def test_the_shares_are_those_of_the_settings():
    assert [len(found) for found in pieces(divide(corpus_of([1] * 100), SETTINGS)).values()] == [80, 10, 10]
    settings = CorpusSettings(train_share=0.7, validation_share=0.3)
    assert [len(found) for found in pieces(divide(corpus_of([1] * 10), settings)).values()] == [7, 3, 0]


def test_the_seed_decides_who_is_tested():
    multitracks = corpus_of([1] * 50)
    drawn = [frozenset(pieces(divide(multitracks, CorpusSettings(seed=seed)))["test"]) for seed in range(5)]
    assert len(set(drawn)) == 5


def test_a_new_piece_moves_few_others():
    before = split_of(divide(corpus_of([1] * 100), SETTINGS))
    after = split_of(divide(corpus_of([1] * 101), SETTINGS))
    assert sum(before[name] != after[name] for name in before) <= 3


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_pieces_are_divided_along_time(count):
    division = divide(corpus_of([1] * count), SETTINGS)
    for split, bounds in zip(SPLITS, [(0, 48), (48, 54), (54, 60)], strict=True):
        assert len(division[split]) == count
        for window in division[split]:
            assert (window.start, window.end) == pytest.approx(bounds)


def test_along_time_every_split_has_two_tracks_that_sound():
    division = divide([take("unequal", durations=(10.0, 90.0, 20.0))], SETTINGS)
    assert division["test"][0].end == pytest.approx(20)


def test_along_time_a_share_of_nothing_is_no_window():
    division = divide([take("short")], CorpusSettings(train_share=0.9, validation_share=0.1))
    assert [len(windows) for windows in division.values()] == [1, 1, 0]


@given(takes_per_piece, st.sampled_from(SPLITS))
def test_what_is_given_wins(counts, wanted):
    multitracks = corpus_of(counts)
    division = divide(multitracks, SETTINGS, {"take 0-0": wanted, "take 1-0": wanted})
    assert {"piece 0", "piece 1"} <= pieces(division)[wanted]
    assert {split_of(division)[each.name] for each in multitracks if each.piece == "piece 0"} == {wanted}


def test_what_is_given_counts_towards_the_shares():
    tested = {f"take {i}-0": "test" for i in range(10)}
    assert [len(found) for found in pieces(divide(corpus_of([1] * 100), SETTINGS, tested)).values()] == [80, 10, 10]


def test_a_corpus_divided_by_hand_stays_so():
    by_hand = {"take 0-0": "train", "take 1-0": "test"}
    assert split_of(divide(corpus_of([1, 1]), SETTINGS, by_hand)) == by_hand


def test_a_split_given_to_another_corpus_is_no_split():
    assert all(divide([take("short")], SETTINGS, {"gone": "train"}).values())


def test_a_piece_on_both_sides_is_refused():
    with pytest.raises(BadData, match=r"'piece 0' is in test and in train"):
        divide(corpus_of([2, 1, 1]), SETTINGS, {"take 0-0": "train", "take 0-1": "test"})


def test_no_multitracks_are_no_windows():
    assert divide([], SETTINGS) == {"train": (), "validation": (), "test": ()}


def by_artist(count):
    return [replace(take(f"take {i}"), artist=f"artist {i % 10}") for i in range(count)]


def test_all_of_an_artist_goes_to_one_split():
    multitracks = by_artist(40)
    division = divide(multitracks, CorpusSettings(split_by="artist"))
    artists = {split: {window.multitrack.artist for window in windows} for split, windows in division.items()}
    assert [len(found) for found in artists.values()] == [8, 1, 1]
    assert len(set.union(*artists.values())) == 10
    assert sum(map(len, division.values())) == 40


def test_without_artists_there_is_no_division_by_them():
    with pytest.raises(BadData, match=r"does not name the artist of 1 multitracks \(song\)"):
        divide([*by_artist(20), take("song")], CorpusSettings(split_by="artist"))


def test_by_take_a_piece_may_be_divided():
    multitracks = corpus_of([10, 10])
    division = divide(multitracks, CorpusSettings(split_by="take"))
    assert [len(windows) for windows in division.values()] == [16, 2, 2]
    assert divide(multitracks, CorpusSettings())["test"][0].start > 0


def test_what_is_given_is_whole_by_artist_as_well():
    with pytest.raises(BadData, match="artist 'artist 1' is in test and in train"):
        divide(by_artist(20), CorpusSettings(split_by="artist"), {"take 1": "train", "take 11": "test"})
