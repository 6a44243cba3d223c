"""The UDP port: packets in and out, bundles held until their time, subscribers, and refusals that are said once."""

from __future__ import annotations

import errno
import heapq
import itertools
import socket
from collections.abc import Callable
from dataclasses import dataclass
from time import time
from typing import Final

from antiphon.errors import AntiphonError
from antiphon.live.osc import Refused, Subscribe, said
from antiphon.live.osc_packets import MOST_BYTES, NotOsc, OscMessage, decode
from antiphon.live.osc_table import DEFAULT_PORT, LOOPBACK
from antiphon.live.throttle import Throttle

MOST_A_TURN: Final = 200
"""Packets that are read before the sound is looked after again."""

LONGEST_HOLD_SECONDS: Final = 2.0
"""How far ahead a bundle may be due."""

MOST_HELD: Final = 1000
"""Messages that wait for their time."""

MOST_SUBSCRIBERS: Final = 16

Host = tuple[str, int]


@dataclass(frozen=True)
class Arrived:
    """A message that is due now, and from whom."""

    message: OscMessage
    sender: Host


class OscPort:
    """Listens on one port. Raises AntiphonError where another program has it."""

    def __init__(
        self, host: str = LOOPBACK, port: int = DEFAULT_PORT, note: Callable[[str], None] = lambda words: None
    ):
        self.refused = 0
        self._note = note
        self._held: list[tuple[float, int, Arrived]] = []
        self._numbers = itertools.count()
        self._subscribers: list[Host] = []
        self._throttle = Throttle()
        self._socket = _bound(host, port)
        self.port: int = self._socket.getsockname()[1]

    def fileno(self) -> int:
        """For `multiprocessing.connection.wait`."""
        return self._socket.fileno()

    def arrived(self) -> list[Arrived]:
        """Every message that is due, in the order of their times. What is no OSC is refused here."""
        due: list[Arrived] = []
        for _ in range(MOST_A_TURN):
            try:
                packet, sender = self._socket.recvfrom(MOST_BYTES + 1)
            except BlockingIOError:
                break
            except OSError:  # Windows says here that an earlier packet found nobody
                continue
            due += self._opened(packet, sender)
        while self._held and self._held[0][0] <= time():
            due.append(heapq.heappop(self._held)[2])
        return due

    def subscribe(self, asked: Subscribe, sender: Host) -> None:
        """Send to a port of the sender's from now on, or no longer. Raises Refused where too many do."""
        host = (sender[0], asked.port)
        if host in self._subscribers:
            if not asked.wanted:
                self._subscribers.remove(host)
        elif asked.wanted:
            if len(self._subscribers) >= MOST_SUBSCRIBERS:
                raise Refused("port", f"{MOST_SUBSCRIBERS} subscribers are there already")
            self._subscribers.append(host)

    def has(self, host: str) -> bool:
        """Whether a program on that host has subscribed."""
        return any(each[0] == host for each in self._subscribers)

    def tell(self, packet: bytes, *also: Host) -> None:
        """Send to all subscribers and `also` to others; one that is not there is no error."""
        for host in dict.fromkeys((*self._subscribers, *also)):
            try:
                self._socket.sendto(packet, host)
            except OSError as error:
                self._once("port", f"{host[0]}:{host[1]} cannot be reached ({error.strerror})")

    def refuse(self, refused: Refused, sender: Host) -> None:
        """Say to all, and to the sender, what is not done; of each code at most one a second."""
        self.refused += 1
        words = self._once(refused.code, str(refused))
        if words is not None:
            self.tell(said("error", refused.code, words), *(() if self.has(sender[0]) else (sender[:2],)))

    def close(self) -> None:
        """Let go of the port."""
        self._socket.close()

    def _once(self, code: str, words: str) -> str | None:
        """What to say now; None where the same kind was said a moment ago."""
        told = self._throttle.words(code, words)
        if told is not None:
            self._note(f"OSC: {told}")
        return told

    def _opened(self, packet: bytes, sender: Host) -> list[Arrived]:
        try:
            messages = decode(packet)
        except NotOsc as error:
            self.refuse(Refused("packet", f"not OSC: {error}"), sender)
            return []
        now = time()
        due = []
        for message in messages:
            if message.due is None or message.due <= now:
                due.append(Arrived(message, sender))
            elif message.due - now > LONGEST_HOLD_SECONDS:
                ahead = message.due - now
                words = f"{message.address} is due in {ahead:.3g} s: at most {LONGEST_HOLD_SECONDS:g} s are waited for"
                self.refuse(Refused("time", words), sender)
            elif len(self._held) >= MOST_HELD:
                self.refuse(Refused("time", f"{MOST_HELD} messages wait for their time already"), sender)
            else:
                heapq.heappush(self._held, (message.due, next(self._numbers), Arrived(message, sender)))
        return due


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    except (OSError, UnicodeError):
        raise AntiphonError(f"--host {host}: no such address") from None
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.setblocking(False)
    try:
        made.bind(address)
    except OSError as error:
        made.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise AntiphonError(
                f"UDP port {port} is in use, perhaps by another antiphon live: take another with --osc-port"
            ) from None
        raise AntiphonError(f"UDP port {port} of {host} cannot be opened ({error.strerror})") from None
    return made
