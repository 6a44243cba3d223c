"""The sheet of an alphabet as files: one self-contained page, audible, and one JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from antiphon.action.export.sounds import PITCH_CLASSES
from antiphon.analysis.alphabet_sheet import AlphabetSheet, ClassSheet, Example
from antiphon.audio import mono, resampled
from antiphon.checkpoint import save_json
from antiphon.corpus.track_audio import read_track
from antiphon.files import whole_directory
from antiphon.pages import render
from antiphon.pages.colours import hue
from antiphon.pages.lanes import sound_uri
from antiphon.types import Audio, Floats

SHEET_FILES = ("index.html", "alphabet.json")
"""What a sheet's directory holds."""

EXAMPLE_RATE = 44100
GAP_SECONDS = 0.2
"""Silence between two examples."""

FADE_SECONDS = 0.005

REGISTERS = ("low", "", "", "", "", "", "", "high")

BAR_HEIGHT, BAR_STEP, REGISTERS_LEFT = 40, 15, 190.0
"""Sizes of the bars in units of their drawing."""


@dataclass(frozen=True)
class Bar:
    """A pitch class or a register, against the largest value of its kind."""

    x: float
    height: float
    name: str


@dataclass(frozen=True)
class Card:
    """What the template shows of a class; `sound` is a data URI of the examples, one after the other."""

    id: int
    name: str
    rests: bool
    hue: float
    sources: str
    sound: str
    share: float
    count: int
    bars: Sequence[Bar]
    level: float
    run_mean: float
    run_longest: int
    neighbours: Sequence[tuple[int, float]]
    successors: Sequence[tuple[int, float]]


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
    order = sheet.order
    return render(
        "alphabet.html",
        alphabet=sheet.alphabet,
        account=sheet.account,
        cards=[_card(each, sheet) for each in sheet.classes],
        order=order.tolist(),
        transitions=np.round(sheet.transitions[np.ix_(order, order)], 3).tolist(),
    )


def _card(each: ClassSheet, sheet: AlphabetSheet) -> Card:
    rests = sheet.alphabet.has_rest and each.id == sheet.alphabet.rest
    return Card(
        id=each.id,
        name="rest" if rests else str(each.id),
        rests=rests,
        hue=hue(each.id),
        sources="; ".join(f"{example.track.name} at {example.start:.1f} s" for example in each.examples),
        sound=_sound(each.examples),
        share=each.share,
        count=each.count,
        bars=_bars(each.pitch_classes, each.registers),
        level=each.level,
        run_mean=each.run_mean,
        run_longest=each.run_longest,
        neighbours=each.neighbours,
        successors=[(token, 100 * share) for token, share in each.successors],
    )


def _bars(pitch_classes: Floats, registers: Floats) -> list[Bar]:
    """Both profiles side by side, each against its own largest value."""
    groups = ((PITCH_CLASSES, pitch_classes, 0.0), (REGISTERS, registers, REGISTERS_LEFT))
    bars = []
    for names, values, left in groups:
        largest = max(float(values.max()), 1e-9)
        for index, (name, value) in enumerate(zip(names, values.tolist(), strict=True)):
            bars.append(Bar(left + BAR_STEP * index, BAR_HEIGHT * value / largest, name))
    return bars


def _sound(examples: Sequence[Example]) -> str:
    """The examples one after the other, as a data URI."""
    gap = np.zeros((round(GAP_SECONDS * EXAMPLE_RATE), 1), dtype=np.float32)
    parts: list[Floats] = []
    for example in examples:
        heard = mono(read_track(example.track, example.start, example.end - example.start))
        parts += [_faded(resampled(heard, EXAMPLE_RATE).samples), gap]
    samples = np.concatenate(parts)
    return sound_uri(Audio(samples, EXAMPLE_RATE))


def _faded(samples: Floats) -> Floats:
    length = min(round(FADE_SECONDS * EXAMPLE_RATE), len(samples) // 2)
    ramp = np.linspace(0, 1, length, dtype=np.float32)[:, None]
    faded = samples.copy()
    faded[:length] *= ramp
    faded[len(faded) - length :] *= ramp[::-1]
    return faded
