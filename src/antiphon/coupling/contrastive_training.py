"""Learning to tell true partners: InfoNCE (van den Oord et al., 2018) among distractors that are as hard as can be.

All tracks of a batch are turned into one key and read on one phase of the beat, so that neither key nor metre tells a
stranger. Beside the strangers stand the true partner shifted and transposed, and the guide itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from antiphon.coupling.features import rotated
from antiphon.coupling.network import CONTEXT_STEPS, PairNetwork, fit, fit_by_row, rotated_tensor
from antiphon.coupling.pieces import NEAR_BEATS, HeardPiece, on_phase
from antiphon.coupling.settings import VerifierSettings
from antiphon.errors import BadData
from antiphon.interfaces import Progress, no_progress
from antiphon.types import Floats, Ids

CORE_STEPS = 160
MARGIN_STEPS = 40
"""An excerpt of 8 s, and 2 s on either side from which shifted partners are read."""

FAR_BEATS = (1, 2, 3, 4)
"""Shifts that keep the metre, in beats, as far as the margin has room."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Guides (n, core, 24), partners with their margins (n, core + 2 margins, 24), and shifts (n, shifts) in steps."""

    guides: Floats
    partners: Floats
    shifts: Ids


def learn(pieces: Sequence[HeardPiece], settings: VerifierSettings, progress: Progress = no_progress) -> PairNetwork:
    """A network that has learned from all pairs of these pieces. Same pieces, settings and threads: same weights.

    Raises BadData where fewer than two pieces are 12 s long.
    """
    usable = [piece for piece in pieces if len(piece) >= CORE_STEPS + 2 * MARGIN_STEPS and len(piece.tracks) > 1]
    if len({piece.piece for piece in usable}) < 2:
        raise BadData("a verifier learns from two pieces or more, each with two tracks of 12 s")
    rng = np.random.default_rng(settings.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = PairNetwork(settings.width, settings.dimension, settings.dropout)
        optimizer = torch.optim.AdamW(
            network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, settings.steps)
        for step in range(1, settings.steps + 1):
            loss = loss_of(network, drawn(usable, settings.batch, rng), int(rng.integers(1, 12)))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            progress(f"verifier: {loss.item():.3f} nats", step, settings.steps)
    return network.eval()


def drawn(pieces: Sequence[HeardPiece], size: int, rng: Generator) -> Batch:
    """Pairs of as many different pieces of one mode, in one key and on one phase of the beat."""
    mode = pieces[int(rng.integers(len(pieces)))].key.mode
    alike = [piece for piece in pieces if piece.key.mode == mode]
    if len({piece.piece for piece in alike}) < 2:
        alike = list(pieces)
    chosen: dict[str, HeardPiece] = {}
    for index in rng.permutation(len(alike)):
        chosen.setdefault(alike[index].piece, alike[index])
    tonic, phase = int(rng.integers(12)), rng.random()
    rows = [_row(piece, tonic, phase, rng) for piece in list(chosen.values())[:size]]
    guides, partners, shifts = zip(*rows, strict=True)
    return Batch(np.stack(guides), np.stack(partners), np.stack(shifts))


def _row(piece: HeardPiece, tonic: int, phase: float, rng: Generator) -> tuple[Floats, Floats, Ids]:
    guide, partner = (list(piece.tracks.values())[index] for index in rng.permutation(len(piece.tracks))[:2])
    start = on_phase(piece, phase, MARGIN_STEPS, len(piece) - CORE_STEPS - MARGIN_STEPS, rng)
    turn = tonic - piece.key.tonic
    around = partner.excerpt(start - MARGIN_STEPS, CORE_STEPS + 2 * MARGIN_STEPS)
    own = rotated(guide.excerpt(start, CORE_STEPS).frames, turn)
    return own, rotated(around.frames, turn), _shifts(piece.beat.steps, rng)


def _shifts(beat_steps: float, rng: Generator) -> Ids:
    """Steps (shifts,): four of less than a beat, three of whole beats, one anywhere, never less than two steps."""
    near = rng.uniform(*NEAR_BEATS, 4) * beat_steps
    far = rng.choice([beats for beats in FAR_BEATS if beats * beat_steps <= MARGIN_STEPS] or [1], 3) * beat_steps
    anywhere = rng.uniform(beat_steps, MARGIN_STEPS, 1) if beat_steps < MARGIN_STEPS else rng.uniform(2, 40, 1)
    sizes = np.clip(np.round(np.concatenate([near, far, anywhere])), 2, MARGIN_STEPS).astype(np.int64)
    return np.asarray(sizes * rng.choice([-1, 1], len(sizes)))


def loss_of(network: PairNetwork, batch: Batch, semitones: int) -> Tensor:
    """Cross-entropy in nats of the true partner among strangers, its shifts, its transposition and the guide itself."""
    guides, partners = torch.from_numpy(batch.guides), torch.from_numpy(batch.partners)
    ours, around = network(guides), network(partners)
    true_frames = partners[:, MARGIN_STEPS : MARGIN_STEPS + CORE_STEPS]
    moved = network(rotated_tensor(true_frames, semitones))
    columns = [fit(ours, _read(around, torch.zeros(len(guides), dtype=torch.int64)))]
    shifts = torch.from_numpy(batch.shifts)
    columns += [fit_by_row(ours, _read(around, column))[:, None] for column in shifts.T]
    columns += [fit_by_row(ours, moved)[:, None], fit_by_row(ours, ours)[:, None]]
    return torch.nn.functional.cross_entropy(torch.cat(columns, dim=1), torch.arange(len(guides)))


def _read(around: tuple[Tensor, Tensor], shifts: Tensor) -> tuple[Tensor, Tensor]:
    """What partners with margins say, read `shifts` (n,) steps later than the guides: slices, without a joint."""
    places = (MARGIN_STEPS + shifts)[:, None] + torch.arange(CORE_STEPS - CONTEXT_STEPS)
    rows = torch.arange(len(shifts))[:, None]
    return around[0][rows, places], around[1][rows, places]
