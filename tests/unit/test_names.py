"""Names are data in every format: random ones come back from REAPER, Max, a page and a terminal, and obey nothing."""

import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

from hypothesis import example, given
from hypothesis import strategies as st

from antiphon import names
from antiphon.action.export.rpp import Block, parsed, words, written
from antiphon.pages import _environment

letters = st.one_of(
    st.sampled_from([*"\"'` \t\n\r\x1b\x7f\x9b<>&;,\\|$\u202e\u2028ab", "  ", "é", "音", "👩\u200d🎤"]),
    st.characters(exclude_categories=("Cs",)),
)
NAMES = st.lists(letters, max_size=12).map("".join)


@given(NAMES)
def test_a_name_comes_back_from_a_reaper_project(name):
    root = Block("<REAPER_PROJECT 0.1", [f"  FILE {names.for_rpp(name)} 1"])
    assert words(parsed(written(root), "a.rpp").inside[0]) == ["FILE", names.for_file(name), "1"]
    assert parsed(written(root), "a.rpp").find("FILE") == [names.for_file(name), "1"]


@given(NAMES)
def test_a_name_that_fits_is_left_as_it_is_and_any_other_is_made_fit_once(name):
    assert names.fits_rpp(name) == (names.for_file(name) == name)
    assert names.fits_rpp(names.for_file(name))
    assert len(names.for_file(name)) == len(name)


@given(NAMES)
def test_a_name_comes_back_from_a_coll_and_never_ends_its_line(name):
    line = f"1, 0. 500. 3 {names.for_coll(name)} 12.5;\n"
    assert len(line.splitlines()) == 1
    symbol = re.fullmatch(r'1, 0\. 500\. 3 "((?:[^"\\]|\\.)*)" 12\.5;\n', line)[1]
    assert re.sub(r"\\(.)", r"\1", symbol) == names.for_file(name)


@given(NAMES)
def test_a_terminal_obeys_nothing_in_a_name_and_shows_all_of_it(name):
    shown = names.for_terminal(name)
    assert not any(names.is_hidden(letter) for letter in shown)
    assert shown == "" or len(shown.splitlines()) == 1
    if "\\" not in name:
        escapes = r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))"
        assert re.sub(escapes, lambda found: chr(int(found[found.lastindex], 16)), shown) == name


@given(st.recursive(NAMES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)))
@example("\x7f")
def test_json_for_a_terminal_says_the_same_and_obeys_nothing(value):
    text = names.for_json(json.dumps(value, indent=1, ensure_ascii=False))
    assert json.loads(text) == value
    assert not any(names.is_hidden(letter) for letter in text.replace("\n", ""))


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.said, self.tags = "", []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, attrs))

    def handle_data(self, data):
        self.said += data


@given(NAMES)
def test_a_name_comes_back_from_a_page_and_is_never_part_of_it(name):
    page = _Page()
    page.feed(_environment().from_string('<p title="{{ name }}">{{ name }}</p>').render(name=name))
    page.close()
    shown = names.for_page(name)
    assert page.said == shown
    assert page.tags == [("p", [("title", shown)])]
    assert not any(names.is_hidden(letter) for letter in shown if letter not in "\n\t")
    if not any(names.is_hidden(letter) for letter in name) and name.isprintable():
        assert shown == name


@given(NAMES)
def test_a_name_never_spoils_a_drawing(name):
    """SVG is XML, which has no controls at all, also not escaped ones."""
    drawing = _environment().from_string("<svg><title>{{ name }}</title></svg>").render(name=name)
    read = ElementTree.fromstring(drawing)
    assert (read[0].text or "") == names.for_page(name)


def test_half_a_letter_is_shown_as_its_number():
    assert names.for_terminal("a\udcffb") == "a\\udcffb"
    assert names.for_file("a\udcffb") == "a_b"
