import numpy as np
import pytest

from antiphon.audio import read, write
from antiphon.corpus.reading import read_track
from antiphon.types import Audio, Source, Track


def written(path, length, channels=1, rate=8000, seed=0):
    samples = np.random.default_rng(seed).uniform(-0.4, 0.4, (length, channels)).astype(np.float32)
    write(path, Audio(samples, rate))
    return read(path)


def test_sources_of_one_instrument_are_summed_and_the_shorter_end_in_silence(tmp_path):
    a, b = written(tmp_path / "a.wav", 800), written(tmp_path / "b.wav", 500, seed=1)
    track = Track("guitar", (Source(tmp_path / "a.wav"), Source(tmp_path / "b.wav")), 0.1)
    sound = read_track(track)
    np.testing.assert_array_equal(sound.samples[:500], a.samples[:500] + b.samples)
    np.testing.assert_array_equal(sound.samples[500:], a.samples[500:])


def test_the_first_source_says_rate_and_channels(tmp_path):
    written(tmp_path / "a.wav", 800, channels=2)
    written(tmp_path / "b.wav", 1600, rate=16000)
    sound = read_track(Track("x", (Source(tmp_path / "a.wav"), Source(tmp_path / "b.wav")), 0.1))
    assert (sound.sample_rate, sound.channels, len(sound.samples)) == (8000, 2, 800)


def test_an_excerpt_is_what_lies_there_in_the_whole(tmp_path):
    written(tmp_path / "a.wav", 8000)
    track = Track("x", (Source(tmp_path / "a.wav"),), 1.0)
    np.testing.assert_array_equal(read_track(track, 0.25, 0.5).samples, read_track(track).samples[2000:6000])


def test_a_track_without_a_source_is_none():
    with pytest.raises(ValueError, match="source"):
        Track("x", (), 1.0)
