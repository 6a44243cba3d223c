"""`antiphon live` on stage: devices, OSC and MIDI as flags, and the performance until it is stopped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter
from cyclopts.validators import Number

from antiphon.cli import terminal
from antiphon.cli.printing import print_json, print_table, put
from antiphon.errors import MissingExtra
from antiphon.live.osc_table import DEFAULT_PORT, LOOPBACK

if TYPE_CHECKING:
    from antiphon.live.controls import Controls
    from antiphon.live.playing import Stage

ON_STAGE = Group("On stage", help="Without --guide; then --output names a device, and --record a folder.", sort_key=1)
"""The flags of a performance."""

Port = Annotated[int, Parameter(validator=Number(gte=0, lte=65_535))]


@Parameter(name="*", group=ON_STAGE)
@dataclass(frozen=True)
class StageFlags:
    """What is asked of a stage."""

    input: str = "default"
    """The device that hears the guide, by number, name or a part of it; none: the guide comes by OSC or MIDI."""
    input_channels: Annotated[tuple[int, ...], Parameter(consume_multiple=True, negative=())] = ()
    """The channels of the guide, from 1; by default the first."""
    output_channels: Annotated[tuple[int, ...], Parameter(consume_multiple=True, negative=())] = ()
    """The channels that are played on, from 1; by default the first two."""
    sample_rate: Annotated[int | None, Parameter(validator=Number(gte=8000, lte=192_000))] = None
    """Frames a second; by default the device's own."""
    mode: Literal["sound", "spans"] = "sound"
    """sound: Antiphon plays; spans: a host does, by OSC."""
    osc_port: Port = DEFAULT_PORT
    """The UDP port that OSC comes to; 0: any that is free."""
    host: str = LOOPBACK
    """The address at which OSC is listened to; anything but the default lets other computers in."""
    midi: str | None = None
    """A MIDI port whose clock is followed and whose notes are a guide; virtual: a port of its own."""
    record: Annotated[Path | None, Parameter(negative=())] = None
    """A folder for all that --replay needs: events, the guide's sound, and what was played."""
    seconds: Annotated[float | None, Parameter(validator=Number(gt=0))] = None
    """Stop by itself after so long; by default Ctrl-C stops."""
    devices: Annotated[bool, Parameter(negative=())] = False
    """Print the sound devices and MIDI ports that there are, and end."""

    def stage(self, output: str) -> Stage:
        """The same for the library; `output` is the device that plays."""
        from antiphon.live.playing import Stage

        return Stage(
            None if self.mode == "spans" else output,
            None if self.input == "none" else self.input,
            self.output_channels,
            self.input_channels,
            self.sample_rate,
            self.mode,
            self.host,
            self.osc_port,
            self.midi,
        )


AS_USUAL = StageFlags()
"""No flag was given."""


@dataclass(frozen=True)
class Asked:
    """What is played, by which agent (None: the one inside), from which controls, tempo and seed on."""

    memory: tuple[Path, ...]
    agent: Path | None
    controls: Controls
    tempo: float | None
    seed: int


def on_stage(asked: Asked, flags: StageFlags, output: str, *, overwrite: bool, as_json: bool) -> None:
    """Play until Ctrl-C, or as long as was asked for; print how it went."""
    from time import monotonic

    from antiphon.live.instrument import Instrument
    from antiphon.live.playing import Beginning, Recording, play

    stage = flags.stage(output)
    until: list[float] = []

    def goes_on(instrument: Instrument) -> bool:
        if not until:
            _announced(instrument, flags)
            until.append(monotonic() + (flags.seconds if flags.seconds is not None else float("inf")))
        return monotonic() < until[0]

    with terminal.progress() as progress:
        found = play(
            asked.memory,
            agent=asked.agent,
            stage=stage,
            beginning=Beginning(asked.controls.values, asked.tempo),
            seed=asked.seed,
            record=None if flags.record is None else Recording(flags.record, overwrite),
            goes_on=goes_on,
            say=terminal.note,
            progress=progress,
        )
    if as_json:
        print_json(vars(found))
        return
    put(
        f"{found.seconds:.0f} s: {found.spans} spans, {found.late} late, {found.gaps} gaps, "
        f"{found.xruns} blocks lost by the device, the decision started again {found.restarts} times"
    )
    if flags.record is not None:
        put(f"play it again: antiphon live --replay {flags.record}")


def print_devices(*, as_json: bool) -> None:
    """Sound devices and MIDI ports."""
    from antiphon.live.devices import devices
    from antiphon.live.midi_clock import midi_ports

    there = devices()
    try:
        ports = midi_ports()
    except MissingExtra as error:
        terminal.note(str(error))
        ports = ()
    if as_json:
        print_json({"devices": [vars(each) for each in there], "midi": list(ports)})
        return
    rows = [
        (str(each.number), each.name, each.system, str(each.inputs), str(each.outputs), str(each.sample_rate))
        for each in there
    ]
    print_table(("number", "name", "system", "inputs", "outputs", "frames a second"), rows)
    for port in ports:
        put(f"MIDI: {port}")


def _announced(instrument: object, flags: StageFlags) -> None:
    from antiphon.live.instrument import Instrument

    assert isinstance(instrument, Instrument)
    port = instrument.port.port if instrument.port is not None else flags.osc_port
    rate = instrument.device.sample_rate
    terminal.note(f"on stage at {rate} frames a second; OSC on {flags.host}, port {port}; Ctrl-C ends")
