"""The studio's views in a real Chromium: why, dials, compare, map, alphabet; and what of them lies in the folder."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from studio_browsing import MARKS, NEEDS_AXE, asked, broken_rules, opened, until
from studio_making import project_in, studio

import antiphon
from antiphon.action.export import PROVENANCE, read_provenance
from antiphon.studio.marks import mark, marks
from antiphon.studio.project import Project

pytest.importorskip("fastapi", reason="the extra studio is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = MARKS

VIEWS = ("why", "dials", "takes", "map", "alphabet", "export")


@pytest.fixture(scope="module")
def project(tmp_path_factory, agent, guide, memory):
    return project_in(tmp_path_factory.mktemp("studio") / "project", agent, {"guide": guide, "memory": memory})


@pytest.fixture(scope="module")
def desk(project):
    with studio(project) as opened_desk:
        body = {"guides": ["guide.wav"], "memories": ["memory.wav"], "agent": "agents/small", "takes": 2}
        assert opened_desk.ask("/api/answer", **body, name="first")["state"] == "done"
        yield opened_desk


@pytest.fixture
def page(chromium, desk):
    """The page with the first response; nothing on it goes wrong, and nothing is asked of elsewhere."""
    said = []
    found = opened(chromium, desk, said)
    until(found, "document.getElementById('open').hidden === false")
    found.select_option("#response", "responses/first")
    until(found, "import('/static/main.js').then(({ studio }) => studio.response.name === 'responses/first')")
    yield found
    assert said == []
    found.close()


def samples(project: Path, name: str) -> np.ndarray:
    return antiphon.read(project / name).samples


def turned(page, dial: str, value) -> None:
    """A dial, turned as by hand, and its draft heard."""
    page.click("#tab-dials")
    page.evaluate(
        f"""(() => {{ const dial = document.getElementById('dial-{dial}'); dial.value = '{value}';
        dial.dispatchEvent(new Event('input', {{ bubbles: true }})); }})()"""
    )
    drafted(page)


def drafted(page) -> dict:
    until(page, "document.getElementById('draft-said').textContent.startsWith('Draft')")
    return asked(
        page, "({ sound: studio.draft.sound, body: studio.draft.body, segments: studio.draft.segments.length })"
    )


def plays(page, name: str) -> None:
    """The response's track has this sound."""
    files = "import('/static/main.js').then(({ studio }) => studio.transport.tracks.get('Response').files[0]"
    until(page, f"{files} === {json.dumps(name)})")


def kept_draft(page) -> str:
    """The name of the response that a draft became."""
    page.click("#draft-keep")
    until(page, "import('/static/main.js').then(({ studio }) => studio.response.name !== 'responses/first')")
    return asked(page, "studio.response.name")


def test_a_dial_is_heard_at_once_and_kept_it_has_the_samples_of_its_draft(page, project):
    before = samples(project, "responses/first/response.wav")
    turned(page, "density", 0.4)
    told = drafted(page)
    assert told["body"]["dials"] == {"density": 0.4}
    draft = samples(project, told["sound"])
    assert not np.array_equal(draft, before)
    assert np.mean(np.abs(draft).max(axis=1) < 1e-4) > 0.3
    until(page, "import('/static/main.js').then(({ studio }) => studio.transport.playing)")
    plays(page, told["sound"])
    page.keyboard.press("a")
    plays(page, "responses/first/response.wav")
    name = kept_draft(page)
    assert np.array_equal(samples(project, f"{name}/response.wav"), draft)
    assert read_provenance(project / name / PROVENANCE).settings["action"]["density"] == 0.4
    # The dials stand where the response was made with them, in another window too.
    until(page, "document.getElementById('dial-density').value === '0.4'")
    assert np.array_equal(samples(project, "responses/first/response.wav"), before)


