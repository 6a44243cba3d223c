"""Note posteriors folded to pitch classes and registers: the embedded default encoder.

The network is basic-pitch's (Bittner et al., ICASSP 2022; Apache-2.0, see basic_pitch/NOTICE). Its weights come inside
the package, in a form in which a processor computes the same sums in less time (benchmarks/lean_notes.py). It answers
windows of 43,844 samples at 22,050 Hz with 172 frames of 88 keys, frame i centred at sample 256 i of its window.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.config import EncoderSettings
from antiphon.perception.encoders.contract import identity_of
from antiphon.perception.encoders.facet_encoder import FacetEncoder
from antiphon.perception.encoders.facets import (
    SPECTRUM_SAMPLES,
    brightness,
    flatness,
    loudness,
    onset_strength,
    power_spectra,
)
from antiphon.perception.encoders.windows import WindowPlan, frame_power
from antiphon.types import Floats

WEIGHTS = Path(__file__).parent / "basic_pitch" / "notes.onnx"

PUBLISHED_SHA256 = "2c3c1d144bfa61ad236e92e169c13535c880469a12a047d4e73451f2c059a0ec"
"""The network as basic-pitch 0.4.0 has it (nmp.onnx); it gives the same frames."""

SAMPLE_RATE = 22050
FRAME_SAMPLES = 256
WINDOW_SAMPLES = 43844
WINDOW_FRAMES = 172
MARGIN_FRAMES = 15
"""Frames at either end of a window that lack context on one side, and are kept from the neighbouring window."""

PLAN = WindowPlan(
    sample_rate=SAMPLE_RATE,
    stride=FRAME_SAMPLES,
    field=WINDOW_SAMPLES - (WINDOW_FRAMES - 1) * FRAME_SAMPLES,
    window=WINDOW_FRAMES,
    hop=WINDOW_FRAMES - 2 * MARGIN_FRAMES,
    tail=MARGIN_FRAMES,
    first_end=WINDOW_FRAMES - MARGIN_FRAMES,
    padded=True,
)
"""Windows advance by whole frames, so a frame's time is exact however long the file is. They are heard one at a time:
four at once give the same frames and are no faster."""

INPUT = "serving_default_input_2:0"
NOTES = "StatefulPartitionedCall:1"
"""The output that lasts as long as a note does; output 2, of the same shape, marks onsets."""


class NotesEncoder(FacetEncoder):
    """Frames (frames, 24) every 11.6 ms: 12 pitch classes from C, 8 registers, loudness, onsets, brightness, flatness.

    A pitch class or register is the largest posterior of its keys: bounded by 1 for a line and a chord alike, so that
    the weights mean the same for both. What decided the recipe is the adjusted mutual information of 64 classes with
    the score, 0.5 s, on held-out pieces (docs/perception.md): the pitch class and pitch of chorale lines on unheard
    instruments, the chord of accompaniments, the sound and the number of strokes of percussion.

    recipe                     pitch class  pitch  chord  sound  onsets
    pitch classes alone                .69    .59    .52    .48     .11
    with registers                     .65    .71    .51    .50     .11
    with all facets (default)          .65    .71    .51    .55     .21
    all 88 keys                        .64    .76    .33    .54     .10

    In the search sums and squares of posteriors cost .05 to .09 of the chord; roots and a threshold of .3 lay within
    .02 of the largest. So did registers with hard borders, but with those a rotated pitch class differs from the
    transposed sound in 20 % of 64 classes instead of 10 % (three semitones).
    """

    def __init__(self, settings: EncoderSettings) -> None:
        lookahead = settings.lookahead_seconds
        super().__init__(settings, PLAN if lookahead is None else PLAN.within(lookahead, MARGIN_FRAMES))

    @property
    def lookahead_seconds(self) -> float:
        """To the end of the window from its first kept frame: the network scales each window by its loudest moment."""
        return self._plan.lookahead_seconds

    @cached_property
    def identity(self) -> str:
        """Name, digest of the network as it was published, the weights of the facets, and how windows lie."""
        return identity_of(
            "notes",
            weights=PUBLISHED_SHA256,
            spectrum_samples=SPECTRUM_SAMPLES,
            **self._weights,
            **self._plan.identity,
        )

    def _values(self, window: Floats) -> Floats:
        """All frames (172, 24) of one window (43844,). Those at its ends lack context and are not kept."""
        (posteriors,) = self._session.run([NOTES], {INPUT: window[np.newaxis, :, np.newaxis]})[0]
        level = loudness(frame_power(window, self._plan))
        return self._weighted(posteriors, level, self._sound(window, level > 0))

    def _sound(self, window: Floats, sounding: NDArray[np.bool_]) -> Floats:
        """Onset strength, brightness and flatness (172, 3) of one window; quiet frames are neither bright nor flat."""
        if not any(self._weights[name] for name in ("onset_weight", "brightness_weight", "flatness_weight")):
            return np.zeros((WINDOW_FRAMES, 3), dtype=np.float32)
        spectra = power_spectra(window, FRAME_SAMPLES, WINDOW_FRAMES)
        bright, flat = brightness(spectra, SAMPLE_RATE), flatness(spectra)
        return np.stack([onset_strength(spectra), bright * sounding, flat * sounding], axis=1)

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # One thread: the result does not depend on the machine's load, and parallelism is over files.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(str(WEIGHTS), options, providers=["CPUExecutionProvider"])
