"""The studio's live view in a real Chromium: a run on a guide file, its events, a dial, panic, and what was written."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from cli_making import sound, tones
from studio_browsing import AXE, MARKS, broken_rules, opened, until
from studio_making import LONGEST, studio

import antiphon
from antiphon.action.export import PROVENANCE, read_provenance
from antiphon.live.osc_table import SAID

pytest.importorskip("fastapi", reason="the extra studio is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
if sys.platform != "linux":
    pytest.skip("which processes there are is looked at as Linux has it", allow_module_level=True)

pytestmark = MARKS

BODY = {"memories": ["memory.wav"], "guide": "guide.wav", "repeats": True, "controls": {"rests": "fill"}}


def project_in(folder: Path) -> Path:
    sound(folder / "guide.wav", tones(5, seed=1))
    sound(folder / "memory.wav", tones(12, rate=44100, channels=2, seed=2), 44100)
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return project_in(tmp_path_factory.mktemp("live") / "project")


@pytest.fixture(scope="module")
def desk(project):
    with studio(project) as opened_desk:
        yield opened_desk


def run_of(desk) -> dict:
    return desk.client.get("/api/live").json()["run"]


def awaited(desk, *states: str) -> dict:
    end = time.monotonic() + LONGEST
    while (run := run_of(desk))["state"] not in states:
        assert time.monotonic() < end, run
        time.sleep(0.1)
    return run


def begun(desk, **more) -> str:
    answered = desk.client.post("/api/live/begin", json={**BODY, **more})
    assert answered.status_code == 202, answered.text
    return answered.json()["id"]


def written(desk, run: str) -> dict:
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        for job in desk.state()["jobs"]:
            if job["asked"].get("run") == run and job["state"] in ("done", "failed"):
                return job
        time.sleep(0.1)
    raise AssertionError(desk.state()["jobs"])


def heard(page, what: str):
    """A value of the live view's own."""
    return page.evaluate(f"import('/static/main.js').then(({{ live: {{ live, sound }} }}) => {what})")


def until_heard(page, what: str) -> None:
    until(page, f"import('/static/main.js').then(({{ live: {{ live, sound }} }}) => {what})")


def begin_on_the_page(page) -> None:
    page.click("#mode-live")
    page.select_option("#live-guide", "guide.wav")
    page.select_option("#live-memory", "memory.wav")
    page.check("#live-repeats")
    turn(page, "rests", "fill", "change")
    page.click("#live-begin")


def turn(page, name: str, value: object, event: str = "input") -> None:
    """A dial, turned as by hand."""
    page.wait_for_selector(f"#live-dial-{name}", state="attached")
    page.evaluate(
        f"""(() => {{ const dial = document.getElementById('live-dial-{name}'); dial.value = '{value}';
        dial.dispatchEvent(new Event('{event}', {{ bubbles: true }})); }})()"""
    )


def drawn(page, lane: int) -> int:
    """How many colours a lane shows."""
    return page.evaluate(
        f"""(() => {{ const canvas = document.querySelectorAll('#live-lanes canvas')[{lane}];
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        return new Set(new Uint32Array(data.buffer)).size; }})()"""
    )


def processes_of(parent: int) -> set[int]:
    """Every process below another one."""
    told = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    below = [tuple(map(int, line.split())) for line in told.splitlines()]
    found, grown = {parent}, True
    while grown:
        more = {pid for pid, above in below if above in found} - found
        found |= more
        grown = bool(more)
    return found - {parent}


