import io
import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from antiphon.audio import (
    BLOCK_FRAMES,
    SILENT_DBFS,
    FileSound,
    HeldSound,
    dbfs,
    duration_of,
    excerpts,
    interval_power,
    mixed,
    mono,
    mp3,
    peak,
    read,
    resampled,
    summed_blocks,
    with_channels,
    write,
)
from antiphon.errors import AntiphonError, BadData
from antiphon.types import Audio


def noise(frames: int = 2205, channels: int = 2, rate: int = 22050, level: float = 0.5) -> Audio:
    samples = np.random.default_rng(0).uniform(-level, level, (frames, channels))
    return Audio(samples.astype(np.float32), rate)


def tone(seconds: float = 1.0, channels: int = 1, rate: int = 22050, hertz: float = 440.0) -> Audio:
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return Audio(np.repeat(wave[:, None], channels, axis=1).astype(np.float32), rate)


def constant(value: float, channels: int = 1, frames: int = 10, rate: int = 8000) -> Audio:
    return Audio(np.full((frames, channels), value, dtype=np.float32), rate)


@pytest.mark.parametrize(("suffix", "step"), [(".wav", 2**-23), (".WAV", 2**-23), (".aiff", 2**-15), (".flac", 2**-15)])
@pytest.mark.parametrize(("channels", "rate"), [(1, 8000), (2, 44100), (8, 96000)])
def test_what_is_written_is_read(tmp_path, suffix, step, channels, rate):
    sound, path = noise(channels=channels, rate=rate), tmp_path / f"sound{suffix}"
    write(path, sound)
    found = read(path)
    assert (found.sample_rate, found.samples.shape, found.source) == (rate, sound.samples.shape, str(path))
    assert np.abs(found.samples - sound.samples).max() <= step
    assert duration_of(path) == found.duration == sound.duration


@pytest.mark.parametrize(("subtype", "step"), [("PCM_16", 2**-15), ("PCM_24", 2**-23), ("FLOAT", 0), ("DOUBLE", 0)])
def test_a_wav_of_any_depth_is_read(tmp_path, subtype, step):
    sound = noise()
    soundfile.write(tmp_path / "a.wav", sound.samples, sound.sample_rate, subtype=subtype)
    assert np.abs(read(tmp_path / "a.wav").samples - sound.samples).max() <= step


def test_ogg_keeps_length_and_level(tmp_path):
    sound = tone(channels=2, rate=44100)
    write(tmp_path / "a.ogg", sound)
    found = read(tmp_path / "a.ogg")
    assert found.samples.shape == sound.samples.shape
    assert np.square(found.samples).mean() == pytest.approx(np.square(sound.samples).mean(), rel=0.05)


def test_a_wav_keeps_what_passes_full_scale(tmp_path):
    sound = noise(level=3.0)
    write(tmp_path / "a.wav", sound)
    assert read(tmp_path / "a.wav").samples.tolist() == sound.samples.tolist()


def test_names_may_hold_anything(tmp_path):
    path = tmp_path / "Ünïcode dossier 音" / "my take #1 – été.wav"
    write(path, noise())
    assert len(read(path).samples) == 2205
    assert len(read(str(path)).samples) == 2205


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path):
    path = tmp_path / f"{'n' * 251}.wav"
    write(path, noise())
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@given(start=st.floats(0, 0.12), duration=st.floats(0, 0.12))
def test_an_excerpt_is_a_slice(tmp_path_factory, suffix, start, duration):
    path = tmp_path_factory.getbasetemp() / f"excerpt{suffix}"
    if not path.exists():
        write(path, noise())
    whole = read(path).samples
    first = round(start * 22050)
    found = read(path, start, duration)
    assert found.samples.tolist() == whole[first : first + round(duration * 22050)].tolist()
    assert read(path, start).samples.tolist() == whole[first:].tolist()


