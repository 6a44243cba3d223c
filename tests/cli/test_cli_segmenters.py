"""Segments that begin at onsets or beats, through the whole chain: the response lives on the guide's intervals."""

import json

import numpy as np
import pytest
import soundfile
from cli_making import FAST

SEGMENTERS = {
    "onset": ("--perception.segmenter", "onset"),
    "beat": ("--perception.segmenter", "beat", "--perception.tempo-bpm", "120"),
}


@pytest.fixture(scope="module", params=SEGMENTERS)
def segmented(request, world, tmp_path_factory):
    """An agent whose segments vary, and what its training printed."""
    from antiphon.cli.app import run

    directory = tmp_path_factory.mktemp(request.param) / "agent"
    settings = (*SEGMENTERS[request.param], "--decision.durations", "--perception.maximum-seconds", "1.5")
    assert run(["train", str(world), "-o", str(directory), *FAST, *settings]) == 0
    return directory


def intervals(call, agent, track):
    return np.array(json.loads(call("tokenize", track, "--agent", agent, "--json").out)["intervals"])


def test_the_segments_tile_the_recording(call, segmented, guide):
    found = intervals(call, segmented, guide)
    assert found[0, 0] == 0
    assert found[-1, 1] == pytest.approx(soundfile.info(guide).duration)
    np.testing.assert_array_equal(found[1:, 0], found[:-1, 1])
    assert np.diff(found, axis=1).max() <= 1.5 + 1e-6


def test_a_response_has_the_guides_segments_and_its_length(call, segmented, guide, memory, tmp_path):
    result = call("respond", guide, "--memory", memory, "--agent", segmented, "-o", tmp_path / "out", "--quiet")
    assert (result.code, result.err) == (0, "")
    asked = json.loads((tmp_path / "out" / "specification.json").read_text(encoding="utf-8"))
    np.testing.assert_allclose(asked["intervals"], intervals(call, segmented, guide))
    response = soundfile.info(tmp_path / "out" / "response.wav")
    assert response.duration == pytest.approx(soundfile.info(guide).duration, abs=1 / response.samplerate)


def test_an_evaluation_counts_every_model(call, segmented, world):
    result = call("evaluate", segmented, world, "--json")
    assert result.code == 0
    rows = {row["model"]: row for row in json.loads(result.out)["summary"]}
    assert {"antiphon", "uniform", "majority"} <= set(rows)
    assert 0 <= rows["antiphon"]["tpp"]["mean"] <= 100


def test_beats_lie_on_the_tempo_that_was_given(call, segmented, guide):
    if "beat" not in segmented.parent.name:
        pytest.skip("onsets follow no tempo")
    lengths = np.diff(intervals(call, segmented, guide), axis=1)[1:-1, 0]
    np.testing.assert_allclose(lengths, 0.5, atol=0.011)
