"""What others may have left in a folder that is opened and gone on with: live runs, projects of the studio, agents that
remember pairs. And what a page may ask of a studio."""

import json
import shutil
import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from attacking import attack, of_tree
from mutations import mutated_lines

from antiphon import audio
from antiphon.agent import Agent
from antiphon.agent.known_pairs import pair_arrays
from antiphon.checkpoint import save_arrays
from antiphon.config import resolve
from antiphon.decision.datastore import KnownPair
from antiphon.decision.neural import NeuralDecision
from antiphon.live.run_file import EVENTS, GUIDE, RUN

TESTS = Path(__file__).parent.parent
sys.path += [str(TESTS), str(TESTS / "live"), str(TESTS / "cli"), str(TESTS / "unit" / "action")]

AGENT = TESTS / "golden" / "agent-of-schema-2"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A short run of a small agent, and the agent."""
    from live_making import melody, small_agent

    from antiphon.live.controls import Controls
    from antiphon.use_cases.live import LiveOptions, live_on_file

    folder = tmp_path_factory.mktemp("live")
    audio.write(folder / "guide.wav", melody(1.5, seed=3))
    audio.write(folder / "memory.wav", melody(3, seed=1))
    wanted = LiveOptions(seed=3, controls=Controls().set("density", 0.8), tempo=110.0, level_db=0.0)
    live_on_file(folder / "guide.wav", [folder / "memory.wav"], small_agent(), folder / "run", wanted=wanted)
    lines = (folder / "run" / EVENTS).read_text().splitlines()
    block = json.loads(next(line for line in lines if '"guide"' in line))
    more = [
        {"event": "tick", "frame": 9000},
        {"event": "token", "token": 3, "frame": 12000},
        {"event": "tempo", "bpm": 97.5, "frame": 8000, "on_beat": True},
        {"event": "beat", "frame": 11000},
        {"event": "control", "name": "follow", "value": 0.5},
        {"event": "control", "name": "region", "value": "0-2"},
        *({"event": "cue", "name": name} for name in ("keep", "jump", "reject", "stop", "start", "panic", "start")),
    ]
    # The blocks one by one, so that something happens between them.
    blocks = [
        {**block, "frame": block["frame"] + index * block["frames"], "count": 1} for index in range(block["count"])
    ]
    step = len(blocks) // (len(more) + 1)
    told = [each for index, event in enumerate(more) for each in (*blocks[index * step : (index + 1) * step], event)]
    told += blocks[len(more) * step :]
    return folder / "run", [json.loads(line) for line in lines if '"guide"' not in line] + told


def test_a_live_run(run, tmp_path, cases):
    from live_making import small_agent

    from antiphon.use_cases.live import replayed

    made, events = run
    folder = tmp_path / "run"
    shutil.copytree(made, folder)
    whole = {name: (made / name).read_bytes() for name in (RUN, GUIDE)}
    plain = "\n".join(json.dumps(event) for event in events).encode()
    settings = json.loads(whole[RUN])
    settings["memory"][0]["path"] = str(made.parent / "memory.wav")
    asked = json.dumps(settings).encode()

    def mutate(random):
        from mutations import mutated_bytes

        if random.random() < 0.2:
            return f"{RUN}\n".encode() + of_tree(settings)(random)
        if random.random() < 0.1:
            return f"{GUIDE}\n".encode() + mutated_bytes(random, whole[GUIDE][:4000], 2)
        changed = list(events)
        for _ in range(random.randint(1, 4)):
            place = random.randrange(len(changed))
            changed[place] = of_tree(changed[place])(random) if isinstance(changed[place], dict) else b""
        lines = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in changed]
        return f"{EVENTS}\n".encode() + b"\n".join(lines)

    def load(content):
        name, _, body = content.partition(b"\n")
        for other, whole_one in ((RUN, asked), (EVENTS, plain), (GUIDE, whole[GUIDE])):
            (folder / other).write_bytes(body if other == name.decode() else whole_one)
        replayed(folder, small_agent())

    load(f"{EVENTS}\n".encode() + plain)
    attack("live", max(20, cases // 10), mutate, load)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with sounds and a response."""
    from cli_making import sound, tones
    from export_making import made

    folder = tmp_path_factory.mktemp("project")
    sound(folder / "guide.wav", tones(1))
    sound(folder / "memory.wav", tones(1, seed=1))
    shutil.copytree(made(tmp_path_factory.mktemp("response")).directory, folder / "answer")
    return folder


