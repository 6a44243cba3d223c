"""A response again, out of nothing but its provenance and the files that it names."""

import json
import shutil

import numpy as np
import pytest
from export_making import RATE, made

from antiphon import audio
from antiphon.action.export import PROVENANCE, read_provenance, render_provenance
from antiphon.errors import BadData
from antiphon.types import SILENCE


@pytest.fixture
def whole(tmp_path):
    return made(tmp_path, ())


def test_provenance_alone_gives_the_same_samples(whole):
    assert render_provenance(whole.directory).samples.tobytes() == whole.response.audio.samples.tobytes()


def test_the_gain_is_part_of_it(whole):
    file = whole.directory / PROVENANCE
    content = json.loads(file.read_text())
    content["gain"] = 0.3
    file.write_text(json.dumps(content))
    expected = whole.response.audio.samples * np.float32(0.3)
    assert render_provenance(whole.directory).samples.tobytes() == expected.tobytes()


def test_it_does_so_after_the_folder_moved_and_the_originals_are_gone(whole, tmp_path):
    shutil.move(whole.directory, tmp_path / "moved")
    shutil.rmtree(tmp_path / "sounds")
    assert render_provenance(tmp_path / "moved").samples.tobytes() == whole.response.audio.samples.tobytes()


def test_it_is_read_as_it_was_written(whole):
    assert read_provenance(whole.directory / PROVENANCE) == whole.provenance
    assert [run.length for run in whole.provenance.runs] == [run.length for run in whole.response.runs]


def test_events_say_which_samples_of_which_file_are_heard(whole):
    for event in whole.response.events:
        if event.source:
            heard = audio.read(event.source).samples[event.source_first : event.source_stop]
            start = round(event.time * RATE)
            inner = slice(400, len(heard) - 400)
            assert np.array_equal(whole.response.audio.samples[start : start + len(heard)][inner], heard[inner])


def test_a_missing_or_changed_file_is_named(whole):
    second = whole.directory / "media" / "second.wav"
    audio.write(second, audio.resampled(audio.read(second), 4000))
    with pytest.raises(BadData, match=r"second\.wav: changed since"):
        render_provenance(whole.directory)
    second.unlink()
    shutil.rmtree(whole.directory.parent / "sounds")
    with pytest.raises(BadData, match=r"second\.wav: no such file"):
        render_provenance(whole.directory)


def test_a_copy_from_nowhere_is_refused(whole):
    file = whole.directory / PROVENANCE
    content = json.loads(file.read_text())
    content["copies"][0]["part"] = 2
    file.write_text(json.dumps(content))
    with pytest.raises(BadData, match="not there"):
        read_provenance(file)
    content["copies"][0]["part"] = SILENCE
    file.write_text(json.dumps(content))
    assert read_provenance(file).runs[0].part is None
