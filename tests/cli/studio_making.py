"""A studio as its user starts it: the real command in a process of its own, and who asks it."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from cli_making import sound
from page_serving import serving

from antiphon import audio

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


def project_in(folder: Path, agent: Path, sounds: dict[str, Path]) -> Path:
    """A project with an agent, agents/small, and the first 20 seconds of these sounds by name."""
    (folder / "agents").mkdir(parents=True)
    shutil.copytree(agent, folder / "agents" / "small")
    for name, path in sounds.items():
        heard = audio.read(path)
        sound(folder / f"{name}.wav", heard.samples[: 20 * heard.sample_rate], heard.sample_rate)
    return folder


@contextmanager
def studio(folder: Path, how: int = signal.SIGTERM) -> Iterator[Studio]:
    """`antiphon studio FOLDER`, which `how` ends."""
    with serving("studio", str(folder), how=how) as served:
        process, address, client = served
        assert address.startswith("http://127.0.0.1:"), address
        yield Studio(process, address, client)