SPANS = [[0.0, 0.5], [1.0, 1.5]]

ASKED = {
    "answer": {"guides": ["guide.wav"], "memories": ["memory.wav"], "agent": "", "preset": "", "seed": 1, "name": ""},
    "again": {
        **{
            "response": "answer",
            "kept": SPANS,
            "rejected": [],
            "preset": "",
            "asked": [[1, 2]],
            "dials": {"follow": 2.0},
        },
        **{"regions": {"allowed": [[0, 0.0, 1.0]]}, "seed": 1, "name": ""},
    },
    "alphabet": {"agent": "", "guide": "guide.wav", "target": "memory.wav"},
    "train": {"guide": "guide.wav", "target": "memory.wav", "both_ways": False, "name": "a"},
    "export": {"response": "answer", "formats": ["reaper"]},
}


def test_what_lies_in_a_project_of_the_studio(project, tmp_path, cases):
    """Jobs that were asked for, and spans that are kept: what a page is told of them is plain JSON."""
    from antiphon.studio import views
    from antiphon.studio.jobs import Queue
    from antiphon.studio.marks import MARKS
    from antiphon.studio.project import PARENTS, Project

    opened = Project(project)
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    job = {"state": "done", "task": "x", "done": 1, "total": 2, "left": 1.5, "result": "answer", "said": ["y"]}
    job |= {"id": "job", "made": 1.0, "began": 2.0, "ended": 3.0}
    memos = {name: opened._memo(name, "answer") for name in (MARKS, PARENTS)}

    def mutate(random):
        where = random.choice(["job", "job", *memos])
        kind = random.choice(list(ASKED))
        value = {MARKS: {"kept": SPANS, "locked": SPANS}, PARENTS: "answer"}.get(where)
        tree = {**job, "kind": kind, "asked": ASKED[kind]} if where == "job" else {"name": "answer", "value": value}
        return f"{where}\n".encode() + of_tree(tree)(random)

    def load(content):
        where, _, body = content.partition(b"\n")
        place = memos.get(where.decode(), jobs / "job.json")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body)
        queue = Queue(project, jobs)
        json.dumps(views.state(opened, queue, "answer"), allow_nan=False)
        json.dumps(views.response(opened, "answer"), allow_nan=False)
        for each in queue.all():
            json.dumps({"id": each.id, "kind": each.kind, "asked": dict(each.asked)}, allow_nan=False)

    attack("studio-project", cases, mutate, load)


def test_what_a_page_asks_of_a_studio(project, tmp_path, cases):
    """Anything that is no request is refused, and makes no fault."""
    pytest.importorskip("fastapi", reason="the extra studio is not installed")
    from fastapi.testclient import TestClient

    from antiphon.studio.desk import Desk
    from antiphon.studio.jobs import Queue
    from antiphon.studio.live.run import LiveDesk
    from antiphon.studio.project import Project
    from antiphon.studio.server import application

    opened = Project(project)
    base = "http://127.0.0.1:4711"
    bodies = {
        **{("POST", f"/api/{kind}"): asked for kind, asked in ASKED.items()},
        ("PUT", "/api/marks"): {"response": "answer", "kept": SPANS, "locked": [], "rejected": SPANS},
        ("PUT", "/api/names"): {"alphabet": "a", "token": 1, "name": "low"},
        ("PUT", "/api/presets"): {"name": "mine", "dials": {"follow": 2.0}},
        ("POST", "/api/live/tell"): {"name": "volume", "values": [-6.0]},
    }
    gets = (
        "/api/live?agent=",
        "/api/state?open=answer",
        "/api/response?name=answer",
        "/api/segment?name=answer&index=0",
    )
    headers = {"x-antiphon-token": "t"}

    def mutate(random):
        if random.random() < 0.3:
            path, _, words = random.choice(gets).partition("?")
            return f"GET {path}?\n".encode() + mutated_lines(random, words.replace("&", "\n")).encode(errors="replace")
        (method, path), body = random.choice(list(bodies.items()))
        return f"{method} {path}\n".encode() + of_tree(body)(random)

    def load(content):
        head, _, body = content.partition(b"\n")
        method, path = head.decode().split(" ")
        queue = Queue(project, tmp_path / "jobs")
        desk = Desk(project)
        live = LiveDesk(lambda run: None)
        served = application(opened, queue, desk, live, port=4711, token="t")
        client = TestClient(served, base_url=base, headers=headers)
        if method == "GET":
            words = [line.partition("=")[::2] for line in body.decode().split("\n")]
            answered = client.get(path, params=[(name, value) for name, value in words if name])
        else:
            answered = client.request(method, path, content=body)
        assert answered.status_code < 500, answered.text
        shutil.rmtree(tmp_path / "jobs", ignore_errors=True)

    attack("studio-request", cases, mutate, load)


