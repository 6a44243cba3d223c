"""A run on file is played again bit for bit, and what has changed since is named."""

import json
import shutil

import numpy as np
import pytest
import soundfile
from live_making import RATE, melody, session, small_agent

from antiphon import audio
from antiphon.errors import BadData, SettingsError
from antiphon.live.controls import Controls
from antiphon.live.events import Beat, Control, Cue, GuideBlock, GuideToken, Tempo, Tick
from antiphon.live.recording import Recorder, agent_id, recorded_events
from antiphon.live.run_file import EVENTS, GUIDE, RUN
from antiphon.live.simulation import performed
from antiphon.types import Audio
from antiphon.use_cases.live import RUN_FILES, LiveOptions, live_on_file, replayed


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    stereo = melody(6, seed=3, rate=44100)
    audio.write(folder / "guide.wav", Audio(np.repeat(stereo.samples, 2, axis=1), 44100))
    audio.write(folder / "memory.wav", melody(15, seed=1))
    small_agent().save(folder / "agent")
    return folder


@pytest.fixture(scope="module")
def run(files):
    wanted = LiveOptions(seed=3, controls=Controls().set("density", 0.8), tempo=110.0)
    output = files / "run"
    live_on_file(
        files / "guide.wav",
        [files / "memory.wav"],
        small_agent(),
        output,
        agent_directory=files / "agent",
        wanted=wanted,
    )
    return output


def test_a_run_is_a_folder_with_all_of_it(run):
    assert (
        {RUN, EVENTS, "guide.wav", "response.wav", "mix.wav", "specification.json", "provenance.json"}
        <= {path.name for path in run.iterdir()}
        <= set(RUN_FILES)
    )
    assert audio.read(run / "response.wav").duration == pytest.approx(6, abs=0.01)
    events = json.loads((run / "provenance.json").read_text())["events"]
    assert len(events) == len(json.loads((run / "specification.json").read_text())["ids"])


def test_it_is_played_again_bit_for_bit(run):
    found = replayed(run)
    assert found.same


def test_another_guide_is_not_the_same(run, files):
    other = files / "another guide"
    shutil.copytree(run, other)
    sound = soundfile.info(other / GUIDE)
    samples = np.zeros((sound.frames, sound.channels), np.float32)
    soundfile.write(other / GUIDE, samples, sound.samplerate, subtype="FLOAT")
    assert not replayed(other).same


def test_another_seed_is_not_the_same(run, files):
    other = files / "other"
    shutil.copytree(run, other)
    record = json.loads((other / RUN).read_text())
    record["seed"] = 4
    (other / RUN).write_text(json.dumps(record))
    assert not replayed(other).same


def test_another_agent_and_another_memory_are_named(run, files):
    with pytest.raises(BadData, match="another agent"):
        replayed(run, small_agent(None))
    samples = audio.read(files / "memory.wav")
    audio.write(files / "memory.wav", melody(15, seed=7))
    with pytest.raises(BadData, match="not the file that was played"):
        replayed(run)
    audio.write(files / "memory.wav", samples)


def test_a_run_that_is_there_is_kept(run, files):
    with pytest.raises(SettingsError, match="overwrite"):
        live_on_file(files / "guide.wav", [files / "memory.wav"], small_agent(), run)


def test_every_event_comes_back_as_it_was(tmp_path):
    noise = np.random.default_rng(0).standard_normal((5000, 2)).astype(np.float32)
    noise[7] = np.nan
    events = [
        Cue("start"),
        GuideBlock(noise[:512], 0),
        GuideBlock(noise[512:1024], 512),
        Control("follow", 2.0),
        Control("region", "a.wav:1-2"),
        GuideBlock(noise[1024:1536], 1024),
        GuideBlock(noise[1536:1600], 1536),
        Tempo(120.0, 1600, on_beat=True),
        Tempo(None, 1700),
        Beat(1800),
        GuideToken(3, 1900),
        GuideBlock(noise[1600:2112], 9000),
        Tick(20000),
    ]
    with Recorder(tmp_path, RATE) as recorder:
        for event in events:
            recorder.event(event)
    again = list(recorded_events(tmp_path))
    assert len((tmp_path / EVENTS).read_text().splitlines()) == len(events) - 1
    for one, two in zip(events, again, strict=True):
        if isinstance(one, GuideBlock):
            assert one.frame == two.frame
            assert np.array_equal(one.samples, two.samples, equal_nan=True)
        else:
            assert one == two


