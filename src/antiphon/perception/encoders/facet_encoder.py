"""What `notes` and `quick-notes` have in common: the facets of a frame, their weights, and how they are named."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from antiphon.config import EncoderSettings
from antiphon.perception.encoders.contract import samples_of
from antiphon.perception.encoders.facets import PITCH_CLASSES, REGISTERS, pitch_classes, registers
from antiphon.perception.encoders.windows import WindowedFrames, WindowPlan, whole
from antiphon.types import Audio, Features, Floats

FACET_DIMENSIONS = (PITCH_CLASSES, REGISTERS, 1, 1, 1, 1)
"""How many dimensions each facet has, in the order of the weights."""


class FacetEncoder(ABC):
    """Frames (frames, 24): 12 pitch classes from C, 8 registers, loudness, onsets, brightness, flatness, by windows."""

    def __init__(self, settings: EncoderSettings, plan: WindowPlan) -> None:
        """`plan` says where the windows lie and at which rate they are heard."""
        self._weights = {
            "pitch_class_weight": settings.pitch_class_weight,
            "register_weight": settings.register_weight,
            "loudness_weight": settings.loudness_weight,
            "onset_weight": settings.onset_weight,
            "brightness_weight": settings.brightness_weight,
            "flatness_weight": settings.flatness_weight,
        }
        self._plan = plan

    @property
    def sample_rate(self) -> int:
        """The rate in Hz of the samples that it wants."""
        return self._plan.sample_rate

    @property
    def lookahead_seconds(self) -> float:
        """How long after its time a frame is final at the latest."""
        return self._plan.lookahead_seconds

    @property
    def standardize(self) -> bool:
        """False: scaling each dimension of a sparse posterior by its spread raises the noise of rare pitches."""
        return False

    @property
    def pitch_class_dimensions(self) -> slice:
        """The twelve pitch classes from C: to rotate them is to transpose, and hardly changes the other dimensions."""
        return slice(0, PITCH_CLASSES)

    @property
    def register_dimensions(self) -> slice:
        """The registers, from low to high."""
        return slice(PITCH_CLASSES, PITCH_CLASSES + REGISTERS)

    def encode(self, audio: Audio) -> Features:
        """Frames of mono audio at the encoder's rate, from time 0 on, as long as it lasts."""
        return whole(self.stream(), samples_of(audio, self.sample_rate))

    def stream(self) -> WindowedFrames:
        """The same frames, of audio that arrives in blocks."""
        return WindowedFrames(self._plan, self._values)

    @abstractmethod
    def _values(self, window: Floats) -> Floats:
        """All frames (frames, 24) of one window of samples."""

    def _weighted(self, posteriors: Floats, level: Floats, sound: Floats) -> Floats:
        """Frames (frames, 24) of the posteriors of 88 keys (frames, 88), loudness (frames,), and onset strength,
        brightness and flatness (frames, 3)."""
        parts = (pitch_classes(posteriors), registers(posteriors), level[:, np.newaxis], sound)
        weights = np.repeat(np.array(list(self._weights.values()), np.float32), FACET_DIMENSIONS)
        return np.asarray(np.concatenate(parts, axis=1) * weights, dtype=np.float32)
