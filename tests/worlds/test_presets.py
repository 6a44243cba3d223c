"""Each preset does what its name says, measured on sound whose chords and levels are known (see config/presets.py)."""

from dataclasses import dataclass

import numpy as np
import pytest

from antiphon.action.statistics import response_statistics
from antiphon.agent import Agent
from antiphon.audio import dbfs, interval_power
from antiphon.config import ActionSettings, Settings, resolve
from antiphon.config.presets import PRESETS, with_preset
from antiphon.errors import SettingsError
from antiphon.types import SILENCE, Audio

RATE = 16000
SEEDS = (0, 1, 2)
STRINGS, REED = (1, 0.5, 0.33, 0.25, 0.2), (1, 0, 0.5, 0, 0.3)


@dataclass(frozen=True, eq=False)
class Music:
    """Triads of half a second: their pitch classes (n, 12), and the sound."""

    classes: np.ndarray
    audio: Audio


def music(segments: int, harmonics: tuple[float, ...], seed: int) -> Music:
    """Major and minor triads, each for one or two seconds, whose level goes up and down over 24 dB."""
    rng = np.random.default_rng(seed)
    forms = rng.choice([3, 4], segments)
    roots = np.repeat(rng.integers(0, 12, segments), rng.choice([2, 4], segments))[:segments]
    chords = np.stack([roots, roots + np.repeat(forms, 2)[:segments], roots + 7], axis=1)
    levels = -24 + 12 * np.sin(np.cumsum(rng.uniform(0.1, 0.5, segments)) + rng.uniform(0, 6))
    times = np.arange(RATE // 2) / RATE
    fade = np.minimum(1, np.minimum(times, times[::-1]) / 0.02)
    parts, classes = [], np.zeros((segments, 12))
    for step, (chord, level) in enumerate(zip(chords, levels, strict=True)):
        classes[step, chord % 12] = 1
        hertz = 261.6 * 2 ** (chord[:, None] / 12) * np.arange(1, len(harmonics) + 1)
        tones = np.sin(2 * np.pi * hertz[..., None] * times) * np.array(harmonics)[:, None]
        wave = tones.sum(axis=(0, 1)) * fade
        parts.append(wave * 10 ** (level / 20) / np.sqrt(np.mean(wave**2)))
    return Music(classes, Audio(np.concatenate(parts)[:, None].astype(np.float32), RATE))


@dataclass(frozen=True)
class Measured:
    """Of one response: the share of chord notes that it has in common with the guide, correlation of levels with the
    guide's, mean copy in seconds, joins a second, different segments, share of the time that is played."""

    harmony: float
    energy: float
    copy: float
    joins: float
    distinct: int
    played: float


@pytest.fixture(scope="module")
def agent():
    """The agent of the package, over half seconds, where the chords lie, also where it could find beats."""
    base = Agent.base()
    grid = {"grid": "seconds"} if "grid" in ActionSettings.model_fields else {}
    return base.with_settings(resolve(environment={}, overrides={"action": grid}, base=base.settings))


@pytest.fixture(scope="module")
def measured(agent):
    """What each preset measures on each guide, and the agent as it is under the name default."""
    source = music(60, REED, 100)
    memory = agent.memory(source.audio)
    guides = [music(30, STRINGS, seed) for seed in SEEDS]
    players = {"default": agent}
    players |= {name: agent.with_settings(with_preset(agent.settings, name)) for name in PRESETS}
    return {name: [of(player, guide, source, memory) for guide in guides] for name, player in players.items()}


def of(player: Agent, guide: Music, source: Music, memory) -> Measured:
    response = player.respond(guide.audio, memory)
    told, steps = response_statistics(response, memory), response.selection.segments
    sounding = np.flatnonzero(steps != SILENCE)
    common = (guide.classes[sounding] * source.classes[steps[sounding]]).sum(axis=1) / 3
    levels = [dbfs(interval_power(sound, response.guide.intervals)) for sound in (guide.audio, response.audio)]
    energy = np.corrcoef(levels[0][sounding], levels[1][sounding])[0, 1]
    played = len(sounding) / len(steps)
    copy = 0.5 * len(sounding) / told.runs
    return Measured(float(common.mean()), float(energy), copy, told.joins_per_second, told.distinct, played)


def mean(rows: list[Measured], name: str) -> float:
    return float(np.mean([getattr(row, name) for row in rows]))


@pytest.mark.slow
def test_follow_keeps_closer_to_the_guides_chords_and_to_its_level_on_every_guide(measured):
    for close, usual in zip(measured["follow"], measured["default"], strict=True):
        assert close.harmony >= usual.harmony
        assert close.energy > usual.energy
    assert mean(measured["follow"], "harmony") > mean(measured["default"], "harmony") + 0.01
    assert mean(measured["follow"], "energy") > mean(measured["default"], "energy") + 0.05


def test_phrases_are_longer_copies_with_fewer_joins(measured):
    for long, usual in zip(measured["phrases"], measured["default"], strict=True):
        assert long.joins < usual.joins
        assert long.copy >= usual.copy
    assert mean(measured["phrases"], "copy") >= mean(measured["default"], "copy") + 0.3


def test_sparse_plays_two_fifths_of_the_time_at_most_and_where_it_fits(measured):
    for few, usual in zip(measured["sparse"], measured["default"], strict=True):
        assert 0.1 < few.played <= 0.4
        assert few.joins < usual.joins
    assert mean(measured["sparse"], "harmony") > mean(measured["default"], "harmony")


def test_surprising_goes_where_the_guide_does_not_lead_and_comes_back_seldom(measured):
    for free, usual in zip(measured["surprising"], measured["default"], strict=True):
        assert free.harmony < usual.harmony - 0.1
    assert mean(measured["surprising"], "distinct") >= mean(measured["default"], "distinct") - 1


@pytest.mark.parametrize("preset", PRESETS)
def test_no_preset_fails_on_hardly_any_sound(preset, agent):
    player = agent.with_settings(with_preset(agent.settings, preset))
    guide, memory = music(1, STRINGS, 0).audio, player.memory(music(1, REED, 1).audio)
    silent = Audio(np.zeros_like(guide.samples), RATE)
    assert len(player.respond(guide, memory).audio.samples) == len(guide.samples)
    assert np.isfinite(player.respond(silent, memory).audio.samples).all()


def test_a_preset_that_is_none_is_refused_by_name():
    with pytest.raises(SettingsError, match="no preset 'loud'; there are follow, phrases, sparse, surprising"):
        with_preset(Settings(), "loud")
