"""`antiphon explain`: why each segment of a response is what it is."""

from __future__ import annotations

from pathlib import Path

from antiphon.cli.arguments import Json
from antiphon.cli.printing import print_json, print_table, put


def explain(
    directory: Path,
    /,
    *,
    at: float | None = None,
    draw: Path | None = None,
    render: Path | None = None,
    as_json: Json = False,
) -> None:
    """Why each segment of a response: what was asked for, what else, what mattered, what it cost, where it is from.

    Parameters
    ----------
    directory
        What `antiphon respond` wrote.
    at
        Only the segment that sounds at this second.
    draw
        Draw guide, tokens, memory and path into this svg.
    render
        Make the response again from its provenance alone, into this wav.
    """
    from antiphon.use_cases.read_explanation import drawn, explained, rendered

    if draw is not None:
        drawn(directory, draw)
    if render is not None:
        rendered(directory, render)
    found = explained(directory, at)
    if as_json:
        print_json({"events": [each.as_dict() for each in found]})
        return
    if at is not None:
        print_table(("segment", ""), found[0].facts())
        return
    head = ("s", "token", "p", "rivals", "guide segments that mattered (nats)", "from", "cost", "runner-up", "of")
    print_table(head, [each.row() for each in found])
    for name in (draw, render):
        if name is not None:
            put(f"written: {name}")
