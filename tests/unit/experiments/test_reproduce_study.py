import json
import shutil
import sys
from dataclasses import replace

import numpy as np
import pytest

from antiphon.checkpoint import load_json
from antiphon.config import resolve
from antiphon.corpus.manifest import read_manifest
from antiphon.corpus.planted import PlantedSettings, build_pairbench, build_planted
from antiphon.errors import AntiphonError, MissingExtra, SettingsError
from antiphon.experiments.reproduce import Study, quick, reproduce
from antiphon.experiments.reproduce.cells import open_part
from antiphon.experiments.reproduce.study import FILES
from antiphon.pages import paper_figures as figures

TINY = resolve(
    environment={},
    overrides={
        "corpus": {"window_seconds": 6.0, "hop_seconds": 4.0},
        "decision": {"layers": 1, "guide_layers": 0, "dimension": 16, "feed_forward": 16},
        "training": {"max_epochs": 1, "draws_per_window": 1},
    },
)
STUDY = Study(TINY, durations=(0.5,), sizes=(4, 6), consensus=2, consensus_of=("antiphon",))


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A world of pieces of 16 s, and a cache of its own."""
    folder = tmp_path_factory.mktemp("reproduce")
    build_planted(folder / "world", PlantedSettings("copy", pieces=4, segments=32, classes=6))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANTIPHON_CACHE", str(folder / "frames"))
        yield folder


@pytest.fixture(scope="module")
def whole(desk):
    """A study in one go, drawn."""
    return reproduce(desk / "world", desk / "whole", STUDY, workers=1)


def contents(folder):
    """All that a study says, by path; the times that it took are no part of it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "times.json"
    }


