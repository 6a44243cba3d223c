"""Where tokens stand: what attention knows of it depends on distances only."""

import numpy as np
import pytest
import torch

from antiphon.config import DecisionSettings
from antiphon.decision.attention import Attention, KeysValues, Sight
from antiphon.decision.positions import RELATIVE_REACH, RelativeBias, rotated, sinusoids
from antiphon.decision.visibility import Visibility, segments_ahead


def test_positions_of_vaswani_et_al():
    # PE(place, 2i) = sin(place / 10000^(2i / d)), PE(place, 2i + 1) = cos of the same.
    found = sinusoids(3, 4, torch.zeros(1, 8)).numpy()
    for row, place in enumerate(range(3, 7)):
        for i in range(4):
            angle = place / 10000 ** (2 * i / 8)
            assert found[row, 2 * i : 2 * i + 2] == pytest.approx([np.sin(angle), np.cos(angle)], abs=1e-5)


def test_positions_beyond_the_first_table_go_on():
    far = sinusoids(5000, 3, torch.zeros(1, 8))[0].numpy()
    assert far[:2] == pytest.approx([np.sin(5000), np.cos(5000)], abs=1e-3)


def test_products_of_rotated_vectors_depend_on_distances_only():
    random = torch.Generator().manual_seed(0)
    queries, keys = torch.randn(2, 1, 6, 8, generator=random)
    near, far = (rotated(queries, start) @ rotated(keys, start).transpose(1, 2) for start in (0, 100))
    assert torch.allclose(near, far, atol=1e-4)
    assert not torch.allclose(near, queries @ keys.transpose(1, 2), atol=1e-2)


@pytest.mark.parametrize("positions", ["rotary", "relative"])
def test_moving_all_positions_leaves_attention_as_it_was(positions):
    settings = DecisionSettings(heads=2, dimension=16, positions=positions)
    attention = Attention(settings, torch.Generator()).eval()
    if attention.relative is not None:
        torch.nn.init.normal_(attention.relative.bias)
    random = torch.Generator().manual_seed(0)
    x, before = torch.randn(1, 5, 16, generator=random), torch.randn(1, 7, 16, generator=random)

    def answer(shift: int) -> torch.Tensor:
        queries, own = attention.own(x, shift)
        hidden = torch.full((1, 5, shift + 5), -torch.inf)
        hidden[..., shift:] = 0
        kept = KeysValues.of(attention.own(before[:, :shift], 0)[1]).extended(own)
        return attention.attend(queries, kept.tensor, Sight(hidden, shift))

    with torch.no_grad():
        assert torch.allclose(answer(0), answer(7), atol=1e-5)


def test_relative_positions_tell_distances_apart_up_to_their_reach():
    bias = RelativeBias(1)
    with torch.no_grad():
        bias.bias.copy_(torch.arange(2 * RELATIVE_REACH + 1))
    found = bias(2, 1, 500)[0, 0]
    assert found[:4].tolist() == [RELATIVE_REACH + 2, RELATIVE_REACH + 1, RELATIVE_REACH, RELATIVE_REACH - 1]
    assert found[-1] == found[RELATIVE_REACH + 2] == 0


@pytest.mark.parametrize(
    ("seconds", "ahead"), [(None, None), (0.0, 0), (0.49, 0), (0.5, 1), (1.4, 2), (-0.1, -1), (-0.5, -1), (-0.6, -2)]
)
def test_a_lookahead_is_never_longer_than_allowed(seconds, ahead):
    assert segments_ahead(seconds, 0.5) == ahead


def test_a_lookahead_of_whole_segments_is_not_lost_to_rounding():
    assert [segments_ahead(count * 0.35, 0.35) for count in range(-20, 20)] == list(range(-20, 20))


def test_the_guide_visible_at_each_token():
    # With a place for the beginning in front: y_0 and y_1 see nothing else when two segments behind.
    behind = Visibility(-2).guide(0, 4, 5, torch.device("cpu"))[0].int()
    assert behind.sum(dim=1).tolist() == [1, 1, 2, 3]
    ahead = Visibility(1).guide(0, 4, 5, torch.device("cpu"))[0].int()
    assert ahead.sum(dim=1).tolist() == [3, 4, 5, 5]
