"""Responses judged as sound, on real stems: variety, phrases, and how far they follow their guide.

    python benchmarks/recordings.py SONGS [--agent AGENT] [--pairs 20] [--seed 0] [--hop 30] [--pitched]
                                    [--set action.novelty=0 ...] [--preset NAME] [--ablation] [--json FILE]

SONGS has one folder a song, with its stems side by side as files of any kind, all from one start. Of each song, windows
of 30 s are taken in which at least two stems sound for more than 60 % of the time, and every stem is answered by every
other: the memory is then the true partner, cut up. `--pairs` draws so many by `--seed`, 0 takes all; `--hop` lets
windows overlap; `--pitched` leaves out pairs of which one stem has no pitch. `--ablation` plays
the same pairs with the agent as it is, as it was before selection knew the memory's supply, with each of the parts left
out, and by each preset. Nothing is tuned here: a setting is judged as it is given.

What is measured of each pair:

- different memory segments of those that were played, the share of the commonest, the median unbroken copy in seconds,
  joins a second: as `respond` says them;
- energy: correlation of the levels of guide and rendered response, segment by segment, beside that of the true partner;
  and "within", where the guide sounds, since silence that answers silence is the easier part of it;
- harmony: agreement of constant-Q chroma (librosa), which the selection does not use, of guide and chosen segments,
  above that of 200 random selections from the same memory, in their standard deviations (z); and the same with the
  true partner in the guide's place. Pairs of which both stems have pitch (`PITCHED`) are judged by themselves too;
- level: integrated loudness of the response less the guide's (LU).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from antiphon.action.rendering.loudness import loudness
from antiphon.action.statistics import response_statistics
from antiphon.agent import Agent
from antiphon.audio import dbfs, excerpts, interval_power, mono, read, resampled
from antiphon.config import Settings, resolve
from antiphon.config.presets import PRESETS, with_preset
from antiphon.decoding.kinds import AUDIO_SUFFIXES
from antiphon.errors import AntiphonWarning, SettingsError
from antiphon.perception.cache import FrameCache, default_directory
from antiphon.perception.perception import Perception
from antiphon.types import SILENCE, Audio, Memory, Response

SECONDS = 30.0
BLOCK_SECONDS = 0.5
SOUNDS_ABOVE_DBFS = -45.0
SOUNDING_SHARE = 0.6
FLOOR_DBFS = -60.0

CHROMA_RATE, CHROMA_HOP = 22050, 512
HEARD_ABOVE_DBFS = -50.0
RANDOM_SELECTIONS = 200

PITCHED = 0.25
"""A stem has pitch where the strongest pitch class of basic-pitch's notes has at least this posterior, in the mean over
what sounds: drums have 0.12 to 0.21, voices, keys and pads 0.28 to 0.7."""

BEFORE = {
    "action.match": "class",
    "action.phrase_cost": "0",
    "action.novelty": "0",
    "action.harmony": "0",
    "action.dynamics": "0",
    "action.loudness": "keep",
    "action.ride": "0",
    "sampling.guidance": "1",
    "sampling.rests": "fill",
}
"""How responses were made before selection knew the memory's supply."""


@dataclass(frozen=True)
class Pair:
    """Two stems of a song, and where the window begins in seconds."""

    song: str
    start: float
    guide: Path
    memory: Path

    @property
    def name(self) -> str:
        return f"{self.song} {self.start:g}: {self.guide.stem} < {self.memory.stem}"


@dataclass(frozen=True, eq=False)
class Stem:
    """30 s of a stem, with the `intervals` (n, 2) over which it is heard, and whether it has pitch."""

    audio: Audio
    intervals: np.ndarray
    pitched: bool

    def over(self, intervals: np.ndarray) -> Stem:
        """The same over other intervals."""
        return self if np.array_equal(intervals, self.intervals) else replace(self, intervals=intervals)

    @cached_property
    def level(self) -> np.ndarray:
        return levels(self.audio, self.intervals)

    @cached_property
    def chroma(self) -> np.ndarray:
        return centred_chroma(self.audio, self.intervals)


