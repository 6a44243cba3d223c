"""An agent that remembers pairs: what it says of them, what it keeps, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from antiphon.action.selection.sound_relation import PairSound
from antiphon.agent import Agent
from antiphon.agent.known_pairs import MOST_SEGMENTS, pair_arrays, pairs_of, sound_arrays, sound_relation, sounds_of
from antiphon.agent.pair_alphabet import expected_labels
from antiphon.agent.pair_verdict import following_verdict, memory_verdict, pair_verdict
from antiphon.dataset import TokenPair
from antiphon.decision.datastore import KnownPair
from antiphon.decision.generation import score
from antiphon.errors import BadData
from antiphon.metrics import bits_per_token
from antiphon.training.remembering import following_pairs, remember_tokens
from antiphon.types import PairAlphabet, SegmentSound


def shifted_pair(seed, n=160):
    """A target that is a function of its guide, in the classes of the base agent."""
    guide = np.random.default_rng(seed).integers(10, size=n)
    return TokenPair(guide, guide + 20, np.full(n, 0.5))


def bits(agent, pair):
    return bits_per_token(
        score(agent.decision, pair.guide[None], pair.target[None], agent.context, pair.durations[None])
    )


@pytest.fixture(scope="module")
def base():
    return Agent.base()


@pytest.fixture(scope="module")
def knowing(base):
    return remember_tokens(base, [shifted_pair(0)], [("a.wav", "b.wav")])


def test_a_pair_is_remembered_without_a_change_of_the_network(base, knowing):
    new = shifted_pair(1, 80)
    assert bits(knowing, new) < bits(base, new) - 2
    assert knowing.network is base.network
    assert not base.pairs


def test_it_says_what_the_pair_is_worth(knowing):
    said = memory_verdict(knowing.training)
    assert said.startswith("Remembers 160 segments: ")
    assert "better" in said
    assert "B's class depends on A's class" in pair_verdict(knowing.training)
    assert memory_verdict({}) == ""


def test_an_agent_in_its_directory_remembers(base, knowing, tmp_path):
    knowing.save(tmp_path / "agent")
    again, new = Agent.load(tmp_path / "agent"), shifted_pair(2, 60)
    assert bits(again, new) == bits(knowing, new)
    assert "Remembers 160 segments" in (tmp_path / "agent" / "README.md").read_text(encoding="utf-8")
    assert again.training["remembers"]["recordings"] == [{"guide": "a.wav", "target": "b.wav"}]
    base.save(tmp_path / "agent")
    assert not Agent.load(tmp_path / "agent").pairs
    assert not (tmp_path / "agent" / "pairs.safetensors").exists()


def sound_of(classes, level):
    rows = np.eye(12)[classes % 12]
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return SegmentSound(np.hstack([rows, rows]).astype(np.float32) / np.float32(np.sqrt(2)), level)


@pytest.fixture(scope="module")
def following(base):
    """B is a fourth above A, and loud where A is soft; and it plays where A rests."""
    random, rest = np.random.default_rng(0), base.alphabet.rest
    guide = random.integers(12, size=160)
    loud = random.normal(-20, 6, 160).astype(np.float32)
    sounds = PairSound(sound_of(guide, loud), sound_of(guide + 5, -40 - loud), np.full(160, 0.5))
    pair = shifted_pair(0)
    resting = TokenPair(np.where(np.arange(160) < 8, rest, pair.guide), pair.target, pair.durations)
    centroids = base.alphabet.centroids[:5]
    own = PairAlphabet(replace(base.alphabet, centroids=centroids), ((np.arange(4), np.array([1, 2, 3, 5])),))
    remembering = replace(remember_tokens(base, [resting]), pair_sounds=(sounds,), pair_alphabet=own)
    return following_pairs(remembering)


@pytest.mark.slow
def test_a_response_follows_as_the_pair_does(base, following):
    relation, settings = sound_relation(following), following.settings
    assert (int(relation.harmony.taps.argmax()), relation.level.sign) == (5, -1)
    assert (settings.action.harmony, settings.action.dynamics) == (relation.harmony.weight, relation.level.weight)
    assert (settings.action.ride, settings.sampling.rests) == (0.0, "fill")
    assert base.settings.action.ride > 0
    assert following_verdict(following.training) == (
        "As B follows A, a response follows its guide: its harmony 5 semitones higher (agreement 1.00), its loudness "
        "turned round (correlation 1.00). B plays in A's rests and hardly rests itself, and so does a response."
    )


@pytest.mark.parametrize(
    ("b_rests", "rests"),
    [("never", "fill"), ("with A", "follow"), ("where A speaks", "free"), ("at times of its own", "follow")],
)
def test_a_response_rests_when_b_does_as_far_as_a_tells(base, b_rests, rests):
    """Free to rest an agent rests for a third of the time, so that this has to be shown."""
    rest, a_rests = base.alphabet.rest, np.random.default_rng(5).random(160) < 0.4
    own_times = np.random.default_rng(9).random(160) < 0.4
    when = {"never": a_rests & False, "with A": a_rests, "where A speaks": ~a_rests, "at times of its own": own_times}
    pair = shifted_pair(0)
    guide, target = np.where(a_rests, rest, pair.guide), np.where(when[b_rests], rest, pair.target)
    agent = remember_tokens(base, [TokenPair(guide, target, pair.durations)], judged=False)
    assert following_pairs(agent).settings.sampling.rests == rests


def test_a_decision_keeps_to_what_the_pairs_classes_expect(following):
    """The pair's classes of this agent are five of its own."""
    expected = np.full((2, 6), 0.01, dtype=np.float32)
    expected[0, 3] = 0.95
    labels = expected_labels(following, expected)
    assert labels[0, 3]
    assert not labels[0].all()
    assert labels[1].all(), "nothing is expected there"
    assert expected_labels(following, None) is None


