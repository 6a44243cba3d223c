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
    """Hidden states (n, dimension) and log-probabilities (n, classes) of every class, in nats; or of several guides
    side by side."""

    states: Floats
    log_probabilities: Floats


def walked(model: NeuralDecision, pair: KnownPair, context: Context) -> Walk:
    """The walk over a pair in the windows that generation takes, from what `model` hears and remembers."""
    output = model.network.output
    states = np.zeros((len(pair), output.in_features), dtype=np.float32)
    found = np.zeros((len(pair), output.out_features), dtype=np.float32)
    for start, decided, end in sliding(len(pair), context):
        part = pair.between(start, end)
        window = window_walk(model, part.guide[None], part.target[None], part.durations[None])
        states[decided:end] = window.states[0, decided - start :]
        found[decided:end] = window.log_probabilities[0, decided - start :]
    return Walk(states, found)


@torch.inference_mode()
def window_walk(model: NeuralDecision, guides: Ids, targets: Ids, durations: Seconds | None) -> Walk:
    """The same of one window of guides and targets (rows, n) side by side: (rows, n, dimension) and (rows, n,
    classes)."""
    network, vocabulary = model.network, model.network.vocabulary
    network.eval()
    previous = np.concatenate([np.full((len(targets), 1), vocabulary.bos), targets[:, :-1]], axis=1)
    if model.guide_only:
        previous = np.full(targets.shape, vocabulary.bos)
    hidden = torch.ones(len(guides), dtype=torch.bool, device=model.device) if model.hidden else None
    with suitable_threads(network):
        lasting = None if durations is None else torch.as_tensor(durations, device=model.device).float()
        heard = network.listen(torch.as_tensor(guides, device=model.device), lasting, hidden)
        _, states = network.decode_hidden(heard, torch.as_tensor(previous, device=model.device))
        logits = torch.log_softmax(network.output(states).float(), dim=-1)
    return Walk(states.float().cpu().numpy(), logits.cpu().numpy())
