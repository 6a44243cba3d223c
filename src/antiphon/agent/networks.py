"""The network that an agent's settings and alphabet describe, before it has learned anything."""

from __future__ import annotations

import torch

from antiphon.config import Settings
from antiphon.decision.transformer import DecisionNetwork
from antiphon.decision.visibility import segments_ahead
from antiphon.types import Alphabet


def blank_network(settings: Settings, alphabet: Alphabet, hears: bool = True) -> DecisionNetwork:
    """Fresh weights, drawn from torch's own generator; `hears=False` makes the deaf model."""
    return DecisionNetwork(
        settings.decision,
        alphabet.classes,
        hears,
        ahead=segments_ahead(settings.decision.lookahead_seconds, settings.perception.segment_seconds),
        centroids=torch.from_numpy(alphabet.centroids),
    )
