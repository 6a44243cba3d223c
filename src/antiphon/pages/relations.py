"""What was learned, as one self-contained page: relations in words, information by lag, the table at the best lag, what
the classes stand for, and everyone's scores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from antiphon.analysis.circular_shifts import Counts
from antiphon.analysis.class_words import heading, sentence, when
from antiphon.analysis.probe import Measure
from antiphon.analysis.relations import Relations
from antiphon.evaluation.regeneration import Summary
from antiphon.pages import page

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 230, 46, 34, 12
"""Sizes of the chart in pixels."""

LEAST_EXPECTED = 3.0
"""Where chance would bring two classes together less often than this, and they met less often too, a cell is empty."""


def relations_page(
    relations: Relations | None,
    words: Mapping[int, str],
    pitches: Mapping[int, float],
    probe: Mapping[str, Measure],
    summary: Sequence[Summary],
) -> str:
    """The page. `words` and `pitches` are those of the classes; without relations it says why there are none."""
    body = [
        "<h1>What was learned</h1>",
        *(_without() if relations is None else _relations(relations, words, pitches)),
        *_probe(probe),
        *_summary(summary),
    ]
    return page("relations", "What was learned", "\n".join(body))


def lifts(counts: Counts) -> list[list[float | None]]:
    """p(b|a) / p(b) of a table of counts (a, b); None where too little was seen to say."""
    total = max(counts.sum(), 1.0)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / total
    told = np.maximum(expected, counts) >= LEAST_EXPECTED
    ratio = np.divide(counts, expected, out=np.zeros_like(counts), where=expected > 0)
    return [
        [round(float(value), 3) if said else None for value, said in zip(*row, strict=True)]
        for row in zip(ratio, told, strict=True)
    ]


def _without() -> list[str]:
    return ['<p class="lead">Nothing can be said of relations by lag: every pair of tracks is too short.</p>']


def _relations(relations: Relations, words: Mapping[int, str], pitches: Mapping[int, float]) -> list[str]:
    said = "".join(f"<li>{escape(sentence(each, words, relations.seconds))}</li>" for each in relations.found)
    strongest = (
        f'<ol class="said">{said}</ol>'
        '<p class="note">Chance is how often the partner plays the class at all. What is listed also stands above the '
        "guide turned round in time: in music without a relation nothing would be listed 19 times of 20.</p>"
        if said
        else "<p>No two classes meet more often than chance has it.</p>"
    )
    about = when(relations.best, relations.seconds)
    return [
        f'<p class="lead">{escape(heading(relations))}</p>',
        "<h2>The strongest relations</h2>",
        strongest,
        "<h2>By lag</h2>",
        "<p class=\"note\">Bits that the guide's class says of the partner's, above a guide that is turned round in "
        "time. To the right the partner is later, to the left earlier. Dashed: what chance does not exceed at any "
        "lag.</p>",
        _chart(relations),
        f"<h2>Class by class, {escape(about)}</h2>",
        '<p class="note">Down: the class of the guide. Across: that of the partner. Coloured: more often than chance, '
        "full at 16 times; grey: less often; empty: seen too rarely. Classes go by pitch where it is known, the lowest "
        "first.</p>",
        _matrix(relations, words, pitches),
    ]


def _chart(relations: Relations) -> str:
    rows = relations.information
    highest = max(*(each.local for each in rows), rows[0].bound, 1e-9)
    ground, step = HEIGHT - BOTTOM, (WIDTH - LEFT) / len(rows)
    scale = (ground - TOP) / highest
    drawn = []
    for index, each in enumerate(rows):
        x, height = LEFT + index * step, max(each.local, 0.0) * scale
        label = f"{each.lag * relations.seconds:g}" if relations.seconds is not None else f"{each.lag}"
        kind = ' class="best"' if each.lag == relations.best and relations.stands else ""
        drawn.append(
            f'<rect{kind} x="{x + 3:.1f}" y="{ground - height:.1f}" width="{step - 6:.1f}" height="{height:.1f}">'
            f"<title>{escape(when(each.lag, relations.seconds))}: {each.local:.3f} bits</title></rect>"
            f'<text x="{x + step / 2:.1f}" y="{ground + 15}" text-anchor="middle">{label}</text>'
        )
    line = ground - rows[0].bound * scale
    unit = "seconds" if relations.seconds is not None else "segments"
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Information by lag">'
        f'<line class="axis" x1="{LEFT}" x2="{WIDTH}" y1="{ground}" y2="{ground}"/>{"".join(drawn)}'
        f'<line x1="{LEFT}" x2="{WIDTH}" y1="{line:.1f}" y2="{line:.1f}"/>'
        f'<text x="{LEFT - 6}" y="{TOP + 6}" text-anchor="end">{highest:.2f}</text>'
        f'<text x="{LEFT - 6}" y="{ground + 4}" text-anchor="end">0</text>'
        f'<text x="{LEFT - 6}" y="{(TOP + ground) / 2:.0f}" text-anchor="end">bits</text>'
        f'<text x="{WIDTH}" y="{HEIGHT - 3}" text-anchor="end">{unit} from guide to partner</text></svg>'
    )


def _matrix(relations: Relations, words: Mapping[int, str], pitches: Mapping[int, float]) -> str:
    seen = relations.counts.sum(axis=0) + relations.counts.sum(axis=1) > 0
    order = sorted(np.flatnonzero(seen).tolist(), key=lambda token: (pitches.get(token, np.inf), token))
    names = [f"{token} ({words[token]})" if words.get(token) else str(token) for token in order]
    table = {"ids": order, "names": names, "lift": lifts(relations.counts[np.ix_(order, order)])}
    data = escape(json.dumps(table), quote=True)
    reach = f"From {escape(names[0])} to {escape(names[-1])}."
    return (
        f'<div class="matrix"><canvas role="img" aria-label="Guide classes by partner classes" data-table="{data}">'
        f'</canvas><p id="read" class="note">{reach} Point at a cell to read it.</p>'
        "</div>"
    )


def _probe(probe: Mapping[str, Measure]) -> list[str]:
    rows = [(name, f"{each.value:.3f} ({each.low:.3f} to {each.high:.3f})") for name, each in probe.items()]
    about = (
        '<p class="note">On held-out pieces. What a class shares with pitch, chord, loudness, onsets and instrument: '
        "0 is chance, 1 that either tells the other.</p>"
    )
    return (
        ["<h2>What the classes stand for</h2>", about, _table(("measure", "value, 95 % interval"), rows)]
        if rows
        else []
    )


def _summary(summary: Sequence[Summary]) -> list[str]:
    rows = [(row.model, f"{row.tpp.mean:.1f}", f"{row.bits.mean:.3f}") for row in summary]
    return ["<h2>Everyone on held-out pieces</h2>", _table(("model", "TPP, %", "bits per token"), rows)] if rows else []


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{top}</tr>{body}</table></div>'
