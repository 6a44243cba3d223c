from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import SettingsError
from antiphon.perception import (
    energy_condenser,
    make_condenser,
    max_condenser,
    mean_condenser,
    uniform_intervals,
)
from antiphon.perception.condensers import condensed
from antiphon.types import Features


def features_of(values, times):
    values = np.asarray(values, dtype=np.float32)
    values = values[:, None] if values.ndim == 1 else values
    power = np.full(len(times), 0.01)
    return Features(values, np.asarray(times, dtype=np.float64), np.asarray(power, dtype=np.float32))


def test_a_frame_on_an_edge_belongs_to_the_segment_that_starts_there():
    features = features_of([1, 2, 3, 4], [0.0, 0.5, 0.999, 1.0])
    intervals = np.array([[0.0, 0.5], [0.5, 1.0], [1.0, 1.5]])
    np.testing.assert_allclose(mean_condenser(features, intervals)[:, 0], [1, 2.5, 4])
    np.testing.assert_allclose(max_condenser(features, intervals)[:, 0], [1, 3, 4])


def test_segments_late_in_a_window_are_not_early():
    """20 ms frames in 0.35 s segments: 17.5 frames each. Rounding to 18 or 17 drifts 0.42 s in 15 s; times do not."""
    times = (np.arange(750) * 320 + 200) / 16000
    intervals = uniform_intervals(15.0, 0.35)
    mean_time = mean_condenser(features_of(times, times), intervals)[:, 0]
    assert np.abs(mean_time - intervals.mean(axis=1)).max() < 0.0101


def test_a_segment_without_a_frame_takes_the_nearest_one():
    features = features_of([1, 2, 3], [0.0, 1.0, 2.0])
    intervals = np.array([[0.1, 0.3], [0.6, 0.9], [1.2, 1.9], [5.0, 6.0]])
    assert mean_condenser(features, intervals)[:, 0].tolist() == [1, 2, 3, 3]


@given(data=st.data(), frames=st.integers(1, 40), count=st.integers(1, 12))
def test_both_agree_with_one_segment_at_a_time(data, frames, count):
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    times = np.cumsum(random.uniform(0.01, 0.2, frames))
    values = random.standard_normal((frames, 3)).astype(np.float32)
    starts = np.sort(random.uniform(0, times[-1] * 1.2, count))
    intervals = np.stack([starts, starts + random.uniform(0.01, 1.0, count)], axis=1)
    features = features_of(values, times)
    mean, largest = mean_condenser(features, intervals), max_condenser(features, intervals)
    for segment, (start, end) in enumerate(intervals):
        inside = (times >= start) & (times < end)
        if not inside.any():
            inside = np.arange(frames) == np.abs(times - (start + end) / 2).argmin()
        np.testing.assert_allclose(mean[segment], values[inside].mean(axis=0), atol=1e-5)
        np.testing.assert_array_equal(largest[segment], values[inside].max(axis=0))


def test_energy_weighs_each_frame_by_its_power_and_silence_by_nothing():
    features = features_of([1, 2, 10, 4, 6], [0.0, 0.1, 0.2, 1.0, 1.1])
    features.power[:] = [0.1, 0.3, 0.0, 0.0, 0.0]
    intervals = np.array([[0.0, 0.5], [1.0, 1.5]])
    np.testing.assert_allclose(energy_condenser(features, intervals)[:, 0], [0.1 * 1 / 0.4 + 0.3 * 2 / 0.4, 5])
    features.power[:] *= np.float32(1e-12)
    np.testing.assert_allclose(energy_condenser(features, intervals)[:, 0], [1.75, 5])


@pytest.mark.parametrize("condense", [mean_condenser, max_condenser, energy_condenser])
@given(data=st.data(), frames=st.integers(1, 60), seams=st.lists(st.integers(0, 60), max_size=5))
def test_the_seams_between_pieces_do_not_show(condense, data, frames, seams):
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    times = np.cumsum(random.uniform(0.01, 0.2, frames))
    whole = Features(
        random.standard_normal((frames, 3)).astype(np.float32), times, random.random(frames).astype(np.float32)
    )
    edges = [0, *sorted(min(seam, frames) for seam in seams), frames]
    pieces = [
        Features(whole.values[first:end], times[first:end], whole.power[first:end]) for first, end in pairwise(edges)
    ]
    starts = np.sort(random.uniform(0, times[-1] * 1.2, 12))
    grids = [np.stack([starts, starts + random.uniform(0.01, 1.0, 12)], axis=1), uniform_intervals(times[-1] + 1, 0.35)]
    for found, grid in zip(condensed(pieces, grids, condense), grids, strict=True):
        np.testing.assert_array_equal(found, condense(whole, grid))


def test_names():
    assert make_condenser("mean") is mean_condenser
    assert make_condenser("energy") is energy_condenser
    with pytest.raises(SettingsError, match="known: mean, max, energy"):
        make_condenser("median")
    with pytest.raises(ValueError, match="no frame"):
        mean_condenser(features_of(np.empty((0, 1)), []), np.array([[0.0, 1.0]]))
