import numpy as np
import pytest
import torch

from antiphon.config import DecisionSettings, TrainingSettings
from antiphon.decision.transformer import DecisionNetwork
from antiphon.training.scheduled_sampling import partly_hidden, sampled_past, shifted, true_token_probability

CLASSES = 5
BOS = 5


class Sure(DecisionNetwork):
    """A network that is sure of the class after the one just played, and of the first class at the beginning."""

    def __init__(self):
        settings = DecisionSettings(layers=1, heads=1, dimension=8, feed_forward=8, guide_layers=0)
        super().__init__(settings, CLASSES)

    def forward(self, guide, previous, durations=None, hidden=None):
        following = torch.where(previous == BOS, 0, (previous + 1) % CLASSES)
        return torch.nn.functional.one_hot(following, CLASSES).float() * 1000


def pair(rows: int = 50, n: int = 20) -> tuple[torch.Tensor, torch.Tensor]:
    guide, target = np.random.default_rng(0).integers(CLASSES, size=(2, rows, n))
    return torch.from_numpy(guide), torch.from_numpy(target)


def test_before_each_token_stands_the_one_before():
    assert shifted(torch.tensor([[3, 1, 4], [1, 0, 2]]), BOS).tolist() == [[BOS, 3, 1], [BOS, 1, 0]]


def test_with_probability_one_the_past_is_the_truth():
    guide, target = pair()
    assert torch.equal(sampled_past(Sure(), guide, target, 1.0), shifted(target, BOS))


def test_with_probability_zero_the_past_is_the_models_own():
    guide, target = pair()
    truth = shifted(target, BOS)
    own = torch.where(truth == BOS, 0, (truth + 1) % CLASSES)
    assert torch.equal(sampled_past(Sure(), guide, target, 0.0), shifted(own, BOS))


@pytest.mark.parametrize("probability", [0.25, 0.75])
def test_between_them_that_share_of_the_past_is_true(probability):
    guide, target = pair(200, 40)
    truth = shifted(target, BOS)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        past = sampled_past(Sure(), guide, target, probability)
    assert (past[:, 0] == BOS).all()
    # A prediction is the truth itself in one case of five.
    true_share = (past == truth)[:, 1:].float().mean().item()
    assert true_share == pytest.approx(probability + (1 - probability) / CLASSES, abs=0.02)


def test_the_probability_decays_exponentially_to_a_floor():
    settings = TrainingSettings(teacher_decay=0.5, teacher_floor=0.2)
    assert [true_token_probability(epoch, settings) for epoch in range(4)] == [1.0, 0.5, 0.25, 0.2]
    assert true_token_probability(50, TrainingSettings(teacher_decay=1.0)) == 1.0


def test_the_first_pass_takes_no_gradient_from_the_second_in_half_precision():
    # Autocast keeps the weights it has converted; those of a pass without gradients must not serve the one that learns.
    settings = DecisionSettings(layers=1, heads=1, dimension=8, feed_forward=8, guide_layers=1)
    network, (guide, target) = DecisionNetwork(settings, CLASSES).train(), pair(4, 6)
    with torch.autocast("cpu", torch.bfloat16):
        past = sampled_past(network, guide, target, 0.5)
        network(guide, past).float().square().mean().backward()
    assert [name for name, weight in network.named_parameters() if weight.grad is None] == []


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_share_of_the_windows_knows_nothing_of_its_past(share):
    _, target = pair(500)
    past = shifted(target, BOS)
    hidden = (partly_hidden(Sure(), past, share) == BOS).all(dim=1)
    assert hidden.float().mean().item() == pytest.approx(share, abs=0.05)
    assert torch.equal(partly_hidden(Sure(), past, share)[~hidden], past[~hidden])
