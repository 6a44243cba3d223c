"""The server of a listening test: what a listener's page asks. It never says which condition a sound is."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from antiphon.errors import AntiphonError, SettingsError
from antiphon.listening.analysis import analysed
from antiphon.listening.answers import Answer, Answers, add_answer, read_answers, require_listener
from antiphon.listening.order import Question, questions
from antiphon.listening.study import MOST_CONDITIONS, SUFFIXES, Study, sound_path
from antiphon.studio.guard import Guard
from antiphon.studio.web import PageFiles, as_json, body_of, page_application

MOST_BODY = 1 << 14
"""Bytes of a request."""

STATUS = {2: 400, 4: 404}
"""Of an error, by its exit code."""

PAGE = PageFiles(
    "antiphon.studio.listening",
    "listen.html",
    {"listen.css": "text/css", "listen.js": "text/javascript", "sounds.js": "text/javascript"},
)
"""The files of the page, which are all that it loads."""

GUIDE = "guide"

Listener = Annotated[str, Field(min_length=1, max_length=40)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class StartBody(_Body):
    """Who listens."""

    listener: Listener


class AnswerBody(_Body):
    """An answer to question `number` of the listener's own order."""

    listener: Listener
    number: int = Field(ge=0, lt=10**6)
    chosen: int | None = Field(None, ge=0, le=1)
    ratings: list[Annotated[float, Field(ge=0, le=100)]] | None = Field(None, max_length=MOST_CONDITIONS)
    seconds: float = Field(ge=0, le=1e6)
    plays: list[Annotated[int, Field(ge=0, le=10**6)]] = Field(max_length=MOST_CONDITIONS)


@dataclass(frozen=True)
class Desk:
    """A study in its folder; one answer at a time is written."""

    folder: Path
    study: Study
    writing: threading.Lock = field(default_factory=threading.Lock)

    def order(self, listener: str) -> tuple[Question, ...]:
        """What a listener is asked. Raises SettingsError for a name that is none."""
        return questions(self.study, require_listener(listener))

    def question(self, listener: str, number: int) -> Question:
        """One of them. Raises SettingsError for a number beyond the last."""
        asked = self.order(listener)
        if not 0 <= number < len(asked):
            raise SettingsError("there is no such question")
        return asked[number]

    def answered(self, listener: str) -> list[bool]:
        """Which of the questions are answered."""
        known = {each.question for each in read_answers(self.folder, self.study, listener).found}
        return [each.key in known for each in self.order(listener)]

    def keep(self, body: AnswerBody) -> list[bool]:
        """Keep an answer; which questions are answered then."""
        asked = self.question(body.listener, body.number)
        try:
            answer = Answer(
                study=self.study.identity,
                listener=body.listener,
                question=asked.key,
                places=asked.places,
                chosen=body.chosen,
                ratings=None if body.ratings is None else tuple(body.ratings),
                seconds=body.seconds,
                plays=tuple(body.plays),
                at=datetime.now(UTC).isoformat(timespec="seconds"),
            )
        except ValidationError as error:
            raise SettingsError(error.errors()[0]["msg"]) from error
        with self.writing:
            add_answer(self.folder, self.study, answer)
        return self.answered(body.listener)

    def sound(self, listener: str, number: int, place: str) -> Path:
        """The sound at a place, A being 0, or the guide. Raises SettingsError for any other."""
        asked = self.question(listener, number)
        trial = next(each for each in self.study.trials if each.name == asked.trial)
        if place == GUIDE and trial.guide is not None:
            return sound_path(self.folder, trial.guide)
        if not (place.isascii() and place.isdigit() and int(place) < len(asked.places)):
            raise SettingsError("there is no such place")
        return sound_path(self.folder, trial.sounds[asked.places[int(place)]])

    def result(self, listener: str) -> dict[str, Any]:
        """What this listener's answers show, once all are given, where the study tells it."""
        if not self.study.told or not all(self.answered(listener)):
            raise SettingsError("this study tells no listener the result")
        own = Answers(read_answers(self.folder, self.study, listener).found)
        return {"said": list(analysed(self.study, own).said)}


def application(desk: Desk, port: int, token: str, names: frozenset[str]) -> Guard:
    """The whole server behind its guard; `port` and `names` are those that it is reached at."""
    app = page_application(PAGE, STATUS, _said)
    _add_study(app, desk)
    return Guard(app, port, token, names, "antiphon listen")


def _said(error: AntiphonError) -> str:
    return str(error).splitlines()[0]


def _add_study(app: FastAPI, desk: Desk) -> None:
    study = desk.study
    guided = {trial.name: trial.guide is not None for trial in study.trials}

    @app.get("/api/study")
    def told() -> Response:
        facts = {name: getattr(study, name) for name in ("kind", "title", "question", "about", "told")}
        return as_json(facts)

    @app.post("/api/start")
    async def start(request: Request) -> Response:
        body = await body_of(request, StartBody, MOST_BODY)
        asked = desk.order(body.listener)
        places = [{"places": len(each.places), "guide": guided[each.trial]} for each in asked]
        return as_json({"questions": places, "answered": await run_in_threadpool(desk.answered, body.listener)})

    @app.post("/api/answer")
    async def answer(request: Request) -> Response:
        body = await body_of(request, AnswerBody, MOST_BODY)
        return as_json({"answered": await run_in_threadpool(desk.keep, body)}, 201)

    @app.get("/api/sound")
    def sound(listener: str, number: int, place: str) -> Response:
        path = desk.sound(listener, number, place)
        # Nothing that is sent names the file: its name could tell the condition.
        return FileResponse(path, media_type=SUFFIXES[path.suffix.lower()], headers={"cache-control": "no-store"})

    @app.get("/api/result")
    def result(listener: str) -> Response:
        return as_json(desk.result(listener))
