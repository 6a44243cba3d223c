"""`live.play`: an agent on stage, from its files to its last sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from antiphon.agent.opening import noted
from antiphon.audio import witnessed
from antiphon.checkpoint import save_json
from antiphon.errors import AntiphonError, SettingsError
from antiphon.files import claimed, temporary_directory
from antiphon.interfaces import Progress, no_progress
from antiphon.live.controls import checked
from antiphon.live.decision_link import DecisionLink
from antiphon.live.decision_process import RESERVE_SECONDS, Failed, Ready, Recipe
from antiphon.live.devices import Device, SilentDevice, Wiring, wired
from antiphon.live.events import Control, Cue, Tempo
from antiphon.live.instrument import Instrument, Mode
from antiphon.live.kept_memory import kept_audio
from antiphon.live.midi_clock import MidiInput
from antiphon.live.osc_port import OscPort
from antiphon.live.osc_table import DEFAULT_PORT, LOOPBACK
from antiphon.live.priority import INSTRUMENT, before_others
from antiphon.live.run_file import RUN, RUN_VERSION, STAGE_FILES
from antiphon.live.stage_recording import StageRecorder, Unrecorded
from antiphon.reading import real

SPANS_RATE: Final = 48_000
"""Frames a second where no device says otherwise."""


@dataclass(frozen=True)
class Stage:
    """What an agent plays on: devices by name or number (`default`; None: none), channels counted from 1 (`outputs`
    without a device: how many a host plays), who plays the sound (`mode`), and where OSC (port 0: any free one; None:
    none) and MIDI come in."""

    output: str | None = "default"
    input: str | None = "default"
    outputs: tuple[int, ...] = ()
    inputs: tuple[int, ...] = ()
    sample_rate: int | None = None
    mode: Mode = "sound"
    host: str = LOOPBACK
    osc_port: int | None = DEFAULT_PORT
    midi: str | None = None

    def wiring(self) -> Wiring | None:
        """The devices that are opened, None for none. Raises MissingExtra, SettingsError."""
        output = self.output if self.mode == "sound" else None
        if output is None and self.mode == "sound":
            raise SettingsError("--mode sound needs an --output device; --mode spans leaves the sound to a host")
        if output is None and self.input is None:
            return None
        return wired(output, self.input, self.sample_rate, self.outputs or None, self.inputs or None)


@dataclass(frozen=True)
class Performance:
    """How it went: seconds, spans that came late, gaps, blocks that the device lost, restarts of the decision."""

    seconds: float
    spans: int
    late: int
    gaps: int
    xruns: int
    restarts: int


@dataclass(frozen=True)
class Beginning:
    """What is set before the first sound: controls by name, and a tempo in beats a minute."""

    controls: Mapping[str, float | str] = field(default_factory=dict)
    bpm: float | None = None
    starts: bool = True


@dataclass(frozen=True)
class Recording:
    """Where a performance is recorded, and whether one that is there may be lost."""

    directory: Path
    overwrite: bool = False


def play(
    memory: Sequence[Path],
    *,
    agent: Path | None = None,
    stage: Stage | None = None,
    beginning: Beginning | None = None,
    seed: int = 0,
    record: Recording | None = None,
    goes_on: Callable[[Instrument], bool] = lambda instrument: True,
    say: Callable[[str], None] = lambda words: None,
    progress: Progress = no_progress,
) -> Performance:
    """Play with a musician from the `memory` files until `goes_on`, asked some hundred times a second, says no, or
    Ctrl-C. What is needed to play it again goes into `record` as it happens.

    `agent` None is the agent inside the package. `say` hears every notice. Another process is started: a script that
    calls this needs `if __name__ == "__main__":`. Raises AntiphonError before the first sound, and never after it.
    """
    if not memory:
        raise SettingsError("a memory is missing: name a recording that may be played")
    stage, beginning = stage or Stage(), beginning or Beginning()
    events = [Control(name, checked(name, value)) for name, value in beginning.controls.items()]
    wiring = stage.wiring()
    rate = wiring.sample_rate if wiring is not None else stage.sample_rate or SPANS_RATE
    channels = max(len(wiring.outputs if wiring is not None and wiring.outputs else stage.outputs), 1)
    port = OscPort(stage.host, stage.osc_port, say) if stage.osc_port is not None else None
    with temporary_directory("live") as kept, _claim(record):
        recipe = Recipe(agent, tuple(memory), rate, channels, seed, kept)
        instrument: Instrument | None = None
        recorder = Unrecorded()
        link = DecisionLink(recipe, lambda kind, words: instrument.note(kind, words) if instrument else say(words))
        try:
            hashes = _loaded(link, memory if record is not None else (), progress)
            midi = MidiInput(stage.midi) if stage.midi is not None else None
            device = Device(wiring) if wiring is not None else SilentDevice(rate)
            sound = kept_audio(kept) if stage.mode == "sound" else None
            if record is not None:
                recorder = _recorder(record.directory, run_file_of(recipe, link.ready, hashes, stage.mode), rate, say)
            instrument = Instrument(
                link, device, sound, port=port, midi=midi, files=tuple(memory), say=say, record=recorder
            )
            before_others(INSTRUMENT)
            instrument.start()
            instrument.cue(*events)
            _played(instrument, beginning, goes_on)
            return performance(instrument)
        finally:
            _close(instrument, recorder, link, port)


def _played(instrument: Instrument, beginning: Beginning, goes_on: Callable[[Instrument], bool]) -> None:
    """From the tempo and the start to the end, or to Ctrl-C."""
    if beginning.bpm is not None:
        instrument.cue(Tempo(beginning.bpm, 0))
    if beginning.starts:
        instrument.cue(Cue("start"))
    try:
        while goes_on(instrument):
            instrument.turn()
    except KeyboardInterrupt as error:
        if type(error) is not KeyboardInterrupt:
            raise


def _close(
    instrument: Instrument | None, recorder: StageRecorder | Unrecorded, link: DecisionLink, port: OscPort | None
) -> None:
    """The instrument with all that it holds; or, where there is none yet, what was opened for it."""
    if instrument is not None:
        instrument.close()
        return
    recorder.close()
    link.close()
    if port is not None:
        port.close()


def _claim(record: Recording | None) -> AbstractContextManager[object]:
    """Nobody else records there. Raises as `files.claimed` does."""
    if record is None:
        return nullcontext()
    return claimed(record.directory, STAGE_FILES, overwrite=record.overwrite, holding="a live run")


def _loaded(link: DecisionLink, files: Sequence[Path], progress: Progress) -> tuple[str, ...]:
    """Wait until the decision is there; the SHA-256 of the files that it has read meanwhile."""
    return witnessed(files, lambda: wait_for(link, progress))[1]


def run_file_of(recipe: Recipe, ready: Ready | None, hashes: Sequence[str], mode: Mode) -> dict[str, Any]:
    """What tells how to play a performance again: `run_file.StageRunFile`."""
    assert ready is not None
    return {
        "version": RUN_VERSION,
        "kind": "stage",
        "agent": {"id": ready.agent_id, "directory": noted(recipe.agent)},
        "memory": [
            {"path": real(file).as_posix(), "sha256": digest}
            for file, digest in zip(recipe.memory, hashes, strict=True)
        ],
        "sample_rate": recipe.sample_rate,
        "channels": recipe.channels,
        "seed": recipe.seed,
        "reserve_seconds": RESERVE_SECONDS,
        "mode": mode,
    }


def _recorder(directory: Path, about: dict[str, Any], sample_rate: int, say: Callable[[str], None]) -> StageRecorder:
    """A record that begins; an earlier one is gone."""
    for name in STAGE_FILES:
        (directory / name).unlink(missing_ok=True)
    directory.mkdir(parents=True, exist_ok=True)
    save_json(directory / RUN, about)
    return StageRecorder(directory, sample_rate, say)


def wait_for(link: DecisionLink, progress: Progress = no_progress) -> None:
    """Until the decision is there. Raises AntiphonError where it cannot be."""
    done = 0
    while link.ready is None:
        link.connection.poll(0.1)
        for answer in link.answers():
            if isinstance(answer, Failed):
                error = AntiphonError(answer.words)
                error.exit_code = answer.code
                raise error
        if link.failed_to_start:
            raise AntiphonError("the process that decides ended before it was ready")
        done += 1
        progress("live: agent and memory", min(done, 99), 100)
    progress("live: agent and memory", 100, 100)


def performance(instrument: Instrument) -> Performance:
    """How it has gone so far."""
    return Performance(
        instrument.device.played / instrument.device.sample_rate,
        instrument.counts.spans,
        instrument.late,
        instrument.tally.gaps,
        instrument.device.xruns,
        instrument.link.restarts,
    )
