"""An agent as a directory, by the ecosystem's habit: JSON, safetensors, a model card. No pickle is ever loaded.

An encoder's weights are named by their digest and not copied; an agent never plays with another encoder than its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from antiphon import __version__
from antiphon.action.selection.sound_relation import PairSound
from antiphon.agent.card import model_card
from antiphon.agent.known_pairs import pair_arrays, pairs_of, sound_arrays, sounds_of
from antiphon.agent.networks import blank_network
from antiphon.agent.pair_alphabet import alphabet_arrays, alphabet_of
from antiphon.agent.parts import AgentParts
from antiphon.agent.replay import Replay, replay_of
from antiphon.checkpoint import load_arrays, load_json, require_reasonable, save_arrays, save_json
from antiphon.config import SCHEMA_VERSION, Settings, validated
from antiphon.decision.datastore import KnownPair
from antiphon.decision.transformer import DecisionNetwork
from antiphon.errors import BadData, SettingsError, WrongAlphabet
from antiphon.files import whole_directory
from antiphon.interfaces import Encoder
from antiphon.perception.alphabet import identify
from antiphon.perception.cache import FrameCache, default_directory
from antiphon.perception.perception import Perception
from antiphon.reading import first_fault, json_of, text_of
from antiphon.types import Alphabet, PairAlphabet

HEARD_ABSOLUTE = 2
"""Agents of this schema heard every recording as loud as it was."""

READ_VERSIONS = (HEARD_ABSOLUTE, SCHEMA_VERSION)
"""Schemas that are read."""

AGENT_MARK = "config.json"
"""The file that makes a directory an agent."""

METRICS = "metrics.jsonl"
"""How the training went, an epoch a line."""

AGENT_FILES = (
    AGENT_MARK,
    METRICS,
    "README.md",
    "alphabet.safetensors",
    "decision.safetensors",
    "deaf.safetensors",
    "shifted.safetensors",
    "present.safetensors",
    "replay.safetensors",
    "pairs.safetensors",
)
"""What an agent's directory holds; the last five may be missing."""

MOST_WEIGHT = 1e6
"""Size of the largest weight: trained ones stay below 100, and products of three such numbers must not overflow."""

MOST_FEATURE = 1e15
"""Size of the largest value of an alphabet, whose squares are summed."""


class _SavedAlphabet(BaseModel):
    """What config.json keeps of the alphabet; its arrays are in alphabet.safetensors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rest_dbfs: float = Field(ge=-400, le=100)
    has_rest: bool
    recipe: str = Field(max_length=100_000)
    id: str = Field(max_length=1000)


class _Saved(BaseModel):
    """config.json. Settings are read on their own, since their errors name the setting."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int
    antiphon: str
    settings: dict[str, Any]
    alphabet: _SavedAlphabet
    training: dict[str, Any]


def description(agent: AgentParts) -> dict[str, Any]:
    """What an agent is and what it learned from, in plain values: its config.json."""
    return {
        "schema_version": SCHEMA_VERSION,
        "antiphon": __version__,
        "settings": agent.settings.model_dump(mode="json"),
        "alphabet": {name: getattr(agent.alphabet, name) for name in _SavedAlphabet.model_fields},
        "training": dict(agent.training),
    }


def save(agent: AgentParts, directory: Path) -> None:
    """Write an agent, whole or not at all; an agent that was there before is replaced."""
    with whole_directory(directory, AGENT_FILES) as inside:
        save_json(inside / AGENT_MARK, description(agent))
        arrays = {"centroids": agent.alphabet.centroids, "scale": agent.alphabet.scale}
        save_arrays(inside / "alphabet.safetensors", arrays)
        _save_network(inside / "decision.safetensors", agent.network)
        for name, network in (("deaf", agent.deaf), ("shifted", agent.shifted), ("present", agent.present)):
            if network is not None:
                _save_network(inside / f"{name}.safetensors", network)
        if agent.replay is not None:
            save_arrays(inside / "replay.safetensors", agent.replay.arrays())
        if agent.pairs:
            sounds = sound_arrays(agent.pair_sounds) if agent.pair_sounds else {}
            own = alphabet_arrays(agent.pair_alphabet) if agent.pair_alphabet else {}
            save_arrays(inside / "pairs.safetensors", {**pair_arrays(agent.pairs), **sounds, **own})
        (inside / METRICS).write_text("".join(f"{_line(row)}\n" for row in agent.history), encoding="utf-8")
        (inside / "README.md").write_text(model_card(agent), encoding="utf-8")


