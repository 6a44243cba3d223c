"""`antiphon agent VERB`: an agent as one file, and back."""

from __future__ import annotations

from pathlib import Path

from antiphon.cli.arguments import Json, Output, Overwrite
from antiphon.cli.assembly import VerbApp
from antiphon.cli.printing import print_json, put

agent_app = VerbApp(name="agent", help="An agent as one file, to be sent: pack it, unpack it.")


@agent_app.command
def pack(agent: Path, /, *, output: Output, overwrite: Overwrite = False, as_json: Json = False) -> None:
    """Write an agent to one file, its card and the SHA-256 of each of its files with it. No code, the same bytes again.

    Parameters
    ----------
    agent
        A folder, a packed file, or an address.
    """
    from antiphon.agent.opening import opened
    from antiphon.agent.packing import pack as run

    with opened(agent) as directory:
        run(directory, output, overwrite=overwrite)
    size = output.stat().st_size
    if as_json:
        print_json({"output": str(output), "bytes": size})
        return
    put(f"packed agent: {output} ({size / 1e6:.1f} MB)")


@agent_app.command
def unpack(agent: Path, /, *, output: Output, overwrite: Overwrite = False, as_json: Json = False) -> None:
    """Write a packed agent as a folder, after each of its files was found to be what its index says.

    Parameters
    ----------
    agent
        A packed file, or the address of an agent, packed or a folder.
    """
    from antiphon.agent.opening import copied

    names = copied(agent, output, overwrite=overwrite)
    if as_json:
        print_json({"output": str(output), "files": names})
        return
    put(f"agent: {output}")