@pytest.mark.parametrize(("start", "duration"), [(-0.1, None), (0.0, -0.1)])
def test_there_is_nothing_before_the_beginning(tmp_path, start, duration):
    write(tmp_path / "a.wav", noise())
    with pytest.raises(ValueError, match="negative"):
        read(tmp_path / "a.wav", start, duration)


def cut(path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: round(len(content) * share)])


@pytest.mark.parametrize("suffix", [".wav", ".aiff", ".flac"])
@pytest.mark.parametrize("share", [0.99, 0.5, 0.1])
def test_a_cut_off_file_is_not_a_short_one(tmp_path, suffix, share):
    path = tmp_path / f"cut{suffix}"
    write(path, noise(frames=30_000))
    cut(path, share)
    with pytest.raises(BadData, match=f"cut{suffix}: (truncated|damaged)"):
        read(path)


def test_a_cut_off_wav_shows_in_its_header(tmp_path):
    write(tmp_path / "a.wav", noise())
    cut(tmp_path / "a.wav", 0.5)
    with pytest.raises(BadData, match=r"a\.wav: truncated"):
        duration_of(tmp_path / "a.wav")


def test_chunks_before_the_audio_are_passed_over(tmp_path):
    path = tmp_path / "a.wav"
    write(path, noise())
    content = path.read_bytes()
    note = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(content) - 8 + len(note)) + b"WAVE" + note + content[12:])
    assert len(read(path).samples) == 2205
    cut(path, 0.9)
    with pytest.raises(BadData, match="truncated"):
        read(path)


