"""A live run of the studio: its process, what it is told by OSC, and what is heard of it, as any host does both."""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from antiphon.errors import AntiphonError, SettingsError
from antiphon.live.osc import named
from antiphon.live.osc_packets import MOST_BYTES, Argument, NotOsc, decode, encode
from antiphon.live.osc_table import LOOPBACK, ROOT
from antiphon.live.run_file import EVENTS
from antiphon.studio.jobs import line_of, said_in
from antiphon.studio.live.log import Log, Message

State = Literal["none", "loading", "on", "ending", "over"]

HEARING_SECONDS: Final = 0.25
"""How often it is looked whether a process is still there while nothing is heard of it."""

ENDING_SECONDS: Final = 6.0
"""After so long a process that was told to end is killed."""

RECORDING_SECONDS: Final = 1.0
"""What the record of a run may still take whose process was killed."""

DEVICE_SECONDS: Final = 30.0
"""How long the devices of a machine may take to be told of."""

COMMAND: Final = (sys.executable, "-m", "antiphon.studio.live.performer")


@dataclass(frozen=True)
class Asked:
    """What is played: names of the project as a page knows them, and the paths that they mean.

    `source` is a sound of the project, `device` an input, or neither: the guide comes by OSC. `output` None: no device
    plays, and whoever hears the events may. `record` is a folder of the studio's own.
    """

    agent: str
    agent_path: Path | None
    memories: tuple[str, ...]
    memory_paths: tuple[Path, ...]
    rate: int
    channels: int
    record: Path
    guide: str = ""
    guide_path: Path | None = None
    input: str | None = None
    output: str | None = None
    repeats: bool = False
    seed: int = 0
    first: tuple[tuple[str, tuple[Argument, ...]], ...] = ()
    """Messages before the first cue: controls and a tempo."""

    def line(self) -> bytes:
        """As the process is told."""
        told = {
            "agent": str(self.agent_path or ""),
            "memory": [str(each) for each in self.memory_paths],
            "guide": str(self.guide_path or ""),
            "input": self.input,
            "output": self.output,
            "repeats": self.repeats,
            "seed": self.seed,
            "rate": None if self.output or self.input else self.rate,
            "channels": self.channels,
            "record": str(self.record),
        }
        return json.dumps(told).encode() + b"\n"


@dataclass(frozen=True)
class About:
    """What becomes of a run, as a page is told: `said` is a sentence, `guide_frame` where a guide from a file began."""

    id: str = ""
    state: State = "none"
    said: str = ""
    done: int = 0
    total: int = 0
    rate: int = 0
    channels: int = 0
    guide_frame: int | None = None
    began: float = 0.0


