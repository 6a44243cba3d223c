"""What the musician changed in a session comes back as pins, to the sample; all else in the project is left alone."""

from dataclasses import replace

import numpy as np
import pytest
from export_making import RATE, REST, made

from antiphon.action.export.edits import edits_of, put_back
from antiphon.action.export.provenance_file import Copy, LaidCopy
from antiphon.action.export.reaper import SESSION, Session, merged, response_track, without_regions
from antiphon.action.export.rpp import Block, parsed, read_project, words, written
from antiphon.action.rendering.crossfade import Crossfade
from antiphon.action.rendering.laid import laid_over
from antiphon.action.rendering.runs import runs
from antiphon.action.selection.pins import around, pinned_steps
from antiphon.errors import BadData
from antiphon.types import Audio, Laid


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return made(tmp_path_factory.mktemp("edits"), ("reaper",))


@pytest.fixture
def root(whole):
    return read_project(whole.directory / SESSION)


def items(root):
    return response_track(root).blocks("ITEM")


def change(item, name, *values):
    for number, line in enumerate(item.inside):
        if isinstance(line, str) and words(line)[:1] == [name]:
            item.inside[number] = " ".join([name, *map(str, values)])
            return
    item.inside.insert(0, " ".join([name, *map(str, values)]))


def number(item, name):
    return float(item.find(name)[0])


def pins(root, whole):
    return [as_laid(pin.run) for pin in edits_of(root, whole.provenance, "s.rpp").pins]


EDGE = RATE * 5 // 1000 // 2
"""Samples of its time that an item leaves to what comes before or after, where it fades alone over the edge."""


def as_laid(run):
    """A run without its steps and rooms: what it copies, and when."""
    return replace(run, first=0, stop=0, laid=None)


def sounding(whole):
    return [as_laid(run) for run in whole.provenance.runs if run.part]


def test_an_untouched_session_has_no_pins(root, whole):
    found = edits_of(root, whole.provenance, "s.rpp")
    assert found.pins == ()
    assert len(found.ours) == len(items(root))


def test_an_item_that_was_moved_is_pinned_where_it_is(root, whole):
    item, run = items(root)[1], sounding(whole)[1]
    change(item, "POSITION", number(item, "POSITION") + 777 / RATE)
    (pin,) = pins(root, whole)
    assert pin == replace(run, start=run.start + 777, end=run.end + 777 - EDGE, pinned=True)


def test_an_item_that_was_trimmed_goes_on_playing_the_same_at_the_same_time(root, whole):
    item, run = items(root)[1], sounding(whole)[1]
    for name, by in (("POSITION", 1), ("SOFFS", 1), ("LENGTH", -1)):
        change(item, name, number(item, name) + by * 500 / RATE)
    (pin,) = pins(root, whole)
    assert pin == replace(run, start=run.start + 500, end=run.end - EDGE, source=run.source + 500, pinned=True)


def test_an_item_with_another_offset_or_file_is_pinned(root, whole):
    item, run = items(root)[1], sounding(whole)[1]
    change(item, "SOFFS", number(item, "SOFFS") - 321 / RATE)
    assert pins(root, whole) == [replace(run, end=run.end - EDGE, source=run.source - 321, pinned=True)]
    change(item, "SOFFS", number(item, "SOFFS") + 321 / RATE)
    change(item.blocks("SOURCE")[0], "FILE", '"media/second.wav"')
    (pin,) = pins(root, whole)
    assert pin.part == whole.provenance.parts[1]
    assert pin.source - pin.part.start == run.source - run.part.start


