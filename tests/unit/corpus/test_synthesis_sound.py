"""Notes to stems: instruments, sound, room, noise, humanisation."""

import itertools
import shutil
from dataclasses import replace

import numpy as np
import pytest

from antiphon import audio
from antiphon.corpus.synthesis.instruments import POOLS, drawn_programs
from antiphon.corpus.synthesis.performance import Part, Performance, PlayedNote, humanised, untangled
from antiphon.corpus.synthesis.room import impulse_response, in_room
from antiphon.corpus.synthesis.settings import BuildSettings, RenderSettings
from antiphon.corpus.synthesis.soundfont import LOUDEST, Clipped, Synthesizer
from antiphon.corpus.synthesis.stems import QUIETER_VOLUMES, play_together, render
from antiphon.errors import BadData, MissingExtra, SettingsError
from antiphon.types import Audio

for module in ("pretty_midi", "midirenderer"):
    pytest.importorskip(module)

RATE = 22050
PERFORMANCE = Performance(
    (
        Part("voice", "voice", (PlayedNote(0.0, 1.0, 69, 90), PlayedNote(1.5, 0.5, 72, 90))),
        Part("piano", "piano", (PlayedNote(0.5, 1.5, 57, 90),)),
    ),
    (),
    (),
    2.0,
)
FLUTES = RenderSettings(programs={"voice": 73, "piano": 0})
needs_fluidsynth = pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="fluidsynth is not installed")


def samples(stems, name="voice"):
    return stems.sounds[name].samples[:, 0]


def rms(values):
    return float(np.sqrt(np.mean(np.square(values))))


