"""The page of a response, opened from its folder in a real Chromium without any server: one transport for all lanes,
takes side by side, by the keyboard too, on a phone."""

import json
from pathlib import Path

import pytest
from studio_browsing import MARKS, NEEDS_AXE, broken_rules

from antiphon.use_cases.read_explanation import drawn, explained

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = MARKS

PATIENCE = 120_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory, agent, guide, memory):
    from antiphon.cli.app import run

    out = tmp_path_factory.mktemp("page") / "response"
    names = out.with_name("names.json")
    names.write_text(json.dumps({str(token): f"name of {token}" for token in range(40)}))
    where = [str(guide), "--memory", str(memory), "--agent", str(agent), "-o", str(out)]
    assert run(["respond", *where, "--takes", "3", "--export", "audacity", "reaper", "--names", str(names)]) == 0
    return out


def opened(chromium, folder: Path, said: list[str], width: int = 1280, **look):
    page = chromium.new_page(viewport={"width": width, "height": 900}, **look)
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    local = lambda request: None if request.url.startswith(("file:", "data:")) else said.append(request.url)  # noqa: E731
    page.on("request", local)
    page.goto((folder / "index.html").as_uri())
    page.wait_for_selector(".transport", state="visible")
    return page


LEVEL = "document.antiphon.transport.level()"


def loudest(page) -> float:
    found = []
    for _ in range(8):
        page.wait_for_timeout(60)
        found.append(page.evaluate(LEVEL))
    return max(found)


def test_guide_response_and_takes_play_from_one_clock(chromium, folder):
    said = []
    page = opened(chromium, folder, said)
    assert page.locator("section.lane").count() == 5
    page.keyboard.press("Space")
    page.wait_for_function("document.antiphon.transport.playing")
    assert loudest(page) > 0.01
    before = page.evaluate("[document.antiphon.cursor(), document.antiphon.transport.context.currentTime]")
    page.wait_for_timeout(400)
    after = page.evaluate("[document.antiphon.cursor(), document.antiphon.transport.context.currentTime]")
    assert after[0] - before[0] == pytest.approx(after[1] - before[1], abs=0.08)

    # The balance turns one side down, and mute takes the other away.
    page.locator("#balance").fill("1")
    tracks = "[...document.antiphon.transport.tracks.values()]"
    assert page.evaluate(f"{tracks}.find(each => each.name === 'Guide').level") == 0
    page.click("[aria-label='Mute Response']")
    page.wait_for_function(f"{LEVEL} < 1e-3")
    page.click("[aria-label='Mute Response']")
    page.locator("#balance").fill("0")

    # Of response and takes one is heard, by a number or by its button.
    audible = f"{tracks}.filter(each => each.group === 'answer' && !each.muted).map(each => each.name)"
    assert page.evaluate(audible) == ["Guide", "Response"]
    page.keyboard.press("3")
    assert page.evaluate(audible) == ["Guide", "Take 3"]
    page.click("[aria-label='Hear Take 2']")
    assert page.evaluate(audible) == ["Guide", "Take 2"]
    page.click("[aria-label='Solo Guide']")
    assert page.evaluate(f"{tracks}.filter(each => each.solo).map(each => each.name)") == ["Guide"]

    # The memory has a time of its own.
    page.click("[aria-label='Play Memory']")
    page.wait_for_function("document.antiphon.transport.group === 'memory' && document.antiphon.transport.playing")
    assert loudest(page) > 0.01
    assert said == []
    page.close()


def test_lanes_go_by_the_keyboard_and_say_what_plays(chromium, folder):
    page = opened(chromium, folder, [])
    lane = page.locator("section.lane[data-name=Response] .wave")
    lane.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.antiphon.cursor()") == pytest.approx(1.0, abs=0.01)
    page.wait_for_function("document.querySelector('[data-name=Response] .wave').ariaValueText.includes('name of')")
    assert "asked for name of" in page.locator("#reading").inner_text()
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert page.evaluate("document.antiphon.axis.end - document.antiphon.axis.start") == pytest.approx(
        page.evaluate("document.antiphon.lanes[0].seconds") / 4
    )
    view = "document.querySelector('{} svg').getAttribute('viewBox')"
    assert page.evaluate(view.format(".map")).split()[:3:2] == page.evaluate(view.format(".lane")).split()[:3:2]
    page.keyboard.press("End")
    assert page.evaluate("document.antiphon.axis.end") == pytest.approx(
        page.evaluate("document.antiphon.lanes[0].seconds")
    )
    page.keyboard.press("m")
    assert page.locator("[aria-label='Mute Response']").get_attribute("aria-pressed") == "true"
    assert page.locator(".map .ticks-up span").count() > 2
    assert page.locator(".map .ticks span").count() > 2
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_and_everything_on_it_has_a_name(chromium, folder, width, scheme):
    said = []
    page = opened(chromium, folder, said, width, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    unnamed = """[...document.querySelectorAll('button, input, [tabindex], a')].filter(each =>
        !(each.textContent.trim() || each.labels?.length || each.ariaLabel)).length"""
    assert page.evaluate(unnamed) == 0
    assert page.locator("audio").count() == 0
    assert said == []
    page.close()


@NEEDS_AXE
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_rule_of_accessibility_is_broken(chromium, folder, width, scheme):
    page = opened(chromium, folder, [], width, color_scheme=scheme)
    assert broken_rules(page) == []
    page.close()


def test_names_of_classes_stand_in_what_is_exported(folder):
    labels = (folder / "response.labels.txt").read_text().splitlines()
    assert all("name of" in line or line.endswith("rest") for line in labels)
    assert 'NAME "name of' in (folder / "session.rpp").read_text()
    assert json.loads((folder / "provenance.json").read_text())["names"]["3"] == "name of 3"
    assert dict(explained(folder, 1.0)[0].facts())["asked for"].startswith("name of ")
    drawn(folder, folder.with_name("drawing.svg"))
    assert "guide segment 0: name of " in folder.with_name("drawing.svg").read_text()
