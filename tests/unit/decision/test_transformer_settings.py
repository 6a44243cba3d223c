"""What holds for every form of the network: positions, conditioning, view, durations, hidden guides."""

import itertools

import numpy as np
import pytest
import torch

from antiphon.config import DecisionSettings
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.transformer import DecisionNetwork
from antiphon.decision.vocabulary import Vocabulary

CLASSES = 11
ROWS, N = 3, 9
AHEAD = [None, -2, 0, 2]
FORMS = list(itertools.product(["sinusoidal", "rotary", "relative"], ["aligned", "cross-attention"], AHEAD))
every_form = pytest.mark.parametrize(("positions", "conditioning", "ahead"), FORMS)
bounded = pytest.mark.parametrize(
    ("positions", "conditioning", "ahead"), [form for form in FORMS if form[2] is not None]
)


def network(positions, conditioning, ahead=None, *, hears=True, **settings) -> DecisionNetwork:
    shape = {"layers": 2, "heads": 2, "dimension": 16, "feed_forward": 32, "guide_layers": 2}
    chosen = DecisionSettings(positions=positions, conditioning=conditioning, **(shape | settings))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = DecisionNetwork(chosen, CLASSES, hears, ahead).eval()
        for name, weight in model.named_parameters():
            if name.endswith("relative.bias"):  # as it might be once learned, and not the zeros it begins with
                torch.nn.init.normal_(weight)
    return model


def sequences() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    random = np.random.default_rng(1)
    guide, response = random.integers(CLASSES, size=(2, ROWS, N))
    previous = np.concatenate([np.full((ROWS, 1), CLASSES), response[:, :-1]], axis=1)
    seconds = random.uniform(0.1, 3, size=(ROWS, N)).astype(np.float32)
    return torch.from_numpy(guide), torch.from_numpy(previous), torch.from_numpy(seconds)


def logits(model: DecisionNetwork, guide, previous, durations=None, hidden=None) -> torch.Tensor:
    with torch.no_grad():
        return model(guide, previous, durations, hidden)


def played(decision: NeuralDecision, guide, previous, durations) -> np.ndarray:
    """Log-probabilities (rows, n, classes), the guide heard as it becomes visible."""
    ahead, heard, answers = decision.ahead, 0, []
    state = decision.start(len(guide))
    for position in range(guide.shape[1]):
        horizon = guide.shape[1] if ahead is None else min(max(position + ahead + 1, 0), guide.shape[1])
        new = slice(heard, max(heard, horizon))
        heard = new.stop
        state, answer = decision.step(
            state, guide[:, new].numpy(), previous[:, position].numpy() if position else None, durations[:, new].numpy()
        )
        answers.append(answer)
    return np.stack(answers, axis=1)


@pytest.mark.parametrize(("durations", "hidden"), [(False, False), (True, False), (True, True)])
@every_form
def test_heard_and_played_step_by_step_is_all_at_once(positions, conditioning, ahead, durations, hidden):
    model, (guide, previous, seconds) = network(positions, conditioning, ahead, durations=durations), sequences()
    rows = torch.full((ROWS,), hidden)
    at_once = torch.log_softmax(logits(model, guide, previous, seconds, rows), dim=-1).numpy()
    step_by_step = played(NeuralDecision(model, hidden=hidden), guide, previous, seconds)
    np.testing.assert_allclose(step_by_step, at_once, atol=2e-5)


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("guide_layers", [0, 2])
@bounded
def test_not_a_bit_depends_on_what_is_not_visible_yet(positions, conditioning, ahead, guide_layers, norm):
    model = network(positions, conditioning, ahead, guide_layers=guide_layers, norm=norm, durations=True)
    guide, previous, seconds = sequences()
    before = logits(model, guide, previous, seconds)
    for first_changed in range(N):
        later, longer = guide.clone(), seconds.clone()
        later[:, first_changed:] = (later[:, first_changed:] + 1) % CLASSES
        longer[:, first_changed:] *= 2
        after = logits(model, later, previous, longer)
        # y_t hears up to t + ahead, so the first to hear of the change is the one `ahead` before it.
        first_moved = min(max(first_changed - ahead, 0), N)
        assert torch.equal(after[:, :first_moved], before[:, :first_moved])
        if first_moved < N:
            assert not torch.allclose(after[:, first_moved], before[:, first_moved], atol=1e-5)


