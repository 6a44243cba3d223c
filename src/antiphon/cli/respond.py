"""`antiphon respond`: a guide, or an edited session, to a response."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from antiphon.cli import terminal
from antiphon.cli.arguments import ActionSection, Config, Json, Output, SamplingSection, settings_from
from antiphon.cli.printing import print_json, print_statistics
from antiphon.errors import SettingsError


def respond(
    guide: Annotated[list[Path] | None, Parameter(negative=())] = None,
    /,
    *,
    memory: Annotated[list[Path] | None, Parameter(name=["--memory", "-m"], consume_multiple=True, negative=())] = None,
    agent: Path | None = None,
    output: Output,
    session: Annotated[Path | None, Parameter(name="--from")] = None,
    seed: Annotated[int | None, Parameter(validator=Number(gte=0))] = None,
    takes: int = 1,
    export: Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative=())] = (),
    explain: bool = True,
    config: Config = None,
    sampling: SamplingSection = None,
    action: ActionSection = None,
    as_json: Json = False,
) -> None:
    """Answer a guide from a memory: response, mix, specification, provenance and a page.

    Parameters
    ----------
    guide
        What is listened to; several are mixed.
    memory
        What may be played; several are joined.
    agent
        A trained agent; without one, the base agent that comes with Antiphon. With --from it is known.
    session
        An edited session.rpp instead of guide and memory: what was edited stays, the rest is answered anew.
    seed
        Seed of all draws, 0 or more; by default 0, or the session's.
    takes
        How many distinct responses, the best first.
    export
        What else is handed over: reaper, cues, audacity, sonic-visualiser, midi, coll, or all.
    explain
        Whether every segment says which guide segments mattered.
    """
    from antiphon.agent import Agent
    from antiphon.use_cases.respond import RespondOptions, respond_to_files
    from antiphon.use_cases.respond_from_session import (
        respond_from_session,
        session_agent,
        session_seed,
        session_settings,
    )

    _require_one_kind(session, guide, memory)
    if session is not None:
        known = agent or session_agent(session)
        player = Agent.base() if known is None else Agent.load(known)
        base = session_settings(session, player.settings)
        wanted = RespondOptions(session_seed(session) if seed is None else seed, takes, explain, export)
        player = player.with_settings(settings_from(config, base=base, sampling=sampling, action=action))
        with terminal.progress() as progress:
            result = respond_from_session(session, player, output, wanted=wanted, progress=progress)
    else:
        player = Agent.base() if agent is None else Agent.load(agent)
        player = player.with_settings(settings_from(config, base=player.settings, sampling=sampling, action=action))
        wanted = RespondOptions(seed or 0, takes, explain, export)
        with terminal.progress() as progress:
            result = respond_to_files(
                *(guide or [], memory or [], player, output), agent_directory=agent, wanted=wanted, progress=progress
            )
    if as_json:
        print_json({"output": str(output), "response": vars(result.statistics)})
        return
    print_statistics(vars(result.statistics))
    print(f"listen and look: {output / 'index.html'}")


def _require_one_kind(session: Path | None, guide: list[Path] | None, memory: list[Path] | None) -> None:
    if session is not None:
        if guide or memory:
            raise SettingsError("--from takes guide and memory from the session; leave them out")
        return
    for name, given in (("GUIDE", guide), ("--memory", memory)):
        if not given:
            raise SettingsError(f"{name} is missing; see antiphon respond --help")
