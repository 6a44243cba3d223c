"""What is kept of how the guide sounded, for a partner that follows some segments later."""

from dataclasses import replace

import numpy as np
from live_making import RATE, melody, session, small_agent

from antiphon.action.selection.lagged_relation import LAGS
from antiphon.action.selection.segment_sound import CHROMA, QUIETEST_DBFS, segment_sound
from antiphon.live.events import Cue, GuideBlock, GuideToken, Tick
from antiphon.live.guide_sounds import KEPT, GuideSounds
from antiphon.live.hearing import ear_of
from antiphon.live.simulation import blocks_of
from antiphon.types import Audio, SegmentSound


def sound(number):
    """A sound that is known again: its level is its number, its chroma has one at its place."""
    chroma = np.zeros((1, CHROMA), dtype=np.float32)
    chroma[0, number % CHROMA] = 1
    return SegmentSound(chroma, np.array([number], dtype=np.float32))


def test_what_is_over_sounds_as_it_did_and_all_else_as_it_does_now():
    heard = GuideSounds()
    for number in range(5):
        heard = heard.then(sound(number))
    found = heard.going_on(sound(99), 3, 8)
    assert found.level.tolist() == [3, 4, 99, 99, 99]
    assert found.chroma.argmax(axis=1).tolist() == [3, 4, 99 % CHROMA, 99 % CHROMA, 99 % CHROMA]


def test_what_was_soft_stays_softer_than_what_is_loud_though_the_gain_follows_the_guide():
    """Four seconds at -50 dBFS, which are turned up, then four at -20, after which they would not be; then a rest."""
    playing = session()
    time = np.arange(10 * RATE) / RATE
    tone = np.sqrt(2) * np.sin(2 * np.pi * 330 * time)
    tone[: 4 * RATE] *= 10 ** (-50 / 20)
    tone[4 * RATE :] *= 10 ** (-20 / 20)
    tone[8 * RATE :] = 0
    state, _ = playing.step(playing.start(), Cue("start"))
    for block in blocks_of(Audio(tone.astype(np.float32)[:, np.newaxis], RATE), 1000):
        state, _ = playing.step(state, block)
    levels = state.heard.levels
    assert len(levels) > 30
    for second, expected in ((1.5, -50), (3, -50), (5, -20), (7, -20)):
        assert abs(levels[round(second / playing.stock.segment_seconds)] - expected) < 1.5
    assert levels[-1] == -np.inf
    assert state.ear.heard_now(levels).min() == QUIETEST_DBFS


def test_before_anything_was_heard_all_sounds_as_it_does_now():
    assert GuideSounds().going_on(sound(7), -2, 2).level.tolist() == [7, 7, 7, 7]


def test_no_more_is_kept_than_a_partner_can_be_late():
    heard = GuideSounds()
    for number in range(100):
        heard = heard.then(sound(number))
    assert heard.level.tolist() == list(range(100 - KEPT, 100))
    assert heard.going_on(sound(-1), 100 - KEPT - 1, 100 - KEPT + 1).level.tolist() == [-1, 100 - KEPT]


def test_what_came_in_blocks_sounds_as_the_recording_does():
    """Chroma and level of a segment, a tenth of a second after it was over."""
    agent, rate = small_agent(), 22050
    guide = melody(4, seed=2, rate=rate)
    ear = ear_of(agent.perception.stream(agent.alphabet), rate, gate=-60.0, level=0.0)
    heard = {}
    for start in range(0, len(guide.samples), 512):
        ear = ear.push(guide.samples[start : start + 512])
        for end in (1.5, 3.5):
            if end not in heard and ear.heard >= (end + 0.1) * rate:
                heard[end] = ear.sound_over(round((end - 0.5) * rate), round(end * rate))
    for end, found in heard.items():
        interval = np.array([[end - 0.5, end]])
        known = segment_sound(guide, interval)
        assert found.chroma[0] @ known.chroma[0] > 0.95
        assert abs(found.level[0] - known.level[0]) < 0.5
    assert len(heard) == 2


def test_a_partner_is_followed_though_beats_are_a_third_as_long_as_its_pairs_segments():
    heard, lag = GuideSounds(), 3 * LAGS
    for number in range(60):
        heard = heard.then(sound(number))
    assert heard.going_on(sound(99), 60 - lag, 61).level.tolist() == [*range(60 - lag, 60), 99]


def test_a_session_that_wakes_up_counts_its_segments_on():
    """Segments keep their numbers over a gap, and so do the sounds that are kept of them."""
    playing = session()
    state, _ = playing.step(playing.start(), Cue("start"))
    for block in blocks_of(melody(3), 1024):
        state, _ = playing.step(state, block)
    before = state.number
    state, _ = playing.step(state, GuideBlock(melody(1).samples[:512], 60 * RATE))
    assert state.heard.sounds.count >= before > 5


def test_a_rest_that_was_told_is_silence_whatever_the_gain():
    playing = replace(session(), level_db=20.0)
    rest = playing.stock.rest
    assert rest is not None
    state, _ = playing.step(playing.start(), GuideToken(rest, 0))
    state, _ = playing.step(state, Tick(RATE))
    assert state.heard.count > 0
    assert state.heard.levels[0] == -np.inf
