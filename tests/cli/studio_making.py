"""A studio as its user starts it: the real command in a process of its own, and who asks it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

LONGEST = 240
"""Seconds that a job or a start may take on a machine with other work."""


@dataclass
class Studio:
    process: subprocess.Popen
    address: str
    client: httpx.Client = field(repr=False)

    @property
    def base(self) -> str:
        return self.address.split("/?")[0]

    @property
    def token(self) -> str:
        return self.address.split("token=")[1]

    def state(self) -> dict:
        return self.client.get("/api/state").json()

    def ask(self, path: str, **body) -> dict:
        """A job that was asked for, once it is over."""
        answered = self.client.post(path, json=body)
        assert answered.status_code == 202, answered.text
        return self.over(answered.json()["id"])

    def job(self, name: str) -> dict:
        return next(job for job in self.state()["jobs"] if job["id"] == name)

    def over(self, name: str, states: tuple[str, ...] = ("done", "failed", "stopped")) -> dict:
        end = time.monotonic() + LONGEST
        while time.monotonic() < end:
            if (job := self.job(name))["state"] in states:
                return job
            time.sleep(0.1)
        raise AssertionError(self.job(name))


@contextmanager
def studio(folder: Path, how: int = signal.SIGTERM) -> Iterator[Studio]:
    """`antiphon studio FOLDER`, which `how` ends."""
    command = [sys.executable, "-m", "antiphon", "studio", str(folder), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    try:
        address = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{32}", address), address
        base, token = address.split("/?token=")
        with httpx.Client(base_url=base, headers={"x-antiphon-token": token}, timeout=60) as client:
            yield Studio(process, address, client)
    finally:
        process.send_signal(how)
        process.wait(timeout=30)
