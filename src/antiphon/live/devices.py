"""Sound devices by PortAudio (ALSA, JACK, Core Audio, WASAPI): what there is, and one that plays and hears.

No Python runs in the audio callback: rtmixer's, which is C, plays from one ring of seconds and records into another.
Measured on two cores, PortAudio over a JACK dummy, 256 frames at 48 kHz (benchmarks/live_audio.py): a Python callback
beside other Python work loses blocks, this loses none, and places every sample where it was asked for.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import numpy as np

from antiphon.errors import AntiphonError, MissingExtra, SettingsError
from antiphon.types import Floats

RING_SECONDS: Final = 5.0
"""What each ring holds at least."""

MARGIN_SECONDS: Final = 0.002
"""Beyond the block that is just being taken out: how long it may take to write over what comes next."""

UNKNOWN_BLOCK: Final = 1024
"""Frames that a block is taken to have until one was seen."""

DEAD_SECONDS: Final = 0.5
"""A device that takes nothing for so long is lost."""

CLOSING_SECONDS: Final = 1.0
"""A device that takes longer to close is taken to be stuck."""

MOST_CHANNELS: Final = 32

INSTALL: Final = "pip install 'antiphon[live]'"


@dataclass(frozen=True)
class DeviceInfo:
    """A device as PortAudio has it; `number` is what it can be named by, like any part of its name."""

    number: int
    name: str
    system: str
    inputs: int
    outputs: int
    sample_rate: int
    is_default: bool


class Lost(AntiphonError):
    """The device is no longer there."""


def devices() -> tuple[DeviceInfo, ...]:
    """All devices. Raises MissingExtra where PortAudio is not there."""
    portaudio = _portaudio()
    systems = portaudio.query_hostapis()
    defaults = {system[key] for system in systems for key in ("default_input_device", "default_output_device")}
    return tuple(
        DeviceInfo(
            number,
            each["name"],
            systems[each["hostapi"]]["name"],
            each["max_input_channels"],
            each["max_output_channels"],
            round(each["default_samplerate"]),
            number in defaults,
        )
        for number, each in enumerate(portaudio.query_devices())
    )


def found(name: str, *, for_input: bool) -> DeviceInfo:
    """The device that a name means: its number, its name or a part of it, or `default`. Raises MissingExtra."""
    there = [each for each in devices() if (each.inputs if for_input else each.outputs)]
    kind = "input" if for_input else "output"
    if not there:
        raise MissingExtra(f"this machine has no {kind} device; --mode spans needs none")
    if name == "default":
        return next((each for each in there if each.is_default), there[0])
    exact = [each for each in there if name in (str(each.number), each.name)]
    alike = exact or [each for each in there if name.lower() in f"{each.name} {each.system}".lower()]
    if not alike:
        names = ", ".join(each.name for each in there)
        raise MissingExtra(f"no {kind} device {name!r}; there are: {names}")
    if len(alike) > 1:
        names = ", ".join(f"{each.number} ({each.name}, {each.system})" for each in alike)
        raise SettingsError(f"several {kind} devices are called {name!r}: {names}; take the number")
    return alike[0]


@dataclass(frozen=True)
class Wiring:
    """What is opened: devices by name, None for none, frames a second, and channels from 1 on."""

    output: str | None
    input: str | None
    sample_rate: int
    outputs: tuple[int, ...] = (1, 2)
    inputs: tuple[int, ...] = (1,)
    names: tuple[str, str] = ("", "")
    """What output and input are called: numbers change when devices come and go."""


def wired(
    output: str | None,
    source: str | None,
    sample_rate: int | None = None,
    outputs: tuple[int, ...] | None = None,
    inputs: tuple[int, ...] | None = None,
) -> Wiring:
    """What is to be opened of the devices of these names: by default two channels out and one in, at the output's own
    rate. Raises MissingExtra for a device that is not there, SettingsError for channels that it has not."""
    playing = found(output, for_input=False) if output is not None else None
    hearing = found(source, for_input=True) if source is not None else None
    first = playing or hearing
    if first is None:
        raise SettingsError("neither an input nor an output device is named")
    outputs = outputs or tuple(range(1, min(2, playing.outputs if playing else 0) + 1))
    inputs = inputs or ((1,) if hearing else ())
    for device, channels, most in ((playing, outputs, "outputs"), (hearing, inputs, "inputs")):
        least = min(getattr(device, most), MOST_CHANNELS) if device is not None else 0
        if device is not None and not (channels and min(channels) >= 1 and max(channels) <= least):
            raise SettingsError(f"{device.name} has {most} 1 to {least}, got {', '.join(map(str, channels))}")
    return Wiring(
        str(playing.number) if playing else None,
        str(hearing.number) if hearing else None,
        sample_rate or first.sample_rate,
        outputs if playing else (),
        inputs if hearing else (),
        (playing.name if playing else "", hearing.name if hearing else ""),
    )


def wired_again(wiring: Wiring) -> Wiring:
    """The same devices by the numbers that they have now. Raises MissingExtra where one is not there."""
    output, source = (name or None for name in wiring.names)
    return wired(output, source, wiring.sample_rate, wiring.outputs or None, wiring.inputs or None)


class Device:
    """An open device. As a `deck.Tape` it is played from; `heard` gives what came in.

    Frame n that is heard comes in together with frame n that is played: one stream, one clock.
    """

    def __init__(self, wiring: Wiring, first: int = 0) -> None:
        """Open it, its frames counted from `first` on; nothing runs before `start`. Raises MissingExtra, or
        AntiphonError where the device refuses."""
        rtmixer = _rtmixer()
        self.wiring = wiring
        self.sample_rate = wiring.sample_rate
        self.channels = len(wiring.outputs)
        self.written = self._first = first
        self.xruns = 0
        self.block = UNKNOWN_BLOCK
        size = 1 << int(np.ceil(np.log2(RING_SECONDS * wiring.sample_rate)))
        self._recorded = first
        self._shift = 0
        self._played = first
        self.moved = monotonic()
        self._statistics: Any = None
        self._stream = _opened(rtmixer, wiring)
        if wiring.outputs:
            self._tape = np.zeros((size, self.channels), dtype=np.float32)
            self._out = rtmixer.RingBuffer(4 * self.channels, buffer=self._tape)
            self._playing = None
        if wiring.inputs:
            self._in = rtmixer.RingBuffer(4 * len(wiring.inputs), size)

    def begin_at(self, first: int) -> None:
        """Count from another frame on: opening took a while. Before anything is written."""
        self.written = self._first = self._recorded = self._played = first

    def start(self) -> None:
        """Begin to play what was written and to hear."""
        if self.wiring.outputs:
            self._playing = self._stream.play_ringbuffer(self._out, channels=list(self.wiring.outputs))
        if self.wiring.inputs:
            self._recording = self._stream.record_ringbuffer(self._in, channels=list(self.wiring.inputs))
        self._stream.start()
        self.moved = monotonic()

    @property
    def played(self) -> int:
        """Frames that were taken out to be played, or, of a device that only hears, that were heard."""
        if not self.wiring.outputs:
            return self._recorded + int(self._in.read_available)
        return self.written - int(self._out.read_available)

    @property
    def guard(self) -> int:
        """See `deck.Tape`."""
        return self.block + round(MARGIN_SECONDS * self.sample_rate)

    @property
    def latency(self) -> float:
        """Seconds from the ear to the mouth, as the device says: what comes in and goes out takes beside the blocks."""
        latency = self._stream.latency
        return float(sum(latency)) if isinstance(latency, tuple) else float(latency)

    def read(self, start: int, end: int) -> Floats:
        """See `deck.Tape`."""
        return self._tape[(np.arange(start, end) - self._first) % len(self._tape)]

    def write(self, start: int, samples: Floats) -> None:
        """See `deck.Tape`. Raises ValueError for a place that is behind, or further ahead than the ring is long."""
        end, size = start + len(samples), len(self._tape)
        if start > self.written or end > self.played + size:
            raise ValueError(f"frames {start} to {end} do not lie on the tape")
        place = (start - self._first) % size
        first = min(len(samples), size - place)
        self._tape[place : place + first] = samples[:first]
        self._tape[: len(samples) - first] = samples[first:]
        if end > self.written:
            self._out.advance_write_index(end - self.written)
            self.written = end

    def heard(self) -> tuple[int, Floats]:
        """The frame of the first sample that came in since the last call, and the samples (frames, channels)."""
        if not self.wiring.inputs:
            return self.played, np.zeros((0, 1), dtype=np.float32)
        count, start = int(self._in.read_available), self._recorded - self._shift
        data = self._in.read(count) if count else b""
        self._recorded += count
        return start, np.frombuffer(data, dtype=np.float32).reshape(-1, len(self.wiring.inputs)).copy()

    def ran_dry(self) -> bool:
        """Whether it had nothing to play, or nobody took what it heard, and it was set going again; a gap was heard."""
        actions = self._stream.actions
        dry = False
        if self.wiring.outputs and self._playing not in actions:
            dry = True
            self._playing = self._stream.play_ringbuffer(self._out, channels=list(self.wiring.outputs))
        if self.wiring.inputs and self._recording not in actions:
            dry = True
            self._recording = self._stream.record_ringbuffer(self._in, channels=list(self.wiring.inputs))
        if dry and self.wiring.outputs and self.wiring.inputs:
            self._shift = self._recorded + int(self._in.read_available) - self.played
        return dry

    def check(self) -> None:
        """Look at how it goes, a few times a second. Raises Lost where it stands still."""
        played, now = self.played, monotonic()
        if played != self._played:
            self._played, self.moved = played, now
        if not self._stream.active or now - self.moved > DEAD_SECONDS:
            raise Lost("the device takes nothing any more")
        asked = self._statistics
        if asked is None or asked not in self._stream.actions:
            if asked is not None:
                self.xruns += int(max(asked.stats.output_underflows, asked.stats.input_overflows))
                self.block = int(asked.stats.max_blocksize) or self.block
            self._statistics = self._stream.fetch_and_reset_stats()

    def close(self) -> bool:
        """Stop and let go; a device that is gone already is no error. False where that does not come to an end, as of
        a JACK server that is gone: then PortAudio does nothing any more in this process."""

        def let_go() -> None:
            with contextlib.suppress(Exception):
                self._stream.abort(ignore_errors=True)
            with contextlib.suppress(Exception):
                self._stream.close(ignore_errors=True)

        closing = threading.Thread(target=let_go, daemon=True)
        closing.start()
        closing.join(CLOSING_SECONDS)
        if closing.is_alive():
            atexit.unregister(_portaudio()._exit_handler)  # it would wait for ever, too
        return not closing.is_alive()


class SilentDevice:
    """No device: a clock that counts frames, for a host that plays itself and sends what it hears."""

    def __init__(self, sample_rate: int, first: int = 0) -> None:
        self.sample_rate = sample_rate
        self.xruns = 0
        self._first = first
        self._start = monotonic()

    @property
    def played(self) -> int:
        """Frames since the start."""
        return self._first + int((monotonic() - self._start) * self.sample_rate)

    def start(self) -> None:
        """Count from now on."""
        self._start = monotonic()

    def heard(self) -> tuple[int, Floats]:
        """Nothing."""
        return self.played, np.zeros((0, 1), dtype=np.float32)

    def ran_dry(self) -> bool:
        """Never."""
        return False

    def check(self) -> None:
        """Nothing can be lost."""

    def close(self) -> bool:
        """Nothing is open."""
        return True


def looked_for_again() -> None:
    """Let PortAudio look for devices anew: it knows those of its start alone. No device may be open, and no JACK
    server gone since."""
    portaudio = _portaudio()
    portaudio._terminate()
    portaudio._initialize()


def reopened(wiring: Wiring, first: int) -> Device:
    """The device that was lost, under the same name. Raises AntiphonError where it is not there (yet)."""
    try:
        return Device(wiring, first)
    except AntiphonError:
        looked_for_again()
        return Device(wired_again(wiring), first)


@contextlib.contextmanager
def _refusals(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if type(error).__module__.startswith("sounddevice") or isinstance(error, ValueError):
            raise AntiphonError(f"{name}: the device cannot be opened ({error})") from None
        raise


def _opened(rtmixer: Any, wiring: Wiring) -> Any:
    """The stream, with the shortest latency that the device offers."""
    playing = int(wiring.output) if wiring.output is not None else None
    hearing = int(wiring.input) if wiring.input is not None else None
    common = {"samplerate": wiring.sample_rate, "latency": "low", "blocksize": 0}
    outs, ins = max(wiring.outputs, default=0), max(wiring.inputs, default=0)
    with _refusals(str(wiring.output if wiring.output is not None else wiring.input)):
        if outs and ins:
            return rtmixer.MixerAndRecorder(device=(hearing, playing), channels=(ins, outs), **common)
        if outs:
            return rtmixer.Mixer(device=playing, channels=outs, **common)
        return rtmixer.Recorder(device=hearing, channels=ins, **common)


def _portaudio() -> Any:
    try:
        import sounddevice
    except ModuleNotFoundError:
        raise MissingExtra(f"live sound needs sounddevice: {INSTALL}") from None
    except OSError:
        raise MissingExtra("PortAudio is not there: install libportaudio2 (Debian), or your system's package") from None
    return sounddevice


def _rtmixer() -> Any:
    _portaudio()
    try:
        import rtmixer
    except ModuleNotFoundError:
        raise MissingExtra(f"live sound needs rtmixer: {INSTALL}") from None
    return rtmixer
