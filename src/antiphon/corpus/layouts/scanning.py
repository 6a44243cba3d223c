"""From a folder to multitracks: look, recognise the layout, choose instruments, read headers, say what is wrong."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from antiphon.config import CorpusSettings, LayoutName
from antiphon.corpus.layouts.choosing import chosen
from antiphon.corpus.layouts.folders import FOLDERS
from antiphon.corpus.layouts.folders_on_disk import Folder, look, normalized
from antiphon.corpus.layouts.instruments import INSTRUMENTS
from antiphon.corpus.layouts.medleydb import MEDLEYDB
from antiphon.corpus.layouts.moisesdb import MOISESDB
from antiphon.corpus.layouts.musdb18 import MUSDB18, MUSDB18_HQ
from antiphon.corpus.layouts.names import file_stem
from antiphon.corpus.layouts.pairs import PAIRS, paired, role_names
from antiphon.corpus.layouts.slakh2100 import SLAKH2100
from antiphon.corpus.layouts.starts import with_starts
from antiphon.corpus.layouts.stems import Findings, Found, Layout, Stem, counted, first_few
from antiphon.corpus.layouts.takes import TAKES
from antiphon.corpus.layouts.without_place import without_place
from antiphon.corpus.manifest import Corpus
from antiphon.corpus.track_audio import source_header
from antiphon.errors import AntiphonWarning, BadData, MissingExtra
from antiphon.reading import real
from antiphon.types import Multitrack, Track

LAYOUTS: tuple[Layout, ...] = (
    MOISESDB,
    MUSDB18,
    MUSDB18_HQ,
    SLAKH2100,
    MEDLEYDB,
    PAIRS,
    INSTRUMENTS,
    TAKES,
    FOLDERS,
)
"""In the order in which they are tried: the most particular first, `folders` is what everything is."""

GENERIC = (PAIRS, INSTRUMENTS, TAKES, FOLDERS)
"""Layouts that users make: published ones hold mixes and raw takes by design, which nobody needs to be told."""

SHOWN = 5
"""How many problems are told in full."""

UNEQUAL_SECONDS = 1.0
"""Tracks of one recording whose lengths differ by more are worth a word; all are aligned at their start."""


def scan(folder: Path, settings: CorpusSettings, layout: LayoutName | None = None) -> tuple[Multitrack, ...]:
    """The multitracks of `scan_corpus`."""
    return scan_corpus(folder, settings, layout).multitracks


def scan_corpus(folder: Path, settings: CorpusSettings, layout: LayoutName | None = None) -> Corpus:
    """Every multitrack below `folder`, by name, and its split where the corpus has its own division.

    `layout` names one of `LAYOUTS`; else that of the settings, or by itself. Only names and metadata are read, and of
    the sounds their lengths and time stamps. What is no track and what is unwanted is left out; files are shifted by
    their time stamps. AntiphonWarnings name what was left out or looks odd, and `Corpus.left_out` holds all of it.
    Raises BadData (MissingExtra where PyAV would help) with all that could not be read (warns instead with
    `settings.skip_unreadable`), and where no multitrack is found.
    """
    top, remains = look(folder)
    findings = Findings(remains.problems, _passed_over(remains.hidden, remains.links))
    kind = _layout(top, layout or settings.layout)
    meant = list(kind.find(top, findings))
    corpus = _opened(chosen(meant, folder, settings, findings), kind.licence, findings)
    if kind in GENERIC:
        findings.remarks += without_place(top, kind.name, meant, findings)
    corpus = replace(corpus, left_out=tuple(findings.left_out))
    if not corpus.multitracks and (settings.skip_unreadable or not findings.problems):
        raise BadData(
            f"{folder}: no multitrack here; expected folders that each hold two simultaneous tracks or more "
            f"as audio files of their own (for instance {top.name}/piece/bass.wav, piano.wav)"
            + "".join(f"; {sentence}" for sentence in findings.problems[:SHOWN] + findings.remarks)
        )
    _report(folder, findings, settings)
    return corpus


def recognised(folder: Path) -> LayoutName:
    """The layout that a scan of `folder` takes it for. Raises BadData where it can't be looked at."""
    top, remains = look(folder)
    if remains.problems and not top.files and not top.folders:
        raise BadData(remains.problems[0])
    return _layout(top, "auto").name


