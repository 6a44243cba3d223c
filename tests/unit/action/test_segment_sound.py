"""Harmony and level of segments: alike are those of one pitch class, whatever the octave, level and length."""

import itertools

import numpy as np
import pytest

from antiphon.action.selection import segment_sound as module
from antiphon.action.selection.segment_sound import QUIETEST_DBFS, segment_sound
from antiphon.types import Audio

RATE = 16000


def tone(key: float, seconds: float = 1.0, amplitude: float = 0.3) -> np.ndarray:
    """Six harmonics of a MIDI pitch."""
    times = np.arange(round(seconds * RATE)) / RATE
    hertz = 440 * 2 ** ((key - 69) / 12)
    return amplitude * sum(0.6**n * np.sin(2 * np.pi * hertz * (n + 1) * times) for n in range(6)).astype(np.float32)


def sound_of(*parts: np.ndarray, seconds: float = 1.0):
    audio = Audio(np.concatenate(parts)[:, None].astype(np.float32), RATE)
    edges = np.arange(len(parts) + 1) * seconds
    return segment_sound(audio, np.stack([edges[:-1], edges[1:]], axis=1))


def test_a_pitch_class_agrees_with_itself_in_another_octave_and_not_with_another():
    found = sound_of(tone(60), tone(60), tone(72), tone(66), tone(61))
    alike = found.chroma @ found.chroma.T
    assert alike[0, 1] > 0.95
    assert alike[0, 2] > 0.8
    assert alike[0, 3] < 0.1
    assert alike[0, 4] < 0.3


def test_register_rises_by_an_octave_with_an_octave_whatever_the_level():
    found = sound_of(tone(60), tone(72), np.zeros(RATE, dtype=np.float32))
    assert found.register[1] - found.register[0] == pytest.approx(1, abs=0.05)
    assert found.register[2] == 0
    # By itself: a spectrum at the border of a far louder segment holds some of that.
    assert sound_of(tone(60, amplitude=0.03)).register[0] == pytest.approx(found.register[0], abs=0.05)


def test_a_chord_is_nearer_to_a_chord_with_two_of_its_notes_than_to_one_without():
    c_major, a_minor, f_sharp = (sum(map(tone, keys)) for keys in ((60, 64, 67), (57, 60, 64), (54, 58, 61)))
    found = sound_of(c_major, a_minor, f_sharp)
    alike = found.chroma @ found.chroma.T
    assert alike[0, 1] > 0.3
    assert alike[0, 2] < 0


def test_harmony_does_not_depend_on_level_and_level_is_in_dbfs():
    loud, soft = sound_of(tone(60, amplitude=0.3)), sound_of(tone(60, amplitude=0.03))
    assert loud.chroma @ soft.chroma.T == pytest.approx(1, abs=1e-3)
    assert loud.level - soft.level == pytest.approx(20, abs=0.01)
    noise = Audio(np.full((RATE, 2), 0.1, np.float32), RATE)
    assert segment_sound(noise, np.array([[0.0, 1.0]])).level == pytest.approx(-20, abs=0.01)


def test_each_row_has_length_1_and_silence_has_no_harmony():
    found = sound_of(tone(60), np.zeros(RATE, np.float32), tone(64))
    assert np.linalg.norm(found.chroma, axis=1) == pytest.approx([1, 0, 1], abs=1e-3)
    assert found.level[1] == QUIETEST_DBFS


def test_a_segment_past_the_end_is_silent():
    audio = Audio(tone(60)[:, None], RATE)
    found = segment_sound(audio, np.array([[0.0, 1.0], [1.0, 2.0], [5.0, 6.0]]))
    assert found.level[1:].tolist() == [QUIETEST_DBFS, QUIETEST_DBFS]
    assert not found.chroma[1:].any()


def test_nothing_has_nothing():
    empty = Audio(np.empty((0, 1), np.float32), RATE)
    found = segment_sound(empty, np.empty((0, 2)))
    assert (found.chroma.shape, found.level.shape) == ((0, 24), (0,))


