import numpy as np
import torch

from antiphon.decision.dropout import POOL, PooledDropout


def dropped(seed: int, share: float = 0.1, shape: tuple[int, ...] = (500, 1000)) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return PooledDropout(share, random)(torch.ones(shape))


def test_the_share_is_dropped_and_the_mean_stays():
    result = dropped(0)
    assert abs(float((result == 0).float().mean()) - 0.1) < 0.003
    assert abs(float(result.mean()) - 1) < 0.003
    np.testing.assert_allclose(result[result != 0].numpy(), 1 / 0.9, rtol=1e-6)


def test_masks_are_those_of_the_generator_and_of_nothing_else():
    before = torch.get_rng_state()
    assert torch.equal(dropped(3), dropped(3))
    assert not torch.equal(dropped(3), dropped(4))
    assert torch.equal(before, torch.get_rng_state())


def test_one_forward_pass_after_another_has_other_masks():
    module = PooledDropout(0.5, torch.Generator().manual_seed(0))
    first, second = module(torch.ones(10_000)), module(torch.ones(10_000))
    agreement = float(((first == 0) == (second == 0)).float().mean())
    assert abs(agreement - 0.5) < 0.03


def test_nothing_is_dropped_outside_training():
    module = PooledDropout(0.5, torch.Generator()).eval()
    assert torch.equal(module(torch.ones(100)), torch.ones(100))


def test_an_input_larger_than_the_pool_is_masked_to_its_end():
    result = dropped(0, shape=(POOL + POOL // 2,))
    assert abs(float((result[-10_000:] == 0).float().mean()) - 0.1) < 0.02


def test_half_precision_stays_half_precision():
    assert PooledDropout(0.1, torch.Generator())(torch.ones(100, dtype=torch.bfloat16)).dtype == torch.bfloat16
