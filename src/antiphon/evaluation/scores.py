"""Everyone by the protocol: answers, and what is counted in them, passages of one length side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from antiphon.config import SamplingSettings
from antiphon.decision.generation import Context, generate
from antiphon.decision.sampling import Mask
from antiphon.decision.scoring import ROWS, advanced, blocks, sliding, started
from antiphon.evaluation.opponents import Opponent
from antiphon.evaluation.protocol import (
    COPIED_LENGTH,
    Constraint,
    Draw,
    Form,
    Memories,
    Numbers,
    Passage,
    Score,
    Similarity,
)
from antiphon.evaluation.regeneration import SEED_STRIDE, Displaced
from antiphon.interfaces import DecisionModel
from antiphon.metrics import (
    agreement_beyond_chance,
    anticipation,
    bits_per_token,
    copied_of,
    entropy,
    functional_true_positive_percentage,
    longest_common_prefix,
    repetition,
    tolerant_true_positive_percentage,
    true_positive_percentage,
)
from antiphon.types import Ids, Seconds

LASTING = 4
"""Segments for which a correct prefix must hold to count as anticipation: 1 to 2 s."""

BINS = 10
"""Of a calibration, of equal width."""

NAN = float("nan")


@dataclass(frozen=True, eq=False)
class ScoreSettings:
    """What all are judged by. `rest` is the id of silence, None where there is none; `consensus` how many samples."""

    context: Context
    memories: Memories
    similarity: Similarity
    classes: int
    rest: int | None
    seed: int = 0
    consensus: int = 32


@dataclass(eq=False)
class Prefixes:
    """LCP by position in the window (figure 6): how many windows, the sum of their LCP and of its square (n,)."""

    windows: int
    total: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def empty(cls, length: int) -> Prefixes:
        """Of no windows yet."""
        return cls(0, np.zeros(length), np.zeros(length))

    def add(self, lengths: NDArray[np.float64]) -> None:
        """Take the LCP of a window (n,) in."""
        self.windows += 1
        self.total += lengths
        self.squares += lengths**2


@dataclass(eq=False)
class Calibration:
    """By probability of the first choice (BINS,): tokens, the sum of that probability, and how many were right."""

    tokens: NDArray[np.float64] = field(default_factory=lambda: np.zeros(BINS))
    confidence: NDArray[np.float64] = field(default_factory=lambda: np.zeros(BINS))
    hits: NDArray[np.float64] = field(default_factory=lambda: np.zeros(BINS))

    def add(self, confidence: Seconds, hits: Seconds) -> None:
        """Take tokens in: their probability and whether they were right, of one shape."""
        values = confidence.ravel()
        place = np.minimum((values * BINS).astype(np.int64), BINS - 1)
        self.tokens += np.bincount(place, minlength=BINS)
        self.confidence += np.bincount(place, values, minlength=BINS)
        self.hits += np.bincount(place, hits.ravel(), minlength=BINS)

    @property
    def error(self) -> float:
        """Expected calibration error, 0 to 1: `metrics.expected_calibration_error` of all that was taken in."""
        return float(np.abs(self.confidence - self.hits).sum() / max(self.tokens.sum(), 1))


@dataclass(frozen=True, eq=False)
class Scores:
    """All scores of one model in one form, with its LCP by position over full windows, and its calibration where the
    form is `argmax`."""

    scores: tuple[Score, ...]
    prefixes: Prefixes
    calibration: Calibration


@dataclass(frozen=True, eq=False)
class TeacherForcedScores:
    """With all of the true past given, (passages, n) each: log-probability of the true token in nats, probability of
    the first choice, and whether that is right (a share where several are equally probable)."""

    nats: Seconds
    confidence: Seconds
    hits: Seconds


def score_free_running(
    contender: Opponent, form: Form, passages: Sequence[Passage], settings_of_scores: ScoreSettings
) -> Scores:
    """One model in one form on all passages, which are windows or whole tracks as the form says."""
    prefixes, calibration = Prefixes.empty(settings_of_scores.context.tokens), Calibration()
    sampling = _sampling(contender.sampling, form.draw, settings_of_scores)
    scores: dict[int, Score] = {}
    for members in _by_length(passages):
        rows = [passages[index] for index in members]
        masks = _masks(rows, form.constraint, settings_of_scores)
        seeds = [settings_of_scores.seed * SEED_STRIDE + index for index in members]
        runs = []
        for guides in _heard(contender, rows):
            if form.draw == "argmax":
                runs.append(_forced_numbers(contender, guides, rows, settings_of_scores, calibration))
                continue
            answers = generate(
                _played(contender, form.draw),
                guides,
                settings_of_scores.context,
                sampling=sampling,
                seeds=seeds,
                allowed=None if masks is None else np.broadcast_to(masks, (guides.shape[1], *masks.shape)),
                durations=np.stack([row.durations for row in rows]),
            ).ids
            runs.append(_free_numbers(answers, rows, settings_of_scores, prefixes if form.scope == "window" else None))
        allowed = np.ones(len(rows)) if masks is None else masks.mean(axis=1)
        for index, share, values in zip(members, allowed.tolist(), np.mean(runs, axis=0).tolist(), strict=True):
            scores[index] = Score(contender.name, form, passages[index], share, Numbers(*values))
    return Scores(tuple(scores[index] for index in range(len(passages))), prefixes, calibration)


def given(
    name: str, answers: Sequence[Ids], form: Form, passages: Sequence[Passage], settings_of_scores: ScoreSettings
) -> Scores:
    """Answers that are there already, one for each of the passages, judged as a model's own are."""
    counted = _free_numbers(answers, passages, settings_of_scores, None).tolist()
    scores = [Score(name, form, row, 1.0, Numbers(*values)) for row, values in zip(passages, counted, strict=True)]
    return Scores(tuple(scores), Prefixes.empty(settings_of_scores.context.tokens), Calibration())


