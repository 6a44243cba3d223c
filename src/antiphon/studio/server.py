"""The studio's server: what a page asks, answered from the project's folder and the queue of its jobs."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from antiphon import audio
from antiphon.action.export.formats import ALL, FORMATS
from antiphon.checkpoint import load_json
from antiphon.config.presets import PRESETS
from antiphon.errors import SettingsError
from antiphon.files import whole_file
from antiphon.studio import marks, views
from antiphon.studio.bodies import (
    AgainBody,
    AnswerBody,
    Body,
    ExportBody,
    MapBody,
    MarksBody,
    NameBody,
    PresetBody,
    SheetBody,
)
from antiphon.studio.desk import Desk
from antiphon.studio.dials import checked
from antiphon.studio.guard import Guard
from antiphon.studio.jobs import Queue
from antiphon.studio.live.addresses import add_live
from antiphon.studio.live.run import LiveDesk
from antiphon.studio.making import MOST_BODY, add_making, added
from antiphon.studio.peaks import peaks_of
from antiphon.studio.project import DRAFTS, SOUNDS, Project, nearest_name, plain_name, sound_name
from antiphon.studio.sheets import sheet
from antiphon.studio.sounds import loudness_of, playable, wave_bytes, zipped
from antiphon.studio.web import PageFiles, as_json, body_of, page_application

LONGEST_EXCERPT = 60.0
"""Seconds of a sound that are sent by themselves."""

MOST_UPLOAD = 2 << 30
"""Bytes of a sound that is sent: three hours of stereo in 24 bits."""

STATUS = {1: 409, 2: 400, 3: 501, 4: 404}
"""Of an error, by its exit code."""

SCRIPTS = (
    *("api.js", "lanes.js", "panels.js", "making.js", "main.js"),
    *("session.js", "answer.js", "testimony.js", "drafts.js", "dials.js", "takes.js", "map.js", "alphabet.js"),
    *("live.js", "live_lanes.js", "live_sound.js"),
)

PAGE = PageFiles(
    "antiphon.studio", "studio.html", {"studio.css": "text/css", **dict.fromkeys(SCRIPTS, "text/javascript")}
)
"""The files of the page, which are all that it loads."""


def application(project: Project, queue: Queue, desk: Desk, live: LiveDesk, *, port: int, token: str) -> Guard:
    """The whole server behind its guard; `port` is the one that it is reached at."""
    app = page_application(PAGE, STATUS, views.summary)
    _add_reading(app, project, queue)
    _add_excerpts(app, project)
    _add_jobs(app, project, queue)
    _add_music_jobs(app, project, queue)
    add_making(app, project, queue, desk)
    _add_desk(app, project, desk)
    _add_writing(app, project)
    add_live(app, project, live, MOST_BODY)
    return Guard(app, port, token)


def _add_reading(app: FastAPI, project: Project, queue: Queue) -> None:
    @app.get("/api/state")
    def state(open: str = "", since: str = "") -> Response:
        return as_json(views.state(project, queue, open, since))

    @app.get("/api/response")
    def response(name: str) -> Response:
        return as_json(views.response(project, name))

    @app.get("/api/segment")
    def segment(name: str, index: int) -> Response:
        return as_json(views.segment(project, name, index))

    @app.get("/api/alphabet")
    def alphabet(agent: str, guide: str, target: str) -> Response:
        place = sheet(project, {"agent": agent, "guide": guide, "target": target})
        return as_json({"sheet": None}) if place is None else as_json({"sheet": load_json(place)})

    @app.get("/api/download")
    def download(name: str) -> Response:
        place = zipped(project, project.response(name))
        title = nearest_name(Path(name).name) + ".zip"
        return FileResponse(place, filename=title, background=BackgroundTask(place.unlink, missing_ok=True))


def _add_excerpts(app: FastAPI, project: Project) -> None:
    @app.get("/api/peaks")
    def peaks(file: str) -> Response:
        return Response(peaks_of(project, project.audible(file)), media_type="application/octet-stream")

    @app.get("/api/audio")
    def sound(file: str) -> Response:
        path = playable(project, project.audible(file))
        return FileResponse(path, headers={"cache-control": "no-cache"}, content_disposition_type="inline")

    @app.get("/api/excerpt")
    def excerpt(file: str, start: float, end: float) -> Response:
        if not 0 <= start < end <= start + LONGEST_EXCERPT:
            raise SettingsError(f"an excerpt is longer than 0 s, and {LONGEST_EXCERPT:g} s at most")
        found = audio.read(project.audible(file), start, end - start)
        return Response(wave_bytes(found), media_type="audio/wav", headers={"cache-control": "private, max-age=600"})

    @app.get("/api/loudness")
    def loudness(file: str) -> Response:
        return as_json(loudness_of(project, project.audible(file)))


def _add_jobs(app: FastAPI, project: Project, queue: Queue) -> None:
    @app.post("/api/export")
    async def export(request: Request) -> Response:
        body = await body_of(request, ExportBody, MOST_BODY)

        def check() -> dict[str, Any]:
            project.response(body.response)
            if unknown := [name for name in body.formats if name not in FORMATS and name != ALL]:
                raise SettingsError(f"cannot export {unknown[0]!r}; known: {', '.join((*FORMATS, ALL))}")
            return {}

        return await added(queue, "export", body, check)

    @app.post("/api/alphabet")
    async def alphabet(request: Request) -> Response:
        body = await body_of(request, SheetBody, MOST_BODY)

        def check() -> dict[str, Any]:
            if project.sound(body.guide) == project.sound(body.target):
                raise SettingsError("an alphabet is heard in two sounds: choose two")
            project.agent(body.agent)
            return {}

        return await added(queue, "alphabet", body, check)

    @app.post("/api/jobs/{name}/stop")
    def stop(name: str) -> Response:
        return as_json({"id": queue.stop(name).id})

    @app.post("/api/jobs/{name}/again")
    def once_more(name: str) -> Response:
        return as_json({"id": queue.again(name).id}, 202)


def _add_music_jobs(app: FastAPI, project: Project, queue: Queue) -> None:
    @app.post("/api/answer")
    async def answer(request: Request) -> Response:
        body = await body_of(request, AnswerBody, MOST_BODY)

        def check() -> dict[str, Any]:
            for name in (*body.guides, *body.memories):
                project.sound(name)
            project.agent(body.agent)
            require_preset(project, body.preset)
            return {"name": plain_name(body.name) if body.name else ""}

        return await added(queue, "answer", body, check)

    @app.post("/api/again")
    async def again(request: Request) -> Response:
        body = await body_of(request, AgainBody, MOST_BODY)

        def check() -> dict[str, Any]:
            require_asked(project, body)
            return {"name": plain_name(body.name) if body.name else ""}

        return await added(queue, "again", body, check)


def _add_desk(app: FastAPI, project: Project, desk: Desk) -> None:
    def asked(kind: str, body: Body) -> Response:
        place = project.root / desk.ask(kind, body.model_dump())
        return Response(place.read_bytes(), media_type="application/json", headers={"cache-control": "no-store"})

    @app.post("/api/draft")
    async def draft(request: Request) -> Response:
        body = await body_of(request, AgainBody, MOST_BODY)
        await run_in_threadpool(require_asked, project, body)
        return await run_in_threadpool(asked, "draft", body)

    @app.post("/api/hold")
    async def hold(request: Request) -> Response:
        body = await body_of(request, MapBody, MOST_BODY)
        await run_in_threadpool(project.response, body.response)
        return as_json({"held": await run_in_threadpool(desk.ask, "hold", body.model_dump())})

    @app.post("/api/map")
    async def memory_map(request: Request) -> Response:
        body = await body_of(request, MapBody, MOST_BODY)
        await run_in_threadpool(project.response, body.response)
        return await run_in_threadpool(asked, "map", body)


def require_preset(project: Project, name: str) -> None:
    """Raise SettingsError for a preset that is neither Antiphon's nor the musician's."""
    known = (*PRESETS, *marks.presets(project))
    if name and name not in known:
        raise SettingsError(f"no preset {name[:40]!r}; there are {', '.join(known)}")


def require_asked(project: Project, body: AgainBody) -> None:
    """Raise BadData for a response that is not there, SettingsError for a preset or a dial that there is not."""
    project.response(body.response)
    require_preset(project, body.preset)
    checked(body.dials)


def _add_writing(app: FastAPI, project: Project) -> None:
    words = marks.LastWords()

    @app.put("/api/marks")
    async def put_marks(request: Request) -> Response:
        body = await body_of(request, MarksBody, MOST_BODY)
        spans = {"kept": body.kept, "locked": body.locked, "rejected": body.rejected}
        keep = partial(marks.mark, project, body.response, spans)
        await run_in_threadpool(words.heard, ("marks", body.response), body.at, keep)
        return as_json(marks.marks(project, body.response))

    @app.put("/api/names")
    async def put_name(request: Request) -> Response:
        body = await body_of(request, NameBody, MOST_BODY)
        keep = partial(marks.name, project, body.alphabet, body.token, body.name)
        await run_in_threadpool(words.heard, ("name", body.alphabet, body.token), body.at, keep)
        return as_json(marks.names(project))

    @app.put("/api/presets")
    async def put_preset(request: Request) -> Response:
        body = await body_of(request, PresetBody, MOST_BODY)
        keep = partial(marks.preset, project, body.name, body.dials)
        await run_in_threadpool(words.heard, ("preset", body.name), body.at, keep)
        return as_json(marks.presets(project))

    @app.put("/api/sounds")
    async def upload(request: Request, name: str) -> Response:
        plain = sound_name(name)
        announced = request.headers.get("content-length", "")
        if not announced.isascii() or not announced.isdigit():
            raise SettingsError("a sound is sent with its length")
        if int(announced) > MOST_UPLOAD:
            return as_json({"error": f"a sound of more than {MOST_UPLOAD >> 20} MB; copy it into the folder"}, 413)
        place = await run_in_threadpool(project.unused, SOUNDS, plain)
        with whole_file(place) as temporary:
            with temporary.open("wb") as file:
                async for piece in request.stream():
                    if file.tell() + len(piece) > int(announced):
                        raise SettingsError("the sound is longer than it was said to be")
                    await run_in_threadpool(file.write, piece)
                if file.tell() != int(announced):
                    raise SettingsError("the sound did not arrive as a whole")
            await run_in_threadpool(audio.header_of, temporary)
        return as_json({"name": project.name_of(place)}, 201)


def cleared(project: Project) -> None:
    """Without the zips and drafts of an earlier server."""
    for name in ("zips", DRAFTS):
        if not (project.own / name).is_symlink():
            shutil.rmtree(project.own / name, ignore_errors=True)
