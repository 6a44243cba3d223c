"""One self-contained page about a response: what was heard, what was asked for, where every segment comes from, how
well the model does on held-out pieces. No script, font or sound is loaded from anywhere else.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import exp
from pathlib import Path

import numpy as np

from antiphon.audio import mono, mp3
from antiphon.confidence import Estimate
from antiphon.evaluation.regeneration import Summary
from antiphon.pages import page
from antiphon.types import SILENCE, Audio, Ids, Memory, Response, Seconds

WIDTH, HEIGHT = 1200, 110
"""Size of a drawing in its own units; the page stretches it."""

LONGEST_EMBEDDED = 900.0
"""Seconds of sound that a page carries for one track; longer ones are drawn but not embedded."""

GOLDEN_ANGLE = 137.508
"""Degrees of hue between two class ids: neighbours in number look different."""


@dataclass(frozen=True, eq=False)
class Lane:
    """One track of the page: a sound, and coloured regions (n, 2) in seconds with a class and a sentence each."""

    name: str
    about: str
    audio: Audio
    intervals: Seconds
    ids: Ids
    sentences: Sequence[str]


def write_page(
    path: Path,
    response: Response,
    guide: Audio,
    mix: Audio,
    memory: Memory,
    *,
    rest: int,
    about: Mapping[str, str],
    summary: Sequence[Summary] = (),
) -> None:
    """Write the page. `rest` is the id drawn grey; `about` are facts to list; `summary` the table of held-out
    pieces."""
    lanes = (
        Lane(
            "Guide",
            "what was listened to, with its tokens",
            guide,
            response.guide.intervals,
            response.guide.ids,
            [f"token {token}" for token in response.guide.ids],
        ),
        Lane(
            "Response",
            "what was asked for, built out of the memory",
            response.audio,
            response.guide.intervals,
            response.selection.played,
            [_sentence(response, index) for index in range(len(response.events))],
        ),
        Lane("Mix", "guide and response together", mix, np.zeros((0, 2)), np.zeros(0, dtype=np.int64), []),
        Lane(
            "Memory",
            "what could be played",
            memory.audio,
            memory.tokens.intervals,
            memory.tokens.ids,
            [f"segment {index}, token {token}" for index, token in enumerate(memory.tokens.ids)],
        ),
    )
    facts = "".join(f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in about.items())
    body = [
        "<h1>Antiphon answers</h1>",
        '<p class="lead">A colour is a class of the learned alphabet: the same colour in two tracks is the same class. '
        "Point at a region to read what it is; click to listen from there.</p>",
        *(track_section(lane, rest) for lane in lanes),
        "<h2>Path through the memory</h2>",
        '<p class="note">Across: time in the response. Up: time in the memory. '
        "An unbroken slope is an unbroken copy.</p>",
        _map(response, memory, rest),
        *([_table(summary)] if summary else []),
        f"<h2>About this response</h2><dl>{facts}</dl>",
    ]
    path.write_text(page("listening", "Antiphon answers", "\n".join(body)), encoding="utf-8")


def _sentence(response: Response, index: int) -> str:
    event = response.events[index]
    asked = f"asked for {event.token}, p = {exp(event.log_probability):.2f}"
    if not event.source:
        return f"{asked}: silence"
    played = "" if event.played == event.token else f", played {event.played} instead"
    name = Path(event.source).name
    return f"{asked}{played}: {name} {event.source_start:.2f}-{event.source_end:.2f} s, copy {event.run}"


def track_section(lane: Lane, rest: int) -> str:
    """A track with its regions, to look at and to listen to; `rest` is the id drawn grey."""
    player = '<p class="note">Too long to carry in a page: listen to the file.</p>'
    if lane.audio.duration <= LONGEST_EMBEDDED:
        sound = base64.b64encode(mp3(lane.audio)).decode()
        player = f'<audio controls preload="metadata" src="data:audio/mpeg;base64,{sound}"></audio>'
    facts = f"{lane.audio.duration:.1f} s, {lane.audio.sample_rate / 1000:g} kHz, {_channels(lane.audio.channels)}"
    scale = WIDTH / max(lane.audio.duration, 1e-9)
    regions = "".join(
        f'<rect x="{start * scale:.2f}" width="{(end - start) * scale:.2f}" y="0" height="{HEIGHT}" '
        f'fill="{_colour(int(token), rest)}" fill-opacity=".42"><title>{escape(sentence)}</title></rect>'
        for (start, end), token, sentence in zip(lane.intervals, lane.ids, lane.sentences, strict=True)
    )
    return (
        f'<section class="track"><header><b>{lane.name}</b> <small>{lane.about}; {facts}</small></header>'
        f'<div class="wave"><svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="Waveform of the {lane.name.lower()}">{regions}<path class="shape" pointer-events="none" '
        f'd="{_outline(lane.audio)}"/></svg><div class="head"></div></div>{player}</section>'
    )


def _channels(count: int) -> str:
    return {1: "mono", 2: "stereo"}.get(count, f"{count} channels")


def _outline(audio: Audio) -> str:
    """The waveform as one closed path: highest and lowest sample of each column, the loudest filling the height."""
    samples = mono(audio).samples[:, 0]
    edges = np.linspace(0, len(samples), min(WIDTH, len(samples)) + 1).astype(np.int64)[:-1]
    high, low = np.maximum.reduceat(samples, edges), np.minimum.reduceat(samples, edges)
    loudest = max(float(np.abs(samples).max()), 1e-9)
    middle, x = HEIGHT / 2, np.arange(len(edges)) * WIDTH / len(edges)
    top = [f"{a:.1f},{middle - b * (middle - 2):.1f}" for a, b in zip(x, high / loudest, strict=True)]
    bottom = [f"{a:.1f},{middle - b * (middle - 2):.1f}" for a, b in zip(x, low / loudest, strict=True)]
    return "M" + " L".join(top + bottom[::-1]) + " Z"


def _colour(token: int, rest: int) -> str:
    return "#9a97a3" if token == rest else f"hsl({token * GOLDEN_ANGLE % 360:.0f} 70% 55%)"


def _map(response: Response, memory: Memory, rest: int) -> str:
    duration, height = response.guide.intervals[-1, 1], 200
    across, up = WIDTH / duration, height / memory.audio.duration
    lines = []
    for index, segment in enumerate(response.selection.segments):
        if segment == SILENCE:
            continue
        start, end = response.guide.intervals[index]
        low = memory.tokens.intervals[segment, 0]
        colour = _colour(int(response.selection.played[index]), rest)
        lines.append(
            f'<line x1="{start * across:.2f}" x2="{end * across:.2f}" y1="{height - low * up:.2f}" '
            f'y2="{height - (low + end - start) * up:.2f}" stroke="{colour}">'
            f"<title>{escape(_sentence(response, index))}</title></line>"
        )
    borders = "".join(
        f'<line x1="0" x2="{WIDTH}" y1="{y:.2f}" y2="{y:.2f}" stroke="var(--line)" style="stroke-width:1"/>'
        for y in (height - part.start / memory.audio.sample_rate * up for part in memory.parts[1:])
    )
    return (
        f'<section class="track map"><svg viewBox="0 0 {WIDTH} {height}" preserveAspectRatio="none" role="img" '
        f'aria-label="Which part of the memory sounds when">{borders}{"".join(lines)}</svg>'
        f'<div class="axis"><span>0 s</span><span>memory {memory.audio.duration:.0f} s high, '
        f"response {duration:.0f} s long</span><span>{duration:.0f} s</span></div></section>"
    )


def _table(summary: Sequence[Summary]) -> str:
    best, worst = max(row.tpp.mean for row in summary), max(row.bits.mean for row in summary)
    rows = "".join(
        f"<tr{' class=ours' if row is summary[0] else ''}><td>{escape(row.model)}</td>"
        f"<td>{_bar(row.tpp.mean / best)}{_interval(row.tpp, 1)}</td>"
        f"<td>{_bar(row.bits.mean / worst)}{_interval(row.bits, 2)}</td>"
        f"<td>{'' if row is summary[0] else _interval(row.behind, 2, sign='+')}</td></tr>"
        for row in summary
    )
    return (
        f"<h2>Held-out pieces: {summary[0].bits.pieces}</h2>"
        "<p>Track B again from track A alone. TPP is the share of segments hit, everyone running free: higher is "
        "better. Bits per token are the surprise at the true B: lower is better. The deaf model is the same network "
        "trained without the guide, so what it pays over the model is what listening is worth.</p>"
        '<div class="scroll"><table><tr><th>model</th><th>TPP, % (95 % interval)</th><th>bits per token</th>'
        f"<th>bits behind antiphon</th></tr>{rows}</table></div>"
    )


def _bar(share: float) -> str:
    return f'<span class="bar" style="width:{max(share, 0.01) * 7:.2f}rem"></span>'


def _interval(value: Estimate, digits: int, sign: str = "") -> str:
    if value.pieces == 1:
        return f"{value.mean:{sign}.{digits}f}"
    return f"{value.mean:{sign}.{digits}f} <small>({value.low:.{digits}f} to {value.high:.{digits}f})</small>"
