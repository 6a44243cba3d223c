"""Drafts: a response anew within a moment, from what the process holds; nothing is encoded, and nobody has kept it."""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from pathlib import Path

from antiphon import audio
from antiphon.action.export.provenance_file import copies_of
from antiphon.analysis.memory_map import map_of
from antiphon.checkpoint import save_json
from antiphon.files import identity
from antiphon.interfaces import Progress
from antiphon.studio.bench import Asked, Bench, wished_of
from antiphon.studio.derived import kept
from antiphon.studio.dials import positions
from antiphon.studio.project import DRAFTS
from antiphon.studio.tellings import segments_of
from antiphon.types import Response
from antiphon.use_cases.respond_again import answered_again

MOST_DRAFTS = 12
"""Drafts that are held; the oldest go."""


def draft(bench: Bench, asked: Asked, progress: Progress) -> tuple[str, list[str]]:
    """A response anew as it would be kept, without its testimony: the name of a JSON beside its sound.

    Kept, it has the same samples: it is the same function of guide, memory, settings, marks and seed.
    """
    player = bench.player(asked)
    wished = wished_of(player.record, asked)
    opened, heard = bench.hearing(player, marked=bool(wished.marks))
    progress("draft", 0, 1)
    began = time.perf_counter()
    decided = bench.decided(player, asked)
    response, notes = answered_again(
        *(player.agent, opened, heard, wished, asked["seed"]), specification=decided.specification
    )
    decided.specification = response.specification
    place = bench.project.own / DRAFTS / f"{time.time_ns():020d}-{secrets.token_hex(4)}.json"
    place.parent.mkdir(exist_ok=True)
    audio.write(place.with_suffix(".wav"), response.audio)
    told = {
        "name": place.stem,
        "sound": bench.project.name_of(place.with_suffix(".wav")),
        "seconds": response.audio.duration,
        "segments": segments_of(response.events, copies_of(response, heard.memory)),
        "dials": positions(response.settings),
        "seed": asked["seed"],
        "took": round(time.perf_counter() - began, 3),
        "notes": [*notes, *_relaxed(response), response.timing],
    }
    save_json(place, told)
    _prune(place.parent)
    return bench.project.name_of(place), []


def _relaxed(response: Response) -> list[str]:
    relaxed = response.selection.relaxed
    return [f"no path keeps all settings: {'; '.join(relaxed)}"] if relaxed else []


def _prune(folder: Path) -> None:
    for path in sorted(folder.glob("*.json"))[:-MOST_DRAFTS]:
        for each in (path, path.with_suffix(".wav")):
            with suppress(OSError):
                each.unlink(missing_ok=True)


def memory_map(bench: Bench, asked: Asked, progress: Progress) -> tuple[str, list[str]]:
    """The map of a response's memory, as it was played: the name of a JSON that holds it."""
    player = bench.player(asked)
    opened, heard = bench.hearing(player, marked=True)
    files = [identity(path) for path in (*opened.guides, *opened.memories)]
    action = player.agent.settings.action
    told = ("map", files, player.record.identity, player.agent.alphabet.id, action.grid, action.tempo_bpm)

    def make(place: Path) -> None:
        progress("map", 0, 1)
        found = map_of(player.agent, heard.memory)
        save_json(
            place,
            {
                "x": (found.places[:, 0] * 10_000).round().astype(int).tolist(),
                "y": (found.places[:, 1] * 10_000).round().astype(int).tolist(),
                "ids": found.ids.tolist(),
                "parts": found.parts.tolist(),
                "starts": found.spans[:, 0].round(4).tolist(),
                "ends": found.spans[:, 1].round(4).tolist(),
                "left_out": found.left_out,
            },
        )

    return bench.project.name_of(kept(bench.project, told, ".json", make)), []
