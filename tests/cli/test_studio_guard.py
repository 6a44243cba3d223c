"""Nobody but the page asks anything of the studio, and nothing that it is asked leads out of the project."""

import json
import os
import shutil
import socket
import sys
from urllib.parse import quote

import pytest
from cli_making import digests, refused, sound, tones
from pydantic import ValidationError
from studio_making import studio

from antiphon.errors import BadData, SettingsError
from antiphon.interfaces import no_progress
from antiphon.studio.bench import Bench
from antiphon.studio.bodies import KINDS
from antiphon.studio.project import Project
from antiphon.studio.work import WORK

pytest.importorskip("fastapi", reason="the extra studio is not installed")
if sys.platform == "win32":
    pytest.skip("names with < and >, and links that anybody may make, are POSIX", allow_module_level=True)

NAMES = (
    *(
        "../secret.wav",
        "/etc/passwd",
        "sounds/../../secret.wav",
        "..",
        ".",
        "",
        "//etc/passwd",
        "guide.wav/../../secret.wav",
    ),
    *("..\\secret.wav", "%2e%2e/secret.wav", "guide.wav\0.png", "\0", "link.wav", "linked/secret.wav", "./guide.wav"),
    *(
        "．．／secret.wav",
        "‥/secret.wav",
        "..∕secret.wav",
        "GUIDE.WAV",
        "guide.wav/",
        "guide.wav:stream",
        "~/secret.wav",
    ),
    *(
        "e\u0301.wav",
        "file:///etc/passwd",
        "C:\\Windows\\win.ini",
        ".antiphon-studio/jobs",
        "agent/config.json",
        "a" * 900,
    ),
)
"""Names that no listing of the project holds."""

