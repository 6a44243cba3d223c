"""Where windows lie: told by an encoder whose frames are the number of their window's first sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import SettingsError
from antiphon.perception.encoders.windows import WindowedFrames, WindowPlan, joined, whole

STRIDE, FIELD = 4, 6


def plan_of(window, hop, tail, first_end=None, padded=False):
    return WindowPlan(
        sample_rate=100,
        stride=STRIDE,
        field=FIELD,
        window=window,
        hop=hop,
        tail=tail,
        first_end=window if first_end is None else first_end,
        padded=padded,
        centre=FIELD // 2,
    )


def hear(window):
    """For each frame of a window: the window's first sample, its length, and the frame's own first sample."""
    frames = 1 + (len(window) - FIELD) // STRIDE
    own = window[: (frames - 1) * STRIDE + 1 : STRIDE]
    return np.stack([np.full(frames, window[0]), np.full(frames, len(window)), own], axis=1)


def counted(samples):
    """Samples that say which they are, from 1; 0 is padding."""
    return np.arange(1, samples + 1, dtype=np.float32)


def in_blocks(stream, samples, lengths):
    pieces, start = [], 0
    for length in lengths:
        stream, more = stream.push(samples[start : start + length])
        pieces += more
        start += length
    stream, more = stream.push(samples[start:])
    return joined((*pieces, *more, *stream.finish()))


plans = st.builds(
    lambda window, hop, share, padded: plan_of(
        window, min(hop, window), int(share * (window - min(hop, window))), padded=padded
    ),
    st.integers(1, 30),
    st.integers(1, 30),
    st.floats(0, 1),
    st.booleans(),
)


@given(plan=plans, samples=st.integers(6, 900), lengths=st.lists(st.integers(1, 200), max_size=8))
def test_blocks_of_any_size_give_what_the_whole_gives(plan, samples, lengths):
    stream = WindowedFrames(plan, hear)
    at_once, piecewise = whole(stream, counted(samples)), in_blocks(stream, counted(samples), lengths)
    for name in ("values", "times", "power"):
        np.testing.assert_array_equal(getattr(piecewise, name), getattr(at_once, name))


@given(plan=plans, samples=st.integers(6, 900))
def test_every_frame_is_given_once_and_at_its_own_place(plan, samples):
    features = whole(WindowedFrames(plan, hear), counted(samples))
    assert len(features.times) == (-(-samples // STRIDE) if plan.padded else 1 + (samples - FIELD) // STRIDE)
    np.testing.assert_array_equal(features.values[:, 2], 1 + STRIDE * np.arange(len(features.times)))
    np.testing.assert_allclose(features.times, (STRIDE * np.arange(len(features.times)) + 3) / 100)


@given(window=st.integers(1, 40), hop=st.integers(1, 40), frames=st.integers(1, 300))
def test_a_frame_is_kept_from_the_window_whose_middle_is_nearest_until_the_last_one(window, hop, frames):
    hop = min(hop, window)
    plan = plan_of(window, hop, window - 1 - (hop + window - 1) // 2)
    features = whole(WindowedFrames(plan, hear), counted((frames - 1) * STRIDE + FIELD))
    used = (features.values[:, 0] - 1) / STRIDE
    if frames <= window:
        assert set(used) == {0}
        return
    starts = np.arange(0, frames - window + 1, hop)
    middles = starts + (window - 1) / 2
    nearest = starts[np.abs(np.arange(frames)[:, None] - middles).argmin(axis=1)]
    last = frames - window
    regular = used != last if last % hop else np.ones(frames, bool)
    np.testing.assert_array_equal(used[regular], nearest[regular])
    # The last window ends with the sound and keeps all that no other window holds.
    assert used[-1] == last
    assert regular[: starts[-1] + (hop + window - 1) // 2 + 1].all()


@given(
    plan=plans,
    samples=st.integers(6, 600),
    lookahead=st.floats(0.05, 3.0),
    lengths=st.lists(st.integers(1, 40), max_size=20),
)
def test_no_frame_waits_longer_than_the_lookahead(plan, samples, lookahead, lengths):
    within = plan.within(lookahead, margin=0)
    assert within.lookahead_seconds <= max(lookahead, 0.06)
    stream = WindowedFrames(within, hear)
    received, lengths = 0, [*lengths, samples]
    for length in lengths:
        stream, _ = stream.push(counted(length))
        received += length
        assert stream.until + within.lookahead_seconds >= received / 100


def test_a_shorter_lookahead_means_shorter_hops_and_says_what_it_cannot_be():
    plan = plan_of(window=20, hop=10, tail=5, padded=True)
    assert plan.lookahead_seconds == pytest.approx((19 * 4 + 6 - 3) / 100)
    assert plan.within(10.0, margin=2) is plan
    assert plan.within(0.20, margin=2).hop == 3
    assert plan.within(0.20, margin=2).lookahead_seconds <= 0.20
    with pytest.raises(SettingsError, match=r"looks at least 0\.1100 s ahead \(given: 0\.1\)"):
        plan.within(0.10, margin=2)


def test_power_is_that_of_the_samples_around_a_frame():
    samples = np.zeros(400, np.float32)
    samples[200:204] = 1
    power = whole(WindowedFrames(plan_of(10, 5, 2), hear), samples).power
    assert power.sum() == pytest.approx(1, rel=1e-6)
    assert power.argmax() in (49, 50)
