import numpy as np
import pytest
from action_making import memory, path, uniform, with_sound

from antiphon.action.rendering.crossfade import Crossfade, HardCut
from antiphon.types import SILENCE, Audio, Memory, MemoryPart, Tokens

FADE = Crossfade(0.05)


@pytest.mark.parametrize("render", [FADE, HardCut(), Crossfade(0)])
@pytest.mark.parametrize(
    ("rate", "seconds", "channels"),
    [(44100, 0.35, 1), (22050, 0.25, 1), (22050, 0.25, 2), (48000, 0.5, 6), (8000, 0.1, 2), (96000, 0.33, 1)],
)
def test_a_memory_played_through_comes_back_bit_for_bit(render, rate, seconds, channels):
    source = memory(range(7), seconds, rate, channels)
    sound = render(path(range(7), source), source, source.tokens.intervals)
    assert sound.sample_rate == rate
    assert sound.samples.tobytes() == source.audio.samples.tobytes()


@pytest.mark.parametrize(("rate", "seconds"), [(22050, 0.25), (44100, 0.35), (48000, 0.5), (11025, 0.13)])
def test_the_length_is_exact(rate, seconds):
    source = memory(range(5), seconds, rate)
    for count in range(1, 12):
        chosen = np.random.default_rng(count).integers(-1, 5, count)
        intervals = uniform(count, seconds)
        assert len(FADE(path(chosen, source), source, intervals).samples) == round(intervals[-1, 1] * rate)


def sine_memory(count=40, rate=8000, frequency=83.3):
    time = np.arange(round(count * 0.5 * rate)) / rate
    return with_sound(range(count), (0.8 * np.sin(2 * np.pi * frequency * time))[:, None].astype(np.float32), rate)


def roughness(sound, rate, joints):
    """Energy of the second difference within 2 ms of the joints."""
    bend = np.diff(sound.samples[:, 0].astype(np.float64), 2) ** 2
    reach = round(0.002 * rate)
    return sum(bend[max(0, joint - reach) : joint + reach].sum() for joint in joints)


def test_joints_do_not_click():
    source = sine_memory()
    chosen = path(np.random.default_rng(0).permutation(40), source)
    joints = [round(0.5 * 8000 * index) for index in range(1, 40)]
    cut = roughness(HardCut()(chosen, source, uniform(40)), 8000, joints)
    faded = roughness(FADE(chosen, source, uniform(40)), 8000, joints)
    smooth = roughness(source.audio, 8000, joints)
    assert cut > 20 * smooth
    assert faded < 1.5 * smooth


@pytest.mark.parametrize("parts", [(), (10, 20, 30)])
@pytest.mark.parametrize("seconds", [0.002, 0.05, 0.5, 1.0])
def test_no_sample_passes_the_peak_of_the_memory(parts, seconds):
    source = memory([0] * 40, rate=8000, parts=parts)
    square = with_sound([0] * 40, np.sign(source.audio.samples) * np.float32(0.7), 8000, parts=parts)
    chosen = path(np.random.default_rng(1).integers(-1, 40, 200), source)
    assert np.abs(Crossfade(seconds)(chosen, square, uniform(200)).samples).max() <= np.float32(0.7)


def test_equal_sound_on_both_sides_of_a_joint_has_no_dip():
    level = with_sound(range(8), np.full((4000, 1), 0.5, np.float32), 1000)
    sound = FADE(path([1, 4, 2, 6, 5], level), level, uniform(5)).samples
    assert np.allclose(sound[10:-10], 0.5, atol=1e-6)


def test_a_fade_moves_to_the_side_that_has_audio():
    level = with_sound(range(8), np.full((4000, 1), 0.5, np.float32), 1000, parts=(4,))
    into_a_start = FADE(path([1, 4, 5], level), level, uniform(3)).samples
    out_of_an_end = FADE(path([3, 6, 7], level), level, uniform(3)).samples
    assert np.allclose(into_a_start[10:-10], 0.5, atol=1e-6)
    assert np.allclose(out_of_an_end[10:-10], 0.5, atol=1e-6)


def test_where_a_part_ends_and_another_begins_both_are_faded():
    level = with_sound(range(8), np.full((40000, 1), 0.5, np.float32), 10000, parts=(4,))
    sound = FADE(path([3, 4], level), level, uniform(2)).samples[:, 0]
    assert abs(sound[4999]) < 0.001
    assert abs(sound[5000]) < 0.001
    assert np.allclose(sound[51:4950], 0.5)
    assert np.allclose(sound[5050:-51], 0.5)


def test_no_part_is_heard_beyond_its_border():
    samples = np.concatenate([np.full(2000, 0.1), np.full(2000, 0.9)])[:, None].astype(np.float32)
    source = with_sound(range(8), samples, 1000, parts=(4,))
    first = FADE(path([3, 0, 3, 2, 3], source), source, uniform(5)).samples
    second = FADE(path([4, 6, 4, 5, 7], source), source, uniform(5)).samples
    assert first.max() <= np.float32(0.1)
    assert second[20:-20].min() >= np.float32(0.9)


