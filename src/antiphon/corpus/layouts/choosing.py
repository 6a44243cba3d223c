"""What of a folder is a track to learn from: no mix, bus, reference, click or effect's return, and no unwanted one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from antiphon.config import CorpusSettings
from antiphon.corpus.instruments import family_of, is_wanted
from antiphon.corpus.layouts.stems import Findings, Found, Stem, counted, first_few
from antiphon.corpus.manifest import LeftOut
from antiphon.corpus.roles import no_tracks

ALONE = "the only track of its folder"

SHOWN = 10
"""How many names of what was left out a sentence holds; the table of a scan holds all."""


def chosen(found: Iterable[Found], folder: Path, settings: CorpusSettings, findings: Findings) -> list[Found]:
    """Multitracks of two wanted stems or more; what is left out, and why, is kept by name."""
    kept, alone, bleeding = [], [], []
    for each in found:
        stems = tuple(_stems(each, settings, findings))
        if len(stems) > 1:
            kept.append(replace(each, stems=stems))
            bleeding += [each.name] if each.has_bleed else []
        elif stems:
            alone.append(each.name)
            findings.left_out.append(LeftOut(f"{each.name}/{stems[0].name}", ALONE))
    findings.remarks += _sentences(folder, settings, findings.left_out)
    if alone:
        findings.remarks.append(
            f"{folder}: {counted(len(alone), 'folder')} left out with a single track: {first_few(alone)}"
        )
    if bleeding:
        findings.remarks.append(
            f"{folder}: in {counted(len(bleeding), 'multitrack')} the tracks hold one another (bleed), "
            f"so that a relation may be learned that is none: {first_few(bleeding)}"
        )
    return kept


def _stems(found: Found, settings: CorpusSettings, findings: Findings) -> Iterator[Stem]:
    reasons = no_tracks([stem.name for stem in found.stems], found.name, settings.include)
    setting = "corpus.include" if settings.include else "corpus.exclude"
    for stem in found.stems:
        where = f"{found.name}/{stem.name}"
        if stem.name in reasons:
            findings.left_out.append(LeftOut(where, reasons[stem.name]))
            continue
        kept = _wanted(stem, settings)
        if kept is None:
            findings.left_out.append(LeftOut(where, f"setting {setting}", family_of(stem.instrument)))
            continue
        lost = len(stem.parts) - len(kept.parts)
        findings.left_out += [LeftOut(f"{found.name}/part of {stem.name}", f"setting {setting}")] * lost
        yield kept


def _wanted(stem: Stem, settings: CorpusSettings) -> Stem | None:
    """The stem without the parts that are unwanted on their own; None if nothing of it stays."""
    if not is_wanted(stem.instrument, settings.include, settings.exclude):
        return None
    parts = tuple(
        part
        for part in stem.parts
        if is_wanted(part.instrument, (), settings.exclude)
        or (settings.include and is_wanted(part.instrument, settings.include, ()))
    )
    return replace(stem, parts=parts) if parts else None


def _sentences(folder: Path, settings: CorpusSettings, left_out: Sequence[LeftOut]) -> Iterator[str]:
    """One on what no track is, one on what a setting does not want; names that recur are counted."""
    setting = f"setting {'corpus.include' if settings.include else 'corpus.exclude'}"
    unwanted = [each for each in left_out if each.reason == setting]
    others = [each for each in left_out if each.reason not in (setting, ALONE)]
    if others:
        reasons = sorted({each.reason for each in others})
        said = [f"{reason}: {_counted_names([each for each in others if each.reason == reason])}" for reason in reasons]
        yield f"{folder}: {counted(len(others), 'file')} left out that by name are no tracks ({'; '.join(said)})"
    if unwanted:
        yield f"{folder}: {counted(len(unwanted), 'track')} left out by {setting}: {_counted_names(unwanted)}"


def _counted_names(left_out: Sequence[LeftOut]) -> str:
    counts = Counter(each.where.rpartition("/")[2] for each in left_out)
    names = [f"{name} ({count})" if count > 1 else name for name, count in sorted(counts.items())]
    return first_few(names, SHOWN)
