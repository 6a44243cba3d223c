"""Docstrings are read once: help and completion read those of every class that holds flags, again for every verb."""

from __future__ import annotations

from contextlib import suppress
from functools import cache


def read_once() -> None:
    """Let the docstrings of a class be read from its source the first time only.

    Cyclopts has them parsed for each group of flags of each verb, those of pydantic's base class every time too: that
    is half of the time of `antiphon train --help`, and 85 % of what the script of a completion takes.
    """
    with suppress(ImportError):
        import docstring_parser

        if not hasattr(docstring_parser.parse_from_object, "cache_info"):
            docstring_parser.parse_from_object = cache(docstring_parser.parse_from_object)
