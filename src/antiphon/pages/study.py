"""A study as one self-contained page: the tables, and the figures inside it."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from antiphon.evaluation.results import OURS, Cell
from antiphon.pages import render
from antiphon.pages import study_tables as tables
from antiphon.pages.paper_figures import Drawing
from antiphon.pages.study_tables import Table


def as_page(table: Mapping[str, Any], pictures: Sequence[tuple[Drawing, bytes]]) -> str:
    """index.html; `pictures` are the figures as PNG, none where nothing was drawn."""
    cells = table["cells"]
    return render(
        "study.html",
        ours=OURS,
        about=[_parts(line) for line in tables.about(table["study"])],
        grid=tables.grid(cells),
        gains=tables.gains(cells),
        pictures=[(drawing.name, _picture(png), drawing.caption) for drawing, png in pictures],
        cells=[{"name": cell["name"], "parts": _cell_parts(cell)} for cell in cells],
    )


def _picture(png: bytes) -> str:
    """A picture as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _cell_parts(cell: Cell) -> list[dict[str, Any]]:
    """Each is a table or a sentence."""
    return [
        {"table": part, "sentence": None} if isinstance(part, Table) else {"table": None, "sentence": _parts(part)}
        for part in tables.cell_parts(cell)
    ]


def _parts(text: str) -> list[str]:
    """Plain text and code by turns: what Markdown sets in backticks is code here."""
    return re.split("`(.+?)`", text)
