"""The protocol of the re-generation task, said exactly (paper 5.3, 6).

What is judged
  Every ordered pair (A, B) of different tracks of every held-out multitrack, over the time that both last. Both are
  tokenised whole; only segments that lie inside the corpus' music are scored: no padding, no BOS, nothing behind the
  last whole segment.

  Scope `window` is the paper's: windows of 15 s every 10 s (`corpus.window_seconds`, `hop_seconds`), each decoded from
  BOS by a model that hears the guide of this window and nothing else; the last window of a pair may be shorter. Scope
  `track` is ours: whole tracks in one pass, the context sliding.

How B' is made
  Everyone runs free: nobody sees the true B while deciding. `nucleus` draws each token from the smallest set of tokens
  that holds `sampling.top_p` (paper: 0.8); `consensus` takes what most of 32 such draws have, each on its own past;
  `guide-only` takes what is most probable by the guide alone, for those who can say so without a past of their own.
  `argmax` is the exception, named as such: the most probable token where all of the true past is given. It says what a
  model could know at best, and no free run reaches it; where several tokens are equally probable, each counts by its
  share. The uniform opponent draws from all tokens alike. Repetition control, best-of and guidance are off.

What may be played
  `free`: every token. `memory`: the labels of the memory in use, which are those of all training tracks of B's
  instrument (the track's instrument, or its name where the corpus gives none; all training tracks where none has it),
  and the rest. `oracle`: the paper's form, the labels of the true B in the very passage that is scored; it tells the
  model part of the answer. The constraint is hard or soft as `sampling.constraint` says (the paper's: soft), and
  hard where that is off. The uniform opponent obeys it too.

What is counted
  Per passage: see `Numbers`. Tokens of one passage, and passages of one piece, depend on each other: means and
  intervals are over pieces, each once, a piece's own mean weighted by tokens. The paper's test takes windows as
  independent and is kept beside ours under its name (`comparisons`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from antiphon.corpus.windows import starts
from antiphon.dataset import EncodedTrack, TokenExcerpt
from antiphon.decision.baselines import count
from antiphon.decision.sampling import Mask
from antiphon.decision.scoring import Context
from antiphon.metrics import context_distances, fingerprints, interchangeable
from antiphon.types import Ids, Seconds

Scope = Literal["window", "track"]
Draw = Literal["nucleus", "consensus", "guide-only", "argmax"]
Constraint = Literal["free", "memory", "oracle"]

PROTOCOL_VERSION = 2
"""Part of every study; raised when the same agent and corpus would be given other scores."""

COPIED_LENGTH = 8
"""Tokens from which a stretch that the memory has too counts as copied."""


@dataclass(frozen=True)
class Form:
    """One way of being judged."""

    scope: Scope
    draw: Draw
    constraint: Constraint

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"{self.scope} {self.draw} {self.constraint}"


FREE, MEMORY, ORACLE = (
    Form("window", "nucleus", "free"),
    Form("window", "nucleus", "memory"),
    Form("window", "nucleus", "oracle"),
)
"""The paper's column; `oracle` is what it calls constrained generation."""

TRACK, TRACK_MEMORY = Form("track", "nucleus", "free"), Form("track", "nucleus", "memory")
"""Whole tracks."""

FORCED = Form("track", "argmax", "free")
"""With all of the true past given: bits and calibration come from here."""

CONSENSUS = Form("track", "consensus", "free")
"""The expensive one: each track is decided as often as there are samples."""

GUIDE_ONLY = Form("track", "guide-only", "free")
"""The most probable token by the guide alone, for those who have such a side."""


class Numbers(NamedTuple):
    """What is counted in a passage, nan where it has no meaning. Percentages unless said otherwise.

    `sounding`: TPP where the true B is not a rest. `near`: TPP with one segment of tolerance. `alike` and `used_alike`:
    TPP where classes count as the same that are near each other by their centroids, or by their use in training
    (`Similarity`). `kappa`: agreement beyond chance, 1 is all. `lcp`: mean LCP in segments; `lasting`: starts from
    which four segments are right. `entropy` in bits, `repeats` and `distinct` (classes) beside the true B's (`true_`).
    `copied`: positions in stretches that the memory holds. `bits`: surprise at the true B, for `argmax` only.
    """

    tpp: float
    sounding: float
    near: float
    alike: float
    used_alike: float
    kappa: float
    lcp: float
    lasting: float
    entropy: float
    true_entropy: float
    repeats: float
    true_repeats: float
    distinct: float
    true_distinct: float
    copied: float
    bits: float


@dataclass(frozen=True, eq=False)
class Passage:
    """What is judged at once: guide and true target (n,), how long each segment lasts (n,), where it comes from.

    `start` is in the sum of the durations before it; `instrument` is the target's.
    """

    multitrack: str
    piece: str
    guide_name: str
    target_name: str
    instrument: str
    start: float
    guide: Ids
    target: Ids
    durations: Seconds


@dataclass(frozen=True)
class Score:
    """A row of scores.jsonl: one model, one passage, one form. `allowed` is the share of the alphabet (0..1) that the
    constraint leaves, 1 where there is none."""

    model: str
    form: Form
    passage: Passage
    allowed: float
    numbers: Numbers


