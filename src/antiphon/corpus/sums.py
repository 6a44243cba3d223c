"""Tracks that are the sum of others, found by measure: a bus, a rough mix, a submix that no name gives away.

In two steps, since listening to everything costs more than an hour of training is worth. The power of a sum is about
the weighted sum of the powers of its members, block by block; a regression on the powers, which whoever encodes a track
has already, names the suspects. Whether one is a sum is then decided on its samples: what non-negative gains of the
other tracks leave unexplained (Lawson and Hanson 1974) must be 20 dB below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import fft, optimize

from antiphon.types import Floats

SUSPECT = 0.9
"""Share of a track's power, block by block, that the powers of others must explain for a closer look."""

RESIDUAL_DB = -20.0
"""What the other tracks may leave unexplained of a sum: an encoder's noise, a touch of processing on the bus."""

MEMBER = 1e-5
"""Share of a sum's energy, -50 dB, from which a track is one of its members."""

BESIDES = 0.1
"""A second track is a member only if with it a tenth of the residual is left, or less: else it is a copy of the one."""

SAME = 1e-6
"""Share of a track, -60 dB, that differs from another where both are the same samples but for rounding."""

EXCERPTS, EXCERPT_SECONDS = 48, 2.5
"""Two minutes of each track, spread over its length: what is listened to where a track is suspected."""

PIECES_AT_ONCE = 8
"""Excerpts whose products are taken in one call: 1.3 MB a track."""

LAG_SECONDS = 0.25
"""Furthest that a sum may be shifted against its members: encoders and effects on a bus delay it by less."""

AUDIBLE = 0.2
"""Correlation of a suspect with what is expected of it, from which their lag says anything."""

SIMULTANEOUS = 0.02
"""Samples that a lag may come to by the error of measurement: at 8 kHz a shift by less leaves a sum whole to -30 dB."""

LEAST = 1e-12
"""Energy, relative to a whole, that stands for none."""

Powers = NDArray[np.float64]


@dataclass(frozen=True)
class Sum:
    """A track that others make up: their indices, and what they leave of it in dB. With one member it is a copy."""

    total: int
    members: tuple[int, ...]
    residual_db: float


def suspects(powers: Powers) -> list[int]:
    """Indices of the tracks whose power, in blocks (tracks, blocks) of simultaneous time, others may explain."""
    scale = np.sqrt((powers**2).mean(axis=1))
    sounding = np.flatnonzero(scale > 0)
    if len(sounding) < 2:
        return []
    # A triangle of as many rows as there are tracks stands for all blocks.
    columns = np.asarray(np.linalg.qr((powers[sounding] / scale[sounding, None]).T, mode="r"))
    found = []
    for index, track in enumerate(sounding):
        target = columns.T[index]
        _, left = optimize.nnls(np.delete(columns, index, axis=1), target)
        if left**2 <= (1 - SUSPECT) * float(target @ target):
            found.append(int(track))
    return found


def sums_of(excerpts: Floats, among: Sequence[int], rate: int) -> list[Sum]:
    """Those of the tracks `among` that are sums, or copies, of the others.

    `excerpts` (tracks, pieces, frames) are stretches of the same times of all tracks at `rate` Hz. A sum of sums is
    told by the tracks inside, where these suffice.
    """
    heard = _Heard(excerpts, rate)
    tracks = range(len(excerpts))
    first = [found for each in among if (found := heard.as_sum(each, tracks)) is not None]
    totals = {found.total for found in first if len(found.members) > 1}
    plain = [each for each in tracks if each not in totals]
    told: list[Sum] = []
    for found in first:
        if found.total in totals:
            told.append(heard.as_sum(found.total, plain) or found)
        elif not totals & set(found.members) and (found.members[0], found.total) not in _copies(told):
            told.append(found)
    return told


