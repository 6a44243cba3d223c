"""What pins and edits mean to the steps of a response, and how runs are fitted between pins."""

import numpy as np
import pytest
from action_making import memory, uniform

from antiphon.action.selection.constraints import FREE
from antiphon.action.selection.pins import around, asked_classes, constraints_of, cut, pinned_steps
from antiphon.errors import SettingsError
from antiphon.types import Edited, MemoryPart, Run

RATE = 100
SOURCE = memory([4, 5, 6, 7, 8, 3])
"""Six segments of half a second, 50 samples."""

PART = SOURCE.parts[0]


def test_a_step_whose_middle_lies_in_a_pin_plays_what_sounds_there():
    """Middles are at 25, 75, 125, 175; the pin plays the memory from sample 130 on from sample 75 up to 175."""
    found = pinned_steps([Run(0, 0, 75, 175, source=130, part=PART)], SOURCE, uniform(4))
    assert found.segments.tolist() == [FREE, 2, 3, FREE]
    assert found.silent.tolist() == [False] * 4
    edge = pinned_steps([Run(0, 0, 75, 76, source=150, part=PART)], SOURCE, uniform(4))
    assert edge.segments.tolist() == [FREE, 3, FREE, FREE], "a segment begins with its first sample"


def test_a_pin_that_plays_beyond_the_memory_is_held_to_its_first_and_last_segment():
    early, late = (Run(0, 0, 0, 200, source=source, part=PART) for source in (-90, 200))
    assert pinned_steps([early], SOURCE, uniform(4)).segments.tolist() == [0, 0, 0, 1]
    assert pinned_steps([late], SOURCE, uniform(4)).segments.tolist() == [4, 5, 5, 5]


def test_a_pin_without_a_part_is_silence_and_its_token_the_rest_where_there_is_one():
    found = pinned_steps([Run(0, 0, 0, 50), Run(0, 0, 100, 150, source=0, part=PART)], SOURCE, uniform(4))
    assert found.silent.tolist() == [True, False, False, False]
    assert found.segments.tolist() == [FREE, FREE, 0, FREE]
    assert found.ids(SOURCE, 9).tolist() == [9, FREE, 4, FREE]
    assert found.ids(SOURCE, None).tolist() == [FREE, FREE, 4, FREE]
    assert found.constraints.pinned is found.segments
    assert found.constraints.silent is found.silent


def test_edits_become_constraints_and_nothing_else_does():
    bare = constraints_of([], Edited(), SOURCE, uniform(4))
    assert (bare.refused, bare.asked, bare.dearer, bare.phases) == (None, None, None, None)
    assert bare.pins(4).tolist() == [FREE] * 4
    dearer = np.arange(6.0)
    deleted = Run(0, 0, 50, 100, source=100, part=PART)
    edited = Edited(refused=(deleted,), asked=((3, 8), (0, 2)), dearer=dearer)
    found = constraints_of([Run(0, 0, 0, 50, source=250, part=PART)], edited, SOURCE, uniform(4))
    assert found.pins(4).tolist() == [5, FREE, FREE, FREE]
    assert found.refusals(4).tolist() == [FREE, 2, FREE, FREE]
    assert found.classes(4).tolist() == [2, FREE, FREE, 8]
    assert found.dearer is dearer


@pytest.mark.parametrize("step", [-1, 4])
def test_a_class_is_asked_for_at_a_step_of_the_response(step):
    with pytest.raises(SettingsError, match=f"at step {step}; the response has 4"):
        asked_classes(Edited(asked=((step, 1),)), 4)


def test_a_cut_goes_on_playing_the_same_at_the_same_time():
    run = Run(1, 2, 100, 200, source=40, part=PART)
    assert cut(run, 130, 170) == Run(1, 2, 130, 170, source=70, part=PART)
    assert cut(run, 0, 300) == run
    assert cut(run, 50, 150) == Run(1, 2, 100, 150, source=40, part=PART)
    assert cut(run, 0, 100) is cut(run, 200, 300) is None
    assert cut(Run(1, 2, 100, 200), 130, 170) == Run(1, 2, 130, 170), "silence plays nothing"


def test_free_runs_are_played_where_no_pin_is():
    """Two pins in a response of 300 samples; the second begins where a free run ends, and the last sticks out."""
    early, late = Run(0, 0, 60, 90, source=7, part=PART, pinned=True), Run(0, 0, 200, 320, part=None, pinned=True)
    free = [Run(0, 2, 0, 100, source=0, part=PART), Run(2, 4, 100, 200, part=None), Run(4, 6, 200, 300, 0, PART)]
    placed = around([late, early], free, uniform(6), RATE)
    assert [(run.start, run.end, run.source, run.pinned) for run in placed] == [
        (0, 60, 0, False),
        (60, 90, 7, True),
        (90, 100, 90, False),
        (100, 200, 0, False),
        (200, 320, 0, True),
    ]
    assert [(run.first, run.stop) for run in placed] == [(0, 1), (1, 2), (2, 2), (2, 4), (4, 6)]
    assert around([], free, uniform(6), RATE) == tuple(free)


def test_between_pins_several_runs_are_played_and_one_run_between_several_pins():
    pins = [Run(0, 0, at, at + 10, source=at, part=PART, pinned=True) for at in (40, 80, 120)]
    whole = Run(0, 4, 0, 200, source=5, part=PART)
    placed = around(pins, [whole], uniform(4), RATE)
    assert [(run.start, run.end, run.source) for run in placed if not run.pinned] == [
        (0, 40, 5),
        (50, 80, 55),
        (90, 120, 95),
        (130, 200, 135),
    ]
    short = [Run(0, 0, at, at + 20, source=at, part=MemoryPart("b.wav", 0, 99)) for at in range(0, 200, 20)]
    free = [(run.start, run.end) for run in around(pins[:1], short, uniform(4), RATE) if not run.pinned]
    assert free == [(0, 20), (20, 40), (50, 60), *((at, at + 20) for at in range(60, 200, 20))]
