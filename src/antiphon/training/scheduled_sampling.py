"""Scheduled sampling (Bengio et al., 2015; paper 5.2): while it learns, the model sometimes sees its own last token.

Or none at all: where the whole past is hidden, it learns what the guide alone asks for, p(y_t | x).

In two parallel passes (Mihaylova and Martins, 2019): the first predicts every token from the true past; the second,
which learns, reads a past in which some true tokens are replaced by those predictions. Costs about half a pass more
than teacher forcing, instead of a pass per token.
"""

from __future__ import annotations

import torch
from torch import Tensor

from antiphon.config import TrainingSettings
from antiphon.decision.transformer import DecisionNetwork


def shifted(target: Tensor, bos: int) -> Tensor:
    """What stands before each token of `target` (batch, n): BOS, then all but the last."""
    return torch.cat([torch.full_like(target[:, :1], bos), target[:, :-1]], dim=1)


def true_token_probability(epoch: int, settings: TrainingSettings) -> float:
    """Probability that a token of the past is the true one in `epoch` (0, 1, ...): exponential decay to a floor."""
    return max(settings.teacher_decay**epoch, settings.teacher_floor)


def sampled_past(
    network: DecisionNetwork,
    guide: Tensor,
    target: Tensor,
    probability: float,
    *,
    durations: Tensor | None = None,
    hidden: Tensor | None = None,
) -> Tensor:
    """The past (batch, n) that the learning pass reads: each true token kept with `probability`, else predicted.

    `durations` and `hidden` as the network takes them.
    """
    truth = shifted(target, network.vocabulary.bos)
    if probability >= 1:
        return truth
    with torch.no_grad():
        logits = network(guide, truth, durations, hidden)
        probabilities = torch.softmax(logits.float(), dim=-1).flatten(0, 1)
        guesses = torch.multinomial(probabilities.cpu(), 1, generator=network.random).to(target.device).view_as(target)
    # Autocast keeps the weights that it converted in here, without gradients. PyTorch 2.7 gives them to the pass that
    # learns, which then learns nothing; 2.13 does not.
    torch.clear_autocast_cache()
    keep = (torch.rand(target.shape, generator=network.random) < probability).to(target.device)
    return torch.where(keep, truth, shifted(guesses, network.vocabulary.bos))


def drawn_rows(network: DecisionNetwork, rows: int, share: float) -> Tensor:
    """Each row (rows,) with the probability `share`, drawn by the network's own generator."""
    return torch.rand(rows, generator=network.random) < share


def partly_hidden(network: DecisionNetwork, past: Tensor, share: float) -> Tensor:
    """`past` (batch, n) with a `share` of its rows hidden, which then hold BOS alone."""
    if share == 0:
        return past
    hidden = drawn_rows(network, len(past), share).to(past.device)
    return torch.where(hidden[:, None], network.vocabulary.bos, past)
