"""A study as one self-contained page: the tables, and the figures inside it."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from antiphon.evaluation.results import OURS, Cell
from antiphon.pages import page
from antiphon.pages import study_tables as tables
from antiphon.pages.paper_figures import Drawing
from antiphon.pages.study_tables import Table


def as_page(table: Mapping[str, Any], pictures: Sequence[tuple[Drawing, bytes]]) -> str:
    """index.html; `pictures` are the figures as PNG, none where nothing was drawn."""
    cells = table["cells"]
    body = [
        "<h1>Re-generation of B from A</h1>",
        *(f'<p class="lead">{_sentence(line)}</p>' for line in tables.about(table["study"])),
        "<h2>All cells, as in the paper</h2>",
        _html(tables.grid(cells)),
        "<h2>What the guide adds, bits per token</h2>",
        _html(tables.gains(cells)),
        "<h2>Figures</h2>" if pictures else "",
        *(_figure(drawing, png) for drawing, png in pictures),
        "<h2>Every model in each cell</h2>",
        *(_details(cell) for cell in cells),
    ]
    return page("study", "Re-generation of B from A", "\n".join(body))


def _figure(drawing: Drawing, png: bytes) -> str:
    picture = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return (
        f'<figure id="{drawing.name}"><img src="{picture}" alt="{escape(drawing.caption)}">'
        f"<figcaption>{escape(drawing.caption)}</figcaption></figure>"
    )


def _details(cell: Cell) -> str:
    parts = [
        _html(part) if isinstance(part, Table) else f"<p>{_sentence(part)}</p>" for part in tables.cell_parts(cell)
    ]
    return f"<details><summary>{escape(cell['name'])}</summary>{''.join(parts)}</details>"


def _sentence(text: str) -> str:
    """What Markdown sets in backticks is code here."""
    return re.sub("`(.+?)`", r"<code>\1</code>", escape(text))


def _html(table: Table) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in table.head)
    rows = "".join(
        f"<tr{' class=ours' if row[0] == OURS else ''}>{''.join(f'<td>{escape(value)}</td>' for value in row)}</tr>"
        for row in table.rows
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{rows}</table></div>'
