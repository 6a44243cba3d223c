"""Pages come from templates, which escape every name and need nothing from elsewhere."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from jinja2 import UndefinedError

import antiphon
from antiphon.analysis.differences import Heard, Placed, common_spans, differences, under_guide
from antiphon.confidence import Estimate
from antiphon.evaluation.regeneration import Summary
from antiphon.pages import render
from antiphon.pages.comparison import Side, compare_page
from antiphon.pages.lanes import Lane, drawn, marks_of
from antiphon.pages.relations import relations_page
from antiphon.pages.response import Sounds, write_page
from antiphon.pages.response_drawing import Picture, svg
from antiphon.perception import uniform_intervals
from antiphon.types import (
    SILENCE,
    Audio,
    Event,
    Grid,
    Memory,
    MemoryPart,
    Response,
    Selection,
    Specification,
    Tokens,
)

SOURCE = Path(antiphon.__file__).parent
MARKUP = re.compile(
    r"</?(html|head|body|p|div|span|section|article|header|figure|figcaption|table|tr|td|th|ul|ol|li|dl|dt|dd|a|b|h[1-6]"
    r"|small|code|button|audio|canvas|details|summary|script|style|img|svg|rect|line|text|title|path|g)([\s/>]|$)"
)
EVIL = "<script>alert(1)</script>.wav"
RATE = 8000


class Reader(HTMLParser):
    """The text of a page, and its elements by name."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data if self.tags[-1:] not in (["style"], ["script"]) else ""

    @property
    def said(self):
        return " ".join(self.text.split())


def tone(seconds):
    samples = 0.2 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * RATE)) / RATE)
    return Audio(samples.astype(np.float32)[:, None], RATE)


def summary(model, mean):
    value = Estimate(mean, mean - 1, mean + 1, 3)
    return Summary(model, value, value, value, value, value)


def response_page(path, name=EVIL, pieces=(), grid=None, timing=""):
    """Four segments from a memory of two files; the last one is silence."""
    intervals, sound = uniform_intervals(2.0, 0.5), tone(2.0)
    tokens = Tokens(np.array([0, 1, 2, 3]), intervals, "id")
    events = tuple(
        Event(0.5 * n, 0.5, n, -0.1, n, name if n < 3 else "", 0.5 * n, 0.5 * n + 0.5, 0.0, n) for n in range(4)
    )
    selection = Selection(np.array([0, 1, 2, SILENCE]), tokens.ids, np.zeros(4))
    response = Response(sound, tokens, Specification(tokens, np.zeros(4)), selection, events, grid=grid, timing=timing)
    memory = Memory(sound, tokens, (MemoryPart(name, 0, RATE), MemoryPart("other.wav", RATE, 2 * RATE)))
    write_page(path, response, Sounds(sound, memory), rest=3, about={"memory": name}, summary=pieces)
    return path.read_text(encoding="utf-8")


def comparison_page(name=EVIL):
    """Two agents that play the same notes from other places."""
    grid = uniform_intervals(2.0, 0.5)
    spans = common_spans(grid, grid)
    heard = Heard(np.full(4, -20.0), np.eye(12)[:4])
    places = [Placed(np.zeros(4, dtype=np.int64), np.arange(4.0) + shift) for shift in (0, 5)]
    sides = tuple(
        Side(each, heard, place, np.full(4, 0.5), 0.5, (name,), {"made of": name})
        for each, place in zip(("one", name), places, strict=True)
    )
    found = differences(spans, tuple(places), (heard, heard), reach=0.5)
    measured = (heard, found, under_guide(spans, heard, (heard, heard)))
    said = ([f"{name} and one do the same"], [f"{name} plays C"])
    return compare_page(sides, [tone(2.0)] * 3, measured, said, {"a.setting": (name, 2)})


def strings(tree):
    """Every string of a module that is no docstring, with its line."""
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


