"""A response's directory, read again: what its provenance says of each segment, in words and as a picture."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from math import exp
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from antiphon import audio
from antiphon.action.export import PROVENANCE, read_provenance, render_provenance
from antiphon.action.export.class_names import Names, known_names
from antiphon.action.export.tempo import bars_of
from antiphon.checkpoint import load_json
from antiphon.errors import BadData, SettingsError
from antiphon.files import whole_file
from antiphon.pages.response_drawing import Picture, svg
from antiphon.reading import first_fault
from antiphon.types import Event

NEXT_TO_NOTHING = 0.005
"""Nats: a change of less than half a percent is not spelled out."""


@dataclass(frozen=True)
class Explanation:
    """One segment, its number, the id that is no sound, and what a musician calls the classes."""

    index: int
    event: Event
    rest: int
    names: Names = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"index": self.index, **asdict(self.event)}

    def row(self) -> tuple[str, ...]:
        """One line of the table."""
        event = self.event
        return (
            f"{event.time:.2f}",
            self._played(),
            f"{exp(event.log_probability):.2f}",
            ", ".join(f"{self._name(token)} {exp(value):.2f}" for token, value in event.rivals),
            ", ".join(f"{segment - self.index:+d}: {loss:+.2f}" for segment, loss in event.heard),
            f"{Path(event.source).name} {event.source_start:.2f}" if event.source else "silence",
            f"{event.cost:.2f}",
            "" if event.runner_up is None else f"{event.runner_up:+.2f}",
            f"{event.candidates}",
        )

    def facts(self) -> list[tuple[str, str]]:
        """All of it, a fact a line."""
        event = self.event
        span = f"{event.time:.3f} to {event.time + event.duration:.3f} s"
        source = "silence"
        if event.source:
            source = (
                f"{event.source}, {event.source_start:.3f} to {event.source_end:.3f} s "
                f"(samples {event.source_first} to {event.source_stop})"
            )
        return [
            ("number", f"{self.index}, {span}"),
            ("asked for", f"{self._name(event.token)}, p = {exp(event.log_probability):.3f}"),
            ("played", self._played()),
            *((f"rival {self._name(token)}", f"p = {exp(value):.3f}") for token, value in event.rivals),
            *((f"guide segment {segment - self.index:+d}", _said(loss)) for segment, loss in event.heard),
            ("candidates", f"{event.candidates} memory segments"),
            ("cost", f"{event.cost:.3f} for joining it to the one before"),
            ("runner-up", "none" if event.runner_up is None else _compared(event.runner_up)),
            ("source", source),
            ("copy", f"number {event.run}{', pinned' if event.pinned else ''}"),
        ]

    def _name(self, token: int) -> str:
        return "rest" if token == self.rest else self.names.get(token, str(token))

    def _played(self) -> str:
        event = self.event
        played = self._name(event.played) + ("" if event.played == event.token else f" for {self._name(event.token)}")
        return f"{played} (pinned)" if event.pinned else played


def _compared(above: float) -> str:
    """What the path would cost with the runner-up. Where coming back has a price the path is the best that was found,
    and another may be cheaper."""
    return f"makes the path cost {abs(above):.3f} {'more' if above >= 0 else 'less'}"


def _said(loss: float) -> str:
    if abs(loss) < NEXT_TO_NOTHING:
        return "next to nothing"
    return f"made the token {exp(abs(loss)):.2f} times {'more' if loss > 0 else 'less'} likely"


def explained(directory: Path, at: float | None = None) -> tuple[Explanation, ...]:
    """What is known of each segment, or of the one that sounds `at` a second. Raises SettingsError if none does."""
    record = read_provenance(directory / PROVENANCE)
    events, names = record.events, known_names(record.names)
    rest = asked_for(directory).alphabet_size
    found = tuple(Explanation(index, event, rest, names) for index, event in enumerate(events))
    if at is None:
        return found
    sounding = tuple(each for each in found if each.event.time <= at < each.event.time + each.event.duration)
    if not sounding:
        end = max((event.time + event.duration for event in events), default=0.0)
        raise SettingsError(f"--at {at:g}: no segment sounds there; the response lasts {end:g} s")
    return sounding[:1]


def rendered(directory: Path, path: Path) -> None:
    """The response again, from its provenance alone."""
    audio.write(path, render_provenance(directory))


def drawn(directory: Path, path: Path) -> None:
    """Guide, tokens, map of the memory and path, as one svg."""
    if path.suffix.lower() != ".svg":
        raise SettingsError(f"--draw {path}: pictures are .svg")
    record, content = read_provenance(directory / PROVENANCE), asked_for(directory)
    starts = [run.part.start if run.part else 0 for run in record.runs]
    picture = Picture(
        record.events,
        tuple(starts[event.run] + event.source_first for event in record.events),
        tuple(content.guide_ids),
        tuple((Path(part.source).name or "memory", part.start, part.end) for part in record.parts),
        content.alphabet_size,
        tuple(bars_of(record.tempo, record.samples / record.sample_rate)),
        known_names(record.names),
    )
    with whole_file(path) as temporary:
        temporary.write_text(svg(picture), encoding="utf-8")


class AskedFor(BaseModel):
    """What is read back of a specification.json: how many classes there are (the rest's id), which alphabet they are
    of, and the guide's tokens."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    alphabet_size: int = Field(ge=1, le=65536)
    alphabet_id: str = Field("", max_length=1000)
    guide_ids: list[Annotated[int, Field(ge=0, le=65536)]]


def asked_for(directory: Path) -> AskedFor:
    """What a response's specification.json says. Raises BadData, naming it, for anything else."""
    path = directory / "specification.json"
    try:
        return AskedFor.model_validate(load_json(path))
    except ValidationError as error:
        raise BadData(f"{path}: not a specification ({first_fault(error)})") from error
