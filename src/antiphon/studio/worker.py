"""The process that does a project's jobs: a line of JSON in for each, lines of JSON out about it.

`python -m antiphon.studio.worker FOLDER`, as `jobs.Worker` calls it. It ends when the server does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

from antiphon.errors import AntiphonError, AntiphonWarning
from antiphon.reading import json_of
from antiphon.studio.bench import Bench
from antiphon.studio.project import Project
from antiphon.studio.work import do

TELL_SECONDS = 0.1
"""Progress is told no more often."""


class Telling:
    """Says what becomes of a job."""

    def __init__(self, out: IO[bytes], job: str) -> None:
        self._out, self._job, self._last = out, job, 0.0

    def progress(self, task: str, done: int, total: int) -> None:
        """As `interfaces.Progress`."""
        now = time.monotonic()
        if done >= total or now - self._last >= TELL_SECONDS:
            self._last = now
            self.say(progress=[task, done, total])

    def say(self, **values: Any) -> None:
        """A line."""
        self._out.write(json.dumps({"id": self._job, **values}).encode() + b"\n")
        self._out.flush()


def main(root: Path) -> None:
    """Do what stdin says until it ends."""
    # Whatever a library prints goes to stderr: stdout is the server's.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # A job that is stopped takes away what it has half written.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # Ctrl-C is for the server, which ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jobs: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(jobs,), daemon=True).start()
    warnings.simplefilter("ignore")
    warnings.simplefilter("always", AntiphonWarning)
    bench = Bench(Project(root))
    try:
        while True:
            asked = json_of(jobs.get().decode(), "the server")
            _do(bench, asked, Telling(out, asked["id"]))
    finally:
        # What listens holds stdin, which an ordinary end would wait for.
        os._exit(0)


def _listen(jobs: SimpleQueue[bytes]) -> None:
    """Jobs into the queue; without a server there is nobody to work for, in the middle of one either."""
    for line in sys.stdin.buffer:
        jobs.put(line)
    os._exit(0)


def _do(bench: Bench, asked: dict[str, Any], telling: Telling) -> None:
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", AntiphonWarning)
            result, notes = do(bench, asked["kind"], asked["asked"], telling.progress)
        heard = [str(each.message) for each in caught if issubclass(each.category, AntiphonWarning)]
        telling.say(done=result, notes=[*notes, *heard])
    except AntiphonError as error:
        telling.say(error=" ".join(str(error).split()))
    except MemoryError:
        telling.say(error="out of memory; give shorter sound or smaller settings")
    except OSError as error:
        telling.say(error=f"{error.filename or 'a file'}: {error.strerror or error}")
    except Exception as error:
        traceback.print_exc()
        telling.say(error=f"a fault in Antiphon ({type(error).__name__}); the terminal says where")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