def test_no_module_holds_markup():
    found = [
        f"{path.relative_to(SOURCE)}:{line}: {text[:60]!r}"
        for path in sorted(SOURCE.rglob("*.py"))
        for line, text in strings(ast.parse(path.read_text(encoding="utf-8")))
        if MARKUP.search(text)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("text", ["<p>", '<p class="lead">', "</div>", "<h1>Two agents", '<rect x="', "x</td>"])
def test_markup_is_recognised(text):
    assert MARKUP.search(text)


@pytest.mark.parametrize("page", [response_page, comparison_page], ids=["response", "comparison"])
def test_a_name_is_escaped_wherever_it_stands(page, tmp_path):
    plain, evil = ((page(tmp_path / "p.html", name) if page is response_page else page(name)) for name in ("n", EVIL))
    assert "<script>alert" not in evil
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.wav" in evil
    assert EVIL in Reader(evil).said
    assert Reader(plain).tags == Reader(evil).tags


def test_names_of_classes_and_models_are_escaped(tmp_path):
    assert EVIL in Reader(relations_page(None, {}, {}, {}, (summary(EVIL, 2.0),))).said
    page = response_page(tmp_path / "page.html", "n", (summary(EVIL, 2.0), summary("deaf", 3.0)))
    assert "<script>alert" not in page


def test_names_in_a_study_are_escaped_and_backticks_are_code():
    table = {"head": ("cell",), "rows": [("ours", EVIL)]}
    cell = {"name": EVIL, "parts": [{"table": None, "sentence": ["with ", EVIL, " in it"]}]}
    about, pictures = [["plain"]], [("figure", "data:,", EVIL)]
    page = render("study.html", ours="ours", about=about, grid=table, gains=table, pictures=pictures, cells=[cell])
    assert "<script" not in page
    assert "<p>with <code>&lt;script&gt;alert(1)&lt;/script&gt;.wav</code> in it</p>" in page
    assert Reader(page).said.count(EVIL) == 5


def test_nothing_in_a_template_is_left_unescaped():
    for template in (SOURCE / "pages" / "templates").iterdir():
        assert not re.search(r"\|\s*safe|autoescape", template.read_text(encoding="utf-8")), template.name


def test_names_in_a_drawing_are_escaped():
    event = Event(0.0, 1.0, 0, -0.1, 0, "<b>.wav", 0.0, 1.0, 0.0, 0, source_stop=10)
    drawing = svg(Picture([event], [0], [1], [(EVIL, 0, 10)], rest=3))
    assert "<script" not in drawing
    assert "<b>" not in drawing
    assert "&lt;b&gt;.wav 0.00-1.00 s" in drawing


def test_a_value_that_is_missing_is_an_error():
    with pytest.raises(UndefinedError):
        render("response.html", lanes=[])


def test_the_page_of_a_response_shows_everything(tmp_path):
    page = response_page(tmp_path / "page.html", "b.wav", (summary("antiphon", 4.0), summary("deaf", 8.0)))
    read = Reader(page)
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert page.count('src="data:audio/mpeg;base64,') == read.tags.count("audio") == 3
    assert "http" not in page
    assert read.tags.count("tr") == 3
    for text in (
        "Guide what was listened to, with its tokens; 2.0 s, 8 kHz, mono",
        "asked for 1, p = 0.90: b.wav 0.50-1.00 s, copy 1",
        "asked for 3, p = 0.90: silence",
        "segment 3, token 3",
        "across: response, 2.0 s",
        "up: memory, 2.0 s",
        "Held-out pieces: 3",
        "8.0 (7.0 to 9.0)",
        "+8.00 (7.00 to 9.00)",
    ):
        assert text in read.said
    assert page.count('fill="#9a97a3"') == 3, "rest is grey in guide, response and memory"
    assert 'style="width:3.50rem"' in page


def test_without_held_out_pieces_there_is_no_table(tmp_path):
    assert "table" not in Reader(response_page(tmp_path / "page.html")).tags


def test_the_page_of_a_comparison_shows_everything():
    page = comparison_page("two")
    read = Reader(page)
    assert read.tags.count("audio") == 3
    assert not re.search(r'(src|href)="(?!data:|first/|second/)', page)
    for text in (
        "two and one do the same",
        "Second: two what it plays",
        "no more than a segment apart 0 %; ■ another place 100 %; ■ one rests 0 %; ■ both rest 0 %. Below",
        "24 dB at most",
        "Where they differ most two plays C",
        "a.setting",
    ):
        assert text in read.said
    assert "None." not in read.said


def test_a_sound_too_long_for_a_page_is_named_instead(monkeypatch):
    monkeypatch.setattr("antiphon.pages.lanes.LONGEST_EMBEDDED", 1.0)
    lane = Lane("Guide", "long", tone(2.0), np.zeros((0, 2)), np.zeros(0, dtype=np.int64), [])
    assert drawn(lane, rest=3).sound == ""


def test_what_a_template_asks_for_is_there():
    """Style sheets and scripts are named in templates; none lies about unused."""
    wanted = set()
    for template in (SOURCE / "pages" / "templates").iterdir():
        wanted |= set(re.findall(r'static\("([^"]+)"\)', template.read_text(encoding="utf-8")))
    assert wanted == {path.name for path in (SOURCE / "pages" / "static").iterdir()}


def test_a_response_in_time_has_the_guides_beats_and_bars_on_it_and_says_so(tmp_path):
    response_page(tmp_path / "page.html", grid=Grid(240.0, 0.1, 4), timing=f"In time with {EVIL}.")
    page = (tmp_path / "page.html").read_text()
    bars = [float(x) for x in re.findall(r'class="bar-line" x1="([0-9.]+)"', page)]
    beats = re.findall(r'class="beat-line"', page)
    # Two seconds are 1200 units: bars of a second from 0.1 s on, in the guide, the response and the path.
    assert bars == [60.0, 660.0] * 3
    assert len(beats) == 6 * 3
    assert f"In time with {EVIL}. The lines are the guide's beats" in Reader(page).said
    assert EVIL not in page


def test_a_response_without_beats_says_why_and_has_no_lines(tmp_path):
    response_page(tmp_path / "page.html", timing="Not in time with the guide: it has no clear beat.")
    page = (tmp_path / "page.html").read_text()
    assert '-line" x1' not in page
    assert "it has no clear beat." in Reader(page).said
    assert "The lines are" not in Reader(page).said


def test_beats_that_would_lie_too_near_are_bars_or_nothing():
    grid = Grid(120.0)
    assert [mark.x for mark in marks_of(grid, 10.0)][:3] == [0, 60, 120]
    assert all(mark.is_bar for mark in marks_of(grid, 300.0))
    assert marks_of(grid, 3600.0) == []
