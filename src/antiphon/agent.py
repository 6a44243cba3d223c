"""The agent: y = A(D(P(x))) (paper 3, figure 2). It listens, decides and plays; and it lives in a directory.

perception, decision and action know nothing of each other: here they meet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from antiphon import __version__
from antiphon.action.provenance import events
from antiphon.action.rendering import Crossfade, HardCut
from antiphon.action.selection import OptimalSelection, playable
from antiphon.audio import resampled, with_channels
from antiphon.checkpoint import load_arrays, load_json, save_arrays, save_json
from antiphon.config import SCHEMA_VERSION, CorpusSettings, PerceptionSettings, SamplingSettings, Settings, validated
from antiphon.corpus.splits import SPLITS
from antiphon.decision.generation import Context, generate
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.transformer import DecisionNetwork
from antiphon.errors import BadData, SettingsError, WrongAlphabet
from antiphon.files import whole_directory
from antiphon.interfaces import Renderer
from antiphon.perception.cache import FrameCache, default_directory
from antiphon.perception.perception import Perception
from antiphon.perception.quantizers import class_distances
from antiphon.types import Alphabet, Audio, Memory, MemoryPart, Response, Specification, Tokens

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
)
"""What an agent's directory holds; the deaf model may be missing."""


class _SavedAlphabet(BaseModel):
    """What config.json keeps of the alphabet; its arrays are in alphabet.safetensors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rest_dbfs: float
    has_rest: bool
    recipe: str
    id: str


class _Saved(BaseModel):
    """config.json. Settings are read on their own, since their errors name the setting."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int
    antiphon: str
    settings: dict[str, Any]
    alphabet: _SavedAlphabet
    training: dict[str, Any]


def context_of(corpus: CorpusSettings, perception: PerceptionSettings) -> Context:
    """The decision's window and hop in tokens: the training windows of the settings, on the grid of the segments."""
    tokens = max(1, round(corpus.window_seconds / perception.segment_seconds))
    hop = max(1, round(corpus.hop_seconds / perception.segment_seconds))
    return Context(tokens, min(hop, tokens))


