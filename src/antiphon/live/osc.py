"""OSC messages to values and back, as the table of addresses has them (`osc_table`)."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from antiphon.errors import AntiphonError, SettingsError
from antiphon.live.commands import Commit, LiveCommand, Plan, Status, Step, TokenEvent
from antiphon.live.controls import BY_NAME, OFF, checked
from antiphon.live.events import CUES, Beat, Control, Cue, GuideToken, Tempo
from antiphon.live.osc_packets import Argument, OscMessage, encode, encode_bundle
from antiphon.live.osc_table import ROOT, SAID, SPANS, UNDERSTOOD, Address, Argued
from antiphon.types import Floats


class Refused(AntiphonError):
    """A message that is not done, and why; `code` is the kind of refusal."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True)
class Subscribe:
    """Events go to this port of whoever asks; `wanted` False: no longer."""

    port: int
    wanted: bool = True


@dataclass(frozen=True)
class Ping:
    """To be answered with the same number."""

    number: int


@dataclass(frozen=True, eq=False)
class GuideAudio:
    """Guide samples (frames,) at `sample_rate` that begin at `frame` of the sender's own count."""

    frame: int
    sample_rate: int
    samples: Floats


@dataclass(frozen=True)
class Note:
    """A note of a MIDI guide: begins, or ends where the velocity is 0."""

    pitch: int
    velocity: int


Asked = Beat | Control | Cue | GuideToken | Tempo | Subscribe | Ping | GuideAudio | Note


_UNDERSTOOD: Final = {address.path: address for address in UNDERSTOOD}
_SAID: Final = {address.name: address for address in SAID}


def asked_by(message: OscMessage, now: int) -> Asked:
    """What a message asks for at frame `now` of the session. Raises Refused, with a sentence, for all else."""
    address = _UNDERSTOOD.get(message.address)
    if address is None:
        raise Refused("address", _unknown(message.address))
    name = address.name
    if name in SPANS and len(message.arguments) == 2:
        start, end = (_value(Argued("seconds", "float", "s", 0, 1e6), name, each) for each in message.arguments)
        return _control(name, f"{float(start):g}-{float(end):g}")
    values = _values(address, message.arguments)
    if name in CUES:
        return Cue(name)
    if name in BY_NAME:
        return _control(name, values[0])
    return _other(name, values, now)


def said(name: str, *arguments: Argument) -> bytes:
    """A message as a packet, its arguments in the form that the table has. Raises ValueError for another form."""
    address = _SAID[name]
    if len(arguments) != len(address.arguments):
        raise ValueError(f"{address.path} has {len(address.arguments)} arguments, got {len(arguments)}")
    return encode(
        address.path, [_formed(each, value) for each, value in zip(address.arguments, arguments, strict=True)]
    )


def named(message: OscMessage) -> tuple[str, dict[str, Argument]] | None:
    """What a message of Antiphon's own says: its name in the table, and its arguments by theirs; None for any other."""
    address = _SAID.get(message.address.removeprefix(ROOT))
    if address is None or message.address != address.path or len(message.arguments) != len(address.arguments):
        return None
    return address.name, {each.name: value for each, value in zip(address.arguments, message.arguments, strict=True)}


def said_of(command: LiveCommand, now: int, rate: int, revision: int = 0) -> bytes | None:
    """What is said of a command of the session at frame `now`; None for one that only the sound shows."""
    if isinstance(command, Plan):
        steps = [said("plan/step", revision, *_step(step, now, rate)) for step in command.steps]
        return encode_bundle([said("plan", revision, len(steps)), *steps])
    if isinstance(command, Commit):
        return said("commit", *_step(command.step, now, rate), command.heard, int(command.late))
    if isinstance(command, TokenEvent):
        start, end = command.start / rate, command.end / rate
        return said("token", command.number, start, end - start, command.token, command.level)
    if isinstance(command, Status):
        return said("status", command.kind, command.words, command.count)
    return None


def said_of_silence(frame: int, fade: int, now: int, rate: int) -> bytes:
    """That nothing more is played from a frame on."""
    return said("silence", frame / rate, (frame - now) / rate, frame, fade / rate)


def _step(step: Step, now: int, rate: int) -> tuple[Argument, ...]:
    event = step.event
    return (
        step.number,
        step.start / rate,
        (step.start - now) / rate,
        step.start,
        (step.end - step.start) / rate,
        event.token,
        math.exp(min(event.log_probability, 0.0)),
        event.played,
        event.source if step.segment >= 0 else "",
        event.source_start,
        event.source_first,
        step.fade_in / rate,
        step.fade_out / rate,
        step.gain,
        int(step.follows),
    )


