"""Who may ask what: the page itself, from this machine, with the token of the address that it was opened with.

A page of another site can send requests to any address, a loopback one too, and can make its own name lead here (DNS
rebinding). So the names in Host and Origin must be this machine's, and everything but the bare page needs the token,
which no other site knows; what writes needs it in a header, which no form and no link can send.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from antiphon.live.osc_table import LOOPBACK

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

TOKEN_HEADER = b"x-antiphon-token"

READING = frozenset({"GET", "HEAD"})

HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        b"media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
"""With every answer: nothing is loaded from elsewhere, no script or style stands in a page, nobody frames it."""


@dataclass(frozen=True)
class Guard:
    """An application behind the checks, on one port, under the names of this machine; `command` printed its address."""

    application: Application
    port: int
    token: str
    names: frozenset[str] = frozenset({LOOPBACK, "localhost"})
    command: str = "antiphon studio"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await self.application(scope, receive, send)
            return
        if scope["type"] != "http":
            # A websocket is none of ours: it is closed before it opens.
            await send({"type": "websocket.close", "code": 1008})
            return

        async def guarded(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            await self.application(scope, receive, guarded)
            return
        status, said = refusal
        body = json.dumps({"error": said}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await guarded(
            {"type": "http.response.start", "status": status, "headers": [*headers, (b"connection", b"close")]}
        )
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """The status and the sentence with which a request is refused; None where it is let in."""
        given: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            given.setdefault(name.lower(), []).append(value)
        hosts = {f"{name}:{self.port}".encode() for name in self.names}
        origins = {b"http://" + host for host in hosts}
        if len(given.get(b"host", [])) != 1 or given[b"host"][0].lower() not in hosts:
            return 421, "not the name of this machine"
        if any(origin not in origins for origin in given.get(b"origin", [])):
            return 403, "another site may not ask"
        if any(site not in (b"same-origin", b"none") for site in given.get(b"sec-fetch-site", [])):
            return 403, "another site may not ask"
        if not scope["path"].startswith("/api/"):
            return None if scope["method"] in READING else (405, "the page is only read")
        tokens = [value.decode("latin-1") for value in given.get(TOKEN_HEADER, [])]
        if scope["method"] in READING and not tokens:
            tokens = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        if len(tokens) != 1 or not hmac.compare_digest(tokens[0].encode(), self.token.encode()):
            return 401, f"open the page with the whole address that {self.command} printed"
        return None
