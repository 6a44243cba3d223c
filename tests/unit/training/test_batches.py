from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from antiphon.config import TrainingSettings
from antiphon.dataset import TokenExcerpt, TokenPair
from antiphon.decision.generation import Context
from antiphon.decision.vocabulary import Vocabulary
from antiphon.evaluation.shifted_guides import JUDGED_SHARES, circularly_shifted
from antiphon.training.batches import Drawing, all_pairs, epoch_batches, padded, places

VOCABULARY = Vocabulary(1000)
CONTEXT = Context(6, 4)
AS_IT_IS = Drawing(CONTEXT, VOCABULARY)
SHIFTED = Drawing(CONTEXT, VOCABULARY, shifted=True)
REST = 999


def excerpt(*lengths: int, name: str = "take") -> TokenExcerpt:
    """Track i holds 100 i, 100 i + 1, ...: a token says of which track and place it is."""
    ids = tuple(100 * track + np.arange(length) for track, length in enumerate(lengths))
    return TokenExcerpt(name, name, tuple(f"track {i}" for i in range(len(lengths))), ids)


def rows(batch) -> list[tuple[list[int], list[int]]]:
    """Pairs without their filler, which must be the same in both."""
    found = []
    for guide, target in zip(batch.guide.numpy(), batch.target.numpy(), strict=True):
        filler = guide == VOCABULARY.pad
        assert (filler == (target == VOCABULARY.pad)).all()
        assert (np.diff(filler.astype(int)) >= 0).all(), "filler stands at the end only"
        assert not filler.all()
        found.append((guide[~filler].tolist(), target[~filler].tolist()))
    return found


def epoch(excerpts, epoch=0, drawing=AS_IT_IS, transposed=(), **settings) -> list[tuple[list[int], list[int]]]:
    settings = TrainingSettings(**{"random_offsets": False} | settings)
    batches = epoch_batches(excerpts, drawing, settings, epoch, transposed)
    return [row for batch in batches for row in rows(batch)]


def pair(guide, target) -> TokenPair:
    return TokenPair(np.array(guide), np.array(target), np.full(len(guide), 0.5))


@given(st.lists(st.integers(0, 20), min_size=2, max_size=4))
def test_pairs_are_simultaneous_and_of_two_tracks(lengths):
    if sorted(lengths)[-2] == 0:
        return
    for guide, target in epoch([excerpt(*lengths)], draws_per_window=3, batch_size=4):
        assert len(guide) == len(target) <= CONTEXT.tokens
        assert [token % 100 for token in guide] == [token % 100 for token in target]
        assert guide[0] // 100 != target[0] // 100


