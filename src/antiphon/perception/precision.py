"""Whether bf16 leaves the labels as they are: measured on the user's own weights and sound, not supposed."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from antiphon.config import SEGMENTS_PER_CLASS, PerceptionSettings
from antiphon.errors import AntiphonWarning
from antiphon.interfaces import Sound
from antiphon.perception.alphabet import fit_alphabet
from antiphon.perception.cache import FrameCache
from antiphon.perception.perception import Perception
from antiphon.perception.quantizers import make_quantizer
from antiphon.types import Alphabet, Audio, Segments

LARGEST_CHANGE = 0.01
"""Share of the labels that a faster precision may change; a shorter window changes 28 to 53 % of them."""


@dataclass(frozen=True)
class MeasuredPrecision:
    """Settings whose precision is decided, and the share (0..1) of labels that bf16 changed; None where it was not
    measured."""

    settings: PerceptionSettings
    changed: float | None


def labels_changed(kept: Segments, tried: Segments, alphabet: Alphabet) -> float:
    """The share (0..1) of segments that get another label when `tried` describes them instead of `kept`.

    Both describe the same segments of the same sound; `alphabet` was made for `kept`.
    """
    quantize = make_quantizer(alphabet)
    return float(np.mean(quantize(kept) != quantize(tried)))


def measured_precision(
    settings: PerceptionSettings, sounds: Iterable[Audio | Sound], cache: FrameCache | None = None
) -> MeasuredPrecision:
    """The settings with "auto" decided: bf16 where the processor has units for it and at most `LARGEST_CHANGE` of the
    labels change, else fp32.

    `sounds`, of which no more are taken than an alphabet needs, are encoded twice and an alphabet is fitted on them in
    fp32. None is taken where there is nothing to decide.
    """
    encoder = settings.encoder
    if encoder.name != "wav2vec2" or encoder.precision != "auto":
        return MeasuredPrecision(settings, None)
    from antiphon.perception.encoders.wav2vec2_lean import has_bf16_units

    full, half = (_with_precision(settings, precision) for precision in ("fp32", "bf16"))
    if not has_bf16_units():
        return MeasuredPrecision(full, None)
    perceptions = (Perception(full, cache=cache), Perception(half, cache=cache))
    described = _described(perceptions, sounds, settings)
    with warnings.catch_warnings():
        # Fewer sounds make a smaller alphabet here; the real one says so where it is made.
        warnings.simplefilter("ignore", AntiphonWarning)
        alphabet = fit_alphabet(described[0], perceptions[0].encoder, full)
    changed = labels_changed(*described, alphabet)
    return MeasuredPrecision(half if changed <= LARGEST_CHANGE else full, changed)


def _with_precision(settings: PerceptionSettings, precision: str) -> PerceptionSettings:
    encoder = settings.encoder.model_copy(update={"precision": precision})
    return settings.model_copy(update={"encoder": encoder})


def _described(
    perceptions: tuple[Perception, Perception], sounds: Iterable[Audio | Sound], settings: PerceptionSettings
) -> tuple[Segments, Segments]:
    """The same segments as each of two perceptions describes them, as many as an alphabet needs."""
    wanted, found = SEGMENTS_PER_CLASS * settings.alphabet_size, 0
    parts: tuple[list[Segments], list[Segments]] = ([], [])
    for sound in sounds:
        for perception, described in zip(perceptions, parts, strict=True):
            described.append(perception.segments(sound)[0])
        found += len(parts[0][-1].level)
        if found >= wanted:
            break
    return _joined(parts[0]), _joined(parts[1])


def _joined(parts: list[Segments]) -> Segments:
    return Segments(np.concatenate([part.vectors for part in parts]), np.concatenate([part.level for part in parts]))
