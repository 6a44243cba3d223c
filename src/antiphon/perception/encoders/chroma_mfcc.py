"""Chroma beside MFCC: an encoder without weights, the plain opponent of the learned ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from antiphon.audio import frame_power
from antiphon.config import EncoderSettings
from antiphon.perception.encoders.contract import identity_of, samples_of
from antiphon.types import Audio, Features, Floats

SAMPLE_RATE = 22050
FRAME_SAMPLES = 512
SPECTRUM_SAMPLES = 2048
COEFFICIENTS = 13
BLOCK_FRAMES = 4096
"""Frames transformed at once, so that memory does not grow with the file."""


class ChromaMfccEncoder:
    """Frames (frames, 25) every 23.2 ms: 12 chroma from C, then 13 mel-frequency cepstral coefficients.

    Every frame depends on its own spectrum alone: no tuning and no decibel range is taken from the rest of the file.
    """

    def __init__(self, settings: EncoderSettings) -> None:
        """Takes the settings as every encoder does; none of them is its own."""

    @property
    def identity(self) -> str:
        """Name and the sizes of its analysis."""
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
        """Half a spectrum."""
        return SPECTRUM_SAMPLES / 2 / SAMPLE_RATE

    @property
    def standardize(self) -> bool:
        """True: chroma lie in 0..1 and the first coefficient spans hundreds."""
        return True

    def encode(self, audio: Audio) -> Features:
        """Frames of mono audio at 22,050 Hz, from time 0 on, as long as it lasts."""
        samples = samples_of(audio, SAMPLE_RATE)
        frames = 1 + (len(samples) - 1) // FRAME_SAMPLES
        padded = np.pad(samples, SPECTRUM_SAMPLES // 2)
        blocks = [_block(padded, first, min(BLOCK_FRAMES, frames - first)) for first in range(0, frames, BLOCK_FRAMES)]
        times = np.arange(frames) * FRAME_SAMPLES / SAMPLE_RATE
        return Features(np.concatenate(blocks), times, frame_power(audio, times))


def _block(padded: Floats, first: int, frames: int) -> Floats:
    """Frames `first` to `first + frames`, (frames, 25), of audio that has half a spectrum of zeros at either end."""
    import librosa

    start = first * FRAME_SAMPLES
    piece = padded[start : start + (frames - 1) * FRAME_SAMPLES + SPECTRUM_SAMPLES]
    spectrum = librosa.stft(piece, n_fft=SPECTRUM_SAMPLES, hop_length=FRAME_SAMPLES, center=False)
    power: Any = np.abs(spectrum) ** 2
    chroma = librosa.feature.chroma_stft(S=power, sr=SAMPLE_RATE, n_fft=SPECTRUM_SAMPLES, tuning=0.0)
    mel = librosa.feature.melspectrogram(S=power, sr=SAMPLE_RATE, n_fft=SPECTRUM_SAMPLES)
    mfcc = librosa.feature.mfcc(S=librosa.power_to_db(mel, ref=1.0, top_db=None), n_mfcc=COEFFICIENTS)
    return np.concatenate([chroma, mfcc]).T.astype(np.float32)