def test_only_the_surroundings_of_a_joint_are_touched():
    source = memory(range(8), rate=8000)
    cut = HardCut()(path([1, 2, 5, 6], source), source, uniform(4)).samples
    faded = FADE(path([1, 2, 5, 6], source), source, uniform(4)).samples
    different = np.flatnonzero((cut != faded).any(axis=1))
    inner = different[(different > 40) & (different < 16000 - 40)]
    assert inner.min() >= 8000 - 200
    assert inner.max() < 8000 + 200


def test_silence_is_silent_and_faded_around():
    source = with_sound(range(8), np.full((40000, 1), 0.5, np.float32), 10000)
    sound = FADE(path([1, SILENCE, SILENCE, 3], source), source, uniform(4)).samples[:, 0]
    assert not sound[5125:14875].any()
    assert np.abs(np.diff(sound[100:-100])).max() < 0.5 * np.pi / 2 / 250 * 1.01
    assert np.allclose(sound[100:4875], 0.5)


def test_all_rests_are_silence():
    source = memory([0, 1])
    assert not FADE(path([SILENCE] * 4, source), source, uniform(4)).samples.any()


def test_gaps_between_intervals_stay_silent():
    source = memory(range(6), rate=1000)
    intervals = np.array([[0.5, 1.0], [2.0, 2.5]])
    sound = FADE(path([1, 2], source), source, intervals).samples
    assert len(sound) == 2500
    assert not sound[:480].any()
    assert not sound[1020:1980].any()
    assert sound[520:980].any()
    assert sound[2020:2480].any()


def test_a_gap_is_silent_even_where_the_memory_sounds_on():
    source = memory(range(6), rate=1000)
    intervals = np.array([[0.0, 0.5], [1.0, 1.5]])
    assert not HardCut()(path([0, 2], source), source, intervals).samples[500:1000].any()


def test_a_segment_longer_than_its_interval_is_cut_and_joined():
    source = memory(range(4), rate=1000)
    intervals = np.array([[0.0, 0.3], [0.3, 0.6]])
    sound = HardCut()(path([0, 1], source), source, intervals).samples
    assert np.array_equal(sound[:300], source.audio.samples[:300])
    assert np.array_equal(sound[300:], source.audio.samples[500:800])


def test_a_part_that_ends_a_little_early_is_filled_with_silence():
    samples = np.concatenate([np.full(4995, 0.5), np.full(5000, 0.9)])[:, None].astype(np.float32)
    intervals = np.array([[0.0, 0.25], [0.25, 0.4995], [0.4995, 0.9995]])
    parts = (MemoryPart("a", 0, 4995), MemoryPart("b", 4995, 9995))
    source = Memory(Audio(samples, 10000), Tokens(np.arange(3), intervals, "test"), parts)
    for chosen in ([0, 1], [1, 1], [1, 0]):
        for render in (FADE, HardCut()):
            sound = render(path(chosen, source), source, uniform(2, 0.25)).samples
            assert len(sound) == 5000
            assert sound.max() <= 0.5


def test_a_fade_that_moves_keeps_its_length():
    samples = np.repeat([0.2, 0.8], 20000)[:, None].astype(np.float32)
    source = with_sound(range(8), samples, 10000, parts=(4,))
    into_a_start = FADE(path([1, 4], source), source, uniform(2)).samples[:, 0]
    assert into_a_start[4999] == np.float32(0.2)
    assert into_a_start[5250] == pytest.approx(0.5, abs=0.01)
    assert 0.79 < into_a_start[5480] < 0.8
    out_of_an_end = FADE(path([3, 5], source), source, uniform(2)).samples[:, 0]
    assert 0.2 < out_of_an_end[4520] < 0.21
    assert out_of_an_end[4750] == pytest.approx(0.5, abs=0.01)
    assert out_of_an_end[5000] == np.float32(0.8)


def test_no_fade_is_longer_than_the_runs_it_joins():
    source = memory(range(8), rate=1000)
    intervals = np.array([[0.0, 0.1], [0.1, 0.6], [0.6, 1.1]])
    chosen = path([5, 2, 3], source)
    cut, faded = (render(chosen, source, intervals).samples for render in (HardCut(), Crossfade(1.0)))
    assert np.array_equal(cut[150:1000], faded[150:1000])


def test_runs_shorter_than_the_fade_still_fit():
    source = memory([0] * 50, seconds=0.05, rate=2000, channels=2)
    chosen = path(np.random.default_rng(2).integers(0, 50, 60), source)
    sound = Crossfade(1.0)(chosen, source, uniform(60, 0.05)).samples
    assert sound.shape == (6000, 2)
    assert np.isfinite(sound).all()


def test_the_same_selection_gives_the_same_bytes():
    source = memory(range(9), rate=8000)
    chosen = path(np.random.default_rng(4).integers(-1, 9, 30), source)
    first = FADE(chosen, source, uniform(30)).samples.tobytes()
    assert first == FADE(chosen, source, uniform(30)).samples.tobytes()


def test_nothing_selected_is_no_sound():
    source = memory([0])
    assert FADE(path([], source), source, uniform(0)).samples.shape == (0, 1)


def test_segments_and_intervals_must_match():
    source = memory([0])
    with pytest.raises(ValueError, match="2 segments cannot fill 3 intervals"):
        FADE(path([0, 0], source), source, uniform(3))


def test_a_fade_cannot_last_less_than_nothing():
    with pytest.raises(ValueError, match="0 s or more"):
        Crossfade(-0.1)
