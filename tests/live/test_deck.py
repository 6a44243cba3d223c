"""The deck: sound goes on whatever becomes of the decision, and nothing that it writes is a step in the sound."""

from dataclasses import replace

import numpy as np
import pytest

from antiphon.action.rendering.crossfade import Crossfade
from antiphon.live.commands import Play, Silence
from antiphon.live.deck import AHEAD_SECONDS, Deck, going_on
from antiphon.types import Audio, MemoryPart, Run

RATE = 8000


class Reel:
    """A tape that is played as far as a test says."""

    def __init__(self, guard=64):
        self.sample_rate, self.channels, self.guard = RATE, 1, guard
        self.played = 0
        self.samples = np.zeros((0, 1), dtype=np.float32)

    @property
    def written(self):
        return len(self.samples)

    def read(self, start, end):
        return self.samples[start:end].copy()

    def write(self, start, samples):
        assert self.played <= start <= self.written
        end = start + len(samples)
        kept = self.samples[end:]
        self.samples = np.concatenate([self.samples[:start], samples.astype(np.float32), kept])


def tone(seconds, hertz=110.0, rising=2.0):
    """A tone that rises by so many hertz a second: no place of it is like another."""
    times = np.arange(round(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * (hertz + rising / 2 * times) * times)).astype(np.float32)[:, None]


MEMORY = Audio(tone(20), RATE)
PART = MemoryPart("m.wav", 0, len(MEMORY.samples))
STEEPEST = float(np.abs(np.diff(MEMORY.samples[:, 0])).max())


@pytest.mark.slow
def test_no_place_of_the_memory_is_like_another():
    """Or a test could not tell where a sound was taken from."""
    windows = np.lib.stride_tricks.sliding_window_view(MEMORY.samples[:, 0], 800)
    for start in (4000, 6033, 50_000):
        away = np.abs(windows - windows[start]).max(axis=1)
        assert np.flatnonzero(away < 1e-3).tolist() == [start]


def deck():
    reel = Reel()
    made = Deck(reel, MEMORY, Crossfade(0.02))
    made.advance()
    return reel, made


def play(start, end, *runs):
    """A span as a session gives it: the last copy is known to go on."""
    return Play(start, end, (*runs[:-1], replace(runs[-1], end=runs[-1].end + 1000)))


def steps(samples):
    return float(np.abs(np.diff(samples[:, 0])).max())


def test_what_is_committed_sounds_and_the_copy_goes_on_after_it():
    reel, made = deck()
    made.obey([play(1000, 3000, Run(0, 1, 1000, 3000, 4000, PART))])
    made.advance()
    assert np.array_equal(reel.samples[1100:3000], MEMORY.samples[4100:6000])
    assert np.array_equal(reel.samples[3000:], MEMORY.samples[6000 : 6000 + reel.written - 3000])
    assert reel.written >= AHEAD_SECONDS * RATE


def test_a_span_that_is_late_is_counted_and_comes_in_without_a_click():
    reel, made = deck()
    made.obey([play(1000, 3000, Run(0, 1, 1000, 3000, 4000, PART))])
    reel.played = 4000
    made.advance()
    before, second = Run(0, 1, 1000, 3000, 4000, PART), Run(1, 2, 3000, 6000, 9033, PART)
    made.obey([play(3000, 6000, before, second)])
    assert made.counts.late == 1
    assert made.counts.latest == pytest.approx((4000 + reel.guard - 3000) / RATE)
    assert np.array_equal(reel.samples[3000 : 4000 + reel.guard], MEMORY.samples[6000 : 7000 + reel.guard])
    assert np.array_equal(reel.samples[4200:6000], MEMORY.samples[10_233:12_033])
    assert steps(reel.samples[1100:]) < 2 * STEEPEST


def test_a_span_that_is_wholly_past_is_gone_on_from():
    reel, made = deck()
    made.obey([play(100, 1000, Run(0, 1, 100, 1000, 0, PART))])
    reel.played = 8000
    made.advance()
    made.obey([play(1000, 2000, Run(1, 2, 1000, 2000, 50_000, PART))])
    assert np.array_equal(reel.samples[8200:9000], MEMORY.samples[57_200:58_000])