@dataclass(frozen=True, eq=False)
class Agent:
    """A trained agent. `deaf` is its opponent that never heard a guide; `training` says what it learned from and how
    well."""

    settings: Settings
    alphabet: Alphabet
    perception: Perception
    network: DecisionNetwork
    deaf: DecisionNetwork | None = None
    training: Mapping[str, Any] = field(default_factory=dict)
    history: Sequence[Mapping[str, Any]] = ()

    @property
    def decision(self) -> NeuralDecision:
        """The trained model behind the protocol of all decision models."""
        return NeuralDecision(self.network)

    @property
    def context(self) -> Context:
        """How much the decision sees at once."""
        return context_of(self.settings.corpus, self.settings.perception)

    def with_settings(self, settings: Settings) -> Agent:
        """The same agent, sampling and playing by other settings; what it has learned is not touched."""
        changed = {"sampling": settings.sampling, "action": settings.action}
        return replace(self, settings=self.settings.model_copy(update=changed))

    def description(self) -> dict[str, Any]:
        """What the agent is and what it learned from, in plain values; also its config.json."""
        return {
            "schema_version": SCHEMA_VERSION,
            "antiphon": __version__,
            "settings": self.settings.model_dump(mode="json"),
            "alphabet": {name: getattr(self.alphabet, name) for name in _SavedAlphabet.model_fields},
            "training": dict(self.training),
        }

    def tokens(self, audio: Audio) -> Tokens:
        """P(x): the symbolic sequence of any audio in this agent's alphabet."""
        return self.perception.tokens(audio, self.alphabet)

    def memory(self, *parts: Audio) -> Memory:
        """What the agent may play: one or more recordings, joined in the first one's rate and channels.

        Raises BadData where nothing in them sounds.
        """
        if not parts:
            raise BadData("a memory needs at least one recording")
        rate, channels = parts[0].sample_rate, parts[0].channels
        alike = [with_channels(resampled(part, rate), channels) for part in parts]
        edges = np.concatenate([[0], np.cumsum([len(part.samples) for part in alike])])
        tokens = [self.tokens(part) for part in alike]
        ids = np.concatenate([part.ids for part in tokens])
        if self.alphabet.has_rest and bool(np.all(ids == self.alphabet.rest)):
            names = ", ".join(part.source or "the memory" for part in parts)
            raise BadData(f"{names}: nothing sounds in it, so there is nothing to play")
        intervals = np.concatenate(
            [part.intervals + edge / rate for part, edge in zip(tokens, edges[:-1], strict=True)]
        )
        samples = np.concatenate([part.samples for part in alike])
        return Memory(
            Audio(samples, rate, alike[0].source),
            Tokens(ids, intervals, self.alphabet.id),
            tuple(
                MemoryPart(part.source, int(start), int(end))
                for part, start, end in zip(alike, edges[:-1], edges[1:], strict=True)
            ),
        )

    def specify(
        self, guide: Tokens, memory: Memory, *, seed: int = 0, sampling: SamplingSettings | None = None
    ) -> Specification:
        """D(x_q): what to play under each of the guide's segments, from the classes that the memory has."""
        self._require_own(guide, "the guide")
        self._require_own(memory.tokens, "the memory")
        decided = generate(
            self.decision,
            guide.ids[None],
            self.context,
            sampling=sampling or self.settings.sampling,
            seeds=[seed],
            allowed=self._allowed(guide, memory),
        )
        return Specification(
            Tokens(decided.ids[0], guide.intervals, self.alphabet.id), decided.log_probabilities[0].astype(np.float64)
        )

    def respond(
        self, guide: Audio, memory: Memory, *, seed: int = 0, sampling: SamplingSettings | None = None
    ) -> Response:
        """A(D(P(x))): a response as long as the guide, from segments of the memory, at the memory's rate and channels.

        The same guide, memory, settings and seed give the same samples.
        """
        heard = self.tokens(guide)
        specification = self.specify(heard, memory, seed=seed, sampling=sampling)
        selector = OptimalSelection(self.settings.action, class_distances(self.alphabet))
        selection = selector.select(specification, memory)
        audio = self._renderer()(selection, memory, heard.intervals)
        used = {"sampling": (sampling or self.settings.sampling).model_dump(), "seed": seed}
        used["action"] = self.settings.action.model_dump()
        return Response(audio, heard, specification, selection, events(specification, selection, memory), used)

    def save(self, directory: str | Path) -> None:
        """Write the agent, whole or not at all; an agent that was there before is replaced."""
        with whole_directory(Path(directory), AGENT_FILES) as inside:
            save_json(inside / AGENT_MARK, self.description())
            arrays = {"centroids": self.alphabet.centroids, "scale": self.alphabet.scale}
            save_arrays(inside / "alphabet.safetensors", arrays)
            _save_network(inside / "decision.safetensors", self.network)
            if self.deaf is not None:
                _save_network(inside / "deaf.safetensors", self.deaf)
            (inside / METRICS).write_text("".join(f"{_line(row)}\n" for row in self.history), encoding="utf-8")
            (inside / "README.md").write_text(model_card(self), encoding="utf-8")

    @classmethod
    def load(cls, directory: str | Path) -> Agent:
        """Read an agent. Raises BadData where it is not one or is damaged, WrongAlphabet where its encoder is not the
        one it needs; both name the directory."""
        directory = Path(directory)
        saved = _load_config(directory)
        alphabet = _load_alphabet(directory / "alphabet.safetensors", saved.alphabet)
        try:
            settings = validated(saved.settings)
            perception = Perception(settings.perception, cache=FrameCache(default_directory()))
            perception.require(alphabet)
        except SettingsError as error:
            raise BadData(f"{directory / AGENT_MARK}: {error}") from error
        except WrongAlphabet as error:
            raise WrongAlphabet(f"{directory}: {error}") from error
        network = _load_network(directory / "decision.safetensors", settings, alphabet.classes, hears=True)
        deaf_file = directory / "deaf.safetensors"
        deaf = _load_network(deaf_file, settings, alphabet.classes, hears=False) if deaf_file.exists() else None
        history = _load_history(directory / METRICS)
        return cls(settings, alphabet, perception, network, deaf, saved.training, history)

    def _renderer(self) -> Renderer:
        seconds = self.settings.action.crossfade_seconds
        return Crossfade(seconds) if seconds > 0 else HardCut()

    def _allowed(self, guide: Tokens, memory: Memory) -> NDArray[np.bool_]:
        allowed = playable(memory, guide.intervals, self.alphabet.classes)
        if self.alphabet.has_rest:
            allowed[:, self.alphabet.rest] = True
        return allowed

    def _require_own(self, tokens: Tokens, name: str) -> None:
        if tokens.alphabet_id != self.alphabet.id:
            raise WrongAlphabet(
                f"{name} has tokens of alphabet {tokens.alphabet_id}, this agent speaks {self.alphabet.id}: "
                "tokenize it with this agent"
            )


