"""The agent for live play that comes with the package (`make live-agent`): the base agent, as it hears in time.

`quick-notes` says the same of a sound as `notes`, the base agent's encoder, but within 60 ms; so its classes are the
base agent's, and so is what follows on what. The network begins with the base agent's weights, sees no further than the
segment that is decided, and learns for a few minutes from rendered songs to hear only the first part of that one. Those
songs the base agent has learned from; others say what it is worth.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence, Set
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from antiphon.agent import Agent
from antiphon.agent.networks import blank_network
from antiphon.checkpoint import load_arrays, save_arrays
from antiphon.confidence import Estimate, estimate
from antiphon.config import Settings, resolve
from antiphon.config.presets import live_defaults
from antiphon.config.resolving import validated
from antiphon.corpus.manifest import Corpus
from antiphon.corpus.splits import Split, divide
from antiphon.corpus.synthesis.jobs import find_jobs
from antiphon.dataset import Prepared, Splits, prepare, split_tokens
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.transformer import DecisionNetwork
from antiphon.errors import BadData
from antiphon.evaluation.delay import bits_by_piece
from antiphon.interfaces import Progress, no_progress
from antiphon.perception.alphabet import identify, recipe_of
from antiphon.perception.cache import FrameCache, default_directory
from antiphon.perception.perception import Perception
from antiphon.perception.quantizers import make_quantizer
from antiphon.training.base_agent import lines, packed, songs_of
from antiphon.training.network_variants import TrainingData
from antiphon.training.rehearsal import kept_for_replay
from antiphon.training.trainer import Trainer
from antiphon.training.transposition import in_other_keys
from antiphon.types import Multitrack, Source, Track

LEARNING: dict[str, Any] = {
    "learning_rate": 5e-4,
    "max_epochs": 6,
    "batch_size": 32,
    "draws_per_window": 1,
    "schedule": "cosine",
    "warmup_steps": 20,
    "averaging": 0.98,
    "teacher_decay": 1.0,
    "precision": "bf16",
}
"""How it learns on: 198 steps of 32 windows from 88 songs."""


def build_live(
    corpora: Sequence[Path],
    scores: Path,
    output: Path,
    settings: Settings | None = None,
    progress: Progress = no_progress,
) -> Agent:
    """Make the live agent, judge it on rendered `corpora`, and write it to `output`.

    `scores` is the folder of all songs from which the base agent learned: by it is known which it has never heard. What
    was learned lies beside `output`, in NAME-build, until it is written: the same call goes on after an interruption.
    Raises BadData for a song that is not CC0, and where the base agent has heard all or none of them.
    """
    settings = settings or live_defaults()
    songs = songs_of(corpora, settings, None)
    agent = heard_late(Agent.base(), settings)
    perception = Perception(settings.perception, None, FrameCache(default_directory()))
    prepared = prepare(divided(songs, learned_from(scores, settings)), perception, settings.corpus, progress)
    train = prepared.division["train"]
    splits = split_tokens(prepared, agent.alphabet)
    keys = in_other_keys(prepared.encoded, train, make_quantizer(agent.alphabet), perception.encoder)
    lesson, work = TrainingData(splits, keys), output.parent / f"{output.name}-build"
    networks = {name: learned(agent, lesson, name, work, progress) for name in ("decision", "deaf")}
    agent = replace(agent, network=networks["decision"], replay=kept_for_replay(agent, lesson))
    late, deaf = (bits_by_piece(NeuralDecision(networks[name]), splits.test, agent.context) for name in networks)
    worth = estimate([deaf[piece] - late[piece] for piece in late])
    told = {**_account(prepared, splits, worth), "keys": 1 + len(keys), "licence": "CC0-1.0"}
    told["data"] = f"the base agent's weights, which learned on from {len(train)} rendered Lieder"
    agent = packed(replace(agent, training=told), output)
    shutil.rmtree(work)
    return agent


def heard_late(base: Agent, settings: Settings) -> Agent:
    """The base agent by these settings, which must be those of its segments and classes.

    Raises BadData where they are of another length or another number.
    """
    own, wanted = base.settings.perception, settings.perception
    if (own.segment_seconds, own.alphabet_size) != (wanted.segment_seconds, wanted.alphabet_size):
        raise BadData(
            f"the base agent has {own.alphabet_size} classes in segments of {own.segment_seconds:g} s; these settings "
            f"ask for {wanted.alphabet_size} and {wanted.segment_seconds:g} s"
        )
    tree = settings.model_dump()
    tree["decision"] = base.settings.decision.model_dump() | {
        "lookahead_seconds": settings.decision.lookahead_seconds,
    }
    tree["training"] = base.settings.training.model_dump()
    settings = validated(tree)
    perception = Perception(settings.perception)
    unnamed = replace(base.alphabet, recipe=recipe_of(perception.encoder, settings.perception), id="")
    alphabet = replace(unnamed, id=identify(unnamed))
    network = blank_network(settings, alphabet)
    network.load_state_dict(base.network.state_dict())
    return Agent(settings, alphabet, perception, network.eval())


def learned(agent: Agent, lesson: TrainingData, name: str, work: Path, progress: Progress) -> DecisionNetwork:
    """The agent's network after what LEARNING says, in `work`; the one called `deaf` never hears its guide."""
    settings, path = agent.settings, work / f"{name}.safetensors"
    network = blank_network(settings, agent.alphabet, hears=name != "deaf")
    if path.exists():
        network.load_state_dict({key: torch.from_numpy(value) for key, value in load_arrays(path).items()})
        return network.eval()
    network.load_state_dict(agent.network.state_dict())
    training = settings.training.model_copy(update=LEARNING)
    trainer = Trainer(network, agent.context, training, rest=agent.alphabet.rest)
    trainer.fit(lesson.splits.train, [], progress, f"train {name}", transposed=lesson.transposed)
    work.mkdir(parents=True, exist_ok=True)
    save_arrays(path, {key: value.numpy() for key, value in network.state_dict().items()})
    return network


