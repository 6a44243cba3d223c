"""Each kind of edit that a musician makes in REAPER is heard in the new response, or named; never lost without a word.

Edits are lines as REAPER 6 and 7 write them. What is heard is measured: the new response against the edited items,
mixed by a mixer that shares nothing with ours.
"""

import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from cli_making import sound, tones

from antiphon.action.export.reaper import SESSION, response_track
from antiphon.action.export.rpp import Block, parsed, read_project, words, write_project
from antiphon.agent import Agent
from antiphon.errors import AntiphonWarning
from antiphon.use_cases.respond import RespondOptions, respond_to_files
from antiphon.use_cases.respond_from_session import respond_from_session, session_settings

mixing = pytest.importorskip("session_mixing", reason="needs the package rpp")

RATE, SECONDS = 16000, 5.0
EDGE = round(0.06 * RATE)
"""Samples at either end of an item in which neighbours may fade."""


@dataclass(frozen=True)
class Outcome:
    """A session that was edited and answered: where it was, where the answer lies, and what was said."""

    before: Path
    edited: Path
    after: Path
    lost: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def said(self):
        return "\n".join((*self.lost, *self.notes))

    @property
    def response(self):
        return read(self.after / "response.wav")


@pytest.fixture(scope="module")
def player(agent):
    """By class and without a price on short copies: many items to edit."""
    loaded = Agent.load(agent)
    many = {"match": "class", "phrase_cost": 0.0, "novelty": 0.0}
    return loaded.with_settings(
        loaded.settings.model_copy(update={"action": loaded.settings.action.model_copy(update=many)})
    )


@pytest.fixture(scope="module")
def handed(player, tmp_path_factory):
    """A response of 5 s with three takes; no test may change it."""
    folder = tmp_path_factory.mktemp("edits")
    guide = sound(folder / "guide.wav", tones(SECONDS, RATE, 1, 1), RATE)
    memory = sound(folder / "memory.wav", tones(15, RATE, 1, 2) + tones(15, RATE, 1, 3), RATE)
    wanted = RespondOptions(takes=3, explained=False, export=("reaper",))
    respond_to_files([guide], [memory], player, folder / "out", wanted=wanted)
    return folder / "out"


@pytest.fixture
def answered(handed, player, tmp_path):
    """Edit a copy of the session by `edit(root, items)` and have it answered."""

    def answered(edit, session="edited/session.rpp", own="", media=False) -> Outcome:
        folder = tmp_path / "edited"
        shutil.copytree(handed, folder)
        root = read_project(folder / SESSION)
        edit(root, response_track(root).blocks("ITEM"))
        path = tmp_path / session
        path.parent.mkdir(exist_ok=True)
        if own:
            sound(tmp_path / own, tones(2, RATE, 1, 9), RATE)
        if media:
            for each in (folder / "media").iterdir():
                shutil.move(each, path.parent / each.name)
        write_project(path, root)
        agent = player.with_settings(session_settings(path, player.settings))
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", AntiphonWarning)
            result = respond_from_session(path, agent, tmp_path / "after", wanted=RespondOptions(explained=False))
        lost = tuple(str(each.message) for each in said if issubclass(each.category, AntiphonWarning))
        return Outcome(handed, path, tmp_path / "after", lost, result.notes)

    return answered


def read(path):
    return soundfile.read(path, always_2d=True)[0]


def change(item, name, *values):
    line = " ".join([name, *map(str, values)])
    for number, each in enumerate(item.inside):
        if isinstance(each, str) and words(each)[:1] == [name]:
            item.inside[number] = line
            return
    item.inside.insert(0, line)


def number(item, name, index=0):
    return float(item.find(name)[index])


def shift(item, name, by):
    change(item, name, number(item, name) + by, *item.find(name)[1:])


def copied(item, name):
    copy = Block(item.opening, list(item.inside), item.closing)
    change(copy, "IGUID", "{" + name + "}")
    return copy


