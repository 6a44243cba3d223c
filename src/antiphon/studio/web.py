"""What the server of any page needs: its files, what a request may hold, JSON as answer, a socket that listens."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from types import FrameType
from typing import Any, TypeVar

import uvicorn
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ValidationError

from antiphon.errors import AntiphonError, SettingsError
from antiphon.reading import first_fault, json_of
from antiphon.studio.guard import Application

WAITING = 100
"""Connections that wait until the server accepts."""

SHARED = {"style.css": "text/css", "transport.js": "text/javascript"}
"""Files of every page, in `antiphon.pages`."""

Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True)
class PageFiles:
    """A page: the file `html` and its others by name with their kinds, in the folder `static` of a package. What is
    SHARED belongs to each."""

    package: str
    html: str
    kinds: Mapping[str, str]


def page_application(files: PageFiles, status: Mapping[int, int], said: Callable[[AntiphonError], str]) -> FastAPI:
    """An application that serves a page, and answers an AntiphonError with the `status` of its exit code (400 where it
    has none) and what is `said` of it."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, AntiphonError)
        return as_json({"error": said(error)}, status.get(error.exit_code, 400))

    app.add_exception_handler(AntiphonError, refused)
    folder = resources.files(files.package).joinpath("static")
    shared = resources.files("antiphon.pages").joinpath("static")

    @app.get("/")
    def page() -> Response:
        return Response(folder.joinpath(files.html).read_bytes(), media_type="text/html; charset=utf-8")

    @app.get("/favicon.ico")
    def icon() -> Response:
        return Response(status_code=204)

    @app.get("/static/{name}")
    def static(name: str) -> Response:
        if name in SHARED:
            return Response(shared.joinpath(name).read_bytes(), media_type=SHARED[name])
        if name not in files.kinds:
            return as_json({"error": "no such file"}, 404)
        return Response(folder.joinpath(name).read_bytes(), media_type=files.kinds[name])

    return app


def as_json(value: Any, status: int = 200) -> Response:
    """ASCII, so that no name of a file stands in the way."""
    headers = {"cache-control": "no-store"}
    return Response(json.dumps(value, allow_nan=False), status, headers, "application/json")


async def body_of(request: Request, kind: type[Body], most: int) -> Body:
    """What a request of `most` bytes holds. Raises SettingsError where that is too much, or anything else."""
    read = bytearray()
    async for piece in request.stream():
        read += piece
        if len(read) > most:
            raise SettingsError(f"a request of more than {most} bytes")
    try:
        return kind.model_validate(json_of(read.decode("utf-8"), "the request"))
    except UnicodeDecodeError as error:
        raise SettingsError("the request is not UTF-8 text") from error
    except ValidationError as error:
        raise SettingsError(first_fault(error)) from error


def listening(host: str, port: int, named: str, advice: str) -> socket.socket:
    """A socket that listens: whoever is told the address may ask at once, and waits until the server accepts.

    `port` 0 takes any that is free. Raises AntiphonError where it cannot be taken: how it is `named`, and the `advice`.
    """
    found = socket.socket()
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(WAITING)
    except (OSError, OverflowError) as error:
        found.close()
        raise AntiphonError(f"{named} cannot be taken ({error}); {advice}") from error
    return found


class _Server(uvicorn.Server):
    """Says that it ends before it waits for its connections: one that lasts can let go."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal asks for the end."""
        self._ending()
        super().handle_exit(sig, frame)


def serve_page(application: Application, found: socket.socket, ending: Callable[[], None] = lambda: None) -> None:
    """Serve until the program is ended; `ending` is called as soon as that is asked for."""
    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        server_header=False,
        h11_max_incomplete_event_size=1 << 16,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
        limit_concurrency=200,
    )
    _Server(config, ending).run(sockets=[found])
