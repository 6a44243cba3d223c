"""A session that the version before this one wrote is still read, edited and rendered as it was."""

import json
from pathlib import Path

import numpy as np
import pytest
from export_making import RATE, REST, made

from antiphon.action.export import PROVENANCE, read_provenance, render_provenance
from antiphon.action.export.edits import edits_of
from antiphon.action.export.provenance_file import TEMPO_BEFORE
from antiphon.action.export.reaper import SESSION, response_track, without_regions
from antiphon.action.export.rpp import read_project, words, written
from antiphon.action.rendering.crossfade import SINE, SMOOTH, Crossfade

SAVED = Path(__file__).parents[2] / "golden" / "session-of-version-1"


@pytest.fixture
def record():
    return read_provenance(SAVED / PROVENANCE)


@pytest.fixture
def root():
    return read_project(SAVED / SESSION)


def change(item, name, value):
    places = [n for n, each in enumerate(item.inside) if isinstance(each, str) and words(each)[:1] == [name]]
    item.inside[places[0]] = f"{name} {value}"


def test_what_it_does_not_tell_is_as_it_was(record):
    assert (record.curve, record.tempo, record.laid, record.takes, record.sounds) == (SINE, TEMPO_BEFORE, (), (), ())


def test_it_has_no_edits(root, record):
    found = edits_of(root, record, "s.rpp", rest=REST)
    assert (found.pins, found.refused, found.lost, found.notes) == ((), (), (), ())
    assert len(found.ours) == len(response_track(root).blocks("ITEM"))


def test_its_markers_give_way(root, record):
    root.inside.append('  MARKER 90 0.25 "mine" 0')
    left = [line for line in written(without_regions(root, record, REST)).splitlines() if "MARKER" in line]
    assert [words(line)[3] for line in left] == ["mine"]


def test_a_changed_tempo_does_not_stretch_what_was_attached_to_beats(root, record):
    """Earlier sessions say nothing of what items are attached to: REAPER takes beats, with length and rate."""
    change(root, "TEMPO", "120 4 4")
    for item in [item for track in root.blocks("TRACK") for item in track.blocks("ITEM")]:
        for name in ("POSITION", "LENGTH"):
            change(item, name, float(item.find(name)[0]) / 2)
        item.inside.insert(0, "PLAYRATE 2 1 0 -1 0 0.0025")
        item.inside = [each for each in item.inside if each != "      PLAYRATE 1 1 0 -1 0 0.0025"]
    found = edits_of(root, record, "s.rpp", rest=REST)
    assert (found.pins, found.lost) == ((), ())
    assert "keep their seconds" in found.notes[0]


def test_an_item_that_was_moved_stays_where_it_is(root, record):
    item = response_track(root).blocks("ITEM")[1]
    change(item, "POSITION", float(item.find("POSITION")[0]) + 777 / RATE)
    (pin,) = edits_of(root, record, "s.rpp", rest=REST).pins
    run = [run for run in record.runs if run.part][1]
    assert (pin.run.start, pin.run.source - pin.run.start) == (run.start + 777, run.source - run.start - 777)


def test_its_response_is_rendered_as_it_was_faded(record, tmp_path):
    whole = made(tmp_path, ())
    saved = json.loads((SAVED / PROVENANCE).read_text(encoding="utf-8"))
    now = json.loads((whole.directory / PROVENANCE).read_text(encoding="utf-8"))
    for source, present in zip(saved["inputs"]["memories"], now["inputs"]["memories"], strict=True):
        source["sha256"] = present["sha256"]
    (whole.directory / PROVENANCE).write_text(json.dumps(saved), encoding="utf-8")
    memory, again = whole.memory.audio, render_provenance(whole.directory)
    assert np.array_equal(again.samples, Crossfade(0.05, curve=SINE).of_runs(record.runs, memory, 5 * RATE).samples)
    assert not np.array_equal(
        again.samples, Crossfade(0.05, curve=SMOOTH).of_runs(record.runs, memory, 5 * RATE).samples
    )
