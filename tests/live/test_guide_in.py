"""Guides that come as messages: sound by the sender's own clock, and notes that are heard as the notes they are."""

import numpy as np
import pytest

from antiphon.agent import Agent
from antiphon.agent.meanings import meanings_of
from antiphon.live.guide_in import NetworkGuide, PlainInstrument
from antiphon.live.osc import GuideAudio, Note
from antiphon.types import Audio

RATE = 48_000


def sent(frame, count=480, rate=RATE, value=0.5):
    return GuideAudio(frame, rate, np.full(count, value, dtype=np.float32))


def test_the_first_block_ends_now_and_the_next_lie_where_the_sender_counts_them():
    guide = NetworkGuide(RATE)
    assert guide.block(sent(1_000_000), 48_000)[0] == 48_000 - 480
    assert guide.block(sent(1_000_480), 48_900)[0] == 48_000
    assert guide.block(sent(1_001_440), 49_300)[0] == 48_960  # one was lost: silence lies there
    assert guide.resets == 0


def test_a_clock_that_is_off_is_set_anew():
    guide = NetworkGuide(RATE)
    guide.block(sent(0), RATE)
    start, _ = guide.block(sent(480), 3 * RATE)
    assert start == 3 * RATE - 480
    assert guide.resets == 1


def test_another_rate_is_brought_to_ours():
    guide = NetworkGuide(RATE)
    tone = (0.5 * np.sin(2 * np.pi * 441 * np.arange(44_100) / 44_100)).astype(np.float32)
    found = [guide.block(GuideAudio(at, 44_100, tone[at : at + 441]), RATE + at) for at in range(0, 44_100, 441)]
    samples = np.concatenate([block[:, 0] for _, block in found])
    assert len(samples) == pytest.approx(RATE, abs=2000)
    spectrum = np.abs(np.fft.rfft(samples[4000:44_000]))
    assert np.argmax(spectrum) * RATE / 40_000 == pytest.approx(441, abs=2)
    starts = [start for start, _ in found]
    ends = [start + len(block) for start, block in found]
    assert starts[1:] == ends[:-1]


def test_a_note_sounds_until_it_is_let_go_and_blocks_are_seamless():
    one, many = PlainInstrument(RATE), PlainInstrument(RATE)
    for each in (one, many):
        each.play(Note(60, 100))
    whole = one.sound(9600)
    assert np.allclose(whole, np.concatenate([many.sound(480) for _ in range(20)]), atol=1e-6)
    assert np.abs(whole).max() > 0.05
    one.play(Note(60, 0))
    after = one.sound(RATE // 2)
    assert np.abs(after[RATE // 10 :]).max() == 0
    assert one.is_silent


@pytest.fixture(scope="module")
def agent():
    return Agent.base()


@pytest.mark.parametrize("pitch", [48, 55, 60, 66, 71])
def test_a_note_is_heard_as_a_class_of_its_pitch(agent, pitch):
    """Through the same perception and alphabet as a recording."""
    instrument = PlainInstrument(RATE)
    instrument.play(Note(pitch, 100))
    tokens = agent.tokens(Audio(instrument.sound(3 * RATE), RATE))
    meanings = meanings_of(agent.alphabet, agent.perception.encoder, agent.settings.perception.encoder)
    heard = [int(meanings.pitches[token]) % 12 for token in tokens.ids[1:5] if meanings.pitches[token] >= 0]
    assert heard.count(pitch % 12) >= 3, heard