def test_a_pin_that_begins_before_the_response_is_cut_there(root, whole):
    item, run = items(root)[1], sounding(whole)[1]
    change(item, "POSITION", number(item, "POSITION") - 1.75)
    (pin,) = pins(root, whole)
    assert (pin.start, pin.source) == (0, run.source + RATE // 4)


def test_a_locked_item_is_pinned_and_a_muted_one_is_pinned_silence(root, whole):
    change(items(root)[0], "LOCK", 1)
    change(items(root)[2], "MUTE", 1, 0)
    locked, muted = pins(root, whole)
    assert locked == replace(sounding(whole)[0], pinned=True)
    assert (muted.start, muted.end, muted.part) == (sounding(whole)[2].start + EDGE, sounding(whole)[2].end, None)


def test_a_copy_of_an_item_is_a_pin_of_its_own(root, whole):
    track = response_track(root)
    original = items(root)[0]
    copy = Block(original.opening, list(original.inside), original.closing)
    change(copy, "IGUID", "{COPY}")
    change(copy, "POSITION", 3.5)
    track.inside.append(copy)
    (pin,) = pins(root, whole)
    assert pin.source - pin.start == sounding(whole)[0].source - round(3.5 * RATE)


def test_an_item_that_was_deleted_leaves_its_span_free(root, whole):
    track = response_track(root)
    track.inside.remove(items(root)[1])
    assert pins(root, whole) == []


def test_the_take_that_is_selected_counts(root, whole):
    item, run = items(root)[0], sounding(whole)[0]
    source = Block("<SOURCE WAVE", ['FILE "media/second.wav"'])
    item.inside += ["TAKE SEL", "TAKEVOLPAN 0 1 -1", "SOFFS 1.5", source]
    (pin,) = pins(root, whole)
    assert pin == replace(
        run, source=whole.provenance.parts[1].start + round(1.5 * RATE), part=whole.provenance.parts[1], pinned=True
    )


def test_where_two_pins_overlap_the_later_one_sounds(root, whole):
    first, second = items(root)[:2]
    for item in (first, second):
        change(item, "LOCK", 1)
    change(second, "POSITION", number(second, "POSITION") - 0.25)
    early, late = pins(root, whole)
    assert early.end == late.start == sounding(whole)[1].start - RATE // 4


def test_a_pin_stays_a_pin_as_long_as_its_item_is_there(root, whole):
    copies = list(whole.provenance.copies)
    copies[0] = replace(copies[0], pinned=True)
    record = replace(whole.provenance, copies=tuple(copies))
    assert [as_laid(pin.run) for pin in edits_of(root, record, "s.rpp").pins] == [as_laid(record.runs[0])]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (("POSITION", "nan"), "no readable POSITION"),
        (("POSITION", "here"), "no readable POSITION"),
        (("LENGTH", "inf"), "no readable LENGTH"),
        (("VOLPAN", "loud"), "no readable VOLPAN"),
    ],
)
def test_nonsense_is_one_clear_line(root, whole, line, reason):
    change(items(root)[1], *line)
    with pytest.raises(BadData, match=rf"s\.rpp: .*{reason}"):
        pins(root, whole)


def test_a_response_track_that_is_gone_is_said(root, whole):
    root.inside.remove(response_track(root))
    with pytest.raises(BadData, match="the track of the response is gone"):
        pins(root, whole)


def test_foreign_items_on_the_track_are_none_of_ours(root, whole):
    foreign = parsed("<REAPER_PROJECT\n<ITEM\nPOSITION 1\nLENGTH 1\n<SOURCE MIDI\nE 0 90 3c 60\n>\n>\n>", "x").inside[0]
    response_track(root).inside.append(foreign)
    found = edits_of(root, whole.provenance, "s.rpp")
    assert found.pins == ()
    assert foreign not in found.ours


FOREIGN = """<REAPER_PROJECT
  <TRACK {AAAA}
    NAME "My drums"
    <FXCHAIN
      <VST "VSTi: Foo" foo.dll 0 "" 1<> ""
        ZXZhd57tXv4CAAAA
      >
    >
  >
  <UNKNOWN_BLOCK 1 2
    whatever "it 'is'
  >
  MARKER 77 1.25 "verse" 0
>"""


def answered_again(root, whole):
    """The response around the pins, and the session that is written then."""
    found = edits_of(root, whole.provenance, "s.rpp")
    intervals = whole.response.guide.intervals
    parts = dict(zip(whole.provenance.parts, whole.memory.parts, strict=True))
    fixed = [replace(pin.run, part=parts[pin.run.part] if pin.run.part else None) for pin in found.pins]
    renderer = Crossfade(0.05, 0.005)
    placed = renderer.refined(
        around(fixed, runs(whole.response.selection, whole.memory, intervals), intervals, RATE), whole.memory.audio
    )
    laid = [laid_item(kept.lay, whole) for kept in found.kept if kept.lay and kept.lay.part]
    copies = tuple(
        Copy(
            *(run.first, run.stop, run.start, run.end),
            part=whole.memory.parts.index(run.part) if run.part else -1,
            source=run.source - run.part.start if run.part else 0,
            pinned=run.pinned,
            laid=run.laid,
        )
        for run in placed
    )
    items_laid = tuple(
        LaidCopy(each.start, each.end, each.source, each.file, each.gain, each.fade_in, each.fade_out) for each in laid
    )
    mixing = replace(found.mixing, kept=len(found.kept))
    record = replace(whole.provenance, copies=copies, laid=items_laid, mixing=mixing)
    for count, kept in enumerate(found.kept):
        put_back(kept, count, 1.0)
    bare = without_regions(root, whole.provenance, REST)
    session = merged(bare, Session(record, REST), found.ours, found.track)
    sound = renderer.of_runs(placed, whole.memory.audio, 5 * RATE)
    return replace(sound, samples=laid_over(sound.samples, laid)), record, session


