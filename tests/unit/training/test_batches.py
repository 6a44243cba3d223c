from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from antiphon.config import TrainingSettings
from antiphon.dataset import TokenExcerpt
from antiphon.decision.generation import Context
from antiphon.decision.vocabulary import Vocabulary
from antiphon.training.batches import all_pairs, epoch_batches, padded, places

VOCABULARY = Vocabulary(1000)
CONTEXT = Context(6, 4)


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


def epoch(excerpts, epoch=0, **settings) -> list[tuple[list[int], list[int]]]:
    batches = epoch_batches(excerpts, CONTEXT, VOCABULARY, TrainingSettings(**settings), epoch)
    return [row for batch in batches for row in rows(batch)]


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
    sizes = [len(batch.guide) for batch in epoch_batches([excerpt(10, 10)], CONTEXT, VOCABULARY, settings, 0)]
    assert sizes == [4, 4, 2]


def test_all_pairs_are_every_window_both_ways():
    # The second track ends at 5: in the window at 4 the two share one segment.
    found = [(guide.tolist(), target.tolist()) for guide, target in all_pairs([excerpt(10, 5)], CONTEXT)]
    first, second = list(range(5)), list(range(100, 105))
    assert found == [(first, second), (second, first), ([4], [104]), ([104], [4])]


def test_windows_cover_every_segment():
    for length in range(1, 30):
        covered = {
            place.start + step for place in places([excerpt(length, length)], CONTEXT) for step in range(CONTEXT.tokens)
        }
        assert set(range(length)) <= covered


def test_filler_stands_behind_the_end():
    batch = padded([(np.array([1, 2, 3]), np.array([4, 5, 6])), (np.array([7]), np.array([8]))], VOCABULARY)
    pad = VOCABULARY.pad
    assert batch.guide.tolist() == [[1, 2, 3], [7, pad, pad]]
    assert batch.target.tolist() == [[4, 5, 6], [8, pad, pad]]