def _played(contender: Opponent, draw: Draw) -> DecisionModel:
    """The side of a contender that a draw asks for."""
    if draw != "guide-only":
        return contender.model
    if contender.by_guide is None:
        raise ValueError(f"{contender.name} says nothing by the guide alone")
    return contender.by_guide


def _by_length(passages: Sequence[Passage]) -> Iterator[list[int]]:
    together: dict[int, list[int]] = {}
    for index, passage in enumerate(passages):
        together.setdefault(len(passage.guide), []).append(index)
    yield from together.values()


def _heard(contender: Opponent, rows: Sequence[Passage]) -> Iterator[Ids]:
    """The guides (passages, n) as the contender hears them, once or several times."""
    guides = np.stack([row.guide for row in rows])
    shares = contender.shares if isinstance(contender, Displaced) else (0.0,)
    for share in shares:
        yield np.roll(guides, round(share * guides.shape[1]), axis=1)


def _masks(rows: Sequence[Passage], constraint: Constraint, settings_of_scores: ScoreSettings) -> Mask | None:
    """The labels (passages, classes) that each answer may play."""
    if constraint == "free":
        return None
    if constraint == "memory":
        return np.stack([settings_of_scores.memories.of(row.instrument).labels for row in rows])
    masks = np.zeros((len(rows), settings_of_scores.classes), dtype=np.bool_)
    for mask, row in zip(masks, rows, strict=True):
        mask[row.target] = True
    return masks


def _sampling(sampling: SamplingSettings, draw: Draw, settings_of_scores: ScoreSettings) -> SamplingSettings:
    """What the protocol settles, whatever the settings say."""
    if draw == "guide-only":
        sampling = sampling.model_copy(update={"temperature": 0.0})
    return sampling.model_copy(
        update={
            "consensus": settings_of_scores.consensus if draw == "consensus" else 1,
            "best_of": 1,
            "repetition": 1.0,
            "constraint": "hard" if sampling.constraint == "off" else sampling.constraint,
        }
    )