def pair(a: Path, b: Path) -> Multitrack:
    """Two files that sound together. Raises BadData where one cannot be read."""
    if real(a) == real(b):
        raise BadData(f"{a}: a track has no relation to itself; give two files")
    stems = normalized(a.stem), normalized(b.stem)
    roles = role_names(*stems)
    name = " + ".join(stems)
    findings = Findings()
    tracks = [_track(file_stem(path, role)) for path, role in zip((a, b), roles, strict=True)]
    together = Multitrack(name, name, with_starts(name, tracks, findings))
    _report(a, findings, CorpusSettings())
    return together


def paired_folders(a: Path, b: Path) -> tuple[Multitrack, ...]:
    """The files of `a` and `b` that have one name, suffix and Unicode form apart, as multitracks of two tracks.

    Files without a partner are left out with an AntiphonWarning. Raises BadData where none has one, and for an
    unreadable file.
    """
    (first, remains), (second, others) = look(a), look(b)
    findings = Findings(remains.problems + others.problems)
    multitracks = _opened(list(paired(first, second, findings)), "", findings).multitracks
    if not multitracks and not findings.problems:
        alone = [str(path) for path in first.audio + second.audio]
        raise BadData(f"no file name is in both {a} and {b}; without a partner: {first_few(alone) or 'no audio'}")
    _report(a, findings, CorpusSettings())
    return multitracks


def _layout(top: Folder, name: LayoutName) -> Layout:
    return next(each for each in LAYOUTS if each.name == name or (name == "auto" and each.recognises(top)))


def _opened(found: Sequence[Found], licence: str, findings: Findings) -> Corpus:
    """Multitracks with the lengths and rates of their files; a file that can't be read is a problem."""
    multitracks, splits, unequal = [], {}, []
    for each in found:
        opened = []
        for stem in each.stems:
            try:
                opened.append(_track(stem))
            except (BadData, MissingExtra) as error:
                findings.problems.append(str(error))
                findings.needs_extra |= isinstance(error, MissingExtra)
        if len(opened) < 2:
            continue
        tracks = with_starts(each.name, opened, findings)
        multitracks.append(Multitrack(each.name, each.piece, tracks, each.artist, licence))
        if each.split:
            splits[each.name] = each.split
        durations = sorted(track.duration for track in tracks)
        is_shifted = any(source.start for track in tracks for source in track.sources)
        if durations[-1] - durations[0] > UNEQUAL_SECONDS and not is_shifted:
            unequal.append(f"{each.name} ({durations[0]:.1f} to {durations[-1]:.1f} s)")
    if unequal:
        findings.remarks.append(
            f"{counted(len(unequal), 'multitrack')} with tracks of unequal length, aligned at their start: "
            f"{first_few(unequal)}"
        )
    ordered = tuple(sorted(multitracks, key=lambda multitrack: multitrack.name))
    return Corpus(ordered, splits, tuple(findings.left_out))


def _track(stem: Stem) -> Track:
    headers = [source_header(part.source) for part in stem.parts]
    sources = tuple(part.source for part in stem.parts)
    duration = max(header.duration for header in headers)
    return Track(stem.name, sources, duration, stem.instrument, headers[0].sample_rate)


def _passed_over(hidden: list[str], links: list[str]) -> list[str]:
    remarks = []
    if hidden:
        remarks.append(f"{counted(len(hidden), 'hidden file')} left out: {first_few(sorted(hidden))}")
    if links:
        remarks.append(
            f"{counted(len(links), 'link')} to folders that were seen already, not followed: {first_few(sorted(links))}"
        )
    return remarks


def _report(folder: Path, findings: Findings, settings: CorpusSettings) -> None:
    """All problems at once, as an error or, where the user said so, as a warning; then the remarks as warnings."""
    problems = first_few(findings.problems, SHOWN, "; ")
    if problems and not settings.skip_unreadable:
        hint = "; to go on without: setting corpus.skip_unreadable" if len(findings.problems) > 1 else ""
        raise (MissingExtra if findings.needs_extra else BadData)(problems + hint)
    if problems:
        _warn(f"{folder}: left out as unreadable: {problems}")
    for remark in findings.remarks:
        _warn(remark)


def _warn(message: str) -> None:
    warnings.warn(message, AntiphonWarning, stacklevel=4)
