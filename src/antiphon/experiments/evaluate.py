"""The re-generation task on a corpus of files (paper 5.3)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from antiphon.agent import Agent
from antiphon.corpus.manifest import Corpus
from antiphon.dataset import prepare, split_tokens
from antiphon.errors import BadData
from antiphon.evaluation.gain import Gain, judge
from antiphon.evaluation.probe import Measure, probe
from antiphon.evaluation.probe_corpus import probed_tracks
from antiphon.evaluation.regeneration import Summary
from antiphon.interfaces import Progress, no_progress


@dataclass(frozen=True)
class Evaluation:
    """The table of all models, what the guide adds (None without a deaf model), and what the classes stand for, by the
    name of the measure (empty unless asked for)."""

    summary: tuple[Summary, ...]
    gain: Gain | None
    probe: Mapping[str, Measure] = field(default_factory=dict)


def evaluate(
    agent: Agent, corpus: Corpus, *, seed: int = 0, probed: bool = False, progress: Progress = no_progress
) -> Evaluation:
    """The agent and every opponent on the test split, one row each; if `probed`, the classes against the corpus' truth.

    Opponents are fitted on the training split of the same corpus. Raises BadData where nothing is held out.
    """
    prepared = prepare(corpus, agent.perception, agent.settings.corpus, progress)
    splits = split_tokens(prepared, agent.alphabet)
    if not splits.train or not splits.test:
        raise BadData("the corpus is too small to hold anything out")
    judgement = judge(agent, splits, seed, progress)
    measures: Mapping[str, Measure] = {}
    if probed:
        tracks = probed_tracks(prepared.encoded, prepared.division["test"], agent.alphabet)
        found = probe(tracks, agent.alphabet.size)
        measures = {name: measure for name, measure in found.items() if math.isfinite(measure.value)}
    return Evaluation(judgement.summary, judgement.gain, measures)
