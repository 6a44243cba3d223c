"""A listening study made by hand, and its server as its user starts it."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
from page_serving import serving

from antiphon import audio
from antiphon.listening.study import Condition, Study, Trial, write_study
from antiphon.types import Audio

RATE = 16000
SECONDS = 0.6
CONDITIONS = ("hearing", "deaf", "shifted")


def tone(path: Path, hertz: float) -> None:
    time = np.arange(round(SECONDS * RATE)) / RATE
    audio.write(path, Audio((0.2 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)[:, None], RATE))


def study(folder: Path, kind="2afc", trials=6, conditions=CONDITIONS, roles=(), **more) -> Study:
    """Passages whose sounds are tones: each condition has a pitch of its own, by which a listener can tell it."""
    (folder / "sounds").mkdir(parents=True)
    made = []
    for number in range(1, trials + 1):
        sounds = {}
        for place, name in enumerate(conditions):
            sounds[name] = f"sounds/{number} {place}.flac"
            tone(folder / sounds[name], 300 * (place + 1))
        tone(folder / f"sounds/{number} guide.flac", 150)
        made.append(Trial(name=f"passage {number}", sounds=sounds, guide=f"sounds/{number} guide.flac"))
    parts = tuple(Condition(name=name, role=dict(roles).get(name, "system")) for name in conditions)
    question = "Which of the two answers this guide?" if kind == "2afc" else "How well does each answer the guide?"
    found = Study(
        kind=kind,
        title="Tones <b>and</b> guides",
        question=question,
        tested=conditions[0],
        conditions=parts,
        trials=tuple(made),
        **more,
    )
    write_study(folder, found)
    return found


@dataclass
class Desk:
    process: subprocess.Popen
    address: str
    client: httpx.Client = field(repr=False)

    @property
    def base(self) -> str:
        return self.address.split("/?")[0]

    def start(self, listener: str) -> dict:
        answered = self.client.post("/api/start", json={"listener": listener})
        assert answered.status_code == 200, answered.text
        return answered.json()

    def sound(self, listener: str, number: int, place: object) -> bytes:
        asked = {"listener": listener, "number": number, "place": place}
        answered = self.client.get("/api/sound", params=asked)
        assert answered.status_code == 200, answered.text
        return answered.content

    def answer(self, listener: str, number: int, **more) -> httpx.Response:
        body = {"listener": listener, "number": number, "seconds": 4.0, "plays": [1, 1], **more}
        return self.client.post("/api/answer", json=body)


@contextmanager
def listening(folder: Path, *flags: str, how: int = signal.SIGTERM) -> Iterator[Desk]:
    """`antiphon listen FOLDER`, which `how` ends."""
    with serving("listen", str(folder), *flags, how=how) as served:
        process, address, client = served
        yield Desk(process, address, client)
