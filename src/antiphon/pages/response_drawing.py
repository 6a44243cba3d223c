"""A response as one drawing: the guide's tokens, the response's, how sure the decision was, and the path through the
memory. Plain SVG, without a script, a font or a library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp
from pathlib import Path

from antiphon.action.export.class_names import Names
from antiphon.pages import render
from antiphon.pages.colours import colour
from antiphon.types import Event

WIDTH, LEFT, RIGHT, TOP = 1200, 92, 16, 34
LANE, PATH, GAP = 34, 320, 30
"""Sizes of the drawing in pixels."""

FEWEST_PIXELS = 26
"""A token is written into its box where the box is this wide."""

LONGEST_NAME = 13
"""Letters of a file's name that are written beside its part of the memory."""

GUIDE_ROW, RESPONSE_ROW, PROBABILITY_ROW = (TOP + row * (LANE + GAP) for row in range(3))
PATH_TOP = PROBABILITY_ROW + LANE + GAP + 8
PATH_BOTTOM = PATH_TOP + PATH
HEIGHT = PATH_BOTTOM + 46
"""Heights at which the rows begin, and of the whole drawing."""

STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
"""Seconds that may lie between two marks of the axis, of which there are at most MOST_MARKS."""

MOST_MARKS = 14


@dataclass(frozen=True)
class Picture:
    """What is drawn: events, where each reads in the memory, the guide's tokens, the memory's files (name, and their
    first and last sample there), the times of the bars, where the guide's beats are known, and what a musician calls
    the classes."""

    events: Sequence[Event]
    places: Sequence[int]
    guide: Sequence[int]
    parts: Sequence[tuple[str, int, int]]
    rest: int
    bars: Sequence[float] = ()
    names: Names = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Length of the response."""
        return max((event.time + event.duration for event in self.events), default=1.0)


@dataclass(frozen=True)
class Box:
    """A segment with its token, where that fits in, and a sentence."""

    x: float
    y: float
    width: float
    colour: str
    middle: float
    label: str
    told: str


@dataclass(frozen=True)
class Bar:
    """How probable a token was."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Part:
    """A file of the memory: where it begins, and where its name is written."""

    y: float
    middle: float
    short: str
    name: str


@dataclass(frozen=True)
class Step:
    """A segment on the path through the memory."""

    start: tuple[float, float]
    end: tuple[float, float]
    colour: str
    thickness: int
    told: str


def svg(picture: Picture) -> str:
    """The drawing."""
    events = picture.events
    return render(
        "drawing.svg",
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        lane=LANE,
        rows=(
            (GUIDE_ROW, "guide", "heard"),
            (RESPONSE_ROW, "response", "played"),
            (PROBABILITY_ROW, "probability", "0 to 1"),
        ),
        guide=[
            _box(picture, GUIDE_ROW, event, token, f"guide segment {index}: {_name(token, picture)}")
            for index, (event, token) in enumerate(zip(events, picture.guide, strict=False))
        ],
        played=[_box(picture, RESPONSE_ROW, event, event.played, _sentence(event, picture)) for event in events],
        bars=[_bar(picture, event) for event in events],
        bar_lines=[_x(picture, time) for time in picture.bars if time <= picture.seconds],
        top=TOP,
        path_top=PATH_TOP,
        path_bottom=PATH_BOTTOM,
        parts=[_part(picture, part) for part in picture.parts],
        steps=[
            _step(picture, event, place) for event, place in zip(events, picture.places, strict=True) if event.source
        ],
        marks=[(_x(picture, second), second) for second in _marks(picture.seconds)],
    )


def _x(picture: Picture, seconds: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * seconds / picture.seconds


def _edges(picture: Picture, event: Event) -> tuple[float, float]:
    return _x(picture, event.time), _x(picture, event.time + event.duration)


def _width(left: float, right: float) -> float:
    """With a gap to the next one, but never invisible."""
    return max(right - left - 0.6, 0.4)


def _box(picture: Picture, y: float, event: Event, token: int, told: str) -> Box:
    left, right = _edges(picture, event)
    name = "–" if token == picture.rest else str(token)
    label = name if right - left >= FEWEST_PIXELS else ""
    return Box(left, y, _width(left, right), colour(token, picture.rest), (left + right) / 2, label, told)


def _bar(picture: Picture, event: Event) -> Bar:
    left, right = _edges(picture, event)
    share = min(exp(event.log_probability), 1.0)
    return Bar(left, PROBABILITY_ROW + LANE * (1 - share), _width(left, right), LANE * share)


def _up(picture: Picture, sample: float) -> float:
    """The height at which a sample of the memory is drawn: the first one lies at the bottom."""
    total = max((end for _, _, end in picture.parts), default=1) or 1
    return PATH_BOTTOM - PATH * sample / total


def _part(picture: Picture, part: tuple[str, int, int]) -> Part:
    name, start, end = part
    short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
    return Part(_up(picture, start), _up(picture, (start + end) / 2), short, name)


def _step(picture: Picture, event: Event, place: int) -> Step:
    """Across the response's time, up the memory's: an unbroken slope is an unbroken copy."""
    left, right = _edges(picture, event)
    return Step(
        (left, _up(picture, place)),
        (right, _up(picture, place + event.source_stop - event.source_first)),
        colour(event.played, picture.rest),
        5 if event.pinned else 3,
        _sentence(event, picture),
    )


def _marks(seconds: float) -> range:
    step = next((step for step in STEPS if seconds / step <= MOST_MARKS), STEPS[-1])
    return range(0, int(seconds) + 1, step)


def _name(token: int, picture: Picture) -> str:
    return "rest" if token == picture.rest else picture.names.get(token, f"token {token}")


def _sentence(event: Event, picture: Picture) -> str:
    said = f"asked for {_name(event.token, picture)}, p = {exp(event.log_probability):.2f}"
    if event.rivals:
        said += f" (rivals {', '.join(f'{_name(token, picture)} {exp(value):.2f}' for token, value in event.rivals)})"
    if not event.source:
        return f"{said}: silence"
    played = "" if event.played == event.token else f", played {_name(event.played, picture)} instead"
    return (
        f"{said}{played}: {Path(event.source).name} {event.source_start:.2f}-{event.source_end:.2f} s, copy {event.run}"
    )
