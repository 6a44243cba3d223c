"""Samples on disk: the same numbers as in memory, whatever the size of the blocks, and without a trace afterwards."""

import dataclasses

import numpy as np
import pytest

from antiphon import arrays, audio
from antiphon.action.rendering.crossfade import Crossfade
from antiphon.action.rendering.loudness import balanced, loudness, true_peak
from antiphon.action.selection.segment_sound import segment_sound
from antiphon.action.statistics import _block_power
from antiphon.config import ActionSettings
from antiphon.errors import AntiphonError
from antiphon.pages.lanes import _outline
from antiphon.types import Audio, Memory, MemoryPart, Run, Tokens

RATE = 11025


def noise(seconds, channels=2, seed=0, rate=RATE):
    samples = np.random.default_rng(seed).normal(0, 0.2, (round(seconds * rate), channels))
    return Audio(samples.astype(np.float32), rate, "noise.wav")


@pytest.fixture
def on_disk(monkeypatch, tmp_path):
    """Everything from a kilobyte on lies on disk, in a folder of its own."""
    monkeypatch.setenv("ANTIPHON_CACHE", str(tmp_path / "cache"))

    def switch(block=977):
        monkeypatch.setattr(arrays, "LARGEST_IN_RAM", 1000)
        monkeypatch.setattr(arrays, "GIVEN_BACK", 10000)
        monkeypatch.setattr(arrays.blocks, "__defaults__", (block,))

    yield switch
    assert list((tmp_path / "cache").glob("*")) == [], "its files go with the arrays"


def is_mapped(samples):
    return arrays._map_of(samples) is not None


OPERATIONS = {
    "mono": lambda: audio.mono(noise(4)).samples,
    "two channels": lambda: audio.with_channels(noise(4, channels=1), 2).samples,
    "another rate": lambda: audio.resampled(noise(4), 8000).samples,
    "mixed": lambda: audio.mixed([noise(4), noise(5, seed=1, rate=8000), noise(3, 1, seed=2)]).samples,
    "as loud as the guide": lambda: balanced(noise(4), noise(3, seed=4), ActionSettings(loudness="guide"))[0].samples,
    "copied": lambda: arrays.copied(noise(4).samples),
    "end to end": lambda: arrays.end_to_end([noise(2).samples, noise(3, seed=1).samples]),
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_what_is_made_on_disk_has_the_samples_of_what_is_made_in_memory(on_disk, operation):
    wanted = operation()
    assert not is_mapped(wanted)
    on_disk()
    found = operation()
    assert is_mapped(found)
    np.testing.assert_array_equal(found, wanted)


MEASURES = {
    "peak": lambda sound, _: audio.peak(sound),
    "loudness": lambda sound, _: loudness([sound]),
    "true peak": lambda sound, _: true_peak([sound]),
    "power": audio.interval_power,
    "chroma": lambda sound, spans: segment_sound(sound, spans).chroma,
    "level": lambda sound, spans: segment_sound(sound, spans).level,
    "blocks of the statistics": lambda sound, _: np.concatenate(_block_power(sound)),
    "outline": lambda sound, _: _outline(sound),
    "digest": lambda sound, _: audio.HeldSound(sound).digest(),
    "mp3": lambda sound, _: audio.mp3(sound),
}


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
@pytest.mark.parametrize("block", [512, 4099])
def test_what_is_measured_does_not_depend_on_blocks(on_disk, measure, block):
    sound = noise(5)
    spans = np.stack([np.arange(10) * 0.55, np.arange(1, 11) * 0.55], axis=1)
    wanted = measure(sound, spans)
    on_disk(block)
    there = dataclasses.replace(sound, samples=arrays.copied(sound.samples))
    np.testing.assert_array_equal(measure(there, spans), wanted)


def test_a_response_on_disk_is_the_response_in_memory(on_disk):
    sound, part = noise(6), MemoryPart("noise.wav", 0, 6 * RATE)
    memory = Memory(sound, Tokens(np.zeros(1, np.int64), np.array([[0.0, 6.0]]), "a"), (part,))
    runs = [Run(0, 1, 0, 3 * RATE, 2 * RATE, part, gain=0.5), Run(1, 2, 3 * RATE, 5 * RATE, 100, part)]
    renderer = Crossfade(0.05, 0.005)
    wanted = renderer.of_runs(renderer.refined(runs, memory.audio), memory.audio, 5 * RATE).samples
    on_disk(300)
    there = dataclasses.replace(sound, samples=arrays.copied(sound.samples))
    found = renderer.of_runs(renderer.refined(runs, there), there, 5 * RATE).samples
    assert is_mapped(found)
    np.testing.assert_array_equal(found, wanted)


def test_a_file_is_read_to_the_same_samples(on_disk, tmp_path):
    audio.write(tmp_path / "noise.flac", noise(4))
    wanted = audio.read(tmp_path / "noise.flac").samples
    on_disk()
    found = audio.read(tmp_path / "noise.flac").samples
    assert is_mapped(found)
    np.testing.assert_array_equal(found, wanted)


def test_parts_that_lie_end_to_end_are_not_copied(on_disk):
    on_disk()
    whole = arrays.zeros(5000, 2)
    whole[:] = noise(1).samples[:5000]
    joined = arrays.end_to_end([whole[1000:2000], whole[2000:2500], whole[2500:]])
    np.testing.assert_array_equal(joined, whole[1000:])
    assert np.shares_memory(joined, whole)
    assert is_mapped(joined), "else what is read of it is never given back"
    turned = arrays.end_to_end([whole[2000:], whole[:2000]])
    assert not np.shares_memory(turned, whole)
    np.testing.assert_array_equal(turned, np.concatenate([whole[2000:], whole[:2000]]))


def test_a_disk_without_room_is_one_line(on_disk):
    on_disk()
    with pytest.raises(AntiphonError, match=r"no room for .* GB of sound") as caught:
        arrays.zeros(10**14, 2)
    assert "\n" not in str(caught.value)


def test_what_was_given_back_is_still_there(on_disk):
    on_disk()
    samples = arrays.zeros(5000, 2)
    samples[:] = noise(1).samples[:5000]
    arrays.Walk(samples).end()
    np.testing.assert_array_equal(samples, noise(1).samples[:5000])
