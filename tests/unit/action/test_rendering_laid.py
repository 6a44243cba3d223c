"""Items that a musician laid over a response are heard as they lie: gain, fades, loops and overlaps."""

import numpy as np
import pytest
from action_making import with_sound

from antiphon.action.rendering.crossfade import Crossfade
from antiphon.action.rendering.laid import CURVES, envelope, laid_over
from antiphon.types import Audio, Fade, Laid, Run

RATE = 1000


def ones(length):
    return Audio(np.ones((length, 1), np.float32), RATE)


@pytest.mark.parametrize("shape", range(len(CURVES)))
def test_a_fade_rises_from_nothing_to_everything_and_falls_as_its_mirror(shape):
    item = Laid(0, 1000, 0, ones(1000), 0, 1.0, Fade(400, shape), Fade(400, shape))
    heard = envelope(item, 0, 1000)
    assert heard[0] < 0.02
    assert np.all(np.diff(heard[:400]) >= 0)
    assert np.allclose(heard[400:600], 1)
    assert np.allclose(heard, heard[::-1])


def test_the_curves_are_told_apart():
    middle = [float(envelope(Laid(0, 900, 0, ones(900), 0, 1.0, Fade(400, n)), 100, 101)[0]) for n in range(7)]
    assert len({round(value, 3) for value in middle}) == 7
    assert middle[1] > middle[0] > middle[2] > middle[4]
    assert middle[3] > middle[1]


def test_items_add_up_and_are_cut_where_the_response_ends():
    first = Laid(-100, 500, 0, ones(2000), 0, 0.5)
    second = Laid(400, 3000, 0, ones(2000), 0, -0.25)
    heard = laid_over(np.zeros((1000, 1), np.float32), [first, second])[:, 0]
    assert np.allclose(heard[:400], 0.5)
    assert np.allclose(heard[400:500], 0.25)
    assert np.allclose(heard[500:], -0.25)


def test_beside_its_sound_there_is_silence_or_the_sound_again():
    sound = Audio(np.arange(1, 101, dtype=np.float32)[:, None], RATE)
    nothing = np.zeros((400, 1), np.float32)
    once = laid_over(nothing, [Laid(0, 400, -50, sound, 0)])[:, 0]
    assert (once[49], once[50], once[149], once[150]) == (0, 1, 100, 0)
    again = laid_over(nothing, [Laid(0, 400, 30, sound, 0, loop=True)])[:, 0]
    assert again[[0, 69, 70, 170]].tolist() == [31, 100, 1, 1]


def test_what_lies_beside_an_item_fades_over_the_items_own_fade():
    """An item that was only locked goes on as it was: its neighbour's fade and its own add up to one."""
    memory = with_sound(range(10), np.ones((5000, 1), np.float32), RATE)
    part = memory.parts[0]
    runs = (
        Run(0, 1, 0, 1000, 500, part),
        Run(1, 2, 1000, 2000, 3000, part, True, (50, 50)),
        Run(2, 3, 2000, 3000, 1000, part),
    )
    sound = Crossfade(0.05).of_runs(runs, memory.audio, 3000).samples
    item = Laid(975, 2025, 0, ones(5000), 0, 1.0, Fade(50, 5), Fade(50, 5))
    assert np.allclose(laid_over(sound, [item])[100:-100], 1, atol=1e-6)
    assert np.allclose(sound[1025:1975], 0)