@dataclass(frozen=True, eq=False)
class Similarity:
    """Which classes may stand for each other, (classes, classes): by their centroids, and by their contexts.

    Two classes are alike whose distance is no larger than the median distance between a class and its nearest other
    (`metrics.interchangeable`). By centroid: Euclidean in units of the alphabet's scale. By context: how differently
    they are used in training, which is the square root of the mean Jensen-Shannon divergence of three distributions:
    the guide's class at the same time, the class before and the class after in the track itself. The rest stands for
    nothing else.
    """

    by_centroid: Mask
    by_context: Mask


@dataclass(frozen=True, eq=False)
class InUse:
    """The memory in use for one instrument: which labels it has (classes,), and its stretches of tokens as
    fingerprints."""

    labels: Mask
    stretches: NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Memories:
    """The training tracks as memories, by instrument; `everything` stands in for an instrument that is not there."""

    by_instrument: Mapping[str, InUse]
    everything: InUse

    def of(self, instrument: str) -> InUse:
        """The memory for a target."""
        return self.by_instrument.get(instrument, self.everything)


Instruments = Mapping[tuple[str, str], str]
"""From multitrack and track to the instrument."""


def instruments(encoded: Mapping[str, Sequence[EncodedTrack]]) -> Instruments:
    """Each track's instrument, or its name where the corpus gives none."""
    return {
        (name, track.track.name): track.track.instrument or track.track.name
        for name, tracks in encoded.items()
        for track in tracks
    }


def memories(train: Sequence[TokenExcerpt], names: Instruments, classes: int, rest: int | None) -> Memories:
    """What the training tracks hold, by instrument."""
    tracks: dict[str, list[Ids]] = {}
    for excerpt in train:
        for index, (name, ids) in enumerate(zip(excerpt.tracks, excerpt.ids, strict=True)):
            if index not in excerpt.only:
                tracks.setdefault(_instrument(names, excerpt, name), []).append(ids)
    found = {name: _in_use(ids, classes, rest) for name, ids in sorted(tracks.items())}
    return Memories(found, _in_use([ids for each in tracks.values() for ids in each], classes, rest))


def _instrument(names: Instruments, excerpt: TokenExcerpt, track: str) -> str:
    return names.get((excerpt.name, track), track)


def _in_use(tracks: Sequence[Ids], classes: int, rest: int | None) -> InUse:
    labels = np.zeros(classes, dtype=np.bool_)
    labels[np.concatenate(tracks)] = True
    if rest is not None:
        labels[rest] = True
    return InUse(labels, fingerprints(tracks, COPIED_LENGTH))


def similarity(pairs: Sequence[tuple[Ids, Ids]], distances: NDArray[np.float64], rest: int | None) -> Similarity:
    """From training pairs of guides and targets (pairs, n), and the distances of the centroids (classes, classes)."""
    counts = count(pairs, len(distances))
    blocks = (counts.simultaneous.T, counts.successions.T, counts.successions)
    profile = np.concatenate([_shares(block) for block in blocks], axis=1)
    apart = context_distances(_shares(profile))
    if rest is not None:
        apart[rest] = apart[:, rest] = np.inf
        apart[rest, rest] = 0.0
    return Similarity(interchangeable(distances), interchangeable(apart))


def _shares(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(rows / np.maximum(rows.sum(axis=1, keepdims=True), 1e-300))


def whole_tracks(excerpts: Sequence[TokenExcerpt], names: Instruments) -> tuple[Passage, ...]:
    """Every ordered pair, over the time that both last."""
    return tuple(_passages(excerpts, names))


def windows(excerpts: Sequence[TokenExcerpt], names: Instruments, context: Context) -> tuple[Passage, ...]:
    """Every ordered pair in windows of `context.tokens` every `context.hop` segments."""
    return tuple(
        _cut(passage, int(first), context.tokens)
        for passage in _passages(excerpts, names)
        for first in starts(len(passage.guide), context.tokens, context.hop)
    )


def _passages(excerpts: Sequence[TokenExcerpt], names: Instruments) -> Iterator[Passage]:
    for excerpt in excerpts:
        for guide, target in excerpt.ordered_pairs():
            pair = excerpt.pair(guide, target)
            name = excerpt.tracks[target]
            yield Passage(
                multitrack=excerpt.name,
                piece=excerpt.piece,
                guide_name=excerpt.tracks[guide],
                target_name=name,
                instrument=_instrument(names, excerpt, name),
                start=0.0,
                guide=pair.guide,
                target=pair.target,
                durations=pair.durations,
            )


def _cut(passage: Passage, first: int, length: int) -> Passage:
    inside = slice(first, first + length)
    return Passage(
        multitrack=passage.multitrack,
        piece=passage.piece,
        guide_name=passage.guide_name,
        target_name=passage.target_name,
        instrument=passage.instrument,
        start=float(passage.durations[:first].sum()),
        guide=passage.guide[inside],
        target=passage.target[inside],
        durations=passage.durations[inside],
    )