def excerpts_of(samples: Floats, total: int, rate: int) -> Floats:
    """Stretches (pieces, frames) of a mono sound (n,) at `rate` Hz, the same for all that last `total` frames or less.

    Together they are the whole of a short one.
    """
    frames = round(EXCERPT_SECONDS * rate)
    starts = np.unique(np.linspace(0, max(total - frames, 0), EXCERPTS).astype(np.int64))
    if EXCERPTS * frames >= total:
        starts = np.arange(0, total, frames)
    padded = np.pad(samples[: total + frames], (0, max(0, int(starts[-1]) + frames - len(samples))))
    return np.stack([padded[start : start + frames] for start in starts]).astype(np.float32)


def _copies(told: Sequence[Sum]) -> set[tuple[int, int]]:
    return {(found.total, found.members[0]) for found in told if len(found.members) == 1}


def _products(excerpts: Floats) -> Powers:
    """Inner products (tracks, tracks)."""
    total = np.zeros((len(excerpts), len(excerpts)))
    for first in range(0, excerpts.shape[1], PIECES_AT_ONCE):
        sound = excerpts[:, first : first + PIECES_AT_ONCE].reshape(len(excerpts), -1).astype(np.float64)
        total += sound @ sound.T
    return total


class _Heard:
    """Excerpts (tracks, pieces, frames) and what is computed from all of them once."""

    def __init__(self, excerpts: Floats, rate: int) -> None:
        self.excerpts, self.rate = excerpts, rate
        self.products = _products(excerpts)

    def as_sum(self, total: int, among: Sequence[int]) -> Sum | None:
        """The track as a sum of those `among`, first as it lies and then shifted; None where it is none."""
        others = [each for each in among if each != total and self.products[each, each] > 0]
        energy = float(self.products[total, total])
        if not others or energy <= 0:
            return None
        found = _explained(self.products[np.ix_(others, others)], self.products[others, total], energy)
        found = found or self._explained_later(total, others)
        if found is None:
            return None
        members, left = found
        return Sum(total, tuple(others[index] for index in members), 10 * float(np.log10(max(left, LEAST))))

    def _explained_later(self, total: int, others: Sequence[int]) -> tuple[list[int], float] | None:
        """As `_explained`, of a track that lies later or earlier than its members."""
        gains = optimize.nnls(self._powers[others].T, self._powers[total])[0] ** 0.5
        expected = np.zeros_like(self.excerpts[total])
        for each, gain in zip(others, gains, strict=True):
            expected += np.float32(gain) * self.excerpts[each]
        lag = _lag(self.excerpts[total], expected, self.rate)
        if lag is None:
            return None
        shifted = _shifted(self.excerpts[total], lag, self.rate)
        with_total = np.array([np.vdot(self._kept[each], shifted) for each in others], dtype=np.float64)
        inside = self._kept_products[np.ix_(others, others)]
        return _explained(inside, with_total, float(np.vdot(shifted, shifted)))

    @cached_property
    def _powers(self) -> Powers:
        """Mean squares (tracks, pieces)."""
        return np.array([(track.astype(np.float64) ** 2).mean(axis=1) for track in self.excerpts])

    @cached_property
    def _kept(self) -> list[Floats]:
        return [np.ascontiguousarray(track[:, _inner(track, self.rate)]) for track in self.excerpts]

    @cached_property
    def _kept_products(self) -> Powers:
        return _products(np.stack(self._kept))


def _explained(inside: Powers, with_total: Powers, energy: float) -> tuple[list[int], float] | None:
    """Which tracks make up a sum of that energy, and the share of it that they leave; None where they leave too much.

    `inside` (n, n) are the inner products of the tracks, `with_total` (n,) those with the sum.
    """
    if energy <= 0:
        return None
    scale = np.sqrt(np.maximum(np.diag(inside), 1e-30))
    triangle = np.linalg.cholesky(inside / np.outer(scale, scale) + LEAST * 1e3 * np.eye(len(inside))).T
    gains = optimize.nnls(triangle, np.linalg.solve(triangle.T, with_total / scale))[0] / scale
    left = 1 - float(2 * gains @ with_total - gains @ inside @ gains) / energy
    if left > 10 ** (RESIDUAL_DB / 10):
        return None
    similarity = with_total**2 / (scale**2 * energy)
    nearest = int(np.argmax(similarity))
    alone = max(1 - float(similarity[nearest]), 0.0)
    if alone <= SAME or (alone <= 10 ** (RESIDUAL_DB / 10) and left > BESIDES * alone):
        return [nearest], alone
    members = np.flatnonzero(gains**2 * scale**2 >= max(MEMBER, left / 100) * energy)
    return ([int(each) for each in members], left) if len(members) > 1 else None


