"""The tokens of a stream are those of the whole file, whatever the size of the blocks."""

from functools import cache

import numpy as np
import pytest
from loudness_making import Loudness
from perception_sounds import A4, C4, E5, melody, silence
from wav2vec2_making import model_of, saved

from antiphon.audio import HeldSound, mono, resampled
from antiphon.config import EncoderSettings, PerceptionSettings
from antiphon.errors import SettingsError, WrongAlphabet
from antiphon.perception import Perception, fit_alphabet
from antiphon.types import Audio


@cache
def music(seconds):
    """Tones of random pitch, length and level, with rests and noise between them."""
    random, parts = np.random.default_rng(0), []
    while sum(len(part) for part in parts) < seconds * 44100:
        pitch, length = random.choice([A4, C4, E5, 2 * C4, A4 / 4]), random.uniform(0.1, 1.2)
        part = random.choice([0, 0.1, 1]) * melody([pitch], length, rate=44100, channels=2).samples
        parts.append(part + 0.003 * random.standard_normal(part.shape))
    samples = np.concatenate(parts)[: round(seconds * 44100)]
    return Audio(samples.astype(np.float32), 44100)


@pytest.fixture(scope="module")
def wav2vec2(tmp_path_factory):
    """A tiny model with random weights."""
    return str(saved(model_of(num_hidden_layers=1), tmp_path_factory.mktemp("wav2vec2")))


def fed(stream, samples, length):
    """Tokens of all blocks of `length` samples, and the longest time that a token was late, in seconds."""
    ids, intervals, delay = [], [], 0.0
    for start in range(0, len(samples), length):
        block = samples[start : start + length]
        stream, tokens = stream.push(block)
        ids.append(tokens.ids)
        intervals.append(tokens.intervals)
        due = sum(map(len, ids)) * 0.35
        delay = max(delay, (start + len(block)) / stream.sample_rate - due)
    last = stream.finish()
    return np.concatenate([*ids, last.ids]), np.concatenate([*intervals, last.intervals]), delay


CASES = [
    ("notes", {}, 997),
    ("notes", {"lookahead_seconds": 0.5}, 4801),
    ("quick-notes", {}, 701),
    ("quick-notes", {"lookahead_seconds": 0.04}, 4096),
    ("chroma-mfcc", {}, 313),
    ("chroma-mfcc", {"lookahead_seconds": 0.06}, 5000),
    ("wav2vec2", {"window_seconds": 3.0, "hop_seconds": 1.0}, 1009),
    ("wav2vec2", {"window_seconds": 3.0, "hop_seconds": 1.0, "lookahead_seconds": 0.25}, 3001),
]


@pytest.mark.parametrize(("name", "own", "length"), CASES)
def test_a_stream_gives_the_tokens_of_the_file_within_its_delay(name, own, length, request):
    directory = request.getfixturevalue("wav2vec2") if name == "wav2vec2" else ""
    encoder = EncoderSettings(name=name, directory=directory, **own)
    settings = PerceptionSettings(encoder=encoder, segment_seconds=0.35, alphabet_size=6, loudness="absolute")
    perception, audio = Perception(settings), music(11.3)
    segments, _ = perception.segments(music(21.3))
    alphabet = fit_alphabet(segments, perception.encoder, settings)
    whole = perception.tokens(audio, alphabet)
    stream = perception.stream(alphabet)
    samples = resampled(mono(audio), stream.sample_rate).samples[:, 0]
    ids, intervals, delay = fed(stream, samples, length)
    np.testing.assert_array_equal(ids, whole.ids)
    np.testing.assert_allclose(intervals, whole.intervals, atol=1e-3)
    assert delay <= stream.delay_seconds + length / stream.sample_rate
    assert stream.delay_seconds == pytest.approx(0.35 + perception.encoder.lookahead_seconds)
    assert perception.encoder.lookahead_seconds <= own.get("lookahead_seconds", 4.0)
    assert len(set(whole.ids)) > 3


@pytest.fixture(scope="module")
def loud():
    """The perception of an encoder without a stream of its own, and an alphabet."""
    settings = PerceptionSettings(alphabet_size=4, loudness="absolute")
    perception = Perception(settings, Loudness())
    return perception, fit_alphabet(perception.segments(music(30.0))[0], perception.encoder, settings)


