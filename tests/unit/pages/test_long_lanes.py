"""A lane of hours: drawn, but not in all its detail, and it says so."""

import numpy as np

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
