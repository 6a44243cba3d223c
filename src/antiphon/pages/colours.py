"""The colours of the classes, the same in every page and drawing."""

from __future__ import annotations

GOLDEN_ANGLE = 137.508
"""Degrees of hue between two class ids: neighbours in number look different."""

GREY = "#9a97a3"
"""The colour of a rest."""


def hue(token: int) -> float:
    """The hue of a class in degrees."""
    return token * GOLDEN_ANGLE % 360


def colour(token: int, rest: int) -> str:
    """The colour of a class."""
    return GREY if token == rest else f"hsl({hue(token):.0f} 70% 55%)"
