"""Ways to play from Python beside other work: `python benchmarks/live_audio.py SECONDS`. Needs jackd, no sound card.

PortAudio over a JACK dummy, 256 frames at 48 kHz. (a) a Python callback in sounddevice; (b) rtmixer, a ring that Python
fills 20 ms ahead; (c) the same ring written 3 s ahead and rewritten in place, as `live.deck` does. Each alone, and
beside a Python thread that computes. Counted are blocks in which nothing was there to play, and those that JACK lost.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "live"))

RATE, BLOCK = 48_000, 256


def busy(stop):
    """A thread that holds the interpreter as long as it may."""
    while not stop.is_set():
        sum(index * index for index in range(20_000))


def by_callback(seconds):
    """Blocks lost of a Python callback: those that the stream reports, and those that never came."""
    import sounddevice

    times, lost = [], [0]

    def play(outdata, frames, moment, status):
        outdata[:] = 0.1
        lost[0] += bool(status)
        times.append(frames)

    with sounddevice.OutputStream(samplerate=RATE, channels=2, callback=play, latency="low"):
        time.sleep(seconds)
    return {"blocks": len(times), "lost": max(lost[0], round(seconds * RATE / BLOCK) - len(times))}


def by_ring(seconds, ahead):
    """Times that a ring ran dry which Python fills so many seconds ahead, every 4 ms."""
    from antiphon.live.devices import Device, wired

    device = Device(wired("default", None))
    device.write(0, np.full((round(ahead * RATE), 2), 0.1, dtype=np.float32))
    device.start()
    dry, started = 0, time.monotonic()
    while time.monotonic() < started + seconds:
        time.sleep(0.004)
        missing = device.played + round(ahead * RATE) - device.written
        if missing > 0:
            device.write(device.written, np.full((missing, 2), 0.1, dtype=np.float32))
        if ahead > 1:  # a decision that is written over what was going on
            device.write(device.played + device.guard, np.full((RATE // 4, 2), 0.2, dtype=np.float32))
        dry += device.ran_dry()
    blocks, due = device.played // BLOCK, round((time.monotonic() - started) * RATE / BLOCK)
    device.close()
    return {"blocks": blocks, "ran dry": dry, "lost": max(due - blocks, 0)}


def main():
    import conftest

    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 12.0
    os.environ |= {"JACK_DEFAULT_SERVER": f"audio{os.getpid()}", "JACK_NO_START_SERVER": "1"}
    server = conftest.started(os.environ["JACK_DEFAULT_SERVER"])
    time.sleep(2)
    for beside in ("alone", "beside a Python thread"):
        stop = threading.Event()
        if beside != "alone":
            threading.Thread(target=busy, args=(stop,), daemon=True).start()
        for name, way in (
            ("(a) Python callback", lambda: by_callback(seconds)),
            ("(b) ring, 20 ms ahead", lambda: by_ring(seconds, 0.02)),
            ("(c) ring, 3 s ahead, rewritten", lambda: by_ring(seconds, 3.0)),
        ):
            print(f"{name}, {beside}: {way()}, load {os.getloadavg()[0]:.1f}", flush=True)
        stop.set()
    server.send_signal(signal.SIGTERM)
    os._exit(0)  # PortAudio does not end well after its server


if __name__ == "__main__":
    main()
