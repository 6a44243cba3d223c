"""One self-contained page about a response: what was heard, what was asked for, where every segment comes from, how
well the model does on held-out pieces. No script, font or sound is loaded from anywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path

from antiphon.action.export.class_names import NAMELESS
from antiphon.evaluation.regeneration import Summary
from antiphon.pages import render
from antiphon.pages.colours import colour
from antiphon.pages.lanes import WIDTH, Lane, Mark, Tick, all_drawn, marks_of, ticks_of
from antiphon.types import SILENCE, Audio, Grid, Memory, Response

MAP_HEIGHT = 200
"""Height of the path through the memory in units of the drawing."""

LEAST_SHARE, BAR_REM = 0.01, 7.0
"""The shortest bar of the table as a share of the longest, and the length of that."""


@dataclass(frozen=True)
class Step:
    """One segment on the path through the memory: two points, a colour and a sentence."""

    start: tuple[float, float]
    end: tuple[float, float]
    colour: str
    sentence: str


@dataclass(frozen=True)
class MemoryPath:
    """The path through the memory: its segments, where one file of the memory ends and the next begins, and the
    guide's beats."""

    steps: Sequence[Step]
    borders: Sequence[float]
    memory_seconds: float
    response_seconds: float
    marks: Sequence[Mark] = ()
    width: int = WIDTH
    height: int = MAP_HEIGHT

    @property
    def across(self) -> list[Tick]:
        """The scale of the response's time."""
        return ticks_of(self.response_seconds)

    @property
    def up(self) -> list[Tick]:
        """The scale of the memory's time."""
        return ticks_of(self.memory_seconds, 5)


@dataclass(frozen=True)
class Sounds:
    """What is heard on a page beside the response: the guide, the memory, and other takes."""

    guide: Audio
    memory: Memory
    takes: Sequence[Response] = ()


def write_page(
    path: Path,
    response: Response,
    sounds: Sounds,
    *,
    rest: int,
    about: Mapping[str, str],
    summary: Sequence[Summary] = (),
    names: Mapping[int, str] = NAMELESS,
) -> None:
    """Write the page. `rest` is the id drawn grey; `about` are facts to list; `summary` the table of held-out
    pieces; `names` what a musician calls classes."""
    page = render(
        "response.html",
        lanes=all_drawn(_lanes(response, sounds, names), rest),
        first="Guide",
        second="Response",
        path=path_through(response, sounds.memory, rest, names),
        summary=summary,
        bars=_bars(summary),
        about=about,
        timing=response.timing,
        grid=response.grid,
    )
    path.write_text(page, encoding="utf-8")


def _lanes(response: Response, sounds: Sounds, names: Mapping[int, str]) -> tuple[Lane, ...]:
    """Guide, response, other takes and memory, the one below the other."""
    guide, memory = response.guide, sounds.memory.tokens
    heard = [_called(token, names) for token in guide.ids.tolist()]
    playable = [f"segment {index}, {_called(token, names)}" for index, token in enumerate(memory.ids.tolist())]
    return (
        Lane(
            "Guide",
            "what was listened to, with its tokens",
            sounds.guide,
            guide.intervals,
            guide.ids,
            heard,
            response.grid,
        ),
        _version("Response", "what was asked for, built out of the memory", response, response.grid, names),
        *(
            _version(f"Take {number}", "another way through the memory", take, response.grid, names)
            for number, take in enumerate(sounds.takes, 2)
        ),
        Lane(
            "Memory",
            "what could be played",
            sounds.memory.audio,
            memory.intervals,
            memory.ids,
            playable,
            part="memory",
        ),
    )


def _version(name: str, about: str, response: Response, grid: Grid | None, names: Mapping[int, str]) -> Lane:
    sentences = [sentence_of(response, index, names) for index in range(len(response.events))]
    guide, played = response.guide, response.selection.played
    return Lane(name, about, response.audio, guide.intervals, played, sentences, grid, "version")


def _called(token: int, names: Mapping[int, str]) -> str:
    return f"{names[token]} (token {token})" if token in names else f"token {token}"


def sentence_of(response: Response, index: int, names: Mapping[int, str] = NAMELESS) -> str:
    """What a segment of a response says of itself."""
    event = response.events[index]
    asked = f"asked for {names.get(event.token, event.token)}, p = {exp(event.log_probability):.2f}"
    if not event.source:
        return f"{asked}: silence"
    played = "" if event.played == event.token else f", played {names.get(event.played, event.played)} instead"
    name = Path(event.source).name
    return f"{asked}{played}: {name} {event.source_start:.2f}-{event.source_end:.2f} s, copy {event.run}"


def path_through(response: Response, memory: Memory, rest: int, names: Mapping[int, str] = NAMELESS) -> MemoryPath:
    """The drawing of where in the memory a response plays; `rest` is the id drawn grey."""
    duration, seconds = float(response.guide.intervals[-1, 1]), memory.audio.duration
    across, up = WIDTH / duration, MAP_HEIGHT / seconds
    steps = []
    for index, segment in enumerate(response.selection.segments):
        if segment == SILENCE:
            continue
        start, end = response.guide.intervals[index]
        low = memory.tokens.intervals[segment, 0]
        steps.append(
            Step(
                (start * across, MAP_HEIGHT - low * up),
                (end * across, MAP_HEIGHT - (low + end - start) * up),
                colour(int(response.selection.played[index]), rest),
                sentence_of(response, index, names),
            )
        )
    borders = [MAP_HEIGHT - part.start / memory.audio.sample_rate * up for part in memory.parts[1:]]
    return MemoryPath(steps, borders, seconds, duration, marks_of(response.grid, duration))


def _bars(summary: Sequence[Summary]) -> list[tuple[float, float]]:
    """The lengths of both bars of each row of the table."""
    if not summary:
        return []
    best, worst = max(row.tpp.mean for row in summary), max(row.bits.mean for row in summary)
    return [(_length(row.tpp.mean / best), _length(row.bits.mean / worst)) for row in summary]


def _length(share: float) -> float:
    return max(share, LEAST_SHARE) * BAR_REM
