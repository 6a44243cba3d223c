import json

import numpy as np
import pytest
from action_making import alphabet, memory, path, response, specification, uniform

from antiphon import audio
from antiphon.action.export import read_events, write_response
from antiphon.action.provenance import events
from antiphon.action.rendering.crossfade import Crossfade, HardCut
from antiphon.action.rendering.runs import runs
from antiphon.action.statistics import response_statistics
from antiphon.errors import BadData
from antiphon.types import SILENCE, Audio


@pytest.fixture
def source():
    return memory([0, 1, 2, 3, 0, 1], rate=1000, channels=2, parts=(3,))


@pytest.fixture
def played(source):
    asked = specification([0, 1, 3, 9, 8])
    selection = path([0, 1, 3, SILENCE, 5], source)
    return response(Crossfade(0.05)(selection, source, asked.tokens.intervals), asked, selection, source)


@pytest.fixture
def guide():
    return Audio(np.random.default_rng(1).uniform(-0.9, 0.9, (4960, 1)).astype(np.float32), 2000)


def test_every_segment_has_an_event_with_its_source(played):
    assert [event.source for event in played.events] == ["0.wav", "0.wav", "1.wav", "", "1.wav"]
    assert [event.source_start for event in played.events] == [0, 0.5, 0, 0, 1.0]
    assert [event.source_end for event in played.events] == [0.5, 1.0, 0.5, 0, 1.5]
    assert [event.run for event in played.events] == [0, 0, 1, 2, 3]
    assert [event.time for event in played.events] == [0, 0.5, 1.0, 1.5, 2.0]
    assert [event.token for event in played.events] == [0, 1, 3, 9, 8]
    assert [event.played for event in played.events] == [0, 1, 3, 9, 1]
    assert {event.duration for event in played.events} == {0.5}
    assert {event.log_probability for event in played.events} == {-0.5}


def test_the_events_alone_rebuild_the_response(source):
    asked = specification([0] * 30)
    selection = path(np.random.default_rng(6).integers(-1, 6, 30), source)
    rebuilt = np.zeros((15000, 2), np.float32)
    starts = {part.source: part.start for part in source.parts}
    for event in events(asked, selection, source, runs(selection, source, uniform(30))):
        if event.source:
            first = starts[event.source] + round(event.source_start * 1000)
            place = round(event.time * 1000)
            rebuilt[place : place + 500] = source.audio.samples[first : first + 500]
    assert np.array_equal(rebuilt, HardCut()(selection, source, uniform(30)).samples)


def test_events_are_read_as_written(played, guide, source, tmp_path):
    write_response(tmp_path, played, guide, source, alphabet=alphabet())
    assert read_events(tmp_path / "provenance.json") == played.events


def test_the_directory_holds_every_step(played, guide, source, tmp_path):
    write_response(tmp_path, played, guide, source, alphabet=alphabet())
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "mix.wav", "provenance.json", "response.wav", "specification.json",
    ]  # fmt: skip
    mix = audio.read(tmp_path / "mix.wav")
    assert (mix.sample_rate, mix.channels, len(mix.samples)) == (1000, 2, 2480)
    heard = audio.read(tmp_path / "response.wav")
    assert np.allclose(heard.samples, played.audio.samples, atol=1e-6)
    written = json.loads((tmp_path / "specification.json").read_text())
    assert written["version"] == 1
    assert written["ids"] == written["guide_ids"] == [0, 1, 3, 9, 8]
    assert written["alphabet_id"] == "test"
    assert written["alphabet_size"] == 9
    assert written["intervals"][1] == [0.5, 1.0]
    assert json.loads((tmp_path / "provenance.json").read_text())["settings"] == {"seed": 1}


def test_the_same_response_is_written_as_the_same_bytes(played, guide, source, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_response(tmp_path / name, played, guide, source, alphabet=alphabet())
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_the_mix_is_returned_as_written(played, guide, source, tmp_path):
    mix = write_response(tmp_path, played, guide, source, alphabet=alphabet())
    assert np.allclose(audio.read(tmp_path / "mix.wav").samples, mix.samples, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "holds no events"),
        ('{"version": 7, "events": []}', "version 7"),
        ('{"version": 2, "events": [{"time": 0}]}', "events.0.duration"),
        ('{"version": 2, "events": 3}', "events"),
        ('{"version": 1, "events": []}', "version 1 is not known"),
    ],
)
def test_a_malformed_provenance_is_refused_by_name(tmp_path, text, reason):
    (tmp_path / "provenance.json").write_text(text)
    with pytest.raises(BadData, match=f"provenance.json: .*{reason}"):
        read_events(tmp_path / "provenance.json")


def test_a_missing_or_future_provenance_is_refused(tmp_path, played, guide, source):
    with pytest.raises(BadData, match="No such file"):
        read_events(tmp_path / "none.json")
    write_response(tmp_path, played, guide, source, alphabet=alphabet())
    file = tmp_path / "provenance.json"
    content = json.loads(file.read_text())
    content["events"][2]["version"] = 9
    file.write_text(json.dumps(content))
    with pytest.raises(BadData, match="events of version 9"):
        read_events(file)


def test_statistics_count_what_was_played(played, source):
    found = response_statistics(played, source)
    assert (found.runs, found.hard_joints, found.shared_context_joints, found.substitutes) == (3, 1, 0, 1)
    assert found.peak == audio.peak(played.audio)
    assert 0.16 <= found.silent_share <= 0.2  # half a second of 2.5, less the fades around it
    assert found.rms_dbfs == pytest.approx(10 * np.log10(np.mean(played.audio.samples.astype(float) ** 2)), abs=1e-4)
    assert found.clipped_samples == 0


def test_a_joint_shares_its_context_with_the_label_just_played(source):
    selection = path([0, 5, 0, 2], source)
    played = response(HardCut()(selection, source, uniform(4)), specification([0, 1, 0, 2]), selection, source)
    found = response_statistics(played, source)
    assert (found.runs, found.hard_joints, found.shared_context_joints) == (4, 2, 1)


def test_statistics_of_silence_and_of_nothing_are_numbers(source):
    for count in (4, 0):
        selection = path([SILENCE] * count, source)
        asked = specification([9] * count)
        played = response(Crossfade(0.05)(selection, source, uniform(count)), asked, selection, source)
        found = response_statistics(played, source)
        assert (found.rms_dbfs, found.peak, found.runs) == (-200, 0, 0)


def test_samples_beyond_full_scale_are_counted(source, played):
    loud = Audio(np.array([[1.0], [-1.5], [2.0], [0.0]], np.float32), 1000)
    louder = response(loud, played.specification, played.selection, source)
    assert response_statistics(louder, source).clipped_samples == 2
