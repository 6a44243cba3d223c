"""Results on stdout: JSON for programs, tables for readers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from antiphon.names import for_json, for_terminal


def plain(value: Any) -> Any:
    """A value of dataclasses as plain values."""
    from pydantic import TypeAdapter

    return TypeAdapter(type(value)).dump_python(value, mode="json")


def put(line: str = "") -> None:
    """A line for readers, whatever names stand in it."""
    print(for_terminal(line))


def put_text(text: str, end: str = "\n") -> None:
    """Lines for readers, whatever names stand in them; their tabs stay."""
    lines = ("\t".join(for_terminal(word) for word in line.split("\t")) for line in text.split("\n"))
    print("\n".join(lines), end=end)


def print_json(value: Any) -> None:
    """A result for programs."""
    print(for_json(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)))


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest cell."""
    cells = [[for_terminal(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        put("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def print_summary(rows: Sequence[Mapping[str, Any]]) -> None:
    """The table of models on held-out pieces."""
    if not rows:
        put("no held-out pieces to score")
        return
    head = ("model", "TPP, %", "bits per token", "difference in bits")
    table = [
        (row["model"], _interval(row["tpp"], 1), _interval(row["bits"], 3), _interval(row["behind"], 3)) for row in rows
    ]
    pieces = rows[0]["bits"]["pieces"]
    put("one held-out piece" if pieces == 1 else f"{pieces} held-out pieces: mean, and 95 % interval over pieces")
    print_table(head, table)


def print_gain(gain: Mapping[str, Any] | None) -> None:
    """What the guide adds; nothing where no deaf model was trained."""
    if gain is None:
        return
    names = {"whole": "the guide is worth", "piece": "  the piece", "local": "  the moment", "swapped": "swapped guide"}
    rows = [(about, _interval(gain[name], 3)) for name, about in names.items() if gain.get(name)]
    print_table(("what the guide adds", "bits per token"), rows)


def print_delay(delay: Mapping[str, Any] | None) -> None:
    """What hearing the guide late costs; nothing where it is heard at once."""
    if delay is None:
        return
    late = f"{delay['seconds']:g} s late"
    names = {"cost": "bits lost", "worth": f"the guide, {late}, is worth", "worth_at_once": "at once it would be worth"}
    rows = [(about, _interval(delay[name], 3)) for name, about in names.items() if delay.get(name)]
    print_table((f"hearing the guide {late}", "bits per token"), rows)


def print_probe(measures: Mapping[str, Mapping[str, float]]) -> None:
    """What the classes stand for; nothing where nobody asked."""
    if measures:
        rows = [
            (name, f"{each['value']:.3f} ({each['low']:.3f} to {each['high']:.3f})") for name, each in measures.items()
        ]
        print_table(("what the classes say", ""), rows)


def print_relations(relations: Mapping[str, Any] | None) -> None:
    """Which classes go together, by lag, in words."""
    if relations is None:
        put("relations by lag: every pair of tracks is too short to say")
        return
    put(relations["said"])
    for found in relations["strongest"]:
        put(f"  {found['said']}")


def _interval(value: Mapping[str, float], digits: int) -> str:
    if value["pieces"] == 1:
        return f"{value['mean']:.{digits}f}"
    return f"{value['mean']:.{digits}f} ({value['low']:.{digits}f} to {value['high']:.{digits}f})"


def print_statistics(numbers: Mapping[str, Any]) -> None:
    """The numbers of a response."""
    print_table(("response", ""), [(name, f"{value:.3g}") for name, value in numbers.items()])
