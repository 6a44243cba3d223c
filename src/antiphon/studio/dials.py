"""The settings that a musician means: each dial with words, a range, and the setting that it turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from antiphon.config import Settings, validated
from antiphon.errors import SettingsError
from antiphon.use_cases.registers import MOST_OCTAVES, known_register

REGISTER = "register"
"""The dial that is no setting of the agent: what it asks for is worked out from guide and memory."""

Value = float | str | None


@dataclass(frozen=True)
class Dial:
    """A number from `low` to `high`, or one of `options`. `setting` is its key in the settings, `section.name`."""

    name: str
    title: str
    words: str
    setting: str = ""
    low: float = 0.0
    high: float = 1.0
    step: float = 0.1
    unit: str = ""
    options: tuple[str, ...] = ()


DIALS: tuple[Dial, ...] = (
    Dial("follow", "Follow", "how much the guide counts: 0 not at all, 1 as learned", "sampling.guidance", 0, 6),
    Dial("harmony", "Harmony", "how closely the guide's harmony is followed", "action.harmony", 0, 20, 0.5),
    Dial("dynamics", "Dynamics", "soft answers soft, loud answers loud", "action.dynamics", 0, 10, 0.25),
    Dial("activity", "Activity", "few notes answer few, many answer many", "action.activity", 0, 10, 0.25),
    Dial("novelty", "Novelty", "what it costs to play a spot of the memory again", "action.novelty", 0, 10, 0.25),
    Dial("density", "Density", "share of the time that it plays at most", "action.density", 0.05, 1, 0.05),
    Dial(
        REGISTER,
        "Register",
        "how far above or below the guide it lies; off: wherever it likes",
        low=-MOST_OCTAVES,
        high=MOST_OCTAVES,
        step=0.25,
        unit="octaves",
    ),
    Dial("jump", "Jump price", "what it costs to leave a place in the memory", "action.jump_cost", 0, 10, 0.25),
    Dial(
        "phrase",
        "Phrase length",
        "how long a copy of the memory lasts before it is free to leave",
        "action.phrase_seconds",
        low=0.5,
        high=30,
        step=0.5,
        unit="s",
    ),
    Dial("hold", "Hold phrases", "what it costs to leave a phrase early", "action.phrase_cost", 0, 15, 0.25),
    Dial("boldness", "Boldness", "0 takes the likeliest, 1 draws as learned", "sampling.temperature", 0, 3, 0.05),
    Dial(
        "consensus",
        "Consensus",
        "how many samples agree on each class: more is safer, and less varied",
        "sampling.consensus",
        low=1,
        high=32,
        step=1,
    ),
    Dial(
        "rests",
        "Rests",
        "free: as it decides; follow: where the guide rests; fill: never",
        "sampling.rests",
        options=("free", "follow", "fill"),
    ),
    Dial(
        "segments",
        "Segment length",
        "beats of the guide, or the seconds that the agent has learned; auto: beats where they are clear",
        "action.grid",
        options=("auto", "beats", "seconds"),
    ),
)
"""In the order in which the page shows them."""

BY_NAME: Mapping[str, Dial] = {dial.name: dial for dial in DIALS}


def checked(values: Mapping[str, Value]) -> dict[str, Value]:
    """The values of dials. Raises SettingsError, in a sentence, for a dial or a value that there is not."""
    found: dict[str, Value] = {}
    for name, value in values.items():
        dial = BY_NAME.get(name)
        if dial is None:
            raise SettingsError(f"no dial {name[:40]!r}; there are {', '.join(BY_NAME)}")
        if name == REGISTER:
            found[name] = None if value is None else known_register(value)
        elif dial.options:
            if value not in dial.options:
                raise SettingsError(f"dial {name}: one of {', '.join(dial.options)}, got {str(value)[:40]!r}")
            found[name] = value
        elif isinstance(value, bool) or not isinstance(value, int | float) or not dial.low <= value <= dial.high:
            raise SettingsError(f"dial {name}: a number from {dial.low:g} to {dial.high:g}, got {str(value)[:40]!r}")
        else:
            found[name] = value
    return found


def turned(settings: Settings, values: Mapping[str, Value], regions: Mapping[str, Sequence[str]]) -> Settings:
    """The settings with dials turned, and `regions` ("allowed", "taboo") of the memory where they are given."""
    tree = settings.model_dump()
    for name, value in checked(values).items():
        section, _, key = BY_NAME[name].setting.partition(".")
        if section:
            tree[section][key] = round(value) if name == "consensus" and isinstance(value, float) else value
    for kind, spans in regions.items():
        tree["action"][f"{kind}_regions"] = list(spans)
    return validated(tree)


def positions(settings: Mapping[str, Any]) -> dict[str, Value]:
    """Where the dials stand in settings as plain values; a dial whose setting is not told of is left out."""
    found: dict[str, Value] = {}
    for dial in DIALS:
        section, _, key = dial.setting.partition(".")
        if not section:
            found[dial.name] = settings.get(REGISTER)
        elif key in settings.get(section, {}):
            found[dial.name] = settings[section][key]
    return found


def table() -> list[dict[str, Any]]:
    """All dials, as plain values."""
    return [asdict(dial) for dial in DIALS]