@bounded
def test_a_guide_heard_sooner_than_needed_changes_nothing(positions, conditioning, ahead):
    model, (guide, previous, _) = network(positions, conditioning, ahead), sequences()
    decision = NeuralDecision(model)
    state, first = decision.step(None, guide.numpy(), None)
    _, second = decision.step(state, guide.numpy()[:, :0], previous[:, 1].numpy())
    at_once = torch.log_softmax(logits(model, guide, previous), dim=-1).numpy()
    np.testing.assert_allclose(np.stack([first, second], axis=1), at_once[:, :2], atol=2e-5)


@every_form
def test_filler_behind_one_guide_of_a_batch_changes_nothing(positions, conditioning, ahead):
    model, (guide, previous, seconds) = network(positions, conditioning, ahead, durations=True), sequences()
    pad, short = Vocabulary(CLASSES).pad, 5
    batch, before, lengths = guide.clone(), previous.clone(), seconds.clone()
    batch[0, short:], before[0, short:], lengths[0, short:] = pad, pad, 0
    together = logits(model, batch, before, lengths)
    alone = logits(model, guide[:1, :short], previous[:1, :short], seconds[:1, :short])
    assert torch.allclose(together[:1, :short], alone, atol=2e-5)
    assert torch.allclose(together[1:], logits(model, guide, previous, seconds)[1:], atol=2e-5)


@every_form
def test_a_hidden_guide_is_the_deaf_networks(positions, conditioning, ahead):
    guide, previous, seconds = sequences()
    hears, deaf = (network(positions, conditioning, ahead, hears=hears, durations=True) for hears in (True, False))
    hidden = torch.tensor([True, False, True])
    found = logits(hears, guide, previous, seconds, hidden)
    assert torch.equal(found[hidden], logits(deaf, guide, previous, seconds)[hidden])
    assert torch.allclose(found[~hidden], logits(hears, guide, previous, seconds)[~hidden], atol=2e-5)
    assert torch.equal(found[hidden], logits(hears, guide.flip(1), previous, seconds * 2, hidden)[hidden])


@every_form
def test_the_length_of_segments_is_heard(positions, conditioning, ahead):
    model, (guide, previous, seconds) = network(positions, conditioning, ahead, durations=True), sequences()
    found = logits(model, guide, previous, seconds)
    assert not torch.allclose(found, logits(model, guide, previous, seconds * 2), atol=1e-4)
    with pytest.raises(ValueError, match="durations"):
        logits(model, guide, previous)


@pytest.mark.parametrize("side", ["guide_duration", "response_duration"])
@every_form
def test_the_length_of_segments_enters_on_both_sides(positions, conditioning, ahead, side):
    model, (guide, previous, seconds) = network(positions, conditioning, ahead, durations=True), sequences()
    with torch.no_grad():
        getattr(model, side).map.weight.zero_()
    assert not torch.allclose(
        logits(model, guide, previous, seconds), logits(model, guide, previous, seconds * 2), atol=1e-4
    )


@every_form
def test_a_state_can_be_gone_on_from_twice(positions, conditioning, ahead):
    model, (guide, _, _) = network(positions, conditioning, ahead), sequences()
    decision, ids = NeuralDecision(model), guide.numpy()

    def after(*tokens: int) -> list[tuple[object, np.ndarray]]:
        """State and answer after each of the tokens, from the beginning."""
        steps = [decision.step(None, ids, None)]
        for token in tokens:
            steps.append(decision.step(steps[-1][0], ids[:, :0], np.full(ROWS, token)))
        return steps

    shared = after(1, 2)[-1][0]
    one, _ = decision.step(shared, ids[:, :0], np.full(ROWS, 3))
    decision.step(shared, ids[:, :0], np.full(ROWS, 4))
    _, found = decision.step(one, ids[:, :0], np.full(ROWS, 5))
    np.testing.assert_allclose(found, after(1, 2, 3, 5)[-1][1], atol=2e-5)


