"""Ways to play that a musician asks for by name: settings of sampling and action that belong together.

Each is laid over the agent's own settings; whatever else is set wins over it. That each does what its name says is
measured in `tests/worlds/test_presets.py`, and on real recordings in docs/recordings.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from antiphon.config.resolving import validated
from antiphon.config.tree import Settings
from antiphon.errors import SettingsError

PRESETS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "follow": {
        "sampling": {"guidance": 3.0, "rests": "follow"},
        "action": {"harmony": 12.0, "dynamics": 3.0, "phrase_cost": 3.0},
    },
    "phrases": {"action": {"phrase_seconds": 6.0, "phrase_cost": 8.0}},
    "sparse": {"sampling": {"rests": "follow"}, "action": {"density": 0.4}},
    "surprising": {
        "sampling": {"guidance": 0.5, "temperature": 1.3, "top_p": 0.95},
        "action": {"harmony": 0.0, "dynamics": 0.0, "novelty": 3.0, "variation": 1.0},
    },
}
"""`follow` keeps close to the guide in harmony and loudness; `phrases` copies long stretches of the memory; `sparse`
plays less than half of the time, where it fits best; `surprising` goes where the guide does not lead."""


def with_preset(settings: Settings, name: str) -> Settings:
    """The settings with a preset laid over them. Raises SettingsError for a name that is none."""
    if name not in PRESETS:
        raise SettingsError(f"no preset {name!r}; there are {', '.join(PRESETS)}")
    tree = settings.model_dump()
    for section, values in PRESETS[name].items():
        tree[section] |= values
    return validated(tree)


def pair_defaults() -> Settings:
    """What a pair is learned with unless it is set otherwise: one way, tokens as what they mean, epochs long enough.

    An unseen timbre of the guide is known again by its centroids alone: 96 to 98 % of the tokens of planted relations
    instead of 13 to 55 % with learned vectors.
    """
    return validated(
        {
            "corpus": {"both_ways": False},
            "decision": {"token_input": "centroids"},
            "training": {"epoch_steps": 40},
        }
    )


def live_defaults() -> Settings:
    """What an agent that is to play live is trained with, unless it is set otherwise; as in `configs/live.toml`.

    A segment is decided a reaction after it has begun, by what the guide has played until then: an encoder that looks
    59.5 ms ahead, and a guide that is heard late while it is learned as it is when it is played (docs/live-agents.md).
    """
    return validated(
        {
            "perception": {
                "encoder": {"name": "quick-notes"},
                "guide_delay_seconds": 0.35,
                "guide_heard_seconds": 0.15,
            },
            "decision": {"lookahead_seconds": 0.0},
        }
    )


def trained_with(paired: bool, live: bool) -> Settings | None:
    """What a training starts from: of a pair, for playing live, or both; None for the defaults."""
    if not live:
        return pair_defaults() if paired else None
    if not paired:
        return live_defaults()
    tree, pair = live_defaults().model_dump(), pair_defaults()
    tree["corpus"]["both_ways"] = pair.corpus.both_ways
    tree["decision"]["token_input"] = pair.decision.token_input
    tree["training"]["epoch_steps"] = pair.training.epoch_steps
    return validated(tree)


def with_both_ways(settings: Settings) -> Settings:
    """The settings with which of a pair each track answers the other."""
    return settings.model_copy(update={"corpus": settings.corpus.model_copy(update={"both_ways": True})})
