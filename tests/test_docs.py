"""What README and docs show is what works: every command and every snippet is run, in order, on real files."""

import re
import runpy
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

import antiphon
from antiphon.cli.app import run
from antiphon.config import Settings
from antiphon.corpus.planted import PlantedSettings, build_planted
from antiphon.types import Audio

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
QUICK = {
    "ANTIPHON_TRAINING__MAX_EPOCHS": "1",
    "ANTIPHON_DECISION__DIMENSION": "16",
    "ANTIPHON_DECISION__FEED_FORWARD": "16",
}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with the files that the pages talk of."""
    build_planted(tmp_path / "multitracks", PlantedSettings("copy", pieces=4, segments=24))
    (tmp_path / "multitracks" / "manifest.jsonl").unlink()
    pieces = sorted(path for path in (tmp_path / "multitracks").iterdir() if path.is_dir())
    for folder, name in (("guides", "a"), ("partners", "b")):
        (tmp_path / folder).mkdir()
        for piece in pieces:
            shutil.copy(piece / f"{name}.wav", tmp_path / folder / f"{piece.name}.wav")
    shutil.copy(pieces[0] / "a.wav", tmp_path / "A.wav")
    shutil.copy(pieces[0] / "b.wav", tmp_path / "B.wav")
    shutil.copy(pieces[1] / "a.wav", tmp_path / "guide.wav")
    memory = antiphon.read(pieces[1] / "b.wav")
    antiphon.write(tmp_path / "memory.wav", Audio(np.repeat(memory.samples, 2, axis=1), memory.sample_rate))
    antiphon.write(tmp_path / "other-memory.flac", antiphon.read(pieces[2] / "b.wav"))
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    monkeypatch.chdir(tmp_path)
    for name, value in QUICK.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def commands(page: str) -> list[tuple[dict[str, str], list[str]]]:
    found = []
    for line in "".join(blocks(page, "sh")).splitlines():
        words = shlex.split(line, comments=True)
        variables = dict(word.split("=", 1) for word in words if re.match(r"ANTIPHON_\w+=", word))
        found += [(variables, words[len(variables) :])] if words else []
    return found


@pytest.mark.filterwarnings("ignore::antiphon.errors.AntiphonWarning")
def test_the_readme_works_from_top_to_bottom(desk, monkeypatch, capsys):
    shown = commands("README.md")
    assert len(shown) > 10
    for variables, words in shown:
        assert words[0] == "antiphon"
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            code = run(words[1:])
        assert code == 0, (words, capsys.readouterr().err)
    for snippet in blocks("README.md", "python"):
        exec(compile(snippet, "README.md", "exec"), {})
    assert antiphon.read("response.wav").channels == antiphon.read("memory.wav").channels == 2
    assert (desk / "response" / "index.html").is_file()


@pytest.mark.filterwarnings("ignore::antiphon.errors.AntiphonWarning")
@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.name)
def test_an_example_ends_with_sound(desk, example):
    runpy.run_path(str(example), run_name="__main__")
    response, guide = antiphon.read("response.wav"), antiphon.read("guide.wav")
    assert response.duration == guide.duration
    assert np.abs(response.samples).max() > 0.01


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (ROOT / page).parent.joinpath(target).exists(), target
    for name in re.findall(r"`((?:\w+/)+\w*\.?\w*)`", text):
        places = (ROOT / name, ROOT / "src" / "antiphon" / name)
        assert name.startswith("demo/") or any(place.exists() for place in places), name


@pytest.mark.parametrize("page", PAGES)
def test_settings_that_a_page_names_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    sections = Settings().model_dump()
    for section, name in re.findall(r"`(corpus|perception|decision|sampling|action|training)\.(\w+)", text):
        assert name in sections[section] or (ROOT / "src" / "antiphon" / section / name).exists(), f"{section}.{name}"


def test_the_configurations_are_settings(monkeypatch):
    from antiphon.config import resolve

    for file in sorted((ROOT / "configs").glob("*.toml")):
        resolve(file, environment={})
    paper = resolve(ROOT / "configs" / "paper.toml", environment={})
    assert (paper.decision.layers, paper.decision.heads, paper.decision.dimension) == (6, 12, 768)
    assert (paper.training.learning_rate, paper.training.batch_size, paper.sampling.top_p) == (1e-6, 24, 0.8)
