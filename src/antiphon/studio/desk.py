"""The process for what a musician waits for, a draft or a map, beside the one that does jobs: a question at a time."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from antiphon.errors import AntiphonError, SettingsError
from antiphon.studio.jobs import Job, Worker, line_of, said_in

MOST_ASKING = 8
"""Questions that may wait for an answer; a page asks one at a time."""


class Desk:
    """Answers at once, from what its process holds. The process begins with the first question."""

    def __init__(self, root: Path) -> None:
        self._worker = Worker(root)
        self._lock = threading.Lock()
        self._asking = threading.Semaphore(MOST_ASKING)
        self._ending = False

    def ask(self, kind: str, asked: Mapping[str, Any]) -> str:
        """The name of the file that answers. Raises SettingsError with a sentence where there is no answer."""
        if not self._asking.acquire(blocking=False):
            raise SettingsError("too many pages ask at once; try again")
        try:
            with self._lock:
                return self._asked(Job(secrets.token_hex(8), kind, dict(asked)))
        finally:
            self._asking.release()

    def _asked(self, job: Job) -> str:
        if self._ending:
            raise AntiphonError("the studio ends")
        stream = self._worker.ask(job)
        while line := line_of(stream):
            said = said_in(line)
            if said.get("id") != job.id:
                continue
            if "done" in said:
                return str(said["done"])
            if "error" in said:
                raise SettingsError(str(said["error"]))
        self._worker.end()
        raise AntiphonError("the process that plays drafts was ended; try again")

    def end(self) -> None:
        """End the process, whatever it does."""
        self._ending = True
        with suppress(OSError):
            self._worker.end()
