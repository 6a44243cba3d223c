"""Segment vectors to token pairs: what each split of a corpus says in one alphabet (paper 5.1)."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.config import CorpusSettings
from antiphon.corpus.manifest import Corpus
from antiphon.corpus.splits import Split, divide
from antiphon.dataset.encoding import ROUNDING_SECONDS, EncodedTrack, encode
from antiphon.dataset.excerpts import TokenExcerpt
from antiphon.errors import AntiphonWarning, BadData
from antiphon.interfaces import Progress, Quantizer, no_progress
from antiphon.perception.perception import Perception
from antiphon.perception.quantizers import make_quantizer
from antiphon.types import Alphabet, Ids, Segments, Window


@dataclass(frozen=True, eq=False)
class Prepared:
    """A corpus as the decision needs it: encoded tracks by multitrack name, and the windows of each split."""

    encoded: Mapping[str, tuple[EncodedTrack, ...]]
    division: Mapping[Split, tuple[Window, ...]]


def prepare(
    corpus: Corpus, perception: Perception, settings: CorpusSettings, progress: Progress = no_progress
) -> Prepared:
    """Encode a corpus, a track a processor, and divide what is left of it. Raises BadData as `encode` does."""
    encoded = encode(corpus.multitracks, perception, settings, os.cpu_count() or 1, progress)
    kept = [multitrack for multitrack in corpus.multitracks if multitrack.name in encoded]
    return Prepared(encoded, divide(kept, settings, corpus.splits))


def within(track: EncodedTrack, window: Window) -> NDArray[np.bool_]:
    """Which segments (n,) of a track lie inside a window and are whole."""
    starts, ends = track.intervals.T
    inside = (starts >= window.start - ROUNDING_SECONDS) & (ends <= window.end + ROUNDING_SECONDS)
    return np.asarray(inside & track.whole)


def training_segments(encoded: Mapping[str, tuple[EncodedTrack, ...]], windows: Sequence[Window]) -> Segments:
    """All segments of the given windows end to end: exactly the vectors that the alphabet is fitted on.

    A mix is no instrument: it is said in the alphabet of the tracks that it consists of.
    """
    parts = [
        _kept(track.segments, within(track, window))
        for window in windows
        for track in encoded.get(window.multitrack.name, ())
        if not track.only
    ]
    if not any(len(part.level) for part in parts):
        raise BadData("the training split holds no track as long as a segment: there is nothing to learn from")
    return Segments(np.concatenate([part.vectors for part in parts]), np.concatenate([part.level for part in parts]))


def _kept(segments: Segments, mask: NDArray[np.bool_]) -> Segments:
    return Segments(segments.vectors[mask], segments.level[mask])


def tokenized(
    encoded: Mapping[str, tuple[EncodedTrack, ...]], windows: Sequence[Window], quantizer: Quantizer
) -> tuple[TokenExcerpt, ...]:
    """The windows as tokens; a window in which no guide and target share a segment is not one."""
    excerpts = []
    for window in windows:
        tracks = encoded.get(window.multitrack.name, ())
        excerpt = _excerpt(window, tracks, quantizer)
        if any(excerpt.ordered_pairs()):
            excerpts.append(excerpt)
        elif tracks:
            name = f"{excerpt.name}, {window.start:.1f} to {window.end:.1f} s"
            warnings.warn(f"{name}: no guide and target share a whole segment, left out", AntiphonWarning, stacklevel=3)
    return tuple(excerpts)


def _excerpt(window: Window, tracks: Sequence[EncodedTrack], quantizer: Quantizer) -> TokenExcerpt:
    inside = [within(track, window) for track in tracks]
    place = {track.track.name: index for index, track in enumerate(tracks)}
    return TokenExcerpt(
        name=window.multitrack.name,
        piece=window.multitrack.piece,
        tracks=tuple(place),
        ids=tuple(quantizer(_kept(track.segments, mask)) for track, mask in zip(tracks, inside, strict=True)),
        durations=tuple(
            np.diff(track.intervals[mask], axis=1)[:, 0] for track, mask in zip(tracks, inside, strict=True)
        ),
        over=_over(tracks, inside, place, quantizer),
        heard=tuple(
            quantizer(_kept(track.heard, mask))
            for track, mask in zip(tracks, inside, strict=True)
            if track.heard is not None
        ),
        only={index: place[track.only] for index, track in enumerate(tracks) if track.only},
        unanswering=frozenset(index for index, track in enumerate(tracks) if not track.answers),
    )


def _over(
    tracks: Sequence[EncodedTrack],
    inside: Sequence[NDArray[np.bool_]],
    place: Mapping[str, int],
    quantizer: Quantizer,
) -> dict[tuple[int, int], Ids]:
    """Each target's ids on its guides' intervals, as far as the target goes."""
    found = {}
    for target, track in enumerate(tracks):
        for name, segments in track.over.items():
            guide = place[name]
            ends = tracks[guide].intervals[inside[guide], 1]
            ids = quantizer(_kept(segments, inside[guide]))
            found[guide, target] = ids[ends <= track.intervals[-1, 1] + ROUNDING_SECONDS]
    return found


@dataclass(frozen=True, eq=False)
class Splits:
    """The token excerpts to learn from, to stop by, and to be judged on."""

    train: tuple[TokenExcerpt, ...]
    validation: tuple[TokenExcerpt, ...]
    test: tuple[TokenExcerpt, ...]


def split_tokens(prepared: Prepared, alphabet: Alphabet) -> Splits:
    """All splits of a corpus in one alphabet."""
    quantizer = make_quantizer(alphabet)
    return Splits(
        **{name: tokenized(prepared.encoded, windows, quantizer) for name, windows in prepared.division.items()}
    )
