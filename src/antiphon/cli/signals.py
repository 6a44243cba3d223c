"""Signals that end a program, as an exception: what is half written is taken away on the way out."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What the system, a terminal that is closed and a scheduler send. A kill (SIGKILL) cannot be answered; what it leaves
is removed by the next run (`files`)."""

BY_SIGNAL = 128
"""Exit codes of a program that a signal ended begin here."""


class Ended(KeyboardInterrupt):
    """A signal asks for the end: all that Ctrl-C does, under another name."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.exit_code = BY_SIGNAL + number


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """As long as the block lasts, a signal that ends the program raises `Ended` in it.

    One that is ignored stays so (nohup). Only the main thread can be reached; in any other nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    process = os.getpid()

    def end(number: int, frame: FrameType | None) -> None:
        if os.getpid() != process:
            # A copy that was made for a part of the work: it ends as if nothing were here.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        # Only once: what is cleaned up on the way out is not to be cut short by a second one.
        for each in ENDING:
            signal.signal(each, signal.SIG_IGN)
        raise Ended(number)

    before = {number: signal.getsignal(number) for number in ENDING}
    ours = [number for number, handler in before.items() if handler is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])
