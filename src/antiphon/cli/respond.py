"""`antiphon respond`: a guide, or an edited session, to a response."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter
from cyclopts.validators import Number

from antiphon.cli import terminal
from antiphon.cli.adapt import with_pairs
from antiphon.cli.agents import loaded_or_base
from antiphon.cli.arguments import SETTINGS, Config, Json, Output, Pairs, settings_from
from antiphon.cli.printing import print_json, print_statistics, put
from antiphon.config import MOST_SEED, ActionSettings, SamplingSettings, Settings
from antiphon.config.presets import with_preset
from antiphon.errors import BadData, SettingsError
from antiphon.reading import real

if TYPE_CHECKING:
    from antiphon.agent import Agent
    from antiphon.use_cases.respond import Answer, RespondOptions


MOST_NAMES = 1 << 20
"""Bytes of a file with names of classes."""

OF_THE_AGENT = Group(
    SETTINGS.name,
    help="What is not set stays as the agent, or the session of --from, has it; `antiphon settings --agent AGENT` "
    "prints an agent's.",
    default_parameter=Parameter(show_default=False),
    sort_key=SETTINGS.sort_key,
)
"""The settings of a response; no default is shown, since each agent has its own."""


@Parameter(name="*")
@dataclass(frozen=True)
class ResponseFlags:
    """What is asked of a response."""

    pair: Pairs = None
    """Two files that sound together, the guide first: remembered for this response, as `antiphon adapt` does. May be
    repeated."""
    seed: Annotated[int | None, Parameter(validator=Number(gte=0, lte=MOST_SEED))] = None
    """Seed of all draws, 0 or more; by default 0, or the session's."""
    takes: int = 1
    """How many distinct responses, the best first."""
    export: Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative=())] = ()
    """What else is handed over: reaper, cues, audacity, sonic-visualiser, midi, coll, dawproject, or all."""
    names: Path | None = None
    """What you call classes, for exports and the page: a studio's project, or a JSON file that has names by the ids of
    classes ({"3": "low thud"})."""
    explain: bool = True
    """Whether every segment says which guide segments mattered."""
    overwrite: Annotated[bool, Parameter(negative=())] = False
    """Replace a response that is there."""

    def options(self, seed: int, agent: Agent) -> RespondOptions:
        """The same for the library; `seed` where no other was given."""
        from antiphon.use_cases.respond import RespondOptions

        return RespondOptions(
            *(seed if self.seed is None else self.seed, self.takes, self.explain, self.export, self.overwrite),
            names={} if self.names is None else _names_in(self.names, agent.alphabet.id),
        )


def _names_in(place: Path, alphabet: str) -> dict[str, dict[int, str]]:
    """Names of classes, by the id of their alphabet. Raises BadData where there are none to be read."""
    from antiphon.studio.marks import class_names, tokens_named
    from antiphon.studio.project import Project

    if place.is_dir():
        told = class_names(Project(real(place)))
        if not told.get(alphabet):
            raise BadData(f"{place}: no names in it for the classes of this agent")
        return told
    from antiphon.reading import json_file

    found = json_file(place, MOST_NAMES)
    named = isinstance(found, dict) and all(isinstance(name, str) for name in found.values())
    names = tokens_named(found) if named else {}
    if not names or len(names) < len(found):
        raise BadData(f'{place}: not names by the ids of classes, as in {{"3": "low thud"}}')
    return {alphabet: names}


