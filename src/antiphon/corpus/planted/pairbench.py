"""PairBench: every planted world in every difficulty, with fixed seeds, bounds, a data card and checksums."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from antiphon import audio
from antiphon.corpus.planted.building import build_planted, performed_twice, piece_name, planted_splits
from antiphon.corpus.planted.card import CARD_FILE, CARD_TEXT_FILE, card_text, card_tree
from antiphon.corpus.planted.settings import PLANTED_WORLDS, PlantedSettings
from antiphon.corpus.planted.tokens import planted_tokens
from antiphon.files import owned, refuse_foreign, sha256, whole_file
from antiphon.interfaces import Progress, no_progress

TOKENS_FILE = "tokens.jsonl"
"""In each world's folder: a piece a line, its split and the ids of both tracks."""

AGAIN_FOLDER = "again"
"""In each world's folder: the b of each test piece, performed again; how alike it is to the first is the ceiling."""

CHECKSUMS_FILE = "SHA256SUMS"
"""Digest and name of every other file; `sha256sum -c SHA256SUMS` checks them."""

PAIRBENCH_PIECES, PAIRBENCH_SEGMENTS = 36, 64
"""19 minutes of each track of a world, in pieces of 32 s."""

CLEAN = PlantedSettings("copy", pieces=PAIRBENCH_PIECES, segments=PAIRBENCH_SEGMENTS, delay=2, audio_format="flac")

DIFFICULTIES = (
    ("clean", CLEAN),
    ("noisy", replace(CLEAN, late=0.1, slip=0.1, jitter_seconds=0.03, hiss_dbfs=-70.0)),
    ("unseen-timbre", replace(CLEAN, unseen_timbre=True)),
)
"""What each difficulty asks; worlds put their name into it and their own seed."""


def _pairbench() -> Mapping[str, PlantedSettings]:
    found: dict[str, PlantedSettings] = {}
    for name, difficulty in DIFFICULTIES:
        for world in PLANTED_WORLDS:
            found[f"{world}-{name}"] = replace(difficulty, world=world, seed=1000 + len(found))
    return MappingProxyType(found)


PAIRBENCH = _pairbench()
"""The worlds of the benchmark by the name of their folder. Seeds are fixed; a change of them is another benchmark."""


@dataclass(frozen=True)
class BuiltPairBench:
    """What was written: the card to read and to parse, the checksums, and a manifest for each world by its name."""

    card: Path
    card_text: Path
    checksums: Path
    manifests: Mapping[str, Path]


def build_pairbench(
    directory: Path, progress: Progress = no_progress, worlds: Mapping[str, PlantedSettings] = PAIRBENCH
) -> BuiltPairBench:
    """Write the benchmark into `directory`, a folder per world, and its card and checksums last.

    Two builds are the same bytes. Raises AntiphonError where `directory` holds files that are not of a PairBench,
    or another build is at it.
    """
    refuse_foreign(directory, (CARD_FILE, CARD_TEXT_FILE, CHECKSUMS_FILE, *worlds))
    with owned(directory):
        return _built(directory, progress, worlds)


def _built(directory: Path, progress: Progress, worlds: Mapping[str, PlantedSettings]) -> BuiltPairBench:
    """As `build_pairbench`, into a directory that nobody else fills."""
    card, text, checksums = (directory / name for name in (CARD_FILE, CARD_TEXT_FILE, CHECKSUMS_FILE))
    manifests = {}
    _write(card, json.dumps(card_tree(worlds), indent=1, ensure_ascii=False) + "\n")
    for number, (name, settings) in enumerate(worlds.items(), 1):
        manifests[name] = build_planted(directory / name, settings)
        _write(directory / name / TOKENS_FILE, _token_lines(settings))
        for piece, _, again in performed_twice(settings):
            audio.write(directory / name / AGAIN_FOLDER / f"{piece}.{settings.audio_format}", again)
        progress("PairBench", number, len(worlds))
    _write(text, card_text(worlds))
    files = [card, text]
    files += sorted(path for name in worlds for path in (directory / name).rglob("*") if path.is_file())
    sums = "".join(f"{sha256(path)}  {path.relative_to(directory).as_posix()}\n" for path in files)
    _write(checksums, sums)
    return BuiltPairBench(card, text, checksums, MappingProxyType(manifests))


def performed_again(corpus: Path) -> Mapping[str, Path]:
    """The second performance of each test piece's b, by the piece's name; empty for what is no world of PairBench."""
    folder = (corpus if corpus.is_dir() else corpus.parent) / AGAIN_FOLDER
    return {path.stem: path for path in sorted(folder.glob("*")) if path.suffix in (".flac", ".wav")}


def _token_lines(settings: PlantedSettings) -> str:
    splits = planted_splits(settings)
    lines = []
    for number, pair in enumerate(planted_tokens(settings)):
        name = piece_name(settings, number)
        line = {"piece": name, "split": splits.get(name), "a": pair.a.tolist(), "b": pair.b.tolist()}
        lines.append(json.dumps(line) + "\n")
    return "".join(lines)


def _write(path: Path, text: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
