"""What is wrong with two sounds that somebody chose, in sentences."""

import numpy as np
import pytest

from antiphon import audio
from antiphon.checkpoint import load_json
from antiphon.studio.bench import Bench
from antiphon.studio.pair_check import checked
from antiphon.studio.project import Project
from antiphon.types import Audio

RATE = 22050


def _melody(seed: int, seconds: float = 12.0) -> np.ndarray:
    draws = np.random.default_rng(seed)
    steps = np.repeat(220 * 2 ** (draws.integers(0, 12, round(2 * seconds)) / 12), RATE // 2)
    return 0.3 * np.sin(2 * np.pi * np.cumsum(steps) / RATE)


@pytest.fixture
def told(tmp_path):
    def check(first: np.ndarray, second: np.ndarray) -> dict:
        for name, samples in (("first.wav", first), ("second.wav", second)):
            audio.write(tmp_path / name, Audio(samples[:, None].astype(np.float32), RATE))
        asked = {"guide": "first.wav", "target": "second.wav", "both_ways": False}
        project = Project(tmp_path)
        name, _ = checked(Bench(project), asked, lambda task, done, total: None)
        return load_json(tmp_path / name)

    return check


def test_two_parts_that_play_together_can_be_learned_from(told):
    found = told(_melody(0), _melody(1))
    assert found["errors"] == 0
    assert found["verdict"].startswith("An agent can learn from these two (")
    assert {each["kind"] for each in found["findings"]} == {"good to know"}


def test_one_sound_twice_is_wrong_and_another_one_is_to_be_chosen(told):
    melody = _melody(0)
    late = np.concatenate([np.zeros(RATE // 10), melody])[: len(melody)]
    for second, said in ((melody, "They hold the same samples."), (late, "One is the other, shifted in time.")):
        found = told(melody, second)
        assert found["verdict"] == "An agent that learns from these two would be wrong."
        worst = found["findings"][0]
        assert (worst["kind"], worst["said"]) == ("wrong", said)
        assert "choose another one" in worst["advice"]


def test_what_is_doubtful_names_the_sound_and_not_its_folder(told, tmp_path):
    found = told(_melody(0), np.clip(9 * _melody(1), -1, 1))
    (clipped,) = [each for each in found["findings"] if each["kind"] == "doubtful"]
    assert clipped["said"].startswith("second: Clipped ")
    assert str(tmp_path) not in str(found)
    assert "listen to what is doubtful" in found["verdict"]


def test_a_file_that_cannot_be_read_is_said_to_be(told, tmp_path):
    told(_melody(0), _melody(1))
    (tmp_path / "second.wav").write_bytes(b"RIFF of nothing")
    asked = {"guide": "first.wav", "target": "second.wav", "both_ways": False}
    name, _ = checked(Bench(Project(tmp_path)), asked, lambda task, done, total: None)
    (finding,) = load_json(tmp_path / name)["findings"]
    assert finding["kind"] == "wrong"
    assert finding["said"].startswith("second.wav: ")
    assert "Save it again" in finding["advice"]
