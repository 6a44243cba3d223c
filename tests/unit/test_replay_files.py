"""What an agent keeps to rehearse, and its opponents, on disk."""

import numpy as np
import pytest

from antiphon.agent.replay import REPLAY_BYTES, Replay, replay_from, replay_of


def windows(count: int, classes: int, n: int = 30, lasting: float | None = 0.5):
    random = np.random.default_rng(0)
    found = []
    for _ in range(count):
        length = int(random.integers(1, n + 1))
        durations = np.full(length, lasting) if lasting else random.uniform(0.1, 2, length)
        found.append((random.integers(classes, size=length), random.integers(classes, size=length), durations))
    return found


@pytest.mark.parametrize(("classes", "lasting"), [(65, 0.5), (257, 0.5), (65, None)])
def test_what_was_written_is_read_again(classes, lasting):
    kept = windows(50, classes, lasting=lasting)
    read = replay_of(replay_from(kept, checked=5).arrays(), classes)
    assert (len(read), read.checked) == (50, 5)
    for row, (guide, target, durations) in enumerate(kept):
        assert read.lengths[row] == len(guide)
        np.testing.assert_array_equal(read.guide[row, : len(guide)], guide)
        np.testing.assert_array_equal(read.target[row, : len(guide)], target)
        np.testing.assert_allclose(read.durations[row, : len(guide)], durations, rtol=1e-3)


@pytest.mark.parametrize(("classes", "n", "lasting"), [(65, 60, 0.25), (257, 60, 0.25), (257, 60, None)])
def test_it_stays_below_a_megabyte_however_much_there_is(classes, n, lasting):
    arrays = replay_from(windows(20_000, classes, n, lasting), checked=100).arrays()
    assert sum(array.nbytes for array in arrays.values()) <= REPLAY_BYTES + 1000 < 1_000_000
    assert replay_of(arrays, classes).checked == 100
    assert len(arrays["guide"]) > 2000


def test_tokens_of_another_alphabet_are_refused():
    arrays = replay_from(windows(5, 65)).arrays()
    with pytest.raises(ValueError, match="ids of 10 or more"):
        replay_of(arrays, 10)
    with pytest.raises(KeyError):
        replay_of({name: array for name, array in arrays.items() if name != "lengths"}, 65)


def test_a_window_ends_inside_its_row():
    ids = np.zeros((2, 4), dtype=np.int64)
    with pytest.raises(ValueError, match="length"):
        Replay(ids, ids, np.zeros((2, 4), dtype=np.float32), np.array([4, 5]))
