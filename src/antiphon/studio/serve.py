"""`antiphon studio`: a folder, a port of this machine, a page with a token in its address."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from pathlib import Path

from antiphon.errors import AntiphonError, BadData, MissingExtra
from antiphon.files import owned
from antiphon.studio.project import Project

LOOPBACK = "127.0.0.1"
"""The only address that is listened at: nobody on the network reaches it."""


def serve(folder: Path, *, port: int = 0, ready: Callable[[str], None] = lambda address: None) -> None:
    """Serve the project in `folder` until the program is ended; `ready` is called with the address of its page.

    `port` 0 takes any that is free. Raises MissingExtra without the extra `studio`, BadData where the folder is none,
    AntiphonError where the port is taken or another studio has the project open.
    """
    try:
        import uvicorn

        from antiphon.studio.server import application, cleared
    except ImportError as error:
        raise MissingExtra("antiphon studio needs an extra: pip install 'antiphon[studio]'") from error
    from antiphon.studio.desk import Desk
    from antiphon.studio.jobs import Queue

    if not folder.is_dir():
        raise BadData(f"{folder}: no such folder")
    project = Project(folder.resolve())
    if project.own.is_symlink():
        raise BadData(f"{project.own}: a link, which may lead out of the project")
    project.own.mkdir(exist_ok=True)
    with owned(project.own), _listening(port) as listening:
        number, token = listening.getsockname()[1], secrets.token_urlsafe(24)
        cleared(project)
        queue, desk = Queue(project.root, project.own / "jobs"), Desk(project.root)
        config = uvicorn.Config(
            application(project, queue, desk, port=number, token=token),
            log_level="warning",
            access_log=False,
            server_header=False,
            h11_max_incomplete_event_size=1 << 16,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=2,
            limit_concurrency=200,
        )
        queue.start()
        try:
            ready(f"http://{LOOPBACK}:{number}/?token={token}")
            uvicorn.Server(config).run(sockets=[listening])
        finally:
            desk.end()
            queue.end()


def _listening(port: int) -> socket.socket:
    found = socket.socket()
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((LOOPBACK, port))
        # Whoever is told the address may ask at once: it waits until the server accepts.
        found.listen(100)
    except (OSError, OverflowError) as error:
        found.close()
        raise AntiphonError(f"port {port} cannot be taken ({error}); choose another with --port") from error
    return found
