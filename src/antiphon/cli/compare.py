"""`antiphon compare`: two curations of data, one guide, one seed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from antiphon.cli import terminal
from antiphon.cli.agents import tell_agents
from antiphon.cli.arguments import Json, Output, Seed
from antiphon.cli.printing import print_json, put


def compare(
    first: Path,
    second: Path,
    /,
    *,
    guide: Annotated[list[Path], Parameter(name=["--guide", "-g"], consume_multiple=True, negative=())],
    memory: Annotated[list[Path], Parameter(name=["--memory", "-m"], consume_multiple=True, negative=())],
    output: Output,
    seed: Seed = 0,
    explain: bool = True,
    as_json: Json = False,
) -> None:
    """Let two agents answer one guide: both responses, and where what they learned differs.

    Parameters
    ----------
    first
        A trained agent.
    second
        Another one, of other data or settings.
    guide
        What is listened to; several are mixed.
    memory
        What may be played; several are joined, and a folder means every recording in it.
    explain
        Whether every segment of the responses says which guide segments mattered.
    """
    from antiphon.use_cases.compare import compare_files

    tell_agents(first, second)
    with terminal.progress() as progress:
        found = compare_files((first, second), guide, memory, output, seed=seed, explained=explain, progress=progress)
    told = found.as_dict()
    if as_json:
        print_json({name: value for name, value in told.items() if name != "spans"})
        return
    for line in told["said"]:
        put(line)
    for line in told["most_different"]:
        put(f"  {line}")
    put(f"listen and look: {output / 'index.html'}")
