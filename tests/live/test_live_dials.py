"""Each dial changes what its name says, measured on what was played."""

import numpy as np
import pytest
from live_making import (
    BLOCK,
    RATE,
    ids_of,
    level_of,
    melody,
    memory_of,
    play,
    segments_of,
    session,
    small_agent,
    small_memory,
    steps_of,
)

from antiphon.action.selection.memory_sounds import register_of
from antiphon.live.controls import CHOICES, DIALS, Controls, checked
from antiphon.live.events import Control
from antiphon.live.simulation import Performer, together
from antiphon.types import SILENCE, Audio

pytestmark = pytest.mark.slow

SECONDS = 8
EARLY = 0.006
"""Seconds: a joint is looked for so much before a segment."""


@pytest.fixture(scope="module")
def guide():
    return melody(SECONDS, seed=3)


def by(guide, made=None, **dials):
    controls = Controls()
    for name, value in dials.items():
        controls = controls.set(name, value)
    return play(session(memory=made, controls=controls), guide)


def heard_share(one, other) -> float:
    """The share of tokens in which two specifications differ."""
    return float(np.mean(np.array(ids_of(one)) != np.array(ids_of(other))))


def test_follow_0_plays_the_same_to_any_guide_and_more_of_it_does_not(guide):
    other = melody(SECONDS, seed=9)
    assert heard_share(by(guide, follow=0), by(other, follow=0)) == 0
    assert heard_share(by(guide, follow=3), by(other, follow=3)) > 0.2


def test_lead_and_commit_count_beats_where_there_are_any(guide):
    from antiphon.live.commands import Plan
    from antiphon.live.events import Tempo

    controls = Controls().set("unit", "beats").set("lead", 3)
    found = play(session(controls=controls), guide, (0, Tempo(60.0, 0, on_beat=True)))
    plans = [each.steps for each in found.commands if isinstance(each, Plan) and each.steps]
    assert 2.4 <= np.median([(steps[-1].end - steps[0].start) / RATE for steps in plans]) <= 3.3


@pytest.mark.parametrize("density", [0.0, 0.4, 0.7, 1.0])
def test_density_is_the_share_of_the_time_that_is_played(density):
    segments = np.array(segments_of(by(melody(16, seed=3), density=density)))
    assert np.mean(segments != SILENCE) == pytest.approx(density, abs=0.13)


def test_register_moves_the_response_up_and_down(guide):
    high, low = melody(15, seed=1, low=440.0), melody(15, seed=2, low=110.0)
    memory = memory_of(high, low)
    heights = {}
    for octaves in (-1.5, 1.0):
        found = by(guide, memory, register=octaves)
        heights[octaves] = register_of(found.response.samples[RATE:, 0], RATE)
    assert heights[1.0] - heights[-1.5] > 1


def test_loudness_is_how_much_louder_than_the_guide_it_is(guide):
    quiet, same = (by(guide, loudness=decibels, ride=0.0) for decibels in (-12.0, 0.0))
    assert level_of(same.response, 3, SECONDS) == pytest.approx(level_of(guide, 3, SECONDS), abs=3)
    away = level_of(same.response, 3, SECONDS) - level_of(quiet.response, 3, SECONDS)
    assert away == pytest.approx(12, abs=1.5)


def test_ride_lets_the_level_rise_and_fall_with_the_guides():
    guide = melody(12, seed=3).samples.copy()
    guide[6 * RATE :] *= 0.2
    swings = []
    for ride in (0.0, 1.0):
        sound = by(Audio(guide, RATE), loudness=0.0, ride=ride).response
        swings.append(level_of(sound, 2, 6) - level_of(sound, 8, 12))
    assert swings[1] - swings[0] > 5


def test_novelty_comes_back_to_fewer_spots(guide):
    counts = [len(set(segments_of(by(guide, novelty=price)))) for price in (0.0, 10.0)]
    assert counts[1] > counts[0]


def test_phrase_makes_copies_longer(guide):
    jumps = [sum(not step.follows for step in steps_of(by(guide, phrase=seconds))) for seconds in (0.1, 8.0)]
    assert jumps[1] < jumps[0]


def test_only_the_region_is_played_and_never_the_taboo(guide):
    inside = [step.event for step in steps_of(by(guide, region="10-16"))]
    assert all(event.source_start >= 10 - EARLY and event.source_end <= 16 + 1e-6 for event in inside if event.source)
    # Of long blocks some decisions come too late, and the copy goes on past the end of the memory.
    taboo = session(controls=Controls().set("taboo", "0-20"))
    for block in (BLOCK, 2 * BLOCK):
        outside = [step.event for step in steps_of(play(taboo, guide, block=block))]
        assert all(event.source_start >= 20 - EARLY for event in outside if event.source)


def test_a_file_of_the_memory_is_chosen_by_its_name(guide):
    memory = memory_of(melody(10, seed=1), melody(10, seed=2))
    played = {step.event.source for step in steps_of(by(guide, memory, memory="melody-2")) if step.event.source}
    assert played == {"melody-2"}


def test_temperature_0_takes_the_likeliest(guide):
    controls = Controls().set("temperature", 0.0)
    first, second = (play(session(seed=seed, controls=controls), guide) for seed in (0, 1))
    assert ids_of(first) == ids_of(second)


def test_a_dial_that_is_turned_while_it_plays_counts_from_then_on(guide):
    found = play(session(), guide, (4 * RATE, Control("volume", -20.0)))
    plain = play(session(), guide)
    assert np.array_equal(found.response.samples[: 4 * RATE], plain.response.samples[: 4 * RATE])
    assert level_of(plain.response, 5, 8) - level_of(found.response, 5, 8) == pytest.approx(20, abs=1)


def test_every_control_takes_its_default_and_its_ends_and_nothing_beyond():
    for dial in DIALS:
        for value in (dial.low, dial.high, dial.default):
            assert value is None or checked(dial.name, value) == value
        for value in (dial.low - 1, dial.high + 1, float("inf"), "much"):
            with pytest.raises(Exception, match=f"control {dial.name}"):
                checked(dial.name, value)
    for choice in CHOICES:
        assert choice.default is None or checked(choice.name, choice.default) == choice.default


def test_two_agents_answer_one_guide_and_each_other(guide):
    from antiphon.live.events import Cue

    start = ((0, Cue("start")),)
    memories = small_memory(), memory_of(melody(15, seed=2, low=110.0))
    one, two = (session(memory=memory, seed=seed) for seed, memory in enumerate(memories))
    both = together([Performer(one, cues=start), Performer(two, cues=start)], guide, block=BLOCK)
    alone = play(one, guide)
    assert segments_of(both[0]) == segments_of(alone)
    assert np.array_equal(both[0].response.samples, alone.response.samples)
    listener = Performer(two, hears_guide=False, hears=(0,), cues=start)
    duet = together([Performer(one, cues=start), listener], guide, block=BLOCK)
    answered = ids_of(duet[1])
    assert answered != ids_of(both[1])
    # What the second one heard is the first one's sound, a block late.
    late = np.concatenate([np.zeros((BLOCK, 1), np.float32), duet[0].response.samples])[: len(guide.samples)]
    assert answered == ids_of(play(two, Audio(late, RATE)))


def test_an_agent_of_the_whole_guide_has_the_same_dials(guide):
    found = play(session(small_agent(None), controls=Controls().set("density", 0.5)), guide)
    assert 0.3 < np.mean(np.array(segments_of(found)) != SILENCE) < 0.7
