"""What a network makes of a whole pair: its hidden state and its distribution at every token, all before it given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from antiphon.decision.neural import NeuralDecision, suitable_threads
from antiphon.decision.scoring import Context, sliding
from antiphon.types import Floats, Ids, Seconds


@dataclass(frozen=True, eq=False)
class KnownPair:
    """A guide and its target as ids (n,), and how long each segment lasts in seconds (n,)."""

    guide: Ids
    target: Ids
    durations: Seconds

    def __post_init__(self) -> None:
        if not self.guide.shape == self.target.shape == self.durations.shape or self.guide.ndim != 1:
            raise ValueError("guide, target and durations must be (n,), one for each segment")

    def __len__(self) -> int:
        return len(self.guide)

    def between(self, start: int, end: int) -> KnownPair:
        """The segments from `start` to before `end`."""
        return KnownPair(self.guide[start:end], self.target[start:end], self.durations[start:end])


@dataclass(frozen=True, eq=False)
class Walk:
    """Hidden states (n, dimension) and log-probabilities (n, classes) of every class, in nats."""

    states: Floats
    log_probabilities: Floats


@torch.inference_mode()
def walked(model: NeuralDecision, pair: KnownPair, context: Context) -> Walk:
    """The walk over a pair in the windows that generation takes, from what `model` hears and remembers."""
    network, vocabulary = model.network, model.network.vocabulary
    network.eval()
    states = np.zeros((len(pair), network.output.in_features), dtype=np.float32)
    found = np.zeros((len(pair), network.output.out_features), dtype=np.float32)
    hidden = torch.ones(1, dtype=torch.bool, device=model.device) if model.hidden else None
    with suitable_threads(network):
        for start, decided, end in sliding(len(pair), context):
            guide, durations = (
                torch.as_tensor(each[None, start:end], device=model.device) for each in (pair.guide, pair.durations)
            )
            previous = np.concatenate([[vocabulary.bos], pair.target[start : end - 1]])
            if model.guide_only:
                previous = np.full(end - start, vocabulary.bos)
            heard = network.listen(guide, durations.float(), hidden)
            _, state = network.decode_hidden(heard, torch.as_tensor(previous, device=model.device)[None])
            logits = torch.log_softmax(network.output(state).float(), dim=-1)
            states[decided:end] = state[0, decided - start :].float().cpu().numpy()
            found[decided:end] = logits[0, decided - start :].cpu().numpy()
    return Walk(states, found)
