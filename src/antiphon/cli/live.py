"""`antiphon live`: play with a musician, or with a recording of one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from antiphon.cli import terminal
from antiphon.cli.agents import loaded_or_base
from antiphon.cli.arguments import Json, OptionalOutput, Overwrite, Seed
from antiphon.cli.printing import print_json, print_statistics, put
from antiphon.cli.stage import AS_USUAL, Asked, StageFlags, on_stage, print_devices
from antiphon.errors import AntiphonError, SettingsError
from antiphon.live.pulse import FASTEST_BPM, SLOWEST_BPM

if TYPE_CHECKING:
    from antiphon.live.controls import Controls
    from antiphon.use_cases.live import LiveOptions


MOST_LEVEL_DB = 65
"""Gain of a sound check, up or down: as far as a guide is brought to its level (`perception.levelling`)."""


@Parameter(name="*")
@dataclass(frozen=True)
class LiveFlags:
    """What is asked of a session."""

    seed: Seed = 0
    dial: Annotated[tuple[str, ...], Parameter(name="--set", consume_multiple=True, negative=())] = ()
    """What the controls are set to, as NAME=VALUE: follow=3 density=0.5 register=1 lead=2 (docs/live.md has them)."""
    tempo: Annotated[float | None, Parameter(validator=Number(gte=SLOWEST_BPM, lte=FASTEST_BPM))] = None
    """The tempo in beats a minute; segments are then on the beat, the first of which is at 0 s."""
    level: Annotated[float | None, Parameter(validator=Number(gte=-MOST_LEVEL_DB, lte=MOST_LEVEL_DB))] = None
    """The gain in dB of a sound check of the guide; by default it is heard by what it played so far."""
    block: int = 512
    """Frames of a block of the guide."""
    real_time: Annotated[bool, Parameter(negative=())] = False
    """Take as long as the guide lasts."""
    overwrite: Overwrite = False

    def options(self) -> LiveOptions:
        """The same for the library."""
        from antiphon.use_cases.live import LiveOptions

        return LiveOptions(
            self.seed, controls_of(self.dial), self.tempo, self.block, self.level, self.real_time, self.overwrite
        )


def live(
    *,
    guide: Annotated[Path | None, Parameter(negative=())] = None,
    memory: Annotated[list[Path] | None, Parameter(name=["--memory", "-m"], consume_multiple=True, negative=())] = None,
    agent: Path | None = None,
    output: OptionalOutput = None,
    replay: Path | None = None,
    flags: LiveFlags = LiveFlags(),
    stage: StageFlags = AS_USUAL,
    as_json: Json = False,
) -> None:
    """Play with a musician on sound devices; or with a guide from a file as if it came from one: the run as a folder.

    Parameters
    ----------
    guide
        A recording that is played with as if it came from a musician.
    memory
        What may be played; several are joined, and a folder means every recording in it.
    agent
        A trained agent; without one, the live agent that comes with Antiphon.
    output
        With --guide, where the run goes: response, mix, specification, provenance, and what is needed to play it again.
        Without it, the device that plays, by number, name or a part of it.
    replay
        A run to play again: says whether it comes out the same, bit for bit.
    """
    if replay is not None:
        _replay(replay, agent, as_json=as_json)
        return
    if stage.devices:
        print_devices(as_json=as_json)
        return
    if guide is None and memory:
        from antiphon.use_cases.memory_files import files_of

        if flags.level is not None:
            raise SettingsError("--level is for a --guide from a file; on stage the sound check goes on while it plays")
        asked = Asked(tuple(files_of(memory)), agent, controls_of(flags.dial), flags.tempo, flags.seed)
        device = "default" if output is None else str(output)
        on_stage(asked, stage, device, overwrite=flags.overwrite, as_json=as_json)
        return
    for name, given in (("--memory", memory), ("--guide", guide), ("--output", output)):
        if not given:
            raise SettingsError(f"{name} is missing; see antiphon live --help")
    assert guide is not None
    assert memory is not None
    assert output is not None
    _on_file(guide, memory, output, agent, flags, as_json=as_json)


def _on_file(
    guide: Path, memory: list[Path], output: Path, agent: Path | None, flags: LiveFlags, *, as_json: bool
) -> None:
    from antiphon.use_cases.live import live_on_file

    wanted, player = flags.options(), loaded_or_base(agent, live=True)
    with terminal.progress() as progress:
        answer = live_on_file(guide, memory, player, output, agent_directory=agent, wanted=wanted, progress=progress)
    for line in answer.words:
        terminal.note(line)
    if as_json:
        print_json({"output": str(output), "late": answer.late, "response": vars(answer.statistics)})
        return
    print_statistics(vars(answer.statistics))
    put(f"listen: {output / 'mix.wav'}; play it again: antiphon live --replay {output}")


def controls_of(settings: tuple[str, ...]) -> Controls:
    """Controls from NAME=VALUE. Raises SettingsError for anything else."""
    from antiphon.live.controls import Controls, Dial, known

    controls = Controls()
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(f"--set takes NAME=VALUE, got {text!r}")
        number = isinstance(known(name), Dial) and value != "off"
        try:
            controls = controls.set(name, float(value) if number else value)
        except ValueError:
            raise SettingsError(f"control {name}: a number, got {value!r}") from None
    return controls


def _replay(directory: Path, agent: Path | None, *, as_json: bool) -> None:
    from antiphon.use_cases.live import replayed

    with terminal.progress() as progress:
        found = replayed(directory, None if agent is None else loaded_or_base(agent), progress)
    if as_json:
        print_json({**vars(found), "same": found.same})
    elif found.same:
        what = "specification, selection and sound" if found.has_sound else "specification and selection"
        put(f"the same {what}, bit for bit: {found.seconds:.1f} s")
    if not found.is_whole:
        terminal.note("the record has no end: the program was stopped in the middle, and this is how far it goes")
    if not found.same:
        raise AntiphonError(f"{directory}: played again, {' and '.join(found.others)} came out otherwise")
