"""What the studio's page takes: first paint, weight, drafts, the map, and the server's memory over many answers.

    python benchmarks/studio.py FOLDER [--guide 600] [--memory 5000] [--answers 200] [--only NAME ...]

FOLDER is made if it is not there: a project of planted sounds (`corpus.planted`), a guide of ten minutes, one of a
minute, and a memory of 10,000 segments. The page runs in a real Chromium (headless, which renders in software), and
every time is the wall clock's with the CPU seconds of the studio's processes beside it, since a machine with other work
tells little by its clock. One line of JSON.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np

import antiphon
from antiphon import audio
from antiphon.corpus.planted import PlantedSettings, build_planted
from antiphon.types import Audio

LONGEST = 3600.0
"""Seconds that a job may take."""

FRAMES = 300
"""Frames of the map that are measured while it is panned."""

DRAFTS = (("novelty", 2.0), ("density", 0.6), ("novelty", 4.0), ("follow", 3.0), ("jump", 3.0), ("boldness", 0.8))
"""Dials that are turned, and how far."""

PAGE = ("/", "/static/style.css", "/static/studio.css")


class Desk:
    """A studio that runs, and who asks it."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        base, token = address.split("/?token=")
        self.process, self.address = process, address
        self.client = httpx.Client(base_url=base, headers={"x-antiphon-token": token}, timeout=600)

    def ask(self, path: str, **body: Any) -> dict[str, Any]:
        """A job that was asked for, once it is over."""
        name = self.client.post(path, json=body).raise_for_status().json()["id"]
        end = time.monotonic() + LONGEST
        while time.monotonic() < end:
            job = next(job for job in self.client.get("/api/state").json()["jobs"] if job["id"] == name)
            if job["state"] in ("done", "failed", "stopped"):
                if job["state"] != "done":
                    raise RuntimeError(job["said"])
                return dict(job)
            time.sleep(0.2)
        raise TimeoutError(path)

    def processes(self) -> list[int]:
        """The server's process, and those that it started."""
        own = self.process.pid
        # A thread has children of its own, and the studio's processes are started by threads.
        lists = [path.read_text(encoding="ascii").split() for path in Path(f"/proc/{own}/task").glob("*/children")]
        return [own, *(int(child) for children in lists for child in children)]

    def cpu(self) -> float:
        """CPU seconds of all of them so far."""
        ticks = 0
        for process in self.processes():
            fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def resident(self, process: int) -> float:
        """MB of a process that are in memory."""
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text(encoding="ascii"))
        return int(found.group(1)) / 1024 if found else 0.0


