"""Gain riding: phrases rise and fall with the guide, by no more than 9 dB, and a session shows it as item volume."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from export_making import REST, made

from antiphon.action.export.formats import Handed, hand_over
from antiphon.action.export.provenance_file import copies_of
from antiphon.action.export.reaper import SESSION, response_track
from antiphon.action.export.rpp import read_project
from antiphon.action.rendering.riding import MOST_DB, ridden
from antiphon.types import Audio, MemoryPart, Run

RATE = 8000
PART = MemoryPart("memory.wav", 0, 8 * RATE)


def noise(*levels: float, seconds: float = 2.0) -> Audio:
    """Noise of these levels in dBFS, one after the other; -inf is silence."""
    rng = np.random.default_rng(0)
    parts = [10 ** (level / 20) * rng.normal(0, 1, (round(seconds * RATE), 1)) for level in levels]
    return Audio(np.concatenate(parts).astype(np.float32), RATE)


def copies(*seconds: float, **changes) -> tuple[Run, ...]:
    """Runs of these lengths, each from where it is played."""
    edges = np.concatenate([[0], np.cumsum(np.round(np.array(seconds) * RATE).astype(int))]).tolist()
    return tuple(
        Run(index, index + 1, start, end, start, PART, **changes)
        for index, (start, end) in enumerate(itertools.pairwise(edges))
    )


def gains(runs) -> list[float]:
    return [20 * np.log10(run.gain) for run in runs]


def test_phrases_differ_in_level_as_the_guide_does_there():
    found = gains(ridden(copies(2, 2, 2), noise(-20, -20, -20), noise(-10, -16, -10), 1.0))
    assert found[0] - found[1] == pytest.approx(6, abs=0.3)
    assert found[0] == pytest.approx(found[2], abs=0.3)
    assert np.mean(found) == pytest.approx(0, abs=0.01), "how loud the whole is stays"


def test_a_share_goes_a_share_of_the_way_and_none_changes_nothing():
    runs, memory, guide = copies(2, 2), noise(-20, -20), noise(-10, -16)
    half = gains(ridden(runs, memory, guide, 0.5))
    assert half[0] - half[1] == pytest.approx(3, abs=0.2)
    assert ridden(runs, memory, guide, 0.0) == runs


def test_a_memory_that_rises_where_the_guide_falls_is_turned_round():
    found = gains(ridden(copies(2, 2), noise(-24, -20), noise(-10, -14), 1.0))
    assert found[0] - found[1] == pytest.approx(8, abs=0.3)


def test_no_phrase_is_turned_by_more_than_9_db():
    found = gains(ridden(copies(2, 2), noise(-20, -20), noise(-5, -55), 1.0))
    assert found == pytest.approx([MOST_DB, -MOST_DB])
    assert gains(ridden(copies(2, 2), noise(-20, -20), noise(-5, -55), 0.5)) == pytest.approx([4.5, -4.5])


def test_a_long_phrase_counts_for_its_length():
    found = gains(ridden(copies(3, 1), noise(-20, -20), noise(-10, -14, seconds=3), 1.0))
    assert 3 * found[0] + found[1] == pytest.approx(0, abs=0.01)


def test_where_guide_or_memory_is_silent_nothing_leads():
    silent = -np.inf
    assert gains(ridden(copies(2, 2, 2), noise(-20, -20, -20), noise(-10, silent, -16), 1.0))[1] == 0
    assert gains(ridden(copies(2, 2, 2), noise(-20, silent, -20), noise(-10, -13, -16), 1.0))[1] == 0
    runs = copies(2, 2)
    assert ridden(runs, noise(-20, -20), noise(silent, silent), 1.0) == runs


def test_what_a_musician_has_put_there_and_silence_stay_as_they_are():
    runs = (*copies(2, 2), Run(2, 3, 4 * RATE, 6 * RATE), replace(copies(2, 2, 2, 2)[3], pinned=True))
    found = ridden(runs, noise(-20, -20, -20, -20), noise(-10, -16, -3, -3), 1.0)
    assert found[2:] == runs[2:]
    assert found[0].gain > 1 > found[1].gain


def test_a_session_shows_it_as_the_volume_of_items(tmp_path):
    result = made(tmp_path, ())
    runs = [replace(run, gain=0.5 + 0.1 * number) for number, run in enumerate(result.response.runs)]
    record = replace(
        result.provenance, copies=copies_of(replace(result.response, runs=tuple(runs)), result.memory), takes=()
    )
    hand_over(result.directory, Handed(record, REST), ("reaper",))
    items = response_track(read_project(result.directory / SESSION)).blocks("ITEM")
    volumes = [float(item.find("VOLPAN")[0]) for item in items]
    assert volumes == [run.gain for run in runs if run.part is not None]
