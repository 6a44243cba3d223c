"""What an agent is and learned from, in words, and the settings in which two agents differ."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from antiphon.agent import Agent

GAIN_PARTS = ("whole", "piece", "local")
"""What of an agent's gain is set side by side."""


def differing_settings(first: Agent, second: Agent) -> dict[str, tuple[Any, Any]]:
    """The settings in which two agents differ, by dotted name."""
    one, other = (_flattened(agent.settings.model_dump(mode="json")) for agent in (first, second))
    return {
        name: (one.get(name), other.get(name)) for name in sorted({*one, *other}) if one.get(name) != other.get(name)
    }


def facts(agent: Agent) -> dict[str, str]:
    """What an agent is and learned from, as its directory says it."""
    training, kept = agent.training, agent.replay
    gain = training.get("gain") or {}
    pieces = training.get("pieces") or {}
    told = {
        "data": str(training.get("data", "not said")),
        "tracks": f"{training.get('tracks', 0)}, {training.get('minutes', 0):.1f} minutes",
        "pieces": ", ".join(f"{count} {name}" for name, count in pieces.items()) or "not recorded",
        "training tokens kept": "none" if kept is None else f"{len(kept)} windows, {_digest(kept.arrays())}",
        "alphabet": f"{agent.alphabet.size} classes, {agent.alphabet.id}",
        "segments": f"{agent.settings.perception.segmenter}, {agent.settings.perception.segment_seconds:g} s",
        "network": _digest({name: value.numpy() for name, value in agent.network.state_dict().items()}),
        "epochs": ", ".join(f"{model} {count}" for model, count in epochs_of(agent).items()) or "not recorded",
    }
    for part in GAIN_PARTS:
        value = gain.get(part)
        known = "not measured" if not value else f"{value['mean']:.3f} bits ({value['low']:.3f} to {value['high']:.3f})"
        told[f"gain, {part}"] = known
    return told


def epochs_of(agent: Agent) -> dict[str, int]:
    """For how many epochs each of an agent's networks was trained."""
    return {row["model"]: int(row["epoch"]) + 1 for row in agent.history if "epoch" in row}


def _flattened(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat |= _flattened(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _digest(arrays: Mapping[str, np.ndarray[Any, Any]]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()[:12]
