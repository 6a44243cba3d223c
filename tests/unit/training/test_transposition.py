import numpy as np

from antiphon.audio import write
from antiphon.config import CorpusSettings, EncoderSettings, PerceptionSettings
from antiphon.corpus.layouts import pair
from antiphon.corpus.manifest import Corpus
from antiphon.dataset import prepare
from antiphon.perception.encoders import make_encoder
from antiphon.perception.perception import Perception
from antiphon.perception.quantizers import make_quantizer
from antiphon.training.transposition import SEMITONES, in_other_keys, rotated
from antiphon.types import Alphabet, Audio, Features, Segments

RATE = 2000
TWELVE = slice(0, 12)


class PitchClasses:
    """Which of twelve levels a half second has: a tone of that pitch class. Counts how often it is asked."""

    identity = "pitch classes of levels"
    sample_rate = RATE
    lookahead_seconds = 0.0
    standardize = False
    pitch_class_dimensions = TWELVE

    def __init__(self):
        self.asked = 0

    def encode(self, audio: Audio) -> Features:
        self.asked += 1
        frames = audio.samples[:, 0].reshape(-1, RATE // 20)
        level = np.round(frames.max(axis=1) * 20).astype(int) % 12
        times = (np.arange(len(frames)) + 0.5) / 20
        return Features(np.eye(12, dtype=np.float32)[level], times, (frames**2).mean(axis=1))


def steps(path, classes):
    samples = np.repeat((np.array(classes) + 4) / 20, RATE // 2).astype(np.float32)
    write(path, Audio(samples[:, None], RATE))
    return path


def prepared(folder, encoder):
    random = np.random.default_rng(0)
    tunes = random.integers(12, size=48)
    take = pair(steps(folder / "a.wav", tunes), steps(folder / "b.wav", (tunes + 7) % 12))
    perception = Perception(PerceptionSettings(loudness="absolute"), encoder)
    return prepare(Corpus((take,)), perception, CorpusSettings(train_share=1, validation_share=0))


CHROMATIC = Alphabet(
    np.eye(12, dtype=np.float32), np.ones(12, dtype=np.float32), -60.0, False, "chromatic", "chromatic"
)
"""A class for each pitch class."""


def test_every_key_moves_all_tracks_alike_and_asks_no_encoder(tmp_path):
    encoder = PitchClasses()
    found = prepared(tmp_path, encoder)
    asked = encoder.asked
    keys = in_other_keys(found.encoded, found.division["train"], make_quantizer(CHROMATIC), encoder)
    assert encoder.asked == asked == 2, "each track is heard once, in the key it is in"
    assert len(keys) == len(SEMITONES) == 11
    heard = {}
    for semitones, (excerpt,) in zip(SEMITONES, keys, strict=True):
        a, b = excerpt.ids
        np.testing.assert_array_equal((b - a) % 12, 7)
        heard[semitones] = a
    for semitones, a in heard.items():
        np.testing.assert_array_equal((a - heard[1]) % 12, (semitones - 1) % 12)
    assert {semitones % 12 for semitones in SEMITONES} == set(range(1, 12))


def test_an_encoder_without_pitch_classes_is_left_in_its_key(tmp_path):
    found = prepared(tmp_path, PitchClasses())
    assert in_other_keys(found.encoded, found.division["train"], make_quantizer(CHROMATIC), object()) == ()


def test_what_is_no_pitch_class_stays():
    vectors = np.random.default_rng(0).random((5, 21), dtype=np.float32)
    segments = Segments(vectors, np.zeros(5, dtype=np.float32))
    higher = rotated(segments, TWELVE, 3)
    np.testing.assert_array_equal(higher.vectors[:, 12:], vectors[:, 12:])
    np.testing.assert_array_equal(higher.vectors[:, 3:12], vectors[:, :9])
    np.testing.assert_array_equal(rotated(higher, TWELVE, -3).vectors, vectors)


def test_a_tone_two_semitones_higher_is_the_tone_rotated_by_two():
    encoder = make_encoder(EncoderSettings())
    dimensions = encoder.pitch_class_dimensions
    time = np.arange(2 * encoder.sample_rate) / encoder.sample_rate

    def chord(semitones):
        notes = [57 + semitones, 61 + semitones, 64 + semitones]
        wave = sum(0.2 * np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * time) for note in notes)
        values = encoder.encode(Audio(wave[:, None].astype(np.float32), encoder.sample_rate)).values
        return Segments(values.mean(axis=0, keepdims=True), np.zeros(1, dtype=np.float32))

    moved = rotated(chord(0), dimensions, 2).vectors[0, dimensions]
    assert np.corrcoef(moved, chord(2).vectors[0, dimensions])[0, 1] > 0.95