def commanded(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def test_a_run_is_seen_heard_turned_stopped_and_written(chromium, desk, project):
    said = []
    page = opened(chromium, desk, said)
    begin_on_the_page(page)
    until_heard(page, "live.tokens > 4 && live.commits.length > 4 && live.planned > 2")
    # What it hears, plays and plans is drawn; what it plays sounds, as in a host's own buffer.
    assert [drawn(page, lane) > 3 for lane in range(4)] == [True] * 4
    page.evaluate("document.getElementById('live-level-guide').value = 0")
    page.evaluate("document.getElementById('live-level-guide').dispatchEvent(new Event('input'))")
    until_heard(page, "sound.level() > 0.01")
    assert "from memory.wav at" in page.inner_text("#live-now")
    assert heard(page, "live.heartbeat.playing") == 1
    # A dial: the process itself says what it is set to now.
    turn(page, "volume", -6)
    until(page, "document.getElementById('live-dial-volume').closest('.dial').dataset.taken === '-6'")
    for cue, words in (("keep", "stays in the copy"), ("reject", "this is not played again")):
        page.wait_for_timeout(1200)  # of each kind the instrument says one a second
        page.click(f"#live-cue-{cue}")
        until(page, f"document.getElementById('live-words').textContent.includes('{words}')")
    # What it cannot be set to is said in words, and changes nothing.
    turn(page, "region", "nonsense", "change")
    until(page, "!document.getElementById('error').hidden || document.querySelector('#live-words .wrong') !== null")
    # Panic: silent at once; start: it plays again.
    page.keyboard.press("Escape")
    until_heard(page, "live.heartbeat.playing === 0 && sound.level() < 1e-3")
    before = heard(page, "live.commits.length")
    page.click("#live-cue-start")
    until_heard(page, f"live.commits.slice({before}).filter(each => each.file).length > 2 && sound.level() > 0.01")
    # A page that is left does not stop it, and a page that comes finds it.
    page.close()
    page = opened(chromium, desk, said)
    until(page, "!document.getElementById('live-lamp').hidden")
    page.click("#mode-live")
    until_heard(page, "live.commits.length > 6 && live.values.volume === '-6' && live.heartbeat?.playing === 1")
    page.click("#live-end")
    until_heard(page, "live.run.state === 'over'")
    commits = heard(page, "live.commits")
    run = heard(page, "live.run.id")
    until(page, "document.getElementById('live-written').textContent.includes('is written: ')")
    job = written(desk, run)
    assert job["state"] == "done", job
    as_it_was_played(project / job["result"], commits)
    page.click("#live-open")
    until(page, "document.getElementById('open').hidden === false")
    assert page.input_value("#response") == job["result"]
    assert said == []
    page.close()


def as_it_was_played(folder: Path, commits: list[dict]) -> None:
    """The response on file has the segments that were said to be committed, and the events that were told."""
    record = read_provenance(folder / PROVENANCE)
    played = dict(enumerate(record.events))
    assert len(commits) > 6
    ahead: list[float] = []
    for commit in commits:
        if commit["number"] not in played:
            assert commit["file"] == ""
            continue
        event = played[commit["number"]]
        assert (event.token, event.played) == (commit["token"], commit["played"])
        # The device had played a moment before the session began.
        ahead.append(commit["time"] - event.time)
        if commit["file"]:
            assert event.source_start == pytest.approx(commit["source"], abs=1e-3)
    assert ahead == pytest.approx([ahead[0]] * len(ahead), abs=1e-3)
    assert 0 <= ahead[0] < 0.2
    response, guide = antiphon.read(folder / "response.wav"), antiphon.read(folder / "heard.wav")
    assert np.abs(response.samples).max() > 0.01
    assert response.channels == 2
    assert np.abs(guide.samples).max() > 0.1
    lines = [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {"event": "control", "name": "volume", "value": -6.0} in lines
    assert {"event": "cue", "name": "panic"} in lines


def test_a_killed_run_is_said_and_another_begins_and_ends_with_the_studio(chromium, tmp_path):
    with studio(project_in(tmp_path / "project")) as desk:
        page = opened(chromium, desk, [])
        page.click("#mode-live")
        first = begun(desk)
        until_heard(page, f"live.run?.id === '{first}' && live.tokens > 2")
        (performer,) = [pid for pid in processes_of(desk.process.pid) if "live.performer" in commanded(pid)]
        below = processes_of(performer)
        assert below
        os.kill(performer, signal.SIGKILL)
        until(page, "document.getElementById('live-said').textContent.includes('signal 9')")
        refused = desk.client.post("/api/live/tell", json={"name": "panic"})
        assert (refused.status_code, refused.json()["error"]) == (400, "no live run is on")
        # What decided ends with it, and what it had heard is kept.
        gone(below)
        assert written(desk, first)["state"] == "done"
        second = begun(desk)
        until_heard(page, f"live.run?.id === '{second}' && live.tokens > 1")
        assert desk.client.post("/api/live/begin", json=BODY).status_code == 400
        page.close()
        everything = processes_of(desk.process.pid)
        assert any("live.performer" in commanded(pid) for pid in everything)
    gone(everything)


def test_a_killed_studio_leaves_no_run_behind(tmp_path):
    with studio(project_in(tmp_path / "project"), signal.SIGKILL) as desk:
        begun(desk)
        awaited(desk, "on")
        below = processes_of(desk.process.pid)
    gone(below)


def gone(pids: set[int]) -> None:
    """Each ends, one that still loads an agent when it has loaded it."""
    end = time.monotonic() + LONGEST
    while left := {pid for pid in pids if commanded(pid)}:
        assert time.monotonic() < end, [commanded(pid) for pid in left]
        time.sleep(0.1)


def test_a_run_that_cannot_begin_says_why(desk):
    begun(desk, memories=["guide.wav"], agent="", input=None, guide="", repeats=False, output="999")
    run = awaited(desk, "over")
    assert "output device" in run["said"] or "PortAudio" in run["said"] or "live sound needs" in run["said"]
    assert desk.client.post("/api/live/begin", json={**BODY, "input": "0"}).status_code == 400
    assert desk.client.post("/api/live/begin", json={**BODY, "guide": "", "input": "0"}).status_code == 400


def test_events_are_those_of_the_osc_table_and_the_dials_those_of_the_controls(desk):
    from antiphon.live.controls import BY_NAME

    told = desk.client.get("/api/live").json()
    assert [each["name"] for each in told["dials"]["table"]] == list(BY_NAME)
    assert [each["words"] for each in told["dials"]["table"]] == [each.words for each in BY_NAME.values()]
    script = desk.client.get("/static/live.js").text
    handled = script.split("const HEARD = {")[1].split("\n};")[0]
    for address in SAID:
        assert f"\n  {address.name}(" in handled or f'\n  "{address.name}"(' in handled or address.name == "pong"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_live_view_fits_and_breaks_no_rule(chromium, desk, width, scheme):
    said = []
    page = opened(chromium, desk, said, width, color_scheme=scheme, reduced_motion="reduce")
    page.click("#mode-live")
    page.wait_for_selector("#live-dial-follow")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("document.getElementById('live-run').hidden = false")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if os.path.isfile(AXE):
        assert broken_rules(page) == []
    assert said == []
    page.close()
