"""The re-generation task on a corpus of files (paper 5.3), and what was learned, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from antiphon.agent import Agent
from antiphon.analysis.class_words import as_dict, class_pitches, class_words
from antiphon.analysis.pair_account import pair_account
from antiphon.analysis.probe import Measure, probe
from antiphon.analysis.probe_corpus import probed_tracks
from antiphon.analysis.relations import Relations, partners_of, relations, segment_seconds
from antiphon.checkpoint import save_json
from antiphon.corpus.manifest import Corpus
from antiphon.dataset import Prepared, Splits, prepare, split_tokens
from antiphon.errors import BadData
from antiphon.evaluation.gain import Gain, judge
from antiphon.evaluation.regeneration import Summary
from antiphon.files import whole_directory
from antiphon.interfaces import Progress, no_progress
from antiphon.pages.relations import relations_page
from antiphon.training.pipeline import given_pairs

EVALUATION_FILES = ("evaluation.json", "index.html")
"""What a directory of `antiphon evaluate` holds."""


@dataclass(frozen=True, eq=False)
class Learned:
    """What the tracks of the training split have to do with one another, confirmed by the held-out ones (None where all
    of them are too short), and what each class mostly is: in words, and its mean pitch where that is known."""

    relations: Relations | None
    words: Mapping[int, str]
    pitches: Mapping[int, float]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The table of all models, what the guide adds (None without a deaf model), and if it was asked for what the
    classes stand for, by the name of the measure, and what they have to do with one another; of a pair what its B has
    to do with its A (`analysis.pair_account`, under `relation`), None of any other corpus."""

    summary: tuple[Summary, ...]
    gain: Gain | None
    probe: Mapping[str, Measure] = field(default_factory=dict)
    learned: Learned | None = None
    pair: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        found = self.learned
        related = None if found is None or found.relations is None else as_dict(found.relations, found.words)
        return {
            "summary": [asdict(row) for row in self.summary],
            "gain": None if self.gain is None else asdict(self.gain),
            "probe": {name: asdict(measure) for name, measure in self.probe.items()},
            "relations": related,
            "pair": self.pair,
        }


def evaluate(
    agent: Agent, corpus: Corpus, *, seed: int = 0, probed: bool = False, progress: Progress = no_progress
) -> Evaluation:
    """The agent and every opponent on the test split, one row each; if `probed`, the classes against the corpus' truth
    and against one another.

    Opponents are fitted on the training split of the same corpus. Raises BadData where nothing is held out.
    """
    prepared = prepare(corpus, agent.perception, agent.settings.corpus, progress)
    splits = split_tokens(prepared, agent.alphabet)
    if not splits.train or not splits.test:
        raise BadData("the corpus is too small to hold anything out")
    judgement = judge(agent, splits, seed, progress)
    pairs = given_pairs(prepared.encoded, splits)
    pair = {"relation": pair_account(pairs, agent)} if pairs else None
    if not probed:
        return Evaluation(judgement.summary, judgement.gain, pair=pair)
    tracks = probed_tracks(prepared.encoded, prepared.division["test"], agent.alphabet)
    found = probe(tracks, agent.alphabet.size)
    measures = {name: measure for name, measure in found.items() if math.isfinite(measure.value)}
    return Evaluation(judgement.summary, judgement.gain, measures, learned(agent, prepared, splits, seed), pair)


def learned(agent: Agent, prepared: Prepared, splits: Splits, seed: int = 0) -> Learned:
    """What an agent could learn from a corpus: the relations by lag, and its classes in words."""
    tracks = probed_tracks(prepared.encoded, (*prepared.division["train"], *prepared.division["test"]), agent.alphabet)
    found = relations(
        partners_of(splits.train),
        agent.alphabet.classes,
        held_out=partners_of(splits.test),
        seconds=segment_seconds(splits.train),
        seed=seed,
    )
    return Learned(found, class_words(tracks, agent.alphabet.size), class_pitches(tracks))


def write_evaluation(directory: Path, evaluation: Evaluation) -> None:
    """Write evaluation.json and one self-contained page, whole or not at all."""
    found = evaluation.learned or Learned(None, {}, {})
    page = relations_page(found.relations, found.words, found.pitches, evaluation.probe, evaluation.summary)
    with whole_directory(directory, EVALUATION_FILES) as inside:
        save_json(inside / "evaluation.json", evaluation.as_dict())
        (inside / "index.html").write_text(page, encoding="utf-8")
