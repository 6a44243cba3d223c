import json

import numpy as np
import pytest

from antiphon.analysis.probe import probe
from antiphon.analysis.probe_corpus import notes_of, probed_tracks
from antiphon.dataset import EncodedTrack
from antiphon.errors import BadData
from antiphon.perception import uniform_intervals
from antiphon.types import Alphabet, Multitrack, Segments, Source, Track, Window

SCALE = (60, 62, 64, 65, 67, 69)
ALPHABET = Alphabet(np.eye(6, dtype=np.float32), np.ones(6, np.float32), -60.0, True, "one class a pitch", "scale")


def piece(folder, name, pitches, *, with_notes=True):
    """A multitrack of one melody, and its segments as an encoder of single pitches would give them."""
    place = folder / name
    place.mkdir()
    if with_notes:
        notes = [[0.5 * index, 0.5, SCALE[pitch], 90] for index, pitch in enumerate(pitches)]
        (place / "notes.json").write_text(json.dumps({"tracks": {"oboe": notes}}))
    track = Track("oboe", (Source(place / "oboe.flac"),), 0.5 * len(pitches), "oboe")
    level = np.full(len(pitches), -20.0, np.float32)
    level[::4] = -40.0
    whole = np.ones(len(pitches), dtype=np.bool_)
    segments = Segments(np.eye(6, dtype=np.float32)[pitches], level)
    heard = EncodedTrack(track, segments, uniform_intervals(track.duration, 0.5), whole, np.zeros(1, np.bool_))
    return Window(Multitrack(name, name, (track,)), 0.0, track.duration), heard


def corpus(folder, **options):
    rng = np.random.default_rng(0)
    made = [piece(folder, f"piece {number}", rng.integers(0, 6, 40), **options) for number in range(3)]
    return {window.multitrack.name: (heard,) for window, heard in made}, [window for window, _ in made]


def test_classes_that_are_pitches_say_the_score_and_nothing_of_the_loudness(tmp_path):
    encoded, windows = corpus(tmp_path)
    found = probe(probed_tracks(encoded, windows, ALPHABET), ALPHABET.size)
    assert found["pitch"].value == found["chord"].value == pytest.approx(1)
    assert abs(found["loudness"].value) < 0.1
    assert found["repeats"].value == found["repeats of the music"].value


def test_only_pieces_that_have_a_window_are_probed(tmp_path):
    encoded, windows = corpus(tmp_path)
    assert {track.piece for track in probed_tracks(encoded, windows[:1], ALPHABET)} == {"piece 0"}


def test_recordings_without_a_score_are_probed_for_loudness_alone(tmp_path):
    encoded, windows = corpus(tmp_path, with_notes=False)
    found = probe(probed_tracks(encoded, windows, ALPHABET), ALPHABET.size)
    assert "pitch" not in found
    assert "loudness" in found
    assert np.isnan(found["repeats of the music"].value)
    assert 0 < found["repeats"].value < 0.5


def test_damaged_notes_are_named(tmp_path):
    _, heard = piece(tmp_path, "broken", np.array([0, 1]))
    (tmp_path / "broken" / "notes.json").write_text("[]")
    with pytest.raises(BadData, match=r"notes\.json: not the notes"):
        notes_of(heard.track)
