"""A project is walked once, and again where something in it has changed; what is derived of it stays within bounds."""

import os
import shutil
import time

import pytest

from antiphon.errors import BadData, SettingsError
from antiphon.studio import derived, marks, project
from antiphon.studio.dials import checked, positions, turned
from antiphon.studio.project import Project


@pytest.fixture
def folder(tmp_path):
    for name in ("a.wav", "sub/b.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"RIFF")
    past = time.time() - 10
    for each in (tmp_path / "sub", tmp_path):
        os.utime(each, (past, past))
    return tmp_path


def test_the_tree_is_walked_once_as_long_as_nothing_changes(folder, monkeypatch):
    walks = []
    walk = project._look
    monkeypatch.setattr(project, "_look", lambda *arguments: (walks.append(arguments[1]), walk(*arguments)))
    here = Project(folder)
    for _ in range(5):
        assert here.listing().sounds == ("a.wav", "sub/b.wav")
        here.sound("a.wav")
    assert walks == ["", "sub"]
    (folder / "sub" / "c.wav").write_bytes(b"RIFF")
    assert here.listing().sounds == ("a.wav", "sub/b.wav", "sub/c.wav")
    (folder / "sub" / "c.wav").unlink()
    assert here.listing().sounds == ("a.wav", "sub/b.wav")
    shutil.rmtree(folder / "sub")
    assert here.listing().sounds == ("a.wav",)


def test_a_sound_of_another_response_is_held(folder):
    response = folder / "responses" / "first"
    (response / "media").mkdir(parents=True)
    for name in ("provenance.json", "response.wav", "media/own.wav"):
        (response / name).write_bytes(b"x")
    here = Project(folder)
    assert here.holds("responses/first/response.wav")
    assert here.holds("responses/first/media/own.wav")
    for name in (
        "responses/first/none.wav",
        "responses/none/response.wav",
        "responses/first/../first/response.wav",
        "",
    ):
        assert not here.holds(name)
        with pytest.raises(BadData):
            here.audible(name)


def test_what_is_derived_is_made_once_and_the_oldest_goes(folder, monkeypatch):
    monkeypatch.setattr(derived, "MOST_FILES", 3)
    here, calls = Project(folder), []

    def make(place):
        calls.append(place)
        place.write_bytes(b"x")

    first = derived.kept(here, ("a", 1), ".bin", make)
    assert derived.kept(here, ("a", 1), ".bin", make) == first
    assert len(calls) == 1
    for number in range(6):
        derived.kept(here, ("b", number), ".bin", make)
        time.sleep(0.01)
    assert not first.exists()
    assert len(list(first.parent.iterdir())) <= 4


def test_dials_turn_settings_and_refuse_what_they_cannot_be():
    from antiphon.config import Settings

    settings = turned(Settings(), {"novelty": 3.0, "consensus": 4.0, "rests": "fill"}, {"taboo": ["a.wav:1-2"]})
    assert (settings.action.novelty, settings.sampling.consensus, settings.sampling.rests) == (3.0, 4, "fill")
    assert settings.action.taboo_regions == ("a.wav:1-2",)
    stands = positions(settings.model_dump())
    assert (stands["novelty"], stands["register"]) == (3.0, None)
    for values in (
        {"novelty": -1},
        {"novelty": True},
        {"novelty": "1"},
        {"rests": "never"},
        {"none": 1},
        {"register": 9},
    ):
        with pytest.raises(SettingsError):
            checked(values)


def test_names_and_presets_are_one_line_each_and_go_again(folder):
    here = Project(folder)
    (folder / ".antiphon-studio").mkdir()
    marks.name(here, "abc", 3, "  a\n<b>bell</b>  ")
    assert marks.names(here) == {"abc": {"3": "a <b>bell</b>"}}
    marks.name(here, "abc", 3, "")
    assert marks.names(here) == {}
    marks.preset(here, "mine", {"novelty": 2})
    assert marks.presets(here) == {"mine": {"novelty": 2}}
    marks.preset(here, "mine", None)
    assert marks.presets(here) == {}
    for label in ("", "follow"):
        with pytest.raises(SettingsError):
            marks.preset(here, label, {})