def test_a_segment_is_swapped_for_a_rival_and_all_else_stays(page, project):
    record = read_provenance(project / "responses/first" / PROVENANCE)
    index = next(n for n, event in enumerate(record.events) if n > 5 and event.source and event.rivals)
    event = record.events[index]
    page.focus(".lane:nth-child(2) canvas")
    page.keyboard.press("Home")
    for _ in range(index):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    until(page, f"document.getElementById('testimony').textContent.includes('Segment {index + 1} of')")
    assert "the next best way" in page.inner_text("#testimony") or "no other way" in page.inner_text("#testimony")
    page.locator("#testimony .rivals button").first.click()
    told = drafted(page)
    assert told["body"]["asked"] == [[index, event.rivals[0][0]]]
    before, draft = samples(project, "responses/first/response.wav"), samples(project, told["sound"])
    rate = record.sample_rate
    inside = slice(round(event.time * rate), round((event.time + event.duration) * rate))
    outside = np.ones(len(before), dtype=bool)
    outside[inside] = False
    assert np.array_equal(before[outside], draft[outside])
    page.click("#draft-drop")
    plays(page, "responses/first/response.wav")


def test_spans_are_locked_and_rejected_in_both_windows(chromium, desk, page, project):
    other = opened(chromium, desk, [])
    until(other, "document.getElementById('open').hidden === false")
    other.select_option("#response", "responses/first")
    page.focus(".lane:nth-child(2) canvas")
    page.keyboard.press("Home")
    for key in ("Shift+ArrowRight", "Shift+ArrowRight", "o"):
        page.keyboard.press(key)
    locked = asked(page, "studio.marks.locked")
    assert locked == [[0, 1.5]]
    page.keyboard.press("j")
    assert asked(page, "studio.marks.rejected") == []
    page.keyboard.press("Escape")
    page.keyboard.press("End")
    for key in ("ArrowLeft", "ArrowLeft", "Shift+ArrowLeft", "j"):
        page.keyboard.press(key)
    rejected = asked(page, "studio.marks.rejected")
    assert rejected[0][1] - rejected[0][0] > 0.5
    until(other, "document.getElementById('span').textContent.includes('Rejected')")
    assert asked(other, "studio.marks.locked") == [[0, 1.5]]
    other.close()
    for _ in range(2):
        page.keyboard.press("u")
    until(page, "document.getElementById('span').textContent.includes('Nothing is kept yet')")


LATE = """(() => {
    const real = window.fetch;
    let first = true;
    window.fetch = async (path, asked) => {
        if (asked.method === "PUT" && first) { first = false; await new Promise(done => setTimeout(done, 500)); }
        return real(path, asked);
    };
})()"""
"""The first word to be kept is late on its way."""


def test_the_last_word_is_the_last_though_one_before_is_late_and_the_page_is_left(page, project):
    page.focus(".lane:nth-child(2) canvas")
    for key in ("Home", "Shift+ArrowRight"):
        page.keyboard.press(key)
    page.evaluate(LATE)
    for key in ("o", "u"):
        page.keyboard.press(key)
    page.wait_for_timeout(1500)
    assert not any(marks(Project(project), "responses/first").values())
    for key in ("j", "u", "o"):
        page.keyboard.press(key)
    page.goto("about:blank")
    end = time.monotonic() + 20
    while not marks(Project(project), "responses/first")["locked"] and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.5)
    found = marks(Project(project), "responses/first")
    assert found["locked"]
    assert not found["rejected"]
    mark(Project(project), "responses/first", {})


def test_versions_are_as_loud_as_each_other_and_blind_they_have_no_names(page):
    page.click("#tab-takes")
    until(page, "document.querySelectorAll('#versions canvas').length === 2")
    page.click("#compare-play")
    until(page, "import('/static/main.js').then(({ studio }) => studio.transport.playing)")
    gains = asked(page, "[0, 1].map(n => studio.transport.tracks.get(`version ${n}`).level)")
    assert max(gains) == pytest.approx(1)
    page.keyboard.press("2")
    assert asked(page, "[0, 1].map(n => studio.transport.tracks.get(`version ${n}`).muted)") == [True, False]
    page.keyboard.press("n")
    assert asked(page, "[0, 1].map(n => studio.transport.tracks.get(`version ${n}`).muted)") == [False, True]
    page.check("#blind")
    assert page.locator("#versions canvas").count() == 0
    assert "take" not in page.inner_text("#versions")
    page.locator("#versions button", has_text="I prefer this").first.click()
    assert "You chose number 1, which is" in page.inner_text("#compare-said")


