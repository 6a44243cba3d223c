"""Varied renderings: what differs from piece to piece, and what stays the notes' own."""

from dataclasses import replace

import numpy as np
import pytest

from antiphon.corpus.synthesis.additive import RATE, played_additively, tone_of
from antiphon.corpus.synthesis.performance import Part, Performance, PlayedNote
from antiphon.corpus.synthesis.settings import RenderSettings
from antiphon.corpus.synthesis.stems import render
from antiphon.corpus.synthesis.variation import HARMONIC, MELODIC, at_pace, in_octave, is_harmonic, tilted, varied
from antiphon.errors import SettingsError
from antiphon.types import Audio

MELODY = Part("voice", "voice", tuple(PlayedNote(0.5 * n, 0.45, 62 + n, 80) for n in range(8)))
CHORDS = Part("piano", "piano", tuple(PlayedNote(float(n), 0.9, p, 80) for n in range(4) for p in (48, 52, 55)))
PIECE = Performance((MELODY, CHORDS), (), (), 4.0)
VARIED = RenderSettings(varied=True)


def test_a_name_has_one_rendering_and_another_name_another():
    one, again, other = (varied(name, PIECE, VARIED) for name in ("a", "a", "b"))
    assert (one.settings, one.performance, one.programs) == (again.settings, again.performance, again.programs)
    assert one.performance.seconds != other.performance.seconds
    assert varied("a", PIECE, replace(VARIED, seed=1)).performance != one.performance


def test_over_many_names_all_ways_of_synthesis_and_many_instruments_occur():
    drawn = [varied(f"piece {n}", PIECE, VARIED) for n in range(80)]
    assert {each.settings.renderer for each in drawn} == {"additive", "midirenderer"}
    assert len({each.programs["voice"] for each in drawn}) > 20
    assert {each.programs["voice"] for each in drawn} <= set(MELODIC)
    assert {each.programs["piano"] for each in drawn} <= set(HARMONIC)
    paces = [PIECE.seconds / each.performance.seconds for each in drawn]
    assert min(paces) >= 0.8
    assert max(paces) <= 1.25
    assert np.std(np.log(paces)) > 0.08


def test_chords_are_no_melody():
    assert is_harmonic(CHORDS)
    assert is_harmonic(replace(CHORDS, role="melody"))
    assert not is_harmonic(MELODY)


def test_an_octave_beyond_the_instruments_is_not_taken():
    assert [note.pitch for note in in_octave(MELODY, 1).notes] == [note.pitch + 12 for note in MELODY.notes]
    low = replace(MELODY, notes=(PlayedNote(0.0, 1.0, 30, 80),))
    assert in_octave(low, -1) == low


def test_a_pace_of_two_halves_every_time():
    fast = at_pace(PIECE, 2.0)
    assert fast.seconds == 2.0
    assert [note.onset for note in fast.parts[0].notes] == [note.onset / 2 for note in MELODY.notes]
    assert [note.pitch for note in fast.parts[0].notes] == [note.pitch for note in MELODY.notes]


def test_a_tilt_raises_the_high_by_half_of_it_and_lowers_the_low_by_half():
    impulse = np.zeros((44100, 1), np.float32)
    impulse[22050] = 1.0
    gain_db = 20 * np.log10(np.abs(np.fft.rfft(tilted(Audio(impulse, 44100), 8.0).samples[:, 0])) + 1e-9)
    assert gain_db[100] == pytest.approx(-4.0, abs=0.3)
    assert gain_db[1000] == pytest.approx(0.0, abs=0.3)
    assert gain_db[10_000] == pytest.approx(4.0, abs=0.3)


@pytest.mark.parametrize("pitch", [33, 57, 69, 96])
def test_an_additive_tone_has_its_pitch(pitch):
    sound = played_additively((PlayedNote(0.1, 1.0, pitch, 100),), 40, 1.3).samples[:, 0]
    spectrum = np.abs(np.fft.rfft(sound, 4 * RATE))
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    strongest = np.argmax(spectrum) / 4
    assert min(abs(strongest - hertz * partial) for partial in range(1, 9)) < 0.02 * hertz
    assert np.abs(sound[: RATE // 10]).max() == 0
    assert np.abs(sound).max() < 1


def test_programs_sound_different_and_each_always_the_same():
    assert np.array_equal(tone_of(3).strengths, tone_of(3).strengths)
    assert not np.allclose(tone_of(3).strengths, tone_of(4).strengths)


def test_a_varied_rendering_sounds_and_is_as_long_as_its_pace():
    stems = render("a piece", PIECE, VARIED)
    assert set(stems.sounds) == {"voice", "piano"}
    for sound in stems.sounds.values():
        assert sound.duration == pytest.approx(stems.performance.seconds + 1.0, abs=1e-3)
        assert 0.001 < float(np.abs(sound.samples).max()) <= 1.0


def test_more_soundfonts_are_for_varied_renderings(tmp_path):
    with pytest.raises(SettingsError, match="several soundfonts"):
        RenderSettings(soundfonts=(tmp_path / "a.sf2",))