@pytest.mark.parametrize("renderer", ["midirenderer", pytest.param("fluidsynth", marks=needs_fluidsynth)])
def test_a_note_sounds_at_its_pitch_and_time(renderer):
    stems = render("piece", PERFORMANCE, replace(FLUTES, renderer=renderer))
    assert {(len(each.samples), each.channels, each.sample_rate) for each in stems.sounds.values()} == {
        (3 * RATE, 1, RATE)
    }
    voice = samples(stems)
    spectrum = np.abs(np.fft.rfft(voice[:RATE] * np.hanning(RATE)))
    assert any(abs(int(np.argmax(spectrum)) - multiple * 440) <= 6 for multiple in (1, 2))
    assert rms(voice[round(1.3 * RATE) : round(1.45 * RATE)]) < 0.1 * rms(voice[round(1.6 * RATE) : round(1.9 * RATE)])
    assert np.abs(samples(stems, "piano")[: RATE // 3]).max() == pytest.approx(0, abs=1e-3)


@needs_fluidsynth
def test_a_soundfont_that_is_none_is_named_by_fluidsynth_too(tmp_path):
    (tmp_path / "broken.sf2").write_bytes(b"RIFF")
    with pytest.raises(BadData, match=r"broken\.sf2"):
        Synthesizer("fluidsynth", tmp_path / "broken.sf2").identity()


def test_a_missing_fluidsynth_says_how_to_get_it(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingExtra, match="apt install fluidsynth"):
        render("piece", PERFORMANCE, RenderSettings(renderer="fluidsynth"))


def test_instruments_suit_their_part_and_differ_within_a_piece():
    parts = [Part(f"voice-{i}", "voice", ()) for i in range(4)] + [Part("piano", "piano", ())]
    draws = {drawn_programs(parts, {}, np.random.default_rng(seed)) for seed in range(30)}
    assert len(draws) > 20
    for programs in draws:
        assert len(set(programs[:4])) == 4
        assert set(programs[:4]) <= set(POOLS["voice"])
        assert programs[4] in POOLS["piano"]


def test_given_instruments_are_taken_by_name_before_role():
    parts = [Part("voice-1", "voice", ()), Part("voice-2", "voice", ())]
    assert drawn_programs(parts, {"voice": 52, "voice-2": 73}, np.random.default_rng(0)) == (52, 73)


def test_the_same_seed_gives_the_same_stems_and_another_seed_others():
    everything = RenderSettings(timing_ms=20, velocity_spread=8, room_seconds=0.4, noise_dbfs=-60, seed=1)
    first, again, other = (render("piece", PERFORMANCE, replace(everything, seed=seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(samples(first, name), samples(again, name)) for name in first.sounds)
    assert first.performance != other.performance
    assert not np.array_equal(samples(first), samples(other))


def test_humanised_notes_deviate_as_much_as_asked_and_never_start_before_the_piece():
    notes = tuple(PlayedNote(0.5 * i, 0.4, 60, 80) for i in range(2000))
    written = Performance((Part("a", "voice", notes),), (), (), 1000.0)
    (part,) = humanised(written, 15.0, 6.0, np.random.default_rng(0)).parts
    onsets = np.array([note.onset for note in part.notes])
    chord = replace(written, parts=(Part("a", "voice", tuple(PlayedNote(0.0, 1.0, p, 80) for p in range(40, 80))),))
    assert min(note.onset for note in humanised(chord, 15.0, 0.0, np.random.default_rng(0)).parts[0].notes) == 0
    assert np.std(onsets - 0.5 * np.arange(2000)) == pytest.approx(0.015, rel=0.1)
    assert np.std([note.velocity for note in part.notes]) == pytest.approx(6, rel=0.1)
    assert humanised(written, 0.0, 0.0, np.random.default_rng(0)) == written


def test_the_notes_that_are_kept_are_the_humanised_ones_that_sound():
    stems = render("piece", PERFORMANCE, replace(FLUTES, timing_ms=200, seed=3))
    (piano,) = stems.performance.parts[1].notes
    assert abs(piano.onset - 0.5) > 0.02
    loud = np.flatnonzero(np.abs(samples(stems, "piano")) > 0.005)
    assert loud[0] / RATE == pytest.approx(piano.onset, abs=0.02)


def test_notes_of_one_pitch_never_overlap():
    draw = np.random.default_rng(0)
    notes = [PlayedNote(float(draw.uniform(0, 9)), float(draw.uniform(0.1, 2)), 60 + i % 2, 80) for i in range(60)]
    kept = untangled(notes)
    for pitch in (60, 61):
        same = [note for note in kept if note.pitch == pitch]
        assert all(a.onset + a.duration <= b.onset + 1e-9 for a, b in itertools.pairwise(same))


def test_a_room_decays_by_60_db_in_its_reverberation_time():
    response = impulse_response(0.5, -6.0, 44100, np.random.default_rng(0))
    assert len(response) == 22050
    assert response[0] == 1
    assert np.sum(response[1:] ** 2) == pytest.approx(10**-0.6, rel=1e-3)
    early, late = rms(response[1:2205]), rms(response[-2205:])
    assert 20 * np.log10(early / late) == pytest.approx(54, abs=3)


def test_a_room_keeps_the_onset_and_rings_on_after_the_note():
    click = np.zeros((1000, 1), dtype=np.float32)
    click[100] = 0.5
    wet = in_room(Audio(click, 8000), impulse_response(0.1, -6.0, 8000, np.random.default_rng(0))).samples[:, 0]
    assert np.abs(wet[:100]).max() < 1e-6
    assert wet[100] == pytest.approx(0.5, abs=1e-5)
    assert rms(wet[101:300]) > 0.005


def test_noise_has_the_level_asked_for():
    stems = render("piece", PERFORMANCE, replace(FLUTES, noise_dbfs=-50.0))
    assert 20 * np.log10(rms(samples(stems, "piano")[: RATE // 3])) == pytest.approx(-50, abs=0.5)
    assert not np.array_equal(samples(stems, "piano")[:1000], samples(stems)[:1000])


def test_stems_are_turned_down_together():
    quiet, loud = (render("piece", PERFORMANCE, replace(FLUTES, gain_db=gain)) for gain in (0.0, 60.0))
    assert max(audio.peak(each) for each in loud.sounds.values()) == pytest.approx(1)
    ratios = [audio.peak(loud.sounds[name]) / audio.peak(quiet.sounds[name]) for name in quiet.sounds]
    assert ratios[0] == pytest.approx(ratios[1], rel=1e-4)


def test_a_piece_that_clips_in_the_renderer_is_played_more_quietly_as_a_whole():
    class Loud:
        """Clips at full volume on the piano alone."""

        def play(self, notes, program, seconds, volume=LOUDEST):
            if program == 0 and volume == LOUDEST:
                raise Clipped("too loud")
            return Audio(np.full((round(seconds * RATE), 1), volume / 1000, dtype=np.float32), RATE)

    voice, piano = play_together(PERFORMANCE.parts, (73, 0), 3.0, Loud(), RATE)
    assert audio.peak(voice) == audio.peak(piano) == pytest.approx(QUIETER_VOLUMES[1] / 1000)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sample_rate": 0},
        {"timing_ms": -1},
        {"velocity_spread": -1},
        {"room_seconds": 11},
        {"noise_dbfs": 0.0},
        {"programs": {"voice": 128}},
        {"renderer": "timidity"},
    ],
)
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(SettingsError):
        RenderSettings(**wrong)


@pytest.mark.parametrize("wrong", [{"pieces": 0}, {"processes": 0}, {"piece_seconds": 0}])
def test_amounts_that_cannot_be_are_refused(wrong):
    with pytest.raises(SettingsError, match="must be"):
        BuildSettings(**wrong)
