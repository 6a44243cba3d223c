"""MIDI clock: 24 ticks are a beat, at the times at which they were played; by a real MIDI port of a JACK server."""

import sys
import time

import numpy as np
import pytest

from antiphon.errors import MissingExtra
from antiphon.live.midi_clock import CONTINUE, START, STOP, TICK, BeatCounter, MidiInput, how_to_get_midi
from antiphon.live.osc import Note


def test_every_24th_tick_from_the_start_is_a_beat():
    counter = BeatCounter()
    beats = [index for index in range(96) if counter.beats(TICK)]
    assert beats == [0, 24, 48, 72]
    assert not counter.beats(STOP)
    assert not counter.beats(CONTINUE)
    for _ in range(7):
        counter.beats(TICK)
    assert not counter.beats(START)
    assert counter.beats(TICK)


@pytest.fixture
def clock(jack_server):
    rtmidi = pytest.importorskip("rtmidi")
    if rtmidi.API_UNIX_JACK not in rtmidi.get_compiled_api():
        pytest.skip("this rtmidi knows no JACK")
    try:
        heard = MidiInput("virtual")
    except MissingExtra as error:
        pytest.skip(str(error))
    sender = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="clock")
    there = [number for number, name in enumerate(sender.get_ports()) if name.startswith("antiphon")]
    if not there:
        heard.close()
        pytest.skip("MIDI goes by another system here")
    sender.open_port(there[0])
    yield sender, heard
    heard.close()
    sender.close_port()


def test_a_clock_of_120_beats_a_minute_is_two_beats_a_second(clock):
    sender, heard = clock
    heard.arrived()
    sender.send_message([START])
    beats, started = [], time.monotonic()
    for number in range(49):
        while time.monotonic() < started + number / 48:
            time.sleep(0.0005)
        sender.send_message([TICK])
        beats += heard.arrived()[0]
    time.sleep(0.05)
    beats += heard.arrived()[0]
    assert len(beats) == 3
    assert np.diff(beats) == pytest.approx([0.5, 0.5], abs=0.06)


def test_notes_come_beside_the_clock(clock):
    sender, heard = clock
    heard.arrived()
    for message in ([0x90, 60, 100], [TICK], [0x80, 60, 0], [0x93, 64, 0]):
        sender.send_message(message)
    time.sleep(0.1)
    beats, notes = heard.arrived()
    assert notes == [Note(60, 100), Note(60, 0), Note(64, 0)]
    assert len(beats) == 1


def test_a_port_that_is_not_there_is_named():
    with pytest.raises(MissingExtra, match=r"no MIDI port 'moog'|has no MIDI|MIDI needs"):
        MidiInput("moog")


def test_where_the_library_is_missing_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    with pytest.raises(MissingExtra, match="MIDI needs python-rtmidi: ") as refused:
        MidiInput("virtual")
    assert how_to_get_midi(sys.version_info[:2]) in str(refused.value)


def test_no_extra_is_named_to_a_python_for_which_it_brings_no_midi():
    assert "antiphon[live]" in how_to_get_midi((3, 12))
    assert "antiphon[live]" not in how_to_get_midi((3, 13))
