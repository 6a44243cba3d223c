"""Values as a notebook shows them: a player, lanes and a few facts, in one piece of HTML that needs nothing else.

There is no script in it: it stays as it is where a notebook is only looked at.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np

from antiphon.pages import render
from antiphon.pages.colours import colour
from antiphon.pages.lanes import WIDTH, DrawnLane, Lane, Region, drawn, marks_of, sound_uri
from antiphon.pages.response import path_through, sentence_of
from antiphon.types import SILENCE, Alphabet, Audio, Memory, Response, Tokens

SHOWN_SECONDS = 60.0
"""Sound that a notebook keeps of one value, about a megabyte: it is stored in the notebook's file."""

MOST_SHOWN = 2000
"""Segments that are coloured: more would be hairs, and make the notebook's file long."""

MOST_NAMED = 8
"""Files, and most frequent classes, that are named one by one."""

NO_REST = -1
"""Where nothing says which class is the rest, none is drawn grey."""

STRIP_HEIGHT = 36
MAP_WIDTH, MAP_HEIGHT, MAP_MARGIN = 640, 360, 24
"""Sizes of drawings in their own units."""

MOST_LABELS = 128
"""Classes of a map that are written beside their dots."""


@dataclass(frozen=True)
class Dot:
    """A class on the map of its alphabet."""

    x: float
    y: float
    colour: str
    token: int


@singledispatch
def html_of(value: object) -> str:
    """The value as HTML. Raises TypeError for one that is not known here."""
    raise TypeError(f"a notebook shows no {type(value).__name__}")


@html_of.register
def _(value: Tokens) -> str:
    counts = Counter(value.ids.tolist())
    often = ", ".join(f"{token} ({count} times)" for token, count in counts.most_common(MOST_NAMED))
    facts = {"Alphabet": value.alphabet_id, "Most frequent": often or "none"}
    end = float(value.intervals[-1, 1]) if len(value) else 0.0
    title = f"{len(value)} tokens of {len(counts)} classes, {end:.1f} s"
    return _page(title, strips=[_strip("Tokens", value, end, NO_REST)], facts=facts)


@html_of.register
def _(value: Alphabet) -> str:
    facts = {"Alphabet": value.id, "Dimensions": str(value.centroids.shape[1])}
    facts["Rest"] = f"class {value.rest}, below {value.rest_dbfs:g} dBFS" if value.has_rest else "none"
    facts |= _recipe(value.recipe)
    return _page(f"An alphabet of {value.size} classes", dots=_dots(value), facts=facts)


@html_of.register
def _(value: Memory) -> str:
    names = Counter(Path(part.source).name or "sound without a file" for part in value.parts)
    told = [f"{name} ({count} times)" if count > 1 else name for name, count in names.items()]
    facts = {"Files": _few(told), "Alphabet": value.tokens.alphabet_id}
    lane = _lane("Memory", "what can be played", value.audio, value.tokens)
    return _page(f"A memory of {len(value.tokens)} segments, {value.audio.duration:.1f} s", lanes=[lane], facts=facts)


@html_of.register
def _(value: Response) -> str:
    rest = _rest(value)
    played = Tokens(value.selection.played, value.specification.tokens.intervals, value.guide.alphabet_id)
    testifies = len(value.events) == len(played) > 0
    sentences = [
        sentence_of(value, index) if testifies else f"class {played.ids[index]}" for index in range(len(played))
    ]
    lane = _lane("Response", "what is heard", value.audio, played, (sentences, rest, value))
    duration = value.audio.duration
    memory = value.memory
    facts = {"Copies": f"{len([run for run in value.runs if run.part is not None])} unbroken ones"}
    if memory is not None:
        facts["Memory"] = _few([Path(part.source).name or "sound without a file" for part in memory.parts])
    facts["Seed"] = str(value.settings.get("seed", "unknown"))
    facts["Gain"] = f"{20 * np.log10(value.gain):+.1f} dB over all" if value.gain > 0 else "silent"
    if value.timing:
        facts["In time"] = value.timing
    if value.selection.relaxed:
        facts["Not kept"] = "; ".join(value.selection.relaxed)
    return _page(
        f"A response of {len(played)} segments, {duration:.1f} s",
        strips=[_strip("Guide", value.guide, duration, rest)],
        lanes=[lane],
        path=path_through(value, memory, rest) if memory is not None and testifies else None,
        facts=facts,
    )


