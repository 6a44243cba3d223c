"""The server of a listening test, as it is started: who may ask what, what listeners show, what `--analyse` writes."""

import csv
import json
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import httpx
import pytest
from cli_making import refused
from listening_making import CONDITIONS, listening, study

from antiphon.listening.answers import read_answers

pytest.importorskip("fastapi", reason="the extra studio is not installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("listen") / "study"
    study(folder, trials=12)
    return folder


@pytest.fixture(scope="module")
def desk(folder):
    with listening(folder) as opened:
        yield opened


def known(folder):
    """Which condition a sound is: by its bytes, which a listener's page does not tell."""
    found = {}
    for path in (folder / "sounds").iterdir():
        place = path.stem.split()[1]
        found[path.read_bytes()] = "guide" if place == "guide" else CONDITIONS[int(place)]
    return found


def test_a_simulated_listener_who_hears_it_shows_it_and_one_who_does_not_does_not(desk, folder, call, tmp_path):
    conditions = known(folder)
    for listener in ("hears", "guesses"):
        told = desk.start(listener)
        assert told["answered"] == [False] * 24
        for number, asked in enumerate(told["questions"]):
            assert asked == {"places": 2, "guide": True}
            heard = [conditions[desk.sound(listener, number, place)] for place in (0, 1)]
            assert conditions[desk.sound(listener, number, "guide")] == "guide"
            assert "hearing" in heard
            # One goes by what is heard, the other by the number of the question.
            chosen = heard.index("hearing") if listener == "hears" else number % 2
            assert desk.answer(listener, number, chosen=chosen).status_code == 201
        assert desk.start(listener)["answered"] == [True] * 24
    lines = {name: (folder / "answers" / f"listener-{name}.jsonl").read_text() for name in ("hears", "guesses")}
    for name, low, high in (("hears", 0.0, 0.05), ("guesses", 0.05, 1.0)):
        alone = tmp_path / name
        study(alone, trials=12)
        (alone / "answers").mkdir()
        (alone / "answers" / f"listener-{name}.jsonl").write_text(lines[name])
        told = json.loads(call("listen", alone, "--analyse", "--json").out)
        assert all(low <= choice["p_holm"] <= high for choice in told["choices"]), told
        assert {path.name for path in (alone / "analysis").iterdir()} == {"analysis.json", "answers.csv", "index.html"}
        rows = list(csv.DictReader((alone / "analysis" / "answers.csv").open()))
        assert len(rows) == 48
        page = (alone / "analysis" / "index.html").read_text()
        assert "Tones &lt;b&gt;and&lt;/b&gt; guides" in page
        assert "<b>and" not in page
        assert call("listen", alone, "--analyse").code == 0


def test_many_listeners_at_once_lose_nothing_and_nobody_answers_twice(desk, folder):
    names = [f"many{n}" for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answered = list(
            pool.map(lambda job: desk.answer(job[0], job[1], chosen=1), [(n, k) for k in range(3) for n in names * 2])
        )
    assert sorted(each.status_code for each in answered) == [201] * 24 + [400] * 24
    assert all("first answer stays" in each.json()["error"] for each in answered if each.status_code == 400)
    found = [answer for answer in read_answers(folder, study_of(folder)).found if answer.listener in names]
    assert len(found) == 24


def study_of(folder):
    from antiphon.listening.study import read_study

    return read_study(folder)


def test_nothing_that_a_page_gets_tells_a_condition(desk):
    told = [desk.client.get("/api/study"), desk.client.post("/api/start", json={"listener": "nosy"})]
    told.append(desk.client.get("/api/sound", params={"listener": "nosy", "number": 0, "place": 0}))
    for answer in told:
        text = str(dict(answer.headers)) + (answer.text if "json" in answer.headers["content-type"] else "")
        assert not any(name in text for name in (*CONDITIONS, ".flac", "passage"))
    assert desk.client.get("/api/result", params={"listener": "hears"}).status_code == 400


HEADERS = [
    *({"host": "evil.example"}, {"host": "127.0.0.1"}, {"origin": "http://evil.example"}, {"origin": "null"}),
    *({"sec-fetch-site": "cross-site"}, {"x-antiphon-token": ""}, {"x-antiphon-token": "wrong"}),
]


@pytest.mark.parametrize("headers", HEADERS, ids=str)
def test_another_site_may_not_ask(desk, headers):
    for method, path in (
        ("GET", "/api/study"),
        ("POST", "/api/start"),
        ("POST", "/api/answer"),
        ("DELETE", "/api/study"),
    ):
        answered = desk.client.request(method, path, headers=headers)
        assert answered.status_code in (401, 403, 421), (method, path)
        assert "Tones" not in answered.text


def test_fifty_hostile_requests_are_one_line_and_change_nothing(desk, folder):
    before = sorted((path.name, path.stat().st_size) for path in folder.rglob("*"))
    bodies = [
        *(
            b"",
            b"{",
            b"[]",
            b"null",
            b"\xff",
            b"[" * 5000,
            b"a" * 50_000,
            b'{"listener": 1}',
            b'{"listener": "a", "x": 1}',
        ),
        *(json.dumps({"listener": name}).encode() for name in ("../x", "", "A", "a/b", "a\0", "con.", "x" * 99, "ä")),
    ]
    asked = 0
    for path in ("/api/start", "/api/answer"):
        for body in bodies:
            answered = desk.client.post(path, content=body)
            assert 400 <= answered.status_code < 500, body[:40]
            assert "\n" not in answered.json()["error"]
            assert len(answered.json()["error"]) < 500
            asked += 1
    fine = {"listener": "x", "number": 0, "chosen": 0, "seconds": 1.0, "plays": [1, 1]}
    for wrong in (
        *({"number": 10**5}, {"number": -1}, {"chosen": 2}, {"chosen": None}, {"ratings": [1.0, 2.0]}, {"seconds": -1}),
        *({"seconds": 1e9}, {"plays": [1] * 99}, {"plays": [-1, 0]}, {"chosen": "0.5"}, {"seconds": "x"}),
    ):
        answered = desk.client.post("/api/answer", json={**fine, **wrong})
        assert 400 <= answered.status_code < 500, wrong
        asked += 1
    for place in ("2", "-1", "../study.json", "guide.wav", "%00", "１", ""):
        answered = desk.client.get(f"/api/sound?listener=x&number=0&place={quote(place)}")
        assert 400 <= answered.status_code < 500, place
        asked += 1
    for path in ("/static/..%2fserver.py", "/openapi.json", "/answers/listener-x.jsonl", "/study.json"):
        assert desk.client.get(path).status_code == 404
        asked += 1
    assert asked > 50
    assert sorted((path.name, path.stat().st_size) for path in folder.rglob("*")) == before


def test_the_page_has_no_script_in_it_and_loads_nothing_from_elsewhere(desk):
    page = desk.client.get("/", headers={"x-antiphon-token": ""})
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for inline in ("<script>", "style=", "<style", "http", "onclick"):
        assert inline not in page.text


def test_it_listens_at_this_machine_alone_unless_told_and_once_a_study(desk, folder, call):
    port = int(desk.base.rsplit(":", 1)[1])
    with open("/proc/net/tcp", encoding="ascii") as file:
        places = [line.split()[1] for line in file if line.split()[3] == "0A"]
    assert [place for place in places if int(place.split(":")[1], 16) == port] == [f"0100007F:{port:04X}"]
    refused(call("listen", folder, "--no-browser"), 1, "another program")
    refused(call("listen", folder / "sounds", "--no-browser"), 4, "no study")
    refused(call("listen", folder, "--json"), 2, "go with --analyse")


def test_everybody_on_the_network_may_listen_where_that_is_asked_for_by_this_machines_names_only(tmp_path):
    study(tmp_path / "study", trials=1)
    with listening(tmp_path / "study", "--host", "0.0.0.0") as desk:
        host, port = desk.base.removeprefix("http://").rsplit(":", 1)
        with open("/proc/net/tcp", encoding="ascii") as file:
            assert f"00000000:{int(port):04X}" in file.read()
        for name in (host, socket.gethostname().lower(), "127.0.0.1"):
            given = {"host": f"{name}:{port}", "x-antiphon-token": desk.client.headers["x-antiphon-token"]}
            assert httpx.get(f"http://127.0.0.1:{port}/api/study", headers=given).status_code == 200
        given["host"] = f"rebound.example:{port}"
        assert httpx.get(f"http://127.0.0.1:{port}/api/study", headers=given).status_code == 421


@pytest.mark.slow
def test_a_server_that_is_killed_has_lost_nothing(tmp_path):
    folder = tmp_path / "study"
    study(folder, trials=3)
    with listening(folder, how=signal.SIGKILL) as desk:
        assert desk.answer("ann", 0, chosen=0).status_code == 201
    with listening(folder) as desk:
        assert desk.start("ann")["answered"] == [True] + [False] * 5


@pytest.mark.slow
def test_a_study_can_be_rated(tmp_path, call):
    folder, names = tmp_path / "study", ("hearing", "partner", "deaf")
    study(folder, "rating", 4, names, roles=(("partner", "reference"),), told=True)
    conditions = {path.read_bytes(): path.stem.split()[1] for path in (folder / "sounds").iterdir()}
    points = {"0": 60.0, "1": 95.0, "2": 20.0}
    with listening(folder) as desk:
        for number in range(4):
            ratings = [points[conditions[desk.sound("ann", number, place)]] for place in range(3)]
            assert desk.answer("ann", number, ratings=ratings, plays=[1, 1, 1]).status_code == 201
        said = desk.client.get("/api/result", params={"listener": "ann"}).json()["said"]
    assert any(line.startswith("+40.0 points against deaf") for line in said)
    told = json.loads(call("listen", folder, "--analyse", "--json", "-o", tmp_path / "out").out)
    assert [row["mean"]["mean"] for row in told["ratings"]] == [60.0, 95.0, 20.0]
