"""Corpus x perception: the token pairs that the decision learns from (paper 5.1, figure 3)."""

from antiphon.dataset.encoding import EncodedTrack, encode, silent_windows
from antiphon.dataset.excerpts import TokenExcerpt, TokenPair, undelayed
from antiphon.dataset.preparing import Prepared, Splits, prepare, split_tokens, tokenized, training_segments, within

__all__ = [
    "EncodedTrack",
    "Prepared",
    "Splits",
    "TokenExcerpt",
    "TokenPair",
    "encode",
    "prepare",
    "silent_windows",
    "split_tokens",
    "tokenized",
    "training_segments",
    "undelayed",
    "within",
]
