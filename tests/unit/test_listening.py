"""Listening studies: what is asked in which order, what is kept, and what simulated listeners show."""

import csv
import io
import json
from collections import Counter

import numpy as np
import pytest

from antiphon.errors import BadData, SettingsError
from antiphon.listening.analysis import analysed, least_listeners
from antiphon.listening.answers import Answer, Answers, add_answer, as_csv, read_answers, require_listener
from antiphon.listening.order import questions
from antiphon.listening.study import Condition, Study, Trial, read_study, write_study

NAMES = ("hearing", "deaf", "p(b|a)")


def study(kind="2afc", trials=12, names=NAMES, roles=(), **more) -> Study:
    made = tuple(
        Trial(name=f"passage {n}", sounds={name: f"sounds/{n} {place}.wav" for place, name in enumerate(names)})
        for n in range(trials)
    )
    parts = tuple(Condition(name=name, role=dict(roles).get(name, "system")) for name in names)
    return Study(kind=kind, title="t", question="q?", tested=names[0], conditions=parts, trials=made, **more)


def folder_with(tmp_path, found):
    (tmp_path / "sounds").mkdir(exist_ok=True)
    for name in found.files:
        (tmp_path / name).write_bytes(b"RIFF")
    write_study(tmp_path, found)
    return tmp_path


def given(found, listener, question, **more):
    values = {"seconds": 5.0, "plays": (1,) * len(question.places), **more}
    return Answer(study=found.identity, listener=listener, question=question.key, places=question.places, **values)


def listened(found, listener, decide):
    """All answers of a simulated listener; `decide` says of a question's places which is chosen, or their ratings."""
    answers = []
    for question in questions(found, listener):
        said = decide(question.places)
        answers.append(
            given(found, listener, question, **({"ratings": said} if found.kind == "rating" else {"chosen": said}))
        )
    return answers


def test_every_listener_is_asked_everything_once_in_an_order_of_their_own():
    found = study()
    ann, ben = questions(found, "ann"), questions(found, "ben")
    assert {q.key for q in ann} == {q.key for q in ben} == {f"passage {n} | {o}" for n in range(12) for o in NAMES[1:]}
    assert len(ann) == 24
    assert [q.key for q in ann] != [q.key for q in ben]
    assert questions(found, "ann") == ann
    assert questions(study(seed=1), "ann") != ann


@pytest.mark.parametrize("listener", ["ann", "ben", "cleo", "d", "e-5"])
def test_the_tested_condition_stands_at_a_in_half_of_the_questions_against_each_other_one(listener):
    asked = questions(study(), listener)
    sides = Counter((next(p for p in q.places if p != "hearing"), q.places[0] == "hearing") for q in asked)
    assert set(sides.values()) == {6}


def test_a_listener_who_hears_the_difference_shows_it_and_one_who_guesses_does_not():
    found = study(trials=12)
    sure = analysed(found, Answers(tuple(listened(found, "ann", lambda places: places.index("hearing")))))
    assert [(c.other, c.chosen, c.count) for c in sure.choices] == [("deaf", 12, 12), ("p(b|a)", 12, 12)]
    assert all(c.p_holm < 0.05 and c.low > 0.5 for c in sure.choices)
    assert sure.choices[0].p == pytest.approx(2 * 0.5**12)
    assert sure.choices[0].low == pytest.approx(0.025 ** (1 / 12))
    assert "it is preferred" in sure.said[0]
    rng = np.random.default_rng(0)
    guess = analysed(found, Answers(tuple(listened(found, "ben", lambda places: int(rng.integers(2))))))
    assert all(c.p_holm > 0.05 and c.low < 0.5 < c.high for c in guess.choices)
    assert "no difference was shown" in guess.said[0]


def test_who_guesses_is_found_significant_as_seldom_as_the_level_says():
    """Of 400 guessing listeners at most one in twenty is taken for one who hears something; so are groups."""
    found, rng = study(trials=12, names=NAMES[:2]), np.random.default_rng(1)
    alone = [
        analysed(found, Answers(tuple(listened(found, "x", lambda _: int(rng.integers(2)))))).choices[0].p < 0.05
        for _ in range(400)
    ]
    assert np.mean(alone) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)


