"""A performance on a real JACK server, recorded and played again bit for bit; also of a program that was killed."""

import os
import signal
import subprocess
import sys
import time

import pytest
from live_making import melody, small_agent

import antiphon
from antiphon.live.playing import Recording, Stage, play
from antiphon.live.run_file import EVENTS, PLAYED
from antiphon.use_cases.live import replayed

pytestmark = pytest.mark.long


@pytest.fixture
def home(tmp_path):
    """An agent and its memory."""
    small_agent().save(tmp_path / "agent")
    antiphon.write(tmp_path / "memory.wav", melody(20, seed=1, rate=44100))
    return tmp_path


def test_a_performance_with_faults_is_played_again_bit_for_bit(jack_server, home):
    """Its decision is killed once and stands still once, for longer than anything is committed."""
    todo = [
        (2.0, lambda each: os.kill(each.link.process_id, signal.SIGSTOP)),
        (3.2, lambda each: os.kill(each.link.process_id, signal.SIGCONT)),
        (5.0, lambda each: os.kill(each.link.process_id, signal.SIGKILL)),
    ]
    began, again_well, said = [], [], []

    def goes_on(instrument):
        now = time.monotonic()
        began.append(now)
        del began[1:]
        while todo and now - began[0] > todo[0][0]:
            todo.pop(0)[1](instrument)
        if instrument.link.restarts and instrument.link.health == "well":
            again_well.append(now)
        return now - (again_well[0] if again_well else now) < 4 and now - began[0] < 120

    found = play(
        [home / "memory.wav"],
        agent=home / "agent",
        stage=Stage(osc_port=None),
        record=Recording(home / "record"),
        goes_on=goes_on,
        say=said.append,
    )
    print(found, said)
    again = replayed(home / "record")
    print(again)
    assert again.same
    assert again.is_whole
    assert again.processes == 1 + found.restarts == 2
    assert again.seconds > 8
    assert '"late": true' in (home / "record" / EVENTS).read_text(encoding="utf-8")


def test_what_a_program_has_recorded_that_is_killed_is_played_again(jack_server, home):
    words = ["live", "--memory", "memory.wav", "--agent", "agent", "--record", "record", "--osc-port", "0"]
    program = subprocess.Popen([sys.executable, "-m", "antiphon", *words], cwd=home, stderr=subprocess.DEVNULL)
    try:
        played = home / "record" / PLAYED
        for _ in range(600):
            if played.is_file() and played.stat().st_size > 4 * 2 * 48_000 * 4:
                break
            time.sleep(0.1)
    finally:
        program.send_signal(signal.SIGKILL)
        program.wait(10)
    again = replayed(home / "record")
    print(again)
    assert again.same
    assert not again.is_whole
    assert again.seconds > 3
