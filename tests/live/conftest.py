"""A real JACK server with a dummy driver, for the tests that need a sound device."""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass

import numpy as np
import pytest

import antiphon
from antiphon.types import Audio

RATE, BLOCK = 48_000, 256


def lacks():
    """What a machine lacks to play live, in words; empty: nothing."""
    if shutil.which("jackd") is None:
        return "no jackd (Debian: jackd2)"
    missing = [name for name in ("sounddevice", "rtmixer", "jack") if importlib.util.find_spec(name) is None]
    if missing:
        return f"no {', '.join(missing)}: pip install 'antiphon[live]' jack-client"
    try:
        import sounddevice  # noqa: F401
    except OSError:
        return "no PortAudio (Debian: libportaudio2)"
    return ""


@dataclass
class Jack:
    """A server; `wires` is a client that connects ports."""

    process: subprocess.Popen
    wires: object

    def port(self, part):
        """The ports whose names have `part` in them."""
        return [port for port in self.wires.get_ports() if part in port.name]

    def rewire(self, source, target):
        """`target` hears `source` alone."""
        for port in self.wires.get_all_connections(target):
            self.wires.disconnect(port, target)
        self.wires.connect(source, target)


def may_run_first():
    """Whether the system lets a program run before others."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    except (OSError, AttributeError):
        return False
    return True


def started(name, rate=RATE, block=BLOCK):
    """A server of this name, in real time where the system allows that: other tests run beside it."""
    first = ["-R", "-P", "40"] if may_run_first() else ["--no-realtime"]
    command = ["jackd", *first, "-n", name, "-d", "dummy", "-r", str(rate), "-p", str(block)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


@pytest.fixture(scope="module")
def jack_server():
    """A server that PortAudio and JACK clients of this process find; None where the machine has none."""
    if reason := lacks():
        pytest.skip(reason)
    name = f"antiphon{os.getpid()}"
    before = {key: os.environ.get(key) for key in ("JACK_DEFAULT_SERVER", "JACK_NO_START_SERVER")}
    os.environ |= {"JACK_DEFAULT_SERVER": name, "JACK_NO_START_SERVER": "1"}
    process = started(name)
    import jack

    jack.set_error_function(lambda words: None)
    for _ in range(50):
        time.sleep(0.1)
        try:
            wires = jack.Client(f"wires{os.getpid()}", no_start_server=True)
            break
        except jack.JackOpenError:
            assert process.poll() is None, "jackd ended"
    import sounddevice

    sounddevice._terminate()
    sounddevice._initialize()
    yield Jack(process, wires)
    wires.close()
    sounddevice._terminate()  # before the server ends, which PortAudio does not survive
    os.environ["JACK_DEFAULT_SERVER"] = "none"
    sounddevice._initialize()
    process.send_signal(signal.SIGTERM)
    process.wait(5)
    for key, value in before.items():
        os.environ.pop(key, None) if value is None else os.environ.update({key: value})


@pytest.fixture
def memory_file(tmp_path):
    """Twenty seconds of a tone that rises slowly: a gap or a step in it shows."""
    times = np.arange(20 * RATE) / RATE
    tone = 0.3 * np.sin(2 * np.pi * (110 + 3 * times) * times)
    path = tmp_path / "memory.wav"
    antiphon.write(path, Audio(tone.astype(np.float32)[:, None], RATE))
    return path
