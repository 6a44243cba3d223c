"""What is asked of a search, checked and looked up before it begins: constraints, regions, classes, candidates."""

import numpy as np
import pytest
from action_making import distances, memory, uniform

from antiphon.action.selection.candidates import CandidateIndex, Groups, labels_before
from antiphon.action.selection.concatenation_cost import Boundaries, no_boundaries
from antiphon.action.selection.constraints import FREE, Constraints
from antiphon.action.selection.regions import Region, usable_segments
from antiphon.action.selection.substitutes import Classes, playable
from antiphon.action.selection.trellis import Prices, Step, Trellis
from antiphon.config import ActionSettings
from antiphon.errors import BadData, SettingsError

OF_STEPS = ("pinned", "silent", "phases", "refused", "asked")
OF_SEGMENTS = ("memory_phases", "dearer")


@pytest.mark.parametrize("name", [*OF_STEPS, *OF_SEGMENTS])
def test_a_constraint_has_one_value_per_step_or_per_segment_of_the_memory(name):
    steps, segments = 3, 5
    count = steps if name in OF_STEPS else segments
    fitting = Constraints(**{name: np.zeros(count, dtype=np.int64)})
    assert fitting.checked(steps, segments) is fitting
    for shape in (count - 1, count + 1, (count, 1)):
        with pytest.raises(ValueError, match=rf"{name} must be \({count},\)"):
            Constraints(**{name: np.zeros(shape, dtype=np.int64)}).checked(steps, segments)


@pytest.mark.parametrize(("pins", "step", "segment"), [([0, 5, 7], 1, 5), ([-2, 0, 0], 0, -2), ([4, FREE, 99], 2, 99)])
def test_the_first_pin_that_the_memory_does_not_have_is_named(pins, step, segment):
    with pytest.raises(BadData, match=f"^step {step} is pinned to segment {segment}, the memory has 5 segments"):
        Constraints(pinned=np.array(pins)).checked(3, 5)


def test_the_first_step_that_is_pinned_and_silent_is_named():
    silent = np.array([True, True, True, False])
    with pytest.raises(BadData, match=r"^step 1 is pinned and must stay silent"):
        Constraints(np.array([FREE, 0, 0, 0]), silent).checked(4, 1)
    fine = Constraints(np.array([FREE, FREE, FREE, 0]), silent)
    assert fine.checked(4, 1) is fine


def test_what_is_not_said_is_free():
    nothing, told = Constraints(), np.array([2, FREE])
    for found in (nothing.pins(2), nothing.refusals(2), nothing.classes(2)):
        assert found.tolist() == [FREE, FREE]
    assert nothing.is_silent(2).tolist() == [False, False]
    everything = Constraints(told, told < 0, refused=told, asked=told)
    assert all(each is told for each in (everything.pins(2), everything.refusals(2), everything.classes(2)))
    assert everything.is_silent(2).tolist() == [False, True]


@pytest.mark.parametrize("text", ["1-1", "2-1", "-1-2", "a:1", "0.wav:", "0.wav:1-x"])
def test_a_region_lasts_a_while_and_begins_at_0_or_later(text):
    with pytest.raises(SettingsError, match=r"region (is FILE|must be 0 <= start < end)"):
        Region.parsed(text)


def test_a_region_is_of_a_file_by_its_path_its_name_or_of_all():
    assert Region.parsed("a:b/c.wav:0-1.5") == Region(0.0, 1.5, "a:b/c.wav")
    source = memory([0] * 4, parts=(2,))
    for text, wanted in (("0.wav:0-1", [1, 1, 0, 0]), ("0-0.5", [1, 0, 1, 0]), ("1.wav:0.5-2", [0, 0, 0, 1])):
        found = usable_segments(source, ActionSettings(allowed_regions=(text,)))
        assert found.tolist() == [bool(each) for each in wanted]


@pytest.mark.parametrize(("away", "belongs"), [(0.0, True), (5e-7, True), (1.5e-6, False)])
def test_a_segment_belongs_to_a_region_to_a_microsecond(away, belongs):
    """Segment 1 is 0.5 to 1 s: allowed where it does not stick out by more, taboo where it is touched by more."""
    source = memory([0] * 4)

    def usable(**regions):
        return bool(usable_segments(source, ActionSettings(**regions))[1])

    for inside in (f"{0.5 + away:.9f}-1", f"0.5-{1 - away:.9f}"):
        assert usable(allowed_regions=(inside, "1.5-2")) == belongs
    for beside in (f"0-{0.5 + away:.9f}", f"{1 - away:.9f}-2"):
        assert usable(taboo_regions=(beside,)) == belongs


def test_regions_of_a_memory_without_segments_leave_nothing_and_are_no_error():
    assert usable_segments(memory([]), ActionSettings(taboo_regions=("0-1",))).tolist() == []


