"""What a page asks about agents that are to be made: whether two sounds are good to learn from, and to learn from them,
a new agent or one that is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool

from antiphon.errors import SettingsError
from antiphon.studio.bodies import Body, LearnBody, PairBody, TrainBody
from antiphon.studio.desk import Desk
from antiphon.studio.jobs import OVER, Queue
from antiphon.studio.project import AGENTS, Project, nearest_name, plain_name
from antiphon.studio.web import as_json, body_of

MOST_BODY = 1 << 18
"""Bytes of a request that is no upload."""

MAKING = ("train", "learn")
"""Kinds of jobs that make an agent."""


async def added(queue: Queue, kind: str, body: Body, check: Callable[[], dict[str, Any]]) -> Response:
    """A job that is asked for, once `check` has found nothing wrong with it; what that returns is laid over it."""
    asked = {**body.model_dump(), **await run_in_threadpool(check)}
    return as_json({"id": queue.add(kind, asked).id}, 202)


def add_making(app: FastAPI, project: Project, queue: Queue, desk: Desk) -> None:
    """Add the requests of the panel that makes agents."""

    @app.post("/api/pair")
    async def pair(request: Request) -> Response:
        body = await body_of(request, PairBody, MOST_BODY)
        await run_in_threadpool(_two, project, body)
        place = project.root / await run_in_threadpool(desk.ask, "pair", body.model_dump())
        content = await run_in_threadpool(place.read_bytes)
        return Response(content, media_type="application/json", headers={"cache-control": "no-store"})

    @app.post("/api/train")
    async def train(request: Request) -> Response:
        body = await body_of(request, TrainBody, MOST_BODY)
        return await added(queue, "train", body, lambda: _named(project, queue, body))

    @app.post("/api/learn")
    async def learn(request: Request) -> Response:
        body = await body_of(request, LearnBody, MOST_BODY)

        def check() -> dict[str, Any]:
            project.agent(body.agent)
            return _named(project, queue, body)

        return await added(queue, "learn", body, check)


def _two(project: Project, body: PairBody | TrainBody | LearnBody) -> tuple[Path, Path]:
    """The two sounds. Raises BadData for one that is not there, SettingsError where they are one."""
    guide, target = project.sound(body.guide), project.sound(body.target)
    if guide == target:
        raise SettingsError("a track cannot answer itself: choose two")
    return guide, target


def _named(project: Project, queue: Queue, body: TrainBody | LearnBody) -> dict[str, Any]:
    """The name of the new agent, which neither is there nor is being made."""
    guide, target = _two(project, body)
    wanted = plain_name(body.name) if body.name else nearest_name(f"{guide.stem} and {target.stem}")
    taken = {job.asked.get("name") for job in queue.all() if job.kind in MAKING and job.state not in OVER}
    name, number = project.unused(AGENTS, wanted).name, 1
    while name in taken:
        number += 1
        name = project.unused(AGENTS, f"{wanted} {number}").name
    return {"name": name}
