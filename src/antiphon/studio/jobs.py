"""Jobs of a project: asked for by a page, one running, the others waiting, each a file, so that they outlive a server.

A job runs in a process of its own, which can be ended at any moment; outputs are whole or absent, so nothing is left of
it, and a training goes on where it was.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from antiphon.checkpoint import save_json
from antiphon.errors import AntiphonError, BadData, SettingsError
from antiphon.reading import json_file, json_of
from antiphon.studio.bodies import KINDS
from antiphon.studio.course import Course

State = Literal["waiting", "running", "done", "failed", "stopped"]

MOST_WAITING = 50
"""Jobs that may wait at a time."""

MOST_KEPT = 200
"""Jobs that are over and still told of."""

LONGEST_LINE = 1 << 20
"""Bytes of a line between the processes."""

TOLD = ("task", "done", "total", "left", "loss", "worth")
"""What a job says of itself while it runs."""

OVER = frozenset({"done", "failed", "stopped"})

Seconds = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Bits = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=2**53)]


@dataclass(frozen=True)
class Job:
    """What is to be done (`kind`, and names of the project in `asked`), and how far it is.

    `result` is the name of what it made, `said` its error or what a musician should know, `left` the seconds that it
    may still take, `loss` that of a training and `worth` what the guide is worth to it so far, in bits a segment; None
    where that is not known.
    """

    id: str
    kind: str
    asked: Mapping[str, Any]
    state: State = "waiting"
    task: str = ""
    done: Count = 0
    total: Count = 0
    left: Seconds | None = None
    loss: Bits | None = None
    worth: Bits | None = None
    result: str = ""
    said: tuple[str, ...] = ()
    made: Seconds = 0.0
    began: Seconds = 0.0
    ended: Seconds = 0.0


_JOB = TypeAdapter(Job)


@dataclass
class Worker:
    """The process that does the jobs, started when it is needed and kept, since it holds what is slow to load."""

    root: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def ask(self, job: Job) -> IO[bytes]:
        """Give it a job; what it says of it comes from the stream, a line each."""
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "antiphon.studio.worker", str(self.root)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        line = json.dumps({"id": job.id, "kind": job.kind, "asked": dict(job.asked)})
        with suppress(OSError):
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        return self.process.stdout

    def end(self) -> None:
        """End it, whatever it does: what it was writing goes with it."""
        process, self.process = self.process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


class Queue:
    """The jobs of a project in the folder `place`, done by a thread of its own, the oldest first."""

    def __init__(self, root: Path, place: Path) -> None:
        self._place = place
        self._worker = Worker(root)
        self._jobs: dict[str, Job] = {}
        self._changed = threading.Condition()
        self._ending = False
        self._stopping = ""
        for path in sorted(place.glob("*.json")):
            self._found(path)
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin with what waits."""
        self._thread.start()

    def end(self) -> None:
        """End the job that runs, which begins anew with the next server, and the thread."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
            self._worker.end()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def all(self) -> tuple[Job, ...]:
        """Every job, the oldest first."""
        with self._changed:
            return tuple(self._jobs.values())

    def add(self, kind: str, asked: Mapping[str, Any]) -> Job:
        """A new job at the end of the queue. Raises SettingsError where too many wait."""
        with self._changed:
            if sum(job.state == "waiting" for job in self._jobs.values()) >= MOST_WAITING:
                raise SettingsError(f"{MOST_WAITING} jobs wait already; stop one of them")
            now = time.time()
            job = Job(f"{time.time_ns():020d}-{secrets.token_hex(3)}", kind, dict(asked), made=now)
            self._keep(job)
            self._forget()
            self._changed.notify_all()
        return job

    def stop(self, name: str) -> Job:
        """Stop a job that waits or runs; of a training what it learned stays. Raises BadData for no such job."""
        with self._changed:
            job = self._known(name)
            if job.state == "running":
                self._stopping = name
                # With the lock held, so that no other job is given to the process that is ended.
                self._worker.end()
            elif job.state == "waiting":
                self._keep(replace(job, state="stopped", ended=time.time()))
        return job

    def again(self, name: str) -> Job:
        """A job that is over, asked for once more: a training goes on. Raises BadData for no such job."""
        with self._changed:
            job = self._known(name)
        if job.state not in OVER:
            raise SettingsError("the job is not over")
        return self.add(job.kind, job.asked)

    def _known(self, name: str) -> Job:
        if name not in self._jobs:
            raise BadData(f"no job {name!r}")
        return self._jobs[name]

    def _found(self, path: Path) -> None:
        """A job of an earlier server; one that ran waits again. A damaged file is left, and is no job."""
        try:
            found = _JOB.validate_python(json_file(path, 1 << 20))
            # By the words of a page: what no page can ask, a file in the project cannot either.
            job = replace(found, asked=KINDS[found.kind].model_validate(found.asked).model_dump())
        except (BadData, ValidationError, KeyError):
            return
        if job.id != path.stem:
            return
        if job.state == "running":
            job = replace(job, state="waiting", task="", done=0, total=0, left=None, loss=None, worth=None)
        self._jobs[job.id] = job

    def _keep(self, job: Job) -> None:
        self._jobs[job.id] = job
        with suppress(AntiphonError):
            save_json(self._place / f"{job.id}.json", asdict(job))

    def _forget(self) -> None:
        over = [job for job in self._jobs.values() if job.state in OVER]
        for job in over[:-MOST_KEPT]:
            del self._jobs[job.id]
            (self._place / f"{job.id}.json").unlink(missing_ok=True)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ending or self._next() is not None)
                waiting = self._next()
                if self._ending or waiting is None:
                    return
                job = replace(waiting, state="running", began=time.time())
                self._keep(job)
                # With the lock held, so that a stop finds a process to end.
                stream = self._worker.ask(job)
            self._do(job, stream)

    def _next(self) -> Job | None:
        return next((job for job in self._jobs.values() if job.state == "waiting"), None)

    def _do(self, job: Job, stream: IO[bytes]) -> None:
        course = Course()
        while line := line_of(stream):
            said = said_in(line)
            if said.get("id") != job.id:
                continue
            if "done" in said:
                result, notes = str(said["done"]), tuple(map(str, said.get("notes", ())))
                self._over(replace(job, state="done", result=result, said=notes, left=None))
                return
            if "error" in said:
                self._over(replace(job, state="failed", said=(str(said["error"]),), left=None))
                return
            course.heard(*said["progress"])
            job = replace(job, **{name: getattr(course, name) for name in TOLD})
            with self._changed:
                self._jobs[job.id] = job
        if self._ending:
            return
        if self._stopping == job.id:
            self._over(replace(job, state="stopped", left=None))
        else:
            self._over(replace(job, state="failed", said=("the process that did it was ended",), left=None))

    def _over(self, job: Job) -> None:
        with self._changed:
            self._keep(replace(job, ended=time.time()))
            self._stopping = ""


def line_of(stream: IO[bytes]) -> bytes:
    """The next line of a process; nothing where it has ended."""
    try:
        return stream.readline(LONGEST_LINE)
    except (OSError, ValueError):
        # Closed by `Worker.end`.
        return b""


def said_in(line: bytes) -> dict[str, Any]:
    """What a line says; nothing where it is none of ours."""
    try:
        found = json_of(line.decode("utf-8", errors="replace"), "the worker")
    except BadData:
        return {}
    return found if isinstance(found, dict) else {}
