"""Left and right that lie as two files: one track."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from antiphon.corpus.layouts.folders_on_disk import normalized
from antiphon.corpus.layouts.stems import Findings, Part, Stem, counted, first_few
from antiphon.corpus.stereo_names import stereo_pairs
from antiphon.corpus.words import words
from antiphon.types import Side, Source


def with_stereo(stems: Mapping[str, Stem], where: Path, findings: Findings) -> tuple[Stem, ...]:
    """Stems of one file each, by name, with every left and right as one stem; the pairs are a remark."""
    pairs = {pair.left: pair for pair in stereo_pairs(list(stems)) if pair.base}
    rights = {pair.right for pair in pairs.values()}
    names = set(stems) - set(pairs) - rights
    joined: list[Stem] = []
    for name, stem in stems.items():
        if name in pairs:
            base = pairs[name].base
            stereo = base if base not in names else f"{base} L+R"
            names.add(stereo)
            joined.append(_joined(stereo, stem, stems[pairs[name].right]))
        elif name not in rights:
            joined.append(stem)
    if pairs:
        said = [f"{pair.left} and {pair.right}" for pair in pairs.values()]
        findings.remarks.append(
            f"{where}: {counted(len(pairs), 'pair')} of left and right read as one stereo track each: {first_few(said)}"
        )
    return tuple(joined)


def sided(paths: Sequence[Path]) -> tuple[Source, ...]:
    """Files that are summed: left and right of a recording each on its side, the others as they are."""
    by_name = {normalized(path.stem): path for path in paths}
    pairs = stereo_pairs(list(by_name))
    sides: dict[str, Side] = {**{pair.left: "left" for pair in pairs}, **{pair.right: "right" for pair in pairs}}
    place = {by_name[name]: side for name, side in sides.items()}
    return tuple(Source(path, side=place[path]) if path in place else Source(path) for path in paths)


def _joined(name: str, left: Stem, right: Stem) -> Stem:
    sides: tuple[tuple[Stem, Side], ...] = ((left, "left"), (right, "right"))
    parts = [Part(replace(part.source, side=side), part.instrument) for stem, side in sides for part in stem.parts]
    return Stem(name, " ".join(words(name)), tuple(parts))