def _formed(argued: Argued, value: Argument) -> Argument:
    if argued.kind == "text":
        return str(value)
    if not isinstance(value, int | float):
        raise ValueError(f"{argued.name} is a number, got {value!r}")
    if argued.kind == "int":
        return _wrapped(int(value))
    number = float(value)
    return number if math.isfinite(number) and abs(number) < 3e38 else math.copysign(3e38, number)


def _wrapped(number: int) -> int:
    """Within 32 bits, as hosts have them: frames start again at 0 after 12 hours at 48 kHz."""
    return number if -(1 << 31) <= number < 1 << 31 else number % (1 << 31)


def _unknown(address: str) -> str:
    shown = address if len(address) <= 80 else f"{address[:80]}..."
    if not address.startswith(ROOT):
        return f"unknown address {shown}: all begin with {ROOT}"
    near = difflib.get_close_matches(address, _UNDERSTOOD, n=1)
    return f"unknown address {shown}" + (f"; did you mean {near[0]}?" if near else "")


def _values(address: Address, arguments: Sequence[Argument]) -> list[float | int | str | bytes]:
    wanted = address.arguments
    if len(arguments) != len(wanted):
        names = " ".join(each.name for each in wanted) or "nothing"
        # A patch sends a 1 or a bang along with a button: where nothing is wanted, one number is no harm.
        if wanted or len(arguments) > 1 or isinstance(arguments[0], str | bytes):
            raise Refused("argument", f"{address.path} takes {names}, got {len(arguments)} arguments")
        return []
    return [_value(each, address.name, value) for each, value in zip(wanted, arguments, strict=True)]


def _value(argued: Argued, name: str, value: Argument) -> float | int | str | bytes:
    """An argument in the form that is wanted; a whole float is taken for an int, since Pd and Max have no others."""
    if argued.kind in ("text", "blob"):
        if not isinstance(value, str if argued.kind == "text" else bytes):
            raise Refused("argument", f"{ROOT}{name}: {argued.name} is a {argued.kind}, got {_shown(value)}")
        return value
    if argued.can_be_off and value == OFF:
        return OFF
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused("argument", f"{ROOT}{name}: {argued.name} is a number, got {_shown(value)}")
    if not math.isfinite(value) or not argued.low <= value <= argued.high:
        raise Refused(
            "value", f"{ROOT}{name}: {argued.name} is from {argued.low:g} to {argued.high:g}, got {_shown(value)}"
        )
    if argued.kind == "float":
        return float(value)
    if value != int(value):
        raise Refused("value", f"{ROOT}{name}: {argued.name} is a whole number, got {_shown(value)}")
    return int(value)


def _shown(value: Argument) -> str:
    if isinstance(value, bytes):
        return f"a blob of {len(value)} bytes"
    if isinstance(value, float):
        return f"{value:g}"
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:40]}..."


def _control(name: str, value: float | int | str | bytes) -> Control:
    if isinstance(value, bytes):
        raise Refused("argument", f"{ROOT}{name}: a blob is not a value")
    try:
        return Control(name, checked(name, value))
    except SettingsError as error:
        raise Refused("value", str(error)) from None


def _other(name: str, values: list[float | int | str | bytes], now: int) -> Asked:
    if name == "tempo":
        return Tempo(None if values[0] == OFF else float(values[0]), now)
    if name in ("beat", "tap"):
        return Beat(now)
    if name == "guide/block":
        frame, rate, data = values
        return GuideAudio(int(frame), int(rate), _samples(bytes(data) if isinstance(data, bytes) else b""))
    numbers = [int(value) for value in values]
    if name == "guide/token":
        return GuideToken(numbers[0], now)
    if name == "guide/note":
        return Note(numbers[0], numbers[1])
    return Ping(numbers[0]) if name == "ping" else Subscribe(numbers[0], name == "subscribe")


def _samples(data: bytes) -> Floats:
    if len(data) % 4:
        raise Refused("argument", f"{ROOT}guide/block: {len(data)} bytes are no whole number of float32 samples")
    samples = np.frombuffer(data, dtype=">f4").astype(np.float32)
    if not np.isfinite(samples).all() or (len(samples) and float(np.abs(samples).max()) > 64):
        raise Refused("value", f"{ROOT}guide/block: samples that are no numbers, or above 64 (full level is 1)")
    return samples