@pytest.mark.parametrize(
    ("listeners", "unit"), [(least_listeners(2) - 1, "answers"), (least_listeners(2), "listeners")]
)
def test_where_listeners_are_enough_to_show_anything_they_are_the_unit(listeners, unit):
    found = study(trials=6)
    answers = [a for n in range(listeners) for a in listened(found, f"l{n}", lambda p: p.index("hearing"))]
    seen = analysed(found, Answers(tuple(answers)))
    assert (seen.unit, seen.listeners, seen.complete) == (unit, listeners, listeners)
    assert all(choice.p_holm < 0.05 for choice in seen.choices)
    assert any("not for others" in line for line in seen.said) == (unit == "answers")


def test_the_fewest_listeners_are_those_whose_agreement_is_significant():
    assert [least_listeners(count) for count in (1, 2, 3, 4, 5)] == [6, 7, 7, 8, 8]
    for count in range(1, 12):
        assert count * 2.0 ** (1 - least_listeners(count)) < 0.05 <= count * 2.0 ** (2 - least_listeners(count))


def test_always_choosing_a_shows_no_preference_but_is_told():
    found = study()
    seen = analysed(found, Answers(tuple(listened(found, "ann", lambda places: 0))))
    assert [c.share for c in seen.choices] == [0.5, 0.5]
    assert seen.at_first == 1.0


def test_ratings_tell_conditions_apart_and_name_who_misses_the_reference():
    names = ("hearing", "partner", "deaf", "random")
    found = study("rating", 8, names, roles=(("partner", "reference"), ("random", "anchor")))
    truth = {"hearing": 70, "partner": 95, "deaf": 50, "random": 10}
    rng = np.random.default_rng(0)
    answers = []
    for n in range(8):
        answers += listened(found, f"l{n}", lambda places: tuple(truth[p] + float(rng.uniform(-4, 4)) for p in places))
    answers += listened(found, "sloppy", lambda places: (50.0,) * len(places))
    seen = analysed(found, Answers(tuple(answers)))
    means = {r.condition: r.mean.mean for r in seen.ratings}
    assert means["partner"] > means["hearing"] > means["deaf"] > means["random"]
    above = {r.condition: r.above for r in seen.ratings}
    assert above["hearing"] is None
    assert above["deaf"].difference.low > 0 > above["partner"].difference.high
    assert all(each.p_holm < 0.05 for name, each in above.items() if name != "hearing")
    assert seen.in_doubt == ("sloppy",)


def test_an_answer_is_kept_at_once_and_the_first_one_stays(tmp_path):
    found = study(trials=2)
    folder = folder_with(tmp_path, found)
    first, second = questions(found, "ann")[:2]
    add_answer(folder, found, given(found, "ann", first, chosen=1))
    with pytest.raises(SettingsError, match="answered before"):
        add_answer(folder, found, given(found, "ann", first, chosen=0))
    file = folder / "answers" / "listener-ann.jsonl"
    assert json.loads(file.read_text())["chosen"] == 1
    # A power cut in the middle of a line takes that line and no other.
    file.write_bytes(file.read_bytes() + b'{"version":1,"stu')
    add_answer(folder, found, given(found, "ann", second, chosen=0))
    kept = read_answers(folder, found)
    assert [(a.question, a.chosen) for a in kept.found] == [(first.key, 1), (second.key, 0)]
    assert kept.remarks == ("listener-ann.jsonl: line 2 is no answer, passed over",)


