"""What a stage recorded becomes the response that was played: the same segments, in the sound too."""

from dataclasses import replace

import numpy as np
import pytest
from live_making import melody, small_agent

from antiphon import audio
from antiphon.action.export import PROVENANCE, read_provenance
from antiphon.agent.memory import joined_memory
from antiphon.errors import BadData
from antiphon.live.commands import Commit
from antiphon.live.decision_process import RESERVE_SECONDS, merged
from antiphon.live.events import Control, Cue, GuideBlock, Tick
from antiphon.live.kept_memory import keep, kept
from antiphon.live.recording import Recorder, told_events
from antiphon.live.session import Session
from antiphon.live.simulation import blocks_of
from antiphon.perception.sound_store import recordings_of
from antiphon.types import Audio
from antiphon.use_cases.live_take import HEARD, Take, write_take

RATE = 44100


@pytest.fixture(scope="module")
def staged(tmp_path_factory):
    """A stereo memory that was played as the process that decides plays it, what was recorded, and what it said."""
    folder = tmp_path_factory.mktemp("take")
    sound = melody(15, seed=1, rate=RATE)
    audio.write(folder / "memory.wav", Audio(np.repeat(sound.samples, 2, axis=1), RATE))
    small_agent().save(folder / "agent")
    agent = small_agent()
    recordings = recordings_of([folder / "memory.wav"], agent.perception.cache_directory)
    memory = joined_memory(recordings, agent.perception, agent.alphabet, sounds=True, edges=True)
    (folder / "kept").mkdir()
    keep(memory, RATE, 2, folder / "kept")
    session = Session(agent, kept(folder / "kept"), 5, reserve_seconds=RESERVE_SECONDS)
    guide = melody(6, seed=3, rate=RATE)
    events = [Tick(300), Control("rests", "fill"), Cue("start")]
    events += [GuideBlock(block.samples, block.frame + 317) for block in blocks_of(guide, 700)]
    events[100:100] = [Control("volume", -6.0)]
    events += [Cue("stop"), Tick(317 + len(guide.samples) + RATE // 2)]
    (folder / "run-1").mkdir()
    state, commands = session.start(), []
    with Recorder(folder / "run-1", RATE) as recorder:
        for start in range(0, len(events), 3):
            for event in merged(events[start : start + 3]):
                recorder.event(event)
                state, told = session.step(state, event)
                commands += told
    return folder, [each.step for each in commands if isinstance(each, Commit)]


def test_a_take_has_the_segments_that_were_committed_and_the_guide_in_its_time(staged):
    folder, steps = staged
    take = Take(told_events(folder / "run-1")[0], [folder / "memory.wav"], RATE, 2, 5)
    write_take(take, small_agent(), folder / "take", agent_directory=folder / "agent")
    record = read_provenance(folder / "take" / PROVENANCE)
    sounding = [step for step in steps if step.segment >= 0]
    assert len(sounding) > 15
    played = [event for event in record.events if event.source]
    assert [replace(event, run=0) for event in played] == [step.event for step in sounding]
    # Each event is of the copy that it names, at the place in the memory that the copy reads.
    for number, event in enumerate(record.events):
        copy = record.copies[event.run]
        assert copy.first <= number < copy.stop
        assert (copy.part >= 0) is bool(event.source)
        if event.source:
            begins = max(copy.start, round(event.time * RATE))
            assert event.source_first == pytest.approx(copy.source + begins - copy.start, abs=RATE * 0.02)
    assert record.inputs.guides[0].path == HEARD
    heard, response = (audio.read(folder / "take" / name) for name in (HEARD, "response.wav"))
    assert np.allclose(heard.samples[317 : 317 + 700], melody(6, seed=3, rate=RATE).samples[:700], atol=1e-6)
    assert response.channels == 2
    assert np.abs(response.samples[RATE : 6 * RATE]).reshape(10, -1).max(axis=1).min() > 0.01


def test_another_seed_is_another_response(staged, tmp_path):
    folder, steps = staged
    write_take(
        Take(told_events(folder / "run-1")[0], [folder / "memory.wav"], RATE, 2, 6), small_agent(), tmp_path / "take"
    )
    record = read_provenance(tmp_path / "take" / PROVENANCE)
    assert [event.token for event in record.events] != [step.event.token for step in steps][: len(record.events)]


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([Cue("start")], "there is nothing to keep"),
        ([GuideBlock(np.ones((RATE, 1), np.float32), 0), Tick(1 << 40)], "without a guide"),
    ],
)
def test_a_record_that_heard_nothing_or_cannot_be_is_refused(staged, tmp_path, events, words):
    folder, _ = staged
    (tmp_path / "run-1").mkdir()
    with Recorder(tmp_path / "run-1", RATE) as recorder:
        for event in events:
            recorder.event(event)
    with pytest.raises(BadData, match=words):
        write_take(
            Take(told_events(tmp_path / "run-1")[0], [folder / "memory.wav"], RATE, 2), small_agent(), tmp_path / "take"
        )
    assert not (tmp_path / "take").exists()
