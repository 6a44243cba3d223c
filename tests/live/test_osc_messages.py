"""The address space: what the table says is understood and nothing else, and the page is the table."""

import math
from pathlib import Path

import numpy as np
import pytest

from antiphon.live.commands import Commit, Play, Status, Step, TokenEvent
from antiphon.live.controls import CHOICES, DIALS
from antiphon.live.events import CUES, Beat, Control, Cue, GuideToken, Tempo
from antiphon.live.osc import GuideAudio, Note, Ping, Refused, Subscribe, asked_by, named, said, said_of
from antiphon.live.osc_packets import OscMessage, decode
from antiphon.live.osc_page import osc_page
from antiphon.live.osc_table import SAID, UNDERSTOOD
from antiphon.types import Event

ROOT = Path(__file__).parents[2]


def asked(address, *arguments):
    return asked_by(OscMessage(f"/antiphon/{address}", arguments), 1000)


def refusal(address, *arguments):
    with pytest.raises(Refused) as caught:
        asked(address, *arguments)
    assert str(caught.value)
    return caught.value


def test_the_page_is_made_from_the_table():
    page = (ROOT / "docs" / "osc.md").read_text(encoding="utf-8")
    assert page == osc_page(), "python -c 'from antiphon.live.osc_page import osc_page; print(osc_page(), end=\"\")'"
    assert all(f"`{each.path}`" in page for each in (*UNDERSTOOD, *SAID))


@pytest.mark.parametrize("dial", DIALS, ids=lambda each: each.name)
def test_a_dial_takes_its_range_as_any_number_and_nothing_else(dial):
    assert asked(dial.name, dial.high) == Control(dial.name, float(dial.high))
    assert asked(dial.name, float(dial.low)) == Control(dial.name, float(dial.low))
    for value in (math.nan, math.inf, 1e9, -1e9, dial.high + 1):
        assert refusal(dial.name, float(value)).code == "value"
    for value in ("loud", b"1", None, True):
        assert refusal(dial.name, value).code == "argument"
    assert refusal(dial.name).code == "argument"
    assert refusal(dial.name, 1.0, 2.0).code == "argument"


@pytest.mark.parametrize("dial", DIALS, ids=lambda each: each.name)
def test_a_dial_is_off_only_where_it_can_be(dial):
    if dial.can_be_off:
        assert asked(dial.name, "off") == Control(dial.name, "off")
    else:
        refusal(dial.name, "off")


@pytest.mark.parametrize("choice", CHOICES, ids=lambda each: each.name)
def test_a_choice_takes_its_words(choice):
    for option in choice.options or ("a.wav",):
        assert asked(choice.name, option) == Control(choice.name, option)
    if choice.options:
        assert "one of" in str(refusal(choice.name, "sideways"))
    assert refusal(choice.name, 3).code == "argument"


def test_a_region_may_be_two_numbers():
    assert asked("region", 10, 20.5) == Control("region", "10-20.5")
    assert refusal("region", math.nan, 2.0).code == "value"
    assert refusal("region", "a", 2.0).code == "argument"


@pytest.mark.parametrize("cue", CUES)
def test_a_cue_comes_alone_or_with_the_number_of_a_button(cue):
    assert asked(cue) == asked(cue, 1) == asked(cue, 1.0) == Cue(cue)
    assert refusal(cue, "now").code == "argument"
    assert refusal(cue, 1, 2).code == "argument"


def test_a_tempo_is_one_that_can_be_played():
    assert asked("tempo", 96) == Tempo(96.0, 1000)
    assert asked("tempo", "off") == Tempo(None, 1000)
    for bpm in (0, 10_000, -120.0, math.nan):
        assert "bpm is from 20 to 400" in str(refusal("tempo", bpm))
    assert asked("beat") == asked("tap", 1) == Beat(1000)


