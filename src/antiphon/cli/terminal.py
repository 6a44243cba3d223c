"""What the command line shows: progress and warnings on stderr, one line for an error, and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from enum import Enum
from time import perf_counter

from antiphon.errors import AntiphonWarning
from antiphon.interfaces import Progress, no_progress
from antiphon.names import for_terminal

INTERRUPTED = 130
"""Exit code after Ctrl-C."""


class Talk(Enum):
    """How much stderr says; errors and warnings always."""

    QUIET = "no progress and no notes"
    NORMAL = "progress and notes"
    VERBOSE = "also settings, timings, and where an error came from"


_TALK: ContextVar[Talk] = ContextVar("talk", default=Talk.NORMAL)


def set_talk(talk: Talk) -> None:
    """From here on, stderr says as much as `talk`."""
    _TALK.set(talk)


def is_verbose() -> bool:
    """Whether details are asked for."""
    return _TALK.get() is Talk.VERBOSE


class Stages:
    """How long each stage of a task takes: from the last word of the stage before to its own last word."""

    def __init__(self) -> None:
        self._spans: dict[str, tuple[float, float]] = {}
        self._latest = perf_counter()

    def heard(self, task: str) -> None:
        """Count the time until now for the stage that a call of `Progress` names."""
        now, stage = perf_counter(), stage_of(task)
        self._spans[stage] = (self._spans.get(stage, (self._latest, now))[0], now)
        self._latest = now

    def seconds(self) -> dict[str, float]:
        """Each stage's time, in the order in which they began."""
        return {stage: end - start for stage, (start, end) in self._spans.items()}


def stage_of(task: str) -> str:
    """The name of a task without how it goes so far."""
    return task.partition(":")[0]


@contextmanager
def progress() -> Iterator[Progress]:
    """A bar per task on stderr; silent where stderr is not a terminal. Verbose, each task's time when all are done."""
    if not is_verbose():
        with _bars() as show:
            yield show
        return
    stages = Stages()
    try:
        with _bars() as show:

            def timed(task: str, done: int, total: int) -> None:
                stages.heard(task)
                show(task, done, total)

            yield timed
    finally:
        for stage, seconds in stages.seconds().items():
            detail(f"{stage}: {seconds:.2f} s")


@contextmanager
def _bars() -> Iterator[Progress]:
    if _TALK.get() is Talk.QUIET or sys.stderr is None or not sys.stderr.isatty():
        yield no_progress
        return
    from rich import progress as bars
    from rich.console import Console

    columns = (bars.TextColumn("{task.description}", markup=False), bars.BarColumn(), bars.MofNCompleteColumn())
    with bars.Progress(
        *columns, bars.TimeElapsedColumn(), bars.TimeRemainingColumn(), console=Console(stderr=True)
    ) as view:
        tasks: dict[str, bars.TaskID] = {}

        def show(task: str, done: int, total: int) -> None:
            name, task = stage_of(task), for_terminal(task)
            if name not in tasks:
                tasks[name] = view.add_task(task, total=total)
            view.update(tasks[name], description=task, completed=done, total=total)

        yield show


def note(message: str) -> None:
    """One line on stderr that nobody needs to act on; none where quiet is asked for."""
    if _TALK.get() is not Talk.QUIET:
        say(message)


def detail(message: str) -> None:
    """One line on stderr, only where details are asked for."""
    if is_verbose():
        say(message)


def trace(error: BaseException) -> None:
    """Where in the code an expected error came from, only where details are asked for."""
    if is_verbose() and sys.stderr is not None:
        with suppress(OSError):
            for line in "".join(traceback.format_exception(error)).splitlines():
                print(for_terminal(line), file=sys.stderr)


def say(message: str) -> None:
    """One line on stderr."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(for_terminal(" ".join(line.strip() for line in message.splitlines())), file=sys.stderr)


def flush() -> None:
    """Hand over what was printed: a reader that is gone, or a full disk, shows here and not after the last line."""
    if sys.stdout is not None:
        sys.stdout.flush()


def give_up_output() -> None:
    """What nobody takes goes nowhere: left where it is, Python would try again as it exits, and complain."""
    try:
        flush()
    except OSError:
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)


def refusal(error: OSError) -> str:
    """What the operating system said no to, and why."""
    reason = error.strerror or str(error)
    return reason if error.filename is None else f"{os.fsdecode(error.filename)}: {reason}"


def exhaustion(error: Exception) -> str | None:
    """What ran out, and what can be done; None where nothing did."""
    if isinstance(error, RecursionError):
        return "something that was given is nested too deeply; --verbose says where"
    # Torch says it in a RuntimeError, of the processor's memory in words alone.
    is_torch = isinstance(error, RuntimeError) and (
        type(error).__name__ == "OutOfMemoryError" or "can't allocate memory" in str(error)
    )
    if isinstance(error, MemoryError) or is_torch:
        return "out of memory; give shorter sound or smaller settings (--verbose says where it ran out)"
    return None


def only_our_own() -> None:
    """Antiphon's own warnings become lines on stderr; those of other libraries are not the reader's business, and
    neither are their progress bars."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    warnings.simplefilter("ignore")
    warnings.simplefilter("always", AntiphonWarning)
    warnings.showwarning = lambda message, *_, **__: say(f"warning: {message}")
