"""What was said last is kept, whichever message arrives last."""

from functools import partial

import pytest

from antiphon.errors import SettingsError
from antiphon.studio.marks import LastWords


def test_an_earlier_word_that_arrives_late_is_not_kept():
    words, kept = LastWords(), []
    for thing, at, word in (("a", 2, "second"), ("a", 1, "first"), ("b", 1, "of another"), ("a", 3, "third")):
        words.heard(thing, at, partial(kept.append, word))
    assert kept == ["second", "of another", "third"]
    words.heard("a", None, partial(kept.append, "now"))
    assert kept[-1] == "now"


def test_a_word_that_could_not_be_kept_bars_no_other():
    def refused():
        raise SettingsError("no such response")

    words, kept = LastWords(), []
    with pytest.raises(SettingsError):
        words.heard("a", 2, refused)
    words.heard("a", 1, partial(kept.append, 1))
    assert kept == [1]