def _free_numbers(
    answers: Sequence[Ids] | Ids, rows: Sequence[Passage], settings_of_scores: ScoreSettings, prefixes: Prefixes | None
) -> NDArray[np.float64]:
    numbers = []
    for answer, row in zip(answers, rows, strict=True):
        lengths = longest_common_prefix(answer, row.target)
        if prefixes is not None and len(lengths) == len(prefixes.total):
            prefixes.add(lengths.astype(np.float64))
        numbers.append(_counted(answer, row, lengths, settings_of_scores))
    return np.array(numbers)


def _counted(answer: Ids, row: Passage, lengths: NDArray[np.int64], settings_of_scores: ScoreSettings) -> Numbers:
    truth = row.target
    sounding = (
        np.ones(len(truth), dtype=np.bool_) if settings_of_scores.rest is None else truth != settings_of_scores.rest
    )
    return Numbers(
        tpp=true_positive_percentage(answer, truth),
        sounding=true_positive_percentage(answer[sounding], truth[sounding]) if sounding.any() else NAN,
        near=tolerant_true_positive_percentage(answer, truth),
        alike=functional_true_positive_percentage(answer, truth, settings_of_scores.similarity.by_centroid),
        used_alike=functional_true_positive_percentage(answer, truth, settings_of_scores.similarity.by_context),
        kappa=agreement_beyond_chance(answer, truth),
        lcp=float(lengths.mean()),
        lasting=anticipation(lengths, LASTING),
        entropy=entropy(answer),
        true_entropy=entropy(truth),
        repeats=repetition(answer),
        true_repeats=repetition(truth),
        distinct=float(len(np.unique(answer))),
        true_distinct=float(len(np.unique(truth))),
        copied=copied_of(answer, settings_of_scores.memories.of(row.instrument).stretches, COPIED_LENGTH),
        bits=NAN,
    )


def _forced_numbers(
    contender: Opponent,
    guides: Ids,
    rows: Sequence[Passage],
    settings_of_scores: ScoreSettings,
    calibration: Calibration,
) -> NDArray[np.float64]:
    targets, durations = (np.stack([getattr(row, name) for row in rows]) for name in ("target", "durations"))
    probable = score_teacher_forced(contender.surprise, guides, targets, settings_of_scores.context, durations)
    calibration.add(probable.confidence, probable.hits)
    first = probable
    if contender.model is not contender.surprise:
        first = score_teacher_forced(contender.model, guides, targets, settings_of_scores.context, durations)
    numbers = []
    for hits, nats, truth in zip(first.hits, probable.nats, targets, strict=True):
        sounding = (
            np.ones(len(truth), dtype=np.bool_) if settings_of_scores.rest is None else truth != settings_of_scores.rest
        )
        nothing = Numbers(*[NAN] * len(Numbers._fields))
        numbers.append(
            nothing._replace(
                tpp=float(100 * hits.mean()),
                sounding=float(100 * hits[sounding].mean()) if sounding.any() else NAN,
                bits=bits_per_token(nats),
            )
        )
    return np.array(numbers)


def score_teacher_forced(
    model: DecisionModel, guides: Ids, targets: Ids, context: Context, durations: Seconds
) -> TeacherForcedScores:
    """What a model would play at each position of `targets` (passages, n) with all of it before given."""
    found = TeacherForcedScores(*(np.zeros(targets.shape) for _ in range(3)))
    for rows in blocks(len(guides), ROWS):
        state = None
        for start, decided, end in sliding(guides.shape[1], context):
            heard, lasting = guides[rows, start:end], durations[rows, start:end]
            state, previous = started(model, len(heard), state, decided - start), None
            for position in range(start, end):
                state, log_probabilities = advanced(model, state, heard, previous, lasting)
                previous = targets[rows, position]
                heard, lasting = heard[:, :0], lasting[:, :0]
                if position >= decided:
                    own = log_probabilities[np.arange(len(previous)), previous].astype(np.float64)
                    best = log_probabilities.max(axis=1, keepdims=True)
                    among = (log_probabilities == best).sum(axis=1)
                    found.nats[rows, position] = own
                    found.confidence[rows, position] = np.exp(best[:, 0])
                    found.hits[rows, position] = (own == best[:, 0]) / among
    return found