def test_a_guide_comes_as_tokens_notes_or_sound():
    assert asked("guide/token", 7.0) == GuideToken(7, 1000)
    assert "whole number" in str(refusal("guide/token", 7.5))
    assert asked("guide/note", 60, 100.0) == Note(60, 100)
    refusal("guide/note", 128, 1)
    block = asked("guide/block", 480, 48_000.0, np.array([0.5, -1.0], dtype=">f4").tobytes())
    assert isinstance(block, GuideAudio)
    assert block.samples.tolist() == [0.5, -1.0]
    assert "float32" in str(refusal("guide/block", 0, 48_000, b"abc"))
    for bad in (math.nan, 1e9):
        assert refusal("guide/block", 0, 48_000, np.array([bad], dtype=">f4").tobytes()).code == "value"
    assert refusal("guide/block", 0, 0, b"").code == "value"


def test_who_listens_and_who_is_there():
    assert asked("subscribe", 9001) == Subscribe(9001)
    assert asked("unsubscribe", 9001.0) == Subscribe(9001, False)
    assert asked("ping", -5) == Ping(-5)
    for port in (0, 70_000):
        refusal("subscribe", port)


def test_an_unknown_address_is_told_the_nearest():
    assert "did you mean /antiphon/temperature?" in str(refusal("temprature", 1.0))
    with pytest.raises(Refused, match="all begin with /antiphon/"):
        asked_by(OscMessage("/foo", ()), 0)
    with pytest.raises(Refused, match=r"/x{79}\.\.\."):
        asked_by(OscMessage("/" + "x" * 10_000, ()), 0)


def test_every_understood_address_can_be_asked_by_what_the_table_says():
    sample = {"int": 1, "float": 0.5, "text": "all", "blob": bytes(4)}
    for address in UNDERSTOOD:
        values = []
        for each in address.arguments:
            value = sample[each.kind]
            values.append(min(max(value, each.low), each.high) if each.kind in ("int", "float") else value)
        if any(address.name == choice.name and choice.options for choice in CHOICES):
            values = [next(choice.options[0] for choice in CHOICES if choice.name == address.name)]
        assert asked(address.name, *values) is not None


def test_a_commit_says_all_that_a_host_needs_to_play_it():
    event = Event(60.0, 0.25, 12, math.log(0.5), 13, "/m/memory.wav", 7.5, 7.75, 0.1, 3, source_first=360_000)
    step = Step(240, 2_880_000, 2_892_000, event, 30, 480, 960, True, 0.8)
    (message,) = decode(said_of(Commit(step, 239), 2_875_200, 48_000))
    names = [each.name for each in next(each for each in SAID if each.name == "commit").arguments]
    found = dict(zip(names, message.arguments, strict=True))
    assert found.pop("gain") == pytest.approx(0.8)
    assert found == {
        "number": 240, "time": 60.0, "in": pytest.approx(0.1), "frame": 2_880_000, "duration": 0.25,
        "token": 12, "probability": 0.5, "played": 13, "file": "/m/memory.wav", "source": 7.5,
        "source_frame": 360_000, "fade_in": pytest.approx(0.01), "fade_out": pytest.approx(0.02), "follows": 1,
        "heard": 239, "late": 0,
    }  # fmt: skip


def test_what_only_the_sound_shows_is_not_said_and_the_rest_is():
    assert said_of(Play(0, 10, ()), 0, 48_000) is None
    assert decode(said_of(Status("late", 0, "three late", 3), 0, 1))[0].arguments == ("late", "three late", 3)
    (token,) = decode(said_of(TokenEvent(2, 24_000, 36_000, 5, -20.0), 0, 48_000))
    assert token.arguments == (2, 0.5, 0.25, 5, -20.0)


def test_what_is_said_has_the_form_of_the_table():
    with pytest.raises(ValueError, match="has 3 arguments"):
        said("status", "late")
    assert decode(said("token", 1, 2.0, 0.25, 3, -math.inf))[0].arguments[-1] == pytest.approx(-3e38)


def test_what_is_said_is_heard_by_the_names_of_the_table():
    (message,) = decode(said("silence", 1.5, -0.25, 72_000, 0.125))
    assert named(message) == ("silence", {"time": 1.5, "in": -0.25, "frame": 72_000, "fade": 0.125})
    for address, arguments in (
        *(("/antiphon/start", ()), ("/other/silence", message.arguments), ("silence", message.arguments)),
        ("/antiphon/silence", message.arguments[:3]),
    ):
        assert named(OscMessage(address, arguments)) is None
