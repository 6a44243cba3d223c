"""The folder list is the architecture: a module imports only from lower layers and from its own folder."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import antiphon

SOURCE = Path(antiphon.__file__).parent

LAYERS = (
    ("errors",),
    ("reading", "names"),
    ("types", "config", "metrics", "confidence", "files"),
    ("decoding", "arrays"),
    ("interfaces", "audio", "checkpoint"),
    ("corpus", "perception", "decision", "action"),
    ("agent", "dataset"),
    ("coupling", "evaluation", "analysis"),
    ("listening",),
    ("pages",),
    ("training", "live"),
    ("use_cases",),
    ("experiments",),
    ("studio",),
    ("cli",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
MODULES = sorted(path for path in SOURCE.rglob("*.py") if path.parent != SOURCE or not path.name.startswith("__"))

PRINTERS = {"cli/printing.py", "cli/terminal.py", "cli/entry.py"}
"""Where printing is allowed: they let no name of a file speak to the terminal."""


def folder_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return parts[0]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported_folders(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "antiphon":
            names |= {f"antiphon.{alias.name}" for alias in node.names if not alias.name.startswith("__")}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name.split(".")[1] for name in names if name.startswith("antiphon.")}


CHECKPOINT_READER = "perception/encoders/fairseq.py"
"""Alone in reading a format that others define."""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_a_module_imports_only_from_lower_layers_and_its_own_folder(path):
    own = folder_of(path)
    foreign = imported_folders(tree_of(path)) - {own}
    too_high = {name for name in foreign if RANK[name] >= RANK[own]}
    assert not too_high, f"{own} must not import {sorted(too_high)}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_only_what_escapes_names_prints(path):
    calls = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
    prints = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]
    assert not prints or path.relative_to(SOURCE).as_posix() in PRINTERS


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("antiphon", {"torch", "numpy", "librosa"}),
        ("antiphon.cli.app", {"torch", "librosa", "onnxruntime", "sklearn", "transformers", "scipy", "music21"}),
        ("antiphon.metrics", {"torch", "librosa", "scipy", "sklearn"}),
        ("antiphon.types", {"torch", "librosa", "scipy", "sklearn"}),
        ("antiphon.corpus.layouts", {"torch", "librosa", "music21"}),
        ("antiphon.action.selection.optimal", {"torch", "librosa"}),
    ],
)
def test_importing_a_module_loads_nothing_heavy(module, absent):
    code = f"import sys, {module}; print(*({absent!r} & sys.modules.keys()))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not loaded


def test_opening_an_agent_does_not_load_pytorchs_compiler():
    code = "import sys; from antiphon.agent import Agent; Agent.base(); print('torch._dynamo' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == ["False"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_no_module_unpickles(path):
    """A checkpoint is read as tensors; what else it holds is only loaded where the user says `--trust`."""
    tree = tree_of(path)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not imported & {"pickle", "joblib", "dill", "shelve"}
    readers = {"torch.load"} if path.relative_to(SOURCE).as_posix() == CHECKPOINT_READER else set()
    assert not (called & {"torch.load", "np.load"}) - readers


def test_no_module_lets_a_link_to_itself_raise():
    """`Path.resolve` raises RuntimeError there before Python 3.13: `reading.real` does not, and `files` makes a line of
    it."""
    calls = {
        path.relative_to(SOURCE).as_posix()
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "resolve"
    }
    assert calls == {"files.py"}