def test_answers_that_were_not_asked_for_are_refused_or_passed_over(tmp_path):
    found = study(trials=2)
    folder = folder_with(tmp_path, found)
    question = questions(found, "ann")[0]
    wrong = [
        given(found, "ann", question, chosen=0).model_copy(update={"study": "other"}),
        given(found, "ann", question, chosen=0).model_copy(update={"question": "passage 9 | deaf"}),
        given(found, "ann", question, chosen=0).model_copy(update={"places": question.places[::-1]}),
        given(found, "ann", question, ratings=(1.0, 2.0)),
    ]
    for answer in wrong:
        with pytest.raises(SettingsError):
            add_answer(folder, found, answer)
    (folder / "answers").mkdir()
    lines = "".join(json.dumps(answer.model_dump(mode="json")) + "\n" for answer in wrong)
    (folder / "answers" / "listener-ann.jsonl").write_text(lines + "[]\n\xff\n")
    (folder / "answers" / "notes.jsonl").write_text("{}")
    kept = read_answers(folder, found)
    assert not kept.found
    assert len(kept.remarks) == 7


@pytest.mark.parametrize("name", ["", "Ann", "../x", "a b", "a/b", "é", "-a", "a" * 41, "a\n", ".."])
def test_a_listener_has_a_plain_name(name):
    with pytest.raises(SettingsError):
        require_listener(name)


def test_a_row_of_the_csv_is_a_sound_that_was_judged():
    found = study(trials=1)
    rows = list(csv.DictReader(io.StringIO(as_csv(found, listened(found, "ann", lambda p: p.index("hearing"))))))
    assert len(rows) == 4
    assert {(row["condition"], row["chosen"]) for row in rows} == {("hearing", "1"), ("deaf", "0"), ("p(b|a)", "0")}
    assert {row["trial"] for row in rows} == {"passage 0"}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


GOOD = json.loads(study(trials=2).model_dump_json())


def changed(path, value):
    found = json.loads(json.dumps(GOOD))
    place = found
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return found


BAD = {
    "no JSON object": [],
    "another version": changed(("version",), 2),
    "an unknown key": changed(("more",), 1),
    "an unknown kind": changed(("kind",), "quiz"),
    "a path out of the folder": changed(("trials", 0, "sounds", "deaf"), "sounds/../../etc/passwd"),
    "an absolute path": changed(("trials", 0, "sounds", "deaf"), "/etc/passwd"),
    "a folder within": changed(("trials", 0, "sounds", "deaf"), "sounds/a/b.wav"),
    "a NUL": changed(("trials", 0, "sounds", "deaf"), "sounds/a\0.wav"),
    "a suffix that is no sound": changed(("trials", 0, "sounds", "deaf"), "sounds/a.html"),
    "a missing file": changed(("trials", 0, "sounds", "deaf"), "sounds/none.wav"),
    "an unknown condition": changed(("trials", 0, "sounds", "loud"), "sounds/0 0.wav"),
    "a trial without the tested one": changed(
        ("trials", 0, "sounds"), {"deaf": "sounds/0 0.wav", "p(b|a)": "sounds/0 1.wav"}
    ),
    "two trials of one name": changed(("trials", 1, "name"), "passage 0"),
    "no trial": changed(("trials",), []),
    "too many trials": changed(("trials",), GOOD["trials"] * 300),
    "a formula": changed(("conditions", 1, "name"), "=1+1"),
    "a line end in a name": changed(("trials", 0, "name"), "a\n"),
    "nothing is tested": changed(("tested",), "nobody"),
    "a number as text": changed(("seed",), "1"),
    "an endless title": changed(("title",), "a" * 5000),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_study_of_a_stranger_is_refused_in_a_line(tmp_path, content):
    folder = folder_with(tmp_path, study(trials=2))
    (folder / "study.json").write_text(json.dumps(content))
    with pytest.raises(BadData) as refused:
        read_study(folder)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


def test_sounds_that_are_links_are_not_followed(tmp_path):
    found = study(trials=2)
    folder = folder_with(tmp_path, found)
    assert read_study(folder) == found
    sound = folder / found.files[0]
    sound.unlink()
    sound.symlink_to("/etc/passwd")
    with pytest.raises(BadData, match="a link"):
        read_study(folder)
    with pytest.raises(BadData, match="no study"):
        read_study(tmp_path / "sounds")