def load(directory: Path, encoder: Encoder | None = None) -> AgentParts:
    """Read an agent. Raises BadData where it is not one or is damaged, WrongAlphabet where `encoder`, or the one that
    its settings name, is not the one it learned with; both name the directory."""
    saved = _load_config(directory)
    alphabet = _load_alphabet(directory / "alphabet.safetensors", saved.alphabet)
    try:
        settings = validated(saved.settings)
        perception = Perception(settings.perception, encoder, FrameCache(default_directory()))
        perception.require(alphabet)
    except SettingsError as error:
        raise BadData(f"{directory / AGENT_MARK}: {error}") from error
    except WrongAlphabet as error:
        raise WrongAlphabet(f"{directory}: {error}") from error
    if identify(alphabet) != alphabet.id:
        raise BadData(
            f"{directory}: damaged, alphabet.safetensors is not the alphabet {alphabet.id} that it learned with"
        )
    pairs, pair_sounds, pair_alphabet = _load_pairs(directory / "pairs.safetensors", alphabet)
    deaf, shifted, present = (directory / f"{name}.safetensors" for name in ("deaf", "shifted", "present"))
    return AgentParts(
        settings,
        alphabet,
        perception,
        network=_load_network(directory / "decision.safetensors", settings, alphabet, hears=True),
        deaf=_load_network(deaf, settings, alphabet, hears=False) if deaf.exists() else None,
        shifted=_load_network(shifted, settings, alphabet, hears=True) if shifted.exists() else None,
        present=_load_network(present, settings, alphabet, hears=True) if present.exists() else None,
        replay=_load_replay(directory / "replay.safetensors", alphabet.classes),
        training=saved.training,
        history=_load_history(directory / METRICS),
        pairs=pairs,
        pair_sounds=pair_sounds,
        pair_alphabet=pair_alphabet,
    )


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(dict(row), sort_keys=True)


def _load_config(directory: Path) -> _Saved:
    path = directory / AGENT_MARK
    if not path.exists():
        raise BadData(f"{directory}: not an agent (no {AGENT_MARK} in it)")
    tree = load_json(path)
    if not isinstance(tree, dict) or "schema_version" not in tree:
        raise BadData(f"{path}: not an agent's (it has no schema_version)")
    version = tree["schema_version"]
    if version not in READ_VERSIONS:
        raise BadData(f"{path}: written in schema {version}; this Antiphon reads schema {SCHEMA_VERSION}")
    if version == HEARD_ABSOLUTE:
        _heard_absolute(tree.get("settings"))
    try:
        return _Saved.model_validate(tree)
    except ValidationError as error:
        raise BadData(f"{path}: not an agent's ({first_fault(error)})") from error


def _heard_absolute(settings: object) -> None:
    """What an agent of `HEARD_ABSOLUTE` does not say; what is no tree of settings is refused later, by name."""
    perception = settings.get("perception") if isinstance(settings, dict) else None
    if isinstance(perception, dict):
        perception.setdefault("loudness", "absolute")


def _load_alphabet(path: Path, saved: _SavedAlphabet) -> Alphabet:
    arrays = load_arrays(path)
    try:
        centroids, scale = (np.asarray(arrays[name], dtype=np.float32) for name in ("centroids", "scale"))
        found = Alphabet(centroids, scale, **saved.model_dump())
    except (KeyError, ValueError) as error:
        raise BadData(f"{path}: not an alphabet ({error})") from error
    require_reasonable(path, {"centroids": centroids, "scale": scale}, MOST_FEATURE)
    return found


def _load_history(path: Path) -> tuple[Mapping[str, Any], ...]:
    """What `save` wrote of the training; an agent works without it, so that a lost file is no error."""
    if not path.exists():
        return ()
    rows = [
        json_of(line, f"{path}: not JSON lines, line {number}", allow_nan=True)
        for number, line in enumerate(text_of(path).split("\n"), 1)
        if line
    ]
    if not all(isinstance(row, dict) for row in rows):
        raise BadData(f"{path}: not JSON objects, one a line")
    return tuple(rows)


def _load_replay(path: Path, classes: int) -> Replay | None:
    if not path.exists():
        return None
    try:
        return replay_of(load_arrays(path), classes)
    except (KeyError, ValueError) as error:
        raise BadData(f"{path}: not training tokens of this agent ({error})") from error


def _load_pairs(
    path: Path, alphabet: Alphabet
) -> tuple[tuple[KnownPair, ...], tuple[PairSound, ...], PairAlphabet | None]:
    if not path.exists():
        return (), (), None
    try:
        arrays = load_arrays(path)
        own = {name: array for name, array in arrays.items() if name in ("own_centroids", "own_scale")}
        require_reasonable(path, own, MOST_FEATURE)
        pairs = pairs_of(arrays, alphabet.classes)
        return pairs, sounds_of(arrays, pairs), alphabet_of(arrays, alphabet)
    except (KeyError, ValueError) as error:
        raise BadData(f"{path}: not pairs that this agent remembers ({error})") from error


def _save_network(path: Path, network: DecisionNetwork) -> None:
    save_arrays(path, {name: value.cpu().numpy() for name, value in network.state_dict().items()})


def _load_network(path: Path, settings: Settings, alphabet: Alphabet, hears: bool) -> DecisionNetwork:
    arrays = load_arrays(path)
    require_reasonable(path, arrays, MOST_WEIGHT)
    # Without its numbers at first: only what the file holds is worth its memory.
    with torch.device("meta"):
        wanted = blank_network(settings, alphabet, hears).state_dict()
    if {name: tuple(each.shape) for name, each in wanted.items()} != {n: each.shape for n, each in arrays.items()}:
        raise BadData(f"{path}: weights of another network than config.json describes")
    network = blank_network(settings, alphabet, hears)
    network.load_state_dict({name: torch.from_numpy(np.asarray(array)) for name, array in arrays.items()})
    network.eval()
    return network
