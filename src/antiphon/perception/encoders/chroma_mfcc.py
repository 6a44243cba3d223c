"""Chroma beside MFCC: an encoder without weights, the plain opponent of the learned ones."""

from __future__ import annotations

from functools import cache

import numpy as np

from antiphon.config import EncoderSettings
from antiphon.perception.encoders.contract import identity_of, samples_of
from antiphon.perception.encoders.windows import WindowedFrames, WindowPlan, whole
from antiphon.types import Audio, Features, Floats

SAMPLE_RATE = 22050
FRAME_SAMPLES = 512
SPECTRUM_SAMPLES = 2048
COEFFICIENTS = 13
MEL_BANDS = 128
QUIETEST_POWER = 1e-10
HANN = 0.5 + 0.5 * np.cos(np.linspace(-np.pi, np.pi, SPECTRUM_SAMPLES + 1)[:-1])
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
        from scipy import fft

        frames = np.lib.stride_tricks.sliding_window_view(window, SPECTRUM_SAMPLES)[::FRAME_SAMPLES]
        spectrum = fft.rfft(frames * HANN, axis=1).astype(np.complex64)
        power = (np.abs(spectrum) ** 2).T
        to_chroma, to_mel = chroma_filters(), mel_filters()
        chroma = to_chroma @ power
        loudest = np.max(chroma, axis=0)
        decibels = 10 * np.log10(np.maximum(QUIETEST_POWER, to_mel @ power))
        mfcc = fft.dct(decibels, axis=0, type=2, norm="ortho")[:COEFFICIENTS]
        chroma = chroma / np.where(loudest < np.finfo(np.float32).tiny, 1, loudest)
        return np.concatenate([chroma, mfcc]).T.astype(np.float32)


@cache
def chroma_filters() -> Floats:
    """From a power spectrum to chroma (12, bins) from C, tuned to 440 Hz: bumps as wide as a bin, or as a semitone, and
    weaker far from the fifth octave (Ellis, 2007)."""
    hertz = np.linspace(0, SAMPLE_RATE, SPECTRUM_SAMPLES, endpoint=False)[1:]
    pitches = 12 * np.log2(hertz / (440 / 16))
    # The bin at 0 Hz has no pitch: an octave and a half below the next one.
    pitches = np.append(pitches[0] - 18, pitches)
    widths = np.append(np.maximum(np.diff(pitches), 1), 1)
    away = np.remainder(np.subtract.outer(pitches, np.arange(12.0)).T + 126, 12) - 6
    bumps = np.exp(-0.5 * (2 * away / widths) ** 2)
    bumps /= np.sum(bumps**2, axis=0) ** 0.5
    bumps *= np.exp(-0.5 * ((pitches / 12 - 5) / 2) ** 2)
    from_c = np.roll(bumps, -3, axis=0)[:, : SPECTRUM_SAMPLES // 2 + 1]
    return np.ascontiguousarray(from_c, dtype=np.float32)


@cache
def mel_filters() -> Floats:
    """From a power spectrum to 128 mel bands (128, bins): triangles of equal area on Slaney's scale."""
    linear, logarithmic = 200 / 3, np.log(6.4) / 27
    highest = 15 + np.log(SAMPLE_RATE / 2 / 1000) / logarithmic
    mels = np.linspace(0, highest, MEL_BANDS + 2)
    corners = np.where(mels < 15, linear * mels, 1000 * np.exp(logarithmic * (mels - 15)))
    ramps = np.subtract.outer(corners, np.fft.rfftfreq(SPECTRUM_SAMPLES, 1 / SAMPLE_RATE))
    steps = np.diff(corners)[:, np.newaxis]
    bands = np.maximum(0, np.minimum(-ramps[:-2] / steps[:-1], ramps[2:] / steps[1:])).astype(np.float32)
    return np.asarray(bands * (2 / (corners[2:] - corners[:-2]))[:, np.newaxis], dtype=np.float32)
