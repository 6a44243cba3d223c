"""What README and docs show is what works: every command and every snippet is run, in order, on real files."""

import re
import runpy
import shlex
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import antiphon
from antiphon.cli.app import app, run
from antiphon.config import Settings, resolve
from antiphon.corpus.planted import PlantedSettings, build_planted
from antiphon.training import finetuning, pipeline
from antiphon.types import Audio

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
REFERENCE = runpy.run_path(str(ROOT / "docs" / "hooks" / "reference.py"))["names"]()
"""The pages of the site that are made from the code."""
FOLLOWED = ("README.md", "docs/tutorial.md")
"""Pages with a test of their own."""
MINUTES = ("docs/finetuning.md",)
"""Pages that train an agent of the package's own size."""
SLOW = (*MINUTES, "docs/encoders.md", "docs/live.md", "docs/scale.md")
"""Pages that take more than a few seconds: CI does them, with the slow tests."""
OTHERS_FILES = r"[A-Z][A-Z0-9]+"
"""How a page writes what only the reader has: CORPUS. Such a command is understood, and not run."""
QUICK = {
    "ANTIPHON_TRAINING__MAX_EPOCHS": "1",
    "ANTIPHON_TRAINING__EPOCH_STEPS": "2",
    "ANTIPHON_DECISION__LAYERS": "1",
    "ANTIPHON_DECISION__GUIDE_LAYERS": "0",
    "ANTIPHON_DECISION__DIMENSION": "32",
    "ANTIPHON_DECISION__HEADS": "2",
    "ANTIPHON_DECISION__FEED_FORWARD": "64",
}
"""One narrow layer and a short epoch, since it is trained often: by commands, and by Python, which otherwise takes
the defaults."""
WIDE = {"ANTIPHON_DECISION__DIMENSION": "128"}
"""Where a page waits until a pair is known by heart: a wide network takes 300 steps, a narrow one 1,200."""


