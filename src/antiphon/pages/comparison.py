"""Two answers to one guide as one self-contained page, and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from antiphon.action.export.sounds import PITCH_CLASSES
from antiphon.analysis.differences import (
    AGREEMENTS,
    Differences,
    Heard,
    Numbers,
    Placed,
    UnderGuide,
    strongest_classes,
)
from antiphon.pages import render
from antiphon.pages.colours import hue
from antiphon.pages.lanes import Lane, all_drawn
from antiphon.pages.strips import COLOURS, LEVEL_RANGE_DB, WORTH_RANGE_BITS, strips
from antiphon.types import Audio

SILENT = 12
"""No pitch class."""

DRAWN_GREY = 360
DRAWN = (
    *(min(range(360), key=lambda id_: abs((hue(id_) - 30 * each + 180) % 360 - 180)) for each in range(12)),
    DRAWN_GREY,
)
"""The class ids whose colours lie 30 degrees of hue apart: as these the pitch classes and the silence are drawn."""

ENOUGH_SECONDS = 1.0
"""A sound of the guide that lasts less in all says nothing of what an agent does with it."""

ALIKE = 0.9
"""Harmonies from here on are one harmony."""

ABOUT = {
    "same": "the same place",
    "near": "no more than a segment apart",
    "elsewhere": "another place",
    "one rests": "one rests",
    "both rest": "both rest",
}
"""AGREEMENTS in the legend's words."""


@dataclass(frozen=True, eq=False)
class Side:
    """One of two agents: its name, what sounds in each span (n,) and where it comes from, how many bits the guide was
    worth to it there and on the mean of its segments (nan where nobody knows), the memory's files, and what it is and
    learned from."""

    name: str
    heard: Heard
    placed: Placed
    worth: Numbers
    mean_worth: float
    files: tuple[str, ...]
    facts: Mapping[str, str]


def account(sides: tuple[Side, Side], found: Differences, rows: Sequence[UnderGuide], identical: bool) -> Iterator[str]:
    """What a comparison found, in words."""
    first, second = sides
    if identical:
        yield "Both agents play the same response, sample by sample."
    else:
        chance = f"; by chance {100 * found.chance:.0f} %" if isfinite(found.chance) else ""
        yield (
            f"{first.name} and {second.name} do the same in {100 * found.together:.0f} % of the time{chance}. In "
            f"{100 * found.share('near'):.0f} % they play places that are no more than a segment apart, in "
            f"{100 * found.share('elsewhere'):.0f} % other ones; in {100 * found.share('one rests'):.0f} % one of them "
            "rests."
        )
    for side in sides:
        if isfinite(side.mean_worth):
            yield f"To {side.name} the guide is worth {side.mean_worth:.2f} bits a segment of what it asks for here."
    known = [row for row in rows if row.alike < ALIKE and row.seconds >= ENOUGH_SECONDS]
    if known:
        row = min(known, key=lambda each: each.alike)
        yield (
            f"Their harmonies are least alike where the guide sounds {_guide_name(row)}: {first.name} mostly plays "
            f"{_classes(row.first)}, {second.name} {_classes(row.second)} (alike by {row.alike:.2f}, over "
            f"{row.seconds:.1f} s)."
        )


def moment(sides: tuple[Side, Side], guide: Heard, found: Differences, index: int) -> str:
    """What both play in a span, and how far apart that is."""
    played = [f"{side.name} plays {_sounds_like(side.heard, index)}{_from(side, index)}" for side in sides]
    apart = []
    if isfinite(found.harmony[index]):
        apart = [f"harmony alike by {found.harmony[index]:.2f}", f"{abs(found.louder[index]):.0f} dB apart"]
    worth = [f"{side.worth[index]:+.1f} bits" for side in sides if isfinite(side.worth[index])]
    if len(worth) == len(sides):
        apart.append(f"the guide counts {worth[0]} and {worth[1]}")
    about = f" ({', '.join(apart)})" if apart else ""
    start = found.spans.intervals[index, 0]
    return f"At {start:.2f} s the guide sounds {_sounds_like(guide, index)}: {played[0]}, {played[1]}{about}."


def compare_page(
    sides: tuple[Side, Side],
    sounds: Sequence[Audio],
    measured: tuple[Heard, Differences, Sequence[UnderGuide]],
    said: tuple[Sequence[str], Sequence[str]],
    settings: Mapping[str, tuple[Any, Any]],
) -> str:
    """The page; `sounds` are the guide's and both responses', `said` the account and the moments."""
    guide, found, rows = measured
    names = ("Guide", f"First: {sides[0].name}", f"Second: {sides[1].name}")
    abouts = ("what both listened to", "what it plays", "what it plays")
    lanes = [
        Lane(
            name,
            about,
            sound,
            found.spans.intervals,
            np.array(DRAWN)[heard.strongest],
            [_sounds_like(heard, index) for index in range(len(heard.level))],
            part="answer" if name == names[0] else "version",
        )
        for name, about, sound, heard in zip(
            names, abouts, sounds, (guide, sides[0].heard, sides[1].heard), strict=True
        )
    ]
    return render(
        "comparison.html",
        account=said[0],
        moments=said[1],
        lanes=all_drawn(lanes, DRAWN_GREY),
        first="Guide",
        second="Responses",
        legend=[(COLOURS[n], ABOUT[name], found.share(name)) for n, name in enumerate(AGREEMENTS)],
        level_range=f"{LEVEL_RANGE_DB:g}",
        worth_range=f"{WORTH_RANGE_BITS:g}",
        strips=strips(found, (sides[0].worth, sides[1].worth)),
        under=[_under(row) for row in rows],
        names=[side.name for side in sides],
        facts=[(name, *(side.facts[name] for side in sides)) for name in sides[0].facts],
        settings=[(name, *map(str, both)) for name, both in settings.items()],
    )


def _from(side: Side, index: int) -> str:
    part = int(side.placed.part[index])
    return "" if part < 0 else f" from {side.files[part]} at {side.placed.second[index]:.2f} s"


def _sounds_like(heard: Heard, index: int) -> str:
    if not heard.sounds[index]:
        return "nothing"
    return f"{_classes(strongest_classes(heard.chroma[index]))} ({heard.level[index]:.0f} dBFS)"


def _classes(classes: Sequence[int]) -> str:
    return " ".join(PITCH_CLASSES[each] for each in classes) or "nothing"


def _under(row: UnderGuide) -> tuple[str, ...]:
    return (
        _guide_name(row),
        f"{row.seconds:.1f}",
        _classes(row.first),
        _number(row.first_level, 0),
        _classes(row.second),
        _number(row.second_level, 0),
        _number(row.alike, 2),
    )


def _guide_name(row: UnderGuide) -> str:
    return "nothing" if row.pitch_class == SILENT else PITCH_CLASSES[row.pitch_class]


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if isfinite(value) else "-"
