"""A study of one's own piece: what is held against what, at which loudness, and what of it cannot be had."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from cli_making import digests, refused, sound, tones

from antiphon import audio
from antiphon.agent import Agent
from antiphon.agent.networks import blank_network
from antiphon.evaluation import contenders
from antiphon.evaluation.contenders import deaf, hearing, turned
from antiphon.listening.study import read_study

pyln = pytest.importorskip("pyloudnorm", reason="the loudness is measured by pyloudnorm")

pytestmark = pytest.mark.slow


def with_deaf_twin(directory):
    """The agent with a deaf network beside it, which has learned nothing."""
    player = Agent.load(directory)
    torch.manual_seed(0)
    return replace(player, deaf=blank_network(player.settings, player.alphabet, hears=False).eval())


@pytest.fixture(scope="module", autouse=True)
def _few_windows():
    """Opponents are fitted on a part of what the agent keeps: which of them is best is not what is tested here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contenders, "MOST_LEARNED", 12)
        patch.setattr(contenders, "MOST_CHECKED", 6)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory, agent, guide, memory):
    """A study of two by two, and one of ratings with what was really played."""
    from antiphon.use_cases.proof import ProofOptions, proof

    home, player = tmp_path_factory.mktemp("proof"), with_deaf_twin(agent)
    pair = proof([guide], [memory], player, home / "pair", wanted=ProofOptions(passages=3, seconds=8.0, seed=1))
    options = ProofOptions("rating", passages=2, seconds=8.0)
    rated = proof([guide], [memory], player, home / "rated", partner=memory, wanted=options)
    return home, pair, rated


def alone(home, trial, name):
    """An answer of a passage without its guide: what is left of the mix."""
    guide, mix = audio.read(home / trial.guide), audio.read(home / trial.sounds[name])
    return mix.samples[:, 0] - guide.samples[:, 0], guide.samples[:, 0], guide.sample_rate


def test_all_answers_of_a_passage_are_as_loud_as_its_guide_and_none_clips(made):
    home, pair, rated = made
    for folder, found in (("pair", pair), ("rated", rated)):
        for trial in found.study.trials:
            for name in trial.sounds:
                answer, guide, rate = alone(home / folder, trial, name)
                meter = pyln.Meter(rate)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    levels = [meter.integrated_loudness(each.astype(np.float64)) for each in (answer, guide)]
                assert levels[0] == pytest.approx(levels[1], abs=0.3), (folder, trial.name, name)
                assert np.abs(audio.read(home / folder / trial.sounds[name]).samples).max() <= 10 ** (-0.9 / 20)


def test_sounds_of_many_channels_are_heard_in_mono(call, tmp_path, agent, guide, memory):
    """What a browser plays, and a flac holds, has few."""
    for name, path, channels in (("guide", guide, 12), ("memory", memory, 9)):
        found = audio.read(path)
        sound(tmp_path / f"{name}.wav", np.repeat(found.samples, channels, 1), found.sample_rate)
    words = (tmp_path / "guide.wav", "-m", tmp_path / "memory.wav", "--agent", agent, "--passages", 1, "--seconds", 4)
    assert call("proof", *words, "-o", tmp_path / "out").code == 0
    sounds = [audio.read(path) for path in (tmp_path / "out" / "sounds").iterdir()]
    assert {each.channels for each in sounds} == {1}
    assert len(sounds) >= 3


def test_what_is_held_against_what(made):
    home, pair, rated = made
    names = [condition.name for condition in pair.study.conditions]
    assert names[:3] == ["hearing", "deaf", "shifted"]
    assert len(names) == 4
    assert pair.study.tested == "hearing"
    roles = {condition.name: condition.role for condition in rated.study.conditions}
    assert roles["partner"] == "reference"
    assert roles["random"] == "anchor"
    assert set(names) | {"partner", "random"} == set(roles)
    told = json.loads((home / "pair" / "proof.json").read_text())
    assert told["opponent"] == names[3]
    assert told["shifted_segments"] >= 1
    assert read_study(home / "pair") == pair.study
    # No file says which condition it is.
    assert not any(name in path.name for path in (home / "pair" / "sounds").iterdir() for name in names)


def test_the_hidden_reference_is_what_was_really_played(made, memory):
    home, _, rated = made
    first = json.loads((home / "rated" / "proof.json").read_text())["passages"][0]
    heard, _, rate = alone(home / "rated", rated.study.trials[0], "partner")
    true = audio.read(memory).samples[round(first["start"] * rate) :][: len(heard), 0]
    inner = slice(rate // 10, len(heard) - rate // 10)
    assert np.corrcoef(heard[inner], true[inner])[0, 1] > 0.999


def test_hearing_is_the_response_of_the_agent_and_shifted_has_the_guide_at_the_wrong_time(agent, guide, memory):
    player, heard = with_deaf_twin(agent), audio.read(guide)
    kept = player.memory_of([memory])
    place = player.hear(heard, kept)
    own = player.respond(heard, kept, seed=3)
    assert np.array_equal(hearing(player, place, 3).audio.samples, own.audio.samples)
    late, count = turned(place, 3)
    assert 0.25 <= count / len(place.tokens) <= 0.75
    assert late.tokens.ids.tolist() == np.roll(place.tokens.ids, count).tolist()
    assert np.array_equal(late.tokens.intervals, place.tokens.intervals)
    # Who hears nothing answers the same whatever the guide is.
    first, second = deaf(player, place, 3), deaf(player, late, 3)
    assert first.specification.tokens.ids.tolist() == second.specification.tokens.ids.tolist()


def test_the_same_files_agent_and_seed_give_the_same_study(call, tmp_path, agent, guide, memory):
    flags = ("--agent", agent, "--passages", "2", "--seconds", "4", "--seed", "2")
    for name in ("first", "second"):
        told = call("proof", guide, "--memory", memory, "-o", tmp_path / name, *flags)
        assert told.code == 0, told.err
        assert f"antiphon listen {tmp_path / name}" in told.out
    assert digests(tmp_path / "first") == digests(tmp_path / "second")


def test_a_study_that_is_there_is_not_written_over(made, call, agent, guide, memory):
    home, _, _ = made
    before = digests(home)
    refused(call("proof", guide, "--memory", memory, "-o", home / "pair", "--agent", agent), 2, "not thrown away")
    assert digests(home) == before


def test_what_cannot_be_asked_is_a_line(call, tmp_path, agent, guide, memory):
    silent = tmp_path / "silent.wav"
    sound(silent, 0 * tones(20))
    refused(call("proof", silent, "--memory", memory, "-o", tmp_path / "a", "--agent", agent), 4, "nothing sounds")
    refused(call("proof", guide, "--memory", memory, "-o", tmp_path / "b", "--seconds", "0.1"), 2, "seconds must be")
    refused(call("proof", guide, "--memory", memory, "-o", tmp_path / "c", "--passages", "0"), 2, "passages must be")
    assert not any(path.is_dir() for path in tmp_path.iterdir())
