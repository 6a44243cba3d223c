import numpy as np
import pytest
from action_making import distances, memory, plain, specification, with_sound

from antiphon.action.selection import concatenation_cost as module
from antiphon.action.selection.concatenation_cost import BANDS, Boundaries, boundaries, edge_descriptors
from antiphon.action.selection.optimal import OptimalSelection
from antiphon.errors import BadData

RATE = 8000


def tones(pitches, levels=None):
    """A memory of half-second tones, one segment each, all of one label."""
    time = np.arange(RATE // 2) / RATE
    levels = levels or [0.5] * len(pitches)
    sound = np.concatenate([level * np.sin(2 * np.pi * hz * time) for hz, level in zip(pitches, levels, strict=True)])
    return with_sound([0] * len(pitches), sound.astype(np.float32)[:, None], RATE)


def price(found, before, after):
    return found.prices[found.right[before], found.left[after]]


def test_a_cut_between_like_edges_is_free_and_the_larger_the_change_the_dearer():
    found = boundaries(tones([440, 440, 466, 1760]))
    assert price(found, 0, 1) == pytest.approx(0, abs=1e-6)
    assert 0 < price(found, 0, 2) < price(found, 0, 3)


def test_a_cut_into_another_loudness_costs():
    found = boundaries(tones([440, 440, 440], [0.5, 0.4, 0.005]))
    assert price(found, 0, 1) < price(found, 0, 2)


def test_a_cut_between_places_at_random_costs_one():
    found = boundaries(memory([0] * 400, rate=1000))
    assert found.prices[found.right[:, None], found.left].mean() == pytest.approx(1)
    assert len(found.prices) <= 256


def test_silence_and_a_memory_of_one_segment_have_edges_too():
    assert boundaries(with_sound([0], np.zeros((4000, 2), np.float32), RATE)).prices.max() == 0
    assert boundaries(with_sound([0], np.zeros((10, 1), np.float32), 40)).prices.shape == (1, 1)


def test_the_same_memory_has_the_same_classes():
    some, same = boundaries(memory([0] * 300, rate=1000)), boundaries(memory([0] * 300, rate=1000))
    assert np.array_equal(some.left, same.left)
    assert np.array_equal(some.prices, same.prices)


def test_of_two_jumps_the_one_that_is_heard_less_is_taken():
    source = tones([440, 880, 1500, 440, 445])
    source = with_sound([0, 5, 1, 5, 1], source.audio.samples, RATE)
    chosen = OptimalSelection(plain(boundary_cost=1.0), distances(10), boundaries(source))
    assert chosen.select(specification([0, 1]), source).segments.tolist() == [0, 4]


def test_samples_that_are_no_numbers_are_refused_with_their_place():
    sound = np.zeros((RATE, 1), np.float32)
    sound[RATE // 2 + 10] = np.nan
    with pytest.raises(BadData, match=r"no numbers, near 0.5 s"):
        boundaries(with_sound([0, 0], sound, RATE))


def test_boundaries_of_another_memory_are_refused():
    with pytest.raises(ValueError, match="boundaries of 2 segments for a memory of 3"):
        OptimalSelection(plain(), distances(10), boundaries(tones([440, 880]))).select(
            specification([0]), tones([440, 880, 220])
        )
    with pytest.raises(ValueError, match="finite"):
        Boundaries(np.zeros(1, np.int64), np.zeros(1, np.int64), np.full((1, 1), np.inf))


def test_a_memory_of_no_segments_has_no_edges():
    found = boundaries(memory([]))
    assert (len(found.left), len(found.right), found.prices.shape) == (0, 0, (1, 1))


def test_up_to_as_many_edges_as_classes_each_is_its_own():
    source = tones([440, 440, 440, 470, 1000, 1000])
    edges = np.unique(edge_descriptors(source), axis=0)
    found = boundaries(source, classes=len(edges))
    assert len(found.prices) == len(edges)
    assert boundaries(source, classes=3).prices.shape == (3, 3)


def test_all_that_a_rate_holds_is_heard_in_one_band_or_another():
    quiet, low, high = edge_descriptors(tones([440, 440, 3700], [0.0, 0.5, 0.5]))[:3, :BANDS]
    assert quiet.max() == 0
    assert low.max() > 40
    assert high.max() > 40
    assert low.argmax() < high.argmax()


def test_bands_are_triangles_from_one_mel_corner_to_the_next_but_one():
    """Each weight by itself, from corners that are even on the mel scale between 0 Hz and half the rate."""
    length, rate = 400, 8000
    found = module._mel_weights(length, rate)
    assert found.shape == (201, BANDS)
    top = 2595 * np.log10(1 + 4000 / 700)
    corners = [700 * (10 ** (top * number / (BANDS + 1) / 2595) - 1) for number in range(BANDS + 2)]
    for bin_ in range(201):
        hertz = 20.0 * bin_
        for band in range(BANDS):
            low, middle, high = corners[band : band + 3]
            side = (hertz - low) / (middle - low) if hertz <= middle else (high - hertz) / (high - middle)
            assert found[bin_, band] == pytest.approx(max(0, side), abs=1e-9)


def test_each_bin_from_100_to_2000_hz_belongs_to_the_pitch_class_nearest_to_it_counted_from_a():
    found = module._chroma_weights(400, 8000)
    assert found.shape == (201, 12)
    for bin_ in range(201):
        hertz = 20 * bin_
        wanted = round(12 * np.log2(hertz / 440)) % 12 if 100 <= hertz <= 2000 else None
        assert found[bin_].tolist() == [float(each == wanted) for each in range(12)]


def test_an_edge_is_heard_for_a_twentieth_of_a_second_inside_its_segment():
    """One sample by itself: the 200th of the 400 of a left edge, and the 200th from the end of a right edge."""
    sound = np.zeros((3 * RATE // 2, 2), np.float32)
    sound[RATE // 2 + 199] = 0.9, 0.3
    sound[RATE - 200] = 0.6
    found = edge_descriptors(with_sound([0, 0, 0], sound, RATE))
    assert (found > 0).any(axis=1).tolist() == [False, True, False, False, True, False]
    assert found[1] == pytest.approx(found[4], abs=1e-6), "channels are mixed, and a window is the same from both ends"
    window = np.sin(np.pi * 200 / 401) ** 2
    windows = sum(np.sin(np.pi * place / 401) ** 4 for place in range(1, 401))
    # All of its bins have one power, but that those at the ends stand for themselves alone.
    power = 201 * 2 * (0.6 * window) ** 2 / (400 * windows)
    assert found[1, -1] == pytest.approx(2 * (60 + 10 * np.log10(power)), abs=1e-6)


def test_an_excerpt_past_the_end_is_filled_up_with_silence_and_channels_are_mixed():
    samples = np.array([[1, 3], [2, 0], [4, 4]], np.float32)
    found = module._excerpts(with_sound([0], samples, 3).audio, np.array([0, 1]), 3)
    assert found.tolist() == [[2, 1, 4], [1, 4, 0]]


def test_classes_are_the_means_of_the_edges_that_are_nearest_to_them():
    """Three heaps, of which the last edge of all is the third: k-means finds each heap's mean."""
    heaps = np.array([[0.0, 0], [0, 1], [0, 2], [50, 0], [50, 2], [0, 90]])
    order = [0, 3, 1, 4, 2, 5]
    found = module._centres(heaps[order], 3)
    assert sorted(found.tolist()) == [[0, 1], [0, 90], [50, 1]]
    assert module._nearest(heaps, found).tolist() == [
        found.tolist().index(mean) for mean in [[0, 1]] * 3 + [[50, 1]] * 2 + [[0, 90]]
    ]
    assert module._centres(heaps, 6).tolist() == sorted(heaps.tolist()), "as many as there are stay as they are"


def test_a_pitch_counts_as_much_however_soft_it_is_until_it_is_silent():
    pitches = edge_descriptors(tones([440, 440, 440], [0.5, 0.02, 1e-5]))[:3, BANDS : BANDS + 12]
    assert pitches.max(axis=1).tolist() == [20, 20, 0]
    assert pitches[0] == pytest.approx(pitches[1], abs=1e-3)