def test_a_long_recording_is_heard_in_blocks_that_leave_no_trace(monkeypatch):
    keys = np.random.default_rng(0).integers(48, 72, 12)
    parts = [tone(key) for key in keys]
    whole = sound_of(*parts)
    monkeypatch.setattr(module, "BLOCK_SECONDS", 3.0)
    assert sound_of(*parts).chroma == pytest.approx(whole.chroma, abs=1e-4)


@pytest.mark.parametrize("off", [-0.4, 0.0, 0.4])
def test_both_resolutions_count_pitch_classes_from_c_and_forgive_a_tuning_within_a_quarter_of_a_tone(off):
    times = np.arange(RATE) / RATE
    tones = [0.3 * np.sin(2 * np.pi * 440 * 2 ** ((key + off - 69) / 12) * times) for key in range(72, 84)]
    found = sound_of(*tones).chroma
    assert found[:, :12].argmax(axis=1).tolist() == list(range(12))
    assert found[:, 12:].argmax(axis=1).tolist() == list(range(12))


def test_of_two_notes_in_a_segment_the_louder_one_is_its_harmony():
    c, f_sharp = tone(72, 0.5, amplitude=0.3), tone(66, 0.5, amplitude=0.06)
    (found,) = sound_of(np.concatenate([f_sharp, c])).chroma
    assert (found[:12].argmax(), found[12:].argmax()) == (0, 0)


def test_the_short_spectrum_weighs_the_octaves_around_880_hz_most():
    times = np.arange(RATE) / RATE
    a, d_sharp = (0.3 * np.sin(2 * np.pi * hertz * times) for hertz in (220, 440 * 2 ** (18 / 12)))
    (found,) = sound_of(a + d_sharp).chroma[:, 12:]
    assert found[3] > 1.2 * found[9] > 0


def octaves_away(key: float, pitch_class: int) -> float:
    """Semitones (-6 to 6) from the nearest note of a pitch class to a key."""
    return (key - pitch_class + 6) % 12 - 6


