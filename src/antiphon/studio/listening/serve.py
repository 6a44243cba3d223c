"""`antiphon listen STUDY`: a study, a port, a page with a token in its address."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from antiphon.errors import BadData, MissingExtra
from antiphon.files import owned
from antiphon.listening.study import read_study
from antiphon.live.osc_table import LOOPBACK
from antiphon.reading import real

EVERYWHERE = "0.0.0.0"

_NOWHERE = ("192.0.2.1", 9)
"""An address that stands for none (RFC 5737): by the way to it the system tells its own address; nothing is sent."""


def serve(
    folder: Path, *, host: str = LOOPBACK, port: int = 0, ready: Callable[[str], None] = lambda address: None
) -> None:
    """Serve the study in `folder` until the program is ended; `ready` is called with the address of its page.

    `host` is the address of this machine that is listened at, `0.0.0.0` all of them; `port` 0 takes any that is free.
    Raises MissingExtra without the extra `studio`, BadData where the folder holds no study, AntiphonError where the
    port is taken or the study is served already.
    """
    try:
        from antiphon.studio.listening.server import Desk, application
        from antiphon.studio.web import listening, serve_page
    except ImportError as error:
        raise MissingExtra("antiphon listen needs an extra: pip install 'antiphon[studio]'") from error

    if not folder.is_dir():
        raise BadData(f"{folder}: no such folder")
    study = read_study(folder)
    asked = (f"{host}, port {port}", "choose others with --host, --port")
    with owned(folder), listening(host, port, *asked) as found:
        number, token, names = found.getsockname()[1], secrets.token_urlsafe(24), names_of(host)
        served = application(Desk(real(folder), study), number, token, frozenset(names))
        ready(f"http://{names[0]}:{number}/?token={token}")
        serve_page(served, found)


def names_of(host: str) -> list[str]:
    """The names under which a page may be asked for, the one that is printed first. A page of another site that makes
    its own name lead here is told apart by them."""
    own = [LOOPBACK, "localhost"]
    if host in (LOOPBACK, "localhost"):
        return own
    if host != EVERYWHERE:
        return [host, *own]
    name = socket.gethostname().lower()
    return [*dict.fromkeys((*_addresses(name), name, f"{name}.local", *own))]


def _addresses(name: str) -> list[str]:
    """This machine's addresses on its network, as far as it knows them."""
    found = []
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect(_NOWHERE)
        found.append(str(line.getsockname()[0]))
    with suppress(OSError):
        found += [str(each[4][0]) for each in socket.getaddrinfo(name, None, socket.AF_INET)]
    return found
