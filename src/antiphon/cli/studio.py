"""`antiphon studio`: a folder as a page to work on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from antiphon.cli import terminal
from antiphon.cli.printing import put


def studio(
    folder: Path = Path(),
    /,
    *,
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=65535))] = 0,
    browser: bool = True,
) -> None:
    """Work on a folder of sounds in the browser: answer, listen, keep, ask again, export. Ends with Ctrl-C.

    Parameters
    ----------
    folder
        A project: its sounds, agents and responses, and where new ones go.
    port
        Where the page is served, on this machine alone; 0 takes any port that is free.
    browser
        Whether the page is opened at once.
    """
    from antiphon.studio.serve import serve

    def ready(address: str) -> None:
        put(address)
        terminal.flush()
        if browser:
            import webbrowser

            webbrowser.open(address)

    serve(folder, port=port, ready=ready)
