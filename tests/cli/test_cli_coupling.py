"""`antiphon coupling` on a pair, on a folder, and on what it cannot measure."""

import json
import shutil

import pytest
from cli_making import refused, sound, tones


@pytest.fixture(scope="module")
def outputs(world, tmp_path_factory):
    """A system's answers to two guides: a true partner, and another sound altogether."""
    folder = tmp_path_factory.mktemp("outputs")
    for item in ("one", "two"):
        (folder / item).mkdir()
        shutil.copy(world / "delay-000" / "a.wav", folder / item / "guide.wav")
        shutil.copy(world / "delay-000" / "b.wav", folder / item / "target.wav")
    shutil.copy(world / "delay-000" / "b.wav", folder / "one" / "response.wav")
    sound(folder / "two" / "response.flac", tones(30))
    return folder


def values(measures) -> dict:
    return {each["name"]: each["value"] for each in measures}


def test_a_track_is_coupled_with_itself(call, guide):
    found = json.loads(call("coupling", guide, guide, "--json").out)
    named = values(found["measures"])
    for name in ("onset synchrony", "energy correlation", "density correlation"):
        assert named[name] == pytest.approx(1)
    assert {each["lag"] for each in found["lags"]} == {0.0}


def test_a_partner_that_comes_later_is_found_at_its_lag(call, tmp_path):
    samples = tones(12, seed=1)
    samples[: 6 * 22050] *= 0.1
    guide = sound(tmp_path / "guide.wav", samples)
    late = sound(tmp_path / "late.wav", [[0.0]] * 11025 + samples.tolist())
    found = json.loads(call("coupling", guide, late, "--json").out)
    lags = {each["name"]: each["lag"] for each in found["lags"]}
    assert lags["energy correlation"] == pytest.approx(0.5, abs=0.1)


def test_every_measure_stands_beside_its_calibration_and_what_fails_is_said(call, guide, memory):
    result = call("coupling", guide, memory)
    assert result.code == 0
    assert "chroma agreement fails its own order" in result.out
    found = json.loads(call("coupling", guide, memory, "--json").out)
    for measure in found["measures"]:
        assert set(measure["below"]) >= {"true B", "noise", "A itself"}


def test_of_silence_most_measures_say_nothing(call, guide, tmp_path):
    silent = sound(tmp_path / "silent.wav", tones(12) * 0)
    found = values(json.loads(call("coupling", guide, silent, "--json").out)["measures"])
    assert found["onset synchrony"] == 0
    for name in ("chroma agreement", "consonance", "energy correlation", "density information"):
        assert found[name] is None
    result = call("coupling", guide, silent)
    assert result.code == 0
    assert "nan" not in result.out.replace("+", " ").split()


def test_a_folder_is_measured_item_by_item_beside_its_targets(call, outputs):
    found = json.loads(call("coupling", "--folder", outputs, "--json").out)
    assert [item["name"] for item in found["items"]] == ["one", "two"]
    assert found["items"][0]["response"]["measures"] == found["items"][0]["target"]["measures"]
    assert found["items"][1]["response"]["measures"] != found["items"][1]["target"]["measures"]
    for index, measure in enumerate(found["measures"]):
        singles = [item["response"]["measures"][index]["value"] for item in found["items"]]
        defined = [value for value in singles if value is not None]
        assert measure["response"]["mean"] == pytest.approx(sum(defined) / len(defined))
    assert found["adherence"]["apa"] is None
    assert "APA needs 76" in found["adherence"]["about"]
    assert call("coupling", "--folder", outputs).code == 0


def test_an_item_without_a_response_is_named(call, outputs, tmp_path):
    shutil.copytree(outputs, tmp_path / "outputs")
    (tmp_path / "outputs" / "two" / "response.flac").unlink()
    refused(call("coupling", "--folder", tmp_path / "outputs"), 4, "two", "no response.*")


def test_an_item_with_two_responses_is_named(call, outputs, tmp_path):
    shutil.copytree(outputs, tmp_path / "outputs")
    shutil.copy(outputs / "one" / "guide.wav", tmp_path / "outputs" / "two" / "response.wav")
    refused(call("coupling", "--folder", tmp_path / "outputs"), 4, "two", "response.flac and response.wav")


def test_what_cannot_be_measured_is_refused_in_one_line(call, guide, tmp_path):
    refused(call("coupling", guide), 2, "a guide and a response")
    refused(call("coupling", guide, guide, "--folder", tmp_path), 2, "either")
    refused(call("coupling", "--folder", tmp_path), 4, "no items")
    refused(call("coupling", guide, sound(tmp_path / "short.wav", tones(1))), 4, "2 s are needed")
    refused(call("coupling", guide, guide, "--standard", tmp_path), 4, "calibration.json")


def test_a_corpus_of_one_piece_has_nothing_to_calibrate_on(call, world, tmp_path):
    refused(call("coupling", "train", world, "-o", tmp_path / "standard"), 4, "nothing to calibrate on")
    refused(call("coupling", "calibrate", world), 4, "nothing to calibrate on")
    assert not (tmp_path / "standard").exists()