def laid_item(lay, whole):
    number = whole.provenance.parts.index(lay.part)
    part = whole.memory.parts[number]
    sound = Audio(whole.memory.audio.samples[part.start : part.end], RATE)
    return Laid(lay.start, lay.end, lay.source, sound, number, lay.gain, lay.fade_in, lay.fade_out, lay.loop)


def test_what_is_foreign_is_kept_and_what_is_pinned_comes_back_the_same(root, whole):
    foreign = parsed(FOREIGN, "x")
    root.inside += foreign.inside
    moved = items(root)[1]
    change(moved, "POSITION", number(moved, "POSITION") + 777 / RATE)
    moved.inside.append(Block("<VOLENV", ["PT 0 0.5 0"]))
    change(items(root)[3], "MUTE", 1, 0)
    before = pins(root, whole)
    sound, record, session = answered_again(root, whole)
    text = written(session)
    for block in foreign.inside:
        assert "\n".join(block.lines() if isinstance(block, Block) else [block]) in text
    assert "PT 0 0.5 0" in text
    assert text.count("MARKER 77") == 1
    for pin in before:
        inner = slice(pin.start + 400, pin.end - 400)
        if pin.part:
            copy = whole.memory.audio.samples[pin.source + 400 : pin.source + pin.length - 400]
            assert sound.samples[inner].tobytes() == copy.tobytes()
        else:
            assert not sound.samples[inner].any()
    again = [pin.run for pin in edits_of(parsed(text, "again"), record, "again").pins]
    assert [(pin.start, pin.end, pin.source if pin.part else 0) for pin in again] == [
        (pin.start, pin.end, pin.source if pin.part else 0) for pin in before
    ]
    assert len(response_track(session).blocks("ITEM")) == len(record.runs)


def test_a_pinned_step_plays_what_its_pin_plays(whole):
    run = replace(sounding(whole)[1], part=whole.memory.parts[0])
    moved = replace(run, start=run.start + 1000, end=run.end + 1000)
    silent = replace(run, start=0, end=RATE // 2, part=None)
    steps = pinned_steps([moved, silent], whole.memory, whole.response.guide.intervals)
    first = round((run.start + 1000) / RATE / 0.5)
    heard = (moved.source + (first + 0.5) * 0.5 * RATE - moved.start) / RATE
    assert steps.segments[first] == int(heard / 0.5)
    assert steps.silent.tolist() == [True] + [False] * 9
    assert steps.ids(whole.memory, REST)[0] == REST
    assert steps.ids(whole.memory, REST)[first] == whole.memory.tokens.ids[steps.segments[first]]
    assert np.count_nonzero(steps.ids(whole.memory, None) >= 0) == np.count_nonzero(steps.segments >= 0)


def test_runs_around_pins_fill_the_response_without_overlap(whole):
    free = runs(whole.response.selection, whole.memory, whole.response.guide.intervals)
    pinned = [
        replace(free[1], start=3333, end=9999, pinned=True),
        replace(free[1], start=20001, end=20500, pinned=True),
    ]
    placed = around(pinned, free, whole.response.guide.intervals, RATE)
    assert [run.start for run in placed][1:] == [run.end for run in placed][:-1]
    assert (placed[0].start, placed[-1].end) == (0, 5 * RATE)
    assert [run for run in placed if run.pinned] == [
        replace(pin, first=run.first, stop=run.stop)
        for pin, run in zip(pinned, [run for run in placed if run.pinned], strict=True)
    ]
    played = {(run.source - run.start, run.part) for run in free if run.part}
    assert {(run.source - run.start, run.part) for run in placed if run.part and not run.pinned} <= played
    steps = [index for run in placed for index in range(run.first, run.stop)]
    assert steps == list(range(10))


def test_sources_are_found_by_their_names_where_paths_were_rewritten(root, whole):
    item = items(root)[1]
    change(item, "LOCK", 1)
    change(item.blocks("SOURCE")[0], "FILE", r'"C:\sounds\first.wav"')
    assert len(pins(root, whole)) == 1
