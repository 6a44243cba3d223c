"""Hearing as ears do: faders, polarity, one-sided and offset files, noise floors change no tokens."""

import numpy as np
import pytest

from antiphon.agent import Agent
from antiphon.audio import HeldSound, dbfs
from antiphon.perception.levelling import HEARD_AT_DBFS, LevelledSound, gated_level, without_noise
from antiphon.types import Audio

RATE = 22050
NOTES = (57, 60, 64, 65, 62, 69, 55, 59)


def music(seconds: float = 8.0) -> np.ndarray:
    """A melody of plucked and swelling tones over a soft bass (frames,)."""
    time = np.arange(round(seconds * RATE)) / RATE
    sound = np.zeros(len(time))
    for number in range(int(2 * seconds)):
        note, start = NOTES[number % len(NOTES)], number / 2
        hertz, inside = 440 * 2 ** ((note - 69) / 12), (time >= start) & (time < start + 0.5)
        here = time[inside] - start
        tone = sum(np.sin(2 * np.pi * hertz * k * here) / k for k in (1, 2, 3))
        sound[inside] += (0.1 + 0.2 * (number % 3)) * tone * np.exp(-3 * here)
    return (sound * 0.4).astype(np.float32)


PLAIN = music()
WAYS = {
    "30 dB softer": np.stack([PLAIN, PLAIN], axis=1) * np.float32(10**-1.5),
    "50 dB softer": PLAIN[:, None] * np.float32(10**-2.5),
    "of opposite polarity": np.stack([PLAIN, -PLAIN], axis=1),
    "on one side": np.stack([PLAIN, np.zeros_like(PLAIN)], axis=1),
    "with an offset": PLAIN[:, None] + np.float32(0.05),
    "hot": np.clip(PLAIN[:, None] * 4, -1, 1),
    "upside down": -PLAIN[:, None],
}


@pytest.fixture(scope="module")
def agent():
    return Agent.base()


@pytest.mark.parametrize("way", WAYS)
def test_a_recording_is_called_the_same(agent, way):
    plain = agent.tokens(Audio(PLAIN[:, None], RATE)).ids
    changed = agent.tokens(Audio(WAYS[way].astype(np.float32), RATE)).ids
    assert len(set(plain.tolist())) > 4
    assert np.mean(changed == plain) >= 0.9


def test_every_sound_is_heard_at_one_loudness():
    for gain in (0.01, 0.1, 1.0):
        heard = np.concatenate(
            list(LevelledSound(HeldSound(Audio(PLAIN[:, None] * np.float32(gain), RATE))).blocks(RATE))
        )
        cells = (heard[: len(heard) // 220 * 220].reshape(-1, 220) ** 2).mean(axis=1)
        assert gated_level(cells) == pytest.approx(HEARD_AT_DBFS, abs=0.2)


def test_silence_stays_silence():
    heard = np.concatenate(list(LevelledSound(HeldSound(Audio(np.zeros((RATE, 2), np.float32), RATE))).blocks(RATE)))
    assert not heard.any()
    assert gated_level(np.zeros(50, np.float32)) is None
    assert gated_level(np.zeros(0, np.float32)) is None


def test_a_rest_full_of_hiss_is_a_rest(agent):
    """Half of it is hiss at -45 dB under the music: below no absolute threshold, and nothing that anybody played."""
    noise = np.random.default_rng(0).standard_normal(len(PLAIN)) * 10 ** (-45 / 20) * np.abs(PLAIN).max()
    sound = PLAIN * (np.arange(len(PLAIN)) < len(PLAIN) // 2) + noise
    ids = agent.tokens(Audio(sound[:, None].astype(np.float32), RATE)).ids
    assert (ids[9:] == agent.alphabet.rest).all()
    assert (ids[:7] != agent.alphabet.rest).all()


def test_what_is_soft_all_the_time_is_no_noise():
    power = np.full(500, 1e-4, np.float32)
    levels = dbfs(np.full(10, 1e-4, np.float32))
    assert np.array_equal(without_noise(levels, power), levels)


def test_a_crescendo_out_of_silence_has_no_rests(agent):
    time = np.arange(10 * RATE) / RATE
    swelling = np.sin(2 * np.pi * 220 * time) * 10 ** ((-50 + 4 * time) / 20)
    ids = agent.tokens(Audio(swelling[:, None].astype(np.float32), RATE)).ids
    assert (ids != agent.alphabet.rest).all()


def test_the_sound_of_both_channels_is_heard_whatever_their_phase():
    from antiphon.audio import mono

    both = np.stack([PLAIN, PLAIN], axis=1)
    assert np.allclose(mono(Audio(both, RATE)).samples[:, 0], PLAIN)
    assert np.allclose(mono(Audio(both * np.float32([1, -1]), RATE)).samples[:, 0], PLAIN)
    noise = np.random.default_rng(1).standard_normal((RATE, 2)).astype(np.float32)
    assert np.allclose(mono(Audio(noise, RATE)).samples[:, 0], noise.mean(axis=1), atol=1e-6)
