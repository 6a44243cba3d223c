"""What is kept of a response stays, bit for bit, whatever is answered around it; and it is exported as if at once."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cli_making import digests

import antiphon
from antiphon.action.export import PROVENANCE, read_provenance, render_provenance
from antiphon.action.selection.memory_sounds import register_of
from antiphon.agent import Agent
from antiphon.errors import AntiphonError, BadData, SettingsError
from antiphon.use_cases.export_again import export_response
from antiphon.use_cases.respond import RespondOptions, respond_to_files
from antiphon.use_cases.respond_again import Marks, Wished, respond_again

KEPT = ((3.2, 7.7), (20.0, 25.25))


@pytest.fixture(scope="module")
def player(agent):
    return Agent.load(agent)


@pytest.fixture(scope="module")
def first(player, guide, memory, tmp_path_factory):
    """A response; no test may change it."""
    out = tmp_path_factory.mktemp("first") / "first"
    respond_to_files([guide], [memory], player, out, wanted=RespondOptions(explained=False))
    before = digests(out)
    yield out
    assert digests(out) == before


def samples(folder: Path) -> np.ndarray:
    return antiphon.read(folder / "response.wav").samples


def inside(folder: Path, span: tuple[float, float]) -> slice:
    rate = antiphon.read(folder / "response.wav").sample_rate
    return slice(round(span[0] * rate), round(span[1] * rate))


@pytest.mark.parametrize("kept", [KEPT, ((0.0, 12.0),), ((29.0, 30.0),), ()], ids=str)
def test_kept_spans_are_bit_equal_and_the_rest_is_new(player, first, tmp_path, kept):
    out = tmp_path / "again"
    respond_again(first, player, out, wished=Wished(Marks(kept)), wanted=RespondOptions(seed=5, explained=False))
    old, new = samples(first), samples(out)
    assert old.shape == new.shape
    free = np.ones(len(old), dtype=bool)
    for span in kept:
        assert np.array_equal(new[inside(first, span)], old[inside(first, span)])
        free[inside(first, span)] = False
    assert np.mean(np.any(new[free] != old[free], axis=1)) > 0.2
    rendered = render_provenance(out).samples
    assert np.abs(rendered - new).max() < 2**-22


@pytest.mark.slow
def test_kept_once_more_it_is_still_the_same(player, first, tmp_path):
    before = first
    for number in range(3):
        out = tmp_path / str(number)
        respond_again(
            before, player, out, wished=Wished(Marks(KEPT)), wanted=RespondOptions(seed=10 + number, explained=False)
        )
        before = out
    for span in KEPT:
        assert np.array_equal(samples(before)[inside(first, span)], samples(first)[inside(first, span)])


def test_new_phrases_give_way_to_what_is_kept_where_a_peak_would_pass(player, first, tmp_path):
    action = player.settings.action.model_copy(update={"true_peak_dbtp": -30.0})
    quiet = player.with_settings(player.settings.model_copy(update={"action": action}))
    result = respond_again(
        first, quiet, tmp_path / "out", wished=Wished(Marks(KEPT)), wanted=RespondOptions(seed=5, explained=False)
    )
    old, new = samples(first), samples(tmp_path / "out")
    assert np.array_equal(new[inside(first, KEPT[0])], old[inside(first, KEPT[0])])
    rate = antiphon.read(first / "response.wav").sample_rate
    assert np.abs(new[round(27 * rate) :]).max() < 10 ** (-29 / 20) < np.abs(old[round(27 * rate) :]).max()
    assert any("turned down" in note for note in result.notes)


def test_what_cannot_be_kept_is_one_sentence(player, first, tmp_path):
    wanted = RespondOptions(seed=1, explained=False)
    for span in ((5.0, 4.0), (-1.0, 2.0), (50.0, 90.0)):
        with pytest.raises(SettingsError, match="not within the response"):
            respond_again(first, player, tmp_path / "out", wished=Wished(Marks((span,))), wanted=wanted)
    with pytest.raises(AntiphonError, match="not written over"):
        respond_again(first, player, first, wished=Wished(Marks()), wanted=replace(wanted, overwrite=True))

    def nowhere(path: Path) -> Path:
        raise BadData(f"{path}: outside")

    with pytest.raises(BadData, match="outside"):
        respond_again(first, player, tmp_path / "out", wished=Wished(Marks()), wanted=wanted, allowed=nowhere)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_an_export_afterwards_is_the_export_at_once(player, guide, memory, tmp_path, call):
    wanted = RespondOptions(explained=False)
    for name, formats in (("at-once", ("all",)), ("later", ())):
        respond_to_files([guide], [memory], player, tmp_path / name, wanted=replace(wanted, export=formats))
    sound = samples(tmp_path / "later")
    for _ in range(2):
        export_response(tmp_path / "later", ("all",))
        assert digests(tmp_path / "later") == digests(tmp_path / "at-once")
    assert np.array_equal(samples(tmp_path / "later"), sound)
    assert call("respond", "--from", tmp_path / "later" / "session.rpp", "-o", tmp_path / "edited").code == 0
    assert read_provenance(tmp_path / "later" / PROVENANCE).inputs.memories[0].path == "media/b.wav"
    assert json.loads((tmp_path / "edited" / PROVENANCE).read_text())["settings"]["seed"] == 0


def test_a_session_that_was_edited_is_not_written_over_and_what_lies_beside_it_stays(player, first, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(first, out)
    export_response(out, ("reaper",))
    (out / "session.rpp-bak").write_text("the sequencer's own")
    export_response(out, ("midi", "reaper"))
    assert (out / "session.rpp-bak").read_text() == "the sequencer's own"
    session = out / "session.rpp"
    session.write_text(session.read_text().replace("VOLPAN", "VOLPAN 0.5 0 1 -1\n  VOLPAN", 1))
    before = digests(out)
    with pytest.raises(AntiphonError, match="holds edits of yours"):
        export_response(out, ("reaper",))
    export_response(out, ("audacity",))
    assert digests(out)["session.rpp"] == before["session.rpp"]


def test_a_dawproject_takes_no_file_along_that_the_caller_refuses(first, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(first, out)

    def nowhere(path):
        raise BadData(f"{path}: outside")

    with pytest.raises(BadData, match="outside"):
        export_response(out, ("dawproject",), allowed=nowhere)
    assert not (out / "session.dawproject").exists()
    assert "session.dawproject" in export_response(out, ("dawproject",))


def events(folder: Path):
    return read_provenance(folder / PROVENANCE).events


@pytest.mark.slow
def test_a_class_that_is_asked_for_is_played_and_all_else_stays(player, first, tmp_path):
    told = events(first)
    index = next(n for n, event in enumerate(told) if 8 < n < 100 and event.played != player.alphabet.rest)
    classes = {event.played for event in told} - {told[index].played}
    start, end = told[index].time, told[index].time + told[index].duration
    kept = ((0.0, start), (end, 30.0))
    for token in sorted(classes)[:3]:
        out = tmp_path / str(token)
        wished = Wished(Marks(kept, asked=((index, token),)))
        respond_again(first, player, out, wished=wished, wanted=RespondOptions(explained=False))
        assert events(out)[index].played == token
        assert np.array_equal(
            samples(out)[inside(first, (0, start - 0.5))], samples(first)[inside(first, (0, start - 0.5))]
        )
    for asked in ((index, 10_000), (10_000, 1), (-1, 1), (index, -2)):
        wished = Wished(Marks(asked=(asked,)))
        with pytest.raises(SettingsError):
            respond_again(first, player, tmp_path / "none", wished=wished, wanted=RespondOptions(explained=False))
    assert not (tmp_path / "none").exists()


def test_what_is_rejected_is_not_played_there_again(player, first, tmp_path):
    span, out = (10.0, 20.0), tmp_path / "out"
    wished = Wished(Marks(((0.0, 10.0), (20.0, 30.0)), (span,)))
    respond_again(first, player, out, wished=wished, wanted=RespondOptions(explained=False))
    pairs = [
        (old, new) for old, new in zip(events(first), events(out), strict=True)
        if span[0] <= old.time and old.time + old.duration <= span[1] and old.source
    ]  # fmt: skip
    assert len(pairs) > 10
    assert all(old.source_first != new.source_first for old, new in pairs)


@pytest.mark.slow
def test_a_register_moves_the_response_and_is_told(player, first, tmp_path):
    registers = {}
    for octaves in (-2.0, 2.0):
        out = tmp_path / str(octaves)
        wished = Wished(register=octaves)
        respond_again(first, player, out, wished=wished, wanted=RespondOptions(explained=False))
        assert read_provenance(out / PROVENANCE).settings["register"] == octaves
        sound = antiphon.read(out / "response.wav")
        registers[octaves] = register_of(sound.samples.mean(axis=1), sound.sample_rate)
    assert registers[2.0] > registers[-2.0]


@pytest.mark.slow
def test_a_take_is_gone_on_with_as_if_it_were_the_response(player, guide, memory, tmp_path):
    before, out = tmp_path / "before", tmp_path / "out"
    respond_to_files([guide], [memory], player, before, wanted=RespondOptions(takes=2, explained=False))
    take = antiphon.read(before / "take-2.wav").samples
    assert not np.array_equal(take, samples(before))
    wanted = RespondOptions(seed=5, explained=False)
    respond_again(before, player, out, wished=Wished(Marks(((0.0, 12.0),)), take=2), wanted=wanted)
    kept = inside(before, (0.0, 12.0))
    assert np.array_equal(samples(out)[kept], take[kept])
    assert not np.array_equal(samples(out), take)
    whole = tmp_path / "whole"
    respond_again(before, player, whole, wished=Wished(Marks(((0.0, 30.0),)), take=2), wanted=wanted)
    assert np.array_equal(samples(whole), take)
    with pytest.raises(SettingsError, match="no take 3; the response has 2"):
        respond_again(before, player, tmp_path / "none", wished=Wished(take=3), wanted=wanted)
