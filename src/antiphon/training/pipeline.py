"""From a corpus to an agent in one call (paper 5, figure 3): encode, fit the alphabet, train the decision, score it."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from antiphon.agent import Agent
from antiphon.agent.directory import AGENT_FILES, AGENT_MARK
from antiphon.checkpoint import load_json, save_json
from antiphon.config import Settings
from antiphon.corpus.manifest import Corpus
from antiphon.corpus.opening import open_corpus
from antiphon.dataset import EncodedTrack, Splits, prepare, split_tokens, training_segments
from antiphon.decision.neural import suitable_threads
from antiphon.decision.transformer import DecisionNetwork
from antiphon.errors import AntiphonError, BadData, MissingExtra, SettingsError
from antiphon.evaluation.regeneration import everyone, regenerate, summarized
from antiphon.files import refuse_foreign
from antiphon.interfaces import Encoder, Progress, no_progress
from antiphon.perception.alphabet import fit_alphabet
from antiphon.perception.cache import FrameCache, default_directory
from antiphon.perception.perception import Perception
from antiphon.training.trainer import Trainer


def train(
    corpus: Corpus | str | Path,
    output: str | Path | None = None,
    *,
    settings: Settings | None = None,
    encoder: Encoder | None = None,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> Agent:
    """Learn from a corpus (a manifest, a folder of multitracks, or a Corpus); write the agent to `output` if given.

    Frames are cached on disk. What was learned so far is kept beside `output` after every epoch: the same call goes on
    where an interrupted one was, and ends with the same bytes. Raises BadData where there is nothing to learn from.
    """
    settings = settings or Settings()
    target = None if output is None else Path(output)
    if target is not None:
        refuse_foreign(target, AGENT_FILES)
        if (target / AGENT_MARK).exists() and not overwrite:
            raise SettingsError(f"{target} holds an agent; choose another name, or pass --overwrite")
    _require_device(settings.training.device)
    if not isinstance(corpus, Corpus):
        corpus = open_corpus(Path(corpus), settings.corpus)
    perception = Perception(settings.perception, encoder, FrameCache(default_directory()))
    prepared = prepare(corpus, perception, settings.corpus, progress)
    segments = training_segments(prepared.encoded, prepared.division["train"])
    alphabet = fit_alphabet(segments, perception.encoder, settings.perception)
    splits = split_tokens(prepared, alphabet)
    if not splits.train:
        raise BadData("no two tracks share a whole segment: there is nothing to learn from")
    agent = Agent(settings, alphabet, perception, _new_network(settings, alphabet.classes, hears=True))
    state = None if target is None else _state_directory(target, agent, splits)
    agent = _trained(agent, splits, state, progress)
    agent = replace(agent, training=_account(agent, prepared.encoded, splits, progress))
    if target is not None:
        agent.save(target)
    if state is not None:
        shutil.rmtree(state)
    return agent


def _trained(agent: Agent, splits: Splits, state: Path | None, progress: Progress) -> Agent:
    """The agent with its decision trained, and its deaf opponent beside it, a thread for each."""
    settings, stopped = agent.settings, threading.Event()
    names = {"decision": "train", "deaf": "train the deaf model"} if settings.training.deaf else {"decision": "train"}
    networks = {name: _new_network(settings, agent.alphabet.classes, name == "decision") for name in names}

    def watched(task: str, done: int, total: int) -> None:
        if stopped.is_set():
            raise AntiphonError("the training was stopped")
        progress(task, done, total)

    def fit(name: str) -> list[dict[str, Any]]:
        place = state / name if state else None
        trainer = Trainer(networks[name], agent.context, settings.training, place)
        records = trainer.fit(splits.train, splits.validation, watched, names[name])
        return [{"model": name, **asdict(record)} for record in records]

    with suitable_threads(networks["decision"]) as threads, ThreadPoolExecutor(threads) as pool:
        try:
            histories = list(pool.map(fit, names))
        except BaseException:
            stopped.set()
            raise
    trained = {name: network.cpu() for name, network in networks.items()}
    history = tuple(record for records in histories for record in records)
    return replace(agent, network=trained["decision"], deaf=trained.get("deaf"), history=history)


def _require_device(name: str) -> None:
    import torch

    try:
        torch.device(name)
    except RuntimeError as error:
        raise SettingsError(f"setting training.device: {name!r} is not one; for instance cpu, cuda or mps") from error
    try:
        torch.zeros(1, device=name).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise MissingExtra(f"setting training.device: this machine or this torch has no {name}") from error


def _new_network(settings: Settings, classes: int, hears: bool) -> DecisionNetwork:
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(settings.training.seed)
        return DecisionNetwork(settings.decision, classes, hears)


def _account(
    agent: Agent, encoded: Mapping[str, tuple[EncodedTrack, ...]], splits: Splits, progress: Progress
) -> dict[str, Any]:
    """What the agent learned from and how well it did on held-out pieces, for its config and its model card."""
    tracks = [track for group in encoded.values() for track in group]
    account: dict[str, Any] = {
        "tracks": len(tracks),
        "minutes": round(sum(track.track.duration for track in tracks) / 60, 3),
        "windows": sum(len(track.silent) for track in tracks),
        "silent_windows": sum(int(track.silent.sum()) for track in tracks),
        "pieces": {name: len({excerpt.piece for excerpt in part}) for name, part in vars(splits).items()},
        "summary": [],
    }
    if splits.test:
        contenders = everyone(agent, splits.train, splits.validation)
        rows = summarized(regenerate(contenders, splits.test, agent.context, progress=progress))
        account["summary"] = [asdict(row) for row in rows]
    return account


def _state_directory(target: Path, agent: Agent, splits: Splits) -> Path:
    """Where an unfinished training waits. What waits there for other data or settings is not gone on with."""
    state = target.parent / f".{target.name}.training"
    fingerprint = _fingerprint(agent, splits)
    named = state / "fingerprint.json"
    if state.exists() and (not named.exists() or load_json(named) != fingerprint):
        shutil.rmtree(state)
    save_json(named, fingerprint)
    return state


def _fingerprint(agent: Agent, splits: Splits) -> str:
    digest = hashlib.sha256(agent.settings.model_dump_json().encode() + agent.alphabet.id.encode())
    for part in (splits.train, splits.validation):
        for excerpt in part:
            digest.update(excerpt.name.encode())
            for ids in excerpt.ids:
                digest.update(ids.tobytes())
    return digest.hexdigest()
