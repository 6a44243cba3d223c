"""A performance on stage is recorded as it goes on, and is played again bit for bit, whatever happened in it."""

import json
import shutil

import numpy as np
import pytest
import soundfile
from hand import HandDevice, hand_stage
from live_making import RATE, melody

from antiphon import audio
from antiphon.errors import BadData
from antiphon.live import growing_sound, guide_desk
from antiphon.live.events import Control, Cue, Tempo
from antiphon.live.growing_sound import GrowingSound
from antiphon.live.run_file import EVENTS, GUIDE, PLAYED, RUN
from antiphon.live.stage_replay import StageReplay
from antiphon.use_cases.live import replayed


@pytest.fixture(scope="module")
def performance(tmp_path_factory):
    """An evening in eight seconds: dials, a tempo, a decision that stands still, one that dies, a device that goes."""
    folder, patch = tmp_path_factory.mktemp("evening"), pytest.MonkeyPatch()
    audio.write(folder / "memory.wav", melody(15, seed=1))
    stage = hand_stage(folder / "record", folder / "memory.wav", melody(20, seed=3), patch)
    stage.instrument.cue(Control("volume", -3.0), Tempo(96.0, 0))
    stage.run(2)
    stage.link.is_stalled = True
    stage.run(0.8)
    stage.link.is_stalled = False
    stage.run(0.5)
    stage.instrument.cue(Control("follow", 2.0), Cue("jump"))
    stage.run(0.7)
    stage.link.is_killed = True
    stage.run(1.2)
    stage.device.is_there = False
    stage.run(0.5)
    stage.device = stage.instrument.device
    stage.run(1)
    stage.instrument.cue(Cue("panic"))
    stage.run(0.4)
    stage.instrument.cue(Cue("start"))
    stage.run(1)
    stage.instrument.close()
    patch.undo()
    return stage


def again(performance, folder):
    """What a replay comes to, without the agent and the memory being read anew."""
    return StageReplay(performance.link.session, folder).run()


def lines_of(folder):
    return [json.loads(line) for line in (folder / EVENTS).read_text().splitlines()]


def test_it_holds_all_that_happened(performance):
    rows = lines_of(performance.directory)
    kinds = [row["event"] for row in rows]
    assert kinds.count("session") == 2
    assert kinds.count("deck") == 2
    assert kinds.count("lost") == 1
    assert kinds[-1] == "end"
    assert performance.instrument.counts.late > 0
    assert {"guide", "control", "tempo", "cue", "answered", "laid", "on", "sounded"} <= set(kinds)
    assert isinstance(performance.instrument.device, HandDevice)
    assert sum(len(row["commits"]) for row in rows if row["event"] == "answered") > 18
    assert {row["kind"] for row in rows if row["event"] == "said"} >= {"device", "decision", "playing", "stopped"}


def test_it_is_played_again_bit_for_bit(performance):
    found = replayed(performance.directory)
    assert found.same, found
    assert found.is_whole
    assert found.has_sound
    assert found.processes == 2
    assert found.seconds > 7.5


def test_what_is_on_file_is_what_the_device_played(performance):
    played, rate = soundfile.read(performance.directory / PLAYED, dtype="float32", always_2d=True)
    assert rate == RATE
    device = performance.instrument.device
    last = device.samples[: len(played) - device._first]
    assert np.array_equal(played[device._first :], last)
    assert np.abs(played[: 2 * RATE]).max() > 0.05


def rewritten(folder, name, change):
    """A recorded sound with other samples."""
    samples, rate = soundfile.read(folder / name, dtype="float32", always_2d=True)
    (folder / name).unlink()
    made = GrowingSound(folder / name, rate, samples.shape[1])
    made.write(change(samples))
    made.close()


def test_what_a_killed_program_has_written_is_played_again_up_to_there(performance, tmp_path):
    folder, share = tmp_path / "record", 0.45
    shutil.copytree(performance.directory, folder)
    text = (folder / EVENTS).read_bytes()
    (folder / EVENTS).write_bytes(text[: int(len(text) * share)])
    for name in (GUIDE, PLAYED):
        rewritten(folder, name, lambda samples: samples[: int(len(samples) * share)])
    found = again(performance, folder)
    assert (found.specification, found.selection, found.sound, found.is_whole) == (True, True, True, False)
    assert 0.7 < found.seconds / (share * 8) < 1.3


