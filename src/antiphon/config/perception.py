"""Settings of perception: audio to tokens (paper 3.1, 4.1)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from antiphon.config.section import RandomSeed, Section

SEGMENTS_PER_CLASS = 8
"""Fewer distinct segments than this for each class of an alphabet make classes of single moments."""


class EncoderSettings(Section):
    """Which encoder, and its own settings (paper 4.1)."""

    name: Literal["notes", "quick-notes", "wav2vec2", "chroma-mfcc"] = "notes"
    """The paper uses wav2vec2 trained on music, whose weights its author gives on request; `notes` comes inside, and
    `quick-notes`, which looks no more than 60 ms ahead, for playing live."""
    directory: str = ""
    """wav2vec2: a local transformers directory with the weights."""
    layer: int = -1
    """wav2vec2: which layer's output, -1 the last; 0 is the input of the first."""
    precision: Literal["fp32", "bf16", "auto"] = "fp32"
    """wav2vec2: fp32 for labels that are kept. bf16 is faster where the processor has units for it; auto takes it there
    if a measurement on the corpus says that it changes at most 1 % of the labels."""
    window_seconds: float = Field(15.0, gt=0, le=3600)
    """wav2vec2: length of audio encoded at once; context changes labels, so it belongs to the alphabet."""
    hop_seconds: float = Field(10.0, ge=0.01, le=3600)
    """wav2vec2: from one encoded window to the next; frames are kept from the window whose middle is nearest."""
    lookahead_seconds: float | None = Field(None, gt=0, le=3600)
    """At most how far a frame may look ahead, for playing live; unset: as far as the encoder does best."""
    pitch_class_weight: float = Field(1.0, ge=0, le=1e6)
    """notes, quick-notes: weight of the 12 pitch classes."""
    register_weight: float = Field(0.7, ge=0, le=1e6)
    """notes, quick-notes: weight of the 8 registers."""
    loudness_weight: float = Field(0.5, ge=0, le=1e6)
    """notes, quick-notes: weight of the loudness, 0 at -60 dBFS and 1 at 0 dBFS."""
    onset_weight: float = Field(1.0, ge=0, le=1e6)
    """notes, quick-notes: weight of the onset strength, how much louder a frame is than the one before: many onsets or
    hard ones."""
    brightness_weight: float = Field(0.5, ge=0, le=1e6)
    """notes, quick-notes: weight of the brightness, 0 where the spectrum's middle is 64 Hz, 1 where it is 8,192 Hz."""
    flatness_weight: float = Field(0.5, ge=0, le=1e6)
    """notes, quick-notes: weight of the flatness of the spectrum, 0 for a tone and 1 for noise."""

    @model_validator(mode="after")
    def _windows_overlap(self) -> EncoderSettings:
        if self.hop_seconds > self.window_seconds:
            raise ValueError("hop_seconds must not exceed window_seconds")
        return self


class PerceptionSettings(Section):
    """Audio to tokens (paper 3.1, 4.1)."""

    encoder: EncoderSettings = EncoderSettings()
    loudness: Literal["normalized", "absolute"] = "normalized"
    """Every recording is heard at one loudness, and rests by its own noise floor; or as loud as it is, with everything
    below `rest_dbfs` a rest, as agents of earlier versions do."""
    segmenter: Literal["uniform", "onset", "beat"] = "uniform"
    """Where segments begin: every `segment_seconds` (paper 4.1), or at onsets, or at beats."""
    segment_seconds: float = Field(0.5, ge=0.05, le=10)
    """Length of a uniform segment (paper 5.2: 0.25, 0.35 or 0.5). Of onsets and beats the typical length, by which the
    decision counts how much it sees at once."""
    minimum_seconds: float = Field(0.1, ge=0.05, le=10)
    """onset, beat: no segment is shorter; an onset or a beat too close to the one before is passed over."""
    maximum_seconds: float = Field(2.0, ge=0.1, le=10)
    """onset, beat: a longer segment is divided evenly; at least twice the minimum."""
    tempo_bpm: float | None = Field(None, ge=20, le=400)
    """beat: the tempo, where it is known: it wins over what is heard."""
    guide_delay_seconds: float = Field(0.0, ge=0, le=10)
    """uniform: a guide is heard in segments that end so long before those of its response, which is what a live agent
    has heard when it decides. 0: in the same segments. Memory and response are not touched."""
    guide_heard_seconds: float | None = Field(None, ge=0.05, le=10)
    """How long the guide's segments are where they are heard with a delay; unset: as long as those of the response."""
    condenser: Literal["mean", "max", "energy"] = "mean"
    """How the frames of a segment become one vector (paper 4.1: the temporal mean); energy weighs them by power."""
    alphabet_size: int = Field(64, ge=2, le=65536)
    """K, the number of classes (paper 5.2: 16, 64 or 256)."""
    rest: bool = True
    """An explicit class for silence. The paper has none: there, silence becomes whatever class k-means makes of it."""
    rest_dbfs: float = Field(-60.0, ge=-400, le=100)
    """A segment below this level is a rest."""
    seed: RandomSeed = 0
    """Seed of k-means."""

    @model_validator(mode="after")
    def _segments_can_be_divided(self) -> PerceptionSettings:
        if self.maximum_seconds < 2 * self.minimum_seconds:
            raise ValueError("maximum_seconds must be at least twice minimum_seconds")
        return self

    @model_validator(mode="after")
    def _delays_are_of_uniform_segments(self) -> PerceptionSettings:
        if self.segmenter != "uniform" and self.hears_late:
            raise ValueError("guide_delay_seconds and guide_heard_seconds need uniform segments")
        return self

    @property
    def hears_late(self) -> bool:
        """Whether a guide's segments are others than those of its response."""
        return self.guide_delay_seconds > 0 or self.guide_heard_seconds is not None

    @property
    def heard_seconds(self) -> float:
        """How long the segments are in which a guide is heard."""
        return self.segment_seconds if self.guide_heard_seconds is None else self.guide_heard_seconds
