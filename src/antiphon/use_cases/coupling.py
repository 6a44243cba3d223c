"""Coupling of recordings on disk: a pair, a folder of a system's outputs; and the standard they are held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from antiphon.confidence import Estimate, estimate
from antiphon.config import CorpusSettings
from antiphon.corpus.manifest import Corpus
from antiphon.corpus.splits import divide
from antiphon.corpus.track_audio import file_sound
from antiphon.coupling.apa import SMALLEST_SET, Reference, adherence, draw_reference, nearness, reference_of
from antiphon.coupling.calibration import Calibration, calibrate, calibrate_sets
from antiphon.coupling.conditions import EXCERPT_STEPS, Condition, Trial, draw_trials, make_distractors
from antiphon.coupling.features import CouplingFeatures, FeatureExtractor
from antiphon.coupling.pairs import Coupling, Measured, couple, embeddings_of
from antiphon.coupling.pieces import hear_pieces
from antiphon.coupling.reference import (
    OWN,
    STANDARD_FILES,
    Standard,
    load_standard,
    measures_with,
    save_standard,
)
from antiphon.coupling.settings import VerifierSettings
from antiphon.errors import BadData
from antiphon.files import claimed, whole_directory
from antiphon.interfaces import Progress, no_progress
from antiphon.perception.cache import FrameCache, default_directory
from antiphon.types import Window

if TYPE_CHECKING:
    from antiphon.coupling.verifier import Verifier

REFERENCE_PAIRS = 1000
"""Excerpts of which R and R' of APA are made."""

GUIDE, RESPONSE, TARGET = "guide", "response", "target"
"""Names of the files of an item, whatever their suffix; the target, the true partner, may be missing."""


@dataclass(frozen=True)
class Trials:
    """How much a calibration tries: excerpts, and the seed of all draws."""

    count: int = 1000
    seed: int = 0


@dataclass(frozen=True)
class Item:
    """One item of a folder: how its response goes with its guide, and how its target would if there is one."""

    name: str
    response: Coupling
    target: Coupling | None


@dataclass(frozen=True)
class MeasureOfItems:
    """The mean of a measure over the items in which it says something; None where it never does.

    `below` is the mean share of calibrated excerpts of each condition that are below the responses.
    """

    name: str
    below: Mapping[Condition, float]
    response: Estimate | None
    target: Estimate | None


@dataclass(frozen=True)
class Adherence:
    """APA of all responses, and their nearness to true pairs; None where there are too few. `about` says against what
    they are held, or why they are not."""

    about: str
    apa: float | None = None
    nearness: float | None = None


@dataclass(frozen=True)
class FolderCoupling:
    """A folder of a system's outputs."""

    items: tuple[Item, ...]
    measures: tuple[MeasureOfItems, ...]
    adherence: Adherence


def standard_at(directory: Path | None) -> Standard:
    """The standard in a directory, the package's own where none is given. Raises BadData as `load_standard` does."""
    return load_standard(OWN if directory is None else directory, _listener().identity)


def couple_files(guide: Path, response: Path, standard: Standard) -> Coupling:
    """Measure two recordings. Raises BadData for one that cannot be read or is too short."""
    listener = _listener()
    return couple(listener.hear(file_sound(guide)), listener.hear(file_sound(response)), standard)


def couple_folder(folder: Path, standard: Standard, progress: Progress = no_progress) -> FolderCoupling:
    """Measure every item of a folder: sub-folders that each hold guide.*, response.* and perhaps target.*.

    Raises BadData, naming the item, for one that lacks a file or has one that cannot be used.
    """
    listener = _listener()
    items, embedded = [], []
    paths = _items(folder)
    for done, path in enumerate(paths, 1):
        heard = {name: listener.hear(file_sound(file)) for name, file in _files(path).items()}
        try:
            response = couple(heard[GUIDE], heard[RESPONSE], standard)
            target = couple(heard[GUIDE], heard[TARGET], standard) if TARGET in heard else None
        except BadData as error:
            raise BadData(f"{path}: {error}") from error
        items.append(Item(path.name, response, target))
        embedded.append(heard)
        progress("couple", done, len(paths))
    names = [each.name for each in items[0].response.measures]
    measures = tuple(
        MeasureOfItems(
            name,
            _below([item.response.measures[index] for item in items]),
            _mean_over([item.response for item in items], index),
            _mean_over([item.target for item in items if item.target is not None], index),
        )
        for index, name in enumerate(names)
    )
    return FolderCoupling(tuple(items), measures, _adherence(embedded, standard.reference))


def train_standard(
    corpus: Corpus,
    output: Path,
    *,
    settings: VerifierSettings,
    trials: Trials,
    division: CorpusSettings,
    progress: Progress = no_progress,
) -> Standard:
    """Train a verifier on a corpus' training split, calibrate everything on its test split, and write both.

    Raises BadData where the test split has nothing to calibrate on, before anything is trained; AntiphonError where
    another program writes there.
    """
    with claimed(output, STANDARD_FILES, overwrite=True, holding="a standard"):
        made = _trained(corpus, settings, trials, division, progress)
        with whole_directory(output, STANDARD_FILES) as directory:
            save_standard(directory, made)
    return made