@pytest.mark.parametrize("name", [PLAYED, GUIDE, EVENTS])
def test_a_record_that_was_changed_does_not_come_out_the_same(performance, tmp_path, name):
    folder = tmp_path / "record"
    shutil.copytree(performance.directory, folder)
    if name == EVENTS:
        text = (folder / name).read_text().replace('"name": "volume", "value": -3.0', '"name": "volume", "value": -4.0')
        (folder / name).write_text(text)
    else:
        rewritten(folder, name, lambda samples: samples * np.float32(0 if name == GUIDE else 0.999))
    found = again(performance, folder)
    assert found.specification == found.selection == (name != GUIDE)
    assert not found.sound


@pytest.mark.parametrize(
    "line",
    [
        {"event": "on", "until": 2**52},
        {"event": "deck", "first": 2**52, "channels": 2},
        {"event": "deck", "first": 0, "channels": 7},
        {"event": "laid", "commands": 0, "looks": [2**52]},
        {"event": "laid", "commands": -1, "looks": []},
        {"event": "answered", "commits": [1]},
        {"event": "session", "origin": "0"},
    ],
)
def test_a_line_that_no_performance_wrote_is_refused(performance, tmp_path, line):
    folder = tmp_path / "record"
    shutil.copytree(performance.directory, folder)
    (folder / EVENTS).write_text(json.dumps(line) + "\n")
    with pytest.raises(BadData, match=EVENTS):
        again(performance, folder)


@pytest.mark.parametrize("most", [growing_sound.MOST_BYTES, 3000])
def test_a_growing_sound_is_whole_after_every_write(tmp_path, monkeypatch, most):
    """Also where it is larger than a WAV header can say, which then is one of RF64."""
    monkeypatch.setattr(growing_sound, "MOST_BYTES", most)
    samples = np.random.default_rng(0).standard_normal((1000, 2)).astype(np.float32)
    growing = GrowingSound(tmp_path / "growing.wav", 48_000, 2)
    for start in range(0, 1000, 250):
        growing.write(samples[start : start + 250])
        found, rate = soundfile.read(tmp_path / "growing.wav", dtype="float32")
        assert rate == 48_000
        assert np.array_equal(found, samples[: start + 250])
    growing.close()


def test_a_run_of_another_kind_is_refused(performance, tmp_path):
    folder = tmp_path / "record"
    shutil.copytree(performance.directory, folder)
    about = json.loads((folder / RUN).read_text())
    (folder / RUN).write_text(json.dumps({**about, "kind": "opera"}))
    with pytest.raises(BadData, match=RUN):
        replayed(folder)


def test_the_next_process_goes_on_in_tempo(tmp_path, monkeypatch):
    """Its segments lie on the beats on which they lay, at any frame that it begins."""
    monkeypatch.setattr(guide_desk, "CONTEXT_SECONDS", 0.5)
    audio.write(tmp_path / "memory.wav", melody(6, seed=1))
    stage = hand_stage(tmp_path / "record", tmp_path / "memory.wav", melody(10, seed=3), monkeypatch)
    stage.run(0.3)
    stage.instrument.cue(Tempo(100.0, stage.device.played))
    begun = stage.device.played
    stage.run(1.5)
    stage.link.is_killed = True
    stage.run(2.5)
    stage.instrument.close()
    origins, starts = [], []
    for row in lines_of(tmp_path / "record"):
        if row["event"] == "session":
            origins.append(row["origin"])
        if row["event"] == "answered":
            starts += [(len(origins), origins[-1] + each["start"]) for each in row["commits"]]
    half_beat = 60 / 100 / 2 * RATE  # the nearest to segments of a quarter of a second
    for process in (1, 2):
        own = [start for number, start in starts if number == process and start > begun + RATE // 2]
        assert len(own) >= 4
        # The first segment of a session begins with it.
        off = [(start - begun + half_beat / 2) % half_beat - half_beat / 2 for start in own[1:]]
        assert max(map(abs, off)) < 8  # frames: the tempo was asked for a look or two before it was taken
    assert origins[1] % half_beat > 100
