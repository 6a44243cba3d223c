"""What a musician can turn while it plays: the table of dials and choices, from which OSC and its page are made."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from antiphon.errors import SettingsError

OFF = "off"
"""What a dial that can be off is set to."""

ALL = "all"
"""What a choice of parts of the memory is set to so that everything may be played."""


@dataclass(frozen=True)
class Dial:
    """A number from `low` to `high`. `default` None: as the agent has it."""

    name: str
    low: float
    high: float
    default: float | str | None
    unit: str
    words: str
    can_be_off: bool = False


@dataclass(frozen=True)
class Choice:
    """A word: one of `options`, or any text where there are none."""

    name: str
    options: tuple[str, ...]
    default: str | None
    words: str


DIALS: tuple[Dial, ...] = (
    Dial("follow", 0, 10, None, "", "how much the guide counts: 0 not at all, 1 as learned, above 1 more"),
    Dial("lead", 0, 16, 1.0, "s or beats", "how far ahead it plans"),
    Dial("commit", 0, 8, None, "s or beats", "how much of the plan does not change any more"),
    Dial("density", 0, 1, 1.0, "", "share of the time that it plays; the rest is silence between phrases"),
    Dial("register", -4, 4, OFF, "octaves", "how far above (or below) the guide it plays", can_be_off=True),
    Dial("loudness", -30, 30, None, "dB", "how much louder than the guide it plays; off: as the memory is", True),
    Dial("ride", 0, 1, None, "", "how far its level follows the guide's as that rises and falls"),
    Dial("volume", -60, 12, 0.0, "dB", "its level as a whole"),
    Dial("novelty", 0, 10, None, "", "what it costs to play a spot of the memory again; 0 repeats freely"),
    Dial("repetition", 0, 1, None, "", "1 repeats tokens as the decision likes, less breaks repeats sooner"),
    Dial("phrase", 0.1, 60, None, "s", "how long a copy of the memory lasts before it costs nothing to leave it"),
    Dial("harmony", 0, 20, None, "", "how closely the guide's harmony is followed"),
    Dial("dynamics", 0, 20, None, "", "how closely soft is answered by soft, loud by loud"),
    Dial("temperature", 0, 5, None, "", "0 takes the likeliest, 1 draws as learned, above 1 is bolder"),
    Dial("top_p", 0.01, 1, None, "", "draws from the likeliest that hold this probability"),
    Dial("gate", -90, 0, None, "dBFS", "a guide below this level is silent"),
)
"""Everything that is a number."""

CHOICES: tuple[Choice, ...] = (
    Choice("rests", ("free", "follow", "fill"), None, "when it rests: as it decides, where the guide does, or never"),
    Choice("unit", ("seconds", "beats"), "seconds", "what lead and commit count; beats where a tempo is known"),
    Choice("region", (), ALL, "what of the memory may be played: START-END or FILE:START-END in seconds, or all"),
    Choice("taboo", (), OFF, "what of the memory may not, in the same way; or off"),
    Choice("memory", (), ALL, "which file of the memory is played, by its name; or all"),
)
"""Everything that is a word; several regions are parted by commas."""

BY_NAME: Mapping[str, Dial | Choice] = {
    **{dial.name: dial for dial in DIALS},
    **{choice.name: choice for choice in CHOICES},
}


SETTINGS: Mapping[str, tuple[str, str]] = {
    **{"follow": ("sampling", "guidance"), "temperature": ("sampling", "temperature"), "top_p": ("sampling", "top_p")},
    **{"repetition": ("sampling", "repetition"), "rests": ("sampling", "rests")},
    **{name: ("action", name) for name in ("novelty", "harmony", "dynamics", "ride")},
    "phrase": ("action", "phrase_seconds"),
}
"""Controls that are settings of the agent, and which: section and key. They have no default of their own."""


def known(name: str) -> Dial | Choice:
    """The control of this name. Raises SettingsError, with the nearest, where there is none."""
    if name not in BY_NAME:
        near = difflib.get_close_matches(str(name), BY_NAME, n=1, cutoff=0)[0]
        raise SettingsError(f"no control {name!r}; did you mean {near}?")
    return BY_NAME[name]


def checked(name: str, value: float | str) -> float | str:
    """The value that a control is set to. Raises SettingsError, in a sentence, for what it cannot be set to."""
    control = known(name)
    if isinstance(control, Choice):
        if not isinstance(value, str) or (control.options and value not in control.options):
            asked = ", ".join(control.options) or "a text"
            raise SettingsError(f"control {name}: one of {asked}, got {value!r}")
        return value
    if value == OFF and control.can_be_off:
        return OFF
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(float(value)) or not control.low <= float(value) <= control.high:
        off = " or off" if control.can_be_off else ""
        raise SettingsError(f"control {name}: a number from {control.low:g} to {control.high:g}{off}, got {value!r}")
    return float(value)


@dataclass(frozen=True)
class Controls:
    """What the controls are set to; one that nobody has set is as its default says."""

    values: Mapping[str, float | str] = field(default_factory=dict)

    def set(self, name: str, value: float | str) -> Controls:
        """With one of them changed. Raises SettingsError as `checked` does."""
        return replace(self, values={**self.values, name: checked(name, value)})

    def number(self, name: str, otherwise: float = 0.0) -> float:
        """The value of a dial; `otherwise` where the agent's own is wanted, or it is off."""
        value = self.values.get(name, BY_NAME[name].default)
        return otherwise if value is None or isinstance(value, str) else value

    def is_off(self, name: str) -> bool:
        """Whether a dial is off."""
        return self.values.get(name, BY_NAME[name].default) == OFF

    def word(self, name: str, otherwise: str = "") -> str:
        """The value of a choice; `otherwise` where the agent's own is wanted."""
        value = self.values.get(name, BY_NAME[name].default)
        return otherwise if value is None else str(value)