@dataclass(frozen=True)
class Row:
    """What is measured of one response; a measure is None where it says nothing."""

    pair: str
    pitched: bool
    played: int
    distinct: int
    commonest: float
    copy: float
    joins: float
    energy: float
    partner_energy: float
    energy_within: float
    harmony: float | None
    partner_harmony: float | None
    level: float | None
    silent: float
    # Onsets in time with the guide's eighths belong here, None where guide or memory have no beat.


@dataclass(frozen=True)
class Bound:
    """What all rows together must reach, and whether they do."""

    text: str
    met: int
    of: int
    wanted: float

    @property
    def kept(self) -> bool | None:
        return self.met >= self.wanted * self.of if self.of else None


def levels(audio: Audio, intervals: np.ndarray) -> np.ndarray:
    return np.maximum(dbfs(interval_power(audio, intervals)), FLOOR_DBFS)


def centred_chroma(audio: Audio, intervals: np.ndarray) -> np.ndarray:
    """Chroma (n, 12) of the segments, loud frames counting more, less their mean and of length 1."""
    import librosa

    samples = resampled(mono(audio), CHROMA_RATE).samples[:, 0]
    chroma = librosa.feature.chroma_cqt(y=samples, sr=CHROMA_RATE, hop_length=CHROMA_HOP).T
    power = librosa.feature.rms(y=samples, hop_length=CHROMA_HOP)[0] ** 2
    count = min(len(chroma), len(power))
    edges = np.clip(np.round(intervals * CHROMA_RATE / CHROMA_HOP).astype(int), 0, count)
    rows = np.array([power[first:stop] @ chroma[first:stop] for first, stop in edges])
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def correlation(some: np.ndarray, others: np.ndarray) -> float:
    if len(some) < 2 or some.std() < 1e-6 or others.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(some, others)[0, 1])


def harmony(guide: Stem, memory: Stem, segments: np.ndarray, rng: np.random.Generator) -> float | None:
    """How far chosen memory segments (n,) agree with the guide above random ones: z; None where too few sound."""
    steps = np.flatnonzero((segments != SILENCE) & (guide.level > HEARD_ABOVE_DBFS))
    usable = np.flatnonzero(memory.level > HEARD_ABOVE_DBFS)
    if len(steps) < 5 or len(usable) < 2:
        return None
    alike = guide.chroma[steps] @ memory.chroma.T
    each = np.arange(len(steps))
    chance = np.array([alike[each, rng.choice(usable, len(steps))].mean() for _ in range(RANDOM_SELECTIONS)])
    return float((alike[each, segments[steps]].mean() - chance.mean()) / max(chance.std(), 1e-9))


def judged(pair: Pair, guide: Stem, memory: Stem, source: Memory, response: Response) -> Row:
    """All measures of one response."""
    told, segments = response_statistics(response, source), response.selection.segments
    partner = memory.over(guide.intervals)
    rendered, sounds = levels(response.audio, guide.intervals), guide.level > HEARD_ABOVE_DBFS
    own, of_guide = loudness([response.audio]), loudness([guide.audio])
    return Row(
        pair=pair.name,
        pitched=guide.pitched and memory.pitched,
        played=int(np.count_nonzero(segments != SILENCE)),
        distinct=told.distinct,
        commonest=told.commonest_share,
        copy=told.median_copy_seconds,
        joins=told.joins_per_second,
        energy=correlation(guide.level, rendered),
        partner_energy=correlation(guide.level, partner.level),
        energy_within=correlation(guide.level[sounds], rendered[sounds]),
        harmony=harmony(guide, memory, segments, np.random.default_rng(0)),
        partner_harmony=harmony(partner, memory, segments, np.random.default_rng(1)),
        level=None if own is None or of_guide is None else own - of_guide,
        silent=told.silent_share,
    )


