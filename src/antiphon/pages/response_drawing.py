"""A response as one drawing: the guide's tokens, the response's, how sure the decision was, and the path through the
memory. Plain SVG, without a script, a font or a library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import exp
from pathlib import Path

from antiphon.types import Event

WIDTH, LEFT, RIGHT, TOP = 1200, 92, 16, 34
LANE, PATH, GAP = 34, 320, 30
"""Sizes of the drawing in pixels."""

GOLDEN_ANGLE = 137.508
"""Degrees of hue between two class ids: neighbours in number look different."""

FEWEST_PIXELS = 26
"""A token is written into its box where the box is this wide."""


@dataclass(frozen=True)
class Picture:
    """What is drawn: events, where each reads in the memory, the guide's tokens, and the memory's files (name, and
    their first and last sample there)."""

    events: Sequence[Event]
    places: Sequence[int]
    guide: Sequence[int]
    parts: Sequence[tuple[str, int, int]]
    rest: int

    @property
    def seconds(self) -> float:
        """Length of the response."""
        return max((event.time + event.duration for event in self.events), default=1.0)


def colour(token: int, rest: int) -> str:
    """The colour of a class: the same in every drawing of this program."""
    return "#9a97a3" if token == rest else f"hsl({token * GOLDEN_ANGLE % 360:.0f} 70% 55%)"


def svg(picture: Picture) -> str:
    """The drawing."""
    rows = [TOP + row * (LANE + GAP) for row in range(3)]
    path_top = rows[2] + LANE + GAP + 8
    height = path_top + PATH + 46
    guide = [
        _box(picture, rows[0], event, (token, f"guide segment {index}: {_name(token, picture.rest)}"))
        for index, (event, token) in enumerate(zip(picture.events, picture.guide, strict=False))
    ]
    played = [_box(picture, rows[1], event, (event.played, _sentence(event, picture.rest))) for event in picture.events]
    body = [
        _title(rows[0], "guide", "heard"),
        *guide,
        _title(rows[1], "response", "played"),
        *played,
        _title(rows[2], "probability", "0 to 1"),
        *(_bar(picture, rows[2], event) for event in picture.events),
        *_path(picture, path_top),
        _axis(picture, path_top + PATH),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="12">'
        f'<rect width="{WIDTH}" height="{height}" fill="#faf9f7"/>'
        f"{''.join(body)}</svg>\n"
    )


def _x(picture: Picture, seconds: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * seconds / picture.seconds


def _title(y: float, name: str, about: str) -> str:
    return (
        f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end" fill="#1c1b22" font-weight="600">{name}</text>'
        f'<text x="{LEFT - 8}" y="{y + 30}" text-anchor="end" fill="#6b6878">{about}</text>'
    )


def _box(picture: Picture, y: float, event: Event, told: tuple[int, str]) -> str:
    """A segment at the time of `event`, with its token and a sentence."""
    token, sentence = told
    left, right = _x(picture, event.time), _x(picture, event.time + event.duration)
    label = ""
    if right - left >= FEWEST_PIXELS:
        name = "–" if token == picture.rest else str(token)
        label = f'<text x="{(left + right) / 2:.1f}" y="{y + 22}" text-anchor="middle" fill="#fff">{name}</text>'
    return (
        f'<g><rect x="{left:.2f}" y="{y}" width="{max(right - left - 0.6, 0.4):.2f}" height="{LANE}" '
        f'fill="{colour(token, picture.rest)}"/>{label}<title>{escape(sentence)}</title></g>'
    )


def _bar(picture: Picture, y: float, event: Event) -> str:
    left, right = _x(picture, event.time), _x(picture, event.time + event.duration)
    share = min(exp(event.log_probability), 1.0)
    return (
        f'<rect x="{left:.2f}" y="{y + LANE * (1 - share):.2f}" width="{max(right - left - 0.6, 0.4):.2f}" '
        f'height="{LANE * share:.2f}" fill="#1c1b22" fill-opacity=".55"/>'
    )


def _path(picture: Picture, top: float) -> list[str]:
    """Across the response's time, up the memory's: an unbroken slope is an unbroken copy."""
    total = max((end for _, _, end in picture.parts), default=1) or 1
    bottom = top + PATH
    drawn = [
        f'<rect x="{LEFT}" y="{top}" width="{WIDTH - LEFT - RIGHT}" height="{PATH}" fill="#fff" stroke="#d9d5df"/>'
    ]
    for number, (name, start, end) in enumerate(picture.parts):
        y = bottom - PATH * start / total
        middle = bottom - PATH * (start + end) / 2 / total
        if number:
            drawn.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.2f}" y2="{y:.2f}" stroke="#d9d5df"/>')
        short = name if len(name) <= 13 else f"{name[:12]}…"
        drawn.append(
            f'<text x="{LEFT - 8}" y="{middle + 4:.1f}" text-anchor="end" fill="#6b6878">{escape(short)}'
            f"<title>{escape(name)}</title></text>"
        )
    for event, place in zip(picture.events, picture.places, strict=True):
        if not event.source:
            continue
        low = bottom - PATH * place / total
        high = bottom - PATH * (place + event.source_stop - event.source_first) / total
        drawn.append(
            f'<line x1="{_x(picture, event.time):.2f}" x2="{_x(picture, event.time + event.duration):.2f}" '
            f'y1="{low:.2f}" y2="{high:.2f}" stroke="{colour(event.played, picture.rest)}" '
            f'stroke-width="{5 if event.pinned else 3}" stroke-linecap="round">'
            f"<title>{escape(_sentence(event, picture.rest))}</title></line>"
        )
    return drawn


def _axis(picture: Picture, y: float) -> str:
    step = next(
        step
        for step in (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
        if picture.seconds / step <= 14 or step == 3600
    )
    marks = [
        f'<text x="{_x(picture, second):.1f}" y="{y + 18}" text-anchor="middle" fill="#6b6878">{second}</text>'
        for second in range(0, int(picture.seconds) + 1, step)
    ]
    about = "seconds of the response across; the memory, from its first file up; thick: pinned by the musician"
    return f'{"".join(marks)}<text x="{LEFT}" y="{y + 38}" fill="#6b6878">{about}</text>'


def _name(token: int, rest: int) -> str:
    return "rest" if token == rest else f"token {token}"


def _sentence(event: Event, rest: int) -> str:
    said = f"asked for {_name(event.token, rest)}, p = {exp(event.log_probability):.2f}"
    if event.rivals:
        said += f" (rivals {', '.join(f'{_name(token, rest)} {exp(value):.2f}' for token, value in event.rivals)})"
    if not event.source:
        return f"{said}: silence"
    played = "" if event.played == event.token else f", played {_name(event.played, rest)} instead"
    return (
        f"{said}{played}: {Path(event.source).name} {event.source_start:.2f}-{event.source_end:.2f} s, copy {event.run}"
    )
