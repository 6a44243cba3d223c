"""A trained network behind the protocol that every decision model satisfies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from antiphon.decision.transformer import DecisionNetwork, DecoderState
from antiphon.types import Floats, Ids


@dataclass(frozen=True, eq=False)
class NeuralDecision:
    """A network that hears the whole guide before it plays (offline, paper figure 1), keys and values kept."""

    network: DecisionNetwork
    device: str = "cpu"

    @property
    def classes(self) -> int:
        """How many ids it chooses from."""
        return self.network.vocabulary.classes

    def start(self, guides: int) -> DecoderState | None:
        """Nothing was heard yet."""
        return None

    @torch.inference_mode()
    def step(self, state: DecoderState | None, heard: Ids, previous: Ids | None) -> tuple[DecoderState, Floats]:
        """See `interfaces.DecisionModel`. The first step hears the guide, all of it; later ones hear nothing new."""
        self.network.eval()
        if state is None:
            state = self.network.listen(torch.as_tensor(heard, device=self.device))
        elif heard.shape[1]:
            raise ValueError("this model hears the whole guide at its first step")
        if previous is None:
            previous = np.full(len(heard), self.network.vocabulary.bos, dtype=np.int64)
        state, logits = self.network.decode(state, torch.as_tensor(previous, device=self.device)[:, None])
        log_probabilities = torch.log_softmax(logits[:, -1].float(), dim=-1)
        return state, log_probabilities.cpu().numpy()
