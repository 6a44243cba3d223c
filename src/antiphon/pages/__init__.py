"""Pages that need nothing but themselves: one frame and one style, and of each kind its own style and script."""

from __future__ import annotations

from importlib import resources
from string import Template

_FOLDER = resources.files("antiphon.pages")


def page(kind: str, title: str, body: str) -> str:
    """An HTML page; `KIND.css` and `KIND.js` of this folder go into it where they are there."""
    style, own, script = (_text(name) for name in ("style.css", f"{kind}.css", f"{kind}.js"))
    script = f"<script>\n{script}</script>\n" if script else ""
    return Template(_text("frame.html")).substitute(title=title, style=style + own, body=body, script=script)


def _text(name: str) -> str:
    file = _FOLDER.joinpath(name)
    return file.read_text(encoding="utf-8") if file.is_file() else ""