@every_form
def test_it_runs_in_half_precision(positions, conditioning, ahead):
    model = network(positions, conditioning, ahead, durations=True).train()
    guide, previous, seconds = sequences()
    exact = logits(model.eval(), guide, previous, seconds)
    with torch.autocast("cpu", torch.bfloat16):
        near = logits(model, guide, previous, seconds)
        model.train()(guide, previous, seconds).float().square().mean().backward()
    assert (near.float() - exact).abs().max() < 0.1
    assert all(weight.grad is None or weight.grad.dtype == torch.float32 for weight in model.parameters())


@every_form
def test_its_weights_can_be_of_half_precision(positions, conditioning, ahead):
    model, (guide, previous, _) = network(positions, conditioning, ahead), sequences()
    exact = logits(model, guide, previous)
    near = logits(model.bfloat16(), guide, previous)
    assert near.dtype == torch.bfloat16
    assert (near.float() - exact).abs().max() < 0.1


@pytest.mark.parametrize("ahead", AHEAD)
def test_nothing_can_be_decided_before_its_guide_was_heard(ahead):
    model, (guide, previous, _) = network("sinusoidal", "aligned", ahead), sequences()
    with pytest.raises(ValueError, match="heard"):
        logits(model, guide[:, :4], previous)


def test_a_whole_guide_cannot_go_on():
    model, (guide, _, _) = network("rotary", "aligned"), sequences()
    with pytest.raises(ValueError, match="whole guide"):
        model.hear(model.listen(guide), guide)


@pytest.mark.parametrize("rest", [0, 1])
def test_tokens_are_read_by_their_centroids(rest):
    # Two classes with the same centroid are the same to the network, whatever else it has learned.
    settings = DecisionSettings(layers=1, heads=2, dimension=16, feed_forward=32, token_input="centroids")
    centroids = torch.from_numpy(np.random.default_rng(0).normal(size=(CLASSES - rest, 20)))
    centroids[3] = centroids[7]
    model = DecisionNetwork(settings, CLASSES, centroids=centroids).eval()
    guide, previous, _ = sequences()
    guide[:, 4] = 3
    twin, other = guide.clone(), guide.clone()
    twin[:, 4], other[:, 4] = 7, CLASSES - 1
    assert torch.equal(logits(model, guide, previous), logits(model, twin, previous))
    assert not torch.allclose(logits(model, guide, previous), logits(model, other, previous), atol=1e-5)
    assert not any("centroids" in name for name in model.state_dict())
    # What has no centroid has a vector of its own.
    began, filled = previous.clone(), previous.clone()
    began[:, 5], filled[:, 5] = Vocabulary(CLASSES).bos, Vocabulary(CLASSES).pad
    assert not torch.allclose(logits(model, guide, began)[:, 5], logits(model, guide, filled)[:, 5], atol=1e-5)


def test_the_encoders_units_do_not_matter():
    settings = DecisionSettings(layers=1, heads=2, dimension=16, feed_forward=32, token_input="centroids")
    centroids = torch.from_numpy(np.random.default_rng(0).normal(size=(CLASSES, 20)))
    models = []
    for scaled in (centroids, 1000 * centroids + 5):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            models.append(DecisionNetwork(settings, CLASSES, centroids=scaled).eval())
    guide, previous, _ = sequences()
    assert torch.allclose(logits(models[0], guide, previous), logits(models[1], guide, previous), atol=1e-4)


@pytest.mark.parametrize("centroids", [None, torch.zeros(CLASSES - 2, 4)])
def test_centroids_must_be_those_of_the_classes(centroids):
    settings = DecisionSettings(token_input="centroids")
    with pytest.raises(ValueError, match="centroid"):
        DecisionNetwork(settings, CLASSES, centroids=centroids)