def _trained(
    corpus: Corpus, settings: VerifierSettings, trials: Trials, division: CorpusSettings, progress: Progress
) -> Standard:
    from antiphon.coupling.verifier import train_verifier

    listener = _listener()
    windows = divide(corpus.multitracks, division, corpus.splits)
    drawn = _trials(windows["test"], listener, trials, progress)
    pieces = hear_pieces(windows["train"], listener, 0, progress)
    verifier = train_verifier(pieces, listener.identity, settings, progress)
    reference = draw_reference(pieces, EXCERPT_STEPS, REFERENCE_PAIRS, np.random.default_rng(trials.seed))
    return Standard(_calibration(drawn, reference, verifier, trials.seed, progress), reference, verifier)


def calibrate_standard(
    corpus: Corpus,
    standard: Standard,
    *,
    trials: Trials,
    division: CorpusSettings,
    progress: Progress = no_progress,
) -> Calibration:
    """Every measure of a standard, calibrated on the test split of a corpus, less what its verifier has learned from.

    Raises BadData where nothing is left to calibrate on.
    """
    listener, verifier = _listener(), standard.verifier
    known = frozenset() if verifier is None else verifier.learned_from
    windows = [
        window
        for window in divide(corpus.multitracks, division, corpus.splits)["test"]
        if window.multitrack.piece not in known
    ]
    drawn = _trials(windows, listener, trials, progress)
    return _calibration(drawn, standard.reference, verifier, trials.seed, progress)


def _listener() -> FeatureExtractor:
    return FeatureExtractor(FrameCache(default_directory()))


def _trials(
    windows: Sequence[Window], listener: FeatureExtractor, trials: Trials, progress: Progress
) -> tuple[Trial, ...]:
    if not windows:
        raise BadData("nothing to calibrate on: the corpus holds out no piece that is new to the verifier")
    pieces = hear_pieces(windows, listener, progress=progress)
    distractors = make_distractors(windows, listener, trials.seed, progress)
    return draw_trials(pieces, distractors, trials.count, trials.seed)


def _calibration(
    drawn: Sequence[Trial], reference: Reference | None, verifier: Verifier | None, seed: int, progress: Progress
) -> Calibration:
    rows = list(calibrate(measures_with(verifier), drawn, progress))
    if reference is not None and len(drawn) >= SMALLEST_SET:
        rows += calibrate_sets(reference, drawn, seed)
    return Calibration(len(drawn), len({trial.piece for trial in drawn}), seed, tuple(rows))


def _items(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise BadData(f"{folder}: not a folder of items")
    paths = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not paths:
        raise BadData(f"{folder}: no items; each is a sub-folder with guide.* and response.*, and target.* if known")
    return paths


def _files(item: Path) -> dict[str, Path]:
    """The files of an item by what they are."""
    found: dict[str, Path] = {}
    for path in sorted(item.iterdir()):
        if path.is_file() and path.stem in (GUIDE, RESPONSE, TARGET):
            if path.stem in found:
                raise BadData(f"{item}: both {found[path.stem].name} and {path.name}")
            found[path.stem] = path
    for name in (GUIDE, RESPONSE):
        if name not in found:
            raise BadData(f"{item}: no {name}.* in it")
    return found


def _below(responses: Sequence[Measured]) -> Mapping[Condition, float]:
    """For each calibrated condition the mean of the shares that are defined."""
    shares = {
        condition: [each.below[condition] for each in responses if not np.isnan(each.below[condition])]
        for condition in responses[0].below
    }
    return {condition: float(np.mean(each)) for condition, each in shares.items() if each}


def _mean_over(couplings: Sequence[Coupling], index: int) -> Estimate | None:
    values = [each.measures[index].value for each in couplings]
    defined = [value for value in values if not np.isnan(value)]
    return estimate(defined) if defined else None


def _adherence(items: Sequence[Mapping[str, CouplingFeatures]], known: Reference | None) -> Adherence:
    """APA of all responses, against the items' own targets where they are enough, else against a known reference."""
    candidates = np.concatenate([embeddings_of(item[GUIDE], item[RESPONSE]) for item in items])
    if len(candidates) < SMALLEST_SET:
        return Adherence(f"{len(candidates)} excerpts of 10 s, APA needs {SMALLEST_SET}")
    own = _reference_of_targets(items)
    reference = known if own is None else own
    if reference is None:
        return Adherence("no reference: neither targets nor a standard that has one")
    about = "the true pairs of the standard" if own is None else "the items' own targets"
    return Adherence(about, adherence(candidates, reference), nearness(candidates, reference))


def _reference_of_targets(items: Sequence[Mapping[str, CouplingFeatures]]) -> Reference | None:
    """R of the items' targets, R' of each guide with the next item's target; None where they are too few."""
    with_target = [item for item in items if TARGET in item]
    if len(with_target) < 2:
        return None
    others = [*with_target[1:], with_target[0]]
    true = np.concatenate([embeddings_of(item[GUIDE], item[TARGET]) for item in with_target])
    mismatched = np.concatenate(
        [embeddings_of(item[GUIDE], other[TARGET]) for item, other in zip(with_target, others, strict=True)]
    )
    return reference_of(true, mismatched) if min(len(true), len(mismatched)) >= SMALLEST_SET else None
