import pytest
import torch
from torch import nn

from antiphon.training.averaging import AveragedWeights


def network(value: float) -> nn.Linear:
    made = nn.Linear(2, 1, bias=False)
    nn.init.constant_(made.weight, value)
    return made


def stepped(model: nn.Linear, average: AveragedWeights, values: list[float]) -> None:
    for value in values:
        nn.init.constant_(model.weight, value)
        average.update()


def test_weights_that_stand_still_are_their_own_average():
    model = network(3.0)
    average = AveragedWeights(model, 0.9)
    stepped(model, average, [3.0] * 5)
    with average.applied():
        torch.testing.assert_close(model.weight, torch.full((1, 2), 3.0))


def test_steps_that_go_round_a_minimum_average_to_it():
    model = network(0.0)
    average = AveragedWeights(model, 0.99)
    stepped(model, average, [1.0, -1.0] * 500)
    with average.applied():
        assert model.weight.abs().max() < 0.02
    assert model.weight.abs().min() == 1


def test_where_the_network_started_is_soon_forgotten():
    model = network(100.0)
    average = AveragedWeights(model, 0.99)
    stepped(model, average, [0.0] * 50)
    with average.applied():
        assert model.weight.abs().max() < 1e-4


def test_the_networks_own_weights_come_back_even_after_an_error():
    model = network(0.0)
    average = AveragedWeights(model, 0.9)
    stepped(model, average, [1.0, 2.0])
    with pytest.raises(KeyError), average.applied():
        raise KeyError
    assert model.weight.tolist() == [[2.0, 2.0]]


def test_who_goes_on_has_the_same_average_as_who_never_stopped():
    through, stopped = network(0.0), network(0.0)
    one, first = AveragedWeights(through, 0.9), AveragedWeights(stopped, 0.9)
    stepped(through, one, [1.0, 2.0, 3.0])
    stepped(stopped, first, [1.0, 2.0])
    again = AveragedWeights(stopped, 0.9)
    again.restore(first.arrays())
    stepped(stopped, again, [3.0])
    with one.applied(), again.applied():
        assert torch.equal(through.weight, stopped.weight)


def test_without_averaging_the_last_weights_are_kept():
    model = network(0.0)
    average = AveragedWeights(model, 0.0)
    stepped(model, average, [1.0, 5.0])
    with average.applied():
        assert model.weight.tolist() == [[5.0, 5.0]]