def bounds(rows: Sequence[Row]) -> list[Bound]:
    """What the issue on recordings asks for; each counts pairs."""
    followed = [row for row in rows if row.partner_energy >= 0.2]
    heard = [row for row in rows if row.harmony is not None]
    tuned = [row for row in heard if row.pitched]
    return [
        Bound("at least 20 different segments", sum(row.distinct >= 20 for row in rows), len(rows), 1),
        Bound("none above 12 %", sum(row.commonest <= 0.12 for row in rows), len(rows), 1),
        Bound("median copy of 1.5 s or more", sum(row.copy >= 1.5 for row in rows), len(rows), 1),
        Bound("at most 0.7 joins a second", sum(row.joins <= 0.7 for row in rows), len(rows), 1),
        Bound("energy +0.2 where the partner's is", sum(row.energy >= 0.2 for row in followed), len(followed), 1),
        *(
            bound
            for name, some in (("all", heard), ("pitched", tuned))
            for bound in (
                Bound(f"harmony z > 2 ({name})", sum(agrees(row, 2) for row in some), len(some), 0.8),
                Bound(f"harmony z >= -2 ({name})", sum(row.harmony >= -2 for row in some), len(some), 1),
            )
        ),
    ]


def agrees(row: Row, least: float) -> bool:
    """Whether harmony is above chance, with the guide or with the true partner."""
    return max(row.harmony, -np.inf if row.partner_harmony is None else row.partner_harmony) > least


def mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def means(rows: Sequence[Row]) -> dict[str, float | None]:
    names = [field.name for field in dataclasses.fields(Row) if field.name not in ("pair", "pitched")]
    return {name: mean([getattr(row, name) for row in rows]) for name in names}


def sounding(path: Path) -> np.ndarray:
    """Whether each block of a file sounds."""
    blocks = excerpts(path, BLOCK_SECONDS)
    power = [np.mean(block.samples.astype(np.float64) ** 2) for block in blocks]
    return 10 * np.log10(np.array(power) + 1e-12) > SOUNDS_ABOVE_DBFS


def pairs_of(songs: Path, hop: float) -> list[Pair]:
    """Every stem with every other that sounds in the same window; a window begins every `hop` seconds."""
    found = []
    for song in sorted(each for each in songs.iterdir() if each.is_dir()):
        stems = sorted(path for path in song.iterdir() if path.suffix.lower() in AUDIO_SUFFIXES)
        heard = {path: sounding(path) for path in stems}
        length = round(SECONDS / BLOCK_SECONDS)
        for first in range(0, max(map(len, heard.values()), default=0) - length + 1, round(hop / BLOCK_SECONDS)):
            window = slice(first, first + length)
            live = [path for path in stems if heard[path][window].sum() > SOUNDING_SHARE * length]
            found += [
                Pair(song.name, first * BLOCK_SECONDS, guide, memory)
                for guide in live
                for memory in live
                if guide != memory
            ]
    return found


def drawn(pairs: list[Pair], count: int, seed: int) -> list[Pair]:
    """So many pairs at random, in their order; 0: all."""
    if not count or count >= len(pairs):
        return pairs
    return [pairs[index] for index in sorted(np.random.default_rng(seed).choice(len(pairs), count, replace=False))]