@dataclass
class LiveRun:
    """One process, from its start to its end. `log` hears everything; `over` is called when it has ended."""

    asked: Asked
    id: str
    log: Log
    over: Callable[[LiveRun], object]
    about: About = field(init=False)
    killed: bool = False
    _port: int | None = None

    def __post_init__(self) -> None:
        self.about = About(self.id, "loading", "the agent and its memory are loaded", began=time.time())
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((LOOPBACK, 0))
        self._socket.settimeout(HEARING_SECONDS)
        self.process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._changed()
        self._write(self.asked.line())
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._follow, self._hear)]
        for thread in self._threads:
            thread.start()

    @property
    def is_on(self) -> bool:
        """Whether there is a process."""
        return self.about.state != "over"

    @property
    def has_recorded(self) -> bool:
        """Whether something of it can be kept."""
        return self.about.rate > 0 and (self.asked.record / EVENTS).is_file()

    def tell(self, name: str, *values: Argument) -> None:
        """Send a message of the table. Raises SettingsError where nobody hears it yet, or any more."""
        if self._port is None or not self.is_on:
            raise SettingsError("no live run is on")
        with suppress(OSError):
            self._socket.sendto(encode(ROOT + name, values), (LOOPBACK, self._port))

    def end(self) -> None:
        """Let it end; what does not within some seconds is killed."""
        if self.is_on and self.about.state != "ending":
            self._now(state="ending", said="it ends")
            with suppress(OSError):
                assert self.process.stdin is not None
                self.process.stdin.close()
            threading.Thread(target=self._kill_late, daemon=True).start()

    def wait(self) -> None:
        """Until it has ended."""
        self._kill_late()
        for thread in self._threads:
            thread.join(timeout=5)

    def _kill_late(self) -> None:
        try:
            self.process.wait(timeout=ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _write(self, line: bytes) -> None:
        with suppress(OSError):
            assert self.process.stdin is not None
            self.process.stdin.write(line)
            self.process.stdin.flush()

    def _now(self, **values: Any) -> None:
        self.about = replace(self.about, **values)
        self._changed()

    def _changed(self) -> None:
        self.log.add(("run", vars(self.about)))

    def _follow(self) -> None:
        """What the process says by itself, until it says nothing any more."""
        assert self.process.stdout is not None
        ended = ""
        while line := line_of(self.process.stdout):
            ended = self._told(said_in(line)) or ended
        code = self.process.wait()
        if not ended:
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            ended = "ended" if self.about.state == "ending" else f"the live process was ended ({how}); begin again"
            self.killed = self.about.state != "ending"
        with suppress(OSError):
            self.process.stdout.close()
        if self.killed:
            # What decided ends by itself a moment later, and writes what it still has of the record.
            time.sleep(RECORDING_SECONDS)
        try:
            self.over(self)
        except AntiphonError as error:
            ended = f"{ended}; it is not written: {error}"
        self._now(state="over", said=ended)

    def _told(self, said: Mapping[str, Any]) -> str:
        """One line of the process; what it says of its end, if that is it."""
        if "progress" in said:
            _, done, total = said["progress"]
            self._now(done=done, total=total)
        elif "port" in said:
            self._port = said["port"]
            self._now(state="on", said="it plays", rate=said["rate"], channels=said["channels"] or self.asked.channels)
            self.tell("subscribe", self._socket.getsockname()[1])
            for name, values in self.asked.first:
                self.tell(name, *values)
            self.tell("start")
            self._write(b"begin\n")
        elif "guide" in said:
            self._now(guide_frame=said["guide"])
        elif "over" in said:
            return _summary(said["over"])
        elif "error" in said:
            return str(said["error"])
        return ""

    def _hear(self) -> None:
        """Packets into the log, as long as there is a process."""
        while self.is_on:
            try:
                packet = self._socket.recv(MOST_BYTES + 1)
            except (TimeoutError, OSError):
                continue
            if messages := self._messages(packet):
                self.log.add(*messages)
        self._socket.close()

    def _messages(self, packet: bytes) -> list[Message]:
        try:
            found = [each for message in decode(packet) if (each := named(message)) is not None]
        except NotOsc:
            return []
        return [(name, self._as_named(values)) for name, values in found]

    def _as_named(self, values: Mapping[str, Argument]) -> Mapping[str, Any]:
        """Values with the file of the memory as the page calls it, and no path."""
        if not values.get("file"):
            return values
        path = Path(str(values["file"]))
        return {**values, "file": dict(zip(self.asked.memory_paths, self.asked.memories, strict=True)).get(path, "")}


def _summary(found: Mapping[str, Any]) -> str:
    return (
        f"ended after {found['seconds']:.0f} s: {found['late']} late, {found['gaps']} gaps, "
        f"the decision started again {found['restarts']} times"
    )


def devices() -> dict[str, Any]:
    """The sound devices of this machine, as a process of its own finds them: PortAudio does not survive everything."""
    try:
        done = subprocess.run(COMMAND, input=b"{}\n", stdout=subprocess.PIPE, timeout=DEVICE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return {"devices": [], "said": "the sound system does not answer"}
    return said_in(done.stdout) or {"devices": [], "said": "the sound system cannot be asked"}


class LiveDesk:
    """At most one live run of a project. `written` is called with each run that recorded something, once it is over."""

    def __init__(self, written: Callable[[LiveRun], object]) -> None:
        self.log = Log()
        self._written = written
        self._run: LiveRun | None = None
        self._lock = threading.Lock()

    @property
    def about(self) -> About:
        """What becomes of the run."""
        return About() if self._run is None else self._run.about

    @property
    def asked(self) -> Asked | None:
        """What was asked of the run."""
        return None if self._run is None else self._run.asked

    def begin(self, ask: Callable[[str], Asked]) -> str:
        """Begin a run; `ask` makes of its id what is asked. Raises SettingsError where one is on."""
        with self._lock:
            if self._run is not None and self._run.is_on:
                raise SettingsError("a live run is on; end it first")
            name = f"{time.time_ns():020d}-{secrets.token_hex(3)}"
            asked = ask(name)
            self.log.clear()
            self._run = LiveRun(asked, name, self.log, self._written)
            return name

    def tell(self, name: str, values: Sequence[Argument]) -> None:
        """Tell the run something. Raises SettingsError where none is on."""
        run = self._run
        if run is None:
            raise SettingsError("no live run is on")
        run.tell(name, *values)

    def end(self) -> None:
        """Let the run end."""
        if self._run is not None:
            self._run.end()

    def close(self) -> None:
        """End the run, and see that it has."""
        run = self._run
        if run is not None:
            with suppress(AntiphonError):
                run.end()
            run.wait()
