"""The studio's panel that makes agents, in a real Chromium: the check of two sounds in words, learning without and with
training, and how a training stands while it runs."""

import shutil

import numpy as np
import pytest
from cli_making import sound
from studio_browsing import MARKS, NEEDS_AXE, asked, broken_rules, opened, until
from studio_making import project_in, studio

import antiphon

pytest.importorskip("fastapi", reason="the extra studio is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = MARKS

QUICK = {
    "ANTIPHON_TRAINING__MAX_EPOCHS": "4",
    "ANTIPHON_TRAINING__SHIFTED": "false",
    "ANTIPHON_DECISION__LAYERS": "1",
    "ANTIPHON_DECISION__GUIDE_LAYERS": "0",
    "ANTIPHON_DECISION__DIMENSION": "32",
    "ANTIPHON_DECISION__FEED_FORWARD": "32",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory, agent, guide, memory):
    folder = project_in(tmp_path_factory.mktemp("studio") / "making", agent, {"guide": guide, "memory": memory})
    shutil.copy(folder / "guide.wav", folder / "twice.wav")
    sound(folder / "silent.wav", antiphon.read(folder / "guide.wav").samples * 0)
    return folder


@pytest.fixture(scope="module")
def desk(project):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUICK.items():
            patch.setenv(name, value)
        with studio(project) as served:
            yield served


def said_of_pair(page, target: str) -> str:
    page.select_option("#replies", target)
    until(page, "!document.getElementById('pair-said').textContent.match(/Listening|^$/)")
    return page.locator("#pair-said").inner_text()


def test_two_sounds_are_checked_before_an_agent_learns_from_them(chromium, desk):
    said = []
    page = opened(chromium, desk, said, 390)
    page.click("#make summary")
    page.select_option("#asks", "guide.wav")
    assert "can learn from these two" in said_of_pair(page, "memory.wav")
    assert page.locator("#learn").inner_text() == "Learn from the pair"
    assert "Wrong: They hold the same samples. Both tracks are one sound" in said_of_pair(page, "twice.wav")
    assert page.locator("#learn").inner_text() == "Learn from the pair all the same"
    assert "silent: It never sounds. Choose a sound that plays." in said_of_pair(page, "silent.wav")
    assert "A track cannot answer itself" in said_of_pair(page, "guide.wav")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert said == []
    page.close()


@NEEDS_AXE
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_rule_of_accessibility_is_broken(chromium, desk, width, scheme):
    page = opened(chromium, desk, [], width, color_scheme=scheme)
    page.click("#make summary")
    page.select_option("#asks", "guide.wav")
    said_of_pair(page, "twice.wav")
    page.select_option("#way", "heart")
    assert broken_rules(page) == []
    page.close()


def test_a_pair_is_remembered_and_answered_with(chromium, desk, project):
    said = []
    page = opened(chromium, desk, said)
    page.click("#make summary")
    page.select_option("#asks", "guide.wav")
    page.select_option("#replies", "memory.wav")
    page.select_option("#way", "remember")
    page.select_option("#learner", "agents/small")
    page.fill("#agent-name", "remembers")
    page.click("#learn")
    page.click("[aria-label='Answer with remembers']")
    assert page.locator("#agent").input_value() == "agents/remembers"
    assert "Remembers" in page.locator("#jobs li").first.inner_text()
    assert len(antiphon.Agent.load(project / "agents" / "remembers").pairs) == 1
    page.click("#answer button")
    until(page, "document.getElementById('open').hidden === false")
    assert asked(page, "studio.response.agent") == "remembers"
    assert said == []
    page.close()


def test_a_training_says_how_it_stands(chromium, desk):
    page = opened(chromium, desk, [])
    page.click("#make summary")
    page.select_option("#asks", "guide.wav")
    page.select_option("#replies", "memory.wav")
    page.click("#learn")
    until(page, "document.getElementById('jobs').textContent.match(/Loss [\\d.]+ bits a segment/) !== null")
    job = desk.over(desk.state()["jobs"][-1]["id"])
    assert (job["kind"], job["state"]) == ("train", "done")
    assert job["loss"] > 0
    assert -5 < job["worth"] < 5
    page.close()


def test_an_agent_of_the_project_is_fine_tuned_by_heart(desk, project):
    body = {"agent": "", "guide": "guide.wav", "target": "memory.wav", "way": "heart", "name": "by heart"}
    name = desk.client.post("/api/learn", json=body).json()["id"]
    stages = set()
    while desk.job(name)["state"] not in ("done", "failed", "stopped") and not any("TPP" in each for each in stages):
        stages.add(desk.job(name)["task"])
    assert any("finetune: TPP" in each for each in stages), (stages, desk.job(name))
    desk.client.post(f"/api/jobs/{name}/stop")
    assert desk.over(name)["state"] in ("stopped", "done")
    refused = desk.client.post("/api/learn", json={**body, "agent": "agents/nobody"})
    assert refused.status_code == 404
    assert "agents/nobody" in refused.json()["error"]


def test_names_of_classes_stand_in_exports_of_the_page_and_of_the_command_line(desk, project, call):
    body = {"guides": ["guide.wav"], "memories": ["memory.wav"], "agent": "agents/small", "takes": 2, "name": "named"}
    assert desk.ask("/api/answer", **body)["state"] == "done"
    told = desk.client.get("/api/response", params={"name": "responses/named"}).json()
    for token in range(told["rest"]):
        name = {"alphabet": told["alphabet"], "token": token, "name": f"name of {token}"}
        assert desk.client.put("/api/names", json=name).status_code == 200
    labels = project / "responses" / "named" / "response.labels.txt"
    session = labels.with_name("session.rpp")
    assert desk.ask("/api/export", response="responses/named", formats=["audacity", "reaper"])["state"] == "done"
    assert "name of" in labels.read_text()
    assert 'NAME "name of' in session.read_text()

    # Another name later is no edit of the session; a title that the musician wrote is.
    other = {"alphabet": told["alphabet"], "token": told["segments"][0][3], "name": "thud"}
    desk.client.put("/api/names", json=other)
    assert desk.ask("/api/export", response="responses/named", formats=["audacity", "reaper"])["state"] == "done"
    assert "thud" in session.read_text()
    session.write_text(session.read_text().replace("thud", "mine"))
    refused = desk.ask("/api/export", response="responses/named", formats=["reaper"])
    assert "holds edits of yours" in refused["said"][0]

    out = project / "by the command line"
    where = ["--memory", project / "memory.wav", "--agent", project / "agents" / "small", "-o", out]
    asked = ["--export", "audacity", "--names", project, "--no-explain"]
    assert call("respond", project / "guide.wav", *where, *asked).code == 0
    assert "thud" in (out / "response.labels.txt").read_text()
    wrong = out.with_name("names.json")
    wrong.write_text('{"three": "low thud"}')
    assert call("respond", project / "guide.wav", *where, "--names", wrong, "--overwrite").code == 4
    nameless = call("respond", project / "guide.wav", *where, "--names", project / "agents", "--overwrite")
    assert nameless.code == 4
    assert "no names in it for the classes of this agent" in nameless.err


def test_a_take_is_gone_on_with_from_the_page(chromium, desk, project):
    said = []
    page = opened(chromium, desk, said)
    page.select_option("#response", "responses/named")
    until(page, "import('/static/main.js').then(({ studio }) => studio.response?.name === 'responses/named')")
    page.click("#tab-takes")
    page.click("[aria-label='Go on with take 2']")
    until(page, "document.getElementById('response').value === 'responses/named take 2'")
    assert asked(page, "studio.response.parent") == "responses/named"
    folder = project / "responses"
    take = antiphon.read(folder / "named" / "take-2.wav").samples
    assert np.array_equal(antiphon.read(folder / "named take 2" / "response.wav").samples, take)
    assert said == []
    page.close()
