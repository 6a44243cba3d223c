import pytest
import torch

from antiphon.training.losses import soft_targets

LINE = (torch.arange(4.0)[:, None] - torch.arange(4.0)).abs()


def test_each_row_is_a_distribution_that_falls_with_distance():
    soft = soft_targets(LINE, 0.5)
    assert torch.allclose(soft.sum(dim=1), torch.ones(4))
    assert soft[0].tolist() == sorted(soft[0].tolist(), reverse=True)
    # Neighbours are a unit apart: exp(-1 / 0.5) of the true class's share.
    assert float(soft[0, 1] / soft[0, 0]) == pytest.approx(0.1353, abs=1e-4)


@pytest.mark.parametrize("scale", [0.01, 100])
def test_the_unit_of_distance_does_not_matter(scale):
    assert torch.allclose(soft_targets(LINE * scale, 0.5), soft_targets(LINE, 0.5), atol=1e-6)


def test_without_temperature_the_target_is_hard():
    assert torch.equal(soft_targets(LINE, 0), torch.eye(4))


def test_nothing_stands_in_for_a_rest():
    distances = torch.full((5, 5), torch.inf)
    distances[:4, :4] = LINE
    distances[4, 4] = 0
    soft = soft_targets(distances, 1.0)
    assert soft[4].tolist() == [0, 0, 0, 0, 1]
    assert (soft[:4, 4] == 0).all()
    assert torch.allclose(soft[:4, :4], soft_targets(LINE, 1.0))
