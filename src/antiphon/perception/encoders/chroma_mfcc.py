"""Chroma beside MFCC: an encoder without weights, the plain opponent of the learned ones."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from antiphon.config import EncoderSettings
from antiphon.perception.encoders.contract import identity_of, samples_of
from antiphon.perception.encoders.windows import WindowedFrames, WindowPlan, whole
from antiphon.types import Audio, Features, Floats

SAMPLE_RATE = 22050
FRAME_SAMPLES = 512
SPECTRUM_SAMPLES = 2048
COEFFICIENTS = 13
BLOCK_FRAMES = 16
"""Frames transformed at once: few, for playing live (256 take half the time). They lie on a grid, since a product over
more of them rounds differently."""

PLAN = WindowPlan(
    sample_rate=SAMPLE_RATE,
    stride=FRAME_SAMPLES,
    field=SPECTRUM_SAMPLES,
    window=BLOCK_FRAMES,
    hop=BLOCK_FRAMES,
    tail=0,
    first_end=BLOCK_FRAMES,
    padded=True,
    lead=SPECTRUM_SAMPLES // 2,
    centre=SPECTRUM_SAMPLES // 2,
)


class ChromaMfccEncoder:
    """Frames (frames, 25) every 23.2 ms: 12 chroma from C, then 13 mel-frequency cepstral coefficients.

    Every frame depends on its own spectrum alone: no tuning and no decibel range is taken from the rest of the file.
    """

    def __init__(self, settings: EncoderSettings) -> None:
        lookahead = settings.lookahead_seconds
        self._plan = PLAN if lookahead is None else PLAN.within(lookahead, margin=0)

    @property
    def identity(self) -> str:
        """Name and the sizes of its analysis. A frame is the same in a block of any size."""
        return identity_of(
            "chroma-mfcc",
            coefficients=COEFFICIENTS,
            frame_samples=FRAME_SAMPLES,
            sample_rate=SAMPLE_RATE,
            spectrum_samples=SPECTRUM_SAMPLES,
        )

    @property
    def sample_rate(self) -> int:
        """22,050 Hz."""
        return SAMPLE_RATE

    @property
    def lookahead_seconds(self) -> float:
        """Half a spectrum, and the frames of a block that come after its first."""
        return self._plan.lookahead_seconds

    @property
    def standardize(self) -> bool:
        """True: chroma lie in 0..1 and the first coefficient spans hundreds."""
        return True

    def encode(self, audio: Audio) -> Features:
        """Frames of mono audio at 22,050 Hz, from time 0 on, as long as it lasts."""
        return whole(self.stream(), samples_of(audio, SAMPLE_RATE))

    def stream(self) -> WindowedFrames:
        """The same frames, of audio that arrives in blocks."""
        return WindowedFrames(self._plan, self._values)

    def _values(self, window: Floats) -> Floats:
        """Frames (frames, 25) of the samples of a block."""
        import librosa

        spectrum = librosa.stft(window, n_fft=SPECTRUM_SAMPLES, hop_length=FRAME_SAMPLES, center=False)
        power: Any = np.abs(spectrum) ** 2
        to_chroma, to_mel = self._filters
        chroma = librosa.util.normalize(to_chroma @ power, norm=np.inf, axis=0)
        decibels = librosa.power_to_db(to_mel @ power, ref=1.0, top_db=None)
        mfcc = librosa.feature.mfcc(S=decibels, n_mfcc=COEFFICIENTS)
        return np.concatenate([chroma, mfcc]).T.astype(np.float32)

    @cached_property
    def _filters(self) -> tuple[Floats, Floats]:
        """From a power spectrum to chroma (12, bins), without tuning, and to mel bands (128, bins)."""
        from librosa.filters import chroma, mel

        size = {"sr": SAMPLE_RATE, "n_fft": SPECTRUM_SAMPLES}
        return chroma(**size, tuning=0.0).astype(np.float32), mel(**size).astype(np.float32)
