import numpy as np
import pytest

from antiphon.audio import FileSound, mono, read, resampled, write
from antiphon.corpus.track_audio import TrackSound, file_sound, read_track
from antiphon.errors import BadData
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


def test_a_track_in_blocks_is_the_track_as_mono(tmp_path):
    written(tmp_path / "a.wav", 80000, channels=2)
    written(tmp_path / "b.wav", 150000, rate=16000, seed=1)
    written(tmp_path / "c.wav", 30000, seed=2)
    track = Track("x", tuple(Source(tmp_path / name) for name in ("a.wav", "b.wav", "c.wav")), duration=1.0)
    sound = TrackSound(track)
    found = np.concatenate(list(sound.blocks(8000)))
    np.testing.assert_allclose(found, mono(read_track(track)).samples[:, 0], atol=1e-6)
    assert sound.duration == 10.0
    assert sound.name == str(tmp_path / "a.wav")


def test_a_track_of_one_file_is_heard_and_named_as_that_file(tmp_path):
    """Whatever the manifest says of its bytes or its length."""
    written(tmp_path / "a.wav", 8000)
    sound = TrackSound(Track("x", (Source(tmp_path / "a.wav", sha256="0" * 64),), duration=9.0))
    assert sound.digest() == FileSound(tmp_path / "a.wav").digest() == file_sound(tmp_path / "a.wav").digest()
    assert sound.duration == 1.0


def test_each_source_counts_for_the_digest_of_a_track(tmp_path):
    for index, name in enumerate("abc"):
        written(tmp_path / f"{name}.wav", 800, seed=index)
    pairs = ("ab", "ac", "ba", "a")
    tracks = [Track("x", tuple(Source(tmp_path / f"{name}.wav") for name in pair), 0.1) for pair in pairs]
    before = [TrackSound(track).digest() for track in tracks]
    assert len(set(before)) == 4
    written(tmp_path / "b.wav", 800, seed=7)
    changed = [TrackSound(track).digest() != digest for track, digest in zip(tracks, before, strict=True)]
    assert changed == [True, False, True, False]


@pytest.mark.parametrize("name", ["nowhere.wav", "empty.wav", "nowhere.mp4"])
def test_a_source_that_cannot_be_heard_is_refused_by_name(tmp_path, name):
    (tmp_path / "empty.wav").touch()
    sound = TrackSound(Track("x", (Source(tmp_path / name),), 1.0))
    for ask in (sound.digest, lambda: sound.duration, lambda: list(sound.blocks(8000))):
        with pytest.raises(BadData, match=name):
            ask()


def test_a_stream_of_a_container_is_heard_too(tmp_path):
    av = pytest.importorskip("av")
    samples = (0.3 * np.sin(np.arange(44100) / 30)).astype(np.float32)
    path = tmp_path / "stem.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate = 44100
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    sound = file_sound(path)
    expected = resampled(read_track(Track("x", (Source(path),), 1.0)), 22050).samples[:, 0]
    np.testing.assert_array_equal(np.concatenate(list(sound.blocks(22050))), expected)
