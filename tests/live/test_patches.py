"""The patches for other programs: they open, and name no address that is not in the table."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from antiphon.live.osc_table import SAID, UNDERSTOOD

EXAMPLES = Path(__file__).parents[2] / "examples"
UNDERSTANDS = {each.name for each in UNDERSTOOD}
SAYS = {each.name for each in SAID}
MAX = sorted((EXAMPLES / "max").glob("*.maxpat"))
PD = sorted((EXAMPLES / "puredata").glob("*.pd"))
SC = sorted((EXAMPLES / "supercollider").glob("*.scd"))


@pytest.mark.parametrize("path", MAX, ids=lambda path: path.name)
def test_a_max_patch_is_one(path):
    """Max does not run here: what its format asks for is checked, and that every cord leads from a box to a box."""
    patcher = json.loads(path.read_text(encoding="utf-8"))["patcher"]
    assert patcher["fileversion"] == 1
    assert {"appversion", "classnamespace", "rect", "boxes", "lines"} <= patcher.keys()
    boxes = {entry["box"]["id"]: entry["box"] for entry in patcher["boxes"]}
    assert len(boxes) == len(patcher["boxes"])
    for box in boxes.values():
        assert {"maxclass", "numinlets", "numoutlets", "patching_rect"} <= box.keys()
        assert len(box["patching_rect"]) == 4
        assert len(box.get("outlettype", [])) == box["numoutlets"]
        assert box["maxclass"] in ("number", "flonum") or isinstance(box["text"], str)
    for entry in patcher["lines"]:
        (source, outlet), (target, inlet) = entry["patchline"]["source"], entry["patchline"]["destination"]
        assert 0 <= outlet < boxes[source]["numoutlets"], entry
        assert 0 <= inlet < boxes[target]["numinlets"], entry


@pytest.mark.parametrize("path", MAX, ids=lambda path: path.name)
def test_a_max_patch_sends_and_hears_what_there_is(path):
    for entry in json.loads(path.read_text(encoding="utf-8"))["patcher"]["boxes"]:
        box = entry["box"]
        if box["maxclass"] == "message" and box["text"].startswith("/antiphon/"):
            assert box["text"].split()[0].removeprefix("/antiphon/") in UNDERSTANDS, box["text"]
        if box.get("text", "").startswith("route "):
            assert {word.removeprefix("/antiphon/") for word in box["text"].split()[1:]} <= SAYS


@pytest.mark.parametrize("path", PD, ids=lambda path: path.name)
def test_a_pd_patch_sends_and_hears_what_there_is(path):
    text = path.read_text(encoding="utf-8")
    objects = [line for line in text.split(";\n") if re.match(r"#X (obj|msg|text|floatatom|symbolatom)", line)]
    for line in text.split(";\n"):
        if found := re.match(r"#X connect (\d+) \d+ (\d+) \d+", line):
            assert max(map(int, found.groups())) < len(objects), line
    clients = {number for number, line in enumerate(objects) if "antiphon_osc" in line}
    for source, target in re.findall(r"#X connect (\d+) \d+ (\d+) \d+;", text):
        words = objects[int(source)].split()
        if int(target) in clients and words[1] == "msg":
            assert words[4] in UNDERSTANDS, words
        if int(source) in clients and "route" in words:
            assert set(words[words.index("route") + 1 :]) <= SAYS


@pytest.mark.parametrize("path", SC, ids=lambda path: path.name)
def test_a_sc_script_sends_and_hears_what_there_is(path):
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r'~on\.\("([\w/]+)"', text)) <= SAYS
    assert set(re.findall(r'~ask\.\("([\w/]+)"', text)) <= UNDERSTANDS


@pytest.mark.skipif(shutil.which("pd") is None, reason="no Pure Data (Debian: puredata-core)")
@pytest.mark.parametrize("path", PD, ids=lambda path: path.name)
def test_pure_data_opens_its_patches_without_a_word(path):
    command = ["pd", "-nogui", "-noaudio", "-nomidi", "-stderr", "-open", str(path), "-send", "pd quit"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert not [line for line in done.stderr.splitlines() if "couldn't create" in line or "error" in line], done.stderr