def test_every_ordered_pair_of_every_window_is_drawn():
    # Windows of 6 every 4 over 15: at 0, 4, 8 and 12. Three tracks: six ordered pairs.
    drawn = Counter(
        (guide[0] // 100, target[0] // 100, guide[0] % 100)
        for number in range(10)
        for guide, target in epoch([excerpt(15, 15, 15)], number, draws_per_window=20)
    )
    expected = {(a, b, start) for a in range(3) for b in range(3) if a != b for start in (0, 4, 8, 12)}
    assert drawn.keys() == expected
    assert max(drawn.values()) < 3 * min(drawn.values())


def test_every_window_is_drawn_as_often_as_the_others():
    drawn = Counter(guide[0] % 100 for guide, _ in epoch([excerpt(15, 15)], draws_per_window=5))
    assert drawn == {0: 5, 4: 5, 8: 5, 12: 5}


def test_an_epoch_is_the_same_again_and_unlike_the_next():
    excerpts = [excerpt(30, 30, 30), excerpt(20, 25, name="other")]
    assert epoch(excerpts) == epoch(excerpts)
    assert epoch(excerpts) != epoch(excerpts, 1)
    assert epoch(excerpts) != epoch(excerpts, seed=1)


def test_batches_are_full_but_the_last():
    settings = TrainingSettings(batch_size=4, draws_per_window=5)
    sizes = [len(batch) for batch in epoch_batches([excerpt(10, 10)], AS_IT_IS, settings, 0)]
    assert sizes == [4, 4, 2]


def test_all_pairs_are_every_window_both_ways():
    # The second track ends at 5: in the window at 4 the two share one segment.
    found = [(each.guide.tolist(), each.target.tolist()) for each in all_pairs([excerpt(10, 5)], AS_IT_IS)]
    first, second = list(range(5)), list(range(100, 105))
    assert sorted(found) == [(first, second), ([4], [104]), (second, first), ([104], [4])]


def test_windows_cover_every_segment():
    for length in range(1, 30):
        covered = {
            place.start + step for place in places([excerpt(length, length)], CONTEXT) for step in range(CONTEXT.tokens)
        }
        assert set(range(length)) <= covered


def test_filler_stands_behind_the_end():
    batch = padded([pair([1, 2, 3], [4, 5, 6]), pair([7], [8])], VOCABULARY)
    pad = VOCABULARY.pad
    assert batch.guide.tolist() == [[1, 2, 3], [7, pad, pad]]
    assert batch.target.tolist() == [[4, 5, 6], [8, pad, pad]]
    assert batch.durations.tolist() == [[0.5, 0.5, 0.5], [0.5, 0, 0]]


def resting(*tracks) -> TokenExcerpt:
    return TokenExcerpt("take", "take", tuple(f"track {i}" for i in range(len(tracks))), tuple(map(np.array, tracks)))


def test_targets_that_rest_weigh_together_as_one_that_sounds():
    # One of four tracks sounds: three pairs answer with it, nine with silence.
    sounding, silent = list(range(6)), [REST] * 6
    drawing = Drawing(CONTEXT, VOCABULARY, REST)
    drawn = epoch([resting(sounding, silent, silent, silent)], drawing=drawing, draws_per_window=4000)
    share = np.mean([target[0] == REST for _, target in drawn])
    assert abs(share - 1 / 4) < 0.03
    guides = Counter(guide[0] for guide, target in drawn if target[0] == REST)
    assert set(guides) == {0, REST}, "every resting pair is drawn now and then"


def test_a_window_in_which_nothing_sounds_teaches_nothing():
    silent = [REST] * 6
    drawing = Drawing(CONTEXT, VOCABULARY, REST)
    assert epoch([resting(silent, silent)], drawing=drawing) == []
    assert len(epoch([resting(silent, silent)], draws_per_window=3)) == 3, "without a rest class nothing is silence"


def test_a_piece_weighs_by_its_time_and_not_by_its_tracks():
    duo, band = excerpt(30, 30, name="duo"), excerpt(*[30] * 6, name="band")
    drawn = epoch([duo, excerpt(60, 60, name="long"), band], draws_per_window=4)
    windows = Counter(len(places([each], CONTEXT)) for each in (duo, band))
    assert windows == {7: 2}
    assert len(drawn) == 4 * (7 + 15 + 7)
    assert sum(max(guide[0], target[0]) >= 200 for guide, target in drawn) <= 4 * 7


def test_random_offsets_begin_everywhere_and_stay_inside():
    drawn = [row for number in range(30) for row in epoch([excerpt(15, 15)], number, random_offsets=True)]
    starts = {guide[0] % 100 for guide, _ in drawn}
    assert starts == set(range(10))
    assert all(len(guide) == CONTEXT.tokens for guide, _ in drawn)


def test_a_draw_is_in_one_key_for_both_tracks_and_all_keys_are_drawn():
    other = [
        TokenExcerpt("take", "take", ("a", "b"), tuple(ids + 300 * key for ids in excerpt(15, 15).ids))
        for key in (1, 2)
    ]
    drawn = epoch([excerpt(15, 15)], transposed=[[each] for each in other], draws_per_window=100)
    keys = Counter((guide[0] // 300, target[0] // 300) for guide, target in drawn)
    assert keys.keys() == {(0, 0), (1, 1), (2, 2)}
    assert min(keys.values()) > len(drawn) / 4


def test_a_shifted_guide_is_from_elsewhere_in_the_same_track_by_a_quarter_to_three_quarters():
    drawn = epoch([excerpt(40, 40)], drawing=SHIFTED, draws_per_window=100)
    assert all(guide[0] // 100 != target[0] // 100 for guide, target in drawn)
    distances = {(target[0] % 100 - guide[0] % 100) % 40 for guide, target in drawn}
    assert min(distances) == 10
    assert max(distances) == 30
    assert len(distances) == 21, "redrawn at every draw"


def test_who_hears_shifted_guides_learns_the_same_targets_in_the_same_order():
    tracks = [excerpt(40, 40, 40)]
    assert [target for _, target in epoch(tracks)] == [target for _, target in epoch(tracks, drawing=SHIFTED)]


def test_shifted_guides_are_judged_by_fixed_shares_of_the_whole_track():
    shares = set()
    for each in all_pairs([excerpt(100, 100, 100)], SHIFTED):
        shares.add(int((each.target[0] - each.guide[0]) % 100) / 100)
    assert shares == set(JUDGED_SHARES)


def test_a_turned_guide_has_the_same_tokens_and_the_target_stays():
    turned = circularly_shifted(pair([0, 1, 2, 3], [4, 5, 6, 7]), 0.25)
    assert turned.guide.tolist() == [3, 0, 1, 2]
    assert turned.target.tolist() == [4, 5, 6, 7]
