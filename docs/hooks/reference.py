"""The reference pages, made from the code when the site is built: the command line, the settings, the Python API.

mkdocs calls `on_files`. `names` and `pages` need no mkdocs, so that the tests can hold the text against the code.
"""

from __future__ import annotations

import re
import types
import typing
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

import antiphon
from antiphon import errors
from antiphon.cli.app import app
from antiphon.cli.docstrings import read_once
from antiphon.cli.terminal import INTERRUPTED
from antiphon.config import ENVIRONMENT_PREFIX, Settings

COMMAND_LINE, SETTINGS, PYTHON = "reference/command-line.md", "reference/settings.md", "reference/python.md"

MODULES = ("types", "interfaces", "metrics", "config", "errors")
"""The public modules beside the package itself."""

PLAIN_NAMES = {bool: "yes or no", int: "whole number", float: "number", str: "text"}
LIMITS = {"gt": "above", "ge": "from", "le": "to", "lt": "below"}
"""How pydantic's bounds are spoken."""


def names() -> list[str]:
    """The paths of the reference pages below `docs`, without making them: that takes seconds."""
    return [COMMAND_LINE, SETTINGS, PYTHON, *(f"reference/{name}.md" for name in MODULES)]


def pages() -> dict[str, str]:
    """Every reference page in Markdown, by its path below `docs`."""
    texts = (command_line(), settings(), python(), *(module(name) for name in MODULES))
    return dict(zip(names(), texts, strict=True))


def on_files(files: Any, config: Any) -> Any:
    """Add the reference to what mkdocs builds."""
    from mkdocs.structure.files import File

    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def command_line() -> str:
    """Every verb with its arguments. Settings are named by their sections, which have a page of their own."""
    read_once()
    text = app.generate_docs(output_format="markdown")
    verbs = text[text.index("**Commands**:") :]
    settings_of_a_verb = re.compile(r"\*\*Settings\*\*:\n\n((?:[^*\s].*\n\n)?)((?:(?:\* | {4}).*\n)+)")
    return "\n".join(
        [
            "# Command line",
            "",
            "The result goes to stdout, progress to stderr. Inputs are never written to; what is written appears under "
            "its name when it is whole. Where a verb names sections of the [settings](settings.md), every key in them "
            "is a flag of it: `--sampling.top-p 0.9`.",
            "",
            *_exit_codes(),
            "",
            settings_of_a_verb.sub(_sections_named, verbs),
        ]
    )


def settings() -> str:
    """Every section, and in it every key with its values, its default and what it does."""
    lines = [
        "# Settings",
        "",
        "A key is a flag, a variable or a line of a TOML file (`--config`); the flag wins over the variable, the "
        "variable over the file, the file over the default:",
        "",
        "```console",
        "$ antiphon respond guide.wav --memory memory.wav -o response --sampling.top-p 0.9",
        f"$ {ENVIRONMENT_PREFIX}SAMPLING__TOP_P=0.9 antiphon respond guide.wav --memory memory.wav -o response",
        "```",
        "",
        "```toml",
        "[sampling]",
        "top_p = 0.9",
        "```",
        "",
        "The defaults are ours; `configs/paper.toml` holds the paper's values, each with its section.",
        "",
        *_section(Settings, ()),
    ]
    return "\n".join(lines)


def python() -> str:
    """The names of the package itself; mkdocstrings puts what the code says of them in their place."""
    parts = ["# Python", "Names are loaded when they are first used: `import antiphon` costs nothing.", ""]
    return "\n\n".join([*parts, *(f"::: antiphon.{name}" for name in antiphon.__all__)])


def module(name: str) -> str:
    """All of a public module, which says itself what it is."""
    options = "    options:\n      show_root_heading: false\n      show_root_toc_entry: false\n"
    return f"# antiphon.{name}\n\n::: antiphon.{name}\n{options}"


def _exit_codes() -> list[str]:
    known = [value for value in vars(errors).values() if isinstance(value, type) and hasattr(value, "exit_code")]
    rows = [f"| {error.exit_code} | `{error.__name__}` | {_one_line(error.__doc__)} |" for error in known]
    ends = [f"| {INTERRUPTED} | | Interrupted. |"]
    return ["| exit code | error | meaning |", "|---|---|---|", "| 0 | | Done. |", *rows, *ends]


def _sections_named(found: re.Match[str]) -> str:
    """What is said of all of a verb's settings, and links to their sections."""
    names = dict.fromkeys(re.findall(r"--([a-z]+)\.", found[2]))
    links = [f"[`{name}`](settings.md#{name})" for name in names]
    return f"**Settings**: {', '.join(links)}\n\n{found[1]}".rstrip("\n") + "\n"


def _section(model: type[BaseModel], path: tuple[str, ...]) -> list[str]:
    """A heading, a table of the section's own keys, then the sections within it."""
    inner = {name: field for name, field in model.model_fields.items() if _is_section(field.annotation)}
    own = {name: field for name, field in model.model_fields.items() if name not in inner}
    lines: list[str] = []
    if path:
        lines += [f"{'#' * (len(path) + 1)} {'.'.join(path)}", "", _one_line(model.__doc__), ""]
    if own:
        lines += ["| key | values | default | what it does |", "|---|---|---|---|"]
        lines += [_row(name, field) for name, field in own.items()] + [""]
    for name, field in inner.items():
        section = field.annotation
        assert isinstance(section, type)
        lines += _section(section, (*path, name))
    return lines


def _row(name: str, field: FieldInfo) -> str:
    cells = (f"`{name}`", _values(field), _written(field.default), _one_line(field.description))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _values(field: FieldInfo) -> str:
    """What may be given, in words."""
    kind = _without_unset(field.annotation)
    if typing.get_origin(kind) is typing.Literal:
        return ", ".join(f"`{choice}`" for choice in typing.get_args(kind))
    name = "list of text" if typing.get_origin(kind) is tuple else PLAIN_NAMES[kind]
    limits = [
        f"{word} {getattr(bound, attribute):g}"
        for bound in field.metadata
        for attribute, word in LIMITS.items()
        if hasattr(bound, attribute)
    ]
    return " ".join([name, *limits])


def _without_unset(annotation: Any) -> Any:
    """A type without the None that stands for unset."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        (annotation,) = (each for each in typing.get_args(annotation) if each is not type(None))
    return annotation


def _written(default: Any) -> str:
    """A default as it stands in a TOML file."""
    if default is None:
        return "unset"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, tuple):
        return f"`{list(default)}`".replace("'", '"')
    return f'`"{default}"`' if isinstance(default, str) else f"`{default}`"


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