def test_silence_fades_and_stays_until_the_next_span():
    reel, made = deck()
    made.obey([play(1000, 3000, Run(0, 1, 1000, 3000, 4000, PART))])
    made.obey([Silence(2000, 80)])
    reel.played = 1500
    made.advance()
    assert not reel.samples[2080:].any()
    assert steps(reel.samples[1100:]) < 2 * STEEPEST
    assert made.sounding is None


def test_panic_is_as_soon_as_the_device_allows():
    reel, made = deck()
    made.obey([play(100, 9000, Run(0, 1, 100, 9000, 0, PART))])
    reel.played = 5000
    made.obey([Silence(0, 40)])
    assert reel.samples[4000 : 5000 + reel.guard].any()
    assert not reel.samples[5000 + reel.guard + 40 :].any()


def test_a_span_that_is_further_ahead_than_the_tape_waits_for_its_time():
    reel, made = deck()
    first = Run(0, 1, 100, 80_000, 0, PART)
    made.obey([play(100, 80_000, first), play(80_000, 90_000, first, Run(1, 2, 80_000, 90_000, 20_000, PART))])
    assert reel.written < 5 * RATE
    for tenth in range(110):
        reel.played = tenth * RATE // 10
        made.advance()
    assert np.array_equal(reel.samples[200:79_000], MEMORY.samples[100:78_900])
    assert np.array_equal(reel.samples[81_000:89_000], MEMORY.samples[21_000:29_000])
    assert made.counts.late == 0


def test_the_copy_goes_on_until_another_session_begins():
    reel, made = deck()
    made.obey([play(100, 1000, Run(0, 1, 100, 1000, 0, PART))])
    reel.played = 4000
    made.advance()
    made.obey([play(500, 9000, Run(0, 1, 8000, 9000, 50_033, PART))])  # silent from its own frame 0 on
    assert np.array_equal(reel.samples[200:8000], MEMORY.samples[100:7900])
    assert np.array_equal(reel.samples[8100:9000], MEMORY.samples[50_133:51_033])
    assert made.counts.late == 0
    assert steps(reel.samples[200:]) < 2 * STEEPEST
    made.obey([Play(8500, 10_000, (Run(1, 1, 8500, 10_000),))])  # and another, which has nothing to play yet
    assert made.sounding is not None


def test_silence_takes_back_what_waits():
    reel, made = deck()
    made.obey([play(60_000, 80_000, Run(0, 1, 60_000, 80_000, 0, PART)), Silence(0, 10)])
    for second in range(12):
        reel.played = second * RATE
        made.advance()
    assert not reel.samples.any()


def test_no_decision_for_a_minute_is_a_minute_of_memory():
    reel, made = deck()
    made.obey([play(100, 1000, Run(0, 1, 100, 1000, 100_000, PART))])
    for second in range(60):
        reel.played = second * RATE
        made.advance()
    heard = reel.samples[200:, 0]
    levels = np.sqrt(np.mean(heard[: len(heard) // 400 * 400].reshape(-1, 400) ** 2, axis=1))
    assert levels.min() > 0.1
    assert steps(reel.samples[200:]) < 2 * STEEPEST


@pytest.mark.parametrize("length", [3000, 700, 2])
def test_a_copy_turns_at_the_end_of_its_file_alike_however_it_is_asked_for(length):
    part = MemoryPart("m.wav", 500, 500 + length)
    run = Run(0, 1, 0, length // 2, 500, part)
    whole = going_on(run, MEMORY.samples, 0, 20_000, 160)
    pieces = [going_on(run, MEMORY.samples, start, start + 777, 160) for start in range(0, 20_000 - 777, 777)]
    assert np.array_equal(np.concatenate(pieces), whole[: 777 * len(pieces)])
    assert np.array_equal(
        whole[: length - min(160, length // 2)], MEMORY.samples[500 : 500 + length - min(160, length // 2)]
    )
    assert steps(whole) < 2 * STEEPEST or length < 100


def test_one_channel_too_many_is_refused():
    with pytest.raises(ValueError, match="channels"):
        Deck(Reel(), Audio(np.zeros((10, 2), dtype=np.float32), RATE), Crossfade(0.02))
