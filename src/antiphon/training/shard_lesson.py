"""What is learned from a folder of shards: an alphabet, tokens to stream, and a draw of each split to hold in memory.

The opponents of the table, the stopping and the judgement read that draw: their cost does not grow with the corpus.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from antiphon.config import Settings, in_force
from antiphon.dataset import Splits, TokenExcerpt
from antiphon.dataset.shards.index import ShardFolder, open_shards
from antiphon.dataset.shards.listening import training_parts
from antiphon.dataset.shards.parquet import ParquetFile
from antiphon.dataset.shards.plan import INDEX, Plan, read_plan
from antiphon.errors import BadData, SettingsError, WrongAlphabet
from antiphon.interfaces import Progress
from antiphon.perception.large_alphabet import fit_large_alphabet
from antiphon.perception.perception import Perception
from antiphon.training.shard_batches import GroupReader
from antiphon.training.shard_tokens import alphabet_of, tokenized_shards
from antiphon.types import Alphabet

HELD = {"train": 256, "validation": 128, "test": 64}
"""Excerpts of each split that are held in memory, drawn by the training's seed; all of them where there are no more."""

FITTED = ("alphabet_size", "rest", "rest_dbfs", "seed")
"""Settings of perception that do not change what shards of segments hold."""


@dataclass(frozen=True, eq=False)
class ShardLesson:
    """The alphabet of tokens that are streamed, and what is held of each split; `transposed` is what is held of the
    training split in other keys, and `data` what an account says."""

    alphabet: Alphabet
    splits: Splits
    transposed: tuple[tuple[TokenExcerpt, ...], ...]
    data: Mapping[str, Any]


def with_shards(settings: Settings | None, folder: Path) -> Settings:
    """The settings that a training on shards starts from: perception and corpus as the shards have them."""
    plan = read_plan(folder)
    return (settings or Settings()).model_copy(update={"perception": plan.perception, "corpus": plan.corpus})


@contextmanager
def place_for_tokens(target: Path | None) -> Iterator[Path]:
    """Where tokens lie while a training lasts: beside the future agent, so that it goes on with them; without one, in a
    temporary folder."""
    if target is not None:
        yield target.parent / f".{target.name}.tokens"
        return
    with TemporaryDirectory(prefix="antiphon-tokens-") as made:
        yield Path(made) / "tokens"


def tokens_of(folder: Path, settings: Settings, perception: Perception, place: Path, progress: Progress) -> ShardFolder:
    """Shards of tokens: those of `folder`, or what its segments are in an alphabet that is fitted on them, at `place`.

    Raises BadData for shards that are damaged, WrongAlphabet for those of another encoder, and SettingsError for a
    setting that they have fixed, which it names.
    """
    source = open_shards(folder)
    _require_settings(source.plan, settings, folder)
    if perception.recipe != source.plan.recipe:
        raise WrongAlphabet(f"{folder}: its shards were heard by another encoder than the one that is here")
    if source.plan.kind == "tokens":
        return source
    progress("alphabet", 0, 1)
    alphabet = fit_large_alphabet(lambda: training_parts(source), perception.encoder, settings.perception)
    progress("alphabet", 1, 1)
    return tokenized_shards(
        source, place, alphabet, perception=perception, transpose=settings.training.transpose, progress=progress
    )


def shard_lesson(tokens: ShardFolder, settings: Settings) -> ShardLesson:
    """What is held in memory of shards of tokens. Raises BadData where nothing is to be learned."""
    alphabet = alphabet_of(tokens)
    splits, transposed = _held(tokens, alphabet, settings.training.seed)
    if not splits.train:
        raise BadData(f"{tokens.path}: no guide and target share a whole segment: there is nothing to learn from")
    return ShardLesson(alphabet, splits, transposed, _data_of(tokens))


def _require_settings(plan: Plan, settings: Settings, folder: Path) -> None:
    """Raise SettingsError, naming it, for a setting that shards have fixed."""
    fixed = Settings(perception=plan.perception, corpus=plan.corpus)
    free = {f"perception.{name}" for name in FITTED} if plan.kind == "segments" else set()
    now, then = in_force(settings), in_force(fixed)
    for key in sorted(now):
        if key.startswith(("perception.", "corpus.")) and key not in free and now[key] != then[key]:
            raise SettingsError(f"setting {key}: is {now[key]!r}, and {then[key]!r} in {folder}; encode it anew")


def _held(tokens: ShardFolder, alphabet: Alphabet, seed: int) -> tuple[Splits, tuple[tuple[TokenExcerpt, ...], ...]]:
    """A draw of each split, and that of the training split in other keys."""
    reader = GroupReader(tokens, alphabet.classes, 4)
    keys = len(tokens.plan.keys)
    parts: dict[str, list[tuple[TokenExcerpt, ...]]] = {}
    for split, most in HELD.items():
        found = tokens.excerpts(split)
        chosen = np.sort(np.random.default_rng((seed, len(found))).permutation(len(found))[:most])
        parts[split] = [
            tuple(
                reader.group((int(found.shard[each]) << 32) | int(found.group[each])).excerpt(
                    int(found.number[each]), key
                )
                for key in range(keys if split == "train" else 1)
            )
            for each in chosen
        ]
    splits = Splits(**{split: tuple(each[0] for each in part) for split, part in parts.items()})
    return splits, tuple(tuple(each[key] for each in parts["train"]) for key in range(1, keys))


def _data_of(tokens: ShardFolder) -> dict[str, Any]:
    """What stands of the data in an agent's account."""
    return {
        "tracks": tokens.tracks,
        "minutes": round(tokens.seconds / 60, 3),
        "pieces": {split: len(pieces) for split, pieces in _pieces(tokens).items()},
        "held": {split: min(most, len(tokens.excerpts(split))) for split, most in HELD.items()},
        "keys": len(tokens.plan.keys),
        "shards": tokens.plan.identity,
    }


def _pieces(tokens: ShardFolder) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {split: set() for split in HELD}
    with ParquetFile(tokens.path / INDEX) as file:
        for group in range(file.groups):
            table = file.group(group, ["split", "piece"])
            pairs: Sequence[tuple[str, str]] = list(
                zip(table["split"].to_pylist(), table["piece"].to_pylist(), strict=True)
            )
            for split, piece in set(pairs):
                found[split].add(piece)
    return found