def block(text):
    """A block as it stands in a project."""
    return parsed(f"<REAPER_PROJECT\n{text}\n>", "x").inside[0]


def track(name, volume=1.0, mute=0, more=""):
    return block(f'<TRACK {{{name}}}\nNAME "{name}"\nVOLPAN {volume} 0 -1 -1 1\nMUTESOLO {mute} 0 0\n{more}>')


def first_take(item):
    """Before the second take: where lines of the first one stand."""
    return next(n for n, each in enumerate(item.inside) if isinstance(each, str) and words(each)[:1] == ["TAKE"])


def longest(items):
    sounding = [item for item in items if item.blocks("SOURCE")[0].find("FILE")]
    return max(sounding, key=lambda item: number(item, "LENGTH"))


def agrees(outcome):
    """Wav and session within 0.1 dB in each half second, wherever the session sounds above -60 dBFS."""
    mixed, rate = mixing.mixed_session(outcome.after / SESSION, SECONDS)
    half = rate // 2
    levels = [
        10 * np.log10(np.mean(each[: len(each) // half * half].reshape(-1, half) ** 2, axis=1) + 1e-6)
        for each in (mixed[:, 0], outcome.response[:, 0])
    ]
    return np.abs(levels[0] - levels[1]).max() < 0.1


def expected(outcome, *names):
    """What the items with these GUIDs sound in the edited session, all else left out, and where."""
    project = mixing.rpp.loads(outcome.edited.read_text())
    total, inside = 0.0, np.zeros(round(SECONDS * RATE), dtype=bool)
    for item in project.iterfind(".//ITEM"):
        if mixing.values(item, "IGUID", [""])[0] in names:
            heard = mixing.heard(item, outcome.edited.parent, RATE, SECONDS)
            total = total + (0.0 if heard is None else heard)
            start = float(mixing.values(item, "POSITION")[0])
            end = start + float(mixing.values(item, "LENGTH")[0])
            inside[max(round(start * RATE) + EDGE, 0) : max(round(end * RATE) - EDGE, 0)] = True
    return total, inside


def sounds(outcome, *names, factor=1.0):
    """Whether the response is what these items sound, where they lie."""
    wanted, inside = expected(outcome, *names)
    assert inside.sum() > RATE // 10
    there, wanted = outcome.response[inside, 0], factor * (wanted * np.ones((len(inside), 1)))[inside, 0]
    scale = np.sqrt(np.mean(wanted**2)) or np.sqrt(np.mean(read(outcome.before / "response.wav") ** 2))
    return np.sqrt(np.mean((there - wanted) ** 2)) < 0.01 * scale


def edit_of(*changes):
    """An edit of the longest item by lines (name, values): a number that is a tuple is added to what is there."""

    def edit(root, items):
        item = longest(items)
        for name, *values in changes:
            if isinstance(values[0], tuple):
                shift(item, name, values[0][0])
            else:
                change(item, name, *values)

    return edit


HEARD = {
    "moved": edit_of(("POSITION", (0.3,))),
    "cut at the start": edit_of(("POSITION", (0.1,)), ("SOFFS", (0.1,)), ("LENGTH", (-0.1,))),
    "cut at the end": edit_of(("LENGTH", (-0.2,))),
    "drawn out": edit_of(("LENGTH", (0.4,))),
    "slipped": edit_of(("SOFFS", (0.07,))),
    "slipped before its file": edit_of(("SOFFS", -0.1)),
    "item volume": edit_of(("VOLPAN", 0.25, 0, 1, -1)),
    "take volume": edit_of(("VOLPAN", 1, 0, 1.8, -1)),
    "polarity": edit_of(("VOLPAN", 1, 0, -1, -1)),
    "fade-in, linear": edit_of(("FADEIN", 0, 0.4, 0, 0, 0, 0, 0)),
    "fade-in, fast start": edit_of(("FADEIN", 1, 0.4, 0, 1, 0, 0, 0)),
    "fade-out, slow start": edit_of(("FADEOUT", 2, 0.4, 0, 2, 0, 0, 0)),
    "fade-out, steep": edit_of(("FADEOUT", 4, 0.4, 0, 4, 0, 0, 0)),
    "fade-out, S": edit_of(("FADEOUT", 6, 0.5, 0, 6, 0, 0, 0)),
    "no fades": edit_of(("FADEIN", 1, 0, 0, 1, 0, 0, 0), ("FADEOUT", 1, 0, 0, 1, 0, 0, 0)),
    "automatic crossfade": edit_of(("FADEIN", 1, 0.001, 0.35, 1, 0, 0, 0)),
    "locked": edit_of(("LOCK", 1)),
    "muted": edit_of(("MUTE", 1, 0)),
    "second take": lambda root, items: _choose(longest(items), 1),
    "third take, turned down": lambda root, items: (
        _choose(longest(items), 2),
        change(longest(items), "VOLPAN", 0.5, 0, 1, -1),
    ),
    "looped over the end of its file": edit_of(("LOOP", 1), ("SOFFS", 14.6)),
    "renamed": edit_of(("NAME", '"my favourite"')),
    "coloured": edit_of(("COLOR", 16777471, "B")),
}


def _choose(item, which):
    """Take number `which`, counted from 0, as REAPER marks the chosen one."""
    places = [n for n, each in enumerate(item.inside) if isinstance(each, str) and words(each)[:1] == ["TAKE"]]
    item.inside[places[which - 1]] = "TAKE SEL"


@pytest.mark.parametrize("name", HEARD)
def test_an_edit_of_an_item_is_heard_as_it_is(answered, name):
    ours = []

    def edit(root, items):
        ours.append(longest(items).find("IGUID")[0])
        HEARD[name](root, items)

    outcome = answered(edit)
    assert outcome.lost == ()
    assert sounds(outcome, *ours)
    assert agrees(outcome)


def test_where_items_overlap_both_are_heard(answered):
    def edit(root, items):
        first, second = [item for item in items if item.blocks("SOURCE")[0].find("FILE")][1:3]
        start = number(first, "POSITION")
        for item, at in ((first, start), (second, start + 0.2)):
            change(item, "POSITION", at)
            change(item, "FADEIN", 0, 0.2, 0, 0, 0, 0, 0)
            change(item, "IGUID", "{" + str(at) + "}")

    outcome = answered(edit)
    names = [words(line)[1] for line in outcome.edited.read_text().splitlines() if words(line)[:1] == ["IGUID"]]
    assert sounds(outcome, *[name for name in names if "." in name])
    assert agrees(outcome)


def test_halves_of_a_split_item_are_heard_where_they_were_put(answered):
    def edit(root, items):
        item = longest(items)
        right = copied(item, "RIGHT")
        half = number(item, "LENGTH") / 2
        change(item, "LENGTH", half)
        change(item, "IGUID", "{LEFT}")
        change(item, "FADEOUT", 1, 0.01, 0, 1, 0, 0, 0)
        for name in ("POSITION", "SOFFS"):
            shift(right, name, half)
        change(right, "LENGTH", half)
        change(right, "VOLPAN", 0.3, 0, 1, -1)
        response_track(root).inside.append(right)

    outcome = answered(edit)
    assert outcome.lost == ()
    assert sounds(outcome, "{LEFT}")
    assert sounds(outcome, "{RIGHT}")
    assert agrees(outcome)


def test_a_copy_and_a_file_of_ones_own_are_heard(answered):
    def edit(root, items):
        copy = copied(longest(items), "COPY")
        change(copy, "POSITION", 0.4)
        change(copy, "LENGTH", 1.0)
        own = Block(copy.opening, [each for each in copy.inside if isinstance(each, str)][:15], copy.closing)
        for name, value in (("IGUID", "{OWN}"), ("POSITION", 3.0), ("SOFFS", 0)):
            change(own, name, value)
        own.inside.append(block('<SOURCE WAVE\nFILE "takes/mine.wav"\n>'))
        response_track(root).inside += [copy, own]

    outcome = answered(edit, own="edited/takes/mine.wav")
    assert outcome.lost == ()
    assert sounds(outcome, "{COPY}")
    assert sounds(outcome, "{OWN}")
    assert agrees(outcome)


def test_a_deleted_item_is_not_played_there_again(answered):
    gone = []

    def edit(root, items):
        gone.append(longest(items))
        response_track(root).inside.remove(gone[0])

    outcome = answered(edit)
    assert "was deleted: its time is filled anew" in outcome.said
    start, end = (
        round(RATE * each)
        for each in (number(gone[0], "POSITION"), number(gone[0], "POSITION") + number(gone[0], "LENGTH"))
    )
    before, after = (
        each[start + EDGE : end - EDGE, 0] for each in (read(outcome.before / "response.wav"), outcome.response)
    )
    assert np.sqrt(np.mean((before - after) ** 2)) > 0.3 * np.sqrt(np.mean(before**2))
    assert agrees(outcome)


@pytest.mark.parametrize(("volume", "mute"), [(0.5, 0), (1.0, 1)])
def test_an_item_on_another_track_is_heard_as_it_lies_there(answered, volume, mute):
    ours = []

    def edit(root, items):
        item = longest(items)
        ours.append(item.find("IGUID")[0])
        response_track(root).inside.remove(item)
        other = track("Mine", volume, mute)
        other.inside.append(item)
        root.inside.append(other)

    outcome = answered(edit)
    assert "lies on track Mine now" in outcome.said
    assert sounds(outcome, *ours, factor=volume * (1 - mute))
    assert agrees(outcome)


def test_a_track_that_was_renamed_and_taken_out_of_its_folder_is_known(answered):
    def edit(root, items):
        change(response_track(root), "NAME", '"gtr comp"')
        change(response_track(root), "ISBUS", 0, 0)
        root.inside = [
            each for each in root.inside if not (isinstance(each, Block) and each.find("ISBUS") == ["1", "1"])
        ]

    outcome = answered(edit)
    assert outcome.lost == outcome.notes == ()
    assert np.array_equal(outcome.response, read(outcome.before / "response.wav"))
    assert "gtr comp" in (outcome.after / SESSION).read_text()


@pytest.mark.parametrize(("where", "factor"), [("response", 0.5), ("response", 1.5), ("folder", 0.25), ("mute", 0.0)])
def test_the_fader_of_the_track_is_heard(answered, where, factor):
    def edit(root, items):
        found = response_track(root)
        if where == "folder":
            found = next(each for each in root.blocks("TRACK") if each.find("ISBUS") == ["1", "1"])
        if where == "mute":
            change(found, "MUTESOLO", 1, 0, 0)
        else:
            shift(found, "VOLPAN", number(found, "VOLPAN") * (factor - 1))

    outcome = answered(edit)
    assert "response.wav" in outcome.said
    before = read(outcome.before / "response.wav")
    assert np.abs(outcome.response - factor * before).max() < 2**-20
    assert agrees(outcome)


@pytest.mark.parametrize("bpm", [60.0, 97.0])
@pytest.mark.parametrize("attached", ["time", "beats", "position"])
def test_a_changed_tempo_moves_nothing(answered, attached, bpm):
    """With items attached to beats REAPER moves them in seconds, and with their length stretches them as well."""

    def edit(root, items):
        change(root, "TEMPO", bpm, 4, 4)
        if attached != "time":
            change(root, "TIMELOCKMODE", 1 if attached == "beats" else 2)
        everything = [item for each in root.blocks("TRACK") for item in each.blocks("ITEM")]
        for item in everything if attached != "time" else ():
            change(item, "BEAT", -1)
            change(item, "POSITION", number(item, "POSITION") * 120 / bpm)
            if attached == "beats":
                change(item, "LENGTH", number(item, "LENGTH") * 120 / bpm)
                change(item, "PLAYRATE", bpm / 120, 1, 0, -1, 0, 0.0025)

    outcome = answered(edit)
    assert outcome.lost == ()
    assert np.array_equal(outcome.response, read(outcome.before / "response.wav"))
    assert agrees(outcome)
    guide = next(item for item in read_project(outcome.after / SESSION).blocks("TRACK")[0].blocks("ITEM"))
    assert (number(guide, "POSITION"), number(guide, "LENGTH")) == (0.0, pytest.approx(SECONDS))


def test_a_moved_item_attached_to_beats_keeps_its_place_in_seconds(answered):
    def edit(root, items):
        change(root, "TIMELOCKMODE", 2)
        change(root, "TEMPO", 90, 4, 4)
        for item in items:
            change(item, "BEAT", 2)
            change(item, "POSITION", number(item, "POSITION") * 120 / 90)
        shift(longest(items), "POSITION", 0.4)

    outcome = answered(edit)
    assert "keep their seconds" in outcome.said
    assert agrees(outcome)


@pytest.mark.parametrize("copies_media", [False, True])
def test_a_session_saved_in_another_folder_is_known(answered, copies_media):
    ours = []

    def edit(root, items):
        ours.append(longest(items).find("IGUID")[0])
        shift(longest(items), "POSITION", 0.3)
        for item in [item for each in root.blocks("TRACK") for item in each.blocks("ITEM")]:
            for source in item.blocks("SOURCE"):
                for n, line in enumerate(source.inside):
                    name = words(line)[1]
                    elsewhere = f"{name.split('/')[-1]}" if copies_media and "media" in name else f"../edited/{name}"
                    source.inside[n] = f'FILE "{elsewhere}"'

    outcome = answered(edit, session="elsewhere/mine.rpp", media=copies_media)
    assert outcome.lost == ()
    assert sounds(outcome, *ours)
    assert agrees(outcome)
    for line in (outcome.after / SESSION).read_text().splitlines():
        if words(line)[:1] == ["FILE"]:
            assert (outcome.after / words(line)[1]).is_file()


def test_a_section_of_a_file_is_heard(answered):
    ours = []

    def edit(root, items):
        item = longest(items)
        ours.append(item.find("IGUID")[0])
        place = item.inside.index(item.blocks("SOURCE")[0])
        start = number(item, "SOFFS")
        change(item, "SOFFS", 0)
        change(item, "FADEIN", 0, 0.2, 0, 0, 0, 0, 0)
        item.inside[place] = block(
            f'<SOURCE SECTION\nLENGTH 5\nSTARTPOS {start}\nOVERLAP 0.01\n<SOURCE WAVE\nFILE "media/memory.wav"\n>\n>'
        )

    outcome = answered(edit)
    assert outcome.lost == ()
    copy = outcome.edited.read_text()
    assert "SECTION" in copy
    before = read(outcome.before / "response.wav")
    item = longest(response_track(read_project(outcome.edited)).blocks("ITEM"))
    start = round(RATE * number(item, "POSITION")) + round(0.2 * RATE)
    assert np.allclose(outcome.response[start : start + RATE // 4], before[start : start + RATE // 4], atol=2**-20)


def into_take(*lines):
    """An edit that puts lines or blocks into the first take of the longest item, as REAPER writes them there."""

    def edit(root, items):
        item = longest(items)
        place = first_take(item)
        item.inside[place:place] = [block(each) if each.startswith("<") else each for each in lines]

    return edit


def into_track(*lines):
    def edit(root, items):
        found = response_track(root)
        found.inside[1:1] = [block(each) if each.startswith("<") else each for each in lines]

    return edit


def into_project(*lines):
    def edit(root, items):
        root.inside[1:1] = [block(each) if each.startswith("<") else each for each in lines]

    return edit


def reversed_take(root, items):
    item = longest(items)
    place = item.inside.index(item.blocks("SOURCE")[0])
    item.inside[place] = block(
        '<SOURCE SECTION\nLENGTH 15\nMODE 3\nSTARTPOS 0\nOVERLAP 0.01\n<SOURCE WAVE\nFILE "media/memory.wav"\n>\n>'
    )


def midi_item(root, items):
    response_track(root).inside.append(
        block('<ITEM\nPOSITION 1\nLENGTH 1\nIGUID {M}\nNAME "idea"\n<SOURCE MIDI\nHASDATA 1 960 QN\nE 0 90 3c 60\n>\n>')
    )


def guide_edit(*line):
    def edit(root, items):
        change(root.blocks("TRACK")[0].blocks("ITEM")[0], *line)

    return edit


def missing_file(root, items):
    item = longest(items)
    item.inside[item.inside.index(item.blocks("SOURCE")[0])] = block('<SOURCE WAVE\nFILE "takes/gone.wav"\n>')


def beside(root, items):
    other = track("Sketch")
    other.inside.append(copied(longest(items), "ELSEWHERE"))
    root.inside.append(other)


PLUGIN = '<VST "VST: ReaComp (Cockos)" reacomp.dll 0 "" 1919247213 ""\nbWNlcg==\n>'
NAMED = {
    "take FX": (into_take(f"<TAKEFX\nSHOW 0\nLASTSEL 0\nDOCKED 0\nBYPASS 0 0 0\n{PLUGIN}\nWAK 0 0\n>"), "take FX"),
    "take volume envelope": (into_take("<VOLENV\nEGUID {E}\nACT 1 -1\nPT 0 1 0\nPT 0.5 0.2 0\n>"), "volume envelope"),
    "take pan envelope": (into_take("<PANENV\nACT 1 -1\nPT 0 0 0\nPT 0.5 1 0\n>"), "pan envelope"),
    "take pitch envelope": (into_take("<PITCHENV\nACT 1 -1\nPT 0 0 0\nPT 0.5 2 0\n>"), "pitch envelope"),
    "stretch markers": (into_take("SM 0 0 + 0.2 0.25 + 0.5 0.5"), "stretch markers"),
    "playback rate": (edit_of(("PLAYRATE", 1.25, 1, 0, -1, 0, 0.0025)), "playback rate 1.25"),
    "transposition": (edit_of(("PLAYRATE", 1, 1, -2, -1, 0, 0.0025)), "transposition by -2"),
    "reversed": (reversed_take, "reversed"),
    "take pan": (edit_of(("VOLPAN", 1, 0.5, 1, -1)), "pan"),
    "channel mode": (edit_of(("CHANMODE", 3)), "channel mode"),
    "curve of a fade": (edit_of(("FADEIN", 0, 0.3, 0, 0, 0, 0.7, 0)), "curve of the fade-in"),
    "all takes": (edit_of(("ALLTAKES", 1)), "all takes"),
    "no length": (edit_of(("LENGTH", 0)), "shorter than a millisecond"),
    "tiny": (edit_of(("LENGTH", 0.0002)), "shorter than a millisecond"),
    "past the end": (edit_of(("POSITION", 100)), "outside the response"),
    "over the end": (edit_of(("POSITION", SECONDS - 0.3)), "the response ends before"),
    "before the start": (edit_of(("POSITION", -0.2)), "the response begins later"),
    "MIDI": (midi_item, "midi"),
    "a file that is gone": (missing_file, "gone.wav"),
    "a copy on another track": (beside, "on track Sketch"),
    "track FX": (into_track(f"<FXCHAIN\nSHOW 0\nBYPASS 0 0 0\n{PLUGIN}\nWAK 0 0\n>"), "FX of track"),
    "track automation": (into_track("<VOLENV2\nACT 1 -1\nPT 0 1 0\nPT 3 0.1 0\n>"), "volume envelope of track"),
    "automation item": (
        into_track("<PANENV2\nACT 1 -1\nPOOLEDENVINST 1 0 4 0 1 1 0 1 0 0 0\n>"),
        "pan envelope of track",
    ),
    "track pan": (lambda root, items: change(response_track(root), "VOLPAN", 1, 0.3, -1, -1, 1), "pan of track"),
    "send": (
        lambda root, items: root.inside.append(track("Verb", more="AUXRECV 2 0 1 0 0 0 0 0 0 -1:U 0 -1 ''\n")),
        "send",
    ),
    "solo": (lambda root, items: change(root.blocks("TRACK")[0], "MUTESOLO", 0, 1, 0), "solo"),
    "hardware output": (into_track("HWOUT 0 0 1 0 0 0 0 -1:U -1"), "hardware output"),
    "master fader": (into_project("MASTER_VOLUME 0.5 0 -1 -1 1"), "volume of the master"),
    "master FX": (into_project(f"<MASTERFXLIST\nSHOW 0\nBYPASS 0 0 0\n{PLUGIN}\n>"), "FX of the master"),
    "project rate": (into_project("PLAYRATE 0.5 0 0.25 4"), "playback rate of the project"),
    "guide moved": (guide_edit("POSITION", 1.5), "guide.wav"),
    "guide cut": (guide_edit("LENGTH", 2), "guide.wav"),
    "guide muted": (guide_edit("MUTE", 1, 0), "guide.wav"),
}


@pytest.mark.parametrize("name", NAMED)
def test_an_edit_that_cannot_be_heard_is_named_and_kept(answered, name):
    edit, word = NAMED[name]
    before = []

    def noted(root, items):
        edit(root, items)
        before.extend(
            line.strip() for each in root.inside for line in (each.lines() if isinstance(each, Block) else [each])
        )

    outcome = answered(noted)
    assert any(word in each and "not rendered, kept in the session" in each for each in outcome.lost), outcome
    after = {line.strip() for line in (outcome.after / SESSION).read_text().splitlines()}
    plain = ("PT", "SM", "MODE", "HWOUT", "AUXRECV", "E", "MASTER_VOLUME", "POOLEDENVINST", "bWNlcg==")
    assert {line for line in before if words(line)[:1] and words(line)[0] in plain} <= after


def test_an_item_with_a_plug_in_is_heard_without_it(answered):
    ours = []

    def edit(root, items):
        ours.append(longest(items).find("IGUID")[0])
        NAMED["take FX"][0](root, items)

    assert sounds(answered(edit), *ours)


def test_a_kept_item_is_kept_again(answered, player, tmp_path):
    ours = []

    def edit(root, items):
        ours.append(longest(items).find("IGUID")[0])
        edit_of(("POSITION", (0.3,)), ("VOLPAN", 0.5, 0, 1, -1), ("FADEOUT", 0, 0.3, 0, 0, 0, 0, 0))(root, items)

    outcome = answered(edit)
    again = tmp_path / "again"
    respond_from_session(outcome.after / SESSION, player, again, wanted=RespondOptions(seed=7, explained=False))
    wanted, inside = expected(outcome, *ours)
    assert np.abs(read(again / "response.wav")[inside] - wanted[inside]).max() < 2**-20


def test_beats_of_the_guide_are_the_sessions(player, tmp_path, handed):
    from antiphon.types import Grid

    wanted = RespondOptions(explained=False, export=("reaper", "midi"), grid=Grid(96.0, 0.4))
    media = handed / "media"
    respond_to_files([media / "guide.wav"], [media / "memory.wav"], player, tmp_path / "out", wanted=wanted)
    project = mixing.rpp.loads((tmp_path / "out" / SESSION).read_text())
    points = [
        [float(value) for value in child[1:4]] for child in project.find("TEMPOENVEX").children if child[0] == "PT"
    ]
    assert points[1][:2] == [0.4, 96.0]
    assert points[0][1] * 0.4 / 60 == pytest.approx(1.0)
    result = respond_from_session(
        tmp_path / "out" / SESSION, player, tmp_path / "again", wanted=RespondOptions(explained=False)
    )
    assert result.notes == ()
