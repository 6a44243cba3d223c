"""What a page asks of the live view: a run, its events as they come, and messages to it. All of it behind the guard."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from antiphon import audio
from antiphon.errors import BadData, SettingsError
from antiphon.live.controls import BY_NAME, SETTINGS, Dial
from antiphon.live.events import CUES
from antiphon.live.osc import Refused, asked_by
from antiphon.live.osc_packets import Argument, OscMessage
from antiphon.live.osc_table import ROOT, UNDERSTOOD
from antiphon.reading import json_file, json_of
from antiphon.studio.bodies import LiveBody, TellBody
from antiphon.studio.live.keeping import place_of
from antiphon.studio.live.log import Entry
from antiphon.studio.live.run import Asked, LiveDesk, devices
from antiphon.studio.project import Project
from antiphon.studio.web import as_json, body_of

LOOK_SECONDS: Final = 0.02
"""How often it is looked whether something new was heard."""

MOST_STREAMS: Final = 16
"""Pages that hear a run at a time."""

MOST_CONFIG: Final = 1 << 24

NOT_BY_PAGE: Final = frozenset({"subscribe", "unsubscribe", "ping"})

TOLD: Final = tuple(each for each in UNDERSTOOD if each.name not in NOT_BY_PAGE and not each.name.startswith("guide/"))
"""What a page may tell a run: of the OSC table all but the guide, which is the studio's, and who hears."""

_MAY_BE_TOLD = frozenset(each.name for each in TOLD)


def add_live(app: FastAPI, project: Project, desk: LiveDesk, most_body: int) -> None:
    """The addresses below /api/live."""

    @app.get("/api/live")
    def live(agent: str = "") -> Response:
        return as_json({**_now(desk), "cues": CUES, "dials": dials_of(project, agent)})

    looking = threading.Lock()

    @app.get("/api/live/devices")
    def sound_devices() -> Response:
        with looking:
            return as_json(devices())

    @app.post("/api/live/begin")
    async def begin(request: Request) -> Response:
        body = await body_of(request, LiveBody, most_body)

        def begun() -> str:
            require_asked(project, body)
            return desk.begin(lambda run: asked_of(project, body, place_of(project, run)))

        return as_json({"id": await run_in_threadpool(begun)}, 202)

    @app.post("/api/live/tell")
    async def tell(request: Request) -> Response:
        body = await body_of(request, TellBody, most_body)
        require_told(body.name, tuple(body.values))
        desk.tell(body.name, body.values)
        return as_json({}, 202)

    @app.post("/api/live/end")
    def end() -> Response:
        desk.end()
        return as_json(_now(desk), 202)

    _add_events(app, desk)


def _add_events(app: FastAPI, desk: LiveDesk) -> None:
    streams = [0]

    async def lines(after: int) -> AsyncIterator[str]:
        streams[0] += 1
        try:
            # The page knows at once that it is heard.
            yield ": Antiphon\n\n"
            while not desk.log.closed:
                for entry in desk.log.after(after):
                    after = entry.number
                    yield _line(entry)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            streams[0] -= 1

    @app.get("/api/live/events")
    async def events(request: Request, after: int = 0) -> Response:
        if streams[0] >= MOST_STREAMS:
            return as_json({"error": f"{MOST_STREAMS} pages hear this run already"}, 503)
        # A page that lost the studio says where it was.
        last = request.headers.get("last-event-id", "")
        first = int(last) if last.isascii() and last.isdigit() and len(last) < 16 else max(after, 0)
        return StreamingResponse(lines(first), media_type="text/event-stream", headers={"cache-control": "no-store"})


def _line(entry: Entry) -> str:
    return f"id: {entry.number}\ndata: {json.dumps(list(entry.messages))}\n\n"


def _now(desk: LiveDesk) -> dict[str, Any]:
    asked = desk.asked
    return {
        "run": vars(desk.about),
        "asked": None
        if asked is None
        else {
            "agent": asked.agent,
            "memories": asked.memories,
            "guide": asked.guide,
            "input": asked.input,
            "output": asked.output,
            "repeats": asked.repeats,
        },
    }


def require_asked(project: Project, body: LiveBody) -> None:
    """Raise BadData or SettingsError, in a sentence, for a run that cannot be begun."""
    if body.guide and body.input is not None:
        raise SettingsError("the guide comes from a sound or from a device: choose one")
    if body.repeats and not body.guide:
        raise SettingsError("only a guide from a sound is repeated")
    for name, value in body.controls.items():
        if name not in BY_NAME:
            raise SettingsError(f"no control {name[:40]!r}")
        require_told(name, (value,))


def asked_of(project: Project, body: LiveBody, record: Path) -> Asked:
    """What is asked of a run, in paths of the project. Raises BadData for a name that it does not hold."""
    paths = tuple(project.sound(name) for name in body.memories)
    shape = audio.shape_of(paths[0])
    tempo: tuple[tuple[str, tuple[Argument, ...]], ...] = () if body.tempo is None else (("tempo", (body.tempo,)),)
    return Asked(
        body.agent,
        project.agent(body.agent),
        tuple(body.memories),
        paths,
        shape.sample_rate,
        min(shape.channels, 2),
        record,
        guide=body.guide,
        guide_path=project.sound(body.guide) if body.guide else None,
        input=body.input,
        output=body.output,
        repeats=body.repeats,
        seed=body.seed,
        first=(*((name, (value,)) for name, value in body.controls.items()), *tempo),
    )


def require_told(name: str, values: tuple[Argument, ...]) -> None:
    """Raise SettingsError, in a sentence, for what no page may tell a run: by the table, as a message is refused."""
    if name not in _MAY_BE_TOLD:
        raise SettingsError(f"a live run cannot be told {name[:40]!r}")
    try:
        asked_by(OscMessage(ROOT + name, values), 0)
    except Refused as refused:
        raise SettingsError(str(refused)) from None


def dials_of(project: Project, agent: str) -> dict[str, Any]:
    """The controls with their words, and where an agent has them: of `live.controls`, and its own settings."""
    content = _config(project, agent)
    own = {name: content["settings"].get(section, {}).get(key) for name, (section, key) in SETTINGS.items()}
    alphabet = content["alphabet"]
    size = int(content["settings"]["perception"]["alphabet_size"])
    own["gate"] = alphabet.get("rest_dbfs")
    return {
        "table": [
            {**vars(each), "kind": "dial" if isinstance(each, Dial) else "choice", "own": own.get(name)}
            for name, each in BY_NAME.items()
        ],
        "alphabet": str(alphabet["id"]),
        "rest": size if alphabet.get("has_rest") else None,
    }


def _config(project: Project, agent: str) -> Mapping[str, Any]:
    directory = project.agent(agent)
    if directory is not None:
        found = json_file(directory / "config.json", MOST_CONFIG)
    else:
        text = resources.files("antiphon").joinpath("live_agent", "config.json").read_text(encoding="utf-8")
        found = json_of(text, "the live agent")
    try:
        _ = found["settings"]["perception"]["alphabet_size"], found["alphabet"]["id"]
        return dict(found)
    except (KeyError, TypeError) as error:
        raise BadData(f"{agent}: not the record of an agent") from error