def model_card(agent: Agent) -> str:
    """README.md of an agent's directory: what it is, what it learned from, how well, and under which terms."""
    settings, training = agent.settings, agent.training
    rows = "".join(
        f"| {row['model']} | {row['tpp']['mean']:.1f} | {row['bits']['mean']:.3f} |\n"
        for row in training.get("summary", [])
    )
    table = f"| model | TPP, % | bits per token |\n|---|---|---|\n{rows}" if rows else "No held-out pieces to score.\n"
    pieces = training.get("pieces", {})
    counts = ", ".join(f"{pieces[split]} {split}" for split in SPLITS if split in pieces)
    return (
        "# An Antiphon agent\n\n"
        "It answers a guide track with a specification of what to play, and plays it from a memory.\n\n"
        f"- Alphabet: {agent.alphabet.size} classes{' and the rest' if agent.alphabet.has_rest else ''}, "
        f"segments of {settings.perception.segment_seconds} s, encoder `{settings.perception.encoder.name}`, "
        f"id `{agent.alphabet.id}`\n"
        f"- Decision: {settings.decision.layers} layers, {settings.decision.dimension} wide, "
        f"{sum(weight.numel() for weight in agent.network.parameters()):,} weights, {settings.decision.conditioning}\n"
        f"- Learned from: {training.get('tracks', 0)} tracks, {training.get('minutes', 0):.1f} minutes; "
        f"pieces by split: {counts or 'not recorded'}\n"
        f"- Written by Antiphon {__version__}\n\n"
        "## Held-out pieces\n\n"
        f"{table}\n"
        "## Licence\n\n"
        "The weights follow the terms of the recordings they were learned from; no audio is contained in them.\n"
    )


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(dict(row), sort_keys=True)


def _load_config(directory: Path) -> _Saved:
    path = directory / AGENT_MARK
    if not path.is_file():
        raise BadData(f"{directory}: not an agent (no {AGENT_MARK} in it)")
    tree = load_json(path)
    if not isinstance(tree, dict) or "schema_version" not in tree:
        raise BadData(f"{path}: not an agent's (it has no schema_version)")
    version = tree["schema_version"]
    if version != SCHEMA_VERSION:
        raise BadData(f"{path}: written in schema {version}; this Antiphon reads schema {SCHEMA_VERSION}")
    try:
        return _Saved.model_validate(tree)
    except ValidationError as error:
        raise BadData(f"{path}: not an agent's ({_first(error)})") from error


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def _load_alphabet(path: Path, saved: _SavedAlphabet) -> Alphabet:
    arrays = load_arrays(path)
    try:
        centroids, scale = (np.asarray(arrays[name], dtype=np.float32) for name in ("centroids", "scale"))
        return Alphabet(centroids, scale, **saved.model_dump())
    except (KeyError, ValueError) as error:
        raise BadData(f"{path}: not an alphabet ({error})") from error


def _load_history(path: Path) -> tuple[Mapping[str, Any], ...]:
    """What `save` wrote of the training; an agent works without it, so that a lost file is no error."""
    if not path.exists():
        return ()
    try:
        return tuple(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    except ValueError as error:
        raise BadData(f"{path}: not JSON lines ({error})") from error


def _save_network(path: Path, network: DecisionNetwork) -> None:
    save_arrays(path, {name: value.cpu().numpy() for name, value in network.state_dict().items()})


def _load_network(path: Path, settings: Settings, classes: int, hears: bool) -> DecisionNetwork:
    network = DecisionNetwork(settings.decision, classes, hears)
    weights = {name: torch.from_numpy(np.asarray(array)) for name, array in load_arrays(path).items()}
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise BadData(f"{path}: weights of another network than config.json describes") from error
    if not all(bool(torch.isfinite(weight).all()) for weight in weights.values()):
        raise BadData(f"{path}: damaged, it holds weights that are not numbers")
    network.eval()
    return network