def test_a_streamed_wav_does_not_know_its_length(tmp_path):
    path = tmp_path / "a.wav"
    write(path, noise())
    content = bytearray(path.read_bytes())
    place = content.index(b"data") + 4
    content[place : place + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert len(read(path).samples) == 2205


@pytest.mark.parametrize("way", [read, duration_of])
def test_what_is_no_audio_is_named(tmp_path, way):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("This is not a wav.", encoding="utf-8")
    (tmp_path / "samples.raw").write_bytes(bytes(100))
    (tmp_path / "directory.wav").mkdir()
    write(tmp_path / "nothing.wav", noise(frames=0))
    reasons = {
        "missing.wav": "no such file",
        "empty.wav": "empty file",
        "text.wav": "not readable as audio",
        "samples.raw": "raw samples",
        "directory.wav": "not a file",
        "nothing.wav": "holds no audio",
    }
    for name, reason in reasons.items():
        with pytest.raises(BadData, match=f"{name}: {reason}") as refused:
            way(tmp_path / name)
        assert refused.value.exit_code == 4


@pytest.mark.parametrize("name", [f"{'n' * 300}.wav", "caf\udce9.wav", "nul\0.wav"])
def test_a_name_that_cannot_be_is_refused(tmp_path, name):
    if "\udce9" in name:
        write(tmp_path / "a.wav", noise())
        (tmp_path / "a.wav").rename(tmp_path / name)
    with pytest.raises(BadData):
        read(tmp_path / name)


SAID = "holds (NaN or infinite samples|a sample of 1.0e[+]30; full scale is 1, and nothing above 4.3e[+]09 is read)"


@pytest.mark.parametrize("value", [np.nan, -np.inf, 1e30, -1e30])
@pytest.mark.parametrize("way", [read, lambda path: read(path, start=0.01), lambda path: [*excerpts(path, 0.1)]])
def test_samples_that_are_no_numbers_or_whose_squares_are_none_are_refused(tmp_path, value, way):
    samples = noise().samples.copy()
    samples[1000, 1] = value
    soundfile.write(tmp_path / "a.wav", samples, 22050, subtype="FLOAT")
    with pytest.raises(BadData, match=SAID):
        way(tmp_path / "a.wav")


def test_whole_numbers_that_were_written_as_floats_are_read(tmp_path):
    samples = noise().samples * np.float32(2**31)
    soundfile.write(tmp_path / "a.wav", samples, 22050, subtype="FLOAT")
    assert np.array_equal(read(tmp_path / "a.wav").samples, samples)
    assert np.isfinite(np.sum(np.square(samples)))


@pytest.mark.parametrize(("name", "channels"), [("a.xyz", 1), ("a", 1), ("a.raw", 1), ("a.mp3", 8), ("a.flac", 9)])
def test_what_cannot_be_written_leaves_nothing(tmp_path, name, channels):
    with pytest.raises(AntiphonError, match="cannot write"):
        write(tmp_path / name, noise(channels=channels))
    assert list(tmp_path.iterdir()) == []


def test_every_seconds_sound_fits_an_mp3():
    for channels, rate, kept in [(1, 22050, 22050), (2, 44100, 44100), (8, 96000, 48000), (1, 8000, 48000)]:
        found, found_rate = soundfile.read(io.BytesIO(mp3(tone(0.5, channels, rate))), always_2d=True)
        assert found_rate == kept
        assert found.shape[1] == min(channels, 2) if channels < 3 else 1
        assert len(found) / found_rate == pytest.approx(0.5, abs=0.06)
        middle = found[len(found) // 4 : -len(found) // 4]
        assert np.sqrt(2) * middle.std() == pytest.approx(0.5, rel=0.1)


@given(st.sampled_from([8000, 16000, 22050, 44100, 48000, 96000]), st.integers(1, 5000), st.integers(1, 3))
def test_resampling_keeps_duration_and_channels(rate, frames, channels):
    sound = noise(frames, channels, 22050)
    found = resampled(sound, rate)
    assert found.sample_rate == rate
    assert found.channels == channels
    assert abs(found.duration - sound.duration) <= 1 / rate


def test_resampling_keeps_pitch_and_level():
    found = resampled(tone(hertz=440.0, rate=44100), 16000)
    expected = tone(hertz=440.0, rate=16000)
    assert found.samples[500:-500] == pytest.approx(expected.samples[500:-500], abs=1e-3)


def test_mono_is_the_mean_of_the_channels():
    samples = np.array([[0.2, 0.4, 0.9], [-1.0, 0.0, 0.4]], dtype=np.float32)
    assert mono(Audio(samples, 8000)).samples[:, 0] == pytest.approx([0.5, -0.2])
    assert mono(Audio(samples[:, :2], 8000)).samples[:, 0] == pytest.approx([0.3, -0.5])


def test_mono_sounds_from_every_channel():
    assert with_channels(constant(0.3), 4).samples.tolist() == constant(0.3, 4).samples.tolist()
    assert with_channels(constant(0.3, 8), 2).samples == pytest.approx(constant(0.3, 2).samples)


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(1, 3), st.floats(0, 4)), min_size=1, max_size=4))
def test_a_mix_never_passes_full_scale(parts):
    sounds = [noise(frames, channels, level=level) for frames, channels, level in parts]
    found = mixed(sounds)
    assert peak(found) <= 1
    assert found.samples.shape == (max(frames for frames, _, _ in parts), parts[0][1])


def test_a_mix_that_fits_is_the_sum():
    found = mixed([constant(0.25, 2, 10), constant(0.5, 1, 4)])
    assert found.samples == pytest.approx(np.r_[np.full((4, 2), 0.75), np.full((6, 2), 0.25)])


def test_a_mix_that_does_not_is_turned_down_as_a_whole():
    assert mixed([constant(0.5, 1, 4), constant(1.5, 1, 2)]).samples[:, 0] == pytest.approx([1, 1, 0.25, 0.25])


def test_a_mix_is_in_the_rate_of_the_first():
    found = mixed([tone(0.5, rate=16000), tone(1.0, rate=48000)])
    assert (found.sample_rate, found.duration) == (16000, 1.0)


def test_power_of_intervals():
    # Half a second of mean square 0.25, half a second of silence, and what lies past the end is silent too.
    samples = np.r_[np.tile([0.5, -0.5], 250), np.zeros(500)][:, None].astype(np.float32)
    intervals = np.array([[0.0, 0.5], [0.25, 0.75], [0.5, 1.0], [1.5, 2.0]])
    assert interval_power(Audio(samples, 1000), intervals) == pytest.approx([0.25, 0.125, 0, 0])