def test_files_without_a_name_are_said_to_have_none():
    source = memory([0, 0])
    nameless = type(source)(source.audio, source.tokens, (type(source.parts[0])("", 0, 100),))
    with pytest.raises(SettingsError, match="only a part without a name"):
        usable_segments(nameless, ActionSettings(taboo_regions=("x.wav:0-1",)))


@pytest.mark.parametrize("table", [np.zeros(3), np.zeros((2, 3)), np.zeros((3, 2)), np.zeros((2, 2, 2))])
def test_distances_between_classes_are_a_square_table(table):
    with pytest.raises(ValueError, match=r"class_distances must be \(classes, classes\)"):
        Classes(table)


def test_a_class_that_is_there_stays_and_another_becomes_the_nearest_that_sounds():
    classes = Classes(distances(5, rest=True))
    available = np.array([True, False, False, True, True])
    assert classes.played(np.arange(5), available).tolist() == [0, 0, 3, 3, 4]
    available[[0, 4]] = False
    assert classes.played(np.arange(5), available).tolist() == [3, 3, 3, 3, 4], "a rest stays one, and replaces nothing"
    with pytest.raises(BadData, match="no sound, only rests"):
        classes.played(np.array([4, 0]), np.arange(5) == 4)
    assert classes.played(np.array([4, 4]), np.arange(5) == 4).tolist() == [4, 4]
    assert Classes(distances(3)).played(np.array([0, 2]), np.array([False, True, False])).tolist() == [1, 1]


def test_a_memory_of_one_segment_can_be_played_over_no_interval_and_over_many():
    source = memory([2])
    assert playable(source, uniform(0), 4).shape == (0, 4)
    found = playable(source, uniform(3), 4)
    assert found.tolist() == [[False, False, True, False]] * 3
    assert not playable(source, uniform(1), 4, np.zeros(1, dtype=np.bool_)).any()


def test_a_memory_may_be_a_thousandth_of_a_second_shorter_than_the_middle_interval():
    source = memory([0], rate=1000)
    longer = np.array([[0, 0.3], [0.3, 0.8009], [0.8, 9]])
    assert playable(source, longer, 1).all()
    with pytest.raises(BadData, match="shorter than one segment"):
        playable(source, longer + np.array([[0, 0], [0, 0.001], [0, 0]]), 1)


def test_a_candidate_that_lacks_more_than_a_thousandth_of_a_second_pays_for_it():
    source = memory([0], rate=1000)
    candidates = CandidateIndex(source, no_boundaries(source)).of(0)
    trellis = Trellis([], 1, Prices(1.0, 1.0, np.zeros((1, 1)), short=10.0))
    assert trellis.fit(Step(candidates, 0, 0.5009)).tolist() == [0]
    assert trellis.fit(Step(candidates, 0, 0.5015))[0] == pytest.approx(10 * 0.0015 / 0.5015)


def test_the_label_before_is_none_where_a_part_begins():
    assert labels_before(memory([4, 5, 6, 7, 8], parts=(2, 3))).tolist() == [-1, 4, -1, -1, 7]
    assert labels_before(memory([])).tolist() == []


@pytest.mark.parametrize(
    "classes", [[3, 1, 3, 0, 1], [65536, 0, 65537, 0, 65535], [0, -1, 5, -1], [131071, 65536], [65536, 1], []]
)
def test_members_lie_side_by_side_with_their_class_whatever_its_number(classes):
    found = Groups.of(np.array(classes, dtype=np.int64))
    present = sorted(set(classes))
    assert found.present.tolist() == present
    assert found.sizes.tolist() == [classes.count(each) for each in present]
    members = [
        found.order[start : start + size].tolist() for start, size in zip(found.starts, found.sizes, strict=True)
    ]
    assert members == [[place for place, each in enumerate(classes) if each == label] for label in present]


def test_candidates_know_what_comes_before_them_and_how_they_begin_and_end():
    source = memory([1, 0, 1, 1, 0], parts=(2,))
    sides = Boundaries(np.array([0, 1, 0, 1, 1]), np.array([1, 1, 0, 0, 1]), np.zeros((2, 2)))
    found = CandidateIndex(source, sides).of(1)
    assert found.segments.tolist() == [0, 2, 3]
    assert found.predecessors.tolist() == [5, 5, 2], "one past the last where there is none"
    assert found.labels_before.tolist() == [-1, -1, 1]
    assert (found.left.classes.tolist(), found.right.classes.tolist()) == ([0, 0, 1], [1, 0, 0])
    assert (found.durations.tolist(), found.shortest) == ([0.5] * 3, 0.5)
    usable = CandidateIndex(source, sides, np.array([False, True, True, False, True]))
    assert [usable.of(label).segments.tolist() for label in (0, 1, 2)] == [[1, 4], [2], []]
    assert usable.of(2).shortest == np.inf