def rows(folder):
    return [json.loads(line) for line in (folder / "scores.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_study_that_was_stopped_ends_with_the_same_bytes_in_any_number_of_processes(desk, whole, workers):
    again = desk / f"again in {workers}"

    def stop(task, done, total):
        if task.startswith("0.5s_A4: judge"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reproduce(desk / "world", again, STUDY, workers=1, progress=stop)
    plans = []
    reproduce(desk / "world", again, STUDY, workers=workers, draw=False, told=plans.append)
    assert [cell.state for cell in plans[0].cells] == ["trained", ""]
    first, second = contents(desk / "whole"), contents(again)
    drawn = {name for name in first if name.startswith("figures/")}
    assert len(drawn) == 14
    assert first.keys() - second.keys() == drawn
    assert [name for name in second if name != "index.html" and first[name] != second[name]] == []


@pytest.mark.slow
def test_the_page_carries_its_figures_and_asks_for_nothing_from_elsewhere(desk, whole):
    page = (desk / "whole" / "index.html").read_text(encoding="utf-8")
    assert {path.name for path in (desk / "whole").iterdir()} == set(FILES)
    assert page.count("data:image/png;base64,") == 7
    assert "http" not in page
    for pdf in (desk / "whole" / "figures").glob("*.pdf"):
        assert b"/CreationDate" not in pdf.read_bytes()


@pytest.mark.slow
def test_drawn_again_a_figure_has_the_same_bytes_whatever_the_users_style_is(desk, whole):
    import matplotlib

    lcp = next(drawing for drawing in figures.DRAWINGS if drawing.name == "figure6-lcp")
    with matplotlib.rc_context({"lines.linewidth": 9, "figure.facecolor": "black"}):
        found = figures.files(lcp, load_json(desk / "whole" / "table.json")["cells"])
    for ending, content in found.items():
        assert content == (desk / "whole" / "figures" / f"figure6-lcp.{ending}").read_bytes()


def test_without_matplotlib_nothing_begins(desk, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra, match=r"antiphon\[eval\]"):
        reproduce(desk / "world", desk / "never", STUDY)
    assert not (desk / "never").exists()


@pytest.mark.slow
def test_a_finished_cell_is_not_done_again(desk, whole):
    before = {path: path.stat().st_mtime_ns for path in (desk / "whole" / "cells").rglob("*") if path.is_file()}
    plans = []
    reproduce(desk / "world", desk / "whole", replace(STUDY, sizes=(4,)), workers=1, draw=False, told=plans.append)
    reproduce(desk / "world", desk / "whole", STUDY, workers=1, draw=False)
    assert [cell.state for cell in plans[0].cells] == ["finished"]
    assert before == {path: path.stat().st_mtime_ns for path in before}


@pytest.mark.slow
def test_every_window_of_every_pair_is_a_row_for_every_model_and_constraint(desk, whole):
    # 32 segments in windows of 12 every 8: at 0, 8, 16, and 24 with 8 left; two ordered pairs of one test piece.
    found = [row for row in rows(desk / "whole") if row["K"] == 6]
    models = {row["model"] for row in found}
    assert {"antiphon", "deaf", "shifted", "uniform", "copy-guide", "counts with guide", "retrieval"} <= models
    for model in models - {"shifted"}:  # whole tracks alone are circularly shifted
        for constraint in ("free", "memory", "oracle"):
            mine = [
                row for row in found if (row["model"], row["scope"], row["constraint"]) == (model, "window", constraint)
            ]
            assert sorted((row["guide"], row["start"], row["tokens"]) for row in mine) == sorted(
                (guide, start, tokens) for guide in ("a", "b") for start, tokens in ((0, 12), (4, 12), (8, 12), (12, 8))
            )
    assert sum(row["draw"] == "consensus" for row in found) == 2
    by_guide = {row["model"] for row in found if row["draw"] == "guide-only"}
    assert by_guide == {"antiphon", "deaf", "majority", "copy-guide", "p(b|a)", "retrieval"}
    assert all(np.isclose(row["seconds"], row["tokens"] * 0.5) for row in found)


@pytest.mark.slow
def test_copying_the_guide_is_right_everywhere_in_a_copied_world(whole):
    for cell in whole.table["cells"]:
        column = next(
            each for each in cell["columns"] if (each["model"], each["form"]) == ("copy-guide", "track nucleus free")
        )
        assert column["tpp"]["mean"] == 100
        assert column["kappa"]["mean"] == pytest.approx(1)


@pytest.mark.slow
def test_another_study_is_not_mixed_into_one_that_is_there(desk, whole):
    other = TINY.model_copy(update={"training": TINY.training.model_copy(update={"seed": 5})})
    with pytest.raises(SettingsError, match=r"settings\.training\.seed"):
        reproduce(desk / "world", desk / "whole", replace(STUDY, settings=other))
    (desk / "mine").mkdir()
    (desk / "mine" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(AntiphonError, match=r"notes\.txt"):
        reproduce(desk / "world", desk / "mine", STUDY)


@pytest.mark.slow
def test_a_cell_that_fails_is_named_and_the_others_are_there(desk, whole):
    shutil.copytree(desk / "whole", desk / "failed")
    agent = desk / "failed" / "cells" / "0.5s_A5" / "agent"
    agent.mkdir(parents=True)
    (agent / "config.json").write_text("damaged", encoding="utf-8")
    study = replace(STUDY, sizes=(5, 6))
    with pytest.raises(AntiphonError, match=r"1 of 2 cells failed.*0\.5s_A5: .*config\.json"):
        reproduce(desk / "world", desk / "failed", study, workers=1, draw=False)
    assert {row["K"] for row in rows(desk / "failed")} == {6}


def test_some_pieces_keep_every_split_and_are_always_the_same(desk):
    build_planted(desk / "large", PlantedSettings("copy", pieces=20, segments=4, classes=6))
    some = open_part(desk / "large", TINY, 10, 0)
    splits = read_manifest(desk / "large" / "manifest.jsonl").splits
    kept = [splits[each.name] for each in some.multitracks]
    assert (kept.count("train"), kept.count("validation"), kept.count("test")) == (8, 1, 1)
    names = [each.name for each in open_part(desk / "large", TINY, 10, 0).multitracks]
    assert names == [each.name for each in some.multitracks]
    assert names != [each.name for each in open_part(desk / "large", TINY, 10, 1).multitracks]


def test_a_quick_study_hears_and_judges_as_the_whole_one_does():
    fast = quick(STUDY)
    assert fast.settings.perception == STUDY.settings.perception
    assert fast.settings.sampling == STUDY.settings.sampling
    assert fast.pieces > 0


@pytest.mark.slow
def test_on_a_planted_world_the_true_b_performed_again_is_the_ceiling(desk):
    world = PlantedSettings("copy", pieces=4, segments=32, classes=6, audio_format="flac")
    build_pairbench(desk / "bench", worlds={"copy-small": world})
    study = replace(STUDY, sizes=(4,), consensus=0)
    result = reproduce(desk / "bench" / "copy-small", desk / "ceiling", study, workers=1, draw=False)
    found = [row for row in rows(desk / "ceiling") if row["model"] == "ceiling"]
    assert [row["target"] for row in found] == ["b"]
    ours = next(row for row in rows(desk / "ceiling") if row["model"] == "antiphon" and row["scope"] == "track")
    assert ours["tpp"] < 80 < found[0]["tpp"], "other phases and other noise, the same notes"
    assert "| ceiling |" in (desk / "ceiling" / "table.md").read_text(encoding="utf-8")
    assert "ceiling" not in result.table["cells"][0]["paired"]["bits"]
