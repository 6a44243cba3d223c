"""What is said of a pair, and which way a pair is learned."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from antiphon import audio
from antiphon.agent import Agent
from antiphon.agent.pair_verdict import pair_verdict
from antiphon.analysis.pair_account import pair_account
from antiphon.config import CorpusSettings, TrainingSettings, resolve
from antiphon.config.presets import pair_defaults, with_both_ways
from antiphon.corpus.opening import open_given
from antiphon.corpus.planted import VOICES, PlantedSettings, planted_audio, planted_tokens
from antiphon.dataset import TokenPair
from antiphon.training.batches import draws
from antiphon.training.pipeline import train


def estimate_of(mean, low, high):
    return {"mean": mean, "low": low, "high": high, "pieces": 10}


def account(stands, p=0.01, words="B plays A's pitch, 0.5 s later"):
    return {"relation": {"words": words, "gain": estimate_of(1.9, 1.7, 2.1), "p": p, "stands": stands}}


def test_a_relation_is_told_with_its_worth():
    assert pair_verdict(account(stands=True)) == (
        "B plays A's pitch, 0.5 s later: worth 1.90 bits a segment (1.70 to 2.10) on held-out blocks of the pair, "
        "p = 0.01 against circularly shifted guides."
    )


def test_no_relation_is_told_as_well():
    said = pair_verdict(account(stands=False, p=0.41))
    assert said == "No relation found: B is as predictable without A (p = 0.41 against circularly shifted guides)."
    assert "too short" in pair_verdict({"relation": None})
    assert pair_verdict({}) == ""


def test_of_a_short_pair_nothing_is_said():
    agent = Agent.base()
    short = TokenPair(np.zeros(10, dtype=np.int64), np.zeros(10, dtype=np.int64), np.full(10, 0.5))
    assert pair_account([short], agent) is None


def test_the_classes_of_the_contained_ear_have_pitches():
    agent = Agent.base()
    ids = np.random.default_rng(0).integers(agent.alphabet.size, size=120)
    pair = TokenPair(ids, np.roll(ids, 1), np.full(120, 0.5))
    found = pair_account([pair], agent, shifts=39)
    assert found["stands"]
    assert "0.5 s later" in found["words"]


def test_a_little_music_is_drawn_often_enough_for_the_steps_of_an_epoch():
    settings = TrainingSettings(epoch_steps=40)
    assert draws(24, TrainingSettings()) == 8
    assert draws(24, settings) * 24 >= 40 * settings.batch_size
    assert draws(1000, settings) == 8


def pair_of_files(folder: Path, world: str, segments: int) -> tuple[Path, Path]:
    settings = PlantedSettings(world, pieces=1, segments=segments)
    (pair,) = planted_tokens(settings)
    for part in ("a", "b"):
        sound = planted_audio(getattr(pair, part), part, settings, VOICES[part], np.random.default_rng([0, ord(part)]))
        audio.write(folder / f"{part}.wav", sound)
    return folder / "a.wav", folder / "b.wav"


def test_of_a_pair_only_the_second_answers_unless_both_shall(tmp_path):
    files = pair_of_files(tmp_path, "copy", 4)
    settings = pair_defaults()
    (one_way,) = open_given(None, files, None, settings.corpus).multitracks
    assert [track.answers for track in one_way.tracks] == [False, True]
    (both_ways,) = open_given(None, files, None, with_both_ways(settings).corpus).multitracks
    assert [track.answers for track in both_ways.tracks] == [True, True]
    (paper,) = open_given(None, files, None, CorpusSettings()).multitracks
    assert replace(paper) == both_ways


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::antiphon.errors.AntiphonWarning")
def test_a_minute_of_sound_is_enough_to_tell_the_relation(tmp_path):
    files = pair_of_files(tmp_path, "third-below", 120)
    small = {"max_epochs": 1, "epoch_steps": 0, "deaf": False, "shifted": False}
    settings = resolve(environment={}, overrides={"training": small}, base=pair_defaults())
    agent = train(open_given(None, files, None, settings.corpus), settings=settings)
    assert pair_verdict(agent.training).startswith("B plays a third of the scale below A's pitch: worth ")
    assert {row["model"] for row in agent.training["summary"]} >= {"relation", "antiphon"}
