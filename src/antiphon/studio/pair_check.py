"""What is wrong with two sounds before an agent learns from them: the check of a corpus, in sentences for who chose
them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from antiphon.checkpoint import save_json
from antiphon.errors import BadData
from antiphon.files import identity
from antiphon.interfaces import Progress
from antiphon.studio.derived import kept

if TYPE_CHECKING:
    from antiphon.config import Settings
    from antiphon.corpus.checking.report import Finding, Report
    from antiphon.studio.bench import Bench

ONE_SOUND = (
    "Both tracks are one sound, and there is nothing to learn from that: choose another one, played by somebody else."
)
SILENT = "Choose a sound that plays."
LONGER = "Record or choose longer ones: many minutes make a better agent."

ADVICE: Mapping[str, tuple[str, str]] = {
    "identical": ("They hold the same samples.", ONE_SOUND),
    "near-identical": ("They sound alike nearly everywhere.", ONE_SOUND),
    "offset": ("One is the other, shifted in time.", ONE_SOUND),
    "drift": ("One is the other, on a clock of its own.", ONE_SOUND),
    "split-stereo": ("By their names they are left and right of one stereo track.", ONE_SOUND),
    "silent": ("It never sounds.", SILENT),
    "no-multitrack": ("Two tracks that sound are needed, and they do not.", SILENT),
    "too-few-segments": ("There is too little sound to learn from.", LONGER),
    "smaller-alphabet": ("", LONGER),
    "few-pieces": (
        "The agent is tested on a later part of this pair, not on another piece.",
        "To know how it does on other music, train on several pieces with antiphon train.",
    ),
    "length-difference": ("", "What only one of them has is left out."),
    "sample-rates": ("", "Nothing needs to be done."),
    "shorter-than-window": ("", LONGER),
    "silent-windows": ("", "Choose a part where both play, where there is one."),
    "unreadable": ("", "Save it again as wav or flac, and drop it here."),
}
"""By the kind of a finding: what is wrong with two chosen sounds, where the corpus's own sentence speaks of more than
two or says what to do with files of a corpus, and what to do."""

PASSED_OVER = frozenset({"too-few-tracks"})
"""Findings that say once more what another one says."""

SEVERITIES = {"error": "wrong", "warning": "doubtful", "note": "good to know"}


def checked(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> tuple[str, list[str]]:
    """Check two sounds for learning: the name of a JSON with a verdict and what was found, each with what to do."""
    project = bench.project
    pair = (project.sound(asked["guide"]), project.sound(asked["target"]))
    settings = learning_settings(both_ways=asked["both_ways"])
    told = ("pair check", [identity(path) for path in pair], settings.model_dump_json())

    def make(place: Path) -> None:
        save_json(place, _told(_report(pair, settings, progress), pair))

    return project.name_of(kept(project, told, ".json", make)), []


def learning_settings(*, both_ways: bool) -> Settings:
    """The settings with which the studio trains on a pair, those of `antiphon train --pair`."""
    from antiphon.config import resolve
    from antiphon.config.presets import pair_defaults, with_both_ways

    settings = resolve(None, base=pair_defaults())
    return with_both_ways(settings) if both_ways else settings


def _report(pair: tuple[Path, Path], settings: Settings, progress: Progress) -> Report:
    from antiphon.corpus.checking import check
    from antiphon.corpus.checking.report import Finding, Report
    from antiphon.corpus.opening import open_given

    try:
        corpus = open_given(None, pair, None, settings.corpus)
    except BadData as error:
        return Report((Finding("unreadable", "error", "corpus", str(error)),), {}, {})
    return check(corpus, settings, os.cpu_count() or 1, progress)


def _told(report: Report, pair: tuple[Path, Path]) -> dict[str, Any]:
    findings = [each for each in report.findings if each.kind not in PASSED_OVER]
    return {
        "verdict": verdict(report),
        "errors": report.errors,
        "findings": [
            {
                "kind": SEVERITIES[each.severity],
                "said": what_is_wrong(each, pair),
                "advice": ADVICE.get(each.kind, ("",) * 2)[1],
            }
            for each in findings
        ],
    }


def verdict(report: Report) -> str:
    """The whole check in one sentence."""
    seconds = report.durations.get("train", 0.0)
    if report.errors:
        return "An agent that learns from these two would be wrong."
    length = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"
    if report.count("warning"):
        return f"An agent can learn from these two ({length}); listen to what is doubtful first."
    return f"An agent can learn from these two ({length})."


def what_is_wrong(finding: Finding, pair: tuple[Path, Path]) -> str:
    """A finding as a sentence: of which of both, and what."""
    said, _ = ADVICE.get(finding.kind, ("", ""))
    said = said or f"{finding.sentence[:1].upper()}{finding.sentence[1:].rstrip('.')}."
    named = finding.where.rpartition("/")[2] if "/" in finding.where else ""
    for path in pair:
        said = said.replace(f"{path}: ", f"{path.name}: ").replace(f"{path.parent}{os.sep}", "")
    return f"{named}: {said}" if named and "," not in named else said
