"""`antiphon cache`: what is shown, what is deleted and what never is."""

import json
import os
import time

import pytest
from cli_making import refused, sound, tones

from antiphon.audio import HeldSound
from antiphon.config import EncoderSettings
from antiphon.perception import FrameCache, make_encoder
from antiphon.types import Audio

ENCODER = make_encoder(EncoderSettings(name="chroma-mfcc"))
DAY = 86400
OTHERS = sorted(["notes.txt", "model.safetensors", "0" * 40 + ".wav", "0" * 40 + "-0000.safetensors.bak"])


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Three sounds, last used 30, 20 and 0 days ago, and files of somebody else."""
    directory = tmp_path / "cache"
    monkeypatch.setenv("ANTIPHON_CACHE", str(directory))
    for seed, days in ((0, 30), (1, 20), (2, 0)):
        before = set(directory.glob("*"))
        samples = Audio(tones(2, seed=seed).astype("float32"), 22050)
        list(FrameCache(directory).pieces(HeldSound(samples), ENCODER))
        (made,) = set(directory.glob("*")) - before
        os.utime(made, (time.time() - days * DAY,) * 2)
    for name in OTHERS:
        (directory / name).write_text("not ours")
    return directory


def kept(directory):
    return sorted(path.name for path in directory.iterdir())


def test_it_is_shown_by_encoder(call, cache):
    result = call("cache")
    assert result.out.startswith(f"{cache}: ")
    assert "chroma-mfcc" in result.out
    found = json.loads(call("cache", "--json").out)
    (share,) = found["encoders"]
    assert share["sounds"] == 3
    assert found["bytes"] == share["bytes"] == sum(path.stat().st_size for path in cache.glob("*-0000.safetensors"))
    assert 29.9 * DAY < share["newest"] - share["oldest"] < 30.1 * DAY


def test_the_least_recently_used_goes_first(call, cache):
    sounds = sorted(cache.glob("*-0000.safetensors"), key=lambda path: path.stat().st_mtime)
    one = sounds[0].stat().st_size
    found = json.loads(call("cache", "prune", "--larger-than", f"{2.5 * one / 1e9}", "--json").out)
    assert (found["sounds"], found["bytes"], found["bytes_left"]) == (1, one, 2 * one)
    assert kept(cache) == sorted([*OTHERS, sounds[1].name, sounds[2].name])


def test_what_was_not_used_for_days_goes(call, cache):
    assert call("cache", "prune", "--older-than", "25").out.startswith("1 sounds deleted")
    assert call("cache", "prune", "--older-than", "10").out.startswith("1 sounds deleted")
    assert call("cache", "prune", "--older-than", "10").out.startswith("0 sounds deleted")


def test_a_use_counts_as_one(call, cache):
    samples = Audio(tones(2, seed=0).astype("float32"), 22050)
    list(FrameCache(cache).pieces(HeldSound(samples), ENCODER))
    assert json.loads(call("cache", "prune", "--older-than", "10", "--json").out)["sounds"] == 1


def test_everything_is_only_what_the_cache_has_written(call, cache):
    half_written = cache / f".{'a' * 40}-x7_1.safetensors"
    half_written.write_bytes(b"")
    assert json.loads(call("cache", "prune", "--all", "--json").out)["sounds"] == 4
    assert kept(cache) == OTHERS


def test_a_cache_that_is_not_there_is_empty(call, tmp_path, monkeypatch):
    monkeypatch.setenv("ANTIPHON_CACHE", str(tmp_path / "nowhere"))
    assert json.loads(call("cache", "--json").out) == {
        "bytes": 0,
        "directory": str(tmp_path / "nowhere"),
        "encoders": [],
    }
    assert call("cache", "prune", "--all").out.startswith("0 sounds deleted")
    assert not (tmp_path / "nowhere").exists()


def test_pruning_nothing_in_particular_is_refused(call, cache):
    before = kept(cache)
    refused(call("cache", "prune"), 2, "--older-than DAYS, --larger-than GB or --all")
    refused(call("cache", "prune", "--older-than", "-1"), 2, "older-than")
    assert kept(cache) == before


def test_tokenize_hears_a_file_once(call, cache, agent, tmp_path):
    path = sound(tmp_path / "x.wav", tones(3))
    first = call("tokenize", path, "--agent", agent)
    before = kept(cache)
    assert call("tokenize", path, "--agent", agent).out == first.out
    assert kept(cache) == before
    assert len(first.out.splitlines()) == 6
