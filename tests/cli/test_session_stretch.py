"""A memory that is played at the guide's tempo: what is heard, its session and provenance, and edits that come back."""

import shutil
import warnings

import numpy as np
import pytest
import soundfile
from cli_making import sound

import antiphon
from antiphon.action.export.provenance_file import read_provenance, render_provenance
from antiphon.action.export.reaper import SESSION, response_track
from antiphon.action.export.rpp import read_project, words, write_project
from antiphon.action.selection.regions import usable_segments
from antiphon.agent import Agent
from antiphon.errors import AntiphonWarning
from antiphon.perception.beat_grid import on_time
from antiphon.perception.block_encoding import envelope_in_blocks, sound_of
from antiphon.perception.envelope import CELLS_PER_SECOND
from antiphon.perception.segmenters import onset_cells
from antiphon.use_cases.respond import RespondOptions, respond_to_files
from antiphon.use_cases.respond_again import Marks, Wished, respond_again
from antiphon.use_cases.respond_from_session import respond_from_session, session_settings

pytest.importorskip("python_stretch", reason="needs the extra stretch")
mixing = pytest.importorskip("session_mixing", reason="needs the package rpp")

RATE, SECONDS, GUIDE_BPM, MEMORY_BPM = 16000, 12.0, 126.0, 120.0


def plucked(seconds, bpm, first, seed):
    """Tones on the eighths from `first` on (frames, 1)."""
    rng, time = np.random.default_rng(seed), np.arange(4000) / RATE
    samples = np.zeros((round(seconds * RATE) + len(time), 1))
    for start in np.arange(first, seconds - 0.3, 30 / bpm):
        hertz = 220 * 2 ** (rng.choice([0, 3, 5, 7, 10]) / 12)
        at = round(start * RATE)
        samples[at : at + len(time), 0] += (
            rng.uniform(0.1, 0.25) * np.sin(2 * np.pi * hertz * time) * np.exp(-12 * time)
        )
    return samples[: round(seconds * RATE)]


@pytest.fixture(scope="module")
def player():
    base = Agent.base()
    action = base.settings.action.model_copy(update={"stretch": 0.08})
    return base.with_settings(base.settings.model_copy(update={"action": action}))


@pytest.fixture(scope="module")
def answered(player, tmp_path_factory):
    """A response to 126 beats a minute from a memory of 120, with its session; no test may change it."""
    folder = tmp_path_factory.mktemp("stretch")
    guide = sound(folder / "guide.wav", plucked(SECONDS, GUIDE_BPM, 0.1, 1), RATE)
    memory = sound(folder / "memory.wav", plucked(16.0, MEMORY_BPM, 0.21, 2), RATE)
    wanted = RespondOptions(explained=False, export=("reaper", "coll"))
    return respond_to_files([guide], [memory], player, folder / "out", wanted=wanted), folder / "out"


def read(path):
    return soundfile.read(path, always_2d=True)[0][:, 0]


