import json

from cli_making import FAST, refused

GRID = ("--durations", "0.5", "--sizes", "4", "--workers", "1", "--no-figures", "--consensus", "0")
LEARNING = tuple(flag for flag in FAST if flag not in ("--perception.alphabet-size", "8"))


def test_a_study_prints_its_plan_its_table_and_goes_on_where_it_was(call, world, tmp_path):
    first = call("reproduce", world, "-o", tmp_path / "study", *GRID, *LEARNING)
    assert first.code == 0, first.err
    assert "1 cells, 1 at a time" in first.err
    assert "| 0.5s_A4 |" in first.out
    again = call("reproduce", world, "-o", tmp_path / "study", *GRID, *LEARNING, "--json")
    assert again.code == 0
    assert "finished" in again.err
    found = json.loads(again.out)
    assert [cell["name"] for cell in found["cells"]] == ["0.5s_A4"]
    assert found["study"]["versions"]["torch"]
    assert (tmp_path / "study" / "table.md").read_text(encoding="utf-8") == first.out


def test_what_cannot_be_studied_is_refused_in_a_line(call, world, tmp_path):
    study = tmp_path / "study"
    refused(call("reproduce", world, "-o", study, "--durations", "0.5,long", "--no-figures"), 2, "--durations", "long")
    refused(call("reproduce", world, "-o", study, "--sizes", "1", "--no-figures"), 2, "alphabet_size")
    refused(call("reproduce", world, "-o", study, "--sizes", ",", "--no-figures"), 2, "alphabet size")
    refused(call("reproduce", world, "-o", study, "--perception.segmenter", "onset"), 2, "segmenter")
    refused(call("reproduce", tmp_path / "nowhere", "-o", study, "--no-figures"), 4, "nowhere")
    assert not study.exists()
