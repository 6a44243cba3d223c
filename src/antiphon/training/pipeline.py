"""From a corpus to an agent in one call (paper 5, figure 3): encode, fit the alphabet, train the decision, score it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from antiphon import __version__
from antiphon.agent import Agent
from antiphon.agent.directory import AGENT_FILES
from antiphon.analysis.pair_account import pair_account
from antiphon.checkpoint import load_json, save_json
from antiphon.config import Settings
from antiphon.corpus.manifest import Corpus
from antiphon.corpus.opening import open_corpus
from antiphon.corpus.splits import divide
from antiphon.corpus.track_audio import TrackSound
from antiphon.dataset import (
    EncodedTrack,
    Prepared,
    Splits,
    TokenExcerpt,
    TokenPair,
    prepare,
    split_tokens,
    training_segments,
)
from antiphon.dataset.shards.plan import is_shards
from antiphon.errors import BadData, MissingExtra, SettingsError
from antiphon.evaluation.delay import delay_of
from antiphon.evaluation.gain import judge
from antiphon.files import Claim, claimed, helping
from antiphon.interfaces import Encoder, Progress, Sound, no_progress
from antiphon.perception.alphabet import fit_alphabet
from antiphon.perception.alphabet_quality import quality_of_alphabet
from antiphon.perception.cache import FrameCache, default_directory
from antiphon.perception.perception import Perception
from antiphon.perception.precision import measured_precision
from antiphon.perception.quantizers import make_quantizer
from antiphon.training.events import event_files
from antiphon.training.network_variants import TrainingContext, TrainingData, new_network, train_variants
from antiphon.training.ranks import Ranks, chosen_device, is_first, joined
from antiphon.training.rehearsal import kept_for_replay
from antiphon.training.shard_lesson import place_for_tokens, shard_lesson, tokens_of
from antiphon.training.transposition import in_other_keys

LEAST_SECONDS = 10.0
"""Less music than this holds too few segments to tell a relation from chance: 20 of half a second."""


def train(
    corpus: Corpus | str | Path,
    output: str | Path | None = None,
    *,
    settings: Settings | None = None,
    encoder: Encoder | None = None,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> Agent:
    """Learn from a corpus (a manifest, a folder of multitracks or of shards, or a Corpus); write the agent to `output`.

    Frames are cached on disk. What was learned so far is kept beside `output` after every epoch: the same call goes on
    where an interrupted one was, and ends with the same bytes. Raises BadData where there is nothing to learn from,
    AntiphonError where another program writes `output`, SettingsError where it holds an agent that may not be replaced.
    """
    settings = settings or Settings()
    if output is None:
        return _trained(corpus, settings, encoder, None, progress)
    # Of several processes that train together, the one that writes holds the lock.
    claiming = claimed if is_first() else helping
    with claiming(Path(output), AGENT_FILES, overwrite=overwrite, holding="an agent") as claim:
        return _trained(corpus, settings, encoder, claim, progress)


def _trained(
    corpus: Corpus | str | Path,
    settings: Settings,
    encoder: Encoder | None,
    claim: Claim | None,
    progress: Progress,
) -> Agent:
    """As `train`, into an output that is claimed."""
    target = None if claim is None else claim.target
    device = chosen_device(settings.training.device)
    _require_device(device)
    with (
        joined(device) as ranks,
        event_files(_events(target, settings, ranks)) as log,
        place_for_tokens(target) as place,
    ):
        listening = _Listening(settings, encoder, ranks, progress)
        if isinstance(corpus, Corpus) or not is_shards(Path(corpus)):
            heard = _listened(corpus, listening)
        else:
            heard = _listened_to_shards(Path(corpus), place, listening)
        state = None if target is None else _state_directory(target, heard.agent, heard.lesson, ranks)
        agent = train_variants(heard.agent, heard.lesson, TrainingContext(state, ranks, progress, log))
    if not ranks.first:
        return agent
    agent = replace(agent, replay=kept_for_replay(agent, heard.lesson))
    agent = replace(agent, training=_account(agent, heard, progress))
    if claim is not None:
        claim.confirm()
        agent.save(claim.target)
        shutil.rmtree(place, ignore_errors=True)
    if state is not None:
        shutil.rmtree(state)
    return agent


@dataclass(frozen=True, eq=False)
class _Listening:
    """What it takes to turn a corpus into tokens."""

    settings: Settings
    encoder: Encoder | None
    ranks: Ranks
    progress: Progress


@dataclass(frozen=True, eq=False)
class _Listened:
    """A corpus as tokens, an agent that has an alphabet and has learned nothing else yet, what its account says of the
    data, and the pairs of a corpus that is one pair or pairs with a direction."""

    agent: Agent
    lesson: TrainingData
    data: Mapping[str, Any]
    pairs: Sequence[TokenPair] = ()


def _listened_to_shards(folder: Path, place: Path, listening: _Listening) -> _Listened:
    """A corpus in shards, of which little is in memory; tokens are put at `place` where the shards have none."""
    settings = listening.settings
    perception = Perception(settings.perception, listening.encoder, FrameCache(default_directory()))
    with listening.ranks.first_alone():
        tokens = tokens_of(folder, settings, perception, place, listening.progress)
    found = shard_lesson(tokens, settings)
    agent = Agent(settings, found.alphabet, perception, new_network(settings, found.alphabet))
    return _Listened(agent, TrainingData(found.splits, found.transposed, tokens), found.data)


def _listened(corpus: Corpus | str | Path, listening: _Listening) -> _Listened:
    """A corpus in memory. The first process encodes; the others find its frames in the cache."""
    settings, encoder, progress = listening.settings, listening.encoder, listening.progress
    if not isinstance(corpus, Corpus):
        corpus = open_corpus(Path(corpus), settings.corpus)
    cache = FrameCache(default_directory())
    if encoder is None:
        measured = measured_precision(settings.perception, training_sounds(corpus, settings), cache)
        settings = settings.model_copy(update={"perception": measured.settings})
    perception = Perception(settings.perception, encoder, cache)
    with listening.ranks.first_alone():
        prepared = prepare(corpus, perception, settings.corpus, progress)
    segments = training_segments(prepared.encoded, prepared.division["train"])
    _require_enough(prepared)
    alphabet = fit_alphabet(segments, perception.encoder, settings.perception)
    splits = split_tokens(prepared, alphabet)
    if not splits.train:
        named = f" (corpus.targets: {', '.join(settings.corpus.targets)})" if settings.corpus.targets else ""
        raise BadData(f"no guide and target share a whole segment{named}: there is nothing to learn from")
    transposed: tuple[tuple[TokenExcerpt, ...], ...] = ()
    if settings.training.transpose:
        windows = prepared.division["train"]
        transposed = in_other_keys(prepared.encoded, windows, make_quantizer(alphabet), perception.encoder)
    account = {"alphabet": asdict(quality_of_alphabet(alphabet, segments))}
    agent = Agent(settings, alphabet, perception, new_network(settings, alphabet), training=account)
    lesson = TrainingData(splits, transposed)
    return _Listened(agent, lesson, _data_of(prepared.encoded, lesson), given_pairs(prepared.encoded, splits))


def _require_enough(prepared: Prepared) -> None:
    """Raise BadData where there is less music than any relation could show in."""
    lengths = {window.multitrack.name: window.multitrack.duration for window in prepared.division["train"]}
    if (seconds := sum(lengths.values())) < LEAST_SECONDS:
        raise BadData(
            f"{seconds:.3g} s of music to learn from, in {', '.join(sorted(lengths)[:3])}: too little to learn a "
            f"relation; give {LEAST_SECONDS:g} s at the very least, better many minutes"
        )


def training_sounds(corpus: Corpus, settings: Settings) -> Iterator[Sound]:
    """The tracks of the training split, read by whoever has something to measure on them."""
    for window in divide(corpus.multitracks, settings.corpus, corpus.splits)["train"]:
        yield from (TrackSound(track) for track in window.multitrack.tracks)


def _events(target: Path | None, settings: Settings, ranks: Ranks) -> Path | None:
    """Where event files go: beside the agent, whose directory appears whole at the end."""
    if not settings.training.tensorboard or not ranks.first:
        return None
    if target is None:
        raise SettingsError("setting training.tensorboard writes beside the agent: name an output")
    return target.parent / f"{target.name}-tensorboard"


def _require_device(name: str) -> None:
    import torch

    try:
        torch.device(name)
    except RuntimeError as error:
        raise SettingsError(
            f"setting training.device: {name!r} is not one; for instance cpu, cuda, mps or auto"
        ) from error
    try:
        torch.zeros(1, device=name).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise MissingExtra(f"setting training.device: this machine or this torch has no {name}") from error


def _data_of(encoded: Mapping[str, tuple[EncodedTrack, ...]], lesson: TrainingData) -> dict[str, Any]:
    tracks = [track for group in encoded.values() for track in group]
    return {
        "tracks": len(tracks),
        "minutes": round(sum(track.track.duration for track in tracks) / 60, 3),
        "windows": sum(len(track.silent) for track in tracks),
        "silent_windows": sum(int(track.silent.sum()) for track in tracks),
        "pieces": {name: len({excerpt.piece for excerpt in part}) for name, part in vars(lesson.splits).items()},
        "keys": 1 + len(lesson.transposed),
    }


def _account(agent: Agent, heard: _Listened, progress: Progress) -> dict[str, Any]:
    """What the agent learned from and how well it did on held-out pieces, for its config and its model card."""
    splits = heard.lesson.splits
    account: dict[str, Any] = {**agent.training, **heard.data, "summary": [], "gain": None}
    if heard.pairs:
        account["relation"] = pair_account(heard.pairs, agent)
    if splits.test:
        judgement = judge(agent, splits, progress=progress)
        account["summary"] = [asdict(row) for row in judgement.summary]
        account["gain"] = None if judgement.gain is None else asdict(judgement.gain)
        if delay := delay_of(agent, splits.test):
            account["delay"] = asdict(delay)
    return account


def given_pairs(encoded: Mapping[str, tuple[EncodedTrack, ...]], splits: Splits) -> list[TokenPair]:
    """A and B of a corpus that is one pair, or pairs with a direction, all of them; of any other corpus none."""
    directed = all(len(group) == 2 and not group[0].track.answers for group in encoded.values())
    if not directed and not (len(encoded) == 1 and all(len(group) == 2 for group in encoded.values())):
        return []
    return [excerpt.pair(0, 1) for part in (splits.train, splits.validation, splits.test) for excerpt in part]


def _state_directory(target: Path, agent: Agent, lesson: TrainingData, ranks: Ranks) -> Path:
    """Where an unfinished training waits. What waits there for other data or settings is not gone on with."""
    state = target.parent / f".{target.name}.training"
    if ranks.first:
        fingerprint = _fingerprint(agent, lesson)
        named = state / "fingerprint.json"
        if state.exists() and (not named.exists() or load_json(named) != fingerprint):
            shutil.rmtree(state)
        save_json(named, fingerprint)
    ranks.wait()
    return state


def _fingerprint(agent: Agent, lesson: TrainingData) -> str:
    """A digest of all on which the course of a training depends; another version may draw otherwise."""
    digest = hashlib.sha256(agent.settings.model_dump_json().encode() + agent.alphabet.id.encode())
    digest.update(__version__.encode())
    if lesson.shards is not None:
        digest.update(lesson.shards.plan.identity.encode())
    for part in (lesson.splits.train, lesson.splits.validation, *lesson.transposed):
        for excerpt in part:
            digest.update(excerpt.name.encode())
            for ids in (*excerpt.ids, *excerpt.heard):
                digest.update(ids.tobytes())
    return digest.hexdigest()