def levels(samples):
    half = RATE // 2
    return 10 * np.log10(np.mean(samples[: len(samples) // half * half].reshape(-1, half) ** 2, axis=1) + 1e-6)


@pytest.mark.slow
def test_its_onsets_fall_on_the_guides_eighths_in_unbroken_copies(answered):
    response = answered[0].response
    onsets = envelope_in_blocks(sound_of(response.audio), RATE).onsets
    cells = onset_cells(onsets)
    beats = 0.1 + 60 / GUIDE_BPM * np.arange(-1, 26)
    assert on_time((cells + 0.5) / CELLS_PER_SECOND, onsets[cells].astype(float), beats) >= 0.85
    assert max(run.length for run in response.runs if run.part) > 1.5 * RATE
    assert response.memory.parts[0].rate == pytest.approx(GUIDE_BPM / MEMORY_BPM, rel=0.003)
    assert "is played 5.0 % faster" in response.timing


def test_sources_are_seconds_of_the_file(answered):
    response = answered[0].response
    for event in response.events:
        if event.source:
            rate = response.memory.parts[0].rate
            assert event.source_start == pytest.approx(event.source_first / RATE * rate)
            assert event.source_end <= 16.0 + 1e-6
    ends = [event.source_end - event.source_start for event in response.events if event.source]
    assert np.median(ends) == pytest.approx(60 / MEMORY_BPM, abs=0.01)


def test_regions_are_seconds_of_the_file(answered, player):
    memory = answered[0].response.memory
    settings = player.settings.action.model_copy(update={"allowed_regions": ("10-16",)})
    first = np.flatnonzero(usable_segments(memory, settings))[0]
    assert 10 <= memory.tokens.intervals[first, 0] * memory.parts[0].rate < 10.6


def test_the_provenance_gives_the_same_sound(answered):
    again = render_provenance(answered[1])
    assert np.array_equal(again.samples, answered[0].response.audio.samples)
    assert read_provenance(answered[1] / "provenance.json").inputs.memories[0].rate > 1.04


def test_the_session_plays_the_files_at_that_rate_and_as_loud(answered):
    items = response_track(read_project(answered[1] / SESSION)).blocks("ITEM")
    rates = {tuple(item.find("PLAYRATE")[:2]) for item in items if item.blocks("SOURCE")[0].find("FILE")}
    assert len(rates) == 1
    ((rate, preserve),) = rates
    assert float(rate) == answered[0].response.memory.parts[0].rate
    assert preserve == "1"
    mixed, _ = mixing.mixed_session(answered[1] / SESSION, SECONDS)
    assert np.abs(levels(mixed[:, 0]) - levels(read(answered[1] / "response.wav"))).max() < 0.1


def test_max_is_told_the_rate(answered):
    line = (answered[1] / "response.coll.txt").read_text().splitlines()[0]
    assert float(line.rstrip(";").split()[-1]) == pytest.approx(1.05, abs=0.003)


def come_back(answered, player, folder, edit):
    """Edit a copy of the session and have it answered: what was said, and the folder of the answer."""
    shutil.copytree(answered[1], folder / "edited")
    path = folder / "edited" / SESSION
    root = read_project(path)
    items = [item for item in response_track(root).blocks("ITEM") if item.blocks("SOURCE")[0].find("FILE")]
    edit(max(items, key=lambda item: float(item.find("LENGTH")[0])))
    write_project(path, root)
    agent = player.with_settings(session_settings(path, player.settings))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", AntiphonWarning)
        respond_from_session(path, agent, folder / "after", wanted=RespondOptions(explained=False))
    return "\n".join(str(each.message) for each in said), folder / "after"


def change(item, name, *values):
    for number, each in enumerate(item.inside):
        if isinstance(each, str) and words(each)[:1] == [name]:
            item.inside[number] = " ".join([name, *map(str, values)])
            return


def test_an_untouched_session_is_answered_alike(answered, player, tmp_path):
    said, after = come_back(answered, player, tmp_path, lambda item: None)
    assert said == ""
    assert np.array_equal(read(after / "response.wav"), read(answered[1] / "response.wav"))


@pytest.mark.slow
def test_an_item_that_was_slipped_is_heard_at_its_rate(answered, player, tmp_path):
    slipped = []

    def slip(item):
        change(item, "SOFFS", float(item.find("SOFFS")[0]) + 0.2)
        slipped.append((float(item.find("POSITION")[0]), float(item.find("LENGTH")[0]), float(item.find("SOFFS")[0])))

    said, after = come_back(answered, player, tmp_path, slip)
    assert said == ""
    mixed, _ = mixing.mixed_session(after / SESSION, SECONDS)
    assert np.abs(levels(mixed[:, 0]) - levels(read(after / "response.wav"))).max() < 0.1
    position, length, offset = slipped[0]
    record = read_provenance(after / "provenance.json")
    (kept,) = [copy for copy in record.copies if copy.pinned]
    middle = round((position + length / 2) * RATE)
    place = (kept.source + middle - kept.start) / RATE * record.inputs.memories[0].rate
    assert place == pytest.approx(offset + length / 2 * record.inputs.memories[0].rate, abs=1e-3)
    np.testing.assert_allclose(render_provenance(after).samples[:, 0], read(after / "response.wav"), atol=2e-7)


def test_another_playback_rate_is_named(answered, player, tmp_path):
    said, _ = come_back(answered, player, tmp_path, lambda item: change(item, "PLAYRATE", "1", "1", "0", "-1"))
    assert "playback rate 1 on the item" in said


@pytest.mark.slow
def test_what_is_kept_of_a_stretched_response_stays_and_the_rest_is_answered_anew(player, answered, tmp_path):
    _, before = answered
    again = tmp_path / "again"
    respond_again(
        before, player, again, wished=Wished(Marks(((3.0, 6.0),))), wanted=RespondOptions(seed=7, explained=False)
    )
    old, new = (antiphon.read(each / "response.wav") for each in (before, again))
    kept = slice(round(3.0 * old.sample_rate), round(6.0 * old.sample_rate))
    assert np.array_equal(old.samples[kept], new.samples[kept])
    assert not np.array_equal(old.samples, new.samples)
    respond_again(
        before, player, tmp_path / "none", wished=Wished(Marks()), wanted=RespondOptions(seed=7, explained=False)
    )
