"""What is kept of how the guide sounded, for a partner that follows some segments later."""

import numpy as np

from antiphon.action.selection.segment_sound import CHROMA
from antiphon.live.guide_sounds import KEPT, GuideSounds
from antiphon.types import SegmentSound


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


def test_before_anything_was_heard_all_sounds_as_it_does_now():
    assert GuideSounds().going_on(sound(7), -2, 2).level.tolist() == [7, 7, 7, 7]


def test_no_more_is_kept_than_a_partner_can_be_late():
    heard = GuideSounds()
    for number in range(100):
        heard = heard.then(sound(number))
    assert heard.level.tolist() == list(range(100 - KEPT, 100))
    assert heard.going_on(sound(-1), 100 - KEPT - 1, 100 - KEPT + 1).level.tolist() == [-1, 100 - KEPT]