def test_each_bin_of_a_long_spectrum_counts_towards_the_pitch_classes_near_it_and_less_the_higher_it_is():
    """A bin by itself: a bell around each note of the class, over the bin's frequency, between the two ends."""
    length = module.SAMPLE_RATE // 10
    found = module._pitch_classes(length)
    assert found.shape == (12, length // 2 + 1)
    for bin_ in range(found.shape[1]):
        hertz = 10.0 * bin_
        inside = module.LOWEST_HZ < hertz < module.HIGHEST_HZ
        key = 69 + 12 * np.log2(hertz / 440) if inside else 0.0
        for pitch_class in range(12):
            bell = np.exp(-0.5 * (octaves_away(key, pitch_class) / module.PITCH_CLASS_WIDTH) ** 2)
            assert found[pitch_class, bin_] == pytest.approx(bell / hertz if inside else 0, rel=1e-9, abs=1e-15)


def test_each_bin_of_a_short_spectrum_is_shared_out_by_nearness_and_weighed_by_its_octave():
    """A bin by itself, from A = 27.5 Hz: twice its distance in bins' widths, which are a semitone at least; the bin at
    0 Hz counts as a note one and a half octaves below the next."""
    length = 128
    found = module._dominant_pitch_classes(length)
    hertz = [module.SAMPLE_RATE / length * bin_ for bin_ in range(1, length // 2 + 1)]
    keys = [12 * np.log2(each / 27.5) for each in hertz]
    keys = [keys[0] - 18, *keys]
    for bin_, key in enumerate(keys):
        width = max(keys[bin_ + 1] - key, 1.0) if bin_ + 1 < len(keys) else 1.0
        bells = [np.exp(-0.5 * (2 * octaves_away(key, note) / width) ** 2) for note in range(12)]
        octave = np.exp(-0.5 * ((key / 12 - module.DOMINANT_OCTAVE) / module.OCTAVES) ** 2)
        from_a = np.array(bells) / np.sqrt(np.sum(np.square(bells))) * octave
        assert found[:, bin_] == pytest.approx(np.concatenate([from_a[3:], from_a[:3]]), abs=1e-9)


@pytest.mark.parametrize("total", [0, 1, 9, 10, 11, 20, 37, 40])
@pytest.mark.parametrize("longest", [3, 13, 50])
def test_a_sound_that_comes_in_blocks_is_taken_by_steps_with_margins(total, longest):
    """Ten samples at a time, four more on either side where there are any."""
    sound, rng = np.arange(total, dtype=np.float32), np.random.default_rng(total)
    edges = [0, *np.cumsum(rng.integers(1, longest + 1, total)).tolist()]
    blocks = [sound[first:stop] for first, stop in itertools.pairwise(edges) if first < total]
    found = [(start, first, part.tolist()) for start, first, part in module._stretches(iter(blocks), 10, 4)]
    assert found == [
        (start, max(0, start - 4), sound[max(0, start - 4) : start + 14].tolist())
        for start in range(0, max(total, 1), 10)
    ]


def test_a_power_spectrum_is_of_as_many_samples_around_its_centre_by_a_hann_window():
    """Each by itself; before the first sample and after the last there is silence."""
    sound = np.random.default_rng(1).normal(size=300).astype(np.float32)
    centres = np.array([0, 7, 150, *range(200, 264), 299])
    found = module._power(sound, centres, 64)
    assert found.shape == (68, 33)
    window = [np.sin(np.pi * place / 64) ** 2 for place in range(64)]
    for row, centre in zip(found, centres, strict=True):
        heard = [sound[at] if 0 <= at < 300 else 0.0 for at in range(centre - 32, centre + 32)]
        assert row == pytest.approx(np.abs(np.fft.rfft(np.multiply(heard, window))) ** 2, rel=1e-4, abs=1e-5)


def test_chroma_come_every_1024_samples_at_22050_hz_and_count_by_the_power_around_them():
    sound = np.random.default_rng(2).normal(size=5000).astype(np.float32) * np.linspace(0.1, 1, 5000, dtype=np.float32)
    (found,) = module._chroma(iter([sound[:1700], sound[1700:]]))
    times, chroma = found[:2]
    assert times.tolist() == pytest.approx([1024 * frame / 22050 for frame in range(5)])
    centres = np.arange(0, 5000, 1024)
    slow = np.sqrt(module._power(sound, centres, 16384)) @ module._pitch_classes(16384).T
    fast = module._power(sound, centres, 4096) @ module._dominant_pitch_classes(4096).T
    for frame, centre in enumerate(centres):
        power = np.mean(np.square(sound[max(0, centre - 1024) : centre + 1024], dtype=np.float64))
        wanted = np.concatenate([slow[frame], fast[frame] / fast[frame].max()]) * power
        assert chroma[frame] == pytest.approx(wanted, rel=1e-5)


def test_a_frame_belongs_to_the_segment_that_its_middle_lies_in_and_else_to_none():
    """Before the first segment, between two and after the last there are frames of another note."""
    sound = np.concatenate([tone(key, 0.5) for key in (61, 60, 66, 64, 70)])
    intervals = np.array([[0.5, 1.0], [1.5, 2.0]])
    found = segment_sound(Audio(sound[:, None], RATE), intervals).chroma
    for pitch_class, row in zip((0, 4), found, strict=True):
        assert (row[:12].argmax(), row[12:].argmax()) == (pitch_class, pitch_class)


def test_both_halves_of_a_rows_harmony_have_no_mean_and_count_alike():
    found = module._centred(np.array([[1.0, 3, 2] + [2] * 9, [5.0] * 12, [0.0] * 12]))
    assert found[0].tolist() == pytest.approx([-(0.5**0.5), 0.5**0.5, *[0] * 10])
    assert not found[1:].any()
    chroma = sound_of(tone(60), tone(65)).chroma
    assert chroma.reshape(2, 2, 12).mean(axis=2) == pytest.approx(0, abs=1e-6)
    assert np.linalg.norm(chroma.reshape(2, 2, 12), axis=2) == pytest.approx(0.5**0.5, abs=1e-6)