def test_an_encoder_without_a_stream_says_its_tokens_at_the_end(loud):
    perception, alphabet = loud
    audio = music(5.0)
    stream = perception.stream(alphabet)
    for block in HeldSound(audio).blocks(8000):
        stream, tokens = stream.push(block)
        assert len(tokens) == 0
    np.testing.assert_array_equal(stream.finish().ids, perception.tokens(audio, alphabet).ids)
    assert stream.delay_seconds == float("inf")


def test_pushing_leaves_a_stream_as_it_was():
    settings = PerceptionSettings(encoder=EncoderSettings(name="chroma-mfcc"), alphabet_size=2, loudness="absolute")
    perception = Perception(settings)
    alphabet = fit_alphabet(perception.segments(music(20.0))[0], perception.encoder, settings)
    samples = mono(resampled(music(4.0), 22050)).samples[:, 0]
    stream, _ = perception.stream(alphabet).push(samples[:30000])
    first = stream.push(samples[30000:])[1]
    stream.push(np.zeros(40000, np.float32))
    np.testing.assert_array_equal(stream.push(samples[30000:])[1].ids, first.ids)
    assert len(first) > 2


def test_nothing_pushed_gives_no_token_and_silence_the_rest(loud):
    perception, alphabet = loud
    stream = perception.stream(alphabet)
    assert len(stream.finish()) == 0
    stream, _ = stream.push(silence(1.2, rate=8000).samples[:, 0])
    assert stream.finish().ids.tolist() == [alphabet.rest] * 3


def test_what_cannot_be_streamed_is_refused(loud):
    _, alphabet = loud
    with pytest.raises(WrongAlphabet):
        Perception(PerceptionSettings(alphabet_size=4)).stream(alphabet)
    settings = PerceptionSettings(alphabet_size=2, segmenter="onset")
    own = Perception(settings, Loudness())
    alphabet = fit_alphabet(own.segments(music(20.0))[0], own.encoder, settings)
    with pytest.raises(SettingsError, match="uniform"):
        own.stream(alphabet)


@pytest.mark.parametrize(
    ("late", "heard", "length"), [(0.1, None, 701), (0.35, 0.2, 4096), (0.5, 1.0, 999), (1.25, None, 5000)]
)
def test_a_guide_that_is_heard_late_is_the_same_in_blocks_and_no_later_than_said(late, heard, length):
    own = {"guide_delay_seconds": late, "guide_heard_seconds": heard}
    encoder = EncoderSettings(name="chroma-mfcc", lookahead_seconds=0.06)
    settings = PerceptionSettings(encoder=encoder, alphabet_size=6, loudness="absolute", **own)
    perception, audio = Perception(settings), music(15.2)
    alphabet = fit_alphabet(perception.segments(music(30.2))[0], perception.encoder, settings)
    whole = perception.guide_tokens(audio, alphabet)
    stream, ids = perception.stream(alphabet), []
    samples = resampled(mono(audio), stream.sample_rate).samples[:, 0]
    assert stream.delay_seconds == pytest.approx(0.5 - late + perception.encoder.lookahead_seconds)
    for start in range(0, len(samples), length):
        stream, tokens = stream.push(samples[start : start + length])
        ids += tokens.ids.tolist()
        arrived = min(start + length, len(samples)) / stream.sample_rate
        assert arrived - 0.5 * len(ids) <= stream.delay_seconds + length / stream.sample_rate
    ids += stream.finish().ids.tolist()
    certain = len(whole) - 1  # the last one is shorter, which a stream cannot know before the end
    assert ids[:certain] == whole.ids[:certain].tolist()
    assert whole.intervals[1].tolist() == [0.5, 1.0]
    assert len(set(ids)) > 3


def test_what_was_heard_late_is_what_sounded_before():
    """With a delay of a whole segment, the token of each segment is that of the one before."""
    encoder = EncoderSettings(name="chroma-mfcc")
    plain = PerceptionSettings(encoder=encoder, alphabet_size=6, loudness="absolute")
    late = plain.model_copy(update={"guide_delay_seconds": 0.5})
    audio, perception = music(30.0), Perception(plain)
    alphabet = fit_alphabet(perception.segments(audio)[0], perception.encoder, plain)
    now = perception.tokens(audio, alphabet).ids
    before = Perception(late).guide_tokens(audio, alphabet).ids
    assert before[0] == alphabet.rest
    np.testing.assert_array_equal(before[1:], now[:-1])
    np.testing.assert_array_equal(Perception(late).tokens(audio, alphabet).ids, now)
