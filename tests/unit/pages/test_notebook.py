"""Values in a notebook: by a real kernel, and what stands in them."""

import base64
import importlib.util
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from antiphon.pages.notebook import MOST_SHOWN, html_of
from antiphon.types import Alphabet, Audio, Event, Grid, Memory, MemoryPart, Response, Selection, Specification, Tokens

EXAMPLE = Path(__file__).parents[3] / "examples" / "first_response.ipynb"
EVIL = "<script>alert(1)</script>.wav"
RATE = 8000
VOID = {"rect", "line", "path", "circle", "meta", "br"}


def tokens(count, classes=4):
    starts = np.arange(count) * 0.5
    return Tokens(np.arange(count, dtype=np.int64) % classes, np.stack([starts, starts + 0.5], axis=1), "abc")


def noise(seconds):
    return Audio(np.random.default_rng(0).uniform(-0.5, 0.5, (round(seconds * RATE), 1)).astype(np.float32), RATE)


def memory(count=8, name=EVIL):
    sound = noise(count * 0.5)
    return Memory(sound, tokens(count), (MemoryPart(f"/a/{name}", 0, len(sound.samples)),))


def response(count=8):
    ids = tokens(count)
    chosen = Selection(np.array([*range(count - 1), -1]), np.array([*ids.ids[:-1], 4]), np.zeros(count))
    asked = Specification(ids, np.full(count, -0.5))
    source = f"/a/{EVIL}"
    events = tuple(Event(n / 2, 0.5, n % 4, -0.5, n % 4, source, n / 2, n / 2 + 0.5, 0.0, 0) for n in range(count))
    return Response(noise(count / 2), ids, asked, chosen, events, {"seed": 3}, memory=memory(count), grid=Grid(120.0))


def alphabet(size=5, dimensions=6):
    centroids = np.random.default_rng(1).normal(size=(size, dimensions)).astype(np.float32)
    recipe = '{"encoder": "<b>mine</b>", "segment_seconds": 0.5}'
    return Alphabet(centroids, np.ones(dimensions, np.float32), -50.0, True, recipe, "abc")


def seconds_of(html):
    """How long the sound is that a value carries."""
    (uri,) = re.findall(r'<audio[^>]* src="data:audio/mpeg;base64,([^"]+)"', html)
    import io

    import soundfile

    return soundfile.info(io.BytesIO(base64.b64decode(uri))).duration


class Balance(HTMLParser):
    """Raises where a fragment closes what it has not opened, or leaves something open."""

    def __init__(self, html):
        super().__init__()
        self.open = []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        assert all(not name.startswith("on") for name, _ in attributes)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


VALUES = {"response": response, "memory": memory, "tokens": lambda: tokens(8), "alphabet": alphabet}


@pytest.mark.parametrize("make", VALUES.values(), ids=VALUES)
def test_a_value_is_one_piece_of_html_without_scripts_or_anything_from_elsewhere(make):
    html = make()._repr_html_()
    Balance(html)
    assert html == html_of(make())
    assert html.count('<div class="antiphon-value">') == 1
    assert "<script" not in html
    assert "<b>mine" not in html
    assert not re.findall(r'(?:src|href)="(?!data:)', html)
    # What styles it touches nothing else of the notebook.
    style = html.split("<style>")[1].split("</style>")[0]
    selectors = [each for rule in style.split("}")[:-1] for each in rule.split("{")[0].split(",")]
    assert all(each.strip().startswith(".antiphon-value") for each in selectors)


def test_a_response_shows_its_sound_its_classes_and_its_path():
    html = response()._repr_html_()
    assert seconds_of(html) == pytest.approx(4.0, abs=0.2)
    assert html.count("<rect") == 16
    assert len(re.findall(r"<line x1", html)) == 7
    assert len(re.findall(r'class="bar-line"', html)) == 4
    assert "#9a97a3" in html


def test_a_long_sound_is_shortened_and_that_is_said():
    long = replace(memory(), audio=noise(70.0), parts=(MemoryPart("a.wav", 0, 70 * RATE),))
    html = long._repr_html_()
    assert "the player holds its first 60 s" in html
    assert seconds_of(html) == pytest.approx(60.0, abs=0.2)
    assert len(html) < 2_000_000
    assert "the player holds" not in memory()._repr_html_()


def test_many_segments_are_counted_instead_of_drawn():
    many = tokens(MOST_SHOWN + 1)
    assert "2001 segments, too many to show here" in many._repr_html_()
    assert "<rect" not in many._repr_html_()
    assert tokens(MOST_SHOWN)._repr_html_().count("<rect") == MOST_SHOWN


def test_nothing_is_shown_too():
    empty = Tokens(np.zeros(0, np.int64), np.zeros((0, 2)), "abc")
    Balance(empty._repr_html_())
    none = Response(
        Audio(np.zeros((0, 1), np.float32), RATE),
        empty,
        Specification(empty, np.zeros(0)),
        Selection(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)),
        (),
    )
    Balance(none._repr_html_())


def test_classes_that_are_alike_lie_side_by_side_and_a_single_one_in_the_middle():
    vectors = np.array([[0, 0, 0], [0.1, 0, 0], [5, 0, 0], [5.1, 0.1, 0]], np.float32)
    whole = replace(alphabet(), centroids=vectors, scale=np.ones(3, np.float32))
    places = [float(x) for x in re.findall(r'<circle cx="([\d.]+)"', whole._repr_html_())]
    assert abs(places[0] - places[1]) < 30
    assert abs(places[0] - places[2]) > 250
    one = replace(whole, centroids=vectors[:1])
    assert 'cx="320.0" cy="180.0"' in one._repr_html_()


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("nbclient") is None, reason="needs a notebook kernel")
def test_the_example_runs_in_a_real_kernel_and_shows_what_it_made(tmp_path, monkeypatch):
    import nbclient
    import nbformat

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = nbformat.read(EXAMPLE, as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=200, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    shown = [
        output["data"]["text/html"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "antiphon-value" in output.get("data", {}).get("text/html", "")
    ]
    titles = [re.search(r'<p class="title">(\w+ \w+)', html).group(1) for html in shown]
    assert titles == ["A response", "A memory", "8 tokens", "An alphabet"]
    assert seconds_of(shown[0]) == pytest.approx(4.0, abs=0.2)
