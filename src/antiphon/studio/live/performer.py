"""The process of a live run: `antiphon live` on a stage that the studio asks for, and a guide from a file in real time.

`python -m antiphon.studio.live.performer`, as `run.LiveRun` calls it: a line of JSON in says what is played, lines of
JSON out say how that begins and ends. What happens in between goes by OSC, as to any host. It ends when the studio
does.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from antiphon import audio
from antiphon.audio import channels_of
from antiphon.errors import AntiphonError
from antiphon.live.instrument import Instrument
from antiphon.live.osc_packets import Argument, encode
from antiphon.live.osc_table import LOOPBACK, ROOT
from antiphon.live.playing import Beginning, Recording, Stage, play
from antiphon.types import Audio, Floats

BLOCK_SECONDS: Final = 0.02
"""Guide from a file goes out in blocks of this."""

REST_SECONDS: Final = 1.5
"""How long after the end of its guide a run ends: what is committed is played out."""

LONGEST_FAREWELL: Final = 8.0
"""Seconds after which a process that was told to end is ended."""


class GuideFile:
    """A recording that is sent, as OSC has it, to a port of this machine while it would sound; before and after it,
    silence. The clock is that of the device which plays; the first block, which ends now, sets the listener's by it."""

    def __init__(self, sound: Audio, port: int, *, repeats: bool) -> None:
        self._samples = channels_of(sound.samples, 1)[:, 0].astype(">f4")
        self._rate = sound.sample_rate
        self._to = (LOOPBACK, port)
        self._repeats = repeats
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sent = 0
        self._first: int | None = None
        self.tell("guide/block", 0, self._rate, np.zeros(1, dtype=">f4").tobytes())

    def begin(self) -> float:
        """The recording begins with the next block: after so many seconds."""
        self._first = self._sent
        return self._sent / self._rate

    @property
    def over(self) -> float:
        """For how many seconds it has been over; negative where it is not."""
        if self._first is None or self._repeats:
            return -1.0
        return (self._sent - self._first - len(self._samples)) / self._rate

    def go_on(self, seconds: float) -> None:
        """Send what has sounded since the last time; it is `seconds` after the first block. Frames are counted on where
        it repeats."""
        length = round(BLOCK_SECONDS * self._rate)
        while self._sent + length <= seconds * self._rate:
            self.tell("guide/block", self._sent + 1, self._rate, self._block(self._sent, length).tobytes())
            self._sent += length

    def _block(self, start: int, length: int) -> Floats:
        if self._first is None:
            return np.zeros(length, dtype=">f4")
        place = start - self._first + np.arange(length)
        samples = self._samples[place % len(self._samples)]
        return samples if self._repeats else np.where(place < len(self._samples), samples, 0).astype(">f4")

    def tell(self, name: str, *values: Argument) -> None:
        """Send a message."""
        self._socket.sendto(encode(ROOT + name, values), self._to)


class Performer:
    """One run, as it was asked for."""

    def __init__(self, asked: Mapping[str, Any], out: IO[bytes]) -> None:
        self._asked, self._out = asked, out
        self._guide: GuideFile | None = None
        self._announced = False
        self._origin = 0
        self._stopped = False
        self._begins = False
        self._ending = threading.Event()

    def run(self) -> None:
        """Play until the guide is over, the studio says so, or it is gone."""
        threading.Thread(target=self._listen, daemon=True).start()
        asked = self._asked
        sound = audio.read(Path(asked["guide"])) if asked["guide"] else None
        stage = Stage(
            asked["output"],
            asked["input"],
            outputs=() if asked["output"] else (1, 2)[: asked["channels"]],
            sample_rate=asked["rate"],
            mode="sound" if asked["output"] else "spans",
            osc_port=0,
        )
        found = play(
            [Path(each) for each in asked["memory"]],
            agent=Path(asked["agent"]) if asked["agent"] else None,
            stage=stage,
            # Whoever hears by OSC is there before the first sound: the studio sends the first cue.
            beginning=Beginning(starts=False),
            seed=asked["seed"],
            record=Recording(Path(asked["record"])),
            goes_on=lambda instrument: self._goes_on(instrument, sound),
            progress=self._progress,
        )
        self.say(over=asdict(found))

    def say(self, **values: Any) -> None:
        """A line."""
        self._out.write(json.dumps(values).encode() + b"\n")
        self._out.flush()

    def _progress(self, task: str, done: int, total: int) -> None:
        if self._ending.is_set():
            raise AntiphonError("ended before it began")
        self.say(progress=[task, done, total])

    def _goes_on(self, instrument: Instrument, sound: Audio | None) -> bool:
        assert instrument.port is not None
        if not self._announced:
            self._announced = True
            self._origin = instrument.device.played
            if sound is not None:
                self._guide = GuideFile(sound, instrument.port.port, repeats=self._asked["repeats"])
            channels = getattr(instrument.device, "channels", 0)
            self.say(port=instrument.port.port, rate=instrument.device.sample_rate, channels=channels)
        if self._guide is not None and self._begins:
            self._begins = False
            self.say(guide=self._origin + round(self._guide.begin() * instrument.device.sample_rate))
        if self._guide is not None:
            self._guide.go_on((instrument.device.played - self._origin) / instrument.device.sample_rate)
            if self._guide.over > 0 and not self._stopped:
                self._stopped = True
                self._guide.tell("stop")
            if self._guide.over > REST_SECONDS:
                return False
        return not self._ending.is_set()

    def _listen(self) -> None:
        """`begin` sets the guide going; anything else, and the end of all lines, ends the run."""
        for line in sys.stdin.buffer:
            if line.strip() != b"begin":
                break
            self._begins = True
        self._ending.set()
        farewell = threading.Timer(LONGEST_FAREWELL, os._exit, (1,))
        farewell.daemon = True
        farewell.start()


def devices() -> dict[str, Any]:
    """The sound devices of this machine, or in a sentence why there is none."""
    from antiphon.live.devices import devices

    try:
        return {"devices": [asdict(each) for each in devices()]}
    except AntiphonError as error:
        return {"devices": [], "said": " ".join(str(error).split())}


def main() -> None:
    """Do what the first line says."""
    # Whatever a library prints goes to stderr: stdout is the studio's.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # Ctrl-C is for the studio, which ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    asked = json.loads(sys.stdin.buffer.readline())
    performer = Performer(asked, out)
    try:
        if asked:
            performer.run()
        else:
            performer.say(**devices())
    except AntiphonError as error:
        performer.say(error=" ".join(str(error).split()))
    except OSError as error:
        performer.say(error=f"{error.filename or 'a file'}: {error.strerror or error}")
    except Exception as error:
        traceback.print_exc()
        performer.say(error=f"a fault in Antiphon ({type(error).__name__}); the terminal says where")
    finally:
        # What listens holds stdin, which an ordinary end would wait for.
        os._exit(0)


if __name__ == "__main__":
    main()
