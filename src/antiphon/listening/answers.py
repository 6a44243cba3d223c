"""What listeners answered: a file for each, one answer a line, written to disk before anybody is told that it is kept.

Nothing is ever rewritten. A line that a failure cut off is passed over and said; a second answer to a question does not
count, the first one stays.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from antiphon.errors import BadData, SettingsError
from antiphon.listening.order import questions
from antiphon.listening.study import ANSWERS, BETWEEN, MOST_CONDITIONS, Name, Study
from antiphon.reading import bytes_of, json_of

ANSWERS_VERSION: Literal[1] = 1

LISTENER = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
"""A listener's name: it is a file's name on every system, and nobody's full name."""

_PREFIX = "listener-"
"""Before a listener's name in that of a file: some names are devices on some systems."""

MOST_ANSWER_BYTES = 16 << 20
MOST_LISTENERS = 2000


class Answer(BaseModel):
    """One answer. `places` are the conditions as they stood at A, B, ...; `chosen` is the place that was chosen in a
    2AFC, `ratings` are those of the places otherwise. `seconds` is how long it took, `plays` how often each place was
    played, `at` when it came, by the server's clock (ISO 8601)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    version: Literal[1] = ANSWERS_VERSION
    study: Annotated[str, Field(min_length=1, max_length=64)]
    listener: Annotated[str, Field(min_length=1, max_length=40)]
    question: Annotated[str, Field(min_length=1, max_length=200)]
    places: tuple[Name, ...] = Field(min_length=2, max_length=MOST_CONDITIONS, strict=False)
    chosen: int | None = Field(None, ge=0, lt=MOST_CONDITIONS)
    ratings: tuple[Annotated[float, Field(ge=0, le=100)], ...] | None = Field(
        None, min_length=2, max_length=MOST_CONDITIONS, strict=False
    )
    seconds: float = Field(ge=0, le=1e6)
    plays: tuple[Annotated[int, Field(ge=0, le=10**6)], ...] = Field((), max_length=MOST_CONDITIONS, strict=False)
    at: Annotated[str, Field(max_length=40)] = ""

    @model_validator(mode="after")
    def _is_one_answer(self) -> Answer:
        if (self.chosen is None) == (self.ratings is None):
            raise ValueError("an answer is a choice or ratings")
        if self.chosen is not None and (len(self.places) != 2 or self.chosen > 1):
            raise ValueError("one of two places is chosen")
        if self.ratings is not None and len(self.ratings) != len(self.places):
            raise ValueError("one rating for each place")
        return self


@dataclass(frozen=True)
class Answers:
    """All that count, by listener and in the order in which they came, and in words what was passed over."""

    found: tuple[Answer, ...]
    remarks: tuple[str, ...] = ()

    def of(self, listener: str) -> tuple[Answer, ...]:
        """Those of one listener."""
        return tuple(each for each in self.found if each.listener == listener)

    @property
    def listeners(self) -> tuple[str, ...]:
        """Who answered anything."""
        return tuple(dict.fromkeys(each.listener for each in self.found))


def require_listener(name: str) -> str:
    """The name of a listener. Raises SettingsError for one that is none."""
    if not LISTENER.fullmatch(name):
        raise SettingsError(
            "a listener's name is 1 to 40 small letters, digits, - and _, and begins with a letter or digit"
        )
    return name


def add_answer(folder: Path, study: Study, answer: Answer) -> None:
    """Keep an answer: it is on the disk when this returns. Raises SettingsError for one that the study did not ask for,
    or that this listener has given before."""
    require_listener(answer.listener)
    asked = {each.key: each for each in questions(study, answer.listener)}
    if answer.study != study.identity or answer.question not in asked:
        raise SettingsError("this study did not ask that: load the page anew")
    if answer.places != asked[answer.question].places or (answer.chosen is None) == (study.kind == "2afc"):
        raise SettingsError("the answer does not fit the question: load the page anew")
    if any(each.question == answer.question for each in read_answers(folder, study, answer.listener).found):
        raise SettingsError("this was answered before, and the first answer stays")
    (folder / ANSWERS).mkdir(exist_ok=True)
    line = (json.dumps(answer.model_dump(mode="json"), ensure_ascii=True) + "\n").encode()
    path = folder / ANSWERS / f"{_PREFIX}{answer.listener}.jsonl"
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
    try:
        # What a failure cut off ends here, so that it takes nothing else with it.
        end = os.lseek(handle, 0, os.SEEK_END)
        if end and os.pread(handle, 1, end - 1) != b"\n":
            line = b"\n" + line
        if os.write(handle, line) != len(line):
            raise OSError("not all of it was written")
        os.fsync(handle)
    finally:
        os.close(handle)


def read_answers(folder: Path, study: Study, listener: str | None = None) -> Answers:
    """What was answered in a study, by one listener or by all. Raises BadData where a file cannot be read."""
    home = folder / ANSWERS
    if home.is_symlink():
        raise BadData(f"{home}: a link, which may lead out of the study")
    if listener is not None:
        paths = [path] if (path := home / f"{_PREFIX}{listener}.jsonl").exists() else []
    else:
        paths = sorted(home.glob("*.jsonl"))[:MOST_LISTENERS] if home.is_dir() else []
    found: list[Answer] = []
    remarks: list[str] = []
    for path in paths:
        name = path.stem.removeprefix(_PREFIX)
        if path.is_symlink() or name == path.stem or not LISTENER.fullmatch(name):
            remarks.append(f"{path.name}: not a listener's file, passed over")
            continue
        _read(path, name, study, found, remarks)
    return Answers(tuple(found), tuple(remarks))


def _read(path: Path, listener: str, study: Study, found: list[Answer], remarks: list[str]) -> None:
    """The answers in a listener's file that count, and remarks on the lines that do not."""
    asked = {each.key: each.places for each in questions(study, listener)}
    seen: set[str] = set()
    for number, line in enumerate(bytes_of(path, MOST_ANSWER_BYTES).split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            answer = Answer.model_validate(json_of(line.decode("utf-8"), path.name))
        except (UnicodeDecodeError, BadData, ValidationError):
            remarks.append(f"{path.name}: line {number} is no answer, passed over")
            continue
        fits = answer.listener == listener and asked.get(answer.question) == answer.places
        if answer.study != study.identity or not fits or (answer.chosen is None) == (study.kind == "2afc"):
            remarks.append(f"{path.name}: line {number} belongs to another study, passed over")
        elif answer.question in seen:
            remarks.append(f"{path.name}: line {number} answers a question again, the first answer counts")
        else:
            seen.add(answer.question)
            found.append(answer)


def as_csv(study: Study, answers: Sequence[Answer]) -> str:
    """A row for every sound that was judged: who, which trial, which condition at which place, and 1 or 0 for chosen or
    not, or its rating."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    value = "chosen" if study.kind == "2afc" else "rating"
    rows.writerow(("listener", "question", "trial", "place", "condition", value, "seconds", "plays", "at"))
    for answer in answers:
        trial = answer.question.split(BETWEEN)[0]
        for place, condition in enumerate(answer.places):
            judged = int(answer.chosen == place) if answer.ratings is None else answer.ratings[place]
            plays = answer.plays[place] if place < len(answer.plays) else ""
            row = (answer.listener, answer.question, trial, "ABCDEFGHIJKL"[place], condition, judged)
            rows.writerow((*row, round(answer.seconds, 3), plays, answer.at))
    return text.getvalue()
