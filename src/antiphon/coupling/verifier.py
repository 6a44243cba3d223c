"""A learned verifier: how well two excerpts fit, by a small network trained on true pairs; a directory on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from pydantic import TypeAdapter, ValidationError

from antiphon.checkpoint import load_arrays, load_json, require_reasonable, save_arrays, save_json
from antiphon.coupling.contrastive_training import learn
from antiphon.coupling.features import CouplingFeatures
from antiphon.coupling.measures import EVERYTHING, Measure
from antiphon.coupling.network import CONTEXT_STEPS, PairNetwork, fit, fit_by_row
from antiphon.coupling.pieces import HeardPiece
from antiphon.coupling.settings import VerifierSettings
from antiphon.errors import BadData
from antiphon.interfaces import Progress, no_progress
from antiphon.reading import first_fault
from antiphon.types import Floats

VERIFIER_VERSION = 1
SETTINGS_FILE, WEIGHTS_FILE = "config.json", "verifier.safetensors"

MOST_WEIGHT = 1e6
"""Size of the largest weight: trained ones stay below 10."""


@dataclass(frozen=True)
class _About:
    """What config.json says of a verifier."""

    version: int
    encoder: str
    settings: VerifierSettings
    learned_from: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Verifier:
    """A trained network, the encoder it listens through, and the pieces it has learned from."""

    network: PairNetwork
    settings: VerifierSettings
    encoder: str
    learned_from: frozenset[str]

    def fit(self, guide: CouplingFeatures, response: CouplingFeatures) -> float:
        """How well two excerpts of one length fit; the logarithm of odds, up to a constant. NaN below a second."""
        if len(guide) <= CONTEXT_STEPS:
            return float("nan")
        with torch.inference_mode():
            return float(fit_by_row(self._say([guide]), self._say([response]))[0])

    def rank(self, guide: CouplingFeatures, candidates: Sequence[CouplingFeatures]) -> Floats:
        """The fits (n,) of several candidates, all as long as the guide."""
        with torch.inference_mode():
            return np.asarray(fit(self._say([guide]), self._say(candidates))[0].numpy(), dtype=np.float32)

    @property
    def measure(self) -> Measure:
        """The verifier as a measure of pairs."""
        return Measure("verifier", "learned, in nats", EVERYTHING, self.fit)

    def _say(self, excerpts: Sequence[CouplingFeatures]) -> tuple[torch.Tensor, torch.Tensor]:
        said: tuple[torch.Tensor, torch.Tensor] = self.network(
            torch.from_numpy(np.stack([excerpt.frames for excerpt in excerpts]))
        )
        return said


def train_verifier(
    pieces: Sequence[HeardPiece], encoder: str, settings: VerifierSettings, progress: Progress = no_progress
) -> Verifier:
    """A verifier that has learned from these pieces. Raises BadData as `learn` does."""
    network = learn(pieces, settings, progress)
    return Verifier(network, settings, encoder, frozenset(piece.piece for piece in pieces))


def save_verifier(directory: Path, verifier: Verifier) -> None:
    """Write the network's weights and what it is into an existing directory."""
    save_arrays(
        directory / WEIGHTS_FILE, {name: value.numpy() for name, value in verifier.network.state_dict().items()}
    )
    about = {
        "version": VERIFIER_VERSION,
        "encoder": verifier.encoder,
        "settings": asdict(verifier.settings),
        "learned_from": sorted(verifier.learned_from),
    }
    save_json(directory / SETTINGS_FILE, about)


def load_verifier(directory: Path, encoder: str) -> Verifier:
    """Read what `save_verifier` wrote.

    Raises BadData where it is no verifier, or learned through another encoder than `encoder`.
    """
    about = _about(directory)
    settings = about.settings
    if about.encoder != encoder:
        raise BadData(f"{directory}: the verifier learned through another encoder; train it again")
    network = PairNetwork(settings.width, settings.dimension, settings.dropout)
    arrays = load_arrays(directory / WEIGHTS_FILE)
    require_reasonable(directory / WEIGHTS_FILE, arrays, MOST_WEIGHT)
    try:
        network.load_state_dict({name: torch.from_numpy(value) for name, value in arrays.items()})
    except RuntimeError as error:
        raise BadData(f"{directory}: weights and settings of the verifier do not belong together") from error
    return Verifier(network.eval(), settings, encoder, frozenset(about.learned_from))


def _about(directory: Path) -> _About:
    tree = load_json(directory / SETTINGS_FILE)
    version = tree.get("version") if isinstance(tree, dict) else None
    if version != VERIFIER_VERSION:
        raise BadData(f"{directory}: not a verifier (version {version!r}, this Antiphon reads {VERIFIER_VERSION})")
    try:
        return TypeAdapter(_About).validate_python(tree)
    except ValidationError as error:
        raise BadData(f"{directory}: not a verifier ({first_fault(error)})") from error
