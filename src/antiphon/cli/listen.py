"""`antiphon listen`: a listening study as a page, and what the answers show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from antiphon.cli import terminal
from antiphon.cli.arguments import Json
from antiphon.cli.printing import print_json, put
from antiphon.errors import SettingsError


def listen(
    study: Path,
    /,
    *,
    analyse: Annotated[bool, Parameter(negative=())] = False,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    host: str = "127.0.0.1",
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=65535))] = 0,
    browser: bool = True,
    as_json: Json = False,
) -> None:
    """Ask listeners which answer goes with a guide: a page for the folder of a study. Ends with Ctrl-C.

    Parameters
    ----------
    study
        A folder that antiphon proof has made, or one like it; answers are kept in it.
    analyse
        Ask nobody, but say what the answers show: a page, a JSON, and all answers as CSV.
    output
        Where that goes; by default the folder analysis of the study. Goes with --analyse.
    host
        The address of this machine where the page is served. By default nobody else on the network reaches it; 0.0.0.0
        is every address, for listeners with devices of their own.
    port
        The port; 0 takes any that is free.
    browser
        Whether the page is opened at once.
    """
    if analyse:
        _analysed(study, output, as_json)
        return
    if output is not None or as_json:
        raise SettingsError("--output and --json go with --analyse")
    from antiphon.studio.listening.serve import serve

    def ready(address: str) -> None:
        put(address)
        terminal.flush()
        if browser:
            import webbrowser

            webbrowser.open(address)

    serve(study, host=host, port=port, ready=ready)


def _analysed(study: Path, output: Path | None, as_json: bool) -> None:
    from antiphon.listening.study import ANALYSIS
    from antiphon.use_cases.listening import analyse_study, as_dict

    place = output or study / ANALYSIS
    finding = analyse_study(study, place)
    for remark in finding.remarks:
        terminal.note(remark)
    if as_json:
        found: dict[str, Any] = as_dict(finding)
        print_json({"output": str(place), **found})
        return
    for line in finding.said:
        put(line)
    put(f"look: {place / 'index.html'}")
