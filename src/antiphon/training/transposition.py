"""Training excerpts in other keys at no cost: the pitch classes of cached vectors rotated before they become tokens.

All tracks alike, so that the relation between them stays what it is. Registers and loudness stay where they are: a few
semitones seldom change them.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from antiphon.dataset import EncodedTrack, TokenExcerpt, tokenized
from antiphon.errors import AntiphonWarning
from antiphon.interfaces import Encoder, Quantizer
from antiphon.types import Segments, Window

SEMITONES = (-5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6)
"""Every other key, by the nearer way."""


def in_other_keys(
    encoded: Mapping[str, tuple[EncodedTrack, ...]],
    windows: Sequence[Window],
    quantizer: Quantizer,
    encoder: Encoder,
) -> tuple[tuple[TokenExcerpt, ...], ...]:
    """The excerpts of `tokenized`, once for each of SEMITONES; none for an encoder that names no pitch classes.

    An encoder names them as `pitch_class_dimensions`: the slice of its vectors that holds twelve, each a semitone above
    the one before.
    """
    dimensions: slice | None = getattr(encoder, "pitch_class_dimensions", None)
    if dimensions is None:
        return ()
    with warnings.catch_warnings():
        # What is left out has been named once, in the key it was played in.
        warnings.simplefilter("ignore", AntiphonWarning)
        return tuple(
            tokenized(_transposed(encoded, windows, dimensions, semitones), windows, quantizer)
            for semitones in SEMITONES
        )


def rotated(segments: Segments, dimensions: slice, semitones: int) -> Segments:
    """The segments `semitones` higher."""
    vectors = segments.vectors.copy()
    vectors[:, dimensions] = np.roll(vectors[:, dimensions], semitones, axis=1)
    return Segments(vectors, segments.level)


def _transposed(
    encoded: Mapping[str, tuple[EncodedTrack, ...]], windows: Sequence[Window], dimensions: slice, semitones: int
) -> dict[str, tuple[EncodedTrack, ...]]:
    names = {window.multitrack.name for window in windows}
    return {
        name: tuple(
            replace(
                track,
                segments=rotated(track.segments, dimensions, semitones),
                over={guide: rotated(heard, dimensions, semitones) for guide, heard in track.over.items()},
                heard=None if track.heard is None else rotated(track.heard, dimensions, semitones),
            )
            for track in tracks
        )
        for name, tracks in encoded.items()
        if name in names
    }
