"""The instrument on a real JACK server: it plays, and goes on playing whatever happens to the decision."""

import os
import random
import signal
import socket
import time

import numpy as np
import pytest
import walking
from stage import RATE, close_stage, gaps, open_stage

import antiphon
from antiphon.live.events import Control, Cue
from antiphon.live.osc_packets import decode, encode
from antiphon.types import Audio

STEEPEST = 0.3 * 2 * np.pi * 250 / RATE
"""What the memory's tone moves from one sample to the next, at most."""

pytestmark = pytest.mark.long


@pytest.fixture
def stage(jack_server, memory_file, tmp_path):
    made = open_stage(memory_file, tmp_path / "kept", jack_server)
    made.instrument.cue(Cue("start"))
    made.run(0.5)
    made.ear.blocks.clear()
    yield made
    close_stage(made)


def unbroken(samples):
    """No silence, and no step."""
    assert gaps(samples) == 0
    assert np.abs(np.diff(samples)).max() < 3 * STEEPEST


def client_of(stage, subscribed=True):
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.setblocking(False)
    made.connect(("127.0.0.1", stage.instrument.port.port))
    if subscribed:
        made.send(encode("/antiphon/subscribe", [made.getsockname()[1]]))
    return made


def received(client):
    found = []
    while True:
        try:
            found += decode(client.recv(65_536))
        except BlockingIOError:
            return found


def test_it_plays_from_its_memory_and_says_what(stage):
    with client_of(stage) as client:
        stage.run(2.0)
        heard = received(client)
    unbroken(stage.ear.samples)
    names = [message.address.removeprefix("/antiphon/") for message in heard]
    assert names.count("commit") >= 6
    assert {"hello", "plan", "plan/step", "token", "heartbeat"} <= set(names)
    commits = [message.arguments for message in heard if message.address == "/antiphon/commit"]
    assert [commit[0] for commit in commits] == list(range(commits[0][0], commits[0][0] + len(commits)))
    assert all(commit[8].endswith("memory.wav") for commit in commits)


def until_well(stage):
    """Turn until the decision is there again, 20 s at most."""
    stage.run(0.2)
    for _ in range(100):
        if stage.instrument.link.health == "well":
            break
        stage.run(0.2)
    stage.run(0.5)


def test_a_decision_that_is_killed_is_replaced_and_nobody_hears_it(stage):
    stage.run(0.4, {0.2: lambda each: os.kill(each.instrument.link.process_id, signal.SIGKILL)})
    until_well(stage)
    stage.run(1.0)  # it is told the last seconds of the guide, piece by piece
    with client_of(stage) as client:
        stage.run(0.8)
        commits = [message.arguments for message in received(client) if message.address == "/antiphon/commit"]
    unbroken(stage.ear.samples)
    assert commits
    assert [commit[2] for commit in commits if abs(commit[2]) > 0.5] == []
    ended = f"the decision process ended (signal {int(signal.SIGKILL)}); "
    assert len(stage.heard(ended)) == 1
    assert len(stage.heard("the decision is there; it knows")) == 1
    assert stage.instrument.link.restarts == 1
    assert stage.instrument.link.health == "well"


def test_a_decision_that_stands_still_for_two_seconds_is_said_and_not_heard(stage):
    stage.run(2.8, {0.1: lambda each: each.instrument.cue(Control("memory", "stall 2"))})
    unbroken(stage.ear.samples)
    assert len(stage.heard("the decision stands still")) == len(stage.heard("the decision goes on after 2.")) == 1
    assert stage.instrument.link.restarts == 0
    assert stage.instrument.deck.counts.late >= 1


def test_a_python_that_stands_still_is_not_heard_and_said(stage):
    stage.run(0.5, {0.2: lambda each: time.sleep(1.5)})
    stage.run(0.5)
    unbroken(stage.ear.samples)
    assert len(stage.heard("this program stood still for 1.5 s")) == 1
    assert stage.instrument.tally.gaps == 0


def test_garbage_is_said_once_a_second_and_harms_nothing(stage):
    draws = random.Random(1)
    with client_of(stage) as client:
        garbage = {index / 20: lambda each: client.send(draws.randbytes(draws.randint(0, 80))) for index in range(30)}
        stage.run(1.6, garbage)
        heard = received(client)
    unbroken(stage.ear.samples)
    assert stage.instrument.port.refused == 30
    assert 1 <= len([message for message in heard if message.address == "/antiphon/error"]) <= 4


