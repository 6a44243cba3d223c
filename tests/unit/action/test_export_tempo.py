"""Beats to seconds and back, and the tempo of a session for the beats of its guide."""

import pytest

from antiphon.action.export.provenance_file import TEMPO, TempoPoint
from antiphon.action.export.rpp import Block
from antiphon.action.export.tempo import TempoMap, tempo_lines, tempo_of, tempo_points
from antiphon.types import Grid


@pytest.mark.parametrize("grid", [None, Grid(97.5), Grid(120.0, 0.37), Grid(60.0, 0.02), Grid(183.0, 3.1, 3)])
def test_a_downbeat_lies_where_the_guide_has_it_and_is_read_as_written(grid):
    points = tempo_points(grid)
    assert tempo_of(Block("<REAPER_PROJECT", tempo_lines(points))) == points
    if grid is None:
        assert points == TEMPO
        return
    beats = TempoMap(points)
    first = grid.first_beat if grid.first_beat > 0.0625 or grid.first_beat == 0 else grid.first_beat + 4.0
    assert beats.beats(first) == pytest.approx(round(beats.beats(first)))
    assert beats.beats(first + 600 / grid.bpm) == pytest.approx(beats.beats(first) + 10)
    assert all(1 <= point.bpm <= 960 for point in points)


def test_a_tempo_that_moves_is_followed():
    beats = TempoMap((TempoPoint(0.0, 60.0, ramp=True), TempoPoint(10.0, 120.0)))
    assert beats.beats(10.0) == pytest.approx(15.0, rel=1e-2)
    assert beats.beats(12.0) - beats.beats(10.0) == pytest.approx(4.0)
    for second in (0.0, 3.3, 10.0, 44.4):
        assert beats.seconds(beats.beats(second)) == pytest.approx(second)


def test_a_grid_is_one_that_can_be():
    for values in ((0.0,), (97.0, -1.0), (97.0, 0.0, 0)):
        with pytest.raises(ValueError, match="beat"):
            Grid(*values)
