"""A lane of hours: drawn, but not in all its detail, and it says so."""

from dataclasses import replace

import numpy as np
import pytest

from antiphon.audio import mp3
from antiphon.pages import lanes
from antiphon.pages.lanes import Lane, drawn
from antiphon.types import Audio


def lane(frames: int, segments: int) -> Lane:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (frames, 1)).astype(np.float32)
    edges = np.linspace(0, frames / 8000, segments + 1)
    intervals = np.stack([edges[:-1], edges[1:]], axis=1)
    return Lane("Memory", "what", Audio(samples, 8000), intervals, np.zeros(segments, np.int64), [""] * segments)


def test_more_segments_than_can_be_seen_are_counted_instead(monkeypatch):
    monkeypatch.setattr(lanes, "MOST_REGIONS", 20)
    few, many = drawn(lane(8000, 20), 9), drawn(lane(8000, 21), 9)
    assert len(few.regions) == 20
    assert many.regions == []
    assert "21 segments, too many to colour" in many.about
    assert "too many" not in few.about


def test_a_long_column_is_drawn_by_a_part_of_it(monkeypatch):
    whole = drawn(lane(240000, 3), 9)
    monkeypatch.setattr(lanes, "LONGEST_COLUMN", 100)
    monkeypatch.setattr(lanes, "LOOK", 16)
    part = drawn(lane(240000, 3), 9)
    assert "drawn by a part of its samples" in part.about
    assert "by a part" not in whole.about
    assert part.outline.count("L") == whole.outline.count("L")
    looked = lanes._looked_at(1000, 1200)
    assert (looked[0].start, looked[-1].stop, len(looked)) == (1000, 1200, lanes.LOOKS)


def test_a_track_that_is_too_long_to_carry_is_not_embedded(monkeypatch):
    monkeypatch.setattr(lanes, "LONGEST_EMBEDDED", 0.5)
    assert drawn(lane(8000, 2), 9).sound == ""


def test_a_sound_is_encoded_once_and_the_last_ones_are_kept(monkeypatch):
    """The same samples at another rate are another sound; of many, the oldest are given up."""
    monkeypatch.setattr(lanes, "_KEPT", {})
    encoded = []
    monkeypatch.setattr(lanes, "mp3", lambda audio, kilobits: encoded.append(audio) or mp3(audio, kilobits))
    sounds = [lane(800 + 80 * index, 1).audio for index in range(lanes.MOST_KEPT)]
    first = [lanes.sound_uri(sound) for sound in sounds]
    assert [lanes.sound_uri(Audio(sound.samples.copy(), sound.sample_rate)) for sound in sounds] == first
    assert len(encoded) == len(set(first)) == lanes.MOST_KEPT
    assert lanes.sound_uri(Audio(sounds[0].samples, 16000)) not in first
    lanes.sound_uri(sounds[1])
    assert len(encoded) == lanes.MOST_KEPT + 1
    lanes.sound_uri(sounds[0])
    assert len(encoded) == lanes.MOST_KEPT + 2
    assert len(lanes._KEPT) == lanes.MOST_KEPT


def test_the_sounds_of_many_minutes_take_no_more_than_a_page_should():
    """Ten seconds stand for ten minutes: what a page may take is a hundredth, and so is what is heard."""
    stereo = np.random.default_rng(0).uniform(-0.5, 0.5, (44100 * 6, 2)).astype(np.float32)
    many = [replace(lane(8000, 1), audio=Audio(stereo, 44100)) for _ in range(3)]
    free = sum(len(each.sound) for each in lanes.all_drawn(many, 9))
    assert free == sum(len(drawn(each, 9).sound) for each in many)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "MOST_SOUND", lanes.MOST_SOUND // 50)
        bounded = sum(len(each.sound) for each in lanes.all_drawn(many, 9))
    assert bounded <= lanes.MOST_SOUND // 50 * 4 / 3 * 1.1 < free


def test_a_scale_has_round_marks_within_its_length():
    assert [(tick.percent, tick.label) for tick in lanes.ticks_of(20.0)] == [
        (0.0, "0 s"), (25.0, "5 s"), (50.0, "10 s"), (75.0, "15 s"), (100.0, "20 s"),
    ]  # fmt: skip
    assert lanes.ticks_of(0.0) == []
    assert len(lanes.ticks_of(36000.0)) <= 12