@lru_cache
def some_pairs(classes: int):
    random = np.random.default_rng(0)
    pairs = [random.integers(0, classes, (2, count)) for count in (40, 25)]
    return pair_arrays([KnownPair(guide, target, np.full(len(guide), 0.5)) for guide, target in pairs])


def test_pairs_that_an_agent_remembers(tmp_path, cases):
    """They are read, and decided by."""
    from antiphon.agent.known_pairs import recalling

    shutil.copytree(AGENT, tmp_path / "agent")
    classes = Agent.load(tmp_path / "agent").alphabet.classes
    arrays = some_pairs(classes)

    def mutate(random):
        changed = {name: array.copy() for name, array in arrays.items()}
        for _ in range(random.randint(1, 2)):
            name = random.choice(sorted(changed))
            array = changed[name]
            kind = random.randrange(6)
            if kind == 0:
                array = array[: random.randrange(len(array))]
            elif kind == 1:
                array = array.astype(random.choice(("int8", "uint64", "int64", "float32", "float64", "bool")))
            elif kind == 2 and len(array):
                array = array.copy()
                array[random.randrange(len(array))] = random.choice((0, 1, 7, 127))
            elif kind == 3 and array.dtype.kind == "f" and len(array):
                array[random.randrange(len(array))] = random.choice((np.nan, np.inf, -1, 0, 1e30, 1e-30))
            elif kind == 4:
                array = random.choice((array[None], array[:0], np.array(3), np.concatenate([array] * 3)))
            else:
                del changed[name]
                continue
            changed[name] = array
            if not changed:
                break
        save_arrays(tmp_path / "pairs.safetensors", changed)
        return (tmp_path / "pairs.safetensors").read_bytes()

    def load(content):
        (tmp_path / "agent" / "pairs.safetensors").write_bytes(content)
        found = Agent.load(tmp_path / "agent")
        if sum(map(len, found.pairs)) <= 200:
            model = recalling(found, NeuralDecision(found.network))
            guide = np.arange(5)[None] % found.alphabet.classes
            _, told = model.step(model.start(1), guide, None, np.full((1, 5), 0.5))
            assert np.isfinite(told).any()

    attack("pairs", max(20, cases // 5), mutate, load)


def test_settings_of_the_environment(cases):
    names = {"ANTIPHON_TRAINING__SEED": "3", "ANTIPHON_PERCEPTION__ENCODER__NAME": "notes"}
    names |= {"ANTIPHON_CORPUS__INCLUDE": "a,b", "ANTIPHON_DECISION__GUIDE_LAYERS": "0"}
    text = "\n".join(f"{name} {value}" for name, value in names.items())

    def load(content):
        lines = (line.partition(" ")[::2] for line in content.decode(errors="surrogateescape").split("\n"))
        resolve(None, {name: value for name, value in lines if name})

    attack("environment", cases, lambda random: mutated_lines(random, text).encode(errors="replace"), load)