def _lag(sound: Floats, expected: Floats, rate: int) -> float | None:
    """By how many seconds pieces (pieces, frames) of a sound are later than expected; None where nothing says so."""
    frames = sound.shape[1]
    window = np.hanning(frames)
    a, b = (fft.rfft(each * window, 2 * frames, axis=1) for each in (expected, sound))
    cross = (np.conj(a) * b).sum(axis=0)
    correlation = fft.irfft(cross, 2 * frames)
    norm = np.sqrt(float((np.abs(a) ** 2).sum()) * float((np.abs(b) ** 2).sum())) / frames
    reach = min(round(LAG_SECONDS * rate), frames // 4)
    near = np.abs(np.concatenate([correlation[-reach:], correlation[: reach + 1]]))
    best = int(np.argmax(near)) - reach
    if norm <= 0 or near[best + reach] < AUDIBLE * norm:
        return None
    lag = best + _fraction(cross, best, 2 * frames)
    return lag / rate if abs(lag) > SIMULTANEOUS else None


def _fraction(cross: NDArray[np.complex128], whole: int, size: int) -> float:
    """The rest of a lag in samples, from the phase that a whole lag leaves, weighted by what sounds there."""
    turns = np.arange(len(cross)) / size
    left = np.angle(cross * np.exp(2j * np.pi * turns * whole))
    weight = np.abs(cross) * (np.abs(left) < np.pi / 2)
    slope = float((weight * turns * left).sum()) / max(float((weight * turns**2).sum()), 1e-30)
    return float(np.clip(-slope / (2 * np.pi), -0.5, 0.5))


def _inner(sound: Floats, rate: int) -> slice:
    """The frames of pieces (pieces, frames) that a shift leaves whole."""
    margin = min(round(LAG_SECONDS * rate), sound.shape[1] // 4)
    return slice(margin, sound.shape[1] - margin)


def _shifted(sound: Floats, lag: float, rate: int) -> Floats:
    """A sound (pieces, frames), earlier by `lag` seconds, without the frames at its edges."""
    frames = sound.shape[1]
    turns = fft.rfftfreq(frames) * lag * rate
    moved = fft.irfft(fft.rfft(sound, axis=1) * np.exp(2j * np.pi * turns), frames, axis=1)
    return np.asarray(moved[:, _inner(sound, rate)], dtype=np.float32)


def powers_of(levels: Sequence[Powers | Floats]) -> Powers:
    """Powers (tracks, blocks) of tracks of unlike length, the shorter ones ending in silence."""
    longest = max(map(len, levels))
    return np.stack([np.pad(each.astype(np.float64), (0, longest - len(each))) for each in levels])


def sentence(names: Sequence[str], found: Sum) -> str:
    """What was found, by the names of the tracks."""
    if len(found.members) == 1:
        return f"{names[found.total]} is the same sound as {names[found.members[0]]}"
    shown = [names[each] for each in found.members[:4]]
    more = f" and {len(found.members) - 4} more" if len(found.members) > 4 else ""
    return (
        f"{names[found.total]} is the sum of {len(found.members)} of the other tracks ({', '.join(shown)}{more}), "
        f"to {found.residual_db:.0f} dB"
    )


def blocks_together(blocks: Iterator[Floats], total: int) -> Floats:
    """All blocks as one sound of `total` frames at most."""
    return np.concatenate([np.zeros(0, dtype=np.float32), *blocks])[:total]
