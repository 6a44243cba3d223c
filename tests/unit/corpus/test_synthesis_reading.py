"""Scores in the published formats, as they are played."""

import pytest
from score_making import REPEAT, attributes, backup, mxl, note, pop909, song, tempo

from antiphon.corpus.synthesis.jobs import lieder_parts, quartet_parts
from antiphon.corpus.synthesis.musicxml import DYNAMICS, Staves, read_musicxml
from antiphon.corpus.synthesis.performance import Beat, Label
from antiphon.corpus.synthesis.playing import GRACE_SECONDS
from antiphon.corpus.synthesis.pop909 import read_pop909
from antiphon.errors import BadData

for module in ("music21", "pretty_midi"):
    pytest.importorskip(module)


def two_voices(path, bars, default_bpm=60):
    """The first voice of a score whose second voice has the same bars."""
    score = mxl(path / "score.mxl", {"Soprano": bars, "Bass": bars})
    return read_musicxml(score, lieder_parts, default_bpm)


def timed(performance, part=0):
    return [(round(n.onset, 4), round(n.duration, 4), n.pitch) for n in performance.parts[part].notes]


def test_the_two_staves_of_a_piano_are_one_track(tmp_path):
    performance = read_musicxml(song(tmp_path / "lc1.mxl"), lieder_parts, 80)
    assert [(part.name, part.role) for part in performance.parts] == [("voice", "voice"), ("piano", "piano")]
    assert timed(performance, 0) == [(0, 4, 60), (4, 2, 64), (6, 2, 67)]
    assert timed(performance, 1) == [(0, 4, 48), (0, 4, 64), (4, 4, 43), (4, 4, 72)]
    assert performance.seconds == 8


def test_a_tempo_change_holds_from_its_place_on_and_inside_a_note(tmp_path):
    bars = [attributes() + tempo(120) + note("C4", 4), note("D4", 2) + tempo(60) + note("E4", 2)]
    assert timed(two_voices(tmp_path, bars)) == [(0, 2, 60), (2, 1, 62), (3, 2, 64)]
    held = [attributes() + note("C4", 2), note("D4", 4)]
    moving = [attributes() + tempo(120) + note("C4", 2), note("C4", 2) + tempo(60) + note("C4", 2)]
    score = mxl(tmp_path / "held.mxl", {"Voice": held, "Violin": moving})
    assert timed(read_musicxml(score, lieder_parts, 100))[1] == (1, 3, 62)


def test_without_a_mark_the_default_tempo_holds(tmp_path):
    performance = two_voices(tmp_path, [attributes() + note("C4", 4)], default_bpm=80)
    assert timed(performance) == [(0, 3, 60)]
    assert performance.beats == tuple(Beat(0.75 * i, i + 1) for i in range(4))


def test_tied_notes_are_one_note_and_repeated_ones_two(tmp_path):
    bars = [attributes() + note("C4", 4, extra="start"), note("C4", 2, extra="stop") + note("C4", 2)]
    assert timed(two_voices(tmp_path, bars)) == [(0, 6, 60), (6, 2, 60)]


def test_grace_notes_sound_before_the_beat_in_their_order(tmp_path):
    bars = [attributes() + note("C4", 2) + note("E4", 0) + note("F4", 0) + note("G4", 2)]
    main, first, second, last = timed(two_voices(tmp_path, bars))
    assert (main, last) == ((0, 2, 60), (2, 2, 67))
    assert first == (round(2 - 2 * GRACE_SECONDS, 4), GRACE_SECONDS, 64)
    assert second == (round(2 - GRACE_SECONDS, 4), GRACE_SECONDS, 65)


def test_a_repeat_is_played_twice_with_the_tempo_that_holds_there(tmp_path):
    bars = [attributes() + tempo(60) + note("C4", 4), note("D4", 4) + REPEAT, tempo(120) + note("E4", 4)]
    assert timed(two_voices(tmp_path, bars)) == [(0, 4, 60), (4, 4, 62), (8, 4, 60), (12, 4, 62), (16, 2, 64)]
    forward = '<barline location="left"><repeat direction="forward"/></barline>'
    changing = [
        attributes() + tempo(60) + note("C4", 4),
        forward + note("D4", 4),
        tempo(120) + note("E4", 4) + REPEAT,
    ]
    assert [onset for onset, _, _ in timed(two_voices(tmp_path, changing))] == [0, 4, 8, 10, 14]


