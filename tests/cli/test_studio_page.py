"""The studio's page in a real Chromium: what a musician does there, and what then lies in the folder."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from studio_browsing import MARKS, asked, opened, until
from studio_making import project_in, studio

import antiphon
from antiphon.action.export.rpp import read_project

pytest.importorskip("fastapi", reason="the extra studio is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = MARKS


@pytest.fixture(scope="module")
def project(tmp_path_factory, agent, guide, memory):
    folder = tmp_path_factory.mktemp("studio") / "my <b>project</b>"
    return project_in(folder, agent, {"<img src=x onerror=alert(1)>": guide, "memory": memory})


@pytest.fixture(scope="module")
def desk(project):
    with studio(project) as opened:
        yield opened


def response(page) -> str:
    return asked(page, "studio.response?.name ?? ''")


def samples(project: Path, name: str) -> np.ndarray:
    return antiphon.read(project / name / "response.wav").samples


def answered(page) -> str:
    """The name of the first response, asked for as a musician does."""
    page.select_option("#agent", "agents/small")
    page.click("#answer button")
    until(page, "document.getElementById('open').hidden === false")
    return response(page)


def plays(page) -> None:
    """The clock of the sound goes on, and what leaves it is not silence; muted it is."""
    page.focus(".lane:nth-child(2) canvas")
    page.keyboard.press("Space")
    until(page, "document.getElementById('play').textContent === 'Pause'")
    page.wait_for_timeout(500)
    before = asked(page, "[studio.transport.position(), studio.transport.context.currentTime]")
    levels = []
    for _ in range(10):
        page.wait_for_timeout(100)
        levels.append(asked(page, "studio.transport.level()"))
    after = asked(page, "[studio.transport.position(), studio.transport.context.currentTime]")
    assert after[1] > before[1]
    assert after[0] < before[0] or abs((after[0] - before[0]) - (after[1] - before[1])) < 0.05
    assert max(levels) > 0.01
    for name in ("Guide", "Response"):
        page.click(f"[aria-label='Mute {name}']")
    until(page, "import('/static/main.js').then(({ studio }) => studio.transport.level() < 1e-3)")
    for name in ("Guide", "Response"):
        page.click(f"[aria-label='Mute {name}']")


def kept_by_dragging(page) -> list[float]:
    """The span that was dragged over the response and kept."""
    page.keyboard.press("Escape")
    page.locator(".lane canvas").nth(1).scroll_into_view_if_needed()
    box = page.locator(".lane canvas").nth(1).bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 30, steps=4)
    page.mouse.up()
    page.click("#keep")
    (kept,) = asked(page, "studio.marks.kept")
    assert kept[1] - kept[0] > 5
    return kept


def exported(page, project, name) -> None:
    """What is written from the page is a session that opens, in the folder and in what is downloaded."""
    page.click("#tab-export")
    page.click("#export button")
    until(page, "document.getElementById('export-said').textContent.includes('session.rpp')")
    assert read_project(project / name / "session.rpp").blocks("TRACK")
    with page.expect_download() as download:
        page.click("#download")
    assert f"{Path(name).name}/session.rpp" in zipfile.ZipFile(download.value.path()).namelist()


def test_from_two_tracks_to_an_edited_session(chromium, desk, project):
    said = []
    page = opened(chromium, desk, said)
    assert "<img" in page.locator("#guide option").first.inner_text()
    first = answered(page)
    plays(page)
    kept = kept_by_dragging(page)
    page.click("#redo-rest")
    until(page, f"document.getElementById('response').value !== {json.dumps(first)}")
    second = response(page)
    rate = antiphon.read(project / second / "response.wav").sample_rate
    inside = slice(round(kept[0] * rate), round(kept[1] * rate))
    old, new = samples(project, first), samples(project, second)
    assert np.array_equal(old[inside], new[inside])
    assert not np.array_equal(old, new)
    assert asked(page, "studio.marks.kept") == [kept]

    # Another window changes what is kept, and this one sees it; undo goes back to where it came from.
    answer = desk.client.put("/api/marks", json={"response": second, "kept": [[0, 1]]})
    assert answer.status_code == 200
    until(page, "document.getElementById('span').textContent.includes('Kept: 1.0 of')")
    page.click("#undo")
    until(page, f"document.getElementById('response').value === {json.dumps(first)}")

    # Every segment says why, by the keyboard.
    page.focus(".lane:nth-child(2) canvas")
    for key in ("End", "ArrowLeft"):
        page.keyboard.press(key)
    assert asked(page, "studio.cursor") == pytest.approx(19.5)
    for key in ("Home", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector("#testimony dl")
    assert page.locator("#testimony .rivals > div").count() == 4
    assert "0.5" in page.locator("#time").inner_text()

    exported(page, project, first)
    assert said == []
    page.close()


@pytest.mark.parametrize("width", [390, 1280, 1920])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits(chromium, desk, width, scheme):
    said = []
    page = opened(chromium, desk, said, width, color_scheme=scheme, reduced_motion="reduce")
    if desk.state()["responses"]:
        page.wait_for_selector("#open", state="visible")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    unnamed = page.evaluate(
        """[...document.querySelectorAll('button, select, input, canvas[tabindex], a, progress')].filter(each =>
        !each.closest('[hidden]') && !(each.textContent.trim() || each.labels?.length || each.ariaLabel)).length"""
    )
    assert unnamed == 0
    assert said == []
    page.close()


def test_a_lost_studio_is_said_and_found_again(chromium, desk):
    page = opened(chromium, desk, [])
    page.context.set_offline(True)
    until(page, "document.getElementById('connection').textContent.includes('does not answer')")
    page.context.set_offline(False)
    until(page, "document.getElementById('connection').textContent === ''")
    page.close()
