"""Two answers to one guide as one self-contained page, and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite
from typing import Any

import numpy as np

from antiphon.analysis.class_words import PITCH_CLASSES
from antiphon.analysis.differences import (
    AGREEMENTS,
    Differences,
    Heard,
    Numbers,
    Placed,
    UnderGuide,
    strongest_classes,
)
from antiphon.pages import page
from antiphon.pages.response import GOLDEN_ANGLE, Lane, track_section
from antiphon.types import Audio

SILENT = 12
"""No pitch class."""

DRAWN_GREY = 360
DRAWN = (
    *(min(range(360), key=lambda id_: abs((id_ * GOLDEN_ANGLE - 30 * each + 180) % 360 - 180)) for each in range(12)),
    DRAWN_GREY,
)
"""The class ids whose colours lie 30 degrees of hue apart: as these the pitch classes and the silence are drawn."""

WIDTH, ROW, GAP, LEFT = 1200, 46, 12, 120
"""Sizes of the strips in pixels."""

COLOURS = ("var(--accent)", "#d98f4e", "#5a86b8", "#c9bddb", "#9a97a3")
"""Of AGREEMENTS, in their order."""

ENOUGH_SECONDS = 1.0
"""A sound of the guide that lasts less in all says nothing of what an agent does with it."""

ALIKE = 0.9
"""Harmonies from here on are one harmony."""

LEVEL_RANGE_DB, WORTH_RANGE_BITS = 24.0, 4.0
"""What fills half a strip."""


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
        )
        for name, about, sound, heard in zip(
            names, abouts, sounds, (guide, sides[0].heard, sides[1].heard), strict=True
        )
    ]
    body = [
        "<h1>Two agents, one guide</h1>",
        *(f'<p class="{"lead" if not number else "note"}">{escape(text)}</p>' for number, text in enumerate(said[0])),
        '<p class="note">A colour is the strongest pitch class that sounds: the agents\' own classes have nothing in '
        'common. All of each response: <a href="first/index.html">first</a>, '
        '<a href="second/index.html">second</a>.</p>',
        *(track_section(lane, DRAWN_GREY) for lane in lanes),
        "<h2>Where they differ</h2>",
        _legend(found),
        _strips(sides, found),
        *_moments(said[1]),
        "<h2>What they play under the same sound</h2>",
        '<p class="note">Rows go by the strongest pitch class of the guide, the most frequent first. Alike: cosine of '
        "what both play there on the whole, 1 for the same harmony.</p>",
        _under(rows),
        "<h2>What they are</h2>",
        '<p class="note">The gain is that of each on held-out pieces of its own corpus, in bits a segment.</p>',
        _table(("", *(side.name for side in sides)), _facts(sides)),
        "<h2>Settings in which they differ</h2>",
        _table(("setting", "first", "second"), [(name, *map(str, both)) for name, both in settings.items()])
        if settings
        else "<p>None.</p>",
    ]
    return page("listening", "Two agents, one guide", "\n".join(body))


def _moments(said: Sequence[str]) -> list[str]:
    if not said:
        return []
    return ["<h3>Where they differ most</h3>", f"<ol>{''.join(f'<li>{escape(each)}</li>' for each in said)}</ol>"]


def _from(side: Side, index: int) -> str:
    part = int(side.placed.part[index])
    return "" if part < 0 else f" from {side.files[part]} at {side.placed.second[index]:.2f} s"


def _sounds_like(heard: Heard, index: int) -> str:
    if not heard.sounds[index]:
        return "nothing"
    return f"{_classes(strongest_classes(heard.chroma[index]))} ({heard.level[index]:.0f} dBFS)"


def _classes(classes: Sequence[int]) -> str:
    return " ".join(PITCH_CLASSES[each] for each in classes) or "nothing"


def _legend(found: Differences) -> str:
    about = {
        "same": "the same place",
        "near": "no more than a segment apart",
        "elsewhere": "another place",
        "one rests": "one rests",
        "both rest": "both rest",
    }
    parts = "; ".join(
        f'<span style="color:{colour}">&#9632;</span> {about[name]} {100 * found.share(name):.0f} %'
        for name, colour in zip(AGREEMENTS, COLOURS, strict=True)
    )
    return (
        f'<p class="note">Of the memory: {parts}. Below: how alike both harmonies are (1 fills the row); by how much '
        f"the first is louder (up) or softer (down, {LEVEL_RANGE_DB:g} dB at most); how many bits the guide was worth "
        f"to what each asks for (up to {WORTH_RANGE_BITS:g}; down: the guide spoke against it).</p>"
    )


def _strips(sides: tuple[Side, Side], found: Differences) -> str:
    intervals = found.spans.intervals
    end = max(float(intervals[-1, 1]), 1e-9) if len(intervals) else 1.0
    scale = (WIDTH - LEFT) / end
    edges = [(LEFT + start * scale, max((stop - start) * scale - 0.5, 0.4)) for start, stop in intervals.tolist()]
    agreed = "".join(
        f'<rect x="{x:.1f}" width="{width:.1f}" y="0" height="{ROW}" fill="{COLOURS[which]}"><title>'
        f"{AGREEMENTS[which]}, {start:.2f} s</title></rect>"
        for (x, width), which, start in zip(edges, found.agreement.tolist(), intervals[:, 0].tolist(), strict=True)
    )
    rows = [
        _bars(edges, found.harmony, 1.0, 1, True),
        _bars(edges, found.louder, LEVEL_RANGE_DB, 2),
        _bars(edges, sides[0].worth, WORTH_RANGE_BITS, 3),
        _bars(edges, sides[1].worth, WORTH_RANGE_BITS, 4),
    ]
    labels = ("same place", "harmony alike", "louder, softer", "guide to first", "guide to second")
    names = "".join(
        f'<text x="0" y="{number * (ROW + GAP) + ROW / 2 + 4:.0f}" fill="var(--soft)" font-size="13">{label}</text>'
        for number, label in enumerate(labels)
    )
    height = len(labels) * (ROW + GAP)
    return (
        f'<section class="track"><svg viewBox="0 0 {WIDTH} {height}" width="100%" role="img" '
        f'aria-label="Where the two differ, over time">{names}{agreed}{"".join(rows)}</svg>'
        f'<div class="axis"><span></span><span>0 to {end:.1f} s</span></div></section>'
    )


def _bars(
    edges: Sequence[tuple[float, float]], values: Numbers, full: float, row: int, from_below: bool = False
) -> str:
    """One bar a span: up from below, or up and down from the middle of its row."""
    top = row * (ROW + GAP)
    ground, reach = (top + ROW, ROW) if from_below else (top + ROW / 2, ROW / 2)
    drawn = [f'<line x1="{LEFT}" x2="{WIDTH}" y1="{ground:g}" y2="{ground:g}" stroke="var(--line)"/>']
    for (x, width), value in zip(edges, values.tolist(), strict=True):
        if isfinite(value):
            height = min(abs(value) / full, 1.0) * reach
            y = ground - height if value > 0 else ground
            drawn.append(
                f'<rect x="{x:.1f}" width="{width:.1f}" y="{y:.1f}" height="{height:.1f}" fill="var(--ink)" '
                f'fill-opacity=".6"><title>{value:.2f}</title></rect>'
            )
    return "".join(drawn)


def _under(rows: Sequence[UnderGuide]) -> str:
    head = ("guide", "seconds", "first plays", "dBFS", "second plays", "dBFS", "alike")
    return _table(
        head,
        [
            (
                _guide_name(row),
                f"{row.seconds:.1f}",
                _classes(row.first),
                _number(row.first_level, 0),
                _classes(row.second),
                _number(row.second_level, 0),
                _number(row.alike, 2),
            )
            for row in rows
        ],
    )


def _facts(sides: tuple[Side, Side]) -> list[tuple[str, ...]]:
    return [(name, *(side.facts[name] for side in sides)) for name in sides[0].facts]


def _guide_name(row: UnderGuide) -> str:
    return "nothing" if row.pitch_class == SILENT else PITCH_CLASSES[row.pitch_class]


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if isfinite(value) else "-"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{top}</tr>{body}</table></div>'
