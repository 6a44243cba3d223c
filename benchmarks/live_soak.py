"""An instrument against a JACK dummy in real time, with faults: `python benchmarks/live_soak.py MINUTES [MEMORY.wav]`.

Prints underflows, gaps, lateness, memory growth, drift and what was said of each fault. Needs jackd, and no sound card.
A memory of a tone is made where none is named; the guide is a melody, played by the ear. Faults, for 60 minutes: the
decision killed 5 times, stopped for 2 s 5 times, 20 garbage packets a second for 10 minutes, the device closed once,
the memory's file deleted once; for fewer minutes in proportion, each at least once.
"""

import argparse
import json
import os
import random
import re
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "live"))

import antiphon
from antiphon.live.decision_process import decide
from antiphon.live.events import Control, Cue
from antiphon.live.guide_in import PlainInstrument
from antiphon.live.osc import Note
from antiphon.types import Audio

RATE = 48_000
SETTLING_SECONDS = 1.0
"""After a device that was closed on purpose is back, the ear listens again from here on."""


def resident(process_id):
    """Megabytes that a process holds for itself: files that it has mapped are not counted."""
    for line in Path(f"/proc/{process_id}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    return 0.0


def tone_file(directory):
    """Two minutes of a tone that rises and falls: every gap and step in it shows."""
    times = np.arange(120 * RATE) / RATE
    phase = 2 * np.pi * (220 * times + 40 * np.sin(2 * np.pi * times / 20) * 20 / (2 * np.pi))
    path = directory / "memory.wav"
    antiphon.write(path, Audio((0.3 * np.sin(phase)).astype(np.float32)[:, None], RATE))
    return path


def faults_for(minutes, draws):
    """What is done when: seconds and a name."""
    end = 60 * minutes
    count = max(1, round(5 * minutes / 60))
    spread = [(0.1 + 0.8 * index / max(count, 1)) * end for index in range(count)]
    found = [(at, "kill") for at in spread]
    found += [(at + 0.06 * end, "stop 2 s") for at in spread]
    found += [(0.5 * end, "close the device"), (0.3 * end, "delete the memory")]
    return sorted(found), (0.6 * end, 0.6 * end + end / 6)


class Melody:
    """A guide that the ear plays: notes of a scale, a few a second, with rests."""

    def __init__(self, ear):
        self.ear, self.voice, self.draws = ear, PlainInstrument(RATE), random.Random(1)

    def advance(self):
        while self.ear.written < self.ear.played + 2 * RATE:
            if self.draws.random() < 0.8:
                self.voice.play(Note(self.draws.choice([60, 62, 64, 65, 67, 69, 71, 72]), 100))
            sound = self.voice.sound(RATE // 4)
            self.voice.play(Note(0, 0))
            self.ear.write(self.ear.written, np.repeat(sound, self.ear.channels, axis=1))


class Listener:
    """What the ear hears, in blocks that are thrown away: stretches of silence, and steps that no tone has."""

    def __init__(self, level, steepest):
        self.level, self.steepest = level, steepest
        self.silent, self.steps, self.frames = 0, 0, 0
        self._last = np.zeros(0, dtype=np.float32)
        self._rest = np.zeros(0, dtype=np.float32)

    def forget(self):
        """What comes next is not next to what was heard; False where that was said already."""
        known = len(self._last) > 0
        self._last = self._rest = np.zeros(0, dtype=np.float32)
        return known

    def hear(self, samples):
        whole = np.concatenate([self._last[-1:], samples])
        if len(whole) > 1:
            self.steps += int((np.abs(np.diff(whole)) > self.steepest).sum())
        self._last = samples if len(samples) else self._last
        self.frames += len(samples)
        rest = np.concatenate([self._rest, samples])
        count = len(rest) // 240
        windows = rest[: count * 240].reshape(count, 240)
        self.silent += int((np.sqrt(np.mean(windows**2, axis=1)) < self.level).sum()) if count else 0
        self._rest = rest[count * 240 :]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", type=float)
    parser.add_argument("memory", type=Path, nargs="?")
    parser.add_argument("--walking", action="store_true", help="a session without an agent: the rim alone")
    parser.add_argument("--commit", type=float, default=0.5, help="seconds ahead that do not change any more")
    parser.add_argument("--no-faults", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    import conftest

    os.environ |= {"JACK_DEFAULT_SERVER": f"soak{os.getpid()}", "JACK_NO_START_SERVER": "1"}
    server = conftest.started(os.environ["JACK_DEFAULT_SERVER"])
    time.sleep(2)
    try:
        with tempfile.TemporaryDirectory() as directory:
            report = soaked(given, Path(directory), server)
    finally:
        server.send_signal(signal.SIGTERM)
    text = json.dumps(report, indent=1)
    print(text)
    if given.json:
        given.json.write_text(text + "\n", encoding="utf-8")
    os._exit(0)  # PortAudio does not end well after its server


def soaked(given, directory, server):  # noqa: PLR0915
    import jack
    import walking
    from conftest import Jack
    from stage import close_stage, open_stage

    memory = directory / "copy.wav"
    source = given.memory or tone_file(directory)
    memory.write_bytes(source.read_bytes())
    target = walking.walk if given.walking else decide
    began = time.monotonic()
    stage = open_stage(memory, directory / "kept", Jack(server, jack.Client("wires")), target=target, plays=True)
    ready = time.monotonic() - began
    instrument = stage.instrument
    draws = random.Random(0)
    garbage = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    faults, noisy = ([], (0, 0)) if given.no_faults else faults_for(given.minutes, draws)
    melody = Melody(stage.ear.device)
    instrument.cue(Control("rests", "fill"), Control("commit", given.commit), Cue("start"))
    for _ in range(60):
        melody.advance()
        stage.run(0.1)
    stage.ear.device.heard()
    stage.ear.blocks.clear()
    listener = Listener(1e-4, 0.05 if given.memory is None else 2.0)
    course, excused, next_packet, next_look = [], 0.0, 0.0, 0.0
    started, frames = time.monotonic(), instrument.device.played
    lateness = []
    todo = list(faults)
    processor = time.process_time()
    while (now := time.monotonic() - started) < 60 * given.minutes:
        melody.advance()
        stage.run(0.05)
        if instrument.deck is None:
            excused = now + SETTLING_SECONDS
        if stage.ear.blocks:
            if now >= excused:
                listener.hear(stage.ear.samples)
            elif instrument.deck is not None and listener.forget():
                stage.rewire()
            stage.ear.blocks.clear()
        if noisy[0] <= now < noisy[1] and now >= next_packet:
            next_packet = now + 0.05
            garbage.sendto(draws.randbytes(draws.randint(0, 100)), ("127.0.0.1", instrument.port.port))
        if now >= next_look:
            next_look = now + 10
            counts = instrument.deck.counts if instrument.deck is not None else None
            course.append((round(now), round(resident(os.getpid()), 1), counts.late if counts else -1))
            lateness.append(counts.latest if counts else 0.0)
        while todo and todo[0][0] <= now:
            _, name = todo.pop(0)
            excused = max(excused, done(name, instrument, memory, now))
    counts = (instrument.deck or instrument._before).counts  # it may be lost just now
    seconds = time.monotonic() - started
    steps = 1000 * np.array(instrument.link.seconds)
    words = Counter(re.sub(r"[\d.]+", "N", " ".join(each.split()[:4])) for each in stage.said)
    report = {
        "minutes": given.minutes,
        "session": "walking" if given.walking else "the agent inside the package",
        "load average": os.getloadavg(),
        "processors": os.cpu_count(),
        "seconds until ready": round(ready, 1),
        "faults": Counter(name for _, name in faults),
        "said": words,
        "ran dry": instrument.tally.gaps,
        "5 ms stretches of silence": listener.silent,
        "steps in the sound": listener.steps,
        "heard seconds": round(listener.frames / RATE, 1),
        "spans": counts.spans,
        "late spans": counts.late,
        "latest, ms": round(1000 * counts.latest, 1),
        "writes overtaken": counts.torn,
        "blocks that JACK reports as lost": instrument.device.xruns,
        "answers of the decision": len(steps),
        "answer, median, p99, p99.9, most, ms": [
            round(float(value), 2) for value in (*np.percentile(steps, [50, 99, 99.9]), steps.max())
        ],
        "processor share of the instrument": round((time.process_time() - processor) / seconds, 3),
        "memory of the instrument, MB, first and last": [course[0][1], round(resident(os.getpid()), 1)],
        "drift against the clock, ms": round(1000 * ((instrument.device.played - frames) / RATE - seconds), 1),
        "refused packets": instrument.port.refused,
        "restarts": instrument.link.restarts,
        "course (second, MB, late)": course[:: max(1, len(course) // 20)],
    }
    close_stage(stage)
    return report


def done(name, instrument, memory, now):
    """Do what a fault is; until when the ear's silence is to be expected."""
    if name == "kill":
        os.kill(instrument.link.process_id, signal.SIGKILL)
    elif name == "stop 2 s":
        stopped = instrument.link.process_id
        os.kill(stopped, signal.SIGSTOP)
        signal.signal(signal.SIGALRM, lambda *_: os.kill(stopped, signal.SIGCONT))
        signal.setitimer(signal.ITIMER_REAL, 2.0)
    elif name == "close the device":
        instrument.device._stream.abort()
        return now + SETTLING_SECONDS
    else:
        memory.unlink()
    return 0.0


if __name__ == "__main__":
    main()
