"""`antiphon studio`: a folder, a port of this machine, a page with a token in its address."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from antiphon.errors import BadData, MissingExtra
from antiphon.files import owned
from antiphon.live.osc_table import LOOPBACK
from antiphon.reading import real
from antiphon.studio.project import Project


def serve(folder: Path, *, port: int = 0, ready: Callable[[str], None] = lambda address: None) -> None:
    """Serve the project in `folder` until the program is ended; `ready` is called with the address of its page.

    `port` 0 takes any that is free. Raises MissingExtra without the extra `studio`, BadData where the folder is none,
    AntiphonError where the port is taken or another studio has the project open.
    """
    try:
        from antiphon.studio.server import application, cleared
        from antiphon.studio.web import listening, serve_page
    except ImportError as error:
        raise MissingExtra("antiphon studio needs an extra: pip install 'antiphon[studio]'") from error
    from antiphon.studio.desk import Desk
    from antiphon.studio.jobs import Queue
    from antiphon.studio.live.keeping import asked_of
    from antiphon.studio.live.run import LiveDesk

    if not folder.is_dir():
        raise BadData(f"{folder}: no such folder")
    project = Project(real(folder))
    if project.own.is_symlink():
        raise BadData(f"{project.own}: a link, which may lead out of the project")
    project.own.mkdir(exist_ok=True)
    with owned(project.own), listening(LOOPBACK, port, f"port {port}", "choose another with --port") as found:
        number, token = found.getsockname()[1], secrets.token_urlsafe(24)
        cleared(project)
        queue, desk = Queue(project.root, project.own / "jobs"), Desk(project.root)
        live = LiveDesk(lambda run: queue.add("live", asked_of(run)) if run.has_recorded else None)
        served = application(project, queue, desk, live, port=number, token=token)
        queue.start()
        try:
            ready(f"http://{LOOPBACK}:{number}/?token={token}")
            serve_page(served, found, live.log.close)
        finally:
            live.close()
            desk.end()
            queue.end()