@contextmanager
def serving(folder: Path) -> Iterator[Desk]:
    command = [sys.executable, "-m", "antiphon", "studio", str(folder), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Desk(process, process.stdout.readline().strip())
    finally:
        process.terminate()
        process.wait(timeout=60)


def made(folder: Path, guide: int, memory: int) -> None:
    """The project's sounds."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {"long guide.wav": ("a", guide), "guide.wav": ("a", 60), "memory.wav": ("b", memory)}
    if all((folder / name).is_file() for name in wanted):
        return
    world = folder / ".world"
    build_planted(world, PlantedSettings("delay", pieces=1, segments=2 * max(guide, memory), classes=12))
    for name, (track, seconds) in wanted.items():
        found = audio.read(world / "delay-000" / f"{track}.wav", 0, seconds)
        audio.write(folder / name, Audio(found.samples, found.sample_rate))
    shutil.rmtree(world)


def response(desk: Desk, guide: str, name: str) -> str:
    """The name of a response to a guide, made now if it is not there."""
    if f"responses/{name}" in desk.client.get("/api/state").json()["responses"]:
        return f"responses/{name}"
    return str(desk.ask("/api/answer", guides=[guide], memories=["memory.wav"], name=name)["result"])


def weight(desk: Desk) -> dict[str, Any]:
    """Bytes of the page, all of its scripts and what it asks of a response of ten minutes, as gzip sends them."""
    page = desk.client.get("/").text
    scripts, waiting = set(), set(re.findall(r'src="(/static/[^"]+)"', page))
    while waiting:
        scripts |= waiting
        texts = [desk.client.get(each).text for each in waiting]
        waiting = {name for text in texts for name in re.findall(r'"(/static/[\w.]+\.js)"', text)} - scripts
    files = [desk.client.get(path).content for path in (*PAGE, *sorted(scripts))]
    told = desk.client.get("/api/response", params={"name": "responses/long"}).content
    return {
        "page_gzip_kB": round(sum(len(gzip.compress(each)) for each in files) / 1000, 1),
        "response_gzip_kB": round(len(gzip.compress(told)) / 1000, 1),
    }


def painted(desk: Desk, browser: Any) -> dict[str, Any]:
    """First contentful paint, and when the lanes of a response of ten minutes stand, in milliseconds: median of 5."""
    first, lanes = [], []
    for _ in range(5):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(120_000)
        page.goto(desk.address)
        page.wait_for_selector("#open", state="visible")
        lanes.append(page.evaluate("performance.now()"))
        told = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        first.append(page.evaluate(told))
        page.close()
    return {"first_paint_ms": round(float(np.median(first))), "lanes_ms": round(float(np.median(lanes)))}


def drafted(desk: Desk, browser: Any) -> dict[str, Any]:
    """Milliseconds from a turn of a dial on a response of 60 s until its sound plays, and CPU seconds of it."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(300_000)
    page.goto(desk.address)
    page.wait_for_selector("#open", state="visible")
    page.select_option("#response", "responses/short")
    page.click("#tab-dials")
    wall, cpu = [], []
    for number, (name, value) in enumerate((("novelty", 1.0), *DRAFTS)):
        before = desk.cpu()
        told = page.evaluate(
            f"""import('/static/main.js').then(({{ studio }}) => new Promise(done => {{
            const old = studio.draft, dial = document.getElementById('dial-{name}'), began = performance.now();
            dial.value = '{value}'; dial.dispatchEvent(new Event('input', {{ bubbles: true }}));
            const look = () => studio.draft !== old && studio.draft?.heard && studio.transport.playing
                ? done(performance.now() - began) : setTimeout(look, 5); look(); }}))"""
        )
        if number:  # The first one loads the agent and hears guide and memory.
            wall.append(told)
            cpu.append(desk.cpu() - before)
        else:
            first = told
    page.close()
    return {
        "draft_ms": [round(each) for each in wall],
        "draft_median_ms": round(float(np.median(wall))),
        "draft_cpu_s": [round(each, 2) for each in cpu],
        "first_draft_ms": round(first),
    }


def panned(desk: Desk, browser: Any) -> dict[str, Any]:
    """Frame times of the map while it is panned, and what drawing takes of each, in milliseconds."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(600_000)
    page.goto(desk.address)
    page.wait_for_selector("#open", state="visible")
    page.select_option("#response", "responses/short")
    page.click("#tab-map")
    # The page's policy lets nobody wait inside it.
    while page.evaluate("import('/static/map.js').then(map => map.points() === null)"):
        page.wait_for_timeout(200)
    page.wait_for_timeout(1000)
    told = page.evaluate(
        f"""import('/static/map.js').then(map => new Promise(done => {{
        map.view.scale = 1.5; map.frames.length = 0; const times = []; let last = 0;
        const step = now => {{ if (last) times.push(now - last); last = now;
            map.pan(Math.sin(times.length / 9) * 6, Math.cos(times.length / 9) * 4);
            if (times.length < {FRAMES}) requestAnimationFrame(step);
            else done({{ times, drawing: [...map.frames], points: map.points().ids.length }}); }};
        requestAnimationFrame(step); }}))"""
    )
    page.close()
    times, drawing = np.array(told["times"]), np.array(told["drawing"])
    return {
        "map_points": told["points"],
        "map_frame_ms": {f"p{each}": round(float(np.percentile(times, each)), 1) for each in (50, 95, 99)},
        "map_frames_a_second": round(1000 / float(times.mean()), 1),
        "map_drawing_ms": {f"p{each}": round(float(np.percentile(drawing, each)), 2) for each in (50, 95, 99)},
    }


def answered(desk: Desk, count: int) -> dict[str, Any]:
    """MB of the server's process along so many answers that are asked for, listened to and told of."""
    server, found = desk.process.pid, []
    for number in range(count):
        body = {"response": "responses/short", "kept": [[0, 55]], "seed": number}
        draft = desk.client.post("/api/draft", json=body).raise_for_status().json()
        for path in ("/api/audio", "/api/peaks", "/api/loudness"):
            desk.client.get(path, params={"file": draft["sound"]}).raise_for_status()
        desk.client.get("/api/response", params={"name": "responses/long"}).raise_for_status()
        desk.client.get("/api/state")
        if number % max(1, count // 10) == 0 or number == count - 1:
            found.append(round(desk.resident(server), 1))
    others = [round(desk.resident(each), 1) for each in desk.processes()[1:]]
    return {"answers": count, "server_MB": found, "workers_MB_at_the_end": others}


def main() -> None:
    """Measure, and say it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--guide", type=int, default=600, help="seconds of the long guide")
    parser.add_argument("--memory", type=int, default=5000, help="seconds of the memory")
    parser.add_argument("--answers", type=int, default=200)
    parser.add_argument("--only", nargs="*", default=["weight", "painted", "drafted", "panned", "answered"])
    wanted = parser.parse_args()
    from playwright.sync_api import sync_playwright

    made(wanted.folder, wanted.guide, wanted.memory)
    found: dict[str, Any] = {"antiphon": antiphon.__version__}
    with serving(wanted.folder) as desk, sync_playwright() as driver:
        response(desk, "guide.wav", "short")
        response(desk, "long guide.wav", "long")
        chromium = next(path for name in ("chromium", "chromium-browser") if (path := shutil.which(name)))
        flags = ["--no-sandbox", "--mute-audio", "--autoplay-policy=no-user-gesture-required"]
        browser = driver.chromium.launch(executable_path=chromium, args=flags)
        ways: dict[str, Callable[[], dict[str, Any]]] = {
            "weight": lambda: weight(desk),
            "painted": lambda: painted(desk, browser),
            "drafted": lambda: drafted(desk, browser),
            "panned": lambda: panned(desk, browser),
            "answered": lambda: answered(desk, wanted.answers),
        }
        for name in wanted.only:
            found |= ways[name]()
        browser.close()
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
