"""The site: every page is found, every link leads somewhere, and the reference leaves out nothing that there is."""

import re
import runpy
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

import antiphon
from antiphon.cli.app import app
from antiphon.config import Settings

ROOT = Path(__file__).parent.parent
DOCS, SOURCE = ROOT / "docs", ROOT / "src" / "antiphon"
HOOK = runpy.run_path(str(DOCS / "hooks" / "reference.py"))
WRITTEN = {path.relative_to(DOCS).as_posix(): path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md")}
SITE = (*WRITTEN, *HOOK["names"]())


@cache
def reference() -> dict[str, str]:
    """The pages that are made from the code."""
    return HOOK["pages"]()


def text_of(page: str) -> str:
    return WRITTEN[page] if page in WRITTEN else reference()[page]


def named_in(navigation) -> list[str]:
    if isinstance(navigation, str):
        return [navigation]
    values = navigation.values() if isinstance(navigation, dict) else navigation
    return [page for value in values for page in named_in(value)]


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in headings)
    return {re.sub(r"[-\s]+", "-", heading) for heading in plain}


def verbs(application, path=()) -> list[str]:
    found = []
    for name in application:
        if not name.startswith("-"):
            found += [" ".join((*path, name)), *verbs(application[name], (*path, name))]
    return found


def keys(model: type[BaseModel], section: str = "") -> list[tuple[str, str, str]]:
    """Section, key and description of every setting."""
    found = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found += keys(field.annotation, f"{section}.{name}".strip("."))
        else:
            found.append((section, name, " ".join(field.description.split())))
    return found


def section_of(text: str, heading: str) -> str:
    (found,) = re.findall(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", text, re.DOTALL | re.MULTILINE)
    return found


def rows(text: str, cells: int) -> list[list[str]]:
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return [row for row in found if len(row) == cells and set(row[0]) != {"-"}]


def test_the_navigation_names_every_page_once():
    navigation = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    assert sorted(named_in(navigation)) == sorted(SITE)


@pytest.mark.parametrize("page", SITE)
def test_links_within_the_site_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text_of(page)):
        path, _, anchor = target.partition("#")
        name = Path(page).parent.joinpath(path).as_posix() if path else page
        assert name in SITE or (DOCS / name).is_file(), target
        assert not anchor or anchor in anchors(text_of(name)), target


def test_the_reference_of_the_command_line_has_every_verb_with_its_flags():
    text = reference()["reference/command-line.md"]
    known = verbs(app)
    assert {"train", "respond", "corpus scan", "coupling calibrate"} <= set(known)
    for verb in known:
        assert section_of(text, f"antiphon {verb}").strip(), verb
    assert "`--takes INT`" in section_of(text, "antiphon respond")
    assert "[`sampling`](settings.md#sampling), [`action`](settings.md#action)" in section_of(text, "antiphon respond")
    assert "--sampling." not in text.split("**Commands**", 1)[1]


@pytest.mark.parametrize("page", WRITTEN)
def test_verbs_that_a_page_speaks_of_are_verbs(page):
    known = {verb.split()[0] for verb in verbs(app)} | {"VERB"}
    for verb in re.findall(r"`antiphon (\w+)", WRITTEN[page]):
        assert verb in known, verb


def test_the_reference_of_the_settings_has_every_key_with_its_default_and_meaning():
    text = reference()["reference/settings.md"]
    for section, key, meaning in keys(Settings):
        (row,) = (row for row in rows(section_of(text, section), 4) if row[0] == f"`{key}`")
        assert meaning, f"{section}.{key} says nothing"
        assert row[3] == meaning
    top_p = next(row for row in rows(section_of(text, "sampling"), 4) if row[0] == "`top_p`")
    assert top_p[1:3] == ["number above 0 to 1", "`0.8`"]
    constraint = next(row for row in rows(section_of(text, "sampling"), 4) if row[0] == "`constraint`")
    assert constraint[1:3] == ["`hard`, `soft`, `off`", '`"hard"`']


def test_the_reference_of_python_has_every_public_name():
    for name in antiphon.__all__:
        assert f"::: antiphon.{name}\n" in reference()["reference/python.md"] + "\n"
    for name in ("types", "interfaces", "metrics", "config", "errors"):
        assert f"::: antiphon.{name}\n" in reference()[f"reference/{name}.md"]


def test_every_concept_is_in_the_file_that_its_row_names():
    found = [row for row in rows(WRITTEN["concepts.md"], 4) if row[0] != "paper"]
    assert len(found) > 80
    for paper, what, names, files in found:
        paths = [SOURCE / name for name in re.findall(r"`([^`]+)`", files)]
        sources = [file for path in paths for file in ([path] if path.suffix else sorted(path.rglob("*.py")))]
        text = "\n".join(file.read_text(encoding="utf-8") for file in sources)
        assert names, (paper, what)
        for name in re.findall(r"`([^`]+)`", names):
            assert re.search(rf"\b{name}\b", text), (what, name, files)


def test_every_section_of_the_paper_that_says_what_is_done_has_a_row():
    cited = {place for row in rows(WRITTEN["concepts.md"], 4) for place in re.split(r",\s*", row[0])}
    assert cited >= {"3", "3.1", "3.2", "3.3", "4.1", "4.2", "4.3"}
    assert cited >= {"5.1", "5.2", "5.3", "6", "7.1.1", "7.1.2", "7.2", "8"}
    assert cited >= {f"equation {number}" for number in range(1, 6)}


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_fetches_nothing(tmp_path):
    for module in ("mkdocs", "material", "mkdocstrings"):
        pytest.importorskip(module)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = {path.relative_to(tmp_path / "site").as_posix() for path in (tmp_path / "site").rglob("*.html")}
    assert {f"{page.removesuffix('.md')}.html" for page in SITE} <= pages
    for page in pages:
        text = (tmp_path / "site" / page).read_text(encoding="utf-8")
        assert not re.findall(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?(?:https?:)?//", text), page
        assert not re.findall(r"<link\b(?![^>]*canonical)[^>]*\bhref=\"?(?:https?:)?//", text), page
