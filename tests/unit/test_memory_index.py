"""A memory is measured once: the second time nothing is heard, and the memory is the same."""

import numpy as np
import pytest

import antiphon
from antiphon import arrays
from antiphon.agent import Agent
from antiphon.audio import write
from antiphon.types import Audio, Memory


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ANTIPHON_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    for seed in range(2):
        draws = np.random.default_rng(seed)
        time = np.arange(4 * 22050) / 22050
        steps = draws.integers(0, 24, 8)[(2 * time).astype(int)]
        wave = 0.2 * np.sin(2 * np.pi * 110 * 2 ** (steps / 12) * time)
        write(folder / f"{seed}.wav", Audio(wave[:, None].astype(np.float32), 22050))
    return [folder / "0.wav", folder / "1.wav"]


def measures(memory: Memory) -> dict[str, np.ndarray]:
    assert memory.class_probabilities is not None
    assert memory.sound is not None
    assert memory.boundaries is not None
    return {
        "ids": memory.tokens.ids,
        "intervals": memory.tokens.intervals,
        "classes": memory.class_probabilities,
        **vars(memory.sound),
        **vars(memory.boundaries),
    }


def same(first: Memory, second: Memory) -> None:
    assert first.parts == second.parts
    for (name, one), other in zip(measures(first).items(), measures(second).values(), strict=True):
        np.testing.assert_array_equal(one, other, err_msg=name)


def index_of(cache):
    return sorted(path for path in cache.iterdir() if path.stem.split("-")[-1] in ("tokens", "sound", "edges"))


def test_the_second_time_nothing_is_measured(cache, recordings):
    first = Agent.base().memory_of(recordings)
    kept = index_of(cache)
    assert len(kept) == 3
    for path in set(cache.iterdir()) - set(kept):
        path.unlink()
    second = Agent.base().memory_of(recordings)
    same(first, second)
    assert sorted(cache.iterdir()) == kept, "had anything been heard, its frames would be kept"


def test_a_response_is_the_same_from_the_index(cache, recordings):
    guide = antiphon.read(recordings[1])
    first = Agent.base().respond(guide, Agent.base().memory_of(recordings), seed=3)
    second = Agent.base().respond(guide, Agent.base().memory_of(recordings), seed=3)
    np.testing.assert_array_equal(first.audio.samples, second.audio.samples)
    assert first.events == second.events


@pytest.mark.parametrize("damage", [b"", b"\x08\0\0\0\0\0\0\0{}      ", b"\xff" * 40])
def test_a_damaged_index_is_made_again(cache, recordings, damage):
    first = Agent.base().memory_of(recordings)
    kept = index_of(cache)
    for path in kept:
        path.write_bytes(damage)
    same(first, Agent.base().memory_of(recordings))
    assert all(path.read_bytes() != damage for path in kept)


def test_another_order_is_another_memory(cache, recordings):
    there, back = Agent.base().memory_of(recordings), Agent.base().memory_of(recordings[::-1])
    assert len(index_of(cache)) == 6
    np.testing.assert_array_equal(back.tokens.ids, np.concatenate([there.tokens.ids[8:], there.tokens.ids[:8]]))


def test_a_mapped_memory_is_the_memory_in_ram(cache, recordings, monkeypatch):
    first = Agent.base().memory_of(recordings)
    monkeypatch.setattr(arrays, "LARGEST_IN_RAM", 1000)
    second = Agent.base().memory_of(recordings)
    same(first, second)
    np.testing.assert_array_equal(first.audio.samples, second.audio.samples)
    assert arrays._map_of(second.audio.samples) is not None
    assert len(index_of(cache)) == 3, "one index for both"
