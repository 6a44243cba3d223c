"""The studio's page in a real Chromium: opened, waited for, asked."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
FLAGS = ["--no-sandbox", "--mute-audio", "--autoplay-policy=no-user-gesture-required"]
PATIENCE = 240_000
"""Milliseconds: the machine may have other work."""

AXE = os.environ.get("AXE_CORE", "")
"""Where axe.min.js of axe-core lies; without it the rules of accessibility are not checked here."""

NEEDS_AXE = pytest.mark.skipif(not os.path.isfile(AXE), reason="AXE_CORE does not name the axe.min.js of axe-core")

MARKS = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (Debian: apt-get install chromium)"),
]


@contextmanager
def browsing() -> Iterator:
    """A browser."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS, timeout=PATIENCE)
        yield browser
        browser.close()


def opened(chromium, desk, said, width=1280, **look):
    page = chromium.new_page(viewport={"width": width, "height": 900}, **look)
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    elsewhere = lambda request: None if request.url.startswith(desk.base) else said.append(request.url)  # noqa: E731
    page.on("request", elsewhere)
    page.goto(desk.address)
    page.wait_for_selector("#guide option", state="attached")
    return page


def until(page, what):
    """Wait until an expression of the page is true; its policy lets nobody else evaluate one."""
    end = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(what):
        assert time.monotonic() < end, what
        page.wait_for_timeout(100)


def asked(page, what):
    """A value of the page's own."""
    return page.evaluate(f"import('/static/main.js').then(({{ studio }}) => {what})")


def broken_rules(page) -> list:
    """The rules of axe-core that the page breaks, each with the first element that does."""
    page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    return page.evaluate("axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))")
