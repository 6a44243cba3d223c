"""The re-generation task on a corpus of files (paper 5.3)."""

from __future__ import annotations

from antiphon.agent import Agent
from antiphon.corpus.manifest import Corpus
from antiphon.dataset import prepare, split_tokens
from antiphon.errors import BadData
from antiphon.evaluation.regeneration import Summary, everyone, regenerate, summarized
from antiphon.interfaces import Progress, no_progress


def evaluate(agent: Agent, corpus: Corpus, *, seed: int = 0, progress: Progress = no_progress) -> tuple[Summary, ...]:
    """The agent and every opponent on the test split, one row each.

    Opponents are fitted on the training split of the same corpus. Raises BadData where nothing is held out.
    """
    settings = agent.settings
    prepared = prepare(corpus, agent.perception, settings.corpus, progress)
    splits = split_tokens(prepared, agent.alphabet)
    if not splits.train or not splits.test:
        raise BadData("the corpus is too small to hold anything out")
    contenders = everyone(agent, splits.train, splits.validation)
    return summarized(regenerate(contenders, splits.test, agent.context, seed, progress))
