"""What the answers of a listening study show, as files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from antiphon.checkpoint import save_json
from antiphon.files import claimed, whole_directory
from antiphon.listening.analysis import Finding, analysed
from antiphon.listening.answers import as_csv, read_answers
from antiphon.listening.study import read_study
from antiphon.pages.listening import listening_page

ANALYSIS_FILES = ("analysis.json", "answers.csv", "index.html")
"""What the folder of an analysis holds."""


def analyse_study(folder: Path, output: Path) -> Finding:
    """Analyse what was answered so far, and write the directory `output`, whole or not at all; one that is there is
    replaced. Raises BadData where the folder holds no study."""
    study = read_study(folder)
    answers = read_answers(folder, study)
    finding = analysed(study, answers)
    with (
        claimed(output, ANALYSIS_FILES, overwrite=True, holding="an analysis") as claim,
        whole_directory(claim.target, ANALYSIS_FILES) as inside,
    ):
        save_json(inside / "analysis.json", as_dict(finding))
        (inside / "answers.csv").write_text(as_csv(study, answers.found), encoding="utf-8")
        (inside / "index.html").write_text(listening_page(study, finding), encoding="utf-8")
        claim.confirm()
    return finding


def as_dict(finding: Finding) -> dict[str, Any]:
    """Plain values."""
    return {**asdict(finding), "said": list(finding.said)}