def test_the_map_is_heard_by_keys_and_a_lasso_forbids_what_it_holds(page, project):
    page.click("#tab-map")
    until(page, "import('/static/main.js').then(({ map }) => map.points() !== null)")
    places = asked(page, "import('/static/map.js').then(({ points }) => [points().x, points().y])")
    page.click("#tab-why")
    page.click("#tab-map")
    assert asked(page, "import('/static/map.js').then(({ points }) => [points().x, points().y])") == places
    page.focus("#map")
    page.keyboard.press("ArrowRight")
    until(page, "document.getElementById('map-said').textContent.includes('memory.wav at')")
    until(page, "import('/static/main.js').then(({ studio }) => studio.transport.excerpts.size > 0)")
    # Around the left half.
    page.click("#map-lasso")
    page.locator("#map").scroll_into_view_if_needed()
    box = page.locator("#map").bounding_box()
    left, top = box["x"], box["y"]
    page.mouse.move(left + 2, top + 2)
    page.mouse.down()
    for across, down in ((box["width"] / 2, 2), (box["width"] / 2, box["height"] - 2), (2, box["height"] - 2), (2, 4)):
        page.mouse.move(left + across, top + down, steps=3)
    page.mouse.up()
    until(page, "document.getElementById('map-said').textContent.includes('chosen')")
    page.click("#map-taboo")
    told = drafted(page)
    assert told["body"]["regions"]["taboo"]
    name = kept_draft(page)
    events = [each for each in read_provenance(project / name / PROVENANCE).events if each.source]
    for _, start, end in told["body"]["regions"]["taboo"]:
        assert not [each for each in events if each.source_start < end - 0.01 and each.source_end > start + 0.01]
    until(page, "document.getElementById('map-said').textContent.includes('may not be played')")


def test_a_class_has_its_sounds_and_a_name_that_appears_everywhere(chromium, desk, page):
    other = opened(chromium, desk, [])
    until(other, "document.getElementById('open').hidden === false")
    page.click("#tab-alphabet")
    page.click("#sheet button")
    until(page, "document.querySelectorAll('#classes .pitches').length > 1")
    page.locator("#classes button").first.click()
    until(page, "import('/static/main.js').then(({ studio }) => studio.transport.level() > 0.001)")
    page.select_option("#answers-in", "sounds")
    assert "times" in page.inner_text("#answers-list")
    token = page.locator("#classes input:not([disabled])").first.get_attribute("data-token")
    page.fill(f"#classes input[data-token='{token}']", "<b>bell</b>")
    page.keyboard.press("Tab")
    until(page, "document.getElementById('answers-of').textContent.includes('<b>bell</b>')")
    assert page.locator("#classes b b").count() == 0
    other.click("#tab-alphabet")
    until(other, "document.getElementById('answers-of').textContent.includes('<b>bell</b>')")
    other.close()
    page.click("#tab-map")
    until(page, "document.getElementById('map-classes').textContent.includes('<b>bell</b>')")
    assert "<b>bell</b>" in str(desk.state()["names"])


def test_a_preset_is_saved_used_and_forgotten(page, desk, project):
    turned(page, "novelty", 3)
    page.fill("#preset-name", "my <i>way</i>")
    page.click("#preset-save")
    until(page, "document.getElementById('dial-preset').textContent.includes('my <i>way</i>')")
    assert desk.state()["own_presets"]["my <i>way</i>"]["novelty"] == 3
    body = {"guides": ["guide.wav"], "memories": ["memory.wav"], "agent": "agents/small", "preset": "my <i>way</i>"}
    result = desk.ask("/api/answer", **body)["result"]
    assert read_provenance(project / result / PROVENANCE).settings["action"]["novelty"] == 3
    page.select_option("#dial-preset", "my <i>way</i>")
    page.click("#preset-forget")
    until(page, "!document.getElementById('dial-preset').textContent.includes('my <i>way</i>')")
    assert desk.state()["own_presets"] == {}


@NEEDS_AXE
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_no_rule_of_accessibility_is_broken(chromium, desk, width, scheme):
    said = []
    page = opened(chromium, desk, said, width, color_scheme=scheme, reduced_motion="reduce")
    until(page, "document.getElementById('open').hidden === false")
    for view in VIEWS:
        page.click(f"#tab-{view}")
        page.wait_for_timeout(500)
        assert broken_rules(page) == [], (view, width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert said == []
    page.close()