def _page(title: str, **parts: Any) -> str:
    empty: dict[str, Any] = {"strips": (), "lanes": (), "dots": (), "path": None, "facts": {}}
    sizes = {"width": WIDTH, "strip_height": STRIP_HEIGHT, "map_width": MAP_WIDTH, "map_height": MAP_HEIGHT}
    return render("notebook.html", title=title, labels=MOST_LABELS, **{**empty, **sizes, **parts})


def _rest(response: Response) -> int:
    """The class of the segments that are silent, where there are any."""
    silent = response.selection.played[response.selection.segments == SILENCE]
    return int(silent[0]) if len(silent) else NO_REST


def _lane(
    name: str, about: str, audio: Audio, tokens: Tokens, told: tuple[Sequence[str], int, Response] | None = None
) -> DrawnLane:
    """A sound with its classes; no more of it is kept than a notebook should carry."""
    sentences, rest, response = told or ([f"class {token}" for token in tokens.ids], NO_REST, None)
    few = len(tokens) <= MOST_SHOWN
    intervals, ids = (tokens.intervals, tokens.ids) if few else (np.zeros((0, 2)), np.zeros(0, dtype=np.int64))
    if not few:
        about += f"; {len(tokens)} segments, too many to colour here"
    if audio.duration > SHOWN_SECONDS:
        about += f"; the player holds its first {SHOWN_SECONDS:g} s"
    grid = response.grid if response is not None else None
    lane = drawn(Lane(name, about, audio, intervals, ids, sentences if few else [], grid), rest, longest=0.0)
    kept = Audio(audio.samples[: round(SHOWN_SECONDS * audio.sample_rate)], audio.sample_rate)
    sound = sound_uri(kept) if len(kept.samples) else ""
    marks = marks_of(grid, audio.duration)
    return DrawnLane(lane.name, lane.about, lane.outline, lane.regions, sound, marks)


@dataclass(frozen=True)
class Strip:
    """Tokens without a sound, side by side; `about` says what is left out."""

    name: str
    about: str
    regions: Sequence[Region]


def _strip(name: str, tokens: Tokens, duration: float, rest: int) -> Strip:
    scale = WIDTH / max(duration, 1e-9)
    shown = len(tokens) if len(tokens) <= MOST_SHOWN else 0
    regions = []
    for (start, end), token in zip(tokens.intervals[:shown].tolist(), tokens.ids[:shown].tolist(), strict=True):
        width = max((end - start) * scale - 0.6, 0.4)
        regions.append(Region(start * scale, width, colour(token, rest), f"{start:.2f} s: class {token}"))
    about = "what was listened to, as classes" if name == "Guide" else "a colour is a class"
    return Strip(name, about if shown == len(tokens) else f"{len(tokens)} segments, too many to show here", regions)


def _dots(alphabet: Alphabet) -> list[Dot]:
    """The classes by the two directions in which they differ most (principal components)."""
    vectors = np.asarray(alphabet.centroids, dtype=np.float64)
    vectors = vectors - vectors.mean(axis=0)
    _, _, directions = np.linalg.svd(vectors, full_matrices=False)
    places = np.zeros((len(vectors), 2))
    for number, direction in enumerate(directions[:2]):
        # The sign of a component means nothing: its largest part points up.
        places[:, number] = vectors @ direction * np.sign(direction[np.argmax(np.abs(direction))])
    reach = max(float(np.abs(places).max()), 1e-9)
    across = MAP_WIDTH / 2 + places[:, 0] / reach * (MAP_WIDTH / 2 - MAP_MARGIN)
    up = MAP_HEIGHT / 2 - places[:, 1] / reach * (MAP_HEIGHT / 2 - MAP_MARGIN)
    return [
        Dot(x, y, colour(token, NO_REST), token)
        for token, (x, y) in enumerate(zip(across.tolist(), up.tolist(), strict=True))
    ]


def _recipe(recipe: str) -> dict[str, str]:
    """What an alphabet is made of, as far as it says; of an encoder its name."""
    found = _object(recipe)
    if not found:
        return {"Recipe": recipe} if recipe else {}
    found = {key: _object(value).get("name", value) for key, value in found.items()}
    return {key.replace("_", " ").capitalize(): str(value) for key, value in found.items()}


def _object(text: Any) -> dict[str, Any]:
    """The JSON object in a text; empty where there is none."""
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _few(names: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(names))
    more = f" and {len(distinct) - MOST_NAMED} more" if len(distinct) > MOST_NAMED else ""
    return ", ".join(distinct[:MOST_NAMED]) + more
