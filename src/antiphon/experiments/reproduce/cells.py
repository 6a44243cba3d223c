"""One cell of the study: a segment duration and an alphabet size, from the corpus to its scores."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from antiphon.agent import Agent
from antiphon.agent.directory import AGENT_MARK
from antiphon.analysis.agent_summary import epochs_of
from antiphon.audio import read
from antiphon.checkpoint import load_json, save_json
from antiphon.config import Settings
from antiphon.corpus.manifest import Corpus
from antiphon.corpus.opening import open_corpus
from antiphon.corpus.planted import performed_again
from antiphon.corpus.splits import Split
from antiphon.dataset import Prepared, Splits, prepare, split_tokens
from antiphon.decision.scoring import Context
from antiphon.errors import BadData
from antiphon.evaluation import results
from antiphon.evaluation.gain import gain_of, swapped
from antiphon.evaluation.opponents import Opponent, side_by_side
from antiphon.evaluation.protocol import (
    CONSENSUS,
    FORCED,
    FREE,
    GUIDE_ONLY,
    MEMORY,
    ORACLE,
    TRACK,
    TRACK_MEMORY,
    Form,
    Passage,
    instruments,
    memories,
    similarity,
    whole_tracks,
    windows,
)
from antiphon.evaluation.regeneration import Displaced, PairScore, everyone
from antiphon.evaluation.scores import Scores, ScoreSettings, given, score_free_running
from antiphon.files import whole_file
from antiphon.interfaces import Progress, no_progress
from antiphon.perception.cache import FrameCache, default_directory
from antiphon.perception.perception import Perception
from antiphon.perception.quantizers import class_distances
from antiphon.training.pipeline import train

FORMS = (FREE, MEMORY, ORACLE, TRACK, TRACK_MEMORY, FORCED)
"""How every model is judged."""

CEILING = "ceiling"
"""What tables call the true B, performed again."""

CELL, SCORES, TIMES = "cell.json", "scores.jsonl", "times.json"


@dataclass(frozen=True)
class Job:
    """A cell to be done: `settings` are its own. `pieces` is how many of the corpus' it takes, 0 all; `consensus` how
    many samples the models named in `consensus_of` agree from, 0 none."""

    name: str
    corpus: Path
    directory: Path
    settings: Settings
    pieces: int = 0
    consensus: int = 0
    consensus_of: tuple[str, ...] = ()
    seed: int = 0

    @property
    def finished(self) -> bool:
        """Whether its scores are there; `cell.json` is written last."""
        return (self.directory / CELL).exists()

    @property
    def trained(self) -> bool:
        """Whether its agent is there."""
        return (self.directory / "agent" / AGENT_MARK).exists()


def open_part(path: Path, settings: Settings, pieces: int, seed: int) -> Corpus:
    """The corpus, or some of its pieces: always the same ones, and each split keeps its share of them."""
    corpus = open_corpus(path, settings.corpus)
    if not pieces:
        return corpus
    groups: dict[Split | None, set[str]] = {}
    for multitrack in corpus.multitracks:
        groups.setdefault(corpus.splits.get(multitrack.name), set()).add(multitrack.piece)
    total = sum(len(group) for group in groups.values())
    kept: set[str] = set()
    for group in groups.values():
        count = max(1, round(pieces * len(group) / total))
        kept |= set(sorted(group, key=lambda piece: hashlib.sha256(f"{seed} {piece}".encode()).digest())[:count])
    return Corpus(tuple(each for each in corpus.multitracks if each.piece in kept), corpus.splits)


def run(job: Job, progress: Progress = no_progress) -> None:
    """Do a cell, or what is left of it: train where there is no agent, judge everyone, write the scores."""
    if job.finished:
        return
    began = time.monotonic()
    corpus = open_part(job.corpus, job.settings, job.pieces, job.seed)
    agent_directory = job.directory / "agent"
    if job.trained:
        agent = Agent.load(agent_directory)
    else:
        agent = train(corpus, agent_directory, settings=job.settings, progress=progress)
    trained = time.monotonic()
    perception = Perception(job.settings.perception, None, FrameCache(default_directory()))
    prepared = prepare(corpus, perception, job.settings.corpus, progress)
    splits = split_tokens(prepared, agent.alphabet)
    if not splits.test:
        raise BadData("the corpus is too small to hold anything out")
    found = _everything(job, agent, splits, prepared, progress)
    _write_scores(job, found)
    save_json(job.directory / TIMES, {"train": trained - began, "judge": time.monotonic() - trained})
    save_json(job.directory / CELL, _account(job, agent, splits, found))


def _everything(
    job: Job, agent: Agent, splits: Splits, prepared: Prepared, progress: Progress
) -> dict[Form, list[Scores]]:
    names = instruments(prepared.encoded)
    rest = agent.alphabet.rest if agent.alphabet.has_rest else None
    pairs = [(group.guides, group.targets) for group in side_by_side(splits.train)]
    settings_of_scores = ScoreSettings(
        context=agent.context,
        memories=memories(splits.train, names, agent.alphabet.classes, rest),
        similarity=similarity(pairs, class_distances(agent.alphabet), rest),
        classes=agent.alphabet.classes,
        rest=rest,
        seed=job.seed,
        consensus=job.consensus,
    )
    contenders = everyone(agent, splits.train, splits.validation)
    passages = _passages(splits, names, agent.context)
    work = _work(job, contenders)
    found: dict[Form, list[Scores]] = {}
    for done, (form, contender) in enumerate(work):
        progress(f"judge: {contender.name}, {form.name}", done, len(work))
        found.setdefault(form, []).append(score_free_running(contender, form, passages[form.scope], settings_of_scores))
    progress("judge", len(work), len(work))
    found[TRACK] += _ceiling(job.corpus, agent, passages[TRACK.scope], settings_of_scores)
    return found


def _ceiling(
    corpus: Path, agent: Agent, passages: Sequence[Passage], settings_of_scores: ScoreSettings
) -> list[Scores]:
    """On a planted world, how well the true B itself scores when it is performed again: what the ear is to blame for.

    Nothing elsewhere.
    """
    again = performed_again(corpus)
    rows = [each for each in passages if each.target_name == "b" and each.multitrack in again]
    answers = [agent.tokens(read(again[row.multitrack])).ids[: len(row.target)] for row in rows]
    return [given(CEILING, answers, TRACK, rows, settings_of_scores)] if rows else []


def _passages(splits: Splits, names: Any, context: Context) -> dict[str, tuple[Passage, ...]]:
    return {"window": windows(splits.test, names, context), "track": whole_tracks(splits.test, names)}


def _work(job: Job, contenders: Sequence[Opponent]) -> list[tuple[Form, Opponent]]:
    # Circularly shifted guides have no window of their own: what they tell is said by whole tracks.
    whole = [contender for contender in contenders if not isinstance(contender, Displaced)]
    work = [(form, contender) for form in FORMS for contender in (contenders if form.scope == "track" else whole)]
    work += [(GUIDE_ONLY, contender) for contender in contenders if contender.by_guide is not None]
    if job.consensus > 1:
        work += [(CONSENSUS, contender) for contender in contenders if contender.name in job.consensus_of]
    return work


def _write_scores(job: Job, found: dict[Form, list[Scores]]) -> None:
    perception = job.settings.perception
    with whole_file(job.directory / SCORES) as temporary, temporary.open("w", encoding="utf-8") as stream:
        for all_judged in found.values():
            for each in all_judged:
                for score in each.scores:
                    line = results.line_of(score, perception.segment_seconds, perception.alphabet_size)
                    stream.write(json.dumps(line, ensure_ascii=False) + "\n")


def _account(job: Job, agent: Agent, splits: Splits, found: dict[Form, list[Scores]]) -> dict[str, Any]:
    """Everything that tables and figures say of the cell."""
    window_forms = [form for form in found if form.scope == "window"]
    return {
        "name": job.name,
        "segment_seconds": job.settings.perception.segment_seconds,
        "K": job.settings.perception.alphabet_size,
        "centroids": agent.alphabet.size,
        "classes": agent.alphabet.classes,
        "alphabet_id": agent.alphabet.id,
        "window_tokens": agent.context.tokens,
        "pieces": {name: len({excerpt.piece for excerpt in part}) for name, part in vars(splits).items()},
        "epochs": epochs_of(agent),
        "settings": job.settings.model_dump(mode="json"),
        "columns": [results.column_of(results.column(each)) for group in found.values() for each in group],
        "prefixes": {
            form.name: {each.scores[0].model: results.prefixes_of(each.prefixes) for each in found[form]}
            for form in window_forms
        },
        "calibration": {each.scores[0].model: results.calibration_of(each.calibration) for each in found[FORCED]},
        "gain": _gain(agent, splits, found),
        "papers_test": {form.name: results.papers_test(found[form]) for form in window_forms},
        "paired": _paired(found),
    }


def _paired(found: dict[Form, list[Scores]]) -> dict[str, Any]:
    """Piece by piece against each opponent: TPP in every form, and bits."""
    tests = {f"{form.name}, tpp": results.compared(group, "tpp") for form, group in found.items()}
    tests["bits"] = results.compared(found[FORCED], "bits")
    return {name: {model: asdict(test) for model, test in each.items()} for name, each in tests.items()}


def _gain(agent: Agent, splits: Splits, found: dict[Form, list[Scores]]) -> dict[str, Any] | None:
    """What the guide adds, from the bits of the hearing, deaf and shifted networks."""
    rows = [
        PairScore(
            model=score.model,
            piece=score.passage.piece,
            multitrack=score.passage.multitrack,
            guide=score.passage.guide_name,
            target=score.passage.target_name,
            tokens=len(score.passage.target),
            tpp=score.numbers.tpp,
            lcp=0.0,
            entropy=0.0,
            bits=score.numbers.bits,
        )
        for each in found[FORCED]
        for score in each.scores
    ]
    strangers = swapped(agent.decision, splits.test, agent.context) if agent.deaf is not None else {}
    gain = gain_of(rows, strangers)
    return None if gain is None else asdict(gain)


def finished_cell(job: Job) -> dict[str, Any]:
    """What a finished cell says of itself."""
    account: dict[str, Any] = load_json(job.directory / CELL)
    return account
