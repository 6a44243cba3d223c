"""How loud a sound is and where it begins anew, every 10 ms: what segment levels, onsets and beats are found in.

Both depend on the sound near each cell alone, not on the rest of the file; and, but for rounding, not on how it was cut
into blocks.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from antiphon.types import Floats, Ids, Seconds

CELLS_PER_SECOND = 100
"""0.01 s divides the paper's segments of 0.25, 0.35 and 0.5 s."""

SPECTRUM_SECONDS = 0.04
"""Length of the spectrum around the middle of a cell."""

RISE_CELLS = 3
"""Over how many cells a rise is measured: an attack takes about one spectrum to come in."""

BANDS = 40
LOWEST_HZ = 30.0
QUIETEST_DB = -70.0
"""Floor of a band, in dB below a full-scale sine: what rises below it is not heard."""

LEAST_ONSETS = 0.05
"""Mean strength in dB below which a sound is held: a single soft note in half a second is four times as much."""


@dataclass(frozen=True, eq=False)
class Envelope:
    """Cells of 10 ms: their `power` (cells,), mean square, and the strength of their `onsets` (cells,) in dB.

    The strength is the mean over 40 mel bands of how far each rose, or 0 where it fell (half-wave rectified log-mel
    spectral flux; Dixon, DAFx 2006).
    """

    power: Floats
    onsets: Floats

    def __len__(self) -> int:
        return len(self.power)


def mean_power(power: Floats, intervals: Seconds, duration: float, first_cell: int = 0) -> Floats:
    """Mean square (n,) over each interval (n, 2), from cells (cells,) the first of which is cell `first_cell`.

    Cells that an interval cuts count by their part; 0 past the end of the sound, at `duration` seconds.
    """
    edges = (first_cell + np.arange(len(power) + 1)) / CELLS_PER_SECOND
    edges[-1] = max(min(edges[-1], duration), edges[:-1].max(initial=0.0) + 1e-9)
    energy = np.concatenate([[0.0], np.cumsum(power * np.diff(edges))])
    inside = np.interp(intervals[:, 1], edges, energy) - np.interp(intervals[:, 0], edges, energy)
    seconds = np.minimum(intervals[:, 1], edges[-1]) - intervals[:, 0]
    return np.where(seconds > 0, inside / np.where(seconds > 0, seconds, 1), 0).astype(np.float32)


def activity(onsets: Floats, intervals: Seconds) -> Floats:
    """How busy a sound is over each interval (n, 2): the mean strength (n,) of its onsets (cells,) in octaves above
    1 dB. Twice as many notes are an octave more; past the end, and where nothing begins, it is that of LEAST_ONSETS."""
    cells = np.clip(np.round(intervals * CELLS_PER_SECOND).astype(np.int64), 0, len(onsets))
    sums = np.concatenate([[0.0], np.cumsum(onsets, dtype=np.float64)])
    lengths = np.maximum(np.round((intervals[:, 1] - intervals[:, 0]) * CELLS_PER_SECOND), 1)
    means = (sums[cells[:, 1]] - sums[cells[:, 0]]) / lengths
    return np.asarray(np.log2(np.maximum(means, LEAST_ONSETS)), dtype=np.float32)


def joined_envelope(pieces: list[Envelope]) -> Envelope:
    """Pieces that follow one another, as one."""
    return Envelope(
        np.concatenate([piece.power for piece in pieces]), np.concatenate([piece.onsets for piece in pieces])
    )


@dataclass(frozen=True, eq=False)
class EnvelopeStream:
    """A sound that arrives in blocks, to cells: `push` and `finish` give what is final and leave this one as it was.

    `samples` are those from sample `begin` on that cells still to come will need, `bands` those of the last 3 cells.
    """

    sample_rate: int
    samples: Floats = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    begin: int = 0
    cells: int = 0
    bands: Floats = field(default_factory=lambda: np.zeros((0, BANDS), dtype=np.float32))

    def push(self, samples: Floats) -> tuple[EnvelopeStream, Envelope]:
        """The stream after these mono samples (samples,), and the cells that are final now."""
        stream = replace(self, samples=np.concatenate([self.samples, samples]))
        final = (stream._received - self._half) * CELLS_PER_SECOND // self.sample_rate - 1
        return stream._advanced(max(final, self.cells))

    def finish(self) -> Envelope:
        """The cells that are left where nothing more comes; the last one may be shorter."""
        return self._advanced(-(-self._received * CELLS_PER_SECOND // self.sample_rate))[1]

    @property
    def _received(self) -> int:
        return self.begin + len(self.samples)

    @property
    def _half(self) -> int:
        return round(SPECTRUM_SECONDS / 2 * self.sample_rate)

    def _advanced(self, end: int) -> tuple[EnvelopeStream, Envelope]:
        if end == self.cells:
            return self, Envelope(np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.float32))
        edges: Ids = np.arange(self.cells, end + 1, dtype=np.int64) * self.sample_rate // CELLS_PER_SECOND
        power = self._power(np.minimum(edges, self._received) - self.begin)
        bands = np.concatenate([self.bands, self._bands((edges[1:] + edges[:-1]) // 2 - self.begin)])
        # Before its first cell a sound is silent: a note at time 0 begins there.
        missing = RISE_CELLS - len(self.bands)
        before = np.pad(bands, ((missing, 0), (0, 0)), constant_values=QUIETEST_DB)
        rise = np.maximum(before[RISE_CELLS:] - before[:-RISE_CELLS], 0).mean(axis=1)
        needed = max(self.begin, int(edges[-1]) - 2 * self._half)
        rest = self.samples[needed - self.begin :].copy()
        stream = replace(self, samples=rest, begin=needed, cells=end, bands=before[-RISE_CELLS:])
        return stream, Envelope(power, rise.astype(np.float32))

    def _power(self, edges: Ids) -> Floats:
        squares = np.square(self.samples, dtype=np.float64)
        sums = np.add.reduceat(np.append(squares, 0.0), edges)[:-1]
        return (sums / np.maximum(np.diff(edges), 1)).astype(np.float32)

    def _bands(self, centres: Ids) -> Floats:
        """Levels (cells, 40) in dB of the spectra around these samples."""
        length = 2 * self._half
        padded = np.pad(self.samples, (self._half, length + self.sample_rate // CELLS_PER_SECOND))
        views = np.lib.stride_tricks.sliding_window_view(padded, length)[centres]
        spectra = np.fft.rfft(views * np.hanning(length).astype(np.float32), axis=1)
        power = (spectra.real**2 + spectra.imag**2) * (4 / length) ** 2
        levels = 10 * np.log10(np.maximum(power @ mel_bands(self.sample_rate, length).T, 10 ** (QUIETEST_DB / 10)))
        return np.asarray(levels, dtype=np.float32)


@cache
def mel_bands(sample_rate: int, length: int) -> Floats:
    """Triangles (40, bins) on the mel scale, over the power spectrum of `length` samples."""
    highest = 2595 * np.log10(1 + sample_rate / 2 / 700)
    mels = np.linspace(2595 * np.log10(1 + LOWEST_HZ / 700), highest, BANDS + 2)
    corners = 700 * (10 ** (mels / 2595) - 1)
    # A band is never narrower than a bin, so that none is empty.
    width = np.maximum(np.diff(corners), sample_rate / length)
    away = np.fft.rfftfreq(length, 1 / sample_rate)[np.newaxis] - corners[1:-1, np.newaxis]
    rising, falling = 1 + away / width[:-1, np.newaxis], 1 - away / width[1:, np.newaxis]
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
