"""What the command line shows: progress and warnings on stderr, one line for an error, and an exit code."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from antiphon.errors import AntiphonWarning
from antiphon.interfaces import Progress, no_progress

INTERRUPTED = 130
"""Exit code after Ctrl-C."""


@contextmanager
def progress() -> Iterator[Progress]:
    """A bar per task on stderr; silent where stderr is not a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield no_progress
        return
    from rich import progress as bars
    from rich.console import Console

    columns = (bars.TextColumn("{task.description}"), bars.BarColumn(), bars.MofNCompleteColumn())
    with bars.Progress(
        *columns, bars.TimeElapsedColumn(), bars.TimeRemainingColumn(), console=Console(stderr=True)
    ) as view:
        tasks: dict[str, bars.TaskID] = {}

        def show(task: str, done: int, total: int) -> None:
            name = task.partition(":")[0]
            if name not in tasks:
                tasks[name] = view.add_task(task, total=total)
            view.update(tasks[name], description=task, completed=done, total=total)

        yield show


def say(message: str) -> None:
    """One line on stderr."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(" ".join(line.strip() for line in message.splitlines()), file=sys.stderr)


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


def only_our_own() -> None:
    """Antiphon's own warnings become lines on stderr; those of other libraries are not the reader's business, and
    neither are their progress bars."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    warnings.simplefilter("ignore")
    warnings.simplefilter("always", AntiphonWarning)
    warnings.showwarning = lambda message, *_, **__: say(f"warning: {message}")