@Parameter(name="*")
@dataclass(frozen=True)
class PlayingFlags:
    """The settings that a response may change in a trained agent."""

    preset: str | None = None
    """A way to play: follow (close to the guide), phrases (long stretches of the memory), sparse (less than half of
    the time), surprising (where the guide does not lead). What is set beside it wins over it."""
    grid: Literal["auto", "beats", "seconds"] | None = None
    """What a segment is: beats where guide and memory have clear ones (auto), beats in any case, or seconds."""
    tempo: Annotated[float | None, Parameter(validator=Number(gte=20, lte=400))] = None
    """The tempo of guide and memory in beats a minute, where you know it."""
    config: Config = None
    sampling: Annotated[SamplingSettings | None, Parameter(name="--sampling", group=OF_THE_AGENT)] = None
    action: Annotated[ActionSettings | None, Parameter(name="--action", group=OF_THE_AGENT)] = None

    def applied(self, agent: Agent, base: Settings) -> Agent:
        """The agent with these flags over the settings `base`."""
        base = base if self.preset is None else with_preset(base, self.preset)
        timing = {"grid": self.grid, "tempo_bpm": self.tempo}
        given = {name: value for name, value in timing.items() if value is not None}
        base = base.model_copy(update={"action": base.action.model_copy(update=given)})
        return agent.with_settings(settings_from(self.config, base=base, sampling=self.sampling, action=self.action))


def respond(
    guide: Annotated[list[Path] | None, Parameter(negative=())] = None,
    /,
    *,
    memory: Annotated[list[Path] | None, Parameter(name=["--memory", "-m"], consume_multiple=True, negative=())] = None,
    agent: Path | None = None,
    output: Output,
    session: Annotated[Path | None, Parameter(name="--from")] = None,
    response: ResponseFlags = ResponseFlags(),
    playing: PlayingFlags = PlayingFlags(),
    as_json: Json = False,
) -> None:
    """Answer a guide from a memory: response, mix, specification, provenance and a page.

    Parameters
    ----------
    guide
        What is listened to; several are mixed.
    memory
        What may be played; several are joined, and a folder means every recording in it.
    agent
        A trained agent; without one, the base agent that comes with Antiphon. With --from it is known.
    session
        An edited session.rpp instead of guide and memory: what was edited stays, the rest is answered anew.
    """
    _require_one_kind(session, guide, memory)
    if session is not None:
        result = _from_session(session, agent, output, response, playing)
    else:
        result = _from_files((guide or [], memory or []), agent, output, response, playing)
    for line in result.notes:
        terminal.note(line)
    if as_json:
        print_json({"output": str(output), "response": vars(result.statistics)})
        return
    print_statistics(vars(result.statistics))
    put(result.statistics.said)
    put(f"listen and look: {output / 'index.html'}")


def _from_session(
    session: Path, agent: Path | None, output: Path, response: ResponseFlags, playing: PlayingFlags
) -> Answer:
    from antiphon.use_cases.respond_from_session import (
        respond_from_session,
        session_agent,
        session_seed,
        session_settings,
    )

    player = loaded_or_base(agent or session_agent(session))
    base = session_settings(session, player.settings)
    wanted = response.options(session_seed(session), player)
    if response.pair:
        player = with_pairs(player, response.pair)
    player = playing.applied(player, base)
    with terminal.progress() as progress:
        result = respond_from_session(session, player, output, wanted=wanted, progress=progress)
    _tell_verdict(player)
    return result


def _from_files(
    sounds: tuple[list[Path], list[Path]],
    agent: Path | None,
    output: Path,
    response: ResponseFlags,
    playing: PlayingFlags,
) -> Answer:
    from antiphon.use_cases.respond import respond_to_files

    player = loaded_or_base(agent)
    if response.pair:
        player = with_pairs(player, response.pair)
    player = playing.applied(player, player.settings)
    wanted = response.options(0, player)
    with terminal.progress() as progress:
        result = respond_to_files(*sounds, player, output, agent_directory=agent, wanted=wanted, progress=progress)
    _tell_verdict(player)
    return result


def _tell_verdict(agent: Agent) -> None:
    """Beside an answer of an agent that learned nothing, say so."""
    from antiphon.agent.verdict import verdict

    if said := verdict(agent.training):
        terminal.note(said)


def _require_one_kind(session: Path | None, guide: list[Path] | None, memory: list[Path] | None) -> None:
    if session is not None:
        if guide or memory:
            raise SettingsError("--from takes guide and memory from the session; leave them out")
        return
    for name, given in (("GUIDE", guide), ("--memory", memory)):
        if not given:
            raise SettingsError(f"{name} is missing; see antiphon respond --help")