def snippets(page: str) -> list[tuple[str, str]]:
    """Language and text of every block of code, in order."""
    return re.findall(r"^```(\w*)\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def blocks(page: str, language: str) -> list[str]:
    return [text for found, text in snippets(page) if found == language]


def fill(folder: Path) -> None:
    """Put the files that the pages talk of into a folder."""
    build_planted(folder / "multitracks", PlantedSettings("copy", pieces=4, segments=24))
    (folder / "multitracks" / "manifest.jsonl").unlink()
    pieces = sorted(path for path in (folder / "multitracks").iterdir() if path.is_dir())
    for side, name in (("guides", "a"), ("partners", "b")):
        (folder / side).mkdir()
        for piece in pieces:
            shutil.copy(piece / f"{name}.wav", folder / side / f"{piece.name}.wav")
    shutil.copy(pieces[0] / "a.wav", folder / "A.wav")
    shutil.copy(pieces[0] / "b.wav", folder / "B.wav")
    shutil.copy(pieces[1] / "a.wav", folder / "guide.wav")
    memory = antiphon.read(pieces[1] / "b.wav")
    antiphon.write(folder / "memory.wav", Audio(np.repeat(memory.samples, 2, axis=1), memory.sample_rate))
    antiphon.write(folder / "other-memory.flac", antiphon.read(pieces[2] / "b.wav"))
    for number, piece in enumerate(pieces[:2], 1):
        (folder / "outputs" / f"item-{number}").mkdir(parents=True)
        for name, track in (("guide", "a"), ("response", "b"), ("target", "b")):
            shutil.copy(piece / f"{track}.wav", folder / "outputs" / f"item-{number}" / f"{name}.wav")
    shutil.copytree(ROOT / "configs", folder / "configs")


@pytest.fixture
def desk(tmp_path, monkeypatch, built_once):
    """A folder with the files that the pages talk of."""
    shutil.copytree(built_once("desk", fill), tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for name, value in QUICK.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(pipeline, "Settings", resolve)
    return tmp_path


@pytest.fixture
def briefly(monkeypatch):
    """Fine-tuning ends long before a pair is known: `test_finetuning.py` and the page about it wait until it is."""
    monkeypatch.setattr(finetuning, "Specialising", partial(finetuning.Specialising, steps=20, check_every=10))


def commands(shell: str) -> list[tuple[dict[str, str], list[str]]]:
    """Variables and words of every line that is a command."""
    found = []
    for line in shell.splitlines():
        words = shlex.split(line, comments=True)
        variables = dict(word.split("=", 1) for word in words if re.match(r"ANTIPHON_\w+=", word))
        found += [(variables, words[len(variables) :])] if words else []
    return found


def follow(page: str, monkeypatch, capsys) -> None:
    """Do what a page says, from its top to its end."""
    names: dict[str, object] = {}
    for language, text in snippets(page):
        if language == "python":
            exec(compile(text, page, "exec"), names)
        if language != "sh":
            continue
        for variables, words in commands(text):
            assert words[0] == "antiphon", words
            if any(re.fullmatch(OTHERS_FILES, word) for word in words):
                continue
            with monkeypatch.context() as patch:
                for name, value in variables.items():
                    patch.setenv(name, value)
                code = run(words[1:])
            assert code == 0, (words, capsys.readouterr().err)


@pytest.mark.usefixtures("briefly")
@pytest.mark.filterwarnings("ignore::antiphon.errors.AntiphonWarning")
@pytest.mark.slow
def test_the_readme_works_from_top_to_bottom(desk, monkeypatch, capsys):
    assert len(commands("".join(blocks("README.md", "sh")))) > 10
    follow("README.md", monkeypatch, capsys)
    assert antiphon.read("response.wav").channels == antiphon.read("memory.wav").channels == 2
    assert (desk / "response" / "index.html").is_file()


def is_to_be_done(page: str) -> bool:
    return any(language in ("sh", "python") for language, _ in snippets(page))


def marked(page: str):
    return pytest.param(page, marks=pytest.mark.slow) if page in SLOW else page


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::antiphon.errors.AntiphonWarning")
@pytest.mark.parametrize("page", [marked(page) for page in PAGES if page not in FOLLOWED and is_to_be_done(page)])
def test_a_page_of_the_site_works_from_top_to_bottom(desk, page, monkeypatch, capsys):
    for name, value in WIDE.items() if page in MINUTES else ():
        monkeypatch.setenv(name, value)
    if "checkpoint.pt" in (ROOT / page).read_text(encoding="utf-8"):
        pytest.importorskip("transformers")
        import torch
        from wav2vec2_making import checkpoint_of, model_of

        torch.save(checkpoint_of(model_of()), "checkpoint.pt")
        assert len(commands("".join(blocks(page, "sh")))) >= 3
    follow(page, monkeypatch, capsys)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::antiphon.errors.AntiphonWarning")
def test_the_tutorial_ends_with_sound(desk, monkeypatch, capsys):
    follow("docs/tutorial.md", monkeypatch, capsys)
    for name in ("first/mix.wav", "session/take-3.wav", "response.wav"):
        assert np.abs(antiphon.read(name).samples).max() > 0.01, name
    assert antiphon.read("session/response.wav").duration == antiphon.read("guide.wav").duration


@pytest.mark.parametrize("page", PAGES)
def test_commands_that_a_page_shows_are_understood(page):
    assert {language for language, _ in snippets(page)} <= {"sh", "python", "console", "text"}
    shown = [line[2:] for text in blocks(page, "console") for line in text.splitlines() if line.startswith("$ ")]
    for _, words in commands("\n".join([*blocks(page, "sh"), *shown])):
        if words[0] == "antiphon":
            app.parse_args(words[1:], exit_on_error=False, print_error=False)


@pytest.mark.filterwarnings("ignore::antiphon.errors.AntiphonWarning")
@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.name)
@pytest.mark.slow
def test_an_example_ends_with_sound(desk, example):
    runpy.run_path(str(example), run_name="__main__")
    response, guide = antiphon.read("response.wav"), antiphon.read("guide.wav")
    assert response.duration == guide.duration
    assert np.abs(response.samples).max() > 0.01


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)[^)]*\)", text):
        assert (ROOT / page).parent.joinpath(target).exists() or target in REFERENCE, target
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
    for file in sorted((ROOT / "configs").glob("*.toml")):
        resolve(file, environment={})
    paper = resolve(ROOT / "configs" / "paper.toml", environment={})
    assert (paper.decision.layers, paper.decision.heads, paper.decision.dimension) == (6, 12, 768)
    assert (paper.training.learning_rate, paper.training.batch_size, paper.sampling.top_p) == (1e-6, 24, 0.8)