UPLOADS = (
    *(
        "../x.wav",
        "x/y.wav",
        "x\\y.wav",
        ".hidden.wav",
        "x.wav\0.wav",
        "x.exe",
        "x",
        ".wav",
        "con.wav",
        "a\u202ewav.wav",
    ),
    *("．．／x.wav", " x.wav", "x.wav ", "x" * 300 + ".wav", "<b>.wav", "x\n.wav", "..wav"),
)
"""Names that no upload may have."""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project beside a secret, with links that lead to it, and a name that is markup."""
    outside = tmp_path_factory.mktemp("outside")
    folder = outside / "project"
    sound(folder / "guide.wav", tones(2))
    sound(folder / "é.wav", tones(2))
    sound(folder / "<img src=x onerror=alert(1)>.wav", tones(1))
    sound(outside / "secret.wav", tones(1, seed=1))
    (folder / "link.wav").symlink_to(outside / "secret.wav")
    (folder / "linked").symlink_to(outside)
    return folder


@pytest.fixture(scope="module")
def desk(project):
    with studio(project) as opened:
        yield opened


def test_a_hundred_hostile_requests_are_refused_and_change_nothing(desk, project):
    # Where names are compared without case, and composed and decomposed letters are one, these are names of its sounds.
    names = [name for name in NAMES if sys.platform != "darwin" or name not in ("GUIDE.WAV", "e\u0301.wav")]
    own = project / ".antiphon-studio"
    before = {name: what for name, what in digests(project.parent).items() if own.name not in name}
    asked = 0
    for name in names:
        for path in (
            *("/api/audio?file=", "/api/peaks?file=", "/api/response?name=", "/api/download?name="),
            *(
                "/api/loudness?file=",
                "/api/excerpt?start=0&end=1&file=",
                "/api/alphabet?agent=&guide=guide.wav&target=",
            ),
        ):
            assert 400 <= desk.client.get(path + quote(name)).status_code < 500, (path, name)
            asked += 1
        for path, body in (
            ("/api/answer", {"guides": [name], "memories": ["guide.wav"]}),
            ("/api/answer", {"guides": ["guide.wav"], "memories": ["guide.wav"], "agent": name or "none"}),
            ("/api/again", {"response": name, "kept": [], "seed": 0}),
            ("/api/train", {"guide": "guide.wav", "target": name}),
            ("/api/learn", {"guide": "guide.wav", "target": name}),
            ("/api/learn", {"guide": name, "target": "guide.wav", "agent": "", "way": "heart"}),
            ("/api/pair", {"guide": "guide.wav", "target": name}),
            ("/api/export", {"response": name, "formats": ["all"]}),
            ("/api/alphabet", {"agent": "", "guide": "guide.wav", "target": name}),
            ("/api/draft", {"response": name, "kept": [], "seed": 0}),
            ("/api/map", {"response": name}),
            ("/api/hold", {"response": name}),
            ("/api/live/begin", {"memories": [name], "guide": "guide.wav"}),
            ("/api/live/begin", {"memories": ["guide.wav"], "guide": name or "none"}),
            ("/api/live/begin", {"memories": ["guide.wav"], "guide": "guide.wav", "agent": name or "none"}),
            ("/api/live/begin", {"memories": ["guide.wav"], "output": name or "none"}),
            ("/api/live/tell", {"name": name, "values": []}),
        ):
            assert 400 <= desk.client.post(path, json=body).status_code < 500, (path, name)
            asked += 1
    for name in UPLOADS:
        answered = desk.client.put(f"/api/sounds?name={quote(name)}", content=b"RIFF")
        assert answered.status_code == 400, (name, answered.text)
        asked += 1
    assert asked > 100
    assert desk.state()["jobs"] == []
    for path, body in (
        ("/api/marks", {"response": "none", "kept": [[0, 1]]}),
        ("/api/names", {"alphabet": "../x", "token": 1, "name": "a"}),
        ("/api/names", {"alphabet": "x", "token": -1, "name": "a"}),
        ("/api/presets", {"name": "follow", "dials": {}}),
        ("/api/presets", {"name": "mine", "dials": {"novelty": 1e9}}),
        ("/api/presets", {"name": "mine", "dials": {"__class__": 1}}),
        ("/api/presets", {"name": " \n ", "dials": {}}),
    ):
        assert 400 <= desk.client.put(path, json=body).status_code < 500, (path, body)
    for body in (
        *({"name": name, "values": [1]} for name in ("subscribe", "unsubscribe", "guide/note", "guide/token", "ping")),
        *({"name": name, "values": ["\0"]} for name in ("volume", "unit", "/antiphon/start", "start")),
        *({"name": "volume", "values": values} for values in ([1e9], [], [1, 2, 3], [None], ["off"], [[1]])),
        *({"name": "region", "values": ["a" * 2000]}, {"name": "panic", "values": [], "more": 1}, {"values": []}),
    ):
        assert 400 <= desk.client.post("/api/live/tell", json=body).status_code < 500, body
    for more in (
        *({"input": "0"}, {"guide": "", "repeats": True}, {"output": "../0"}, {"output": "-1"}, {"seed": -1}),
        *({"controls": {"volume": 1e9}}, {"controls": {"start": 1}}, {"controls": {"__class__": 1}}, {"tempo": 0}),
        *({"memories": []}, {"record": "/tmp/x"}, {"osc_port": 1}),
    ):
        body = {"memories": ["guide.wav"], "guide": "guide.wav", **more}
        assert 400 <= desk.client.post("/api/live/begin", json=body).status_code < 500, body
    assert desk.client.get("/api/live").json()["run"]["state"] == "none"
    assert desk.client.get("/api/live/events", params={"after": "x"}).status_code == 422
    assert desk.client.get("/api/live", params={"agent": "../x"}).status_code == 404
    for span in ((-1, 1), (1, 1), (2, 1), (0, 1e9), ("a", 1)):
        where = {"file": "guide.wav", "start": span[0], "end": span[1]}
        assert 400 <= desk.client.get("/api/excerpt", params=where).status_code < 500, span
    assert {name: what for name, what in digests(project.parent).items() if own.name not in name} == before


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1"},
        {"host": "127.0.0.1.evil.example:80"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "https://127.0.0.1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"x-antiphon-token": ""},
        {"x-antiphon-token": "wrong"},
    ],
    ids=str,
)
def test_another_site_may_not_ask(desk, headers):
    for method, path in (
        ("GET", "/api/state"),
        ("POST", "/api/answer"),
        ("PUT", "/api/marks"),
        ("PUT", "/api/names"),
        ("POST", "/api/draft"),
        ("POST", "/api/live/begin"),
        ("POST", "/api/live/tell"),
        ("POST", "/api/live/end"),
        ("GET", "/api/live"),
        ("GET", "/api/live/events"),
        ("GET", "/api/live/devices"),
        ("DELETE", "/api/state"),
    ):
        answered = desk.client.request(method, path, headers=headers)
        assert answered.status_code in (401, 403, 421), (method, path)
        assert "guide.wav" not in answered.text
        assert "access-control-allow-origin" not in answered.headers


def test_what_writes_needs_its_token_in_a_header(desk):
    del desk.client.headers["x-antiphon-token"]
    try:
        assert desk.client.get("/api/state").status_code == 401
        assert desk.client.get(f"/api/state?token={desk.token}").status_code == 200
        body = {"guides": ["guide.wav"], "memories": ["guide.wav"]}
        assert desk.client.post(f"/api/answer?token={desk.token}", json=body).status_code == 401
        assert desk.client.put(f"/api/sounds?name=a.wav&token={desk.token}", content=b"").status_code == 401
        for path in ("begin", "tell", "end"):
            assert desk.client.post(f"/api/live/{path}?token={desk.token}", json={}).status_code == 401
    finally:
        desk.client.headers["x-antiphon-token"] = desk.token


def test_requests_that_are_no_requests_are_one_line(desk):
    bodies = [
        *(b"", b"{", b"[]", b"null", b"\xff", b'{"guides": "guide.wav"}', b"[" * 5000, b'{"seed": 1e999}'),
        *(b'{"guides": ["guide.wav"], "memories": ["guide.wav"], "more": 1}', b"a" * 200_000),
        json.dumps({"guides": ["guide.wav"], "memories": ["guide.wav"], "seed": -1}).encode(),
        json.dumps({"guides": ["guide.wav"], "memories": ["guide.wav"], "preset": "loud"}).encode(),
    ]
    for body in bodies:
        answered = desk.client.post("/api/answer", content=body)
        assert 400 <= answered.status_code < 500, body[:40]
        assert "\n" not in answered.json()["error"]
        assert len(answered.json()["error"]) < 500
    assert desk.state()["jobs"] == []


def test_an_upload_that_is_no_sound_or_too_long_leaves_nothing(desk, project):
    assert desk.client.put("/api/sounds?name=a.wav", content=b"not a sound").status_code == 404
    length = {"content-length": str(1 << 40)}
    with socket.create_connection(("127.0.0.1", int(desk.base.rsplit(":", 1)[1]))) as line:
        head = f"PUT /api/sounds?name=b.wav HTTP/1.1\r\nHost: {desk.base[7:]}\r\nX-Antiphon-Token: {desk.token}\r\n"
        line.sendall(f"{head}Content-Length: {length['content-length']}\r\n\r\n".encode())
        assert b" 413 " in line.recv(4096)
    answered = desk.client.put("/api/sounds?name=c.wav", content=iter([b"RIFF"]))
    assert answered.status_code == 400
    assert not list(project.glob("sounds/*"))


def test_the_page_has_no_script_in_it_and_loads_nothing_from_elsewhere(desk):
    page = desk.client.get("/", headers={"x-antiphon-token": ""})
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script>" not in page.text
    assert "style=" not in page.text
    assert "<style" not in page.text
    assert "http" not in page.text.replace("http-equiv", "")
    for header, wanted in (("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer")):
        assert page.headers[header] == wanted
    assert desk.client.get("/static/..%2fserver.py").status_code == 404
    assert desk.client.get("/openapi.json").status_code == 404


def test_links_are_named_and_not_followed(desk):
    state = desk.state()
    assert "link.wav" not in state["sounds"]
    assert any("2 links" in remark for remark in state["remarks"])


def test_sound_is_served_in_ranges_and_peaks_once(desk, project):
    whole = desk.client.get("/api/audio", params={"file": "guide.wav"}).content
    assert whole == (project / "guide.wav").read_bytes()
    part = desk.client.get("/api/audio", params={"file": "guide.wav"}, headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole[100:200])
    first = desk.client.get("/api/peaks", params={"file": "guide.wav"}).content
    kept = list((project / ".antiphon-studio" / "derived").iterdir())
    made = [path.stat().st_ino for path in kept]
    assert desk.client.get("/api/peaks", params={"file": "guide.wav"}).content == first
    assert [path.stat().st_ino for path in kept] == made
    stretch, rate, frames = (int.from_bytes(first[a:b], "little") for a, b in ((4, 8), (8, 12), (12, 20)))
    assert (rate, frames, len(first) - 20) == (22050, 44100, 2 * -(-44100 // stretch))


@pytest.mark.skipif(sys.platform != "linux", reason="/proc says who listens where on Linux alone")
def test_it_listens_at_this_machine_alone(desk):
    port = int(desk.base.rsplit(":", 1)[1])
    with open("/proc/net/tcp", encoding="ascii") as file:
        listening = [line.split()[1] for line in file if line.split()[3] == "0A"]
    assert [place for place in listening if int(place.split(":")[1], 16) == port] == [f"0100007F:{port:04X}"]


def test_one_studio_opens_a_project(desk, project, call):
    refused(call("studio", project, "--no-browser"), 1, "another program")
    refused(call("studio", project / "none", "--no-browser"), 4, "no such folder")


def test_a_link_that_appears_later_is_not_followed_either(desk, project, tmp_path):
    shutil.copy(project.parent / "secret.wav", tmp_path / "secret.wav")
    sound(project / "later.wav", tones(1))
    assert desk.client.get("/api/peaks", params={"file": "later.wav"}).status_code == 200
    os.remove(project / "later.wav")
    (project / "later.wav").symlink_to(tmp_path / "secret.wav")
    assert desk.client.get("/api/audio", params={"file": "later.wav"}).status_code == 404


def test_a_project_whose_own_folder_is_a_link_is_not_opened(call, tmp_path):
    project, outside = tmp_path / "project", tmp_path / "outside"
    project.mkdir()
    outside.mkdir()
    (project / ".antiphon-studio").symlink_to(outside)
    refused(call("studio", project, "--no-browser"), 4, "a link, which may lead out of the project")
    assert not any(outside.iterdir())


@pytest.mark.parametrize("run", ["../outside", "/tmp/outside", "0" * 20 + "-abcdef/.."])
def test_a_live_run_that_lay_in_the_project_is_read_from_nowhere_else(tmp_path, run):
    asked = {"run": run, "memories": ["a.wav"], "rate": 22050, "channels": 1}
    with pytest.raises(ValidationError):
        KINDS["live"].model_validate(asked)
    sound(tmp_path / "project" / "a.wav", tones(1))
    (tmp_path / "outside" / "run-1").mkdir(parents=True)
    (tmp_path / "project" / ".antiphon-studio").mkdir()
    (tmp_path / "project" / ".antiphon-studio" / "live").symlink_to(tmp_path / "outside")
    with pytest.raises(BadData, match="a link, which may lead out of the project"):
        WORK["live"](Bench(Project(tmp_path / "project")), {**asked, "run": "0" * 20 + "-abcdef"}, no_progress)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "a/b"])
def test_a_job_that_lay_in_the_project_writes_nowhere_else(tmp_path, name):
    """As a stranger may have written it, beside the sounds that it asks for."""
    for track in ("a.wav", "b.wav"):
        sound(tmp_path / "project" / track, tones(1))
    bench = Bench(Project(tmp_path / "project"))
    asked = {"guide": "a.wav", "target": "b.wav", "both_ways": False, "name": name}
    with pytest.raises(SettingsError):
        WORK["train"](bench, asked, no_progress)
