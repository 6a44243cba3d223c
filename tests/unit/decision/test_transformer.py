import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from antiphon.config import DecisionSettings, resolve
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.transformer import DecisionNetwork
from antiphon.decision.vocabulary import Vocabulary

CLASSES = 11
PAPER = Path(__file__).parents[3] / "configs" / "paper.toml"
KINDS = list(itertools.product(["aligned", "cross-attention"], ["pre", "post"], [0, 2]))
every_kind = pytest.mark.parametrize(("conditioning", "norm", "guide_layers"), KINDS)


def network(conditioning="aligned", norm="pre", guide_layers=2, hears=True, positions="sinusoidal") -> DecisionNetwork:
    settings = DecisionSettings(
        layers=2,
        heads=2,
        dimension=16,
        feed_forward=32,
        conditioning=conditioning,
        norm=norm,
        guide_layers=guide_layers,
        positions=positions,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return DecisionNetwork(settings, CLASSES, hears).eval()


def sequences(rows: int = 3, n: int = 9) -> tuple[torch.Tensor, torch.Tensor]:
    random = np.random.default_rng(1)
    guide, response = random.integers(CLASSES, size=(2, rows, n))
    previous = np.concatenate([np.full((rows, 1), CLASSES), response[:, :-1]], axis=1)
    return torch.from_numpy(guide), torch.from_numpy(previous)


def logits(model: DecisionNetwork, guide: torch.Tensor, previous: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return model(guide, previous)


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return torch.allclose(a, b, atol=1e-5)


@every_kind
def test_step_by_step_is_all_at_once(conditioning, norm, guide_layers):
    model, (guide, previous) = network(conditioning, norm, guide_layers), sequences()
    at_once = torch.log_softmax(logits(model, guide, previous), dim=-1).numpy()
    decision = NeuralDecision(model)
    state, heard = decision.start(len(guide)), guide.numpy()
    for position in range(guide.shape[1]):
        played = None if position == 0 else previous[:, position].numpy()
        state, log_probabilities = decision.step(state, heard, played)
        heard = heard[:, :0]
        assert log_probabilities == pytest.approx(at_once[:, position], abs=1e-5)


@every_kind
def test_blocks_are_all_at_once(conditioning, norm, guide_layers):
    model, (guide, previous) = network(conditioning, norm, guide_layers), sequences()
    state, parts = model.listen(guide), []
    for block in previous.split([2, 1, 6], dim=1):
        state, part = model.decode(state, block)
        parts.append(part)
    assert same(torch.cat(parts, dim=1), logits(model, guide, previous))


@every_kind
def test_nothing_played_later_changes_what_was_decided(conditioning, norm, guide_layers):
    model, (guide, previous) = network(conditioning, norm, guide_layers), sequences()
    before = logits(model, guide, previous)
    for position in range(1, previous.shape[1]):
        changed = previous.clone()
        changed[:, position] = (changed[:, position] + 1) % CLASSES
        after = logits(model, guide, changed)
        assert same(before[:, :position], after[:, :position])
        assert not same(before[:, position], after[:, position])


@every_kind
def test_the_guide_is_heard_at_every_place(conditioning, norm, guide_layers):
    model, (guide, previous) = network(conditioning, norm, guide_layers), sequences()
    for position in range(guide.shape[1]):
        changed = guide.clone()
        changed[:, position] = (changed[:, position] + 1) % CLASSES
        assert not same(logits(model, guide, previous)[:, position], logits(model, changed, previous)[:, position])


@every_kind
def test_the_deaf_model_hears_nothing(conditioning, norm, guide_layers):
    model, (guide, previous) = network(conditioning, norm, guide_layers, hears=False), sequences()
    assert torch.equal(logits(model, guide, previous), logits(model, guide.flip(1), previous))


@pytest.mark.parametrize(
    ("conditioning", "guide_layers", "foresees"),
    [("aligned", 0, False), ("aligned", 2, True), ("cross-attention", 0, True)],
)
def test_who_sees_the_guides_future(conditioning, guide_layers, foresees):
    model, (guide, previous) = network(conditioning, guide_layers=guide_layers), sequences()
    later = torch.cat([guide[:, :5], (guide[:, 5:] + 1) % CLASSES], dim=1)
    unmoved = same(logits(model, guide, previous)[:, :5], logits(model, later, previous)[:, :5])
    assert unmoved is not foresees


@pytest.mark.parametrize("hears", [True, False])
@every_kind
def test_filler_behind_a_guide_changes_nothing(conditioning, norm, guide_layers, hears):
    model, (guide, previous) = network(conditioning, norm, guide_layers, hears), sequences()
    filler = torch.full((len(guide), 4), Vocabulary(CLASSES).pad)
    longer = logits(model, torch.cat([guide, filler], 1), torch.cat([previous, filler], 1))
    assert same(longer[:, : guide.shape[1]], logits(model, guide, previous))


@every_kind
def test_rows_of_a_batch_know_nothing_of_each_other(conditioning, norm, guide_layers):
    model, (guide, previous) = network(conditioning, norm, guide_layers), sequences()
    assert same(logits(model, guide[:1], previous[:1]), logits(model, guide, previous)[:1])


@every_kind
def test_the_place_in_the_window_is_known(conditioning, norm, guide_layers):
    model = network(conditioning, norm, guide_layers)
    same_token = torch.zeros(1, 6, dtype=torch.int64)
    found = logits(model, same_token, same_token)
    assert not same(found[:, 1], found[:, 4])


def test_dropout_is_off_when_it_plays():
    model, (guide, _) = network().train(), sequences()
    answers = [NeuralDecision(model).step(None, guide.numpy(), None)[1] for _ in range(2)]
    assert answers[0].tolist() == answers[1].tolist()


def test_neither_the_beginning_nor_the_filler_can_be_played():
    model, (guide, previous) = network(), sequences()
    assert logits(model, guide, previous).shape == (*guide.shape, CLASSES)
    assert Vocabulary(CLASSES).bos >= CLASSES
    assert Vocabulary(CLASSES).pad >= CLASSES
    assert Vocabulary(CLASSES).bos != Vocabulary(CLASSES).pad


def test_a_guide_that_goes_on_is_refused():
    decision, (guide, _) = NeuralDecision(network()), sequences()
    state, _ = decision.step(None, guide.numpy(), None)
    with pytest.raises(ValueError, match="whole guide"):
        decision.step(state, guide.numpy(), guide.numpy()[:, 0])


def test_the_papers_network():
    # One attention: four maps of d x d with their biases, 4 (768^2 + 768) = 2,362,368.
    # Feed-forward: 768 * 2048 + 2048 + 2048 * 768 + 768 = 3,148,544. One normalisation: 2 * 768 = 1,536.
    # A layer: two attentions, one feed-forward, three normalisations: 7,877,888. Six of them: 47,267,328.
    # Two embeddings of K + 2 = 66 ids: 101,376. Output: 768 * 64 + 64 = 49,216. Sum: 47,417,920.
    settings = resolve(PAPER, {}).decision
    model = DecisionNetwork(settings, classes=64).eval()
    assert sum(weight.numel() for weight in model.parameters()) == 47_417_920
    guide = torch.arange(30)[None]
    assert logits(model, guide, guide).shape == (1, 30, 64)
