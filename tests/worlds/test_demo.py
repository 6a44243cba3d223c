"""The main job from scores to sound, as `make demo` does it, on fewer pieces."""

import hashlib
import json

import numpy as np
import pytest

import antiphon
from antiphon.action.export import read_events
from antiphon.experiments.demo import FEWEST_PIECES, demo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(800)]


def digests(directory):
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    directory = tmp_path_factory.mktemp("made") / "demo"
    return directory, demo(directory, pieces=FEWEST_PIECES)


def test_everything_is_written_and_sounds(made):
    directory, result = made
    guide, memory, response, mix = (
        antiphon.read(directory / f"{name}.wav") for name in ("guide", "memory", "response", "mix")
    )
    assert (response.sample_rate, response.channels) == (memory.sample_rate, memory.channels) == (48000, 2)
    assert len(response.samples) == round(guide.duration * 48000) == len(mix.samples)
    assert result.answer.statistics.rms_dbfs > -40
    assert result.answer.statistics.clipped_samples == 0
    assert result.answer.statistics.silent_share < 0.5
    assert np.isfinite(response.samples).all()


def test_each_segment_has_an_event_and_the_page_carries_all(made):
    directory, _ = made
    specification = json.loads((directory / "specification.json").read_text())
    found = read_events(directory / "provenance.json")
    assert len(found) == len(specification["ids"])
    page = (directory / "index.html").read_text()
    assert page.count("data:audio/mpeg;base64,") == 3, "guide, response and memory; the mix is what plays"
    assert "http://" not in page
    assert "https://" not in page
    for model in ("antiphon", "deaf", "uniform", "majority", "copy-guide", "p(b|a)", "bigram"):
        assert f"<td>{model}</td>" in page


def test_the_guide_is_worth_bits_on_held_out_chorales(made):
    _, result = made
    bits = {row.model: row.bits.mean for row in result.summary}
    assert bits["antiphon"] < bits["deaf"]
    assert bits["antiphon"] == min(bits.values())


def test_a_second_run_gives_the_same_bytes(made, tmp_path):
    directory, _ = made
    demo(tmp_path / "demo", pieces=FEWEST_PIECES)
    first, second = digests(directory), digests(tmp_path / "demo")
    assert first.keys() == second.keys()
    naming_its_place = {"index.html", "provenance.json"}
    assert {name for name in first if first[name] != second[name]} <= naming_its_place