def test_a_bar_too_short_in_one_part_does_not_part_the_parts(tmp_path):
    whole = [attributes() + note("C4", 4), note("D4", 4)]
    short = [attributes() + note("C4", 3), note("D4", 4)]
    performance = read_musicxml(mxl(tmp_path / "a.mxl", {"Voice": whole, "Flute": short}), lieder_parts, 60)
    assert timed(performance, 0)[1] == timed(performance, 1)[1] == (4, 4, 62)


def test_a_dynamic_is_a_velocity_until_the_next(tmp_path):
    bars = [attributes() + note("C4", 4), tempo(60, "pp") + note("D4", 4), tempo(60, "f") + note("E4", 4)]
    velocities = [each.velocity for each in two_voices(tmp_path, bars).parts[0].notes]
    assert velocities == [DYNAMICS["mf"], DYNAMICS["pp"], DYNAMICS["f"]]


def test_two_voices_on_one_pitch_do_not_cut_each_other(tmp_path):
    bars = [attributes() + note("C4", 4) + backup(4) + note("C4", 2, voice=2) + note("C4", 2, voice=2)]
    assert timed(two_voices(tmp_path, bars)) == [(0, 2, 60), (2, 2, 60)]


@pytest.mark.parametrize(
    ("fifths", "pitches", "name"),
    [(0, "CEGC", "C:maj"), (0, "AECA", "A:min"), (-6, "GBDG", "Gb:maj"), (3, "ACEA", "A:maj")],
)
def test_the_notes_tell_major_from_its_relative_minor(tmp_path, fifths, pitches, name):
    bars = [attributes(fifths=fifths) + "".join(note(f"{step}4", 1) for step in pitches)]
    if fifths == -6:
        bars = [bars[0].replace("</step>", "</step><alter>-1</alter>")]
    if fifths == 3:
        bars = [bars[0].replace("<step>C</step>", "<step>C</step><alter>1</alter>")]
    assert two_voices(tmp_path, bars).keys == (Label(0.0, name),)


def test_a_score_without_key_or_meter_is_played_without_them(tmp_path):
    bare = "<attributes><divisions>4</divisions></attributes>"
    performance = two_voices(tmp_path, [bare + note("C4", 4)])
    assert (timed(performance), performance.keys, performance.beats) == ([(0, 4, 60)], (), ())


def test_an_upbeat_counts_from_the_bar_it_belongs_to(tmp_path):
    bars = [attributes(3) + note("G4", 1), note("C5", 3)]
    score = mxl(tmp_path / "a.mxl", {"Voice": bars, "Flute": bars}, numbers=[0, 1])
    assert [beat.number for beat in read_musicxml(score, lieder_parts, 60).beats] == [3, 1, 2, 3]


def test_a_quartet_is_named_by_its_players():
    groups = [Staves(name, ()) for name in ("Violin 1", "Violino II", "Viola", "Violoncello")]
    assert [name for name, _ in quartet_parts(groups)] == ["violin-1", "violin-2", "viola", "cello"]


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive at all"])
def test_a_damaged_score_is_bad_data_and_nothing_else(tmp_path, content):
    (tmp_path / "lc1.mxl").write_bytes(content)
    with pytest.raises(BadData, match=r"music21 cannot read it|not a compressed score"):
        read_musicxml(tmp_path / "lc1.mxl", lieder_parts, 80)


def test_pop909_comes_with_its_beats_chords_and_key(tmp_path):
    performance = read_pop909(pop909(tmp_path) / "POP909" / "001" / "001.mid")
    assert [part.name for part in performance.parts] == ["melody", "bridge", "piano"]
    first = performance.parts[0].notes[0]
    assert (first.pitch, first.velocity) == (72, 70)
    assert (first.onset, first.duration) == (pytest.approx(0.5, abs=2e-3), pytest.approx(0.75, abs=4e-3))
    assert [beat.number for beat in performance.beats] == [4, 1, 2, 3, 4, 1]
    assert performance.keys == (Label(0.5, "Gb:maj"),)
    assert performance.chords == (Label(0.0, "N"), Label(1.0, "C:maj"), Label(3.0, "F#:maj7/5"))


def test_a_damaged_midi_file_is_bad_data(tmp_path):
    (tmp_path / "001.mid").write_bytes(b"MThd\0")
    with pytest.raises(BadData, match="not readable as MIDI"):
        read_pop909(tmp_path / "001.mid")