def test_a_guide_that_changes_its_channels_is_recorded_with_those_it_began_with(tmp_path):
    """A microphone in stereo, then blocks by OSC, which have one channel."""
    left, mono = np.full((64, 2), (0.5, 0.1), np.float32), np.full((64, 1), 0.25, np.float32)
    with Recorder(tmp_path, RATE) as recorder:
        recorder.event(GuideBlock(left, 0))
        recorder.event(GuideBlock(mono, 64))
    first, second = recorded_events(tmp_path)
    assert np.array_equal(first.samples, left)
    assert np.array_equal(second.samples, np.repeat(mono, 2, axis=1))


def test_what_was_recorded_on_stage_is_what_was_played(tmp_path):
    guide, events = melody(4, seed=3), []
    with Recorder(tmp_path, RATE) as recorder:
        random, frame = np.random.default_rng(0), 0
        events.append(Cue("start"))
        while frame < len(guide.samples):
            length = int(random.integers(64, 2048))
            events.append(GuideBlock(guide.samples[frame : frame + length], frame))
            frame += length + (RATE if random.random() < 0.02 else 0)
            if random.random() < 0.05:
                events.append(Control("volume", float(random.uniform(-10, 0))))
        for event in events:
            recorder.event(event)
    playing = session()
    one = performed(playing, events, len(guide.samples))
    two = performed(playing, recorded_events(tmp_path), len(guide.samples))
    assert one.commands == two.commands
    assert np.array_equal(one.response.samples, two.response.samples)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "[" * 20_000,
        '{"event": "guide", "frame": 0, "frames": 1, "count": "two"}',
        '{"event": "bang"}',
        '{"event": "guide", "frame": 0}',
        '{"event": "cue"}',
    ],
)
def test_a_line_that_is_no_event_is_named(tmp_path, line):
    (tmp_path / EVENTS).write_text(line + "\n")
    with pytest.raises(BadData, match="line 1"):
        list(recorded_events(tmp_path))


def test_events_that_are_no_text_are_named(tmp_path):
    (tmp_path / EVENTS).write_bytes(b"\xff\xfe")
    with pytest.raises(BadData, match=EVENTS):
        list(recorded_events(tmp_path))


def test_agents_are_told_apart_by_what_they_are():
    assert agent_id(small_agent()) == agent_id(small_agent())
    assert agent_id(small_agent()) != agent_id(small_agent(None))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"event": "guide", "frame": 0, "frames": 0, "count": 1000000000000}', "blocks of nothing"),
        ('{"event": "guide", "frame": 0, "frames": 2, "count": 1000000000000}', "shorter than"),
        ('{"event": "guide", "frame": 0, "frames": -1, "count": 1}', "frames"),
        ('{"event": "tick", "frame": null}', "frame"),
        ('{"event": "tick", "frame": 1e300}', "frame"),
        ('{"event": "cue", "name": ["start"]}', "name"),
        ("[]", "no event"),
    ],
)
def test_a_line_that_no_session_wrote_is_named_at_once(tmp_path, line, said):
    (tmp_path / EVENTS).write_text(f'{{"event": "tick", "frame": 0}}\n{line}\n')
    with pytest.raises(BadData, match=f"line 2.*{said}|{said}"):
        list(recorded_events(tmp_path))


@pytest.mark.parametrize(
    ("key", "value"),
    [("frames", 10**15), ("sample_rate", 0), ("seed", -1), ("controls", []), ("memory", ["x"]), ("level_db", 1e300)],
)
def test_a_run_that_no_session_wrote_is_refused_before_it_is_played(run, files, key, value, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    record = json.loads((tmp_path / "run" / RUN).read_text())
    (tmp_path / "run" / RUN).write_text(json.dumps({**record, key: value}))
    with pytest.raises(BadData, match=RUN):
        replayed(tmp_path / "run", small_agent())
