"""How well an alphabet divides the segments that it was made of (paper 7.2: unbalanced, repetitive, opaque)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from antiphon.perception.quantizers import make_quantizer
from antiphon.types import Alphabet, Segments


@dataclass(frozen=True)
class AlphabetQuality:
    """`dead` classes that no segment carries; `balance`, the entropy of the sounding segments' classes over log K, 1
    where all are alike; `distortion`, the share of the segments' variance that the classes leave unexplained; `rests`,
    the share of segments that are rests. Shares are 0..1.
    """

    size: int
    dead: int
    balance: float
    distortion: float
    rests: float


def quality_of_alphabet(alphabet: Alphabet, segments: Segments) -> AlphabetQuality:
    """The account of an alphabet over segments: those it was fitted on, or others to compare. Raises ValueError where
    none of them sounds."""
    ids = make_quantizer(alphabet)(segments)
    sounding = ids < alphabet.size
    if not sounding.any():
        raise ValueError("an alphabet is judged by segments that sound, and there is none")
    counts = np.bincount(ids[sounding], minlength=alphabet.size)
    share = counts[counts > 0] / counts.sum()
    scaled = segments.vectors[sounding] / alphabet.scale
    within = float(np.square(scaled - alphabet.centroids[ids[sounding]], dtype=np.float64).sum())
    total = float(np.square(scaled - scaled.mean(axis=0, dtype=np.float64), dtype=np.float64).sum())
    return AlphabetQuality(
        size=alphabet.size,
        dead=int(np.count_nonzero(counts == 0)),
        balance=float(-(share * np.log(share)).sum() / np.log(alphabet.size)),
        distortion=within / total if total > 0 else 0.0,
        rests=float(np.mean(~sounding)),
    )