def test_a_memory_whose_file_is_deleted_goes_on_even_through_a_restart(stage, memory_file):
    def delete(each):
        memory_file.unlink()
        os.kill(each.instrument.link.process_id, signal.SIGKILL)

    stage.run(0.4, {0.1: delete})
    until_well(stage)
    stage.run(1.0)
    unbroken(stage.ear.samples)
    assert len(stage.heard("memory.wav is gone; it goes on sounding")) == 1
    assert stage.instrument.link.health == "well"


def test_a_device_that_is_lost_is_said_and_played_on_again(stage):
    stage.run(3.0, {0.5: lambda each: each.instrument.device._stream.abort()})
    stage.rewire()
    stage.ear.blocks.clear()
    assert len(stage.heard("the device takes nothing any more; it is looked for every second")) == 1
    assert len(stage.heard("the device is back")) == 1
    before = stage.instrument.device.played
    stage.run(0.5)
    unbroken(stage.ear.samples[RATE // 10 :])
    assert stage.instrument.device.played > before + RATE // 5
    assert stage.instrument.deck.sounding is not None
    assert stage.instrument.tally.gaps == 0


def test_panic_is_silent_at_once_and_start_plays_again(stage):
    stage.run(1.2, {0.5: lambda each: each.instrument.cue(Cue("panic"))})
    samples = stage.ear.samples
    assert gaps(samples[: int(0.4 * RATE)]) == 0
    assert not samples[int(0.8 * RATE) : int(1.1 * RATE)].any()
    stage.ear.blocks.clear()
    stage.instrument.cue(Cue("start"))
    stage.run(1.0)
    assert gaps(stage.ear.samples[int(0.6 * RATE) :]) == 0


def test_a_process_that_waits_takes_over_at_once(stage):
    for _ in range(100):
        if stage.instrument.link.has_spare:
            break
        stage.run(0.2)
    stage.run(3.0)
    with client_of(stage) as client:
        os.kill(stage.instrument.link.process_id, signal.SIGKILL)
        stage.run(1.0)
        commits = [message.arguments for message in received(client) if message.address == "/antiphon/commit"]
    unbroken(stage.ear.samples)
    assert len(stage.heard("another one takes over")) == 1
    assert len(commits) >= 3
    assert all(abs(commit[2]) < 0.5 for commit in commits)  # seconds from now: the new one knows what time it is


def full_duplex(stage, seconds):
    started = stage.instrument.device.played, time.monotonic()
    stage.run(seconds)
    unbroken(stage.ear.samples)
    frames = stage.instrument.device.played - started[0]
    drift = frames / RATE - (time.monotonic() - started[1])
    counts = stage.instrument.deck.counts
    print(
        f"{seconds} s: {counts.spans} spans, {counts.late} late, {stage.instrument.tally.gaps} gaps, "
        f"{counts.torn} torn, {stage.instrument.device.xruns} xruns reported, drift {1000 * drift:.1f} ms"
    )
    assert stage.instrument.tally.gaps == 0


@pytest.mark.parametrize("seconds", [10.0, 60.0])
def test_full_duplex_has_no_gap(stage, seconds):
    full_duplex(stage, seconds)


def test_an_impulse_is_answered_within_its_blocks_and_thirty_milliseconds(jack_server, tmp_path):
    """Out of one program, through JACK into the instrument, to the decision and back, and through JACK to the ear."""
    sound = np.zeros((2 * RATE, 1), dtype=np.float32)
    sound[RATE:] = 0.5
    antiphon.write(tmp_path / "memory.wav", Audio(sound, RATE))
    made = open_stage(tmp_path / "memory.wav", tmp_path / "kept", jack_server, target=walking.answer, plays=True)
    made.run(0.3)
    trips = []
    for _ in range(12):
        ear = made.ear.device
        frame = ear.played + ear.guard + random.Random(len(trips)).randrange(1000)
        ear.write(frame, np.ones((1, ear.channels), dtype=np.float32))
        ear.write(ear.written, np.zeros((ear.played + 3 * RATE - ear.written, ear.channels), dtype=np.float32))
        made.ear.blocks.clear()
        made.ear.first = None
        made.run(0.35)
        answered = np.flatnonzero(np.abs(made.ear.samples) > 0.25)
        trips.append(1000 * (made.ear.first + answered[0] - frame) / RATE)
    close_stage(made)
    print(f"impulse to answer: median {np.median(trips):.1f} ms, most {max(trips):.1f} ms")
    # Three periods of JACK, of 5.3 ms, and a block of the guide, of 10 ms.
    assert np.median(trips) < 3 * 5.3 + 10 + 30
