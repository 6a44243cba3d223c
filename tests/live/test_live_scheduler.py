"""What an audio device is given: what was said, and where nothing was said in time the copy that sounds."""

import numpy as np
import pytest
from live_making import RATE, melody, play, plays_of, session, small_memory

from antiphon.live.commands import Play, Silence
from antiphon.live.scheduler import Schedule, Scheduler
from antiphon.types import Run


@pytest.fixture(scope="module")
def scheduler():
    return Scheduler(small_memory(), session().stock.renderer)


def copy(start: int, end: int, source: int) -> Play:
    part = small_memory().parts[0]
    return Play(start, end, (Run(0, 4, start, end + RATE, source, part),))


def test_where_nothing_is_said_in_time_the_copy_goes_on_and_is_counted(scheduler):
    source, memory = 3 * RATE, small_memory().audio.samples
    state = scheduler.told(Schedule(), (copy(0, RATE, source),))
    state, first = scheduler.frames(state, RATE)
    state, second = scheduler.frames(state, RATE)
    assert state.late == RATE
    assert np.array_equal(second, memory[source + RATE : source + 2 * RATE])
    assert np.array_equal(first[1000:], memory[source + 1000 : source + RATE])


def test_at_the_end_of_the_memory_it_begins_at_its_start(scheduler):
    memory = small_memory().audio.samples
    part = small_memory().parts[0]
    source = len(memory) - RATE // 2
    said = Play(0, RATE // 4, (Run(0, 1, 0, RATE // 4, source, part),))
    state, _ = scheduler.frames(scheduler.told(Schedule(), (said,)), RATE // 4)
    state, sound = scheduler.frames(state, 3 * RATE)
    assert np.array_equal(sound[RATE : 2 * RATE], memory[3 * RATE // 4 : 7 * RATE // 4])
    assert np.abs(np.diff(sound[:, 0])).max() <= 1.5 * np.abs(np.diff(memory[:, 0])).max()


def test_what_is_said_too_late_is_joined_without_a_click(scheduler):
    memory = small_memory().audio.samples
    state, _ = scheduler.frames(scheduler.told(Schedule(), (copy(0, RATE, 0),)), RATE + 3000)
    state = scheduler.told(state, (copy(RATE, 2 * RATE, 9 * RATE),))
    state, sound = scheduler.frames(state, RATE // 2)
    assert np.array_equal(sound[1000:], memory[9 * RATE + 4000 : 9 * RATE + 3000 + RATE // 2])
    assert np.array_equal(np.round(sound[0], 2), np.round(memory[RATE + 3000], 2))
    assert np.abs(np.diff(sound[:, 0])).max() <= 2 * np.abs(np.diff(memory[:, 0])).max()


def test_silence_takes_back_what_was_said_and_ends_with_what_is_said_next(scheduler):
    state = scheduler.told(Schedule(), (copy(0, 2 * RATE, 0),))
    state, _ = scheduler.frames(state, RATE // 2)
    state = scheduler.told(state, (Silence(RATE // 2, 200), copy(3 * RATE, 4 * RATE, 5 * RATE)))
    state, sound = scheduler.frames(state, 3 * RATE)
    assert np.abs(sound[201 : round(2.5 * RATE)]).max() == 0
    assert np.abs(sound[:200]).max() > 0.01
    assert np.abs(sound[round(2.5 * RATE) + 200 :]).max() > 0.01
    assert state.silent is None


def test_before_anything_is_said_there_is_silence(scheduler):
    state, sound = scheduler.frames(Schedule(), 500)
    assert not sound.any()
    assert state.late == 0


def test_the_size_of_the_blocks_changes_nothing(scheduler):
    found = play(session(), melody(4, seed=3))
    said = tuple(plays_of(found))
    parts, state = [], scheduler.told(Schedule(), said)
    while state.handed < 3 * RATE:
        state, sound = scheduler.frames(state, 777)
        parts.append(sound)
    whole = np.concatenate(parts)[: 3 * RATE]
    assert np.array_equal(whole, found.response.samples[: 3 * RATE])
