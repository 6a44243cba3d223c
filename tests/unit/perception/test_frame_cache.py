import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from perception_sounds import A4, Loudness, silence, tone

from antiphon.errors import AntiphonWarning, BadData
from antiphon.perception import FrameCache, default_directory
from antiphon.types import Audio, Features


def assert_same(first, second):
    for name in ("values", "times", "power"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_the_second_call_runs_no_encoder_and_gives_the_same(tmp_path):
    encoder, audio = Loudness(), tone(A4, 1.0, rate=48000, channels=2)
    first = FrameCache(tmp_path).frames(audio, encoder)
    second = FrameCache(tmp_path).frames(Audio(audio.samples.copy(), 48000, "under another name"), encoder)
    assert encoder.runs == 1
    assert_same(first, second)


def test_other_samples_another_rate_or_another_encoder_are_other_frames(tmp_path):
    encoder, cache, audio = Loudness(), FrameCache(tmp_path), tone(A4, 1.0, rate=8000)
    louder = Audio(audio.samples + np.float32(1e-3), 8000)
    stereo = Audio(audio.samples.reshape(-1, 2), 8000)
    for sound in (audio, louder, stereo, Audio(audio.samples, 16000)):
        cache.frames(sound, encoder)
    other = Loudness()
    other.identity = "another"
    cache.frames(audio, other)
    assert (encoder.runs, other.runs) == (4, 1)


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:100], lambda data: b"\xff" * len(data)])
def test_a_damaged_file_is_made_again(tmp_path, damage):
    encoder, audio, cache = Loudness(), tone(A4, 1.0, rate=8000), FrameCache(tmp_path)
    first = cache.frames(audio, encoder)
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert_same(cache.frames(audio, encoder), first)
    cache.frames(audio, encoder)
    assert encoder.runs == 2


def test_writers_side_by_side_leave_one_whole_file(tmp_path):
    encoder, audio = Loudness(), tone(A4, 1.0, rate=8000)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: FrameCache(tmp_path).frames(audio, encoder), range(16)))
    assert len(list(tmp_path.iterdir())) == 1
    for result in results:
        assert_same(result, results[0])


def test_a_directory_that_cannot_be_written_is_said_once_and_does_not_fail(tmp_path):
    (tmp_path / "file").write_text("in the way")
    cache, encoder = FrameCache(tmp_path / "file" / "frames"), Loudness()
    with pytest.warns(AntiphonWarning, match="frames are not kept"):
        cache.frames(tone(A4, 0.5, rate=8000), encoder)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cache.frames(tone(A4, 0.6, rate=8000), encoder)
    assert encoder.runs == 2


def test_no_directory_keeps_nothing():
    encoder, cache = Loudness(), FrameCache(None)
    for _ in range(2):
        cache.frames(tone(A4, 0.5, rate=8000), encoder)
    assert encoder.runs == 2


def test_the_directory_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("ANTIPHON_CACHE", str(tmp_path))
    assert default_directory() == tmp_path
    monkeypatch.delenv("ANTIPHON_CACHE")
    assert default_directory().parts[-2:] == ("antiphon", "frames")


def test_what_cannot_be_encoded_is_refused_and_not_kept(tmp_path):
    class Broken(Loudness):
        def encode(self, audio):
            return Features(np.full((1, 1), np.nan, np.float32), np.zeros(1), np.zeros(1, np.float32))

    cache = FrameCache(tmp_path)
    with pytest.raises(BadData, match="not finite"):
        cache.frames(tone(A4, 0.5, rate=8000), Broken())
    with pytest.raises(BadData, match="too short for one frame"):
        cache.frames(silence(0.005, rate=8000), Loudness())
    for samples in (0, 1):
        with pytest.raises(BadData, match="too short"):
            cache.frames(Audio(np.zeros((samples, 2), np.float32), 96000), Loudness())
    assert not list(tmp_path.iterdir())
