"""Work in processes of its own, each item within a time limit: a crash or a stall costs that item and no other."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from antiphon.errors import AntiphonError, BadData

In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True)
class Done(Generic[In, Out]):
    """What became of an item: a result, or the error that kept it from one."""

    item: In
    result: Out | None
    error: Exception | None


class NotFinished(BadData):
    """An item whose process was ended at the time limit, or ended by itself without a word."""


def worked(
    function: Callable[[In], Out],
    items: Sequence[In],
    *,
    processes: int | None,
    seconds: float,
    clean: Callable[[In], None],
) -> Generator[Done[In, Out], None, None]:
    """`function` of every item in several processes (None: one a processor), in the order in which they are done.

    No item waits in a queue: each process has one, so memory does not grow with their number. One that takes longer
    than `seconds`, or whose process dies, comes back as NotFinished. `clean` is called for these, and for what is under
    way when the caller stops early. `function`, items and results must be picklable.
    """
    coming = iter(items)
    workers: list[_Worker[In, Out]] = []
    try:
        for _ in range(min(processes or os.cpu_count() or 1, len(items))):
            workers.append(_Worker(function))
            workers[-1].take(next(coming), seconds)
        while busy := [worker for worker in workers if worker.busy]:
            patience = min(worker.deadline for worker in busy) - time.monotonic()
            ready = wait([worker.pipe for worker in busy], timeout=max(patience, 0.0))
            for index, worker in enumerate(workers):
                if not worker.busy or not (worker.pipe in ready or time.monotonic() >= worker.deadline):
                    continue
                done = worker.answer(seconds)
                if isinstance(done.error, NotFinished):
                    worker.end()
                    clean(done.item)
                    workers[index] = _Worker(function)
                for item in coming:
                    workers[index].take(item, seconds)
                    break
                yield done
    finally:
        for worker in workers:
            worker.end()
            for item in worker.held:
                clean(item)


class _Worker(Generic[In, Out]):
    """A process that works on one item at a time; `held` is that item, or nothing."""

    def __init__(self, function: Callable[[In], Out]) -> None:
        self.held: list[In] = []
        self.deadline = 0.0
        self.pipe, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.Process(target=_serve, args=(function, theirs), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def busy(self) -> bool:
        return bool(self.held)

    def take(self, item: In, seconds: float) -> None:
        self.held.append(item)
        self.deadline = time.monotonic() + seconds
        self.pipe.send(item)

    def answer(self, seconds: float) -> Done[In, Out]:
        """What became of the item that it holds no more."""
        item = self.held.pop()
        if not self.pipe.poll():
            return Done(item, None, NotFinished(f"not finished within {seconds:g} s"))
        try:
            result, error = self.pipe.recv()
        except EOFError:
            return Done(item, None, NotFinished("its process died (out of memory, or a crash inside a library)"))
        return Done(item, result, error)

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self.pipe.close()


def _serve(function: Callable[[Any], Any], pipe: Connection) -> None:
    """Ctrl-C reaches every process of a terminal: it is left to the parent, who ends this one and cleans up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            # Whoever started this process may have handlers of its own.
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    while True:
        try:
            item = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send((function(item), None))
        except AntiphonError as error:
            pipe.send((None, type(error)(str(error))))
        except Exception as error:  # sent as text: what another library raises may not survive the way
            pipe.send((None, RuntimeError(f"{type(error).__name__}: {error}")))
