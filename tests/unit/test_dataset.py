import numpy as np
import pytest

from antiphon.audio import frame_power, write
from antiphon.config import CorpusSettings, PerceptionSettings
from antiphon.corpus.layouts import pair
from antiphon.corpus.manifest import Corpus
from antiphon.dataset import encode, prepare, split_tokens, training_segments, within
from antiphon.errors import AntiphonWarning, BadData
from antiphon.perception.alphabet import fit_alphabet
from antiphon.perception.perception import Perception
from antiphon.types import Audio, Features, Window

SETTINGS = PerceptionSettings(alphabet_size=2)
RATE = 8000


class Loudness:
    identity = "loudness"
    sample_rate = RATE
    lookahead_seconds = 0.0
    standardize = False

    def encode(self, audio: Audio) -> Features:
        times = (np.arange(len(audio.samples) // 80) * 80 + 40) / RATE
        power = frame_power(audio, times)
        return Features(np.sqrt(power)[:, None], times, power)


def steps(path, levels, last=4000):
    """Half a second of noise per level, the last segment `last` samples long."""
    random = np.random.default_rng(0)
    lengths = [4000] * (len(levels) - 1) + [last]
    parts = [level * random.uniform(-1, 1, length) for level, length in zip(levels, lengths, strict=True)]
    write(path, Audio(np.concatenate(parts).astype(np.float32)[:, None], RATE))
    return path


def perception():
    return Perception(SETTINGS, Loudness())


def test_a_pair_lasts_as_long_as_both_and_a_partial_segment_is_no_token(tmp_path):
    levels = [0.1, 0.8] * 12
    take = pair(steps(tmp_path / "a.wav", levels, last=1000), steps(tmp_path / "b.wav", levels[:16]))
    corpus = Corpus((take,))
    prepared = prepare(corpus, perception(), CorpusSettings(train_share=1, validation_share=0))
    segments = training_segments(prepared.encoded, prepared.division["train"], 0.5)
    alphabet = fit_alphabet(segments, Loudness(), SETTINGS)
    excerpt = split_tokens(prepared, alphabet, 0.5).train[0]
    shared = excerpt.pair(0, 1)
    guide, target = shared.guide, shared.target
    assert len(guide) == len(target) == 16
    np.testing.assert_array_equal(guide, target)
    assert len(set(guide[::2])) == len(set(guide[1::2])) == 1
    assert guide[0] != guide[1]
    assert max(map(len, excerpt.ids)) <= 23


def test_a_window_holds_the_segments_inside_it(tmp_path):
    take = pair(steps(tmp_path / "a.wav", [0.5] * 10), steps(tmp_path / "b.wav", [0.5] * 10))
    track = encode((take,), perception(), CorpusSettings())[take.name][0]
    assert len(within(track, Window(take, 0.0, 5.0), 0.5).level) == 10
    assert len(within(track, Window(take, 0.5, 2.0), 0.5).level) == 3
    assert len(within(track, Window(take, 0.6, 2.4), 0.5).level) == 2


def test_silent_tracks_are_left_out_by_name(tmp_path):
    a, b, c = (steps(tmp_path / f"{name}.wav", [0.3] * 4) for name in "abc")
    silent = steps(tmp_path / "silent.wav", [0.0] * 4)
    takes = (pair(a, b), pair(c, silent))
    with pytest.warns(AntiphonWarning) as said:
        encoded = encode(takes, perception(), CorpusSettings())
    assert list(encoded) == [takes[0].name]
    assert "silent.wav" in str(said[0].message)
    assert takes[1].name in str(said[1].message)


def test_nothing_that_sounds_together_is_nothing_to_learn_from(tmp_path):
    take = pair(steps(tmp_path / "a.wav", [0.3] * 4), steps(tmp_path / "b.wav", [0.0] * 4))
    with pytest.raises(BadData, match=r"b\.wav"):
        encode((take,), perception(), CorpusSettings())


def test_more_workers_hear_the_same(tmp_path):
    take = pair(steps(tmp_path / "a.wav", [0.1, 0.6] * 4), steps(tmp_path / "b.wav", [0.6, 0.1] * 4))
    one, many = (encode((take,), perception(), CorpusSettings(), workers)[take.name] for workers in (1, 4))
    for first, second in zip(one, many, strict=True):
        np.testing.assert_array_equal(first.segments.vectors, second.segments.vectors)
