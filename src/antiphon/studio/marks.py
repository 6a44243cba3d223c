"""What a project remembers of what a musician said: marks on a response, names of classes, presets of dials."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from antiphon.action.export import PROVENANCE, read_provenance
from antiphon.config.presets import PRESETS
from antiphon.errors import SettingsError
from antiphon.names import for_page
from antiphon.studio.dials import Value, checked
from antiphon.studio.project import Project

KINDS = ("kept", "locked", "rejected")
"""What a span of a response may be: it stays when the rest is redone; it stays until it is unlocked; what it plays is
not played there again."""

MOST_SPANS = 500
"""Spans of a kind that a response may have."""

LONGEST_LABEL = 60
"""Letters of the name of a class or preset."""

MOST_LABELS = 5000
"""Classes with names in a project, and presets."""

MARKS, NAMES, PRESET = "marks", "names", "presets"
"""Kinds of memos."""

Spans = list[list[float]]

_Second = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]
_SPANS: TypeAdapter[list[tuple[float, float]]] = TypeAdapter(
    Annotated[list[tuple[_Second, _Second]], Field(max_length=MOST_SPANS)]
)
"""Spans as a memo has them: whoever wrote it, they are numbers within bounds."""


_CHANGING = threading.Lock()
"""Two pages may name a class at a time."""


class LastWords:
    """What was said last is kept, whichever message arrives last: a page sends each at once, and waits for none."""

    def __init__(self) -> None:
        self._hearing = threading.Lock()
        self._said: dict[Hashable, float] = {}

    def heard(self, thing: Hashable, at: float | None, keep: Callable[[], None]) -> None:
        """Keep what was said of a thing at a time (milliseconds; None: now), unless something later was kept of it."""
        with self._hearing:
            moment = time.time() * 1000 if at is None else at
            if moment >= self._said.get(thing, 0):
                keep()
                self._said[thing] = moment


def marks(project: Project, name: str) -> dict[str, Spans]:
    """The spans of a response, in seconds, by what they are."""
    found = project.recall(MARKS, name)
    return {kind: _spans(found.get(kind) if isinstance(found, dict) else None) for kind in KINDS}


def mark(project: Project, name: str, spans: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """Remember the marks of a response. Raises SettingsError for spans that are not within it."""
    record = read_provenance(project.response(name) / PROVENANCE)
    seconds = record.samples / record.sample_rate
    told = {}
    for kind in KINDS:
        given = sorted(spans.get(kind, ()))
        if len(given) > MOST_SPANS or any(not 0 <= start < end <= seconds + 1e-3 for start, end in given):
            raise SettingsError(f"spans that are {kind} lie within the response, which lasts {seconds:g} s")
        told[kind] = [[start, min(end, seconds)] for start, end in given]
    project.remember(MARKS, name, told)


def _spans(found: Any) -> Spans:
    try:
        return [[start, end] for start, end in _SPANS.validate_python(found or [])]
    except ValidationError:
        return []


def names(project: Project) -> dict[str, dict[str, str]]:
    """The names of classes, by the id of their alphabet."""
    found = project.recall(NAMES, "all")
    if not isinstance(found, dict):
        return {}
    return {
        str(alphabet): {str(token): _label(name) for token, name in classes.items() if isinstance(name, str)}
        for alphabet, classes in found.items()
        if isinstance(classes, dict)
    }


def class_names(project: Project) -> dict[str, dict[int, str]]:
    """The same with the ids of classes as numbers, as exports take them."""
    return {alphabet: tokens_named(classes) for alphabet, classes in names(project).items()}


def tokens_named(classes: Mapping[str, str]) -> dict[int, str]:
    """Names by the ids of classes, as a JSON has them; what is no id is left out."""
    return {int(token): label for token, label in classes.items() if re.fullmatch(r"[0-9]{1,9}", token)}


def name(project: Project, alphabet: str, token: int, label: str) -> None:
    """Name a class, or with an empty label take its name away. Raises SettingsError where too many have one."""
    with _CHANGING:
        found = names(project)
        classes = found.setdefault(alphabet, {})
        classes.pop(str(token), None)
        if plain := _label(label):
            classes[str(token)] = plain
        if sum(len(each) for each in found.values()) > MOST_LABELS:
            raise SettingsError(f"{MOST_LABELS} classes have a name already")
        project.remember(NAMES, "all", {alphabet: each for alphabet, each in found.items() if each})


def presets(project: Project) -> dict[str, dict[str, Value]]:
    """The musician's own presets: positions of dials by name; those that cannot be are left out."""
    found, told = project.recall(PRESET, "all"), {}
    for label, values in found.items() if isinstance(found, dict) else ():
        try:
            told[_label(label)] = checked(values)
        except (SettingsError, AttributeError, TypeError):
            continue
    return told


def preset(project: Project, label: str, values: Mapping[str, Value] | None) -> None:
    """Keep the positions of dials under a name, or with None forget them. Raises SettingsError for no name, one of
    Antiphon's own, and for values that cannot be."""
    plain = _label(label)
    if not plain or plain in PRESETS:
        raise SettingsError("a preset needs a name" if not plain else f"{plain} is a preset of Antiphon's own")
    with _CHANGING:
        found = presets(project)
        found.pop(plain, None)
        if values is not None:
            found[plain] = checked(values)
        if len(found) > MOST_LABELS:
            raise SettingsError(f"{MOST_LABELS} presets are there already")
        project.remember(PRESET, "all", found)


def _label(text: str) -> str:
    """A name as it is shown: in one line, without what cannot be seen."""
    return " ".join(for_page(str(text)).split())[:LONGEST_LABEL]
