"""The values of a check, and how they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

Severity = Literal["error", "warning", "note"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From the worst down: training would be wrong; it would suffer; worth knowing."""

HEADINGS: dict[Severity, str] = {
    "error": "Errors: training would be wrong or impossible",
    "warning": "Warnings: listen before you train",
    "note": "Notes: good to know",
}


@dataclass(frozen=True)
class Finding:
    """One thing about a corpus: `kind` for programs, `where` (a multitrack, a track of it, a file) and a sentence for
    people, and the `numbers` that were measured, each named with its unit."""

    kind: str
    severity: Severity
    where: str
    sentence: str
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """Findings, the worst first; `counts` of multitracks, tracks and pieces; `durations` in seconds of all tracks, and
    of the multitracks as a whole and per split."""

    findings: tuple[Finding, ...]
    counts: Mapping[str, int]
    durations: Mapping[str, float]

    @property
    def errors(self) -> int:
        """How many findings make training wrong."""
        return self.count("error")

    def count(self, severity: Severity) -> int:
        """How many findings are as severe."""
        return sum(finding.severity == severity for finding in self.findings)

    def __str__(self) -> str:
        """Findings by severity, one line each, and a summary as the last line."""
        blocks = [_block(severity, self.findings) for severity in SEVERITIES if self.count(severity)]
        return "\n\n".join([*blocks, self._summary()])

    def _summary(self) -> str:
        size = f"{counted(self.counts['multitracks'], 'multitrack')}, {counted(self.counts['tracks'], 'track')}, "
        size += f"{self.durations['multitracks'] / 3600:.2f} hours"
        if not self.findings:
            return f"{size}: nothing to complain about"
        found = [counted(self.count(severity), severity) for severity in SEVERITIES if self.count(severity)]
        return f"{size}: {', '.join(found)}"


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The worst first, and within one severity as they were found."""
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))


def counted(count: int, noun: str) -> str:
    """`1 track`, `2 tracks`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _block(severity: Severity, findings: Sequence[Finding]) -> str:
    chosen = [finding for finding in findings if finding.severity == severity]
    width = min(max(len(finding.where) for finding in chosen), 40)
    lines = [f"  {finding.where.ljust(width)}  {finding.sentence}" for finding in chosen]
    return "\n".join([HEADINGS[severity], *lines])
