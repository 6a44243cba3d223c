"""Each relation by its definition, written here a second time; how it sounds; what lies on disk."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import audio
from antiphon.corpus.manifest import read_manifest
from antiphon.corpus.planted import (
    PLANTED_WORLDS,
    UNSEEN_VOICES,
    VOICES,
    PlantedSettings,
    build_planted,
    ceiling,
    performed,
    planted_audio,
    planted_splits,
    planted_tokens,
    relation_of,
)
from antiphon.corpus.planted.sound import Voice
from antiphon.errors import BadData, SettingsError

worlds = st.builds(
    PlantedSettings,
    world=st.sampled_from(PLANTED_WORLDS),
    pieces=st.integers(1, 3),
    segments=st.integers(1, 40),
    classes=st.integers(2, 14),
    seed=st.integers(0, 9),
    delay=st.integers(0, 50),
)


def bounced(note, classes):
    while not 0 <= note < classes:
        note = -note if note < 0 else 2 * (classes - 1) - note
    return note


def answered(a, rest):
    """Call and response, segment by segment."""
    asked, said = [], None
    for note in a:
        if note != rest:
            asked, said = [*asked, rest], note
        else:
            asked.append(said)
            said = bounced(said - 1, rest)
    return asked


def opposed(a, classes):
    places = [a[0]]
    for before, now in pairwise(a):
        places.append(bounced(places[-1] - (now - before), classes))
    return places


def planted_parts(settings, a, b):
    """What the relation demands of B, and what B does: equal where it keeps its promise."""
    name, classes = settings.world, settings.classes
    a_list = a.tolist()
    return {
        "copy": lambda: (a_list, b),
        "delay": lambda: (a[: max(settings.segments - settings.delay, 0)], b[settings.delay :]),
        "transposition": lambda: (a + 5, b),
        "third-below": lambda: (a - 2, b),
        "call-and-response": lambda: (answered(a_list, classes), b),
        "inverse-density": lambda: (2 - a // classes, b // classes),
        "contrary-motion": lambda: (opposed(a_list, classes), b),
        "chord-to-bass": lambda: (a // 3, b),
        "texture-follows": lambda: (a // 3, b // 3),
        "texture-opposes": lambda: (3 - a // 3, b // 3),
        "independent": lambda: ([], []),
    }[name]()


@given(worlds)
def test_every_world_keeps_what_it_promises(settings):
    pairs = planted_tokens(settings)
    assert len(pairs) == settings.pieces
    for a, b in pairs:
        assert a.shape == b.shape == (settings.segments,)
        assert 0 <= min(a.min(), b.min()) <= max(a.max(), b.max()) < relation_of(settings).classes
        asked, played = planted_parts(settings, a, b)
        assert np.array_equal(asked, played)


def test_independent_tracks_agree_no_more_than_by_chance():
    settings = PlantedSettings("independent", pieces=50, segments=200, classes=12)
    agreement = np.mean([a == b for a, b in planted_tokens(settings)])
    assert agreement == pytest.approx(1 / 12, abs=0.03)


def test_what_is_free_in_b_knows_nothing_of_a():
    settings = PlantedSettings("inverse-density", pieces=40, segments=200, classes=6)
    pitches = np.concatenate([np.stack([a % 6, b % 6]) for a, b in planted_tokens(settings)], axis=1)
    assert abs(np.corrcoef(pitches)[0, 1]) < 0.1


def test_a_melody_is_no_dice():
    """Knowing the note before halves the choice, in bits, at least by one."""
    a = np.concatenate([pair.a for pair in planted_tokens(PlantedSettings("copy", pieces=40, segments=200))])
    joint = np.zeros((12, 12))
    np.add.at(joint, (a[:-1], a[1:]), 1)
    joint /= joint.sum()
    alone = joint.sum(axis=0)
    told = np.where(joint > 0, joint, 1) / np.where(joint > 0, np.outer(joint.sum(axis=1), alone), 1)
    assert np.sum(joint * np.log2(told)) > 0.8


def test_sequences_are_melodies_of_small_steps():
    for a, _ in planted_tokens(PlantedSettings("copy", pieces=5)):
        assert max(abs(after - before) for before, after in pairwise(a.tolist())) <= 4


def test_pieces_and_seeds_differ_and_more_pieces_change_none():
    first = planted_tokens(PlantedSettings("copy", pieces=5))
    second = planted_tokens(PlantedSettings("copy", pieces=5, seed=1))
    assert len({pair.a.tobytes() for pair in (*first, *second)}) == 10
    fewer = planted_tokens(PlantedSettings("copy", pieces=2))
    assert all(np.array_equal(one.b, other.b) for one, other in zip(first, fewer, strict=False))


def test_noise_is_as_frequent_as_stated_and_never_reaches_a():
    clean = PlantedSettings("copy", pieces=40, segments=200)
    slipping = PlantedSettings("copy", pieces=40, segments=200, slip=0.2)
    late = PlantedSettings("copy", pieces=40, segments=200, late=0.2)
    guides = [np.concatenate([pair.a for pair in planted_tokens(each)]) for each in (clean, slipping, late)]
    assert np.array_equal(guides[0], guides[1])
    assert np.array_equal(guides[0], guides[2])
    wrong = np.mean([pair.a != pair.b for pair in planted_tokens(slipping)])
    assert wrong == pytest.approx(0.2, abs=0.015)
    for a, b in planted_tokens(late):
        off = np.flatnonzero(a != b)
        assert np.array_equal(b[off], b[off - 1])
    held = np.mean([(a != b)[1:][a[1:] != b[:-1]].mean() for a, b in planted_tokens(late)])
    assert held == pytest.approx(0.2, abs=0.02)


def pitches_of(settings, part, ids):
    """The strongest frequency of each token, in semitones above A3."""
    sound = planted_audio(np.array(ids), part, settings, VOICES["b"], np.random.default_rng(0))
    seconds = sound.samples[:, 0].reshape(len(ids), settings.sample_rate)
    loudest = [int(np.argmax(np.abs(np.fft.rfft(second)))) for second in seconds]
    return np.round(12 * np.log2(np.array(loudest) / 220)).astype(int).tolist()


def test_each_class_sounds_its_own_pitch():
    minor = [0, 2, 3, 5, 7, 8, 10, 12, 14, 15, 17, 19]
    assert pitches_of(PlantedSettings("copy", segment_seconds=1.0), "a", range(12)) == minor
    assert pitches_of(PlantedSettings("transposition", segment_seconds=1.0), "b", range(8)) == list(range(8))
    assert pitches_of(PlantedSettings("chord-to-bass", segment_seconds=1.0), "b", [0, 1, 7]) == [-12, -10, 0]
    assert pitches_of(PlantedSettings("inverse-density", segment_seconds=1.0), "b", [0, 1, 2]) == [0, 2, 3]


@pytest.mark.parametrize(("form", "semitones"), [(0, [0, 3, 7]), (1, [3, 7, 12]), (2, [7, 12, 15])])
def test_a_chord_is_a_minor_triad_in_each_inversion(form, semitones):
    chords = PlantedSettings("chord-to-bass", segment_seconds=1.0)
    pure = Voice(np.ones(1, dtype=np.float32), grain=1.0)
    sound = planted_audio(np.array([form]), "a", chords, pure, np.random.default_rng(0)).samples[:, 0]
    spectrum = np.abs(np.fft.rfft(sound))
    loud = 220 * 2 ** (np.array(semitones) / 12)
    peaks = [spectrum[round(each) - 1 : round(each) + 2].max() for each in loud]
    assert min(peaks) > 0.6 * spectrum.max()
    for each in loud:
        spectrum[round(each) - 15 : round(each) + 16] = 0
    assert spectrum.max() < 0.1 * min(peaks)


def test_a_rest_is_silent():
    turns = PlantedSettings("call-and-response")
    assert not planted_audio(np.array([12]), "a", turns, VOICES["a"], np.random.default_rng(0)).samples.any()


@pytest.mark.parametrize("voice", [VOICES["a"], VOICES["b"], UNSEEN_VOICES["a"], UNSEEN_VOICES["b"]])
def test_a_texture_has_the_level_and_the_band_of_its_class(voice):
    settings = PlantedSettings("texture-follows", segment_seconds=1.0)
    for energy, level in enumerate((-48, -40, -32, -24)):
        for colour, (low, high) in enumerate(((100, 500), (500, 1500), (1500, 3900))):
            ids = np.array([energy * 3 + colour])
            sound = planted_audio(ids, "b", settings, voice, np.random.default_rng(1)).samples[:, 0]
            assert 10 * np.log10(np.mean(sound**2)) == pytest.approx(level, abs=0.7)
            power = np.abs(np.fft.rfft(sound)) ** 2
            assert power[low - 20 : high + 20].sum() > 0.95 * power.sum()


@pytest.mark.parametrize("part", VOICES)
def test_a_repeated_note_is_heard_twice(part):
    settings = PlantedSettings("copy", segment_seconds=0.5)
    sound = planted_audio(np.array([4, 4]), part, settings, VOICES[part], np.random.default_rng(0))
    samples = np.abs(sound.samples[:, 0])
    joint = round(0.5 * settings.sample_rate)
    assert samples[joint - 20 : joint + 20].max() < 0.1 * samples.max()
    assert 0.1 < samples.max() < 0.5


def test_density_is_the_number_of_onsets():
    settings = PlantedSettings("inverse-density", segment_seconds=1.0, classes=4)
    for density, notes in enumerate((1, 2, 4)):
        sound = planted_audio(np.array([4 * density]), "b", settings, VOICES["b"], np.random.default_rng(0))
        windows = np.abs(sound.samples[:22000, 0]).reshape(-1, 220).max(axis=1)
        silent = np.append(True, windows < 0.4 * windows.max())
        assert np.sum(silent[:-1] & ~silent[1:]) == notes


def test_jitter_delays_a_tone_and_hiss_fills_the_gap():
    clean = PlantedSettings("copy", hiss_dbfs=None)
    late = PlantedSettings("copy", jitter_seconds=0.1)
    hissing = PlantedSettings("call-and-response", hiss_dbfs=-50.0)

    def starts(settings):
        sound = planted_audio(np.zeros(8, dtype=int), "a", settings, VOICES["a"], np.random.default_rng(3))
        return np.argmax(np.abs(sound.samples.reshape(8, -1)) > 0.05, axis=1) / settings.sample_rate

    assert starts(clean).max() < 0.02
    assert 0.03 < starts(late).max() < 0.12
    rest = planted_audio(np.array([12]), "a", hissing, VOICES["a"], np.random.default_rng(0)).samples
    assert 20 * np.log10(np.std(rest)) == pytest.approx(-50, abs=0.3)


@pytest.mark.parametrize("world", PLANTED_WORLDS)
def test_a_world_on_disk_is_a_corpus_of_equally_long_pairs(tmp_path, world):
    settings = PlantedSettings(world, pieces=3, segments=7)
    calls = []
    manifest = build_planted(tmp_path / "world", settings, lambda *call: calls.append(call))
    corpus = read_manifest(manifest)
    assert len({each.piece for each in corpus.multitracks}) == 3
    assert corpus.splits == planted_splits(settings)
    assert sorted(corpus.splits.values()) == ["test", "train", "validation"]
    assert calls[-1] == ("planting", 3, 3)
    for piece, (multitrack, pair) in enumerate(zip(corpus.multitracks, planted_tokens(settings), strict=True)):
        assert [track.name for track in multitrack.tracks] == ["a", "b"]
        for track, ids in zip(multitrack.tracks, pair, strict=True):
            assert track.duration == pytest.approx(3.5)
            expected = performed(settings, piece, track.name, ids)
            assert np.allclose(audio.read(track.path).samples, expected.samples, atol=1e-6)


def harmonics_of(settings, piece):
    """Level of the first six harmonics, relative to the first, of a piece that holds one tone of 220 Hz."""
    samples = performed(settings, piece, "a", np.zeros(1, dtype=int)).samples[:, 0]
    spectrum = np.abs(np.fft.rfft(samples))
    peaks = np.array([spectrum[110 * n - 3 : 110 * n + 4].max() for n in range(1, 7)])
    return peaks / peaks[0]


def test_unseen_timbres_are_heard_in_the_test_only():
    settings = PlantedSettings("copy", pieces=10, unseen_timbre=True)
    splits = list(planted_splits(settings).values())
    assert splits == ["train"] * 8 + ["validation", "test"]
    seen = [harmonics_of(settings, piece) for piece in range(9)]
    assert np.allclose(seen, [1, 0.5, 0.25, 0.12, 0.06, 0], atol=0.02)
    assert harmonics_of(settings, 9)[1] == pytest.approx(2.5, abs=0.05)
    assert np.allclose(harmonics_of(PlantedSettings("copy", pieces=10), 9), seen[0], atol=0.02)
    with pytest.raises(SettingsError, match="unseen timbres"):
        planted_splits(PlantedSettings("copy", pieces=2, unseen_timbre=True))


def segment_levels(sound):
    """An ear that hears levels in steps of 0.1 dB."""
    segments = sound.samples[:, 0].reshape(-1, round(0.5 * sound.sample_rate))
    return np.round(10 * np.log10(np.mean(segments**2, axis=1)) / 0.1).astype(np.int64)


def test_the_ceiling_is_what_an_ear_makes_of_the_same_notes_again():
    settings = PlantedSettings("texture-follows", pieces=10, segments=100, seed=1)
    assert ceiling(settings, lambda sound: segment_levels(sound) // 40) > 90
    assert 20 < ceiling(settings, segment_levels) < 90
    assert ceiling(settings, lambda sound: np.zeros(5, dtype=np.int64)) == 100
    lengths = iter((4, 5))
    with pytest.raises(BadData, match="4 and 5 segments"):
        ceiling(settings, lambda sound: np.zeros(next(lengths), dtype=np.int64))


def test_a_world_is_the_same_bytes_again(tmp_path):
    files = []
    for name in ("one", "two"):
        build_planted(tmp_path / name, PlantedSettings("delay", pieces=2, segments=4))
        paths = sorted((tmp_path / name).rglob("*.*"))
        files.append([(path.relative_to(tmp_path / name), path.read_bytes()) for path in paths])
    assert files[0] == files[1]
    assert len(files[0]) == 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"world": "unheard-of"},
        {"pieces": 0},
        {"segments": 0},
        {"classes": 1},
        {"delay": -1},
        {"sample_rate": 0},
        {"late": -0.1},
        {"slip": 0.5},
        {"late": 0.3, "slip": 0.3},
        {"jitter_seconds": 0.5},
        {"audio_format": "mp3"},
    ],
)
def test_a_world_that_cannot_be_is_refused(wrong):
    with pytest.raises(SettingsError, match="planted world"):
        PlantedSettings(**{"world": "delay", **wrong})
