"""Long recordings mapped from the cache: the samples of their files, whole or not at all, made once."""

import os

import numpy as np
import pytest
import soundfile

from antiphon import arrays
from antiphon.audio import HeldSound, read, resampled, with_channels, write
from antiphon.errors import AntiphonWarning, BadData
from antiphon.perception.cache_maintenance import cached_sounds, remove
from antiphon.perception.sound_store import recordings_of
from antiphon.types import Audio


def noise(frames, rate, channels, seed=0):
    return Audio(np.random.default_rng(seed).normal(0, 0.1, (frames, channels)).astype(np.float32), rate)


@pytest.fixture
def files(tmp_path):
    kinds = [("a.wav", 40000, 11025, 2), ("b.flac", 30011, 8000, 1), ("c.wav", 20003, 11025, 2)]
    for seed, (name, frames, rate, channels) in enumerate(kinds):
        write(tmp_path / name, noise(frames, rate, channels, seed))
    return [tmp_path / name for name, *_ in kinds]


@pytest.fixture
def long(monkeypatch):
    """From 100 kB on a recording is long."""
    monkeypatch.setattr(arrays, "LARGEST_IN_RAM", 100_000)


def test_short_recordings_are_read_and_not_kept(files, tmp_path):
    found = recordings_of(files, tmp_path / "cache")
    assert [part.sample_rate for part in found] == [11025, 8000, 11025]
    assert not (tmp_path / "cache").exists()


@pytest.mark.usefixtures("long")
def test_long_ones_have_the_samples_of_their_files_at_the_first_ones_rate(files, tmp_path):
    found = recordings_of(files, tmp_path / "cache")
    for path, part in zip(files, found, strict=True):
        wanted = with_channels(resampled(read(path), 11025), 2)
        np.testing.assert_array_equal(part.samples, wanted.samples)
        assert (part.sample_rate, part.source) == (11025, str(path))
        assert HeldSound(part).digest() == HeldSound(wanted).digest()
    whole = arrays.end_to_end([part.samples for part in found])
    assert all(np.shares_memory(whole, part.samples) for part in found), "one mapped file, no copy"


@pytest.mark.usefixtures("long")
def test_they_are_written_once(files, tmp_path):
    recordings_of(files, tmp_path / "cache")
    (place,) = (tmp_path / "cache").iterdir()
    before = place.stat().st_ino, place.read_bytes()
    recordings_of(files, tmp_path / "cache")
    assert (place.stat().st_ino, place.read_bytes()) == before


@pytest.mark.usefixtures("long")
@pytest.mark.parametrize("damage", [b"", b"not ours", b"\xff" * 64])
def test_a_damaged_file_is_made_again(files, tmp_path, damage):
    wanted = [part.samples.copy() for part in recordings_of(files, tmp_path / "cache")]
    (place,) = (tmp_path / "cache").iterdir()
    place.unlink()
    place.write_bytes(damage)
    for part, samples in zip(recordings_of(files, tmp_path / "cache"), wanted, strict=True):
        np.testing.assert_array_equal(part.samples, samples)


@pytest.mark.usefixtures("long")
def test_another_sound_in_the_same_file_is_another_one(files, tmp_path):
    first = recordings_of(files[:1], tmp_path / "cache")[0].samples.copy()
    write(files[0], noise(40000, 11025, 2, seed=9))
    second = recordings_of(files[:1], tmp_path / "cache")[0].samples
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(second, read(files[0]).samples)


@pytest.mark.usefixtures("long")
def test_a_recording_that_cannot_be_decoded_leaves_nothing(files, tmp_path):
    broken = np.zeros((40000, 2), dtype=np.float32)
    broken[30000] = np.nan
    soundfile.write(files[0], broken, 11025, subtype="FLOAT")
    with pytest.raises(BadData, match="NaN"):
        recordings_of(files, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.usefixtures("long")
@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_cache_that_cannot_be_written_costs_a_warning(files, tmp_path):
    (tmp_path / "cache").mkdir(mode=0o500)
    with pytest.warns(AntiphonWarning, match="samples are not kept"):
        found = recordings_of(files, tmp_path / "cache")
    np.testing.assert_array_equal(found[0].samples, read(files[0]).samples)


@pytest.mark.usefixtures("long")
def test_a_cache_below_a_file_costs_a_warning(files, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.warns(AntiphonWarning, match="samples are not kept"):
        found = recordings_of(files, tmp_path / "file" / "cache")
    np.testing.assert_array_equal(found[0].samples, read(files[0]).samples)


@pytest.mark.usefixtures("long")
def test_they_are_shown_and_pruned_by_their_kind(files, tmp_path):
    recordings_of(files, tmp_path / "cache")
    (kept,) = cached_sounds(tmp_path / "cache")
    assert kept.encoder == "samples of long recordings"
    assert kept.bytes == sum(path.stat().st_size for path in (tmp_path / "cache").iterdir())
    remove([kept])
    assert list((tmp_path / "cache").iterdir()) == []
