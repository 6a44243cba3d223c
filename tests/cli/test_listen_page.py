"""A listening test in a real Chromium: one listener goes through a study by the keyboard."""

import json
import shutil
import time

import pytest
from listening_making import CONDITIONS, listening, study

from antiphon.listening.answers import read_answers
from antiphon.listening.study import read_study

pytest.importorskip("fastapi", reason="the extra studio is not installed")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
FLAGS = ["--no-sandbox", "--mute-audio"]
PATIENCE = 60_000
"""Milliseconds: the machine may have other work."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (Debian: apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def chromium():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS, timeout=PATIENCE)
        yield browser
        browser.close()


def opened(chromium, desk, said, width=1280):
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(desk.base) else said.append(request.url))
    page.goto(desk.address)
    until(page, "document.title !== 'Listening test'")
    return page


def until(page, what):
    """Wait until an expression of the page is true."""
    end = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(what):
        assert time.monotonic() < end, what
        page.wait_for_timeout(50)


def asked(page, what):
    return page.evaluate(f"import('/static/listen.js').then(({{ test }}) => {what})")


def pitch(page):
    """Where the spectrum of what is heard has its peak, in Hz: by an analyser of the page's own context."""
    return asked(
        page,
        "(() => { const at = test.sounds.meter, bins = new Float32Array(at.frequencyBinCount);"
        "at.getFloatFrequencyData(bins); let best = 0; bins.forEach((v, i) => { if (v > bins[best]) best = i; });"
        "return best * test.sounds.context.sampleRate / at.fftSize; })()",
    )


def begin(page, name):
    page.keyboard.type(name)
    page.keyboard.press("Enter")


def heard_both(page):
    """Listen to both by the keyboard; the pitch of each: the tested condition has the lower one."""
    heard = []
    for key in ("1", "2"):
        page.keyboard.press(key)
        until(page, f"document.body.dataset.playing === '{int(key) - 1}'")
        page.wait_for_timeout(150)
        end = time.monotonic() + PATIENCE / 1000
        while not 250 < (now := pitch(page)) < 950 or any(abs(now - before) < 100 for before in heard):
            assert time.monotonic() < end, (now, heard)
            page.wait_for_timeout(50)
        heard.append(now)
        page.wait_for_timeout(700)
    return heard


def test_a_listener_answers_a_whole_study_by_the_keyboard_and_goes_on_after_a_break(chromium, tmp_path):
    folder, said = tmp_path / "study", []
    made = study(folder, trials=3, told=True)
    with listening(folder) as desk:
        page = opened(chromium, desk, said)
        assert page.inner_text("h1") == "Tones <b>and</b> guides"
        begin(page, "ann")
        for number in range(6):
            if number == 2:
                page.close()
                page = opened(chromium, desk, said)
                begin(page, "ann")
            page.wait_for_selector("#trial:not([hidden])")
            until(page, f"document.querySelector('#where').textContent === 'Question {number + 1} of 6'")
            until(page, "document.querySelector('#hint').textContent.startsWith('Listen to A, B')")
            assert page.is_disabled("#next")
            first, second = heard_both(page)
            assert 250 < min(first, second) < 350 < max(first, second)
            page.keyboard.press("g")
            until(page, "document.body.dataset.playing === 'guide'")
            page.keyboard.press("Space")
            until(page, "document.body.dataset.playing === ''")
            page.keyboard.press("ArrowLeft" if first < second else "ArrowRight")
            until(page, "!document.querySelector('#next').disabled")
            page.keyboard.press("Enter")
        page.wait_for_selector("#end:not([hidden])")
        page.wait_for_selector("#result li")
        assert "Chosen over deaf 3 of 3 times" in page.inner_text("#result")
        page.close()
    found = read_answers(folder, read_study(folder)).found
    assert [each.places[each.chosen] for each in found] == ["hearing"] * 6
    assert {each.question for each in found} == {f"{t.name} | {o}" for t in made.trials for o in CONDITIONS[1:]}
    assert all(each.seconds > 1 and min(each.plays) >= 1 for each in found)
    assert said == []


def test_several_answers_are_rated_on_sliders(chromium, tmp_path):
    folder, said = tmp_path / "study", []
    names = ("hearing", "partner", "deaf", "random")
    study(folder, "rating", 1, names, roles=(("partner", "reference"), ("random", "anchor")))
    with listening(folder) as desk:
        page = opened(chromium, desk, said, width=390)
        begin(page, "ben")
        until(page, "document.querySelector('#hint').textContent.startsWith('Listen to A, B, C, D')")
        for place in range(4):
            page.click(f".place[data-place='{place}'] button")
            page.wait_for_timeout(800)
        assert "Move every slider" in page.inner_text("#hint")
        for place in range(4):
            page.focus(f".place[data-place='{place}'] input")
            for _ in range(place + 1):
                page.keyboard.press("ArrowRight")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.click("#next")
        page.wait_for_selector("#end:not([hidden])")
        assert page.inner_text("#result") == ""
        page.close()
    (found,) = read_answers(folder, read_study(folder)).found
    assert found.ratings == (51.0, 52.0, 53.0, 54.0)
    assert sorted(found.places) == sorted(names)
    assert said == []


def test_a_server_that_went_away_is_named_and_the_answer_is_given_again(chromium, tmp_path):
    folder, said = tmp_path / "study", []
    study(folder, trials=1, conditions=CONDITIONS[:2])
    with listening(folder) as desk:
        port = desk.base.rsplit(":", 1)[1]
        page = opened(chromium, desk, said)
        begin(page, "cleo")
        until(page, "document.querySelector('#hint').textContent.startsWith('Listen to')")
        heard_both(page)
        page.keyboard.press("ArrowLeft")
        until(page, "!document.querySelector('#next').disabled")
        desk.process.terminate()
        desk.process.wait()
        page.keyboard.press("Enter")
        page.wait_for_selector("#error:not([hidden])")
        assert "not kept yet" in page.inner_text("#error")
        assert page.is_enabled("#next")
    with listening(folder, "--port", port) as desk:
        page.goto(desk.address)
        until(page, "document.title !== 'Listening test'")
        assert page.input_value("#listener") == "cleo"
        page.keyboard.press("Enter")
        until(page, "document.querySelector('#hint').textContent.startsWith('Listen to')")
        heard_both(page)
        page.keyboard.press("ArrowLeft")
        until(page, "!document.querySelector('#next').disabled")
        page.keyboard.press("Enter")
        page.wait_for_selector("#end:not([hidden])")
        page.close()
    lines = (folder / "answers" / "listener-cleo.jsonl").read_text().splitlines()
    assert [json.loads(line)["chosen"] for line in lines] == [0]
