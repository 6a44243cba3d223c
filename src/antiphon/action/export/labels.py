"""The tokens of a response as labels: for Audacity, Sonic Visualiser, a Max `coll`, and as cue points of a wav."""

from __future__ import annotations

import csv
import io
import os
import shutil
import struct
from collections.abc import Sequence
from math import exp
from pathlib import Path, PurePosixPath

from antiphon.action.export.class_names import NAMELESS, Names
from antiphon.errors import BadData
from antiphon.files import whole_file
from antiphon.names import for_coll
from antiphon.types import Event

MOST_BYTES = 0xFFFFFFFF
"""A RIFF file counts its bytes in 32 bits."""


def token_name(event: Event, rest: int, names: Names = NAMELESS) -> str:
    """What is played, in words: its class, the rest, and what it stands for where the memory lacks the label."""
    played = "rest" if event.played == rest else names.get(event.played, f"token {event.played}")
    asked = names.get(event.token, str(event.token))
    return played if event.played == event.token else f"{played} for {asked}"


def audacity(events: Sequence[Event], rest: int, names: Names = NAMELESS) -> str:
    """A label track for Audacity: start, end, name; a line for each segment."""
    return "".join(
        f"{event.time:.6f}\t{event.time + event.duration:.6f}\t{token_name(event, rest, names)}\n" for event in events
    )


def sonic_visualiser(events: Sequence[Event], rest: int, names: Names = NAMELESS) -> str:
    """A region layer for Sonic Visualiser: time, value, duration, label, under a heading."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("TIME", "VALUE", "DURATION", "LABEL"))
    for event in events:
        rows.writerow((f"{event.time:.9f}", event.played, f"{event.duration:.9f}", token_name(event, rest, names)))
    return text.getvalue()


def coll(
    events: Sequence[Event], rest: int, files: Sequence[str], rates: Sequence[float] = (), names: Names = NAMELESS
) -> str:
    """Lines for a Max `coll`: index, time and duration in ms, token (-1 a rest), confidence, source file, its ms, and,
    where `rates` are given, how fast the file is played. After them the names of classes that have one, by `class-ID`.

    `files` names the source file of each event, empty where none is played.
    """
    speeds = [f" {rate:.9g}" for rate in rates] or [""] * len(events)
    lines = "".join(
        f"{index}, {1000 * event.time:.3f} {1000 * event.duration:.3f} "
        f"{-1 if event.played == rest else event.played} {exp(event.log_probability):.6f} "
        f"{for_coll(file or 'none')} {1000 * event.source_start:.3f}{speed};\n"
        for index, (event, file, speed) in enumerate(zip(events, files, speeds, strict=True))
    )
    return lines + "".join(f"class-{token}, {for_coll(name)};\n" for token, name in sorted(names.items()))


def told_apart(paths: Sequence[str]) -> dict[str, str]:
    """The shortest end of each path that no other of them has: its name, and as many folders before it as it takes."""
    ends = {path: PurePosixPath(path).parts for path in paths}

    def end(path: str) -> str:
        lengths = range(1, len(ends[path]) + 1)
        alone = (n for n in lengths if sum(other[-n:] == ends[path][-n:] for other in ends.values()) == 1)
        return "/".join(ends[path][-next(alone, len(ends[path])) :])

    return {path: end(path) for path in ends}


def cue_chunks(events: Sequence[Event], rest: int, sample_rate: int, names: Names = NAMELESS) -> bytes:
    """RIFF chunks `cue ` and `LIST adtl`: a named point at each segment, to be appended to a wav."""
    points, labels = [], []
    for number, event in enumerate(events, 1):
        position = round(event.time * sample_rate)
        points.append(struct.pack("<II4sIII", number, position, b"data", 0, 0, position))
        text = token_name(event, rest, names).encode() + b"\0"
        labels.append(b"labl" + struct.pack("<II", 4 + len(text), number) + text + b"\0" * (len(text) % 2))
    listed = b"adtl" + b"".join(labels)
    return (
        b"cue " + struct.pack("<II", 4 + 24 * len(points), len(points)) + b"".join(points)
        + b"LIST" + struct.pack("<I", len(listed)) + listed
    )  # fmt: skip


def add_cues(path: Path, chunks: bytes) -> None:
    """Append chunks to a wav, whole or not at all. Raises BadData where it isn't one, or would become too long."""
    with path.open("rb") as file:
        start = file.read(12)
    if start[:4] != b"RIFF" or start[8:12] != b"WAVE":
        raise BadData(f"{path}: not a wav")
    length = path.stat().st_size
    added = b"\0" * (length % 2) + chunks
    if length + len(added) - 8 > MOST_BYTES:
        raise BadData(f"{path}: a wav of more than 4 GB cannot hold cue points")
    with whole_file(path) as temporary:
        shutil.copyfile(path, temporary)
        with temporary.open("r+b") as file:
            file.seek(4)
            file.write(struct.pack("<I", length + len(added) - 8))
            file.seek(0, os.SEEK_END)
            file.write(added)
