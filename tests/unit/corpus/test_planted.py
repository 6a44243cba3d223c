from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import audio
from antiphon.corpus.manifest import read_manifest
from antiphon.corpus.planted import TIMBRES, PlantedSettings, build_planted, planted_audio, planted_tokens
from antiphon.errors import SettingsError

worlds = st.builds(
    PlantedSettings,
    world=st.sampled_from(["copy", "delay", "independent"]),
    pieces=st.integers(1, 4),
    segments=st.integers(1, 40),
    classes=st.integers(2, 20),
    seed=st.integers(0, 9),
    delay=st.integers(0, 50),
)


@given(worlds)
def test_every_world_keeps_what_it_promises(settings):
    pairs = planted_tokens(settings)
    assert len(pairs) == settings.pieces
    for a, b in pairs:
        assert a.shape == b.shape == (settings.segments,)
        assert 0 <= min(a.min(), b.min()) <= max(a.max(), b.max()) < settings.classes
        if settings.world == "copy":
            assert np.array_equal(a, b)
        if settings.world == "delay":
            assert np.array_equal(a[: max(settings.segments - settings.delay, 0)], b[settings.delay :])


def test_independent_tracks_agree_no_more_than_by_chance():
    settings = PlantedSettings("independent", pieces=50, segments=200, classes=12)
    agreement = np.mean([a == b for a, b in planted_tokens(settings)])
    assert agreement == pytest.approx(1 / 12, abs=0.03)


def test_a_melody_is_no_dice():
    """Knowing the note before halves the choice, in bits, at least by one."""
    a = np.concatenate([pair.a for pair in planted_tokens(PlantedSettings("copy", pieces=40, segments=200))])
    joint = np.zeros((12, 12))
    np.add.at(joint, (a[:-1], a[1:]), 1)
    joint /= joint.sum()
    alone = joint.sum(axis=0)
    told = np.where(joint > 0, joint, 1) / np.where(joint > 0, np.outer(joint.sum(axis=1), alone), 1)
    assert np.sum(joint * np.log2(told)) > 0.8


def test_pieces_and_seeds_differ():
    first = planted_tokens(PlantedSettings("copy", pieces=5))
    second = planted_tokens(PlantedSettings("copy", pieces=5, seed=1))
    assert len({pair.a.tobytes() for pair in (*first, *second)}) == 10


def test_each_class_sounds_its_own_pitch_and_a_minor_scale_goes_up():
    settings = PlantedSettings("copy", classes=12, segment_seconds=1.0)
    sound = planted_audio(np.arange(12), TIMBRES["b"], settings)
    seconds = sound.samples[:, 0].reshape(12, settings.sample_rate)
    loudest = [int(np.argmax(np.abs(np.fft.rfft(second)))) for second in seconds]
    semitones = np.round(12 * np.log2(np.array(loudest) / 220)).astype(int).tolist()
    assert semitones == [0, 2, 3, 5, 7, 8, 10, 12, 14, 15, 17, 19]


@pytest.mark.parametrize("timbre", TIMBRES)
def test_a_repeated_note_is_heard_twice(timbre):
    settings = PlantedSettings("copy", segment_seconds=0.5)
    samples = np.abs(planted_audio(np.array([4, 4]), TIMBRES[timbre], settings).samples[:, 0])
    joint = round(0.5 * settings.sample_rate)
    assert samples[joint - 20 : joint + 20].max() < 0.1 * samples.max()
    assert 0.1 < samples.max() < 0.5


@pytest.mark.parametrize("world", ["copy", "delay", "independent"])
def test_a_world_on_disk_is_a_corpus_of_equally_long_pairs(tmp_path, world):
    settings = PlantedSettings(world, pieces=3, segments=7)
    calls = []
    manifest = build_planted(tmp_path / "world", settings, lambda *call: calls.append(call))
    corpus = read_manifest(manifest)
    assert len({each.piece for each in corpus.multitracks}) == 3
    assert calls[-1] == ("planting", 3, 3)
    for multitrack, pair in zip(corpus.multitracks, planted_tokens(settings), strict=True):
        assert [track.name for track in multitrack.tracks] == ["a", "b"]
        for track, ids in zip(multitrack.tracks, pair, strict=True):
            assert track.duration == pytest.approx(3.5)
            expected = planted_audio(ids, TIMBRES[track.name], settings)
            assert np.allclose(audio.read(track.path).samples, expected.samples, atol=1e-6)


def test_a_world_is_the_same_bytes_again(tmp_path):
    files = []
    for name in ("one", "two"):
        build_planted(tmp_path / name, PlantedSettings("delay", pieces=2, segments=4))
        paths = sorted((tmp_path / name).rglob("*.*"))
        files.append([(path.relative_to(tmp_path / name), path.read_bytes()) for path in paths])
    assert files[0] == files[1]
    assert len(files[0]) == 5


@pytest.mark.parametrize("wrong", [{"pieces": 0}, {"segments": 0}, {"classes": 1}, {"delay": -1}, {"sample_rate": 0}])
def test_a_world_that_cannot_be_is_refused(wrong):
    with pytest.raises(SettingsError, match="planted world"):
        PlantedSettings("delay", **wrong)


def test_sequences_are_melodies_of_small_steps():
    for a, _ in planted_tokens(PlantedSettings("copy", pieces=5)):
        assert max(abs(after - before) for before, after in pairwise(a.tolist())) <= 4
