import numpy as np
import pytest
import torch

from antiphon.config import DecisionSettings, SamplingSettings
from antiphon.decision import playing, scoring
from antiphon.decision.baselines import Baseline, copy_guide, count, guide_table, uniform
from antiphon.decision.counts import WITH_GUIDE, interpolated
from antiphon.decision.generation import Context, generate, score
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.playing import Heard, Player
from antiphon.decision.sampling import FREE
from antiphon.decision.transformer import DecisionNetwork

CLASSES = 6
CONTEXT = Context(8, 5)
GUIDES, TARGETS = np.random.default_rng(0).integers(CLASSES, size=(2, 40, 20))
COUNTS = interpolated([(GUIDES, TARGETS)], [], CLASSES, WITH_GUIDE)


def network(ahead: int | None = None) -> NeuralDecision:
    settings = DecisionSettings(layers=1, heads=2, dimension=16, feed_forward=16, guide_layers=1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return NeuralDecision(DecisionNetwork(settings, CLASSES, ahead=ahead))


def chain(table) -> Baseline:
    """p(b|b') from (classes + 1, classes), the last row for the first token."""
    return Baseline(np.asarray(table), lambda guide, played: played)


def free(**settings) -> SamplingSettings:
    return SamplingSettings(top_p=1.0, **settings)


@pytest.mark.parametrize("settings", [{}, {"consensus": 3}, {"temperature": 0.0}])
@pytest.mark.parametrize("blocks", [(1,) * 20, (3, 0, 0, 5, 0, 0, 0, 0, 12)])
def test_fed_in_blocks_a_response_is_the_one_of_the_whole_guide(settings, blocks):
    """Nothing is decided differently because the guide came later, as long as it came in time."""
    guides, seeds = GUIDES[:3], [4, 9, 2]
    whole = generate(COUNTS, guides, CONTEXT, sampling=free(**settings), seeds=seeds)
    player = Player(COUNTS, CONTEXT, free(**settings))
    state, heard, ids, own = player.start(seeds), 0, [], []
    for position in range(20):
        more = blocks[position] if position < len(blocks) else 0
        state, decided = player.step(state, Heard(guides[:, heard : heard + more]))
        heard += more
        ids.append(decided.ids)
        own.append(decided.log_probabilities)
    assert np.hstack(ids).tolist() == whole.ids.tolist()
    assert np.hstack(own).tolist() == whole.log_probabilities.tolist()


@pytest.mark.parametrize("ahead", [-1, 0, 2])
def test_a_network_with_a_bounded_view_plays_live_what_it_plays_offline(ahead):
    """It hears each segment only when it has sounded, and `ahead` later ones of a window where it waits for them."""
    model, guides, seeds = network(ahead), GUIDES[:3], [4, 9, 2]
    whole = generate(model, guides, CONTEXT, sampling=free(consensus=2), seeds=seeds)
    player = Player(model, CONTEXT, free(consensus=2))
    state, heard, ids = player.start(seeds), 0, []
    for position in range(20):
        until = min(max(position + 1 + ahead, 0), 20)
        state, decided = player.step(state, Heard(guides[:, heard:until]))
        heard = until
        ids.append(decided.ids)
    assert np.hstack(ids).tolist() == whole.ids.tolist()


def test_a_state_can_be_gone_on_with_twice():
    player = Player(uniform(CLASSES), CONTEXT, free())
    state, _ = player.step(player.start([1]), Heard(GUIDES[:1]))
    first, second = (player.step(state, Heard(GUIDES[:1, :0]))[1].ids for _ in range(2))
    assert first.tolist() == second.tolist()


def test_a_state_keeps_no_more_than_a_window_of_what_was_heard_live():
    player = Player(uniform(CLASSES), CONTEXT, free())
    state = player.start([1])
    for position in range(100):
        state, _ = player.step(state, Heard(GUIDES[:1, position % 20 :][:, :1]))
        assert state.heard.tokens.shape[1] <= CONTEXT.tokens
        assert state.played.shape[1] <= CONTEXT.tokens


@pytest.mark.parametrize("constraint", ["hard", "soft", "off"])
def test_pins_hold_whatever_the_constraint_and_the_rest_goes_on_from_them(constraint):
    follows = np.vstack([np.roll(np.eye(CLASSES), 1, axis=1), np.eye(CLASSES)[:1]])
    pins = np.full(10, FREE)
    pins[[0, 4]] = 3, 1
    decided = generate(
        chain(follows), GUIDES[:1, :10], CONTEXT, sampling=free(constraint=constraint), seeds=[0], pinned=pins
    )
    assert decided.ids[0].tolist() == [3, 4, 5, 0, 1, 2, 3, 4, 5, 0]


def test_pins_come_before_what_the_memory_has():
    pins, allowed = np.array([FREE, 2, FREE]), np.zeros((3, CLASSES), dtype=bool)
    allowed[:, 5] = True
    decided = generate(
        uniform(CLASSES), GUIDES[:1, :3], CONTEXT, sampling=free(), seeds=[0], pinned=pins, allowed=allowed
    )
    assert decided.ids[0].tolist() == [5, 2, 5]


@pytest.mark.parametrize("limit", [{"pinned": np.zeros(4, dtype=int)}, {"allowed": np.ones((4, CLASSES), dtype=bool)}])
def test_limits_have_the_guides_length(limit):
    with pytest.raises(ValueError, match="do not fit"):
        generate(uniform(CLASSES), GUIDES[:1], CONTEXT, sampling=free(), seeds=[0], **limit)


def test_a_consensus_finds_the_most_frequent_class_at_each_position():
    """0 is the likeliest first token, yet it leads to 1 and 2 alike, and all others to 3: 3 is the likeliest second."""
    table = np.eye(CLASSES)[[3] * (CLASSES + 1)]
    table[0], table[-1] = [0, 0.5, 0.5, 0, 0, 0], [0.4, 0, 0, 0, 0.3, 0.3]
    many, greedy = (
        generate(chain(table), GUIDES[:20, :2], CONTEXT, sampling=sampling, seeds=range(20)).ids
        for sampling in (free(consensus=128), free(temperature=0.0))
    )
    assert many.tolist() == [[0, 3]] * 20
    assert greedy.tolist() == [[0, 1]] * 20


def test_a_consensus_is_right_more_often_than_a_sample():
    random = np.random.default_rng(5)
    table = random.dirichlet(np.full(CLASSES, 0.3), size=CLASSES)
    truth = np.array([[random.choice(CLASSES, p=table[a]) for a in row] for row in GUIDES])
    model = guide_table(count([(GUIDES, truth)], CLASSES), 1.0)
    alone, agreed = (generate(model, GUIDES, CONTEXT, sampling=free(consensus=n), seeds=range(40)).ids for n in (1, 32))
    assert (agreed == truth).mean() > (alone == truth).mean() + 0.1


@pytest.mark.parametrize("settings", [{}, {"consensus": 4}, {"best_of": 3}, {"consensus": 2, "best_of": 2}])
def test_log_probabilities_are_the_models_own_along_the_response(settings):
    for model in (network(), COUNTS):
        decided = generate(model, GUIDES[:3], CONTEXT, sampling=free(**settings), seeds=range(3))
        assert score(model, GUIDES[:3], decided.ids, CONTEXT) == pytest.approx(decided.log_probabilities, abs=1e-5)


def test_the_best_of_several_holds_the_first_and_is_the_likeliest():
    one, two, eight = (
        generate(COUNTS, GUIDES, CONTEXT, sampling=free(best_of=n), seeds=range(40)).log_probabilities.sum(axis=1)
        for n in (1, 2, 8)
    )
    assert (two >= one).all()
    assert (eight >= two).all()
    assert (eight > one).mean() > 0.7


def test_takes_and_samples_of_one_seed_all_have_their_own_draws():
    player = Player(uniform(CLASSES), Context(20, 20), free(consensus=2))
    state = player.start([7, 7], takes=[0, 1])
    heard = Heard(GUIDES[:2])
    for _ in range(20):
        state, _ = player.step(state, heard)
        heard = heard.between(0, 0)
    samples = np.delete(state.played, [2, 5], axis=0)
    assert len({tuple(row) for row in samples.tolist()}) == 4


@pytest.mark.parametrize("settings", [{}, {"consensus": 3, "best_of": 2}])
def test_how_many_are_decided_side_by_side_changes_nothing(settings, monkeypatch):
    together = generate(COUNTS, GUIDES[:15], CONTEXT, sampling=free(**settings), seeds=range(15))
    monkeypatch.setattr("antiphon.decision.generation.ROWS", 7)
    apart = generate(COUNTS, GUIDES[:15], CONTEXT, sampling=free(**settings), seeds=range(15))
    assert together.ids.tolist() == apart.ids.tolist()
    scores = score(COUNTS, GUIDES[:15], TARGETS[:15], CONTEXT)
    monkeypatch.setattr("antiphon.decision.scoring.ROWS", 7)
    assert score(COUNTS, GUIDES[:15], TARGETS[:15], CONTEXT).tolist() == scores.tolist()


class LongestHeard:
    """Says the whole seconds of the segment it decides: what a model with durations is told."""

    classes = CLASSES

    def start(self, guides):
        return np.zeros((guides, 0)), 0

    def step(self, state, heard, previous, durations=None):
        assert durations is not None
        assert durations.shape == heard.shape
        known = np.concatenate([state[0], durations], axis=1)
        with np.errstate(divide="ignore"):
            rows = np.log(np.eye(CLASSES, dtype=np.float32)[known[:, state[1]].astype(int)])
        return (known, state[1] + 1), rows


def test_durations_reach_the_model_where_their_segments_are():
    seconds = np.random.default_rng(1).integers(1, CLASSES, size=(3, 20)).astype(float)
    decided = generate(
        LongestHeard(), GUIDES[:3], CONTEXT, sampling=free(consensus=2), seeds=range(3), durations=seconds
    )
    assert decided.ids.tolist() == seconds.astype(int).tolist()
    assert (score(LongestHeard(), GUIDES[:3], decided.ids, CONTEXT, seconds) == 0).all()


def test_durations_are_one_for_each_token():
    with pytest.raises(ValueError, match="one for each token"):
        Heard(GUIDES[:1], np.ones((1, 3)))


def test_progress_ends_at_its_total():
    calls = []
    generate(
        copy_guide(CLASSES),
        GUIDES[:2],
        CONTEXT,
        sampling=free(),
        seeds=[0, 1],
        progress=lambda task, done, total: calls.append((done, total)),
    )
    assert calls == [(done, 20) for done in range(1, 21)]


def test_a_window_at_once_is_the_window_step_by_step():
    found = scoring.window_log_probabilities(COUNTS, GUIDES, TARGETS)
    state, heard, previous = COUNTS.start(40), GUIDES, None
    for position in range(20):
        state, rows = COUNTS.step(state, heard, previous)
        previous, heard = TARGETS[:, position], GUIDES[:, :0]
        assert found[:, position] == pytest.approx(rows[np.arange(40), previous], abs=1e-5)


def test_nothing_to_answer_is_answered_by_nothing():
    decided = generate(uniform(CLASSES), GUIDES[:0], CONTEXT, sampling=free(), seeds=[])
    assert decided.ids.shape == (0, 20)
    assert playing.Player(uniform(CLASSES), CONTEXT, free()).start([]).position == 0