class Stand:
    """Plays pairs: each stem is read and heard once, whatever is asked of it."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self._ear = Perception(Settings().perception, None, FrameCache(default_directory()))
        self._memories: dict[tuple[Path, float], tuple[Stem, Memory]] = {}

    def _memory(self, path: Path, start: float) -> tuple[Stem, Memory]:
        key = (path, start)
        if key not in self._memories:
            excerpt = read(path, start, SECONDS)
            memory = self.agent.memory(excerpt)
            self._memories[key] = (Stem(excerpt, memory.tokens.intervals, self._has_pitch(excerpt)), memory)
        return self._memories[key]

    def _has_pitch(self, audio: Audio) -> bool:
        heard, _ = self._ear.segments(audio)
        notes = heard.vectors[heard.level > HEARD_ABOVE_DBFS][:, self._ear.encoder.pitch_class_dimensions]
        return bool(len(notes) and notes.max(axis=1).mean() >= PITCHED)

    def is_pitched(self, pair: Pair) -> bool:
        return all(self._memory(path, pair.start)[0].pitched for path in (pair.guide, pair.memory))

    def row(self, pair: Pair, player: Agent, seed: int) -> Row:
        guide, _ = self._memory(pair.guide, pair.start)
        memory, source = self._memory(pair.memory, pair.start)
        response = player.respond(guide.audio, source, seed=seed)
        # Over beats, guide and memory are divided anew; a response that knows its memory says so.
        played = getattr(response, "memory", None) or source
        heard = guide.over(response.guide.intervals), memory.over(played.tokens.intervals)
        return judged(pair, *heard, played, response)


def changed(agent: Agent, changes: Mapping[str, str], preset: str | None = None) -> Agent:
    """The agent with settings laid over its own."""
    settings = with_preset(agent.settings, preset) if preset else agent.settings
    overrides: dict[str, dict[str, Any]] = {}
    for key, value in changes.items():
        section, dot, name = key.partition(".")
        if not dot:
            raise SettingsError(f"--set takes SECTION.NAME=VALUE, got {key}={value}")
        overrides.setdefault(section, {})[name] = value
    return agent.with_settings(resolve(environment={}, overrides=overrides, base=settings))


def variants(given: argparse.Namespace, agent: Agent) -> dict[str, Agent]:
    """Which agents play, by name."""
    if not given.ablation:
        return {"as given": changed(agent, dict(each.split("=", 1) for each in given.set), given.preset)}
    left_out = {f"without: {key}={value}": changed(agent, {key: value}) for key, value in BEFORE.items()}
    presets = {f"preset {name}": changed(agent, {}, name) for name in PRESETS}
    return {"as it is": agent, "before": changed(agent, BEFORE)} | left_out | presets


COLUMNS = {
    "distinct": ("differ", ".0f"),
    "played": ("of", ".0f"),
    "commonest": ("most", ".0%"),
    "copy": ("copy s", ".1f"),
    "joins": ("joins/s", ".2f"),
    "energy": ("energy", ".2f"),
    "partner_energy": ("partner", ".2f"),
    "energy_within": ("within", ".2f"),
    "harmony": ("z guide", ".1f"),
    "partner_harmony": ("z partner", ".1f"),
    "level": ("LU", ".1f"),
    "silent": ("silent", ".0%"),
}


def line(name: str, values: Mapping[str, float | None], width: int) -> str:
    cells = []
    for key, (head, form) in COLUMNS.items():
        value = values[key]
        shown = "-" if value is None else format(value, form)
        cells.append(f"{shown:>{max(len(head), 6) + 1}}")
    return f"{name:{width}}" + "".join(cells)


def report(name: str, rows: Sequence[Row], each: bool) -> None:
    width = max([len(row.pair) for row in rows] + [len(name)]) if each else 34
    print(f"\n{name}\n{'':{width}}" + "".join(f"{head:>{max(len(head), 6) + 1}}" for head, _ in COLUMNS.values()))
    for row in rows if each else ():
        print(line(row.pair, vars(row), width))
    print(line(f"mean of {len(rows)}", means(rows), width))
    for bound in bounds(rows):
        kept = {True: "met", False: "NOT met", None: "nothing to judge"}[bound.kept]
        print(f"  {bound.text:38} {bound.met:3} of {bound.of:3}  {kept}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("songs", type=Path)
    parser.add_argument("--agent", type=Path, help="default: the base agent")
    parser.add_argument("--pairs", type=int, default=20, help="so many pairs; 0: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hop", type=float, default=SECONDS, help="seconds from one window to the next")
    parser.add_argument("--pitched", action="store_true", help="only pairs of stems that have pitch")
    parser.add_argument("--preset", choices=sorted(PRESETS))
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.NAME=VALUE")
    parser.add_argument("--ablation", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", AntiphonWarning)
    agent = Agent.load(given.agent) if given.agent else Agent.base()
    players, stand, pairs = variants(given, agent), Stand(agent), pairs_of(given.songs, given.hop)
    if given.pitched:
        pairs = [pair for pair in pairs if stand.is_pitched(pair)]
    pairs = drawn(pairs, given.pairs, given.seed)
    found = {}
    for name, player in players.items():
        rows = [stand.row(pair, player, given.seed) for pair in pairs]
        report(name, rows, each=not given.ablation or name in ("as it is", "before"))
        found[name] = {
            "pairs": [dataclasses.asdict(row) for row in rows],
            "mean": means(rows),
            "bounds": [dataclasses.asdict(bound) | {"kept": bound.kept} for bound in bounds(rows)],
        }
        if given.json:
            given.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