def learned_from(scores: Path, settings: Settings) -> set[str]:
    """The pieces of a folder of songs that are in the training split of them all."""
    every = [
        Multitrack(job.name, job.piece, (Track(job.name, (Source(scores),), 1.0),))
        for job in find_jobs("lieder", scores)
    ]
    return {window.multitrack.piece for window in divide(every, settings.corpus)["train"]}


def divided(songs: Corpus, learned: Set[str]) -> Corpus:
    """The songs, of which those that were `learned` are to rehearse and all others to judge by."""
    splits: dict[str, Split] = {each.name: "train" if each.piece in learned else "test" for each in songs.multitracks}
    if len(set(splits.values())) < 2:
        raise BadData(
            f"of {len(splits)} songs the base agent has heard all or none: nothing to rehearse, or to judge by"
        )
    return Corpus(songs.multitracks, splits)


def _account(prepared: Prepared, splits: Splits, worth: Estimate) -> dict[str, Any]:
    """What it was judged on, for its config and its model card."""
    tracks = [track for group in prepared.encoded.values() for track in group]
    return {
        "tracks": len(tracks),
        "minutes": round(sum(track.track.duration for track in tracks) / 60, 3),
        "pieces": {name: len({excerpt.piece for excerpt in part}) for name, part in vars(splits).items()},
        "summary": [],
        "gain": {"whole": asdict(worth), "local": None, "piece": None, "swapped": None},
    }


def main() -> None:
    """`python -m antiphon.training.live_agent CORPUS... --scores DIR -o OUTPUT`, as the Makefile calls it.

    Settings come from the environment.
    """
    parser = argparse.ArgumentParser(description="Make the live agent from the base agent; judge it on rendered songs.")
    parser.add_argument("corpora", nargs="+", type=Path)
    parser.add_argument("--scores", type=Path, required=True, help="all songs from which the base agent learned")
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    build_live(given.corpora, given.scores, given.output, resolve(base=live_defaults()), lines)


if __name__ == "__main__":
    main()
