"""The sheet of an alphabet as files: one self-contained page, audible, and one JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from antiphon.analysis.alphabet_sheet import AlphabetSheet, ClassSheet, Example
from antiphon.analysis.class_words import PITCH_CLASSES
from antiphon.audio import mono, mp3, resampled
from antiphon.checkpoint import save_json
from antiphon.corpus.track_audio import read_track
from antiphon.files import whole_directory
from antiphon.pages import page
from antiphon.pages.response import GOLDEN_ANGLE
from antiphon.types import Audio, Floats

SHEET_FILES = ("index.html", "alphabet.json")
"""What a sheet's directory holds."""

EXAMPLE_RATE = 44100
GAP_SECONDS = 0.2
"""Silence between two examples."""

FADE_SECONDS = 0.005

REGISTERS = ("low", "", "", "", "", "", "", "high")


def write_sheet(directory: Path, sheet: AlphabetSheet) -> None:
    """Write the sheet, whole or not at all. Raises BadData where a track that it quotes cannot be read any more."""
    with whole_directory(directory, SHEET_FILES) as inside:
        save_json(inside / "alphabet.json", as_dict(sheet))
        (inside / "index.html").write_text(_page(sheet), encoding="utf-8")


def as_dict(sheet: AlphabetSheet) -> dict[str, Any]:
    """The sheet in plain values, sound left out."""
    return {
        "alphabet_id": sheet.alphabet.id,
        "rest": sheet.alphabet.rest if sheet.alphabet.has_rest else None,
        "account": asdict(sheet.account),
        "classes": [_class_as_dict(each) for each in sheet.classes],
        "transitions": np.round(sheet.transitions, 6).tolist(),
    }


def _class_as_dict(each: ClassSheet) -> dict[str, Any]:
    return {
        "id": each.id,
        "count": each.count,
        "share": each.share,
        "run_mean": each.run_mean,
        "run_longest": each.run_longest,
        "level_dbfs": each.level,
        "pitch_classes": np.round(each.pitch_classes.astype(np.float64), 4).tolist(),
        "registers": np.round(each.registers.astype(np.float64), 4).tolist(),
        "neighbours": [list(pair) for pair in each.neighbours],
        "successors": [list(pair) for pair in each.successors],
        "examples": [
            {"source": str(example.track.path), "track": example.track.name, "start": example.start, "end": example.end}
            for example in each.examples
        ],
    }


def _page(sheet: AlphabetSheet) -> str:
    account = sheet.account
    dead = f"{account.dead} of them carry nothing here" if account.dead else "All of them occur here"
    head = (
        f"<h1>An alphabet of {sheet.alphabet.size} classes</h1>"
        f'<p class="lead">{dead}. Balance {account.balance:.2f} (1: all classes are used alike); the classes leave '
        f"{100 * account.distortion:.0f} % of the sound's variance unexplained; {100 * account.rests:.1f} % of the "
        f"segments are rests. Alphabet <code>{escape(sheet.alphabet.id)}</code>.</p>"
        '<p class="lead">The most frequent class comes first. Bars: pitch classes from C, then registers from low to '
        "high. Press a button to hear the segments nearest to the class, each from another track where it can be.</p>"
    )
    return page(
        "sheet",
        f"Alphabet {sheet.alphabet.id}",
        head + '<div class="classes">' + "".join(_card(each, sheet) for each in sheet.classes) + "</div>" + _map(sheet),
    )


def _card(each: ClassSheet, sheet: AlphabetSheet) -> str:
    rests = sheet.alphabet.has_rest and each.id == sheet.alphabet.rest
    name = "rest" if rests else str(each.id)
    profile = "" if rests else _bars(each.pitch_classes, each.registers)
    alike = "" if rests else f"<p><small>like</small> {_links(each.neighbours, '{:.2f}')}</p>"
    sources = "; ".join(f"{example.track.name} at {example.start:.1f} s" for example in each.examples)
    return (
        f'<article class="class" id="class-{each.id}" style="--hue: hsl({each.id * GOLDEN_ANGLE % 360:.0f} 60% 50%)">'
        f'<header><b>{name}</b><button aria-label="hear class {name}" title="{escape(sources)}" '
        f'data-sound="{_sound(each.examples)}">&#9654;</button>'
        f"<small>{100 * each.share:.1f} %, {each.count} segments</small></header>"
        f"{profile}"
        f"<p>{each.level:.0f} dBFS; runs of {each.run_mean:.1f}, the longest {each.run_longest}</p>"
        f"{alike}"
        f"<p><small>then</small> {_links([(token, 100 * share) for token, share in each.successors], '{:.0f} %')}</p>"
        "</article>"
    )


def _links(pairs: Sequence[tuple[int, float]], form: str) -> str:
    return ", ".join(
        f'<a href="#class-{token}">{token}</a> <small>({form.format(value)})</small>' for token, value in pairs
    )


def _bars(pitch_classes: Floats, registers: Floats) -> str:
    """Both profiles side by side, each against its own largest value."""
    groups = ((PITCH_CLASSES, pitch_classes, 0.0), (REGISTERS, registers, 190.0))
    drawn = []
    for names, values, left in groups:
        largest = max(float(values.max()), 1e-9)
        for index, (name, value) in enumerate(zip(names, values.tolist(), strict=True)):
            height, x = 40 * value / largest, left + 15 * index
            drawn.append(f'<rect x="{x:.0f}" y="{42 - height:.1f}" width="12" height="{height:.1f}"/>')
            drawn.append(f'<text x="{x + 6:.0f}" y="54">{name}</text>')
    label = "pitch classes, registers"
    return f'<svg class="bars" viewBox="0 0 312 58" role="img" aria-label="{label}">{"".join(drawn)}</svg>'


def _sound(examples: Sequence[Example]) -> str:
    """The examples one after the other, as a data URI."""
    gap = np.zeros((round(GAP_SECONDS * EXAMPLE_RATE), 1), dtype=np.float32)
    parts: list[Floats] = []
    for example in examples:
        heard = mono(read_track(example.track, example.start, example.end - example.start))
        parts += [_faded(resampled(heard, EXAMPLE_RATE).samples), gap]
    samples = np.concatenate(parts)
    return "data:audio/mpeg;base64," + base64.b64encode(mp3(Audio(samples, EXAMPLE_RATE))).decode()


def _faded(samples: Floats) -> Floats:
    length = min(round(FADE_SECONDS * EXAMPLE_RATE), len(samples) // 2)
    ramp = np.linspace(0, 1, length, dtype=np.float32)[:, None]
    faded = samples.copy()
    faded[:length] *= ramp
    faded[len(faded) - length :] *= ramp[::-1]
    return faded


def _map(sheet: AlphabetSheet) -> str:
    order = sheet.order
    rows = np.round(sheet.transitions[np.ix_(order, order)], 3)
    return (
        "<h2>What follows what</h2>"
        '<p class="note">Down: a class. Across: the class of the next segment. Alike classes lie side by side; the '
        'diagonal is a class that goes on. <b id="read"></b></p>'
        f"<canvas data-ids='{json.dumps(order.tolist())}' data-rows='{json.dumps(rows.tolist())}'></canvas>"
    )
