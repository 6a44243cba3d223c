"""Cells side by side, a process each with one thread; the first Ctrl-C ends them all, and nothing is lost by it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path

from antiphon.errors import AntiphonError, AntiphonWarning
from antiphon.experiments.reproduce import cells
from antiphon.interfaces import Progress, no_progress

MEMORY_OF_A_CELL = 1.5
"""GB that a process needs beside what its network takes: libraries, vectors of all tracks, scores."""

REPORT_SECONDS = 0.5
"""A process says how far it is no more often than this."""

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def suitable_workers(network_gigabytes: float) -> int:
    """As many processes as there are cores and as memory allows, one at least."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    free = _free_gigabytes()
    room = cores if free is None else int(free / (MEMORY_OF_A_CELL + network_gigabytes))
    return max(1, min(cores, room))


def _free_gigabytes() -> float | None:
    """Memory that may be taken without swapping; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) / 1024**2 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return None


def run_all(jobs: Sequence[cells.Job], workers: int, progress: Progress = no_progress) -> dict[str, str]:
    """Do all cells, `workers` at a time; what went wrong with each that failed, by name. The others go on.

    A single worker is this process itself. Several are started afresh (spawn): a script that calls this needs the
    usual `if __name__ == "__main__"`.
    """
    failed: dict[str, str] = {}
    if workers == 1:
        for job in jobs:
            try:
                with _one_thread():
                    cells.run(job, _under(job.name, progress))
            except AntiphonError as error:
                failed[job.name] = str(error)
        return failed
    waiting, running = list(reversed(jobs)), dict[Connection, _Running]()
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                started = _Running(waiting.pop())
                running[started.pipe] = started
            for pipe in wait(list(running)):
                cell = next(each for each in running.values() if each.pipe is pipe)
                told = cell.told()
                if isinstance(told, _Warned):
                    warnings.warn(f"{cell.job.name}: {told.message}", AntiphonWarning, stacklevel=2)
                    continue
                if isinstance(told, _Report):
                    progress(f"{cell.job.name}: {told.task}", told.done, told.total)
                    continue
                cell.end()
                del running[cell.pipe]
                if told.error:
                    failed[cell.job.name] = told.error
    finally:
        for cell in running.values():
            cell.end()
    return failed


@dataclass(frozen=True)
class _Report:
    task: str
    done: int
    total: int


@dataclass(frozen=True)
class _Warned:
    message: str


@dataclass(frozen=True)
class _End:
    error: str


class _Running:
    """A process that works on one cell."""

    def __init__(self, job: cells.Job) -> None:
        self.job = job
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=_serve, args=(job, theirs))
        with _fit_for_children():
            self._process.start()
        theirs.close()

    def told(self) -> _Report | _Warned | _End:
        try:
            told: _Report | _Warned | _End = self.pipe.recv()
        except EOFError:
            return _End("its process died (out of memory, or a crash inside a library)")
        return told

    def end(self) -> None:
        """What a training has learned so far is on disk; nothing else needs to be saved."""
        self._process.terminate()
        self._process.join()
        self.pipe.close()


def _serve(job: cells.Job, pipe: Connection) -> None:
    """Ctrl-C reaches every process of a terminal: it is left to the parent, who ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    warnings.simplefilter("always", AntiphonWarning)
    warnings.showwarning = lambda message, *_, **__: pipe.send(_Warned(str(message)))
    last = [0.0]

    def report(task: str, done: int, total: int) -> None:
        if time.monotonic() - last[0] >= REPORT_SECONDS or done == total:
            last[0] = time.monotonic()
            pipe.send(_Report(task, done, total))

    try:
        with _one_thread():
            cells.run(job, report)
        pipe.send(_End(""))
    except AntiphonError as error:
        pipe.send(_End(str(error)))
    except Exception:
        pipe.send(_End(f"a bug: {traceback.format_exc()}"))


def _under(name: str, progress: Progress) -> Progress:
    return lambda task, done, total: progress(f"{name}: {task}", done, total)


@contextmanager
def _fit_for_children() -> Iterator[None]:
    """What is started here computes in one thread, and leaves Ctrl-C to its parent from its first moment on."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None
    try:
        yield
    finally:
        if main:
            signal.signal(signal.SIGINT, handler)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread an operation, wherever a cell is done: the same bytes, however many cells are done at once."""
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)