def test_decibels():
    found = dbfs(np.array([1.0, 0.5, 1e-6, 0.0], dtype=np.float32))
    assert found == pytest.approx([0, -3.0103, -60, SILENT_DBFS], abs=1e-3)


def test_no_samples_have_no_peak():
    assert peak(noise(frames=0)) == 0


@pytest.mark.parametrize("suffix", [".ogg", ".flac"])
def test_minutes_of_sound_are_written(tmp_path, suffix):
    path = tmp_path / f"long{suffix}"
    write(path, tone(seconds=200, channels=2, rate=44100))
    assert duration_of(path) == pytest.approx(200)


def heard(sound, rate):
    return np.concatenate(list(sound.blocks(rate)))


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_file_in_blocks_is_the_file_as_mono_at_the_rate_asked_for(tmp_path, suffix, channels):
    path = tmp_path / f"sound{suffix}"
    write(path, noise(3 * BLOCK_FRAMES + 17, channels, rate=44100))
    whole = read(path)
    assert len(list(FileSound(path).blocks(44100))) == -(-len(whole.samples) // BLOCK_FRAMES)
    for rate in (44100, 22050, 16000):
        expected = resampled(mono(whole), rate).samples[:, 0]
        np.testing.assert_array_equal(heard(HeldSound(whole), rate), expected)
        # libsndfile itself rounds an mp3 differently from block to block; all else is equal to the last bit.
        np.testing.assert_allclose(heard(FileSound(path), rate), expected, atol=1e-6 if suffix == ".mp3" else 0, rtol=0)
    assert FileSound(path).duration == whole.duration


def test_another_content_has_another_digest_and_another_name_has_not(tmp_path):
    first, second = tmp_path / "a.wav", tmp_path / "b.wav"
    write(first, noise())
    second.write_bytes(first.read_bytes())
    digest = FileSound(first).digest()
    assert FileSound(second).digest() == digest
    write(first, noise(level=0.4))
    assert FileSound(first).digest() != digest
    held = HeldSound(noise())
    assert held.digest() == HeldSound(noise()).digest()
    others = (noise(level=0.4), noise(rate=44100), Audio(noise().samples.reshape(-1, 1), 22050))
    assert len({held.digest(), *(HeldSound(other).digest() for other in others)}) == 4


def test_listening_refuses_what_reading_refuses(tmp_path):
    whole, cut, broken = tmp_path / "whole.flac", tmp_path / "cut.flac", tmp_path / "nan.wav"
    write(whole, noise(4 * BLOCK_FRAMES))
    cut.write_bytes(whole.read_bytes()[:-40000])
    samples = noise(3 * BLOCK_FRAMES).samples
    samples[-5] = np.nan
    soundfile.write(broken, samples, 22050, subtype="FLOAT")
    for path in (cut, broken, tmp_path / "nowhere.wav"):
        with pytest.raises(BadData) as expected:
            read(path)
        with pytest.raises(BadData, match=path.name) as found:
            heard(FileSound(path), 16000)
        assert str(found.value).split(",")[0] == str(expected.value).split(",")[0]


@given(st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=1, max_size=4))
def test_sounds_in_lockstep_are_summed_whatever_their_blocks(lengths):
    random = np.random.default_rng(0)
    sounds = [[random.integers(-9, 9, length).astype(np.float32) for length in each] for each in lengths]
    whole = [np.concatenate([np.zeros(0, np.float32), *each]) for each in sounds]
    expected = sum(np.pad(each, (0, max(map(len, whole)) - len(each))) for each in whole)
    blocks = list(summed_blocks([iter(each) for each in sounds]))
    np.testing.assert_array_equal(np.concatenate([np.zeros(0, np.float32), *blocks]), expected)
