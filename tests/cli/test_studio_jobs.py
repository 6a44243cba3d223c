"""Jobs of the studio: one after the other, stopped, found again after a kill; the command line opens what they made."""

import shutil
import signal
import time

import pytest
from cli_making import sound, tones
from studio_making import studio

import antiphon

pytest.importorskip("fastapi", reason="the extra studio is not installed")
pytestmark = pytest.mark.slow

QUICK = {
    "ANTIPHON_TRAINING__MAX_EPOCHS": "2",
    "ANTIPHON_TRAINING__DEAF": "false",
    "ANTIPHON_DECISION__LAYERS": "1",
    "ANTIPHON_DECISION__GUIDE_LAYERS": "0",
    "ANTIPHON_DECISION__DIMENSION": "32",
    "ANTIPHON_DECISION__FEED_FORWARD": "32",
}


@pytest.fixture
def project(tmp_path, agent, guide, memory):
    folder = tmp_path / "project"
    (folder / "agents").mkdir(parents=True)
    shutil.copytree(agent, folder / "agents" / "small")
    for name, path in (("guide", guide), ("memory", memory)):
        audio = antiphon.read(path)
        sound(folder / f"{name}.wav", audio.samples[: 20 * audio.sample_rate], audio.sample_rate)
    return folder


BODY = {"guides": ["guide.wav"], "memories": ["memory.wav"], "agent": "agents/small"}


def test_jobs_come_one_after_the_other_and_outlive_a_killed_server(project, call):
    with studio(project, signal.SIGKILL) as desk:
        jobs = [desk.client.post("/api/answer", json={**BODY, "seed": seed}).json()["id"] for seed in range(3)]
        desk.over(jobs[0], ("running",))
        assert [job["state"] for job in desk.state()["jobs"]] == ["running", "waiting", "waiting"]
        desk.client.post(f"/api/jobs/{jobs[2]}/stop")
        assert desk.job(jobs[2])["state"] == "stopped"
    with studio(project) as desk:
        assert [job["id"] for job in desk.state()["jobs"]] == jobs
        assert [desk.over(job)["state"] for job in jobs] == ["done", "done", "stopped"]
        results = [desk.job(job)["result"] for job in jobs[:2]]
        assert desk.state()["responses"] == sorted(results)
        assert not [path for path in (project / "responses").iterdir() if path.name.startswith(".")]
        said = desk.ask("/api/answer", **{**BODY, "memories": ["guide.wav"], "preset": "follow"})
        assert said["state"] == "done"
        # What the command line wrote, the page opens; and the other way round.
        out = project / "of the command line"
        where = ["--memory", project / "memory.wav", "--agent", project / "agents" / "small", "-o", out]
        assert call("respond", project / "guide.wav", *where).code == 0
        assert "of the command line" in desk.state()["responses"]
        assert len(desk.client.get("/api/response", params={"name": "of the command line"}).json()["segments"]) > 5
        assert call("explain", project / results[0], "--at", "1").code == 0
        sound(project / "short.wav", tones(0.05))
        failed = desk.ask("/api/answer", **{**BODY, "guides": ["short.wav"]})
        assert (failed["state"], len(failed["said"])) == ("failed", 1)
        assert "short.wav" in failed["said"][0]


def test_a_pair_is_learned_stopped_and_gone_on_with(project, monkeypatch):
    for name, value in QUICK.items():
        monkeypatch.setenv(name, value)
    with studio(project) as desk:
        asked = desk.client.post("/api/train", json={"guide": "guide.wav", "target": "memory.wav", "name": "pair"})
        name = asked.json()["id"]
        desk.over(name, ("running",))
        time.sleep(1)
        desk.client.post(f"/api/jobs/{name}/stop")
        assert desk.over(name)["state"] == "stopped"
        assert not (project / "agents" / "pair").exists()
        more = desk.client.post(f"/api/jobs/{name}/again", json={}).json()["id"]
        seen = set()
        while desk.job(more)["state"] not in ("done", "failed", "stopped"):
            seen.add(desk.job(more)["task"])
            time.sleep(0.05)
        assert desk.job(more)["state"] == "done", desk.job(more)
        assert desk.job(more)["result"] == "agents/pair"
        assert any("bits" in task for task in seen), seen
        assert "agents/pair" in desk.state()["agents"]
