import numpy as np
import pytest
from loudness_making import Loudness

from antiphon.audio import write
from antiphon.config import CorpusSettings, PerceptionSettings, Settings
from antiphon.corpus.layouts import pair
from antiphon.corpus.manifest import Corpus
from antiphon.corpus.track_audio import read_track
from antiphon.dataset import encode, prepare, split_tokens, training_segments, within
from antiphon.errors import AntiphonWarning, BadData
from antiphon.perception.alphabet import fit_alphabet
from antiphon.perception.perception import Perception
from antiphon.training.pipeline import train
from antiphon.types import Audio, Multitrack, Source, Track, Window

SETTINGS = PerceptionSettings(alphabet_size=2)
RATE = 8000


def steps(path, levels, last=4000):
    """Half a second of noise per level, the last segment `last` samples long."""
    random = np.random.default_rng(list(path.stem.encode()))
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
    segments = training_segments(prepared.encoded, prepared.division["train"])
    alphabet = fit_alphabet(segments, Loudness(), SETTINGS)
    excerpt = split_tokens(prepared, alphabet).train[0]
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
    assert within(track, Window(take, 0.0, 5.0)).sum() == 10
    assert within(track, Window(take, 0.5, 2.0)).sum() == 3
    assert within(track, Window(take, 0.6, 2.4)).sum() == 2


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


def three_tracks(tmp_path):
    levels = {"a": [0.1, 0.8] * 6, "b": [0.2, 0.3] * 6, "c": [0.8, 0.1] * 6}
    tracks = tuple(
        Track(name, (Source(steps(tmp_path / f"{name}.wav", each)),), duration=6.0, sample_rate=RATE)
        for name, each in levels.items()
    )
    return Multitrack("take", "piece", tracks)


def test_the_mix_of_all_others_is_the_only_guide_of_a_track(tmp_path):
    take = three_tracks(tmp_path)
    settings = CorpusSettings(train_share=1, validation_share=0, guides="mix")
    prepared = prepare(Corpus((take,)), perception(), settings)
    alphabet = fit_alphabet(training_segments(prepared.encoded, prepared.division["train"]), Loudness(), SETTINGS)
    (excerpt,) = split_tokens(prepared, alphabet).train
    names = [(excerpt.tracks[guide], excerpt.tracks[target]) for guide, target in excerpt.ordered_pairs()]
    assert names == [("all but a", "a"), ("all but b", "b"), ("all but c", "c")]
    mix = prepared.encoded["take"][3]
    together = sum(read_track(track).samples for track in take.tracks[1:])
    alone = perception().segments(Audio(together, RATE))[0]
    np.testing.assert_allclose(mix.segments.vectors, alone.vectors, atol=1e-4)


def test_an_alphabet_is_made_of_tracks_and_not_of_their_mixes(tmp_path):
    take = three_tracks(tmp_path)
    counts = []
    for guides in ("tracks", "mix"):
        prepared = prepare(
            Corpus((take,)), perception(), CorpusSettings(train_share=1, validation_share=0, guides=guides)
        )
        counts.append(len(training_segments(prepared.encoded, prepared.division["train"]).level))
    assert counts[0] == counts[1] == 36


def test_a_track_that_is_the_sum_of_others_is_left_out_by_measure_and_named(tmp_path):
    take = three_tracks(tmp_path)
    total = 0.5 * sum(read_track(track).samples for track in take.tracks)
    write(tmp_path / "d.wav", Audio(total, RATE))
    mix = Track("d", (Source(tmp_path / "d.wav"),), duration=6.0, sample_rate=RATE)
    take = Multitrack("take", "piece", (*take.tracks, mix))
    with pytest.warns(AntiphonWarning, match=r"the answer: take: d is the sum of 3 of the other tracks \(a, b, c\)"):
        encoded = encode((take,), perception(), CorpusSettings())
    assert [each.track.name for each in encoded["take"]] == ["a", "b", "c"]
    with pytest.warns(AntiphonWarning, match=r"kept by setting corpus\.leave_out_sums: take: d is the sum"):
        encoded = encode((take,), perception(), CorpusSettings(leave_out_sums=False))
    assert len(encoded["take"]) == 4


def test_one_sound_twice_is_named_and_stays(tmp_path):
    take = three_tracks(tmp_path)
    write(tmp_path / "d.wav", Audio(0.5 * read_track(take.tracks[1]).samples, RATE))
    copy = Track("d", (Source(tmp_path / "d.wav"),), duration=6.0, sample_rate=RATE)
    with pytest.warns(AntiphonWarning, match="one sound twice, keep one of them: take: b is the same sound as d"):
        encoded = encode((Multitrack("take", "piece", (*take.tracks, copy)),), perception(), CorpusSettings())
    assert len(encoded["take"]) == 4


@pytest.mark.parametrize(("targets", "answered"), [((), {0, 1, 2}), (("low",), {2}), (("wind",), {0, 1})])
def test_only_the_named_tracks_answer(tmp_path, targets, answered):
    instruments = {"high": "flute", "middle": "oboe", "low": "cello"}
    tracks = tuple(
        Track(name, (Source(steps(tmp_path / f"{name}.wav", [0.1, 0.8] * 12)),), 12.0, instrument)
        for name, instrument in instruments.items()
    )
    settings = CorpusSettings(train_share=1, validation_share=0, targets=targets)
    prepared = prepare(Corpus((Multitrack("piece", "piece", tracks),)), perception(), settings)
    alphabet = fit_alphabet(training_segments(prepared.encoded, prepared.division["train"]), Loudness(), SETTINGS)
    excerpt = split_tokens(prepared, alphabet).train[0]
    pairs = {(guide, target) for guide in range(3) for target in answered if guide != target}
    assert set(excerpt.ordered_pairs()) == pairs


def test_where_nobody_answers_there_is_nothing_to_learn_from(tmp_path):
    take = pair(steps(tmp_path / "a.wav", [0.1, 0.8] * 12), steps(tmp_path / "b.wav", [0.1, 0.8] * 12))
    settings = CorpusSettings(train_share=1, validation_share=0, targets=("nobody",))
    prepared = prepare(Corpus((take,)), perception(), settings)
    alphabet = fit_alphabet(training_segments(prepared.encoded, prepared.division["train"]), Loudness(), SETTINGS)
    with pytest.warns(AntiphonWarning, match="no guide and target share"):
        assert split_tokens(prepared, alphabet).train == ()


@pytest.mark.filterwarnings("ignore::antiphon.errors.AntiphonWarning")
def test_a_training_without_anybody_who_answers_names_the_setting(tmp_path):
    take = pair(steps(tmp_path / "a.wav", [0.1, 0.8] * 12), steps(tmp_path / "b.wav", [0.1, 0.8] * 12))
    settings = Settings(
        perception=SETTINGS, corpus=CorpusSettings(train_share=1, validation_share=0, targets=("nobody",))
    )
    with pytest.raises(BadData, match=r"corpus\.targets: nobody"):
        train(Corpus((take,)), settings=settings, encoder=Loudness())
