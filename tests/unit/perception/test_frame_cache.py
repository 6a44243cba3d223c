import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from loudness_making import Loudness
from perception_sounds import A4, silence, tone

from antiphon.audio import FileSound, HeldSound, write
from antiphon.errors import AntiphonWarning, BadData
from antiphon.perception import FrameCache, default_directory
from antiphon.perception.encoders.windows import joined
from antiphon.types import Audio, Features


def heard(cache, audio, encoder):
    """All frames of audio through a cache."""
    return joined([piece.features for piece in cache.pieces(HeldSound(audio), encoder)])


def assert_same(first, second):
    for name in ("values", "times", "power"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def long_noise(seconds):
    """White noise at 8 kHz: cheap to listen to for minutes."""
    samples = np.random.default_rng(0).standard_normal((seconds * 8000, 1)).astype(np.float32)
    return Audio(0.1 * samples, 8000)


def test_the_second_call_runs_no_encoder_and_gives_the_same(tmp_path):
    encoder, audio = Loudness(), tone(A4, 1.0, rate=48000, channels=2)
    first = heard(FrameCache(tmp_path), audio, encoder)
    second = heard(FrameCache(tmp_path), Audio(audio.samples.copy(), 48000, "under another name"), encoder)
    assert encoder.runs == 1
    assert_same(first, second)


def test_other_samples_another_rate_or_another_encoder_are_other_frames(tmp_path):
    encoder, cache, audio = Loudness(), FrameCache(tmp_path), tone(A4, 1.0, rate=8000)
    louder = Audio(audio.samples + np.float32(1e-3), 8000)
    stereo = Audio(audio.samples.reshape(-1, 2), 8000)
    for sound in (audio, louder, stereo, Audio(audio.samples, 16000)):
        heard(cache, sound, encoder)
    other = Loudness()
    other.identity = "another"
    heard(cache, audio, other)
    assert (encoder.runs, other.runs) == (4, 1)


def test_a_file_is_known_by_its_bytes_wherever_it_lies_and_a_change_is_noticed(tmp_path):
    encoder, cache = Loudness(), FrameCache(tmp_path / "cache")
    first, copy = tmp_path / "first.wav", tmp_path / "copy.wav"
    write(first, tone(A4, 1.0))
    copy.write_bytes(first.read_bytes())
    for path in (first, copy):
        list(cache.pieces(FileSound(path), encoder))
    assert encoder.runs == 1
    write(first, tone(A4, 1.0, level=0.2))
    list(cache.pieces(FileSound(first), encoder))
    assert encoder.runs == 2


def test_what_was_heard_lies_in_pieces_of_five_minutes_that_join_without_a_seam(tmp_path):
    encoder, audio = Loudness(), long_noise(601)
    pieces = list(FrameCache(tmp_path).pieces(HeldSound(audio), encoder))
    assert [len(piece.envelope) for piece in pieces] == [30000, 30000, 100]
    assert [piece.last for piece in pieces] == [False, False, True]
    assert len(list(tmp_path.iterdir())) == 3
    assert pieces[1].features.times[0] >= 300 > pieces[0].features.times[-1]
    assert_same(joined([piece.features for piece in pieces]), encoder.encode(audio))
    again = list(FrameCache(tmp_path).pieces(HeldSound(audio), encoder))
    for piece, other in zip(pieces, again, strict=True):
        assert_same(piece.features, other.features)
        np.testing.assert_array_equal(piece.envelope.onsets, other.envelope.onsets)


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:100], lambda data: b"\xff" * len(data)])
@pytest.mark.parametrize("piece", [0, 1])
def test_a_damaged_piece_is_made_again(tmp_path, damage, piece):
    encoder, audio, cache = Loudness(), long_noise(301), FrameCache(tmp_path)
    first = heard(cache, audio, encoder)
    file = sorted(tmp_path.iterdir())[piece]
    file.write_bytes(damage(file.read_bytes()))
    assert_same(heard(cache, audio, encoder), first)
    heard(cache, audio, encoder)
    assert encoder.runs == 2


def test_onsets_come_from_the_cache_and_never_from_the_encoder(tmp_path):
    encoder, audio, cache = Loudness(), tone(A4, 1.0, rate=8000), FrameCache(tmp_path)
    before = cache.onsets(HeldSound(audio), encoder)
    assert encoder.runs == 0
    heard(cache, audio, encoder)
    np.testing.assert_array_equal(cache.onsets(HeldSound(audio), encoder), before)
    assert encoder.runs == 1


def test_writers_side_by_side_leave_one_whole_file(tmp_path):
    encoder, audio = Loudness(), tone(A4, 1.0, rate=8000)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: heard(FrameCache(tmp_path), audio, encoder), range(16)))
    assert len(list(tmp_path.iterdir())) == 1
    for result in results:
        assert_same(result, results[0])


def test_a_directory_that_cannot_be_written_is_said_once_and_does_not_fail(tmp_path):
    (tmp_path / "file").write_text("in the way")
    cache, encoder = FrameCache(tmp_path / "file" / "frames"), Loudness()
    with pytest.warns(AntiphonWarning, match="frames are not kept"):
        heard(cache, tone(A4, 0.5, rate=8000), encoder)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        heard(cache, tone(A4, 0.6, rate=8000), encoder)
    assert encoder.runs == 2


def test_no_directory_keeps_nothing():
    encoder, cache = Loudness(), FrameCache(None)
    for _ in range(2):
        heard(cache, tone(A4, 0.5, rate=8000), encoder)
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
        heard(cache, tone(A4, 0.5, rate=8000), Broken())
    with pytest.raises(BadData, match="too short for one frame"):
        heard(cache, silence(0.005, rate=8000), Loudness())
    for samples in (0, 1):
        with pytest.raises(BadData, match="too short"):
            heard(cache, Audio(np.zeros((samples, 2), np.float32), 96000), Loudness())
    assert not list(tmp_path.iterdir())