def test_how_a_pair_sounds_is_kept(following, knowing, tmp_path):
    following.save(tmp_path / "agent")
    again = Agent.load(tmp_path / "agent")
    assert np.array_equal(sound_relation(again).harmony.taps, sound_relation(following).harmony.taps)
    more = (*knowing.pairs, *following.pairs)
    (found,) = sounds_of(sound_arrays(following.pair_sounds), more)
    assert np.array_equal(found.guide.level, following.pair_sounds[0].guide.level)
    assert found.guide.activity is None, "an earlier version did not hear it"
    busy = np.linspace(-1, 2, len(found), dtype=np.float32)
    sides = (replace(each, activity=busy, register=busy + 3) for each in (found.guide, found.target))
    (later,) = sounds_of(sound_arrays([PairSound(*sides, found.durations)]), more)
    assert np.array_equal(later.target.activity, busy)
    assert np.array_equal(later.guide.register, busy + 3)
    assert sounds_of(pair_arrays(knowing.pairs), knowing.pairs) == ()
    assert np.array_equal(again.pair_alphabet.alphabet.centroids, following.pair_alphabet.alphabet.centroids)
    assert again.pair_alphabet.pairs[0][1].tolist() == [1, 2, 3, 5]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("guide_chroma", np.zeros((160, 12), np.float32)),
        ("target_chroma", np.full((160, 24), np.nan, np.float32)),
        ("target_chroma", np.full((160, 24), 1e9, np.float32)),
        ("guide_level", np.zeros(100, np.float32)),
        ("target_level", np.full(160, np.inf, np.float32)),
        ("own_centroids", np.zeros((3, 5), np.float32)),
        ("own_guide", np.full(4, 9, np.int32)),
        ("own_guide", np.zeros(4, np.float32)),
        ("own_target", np.zeros(3, np.int32)),
        ("own_lengths", np.array([2, 1], np.int32)),
    ],
)
def test_what_is_not_how_a_pair_sounds_is_refused(following, name, value, tmp_path):
    following.save(tmp_path / "agent")
    file = tmp_path / "agent" / "pairs.safetensors"
    save_file({**load_file(file), name: value}, file)
    with pytest.raises(BadData, match=r"pairs\.safetensors: not pairs that this agent remembers"):
        Agent.load(tmp_path / "agent")


def test_pairs_of_different_lengths_add_up(knowing):
    more = remember_tokens(knowing, [shifted_pair(3, 40)], [("c.wav", "d.wav")])
    assert [len(pair) for pair in more.pairs] == [160, 40]
    assert [each["guide"] for each in more.training["remembers"]["recordings"]] == ["a.wav", "c.wav"]


def test_what_is_kept_comes_back(knowing):
    arrays = pair_arrays([*knowing.pairs, KnownPair(np.array([3]), np.array([64]), np.array([0.25]))])
    first, second = pairs_of(arrays, 65)
    assert np.array_equal(first.guide, knowing.pairs[0].guide)
    assert (second.target[0], second.durations[0]) == (64, 0.25)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("guide", np.full(160, 65, np.uint8)),
        ("target", np.full(160, -1, np.int8)),
        ("guide", np.zeros(160, np.float32)),
        ("durations", np.full(160, np.nan, np.float32)),
        ("durations", np.zeros(160, np.float32)),
        ("lengths", np.array([159], np.int32)),
        ("lengths", np.array([161, -1], np.int32)),
        ("target", np.zeros((2, 80), np.uint8)),
    ],
)
def test_a_damaged_file_is_refused_by_name(knowing, tmp_path, name, value):
    knowing.save(tmp_path / "agent")
    file = tmp_path / "agent" / "pairs.safetensors"
    save_file({**load_file(file), name: value}, file)
    with pytest.raises(BadData, match=r"pairs\.safetensors: not pairs"):
        Agent.load(tmp_path / "agent")


def test_too_little_and_too_much_are_refused(base):
    with pytest.raises(BadData, match="too few to remember"):
        remember_tokens(base, [shifted_pair(0, 19)])
    with pytest.raises(BadData, match="train on them"):
        remember_tokens(base, [shifted_pair(0, MOST_SEGMENTS + 1)])
