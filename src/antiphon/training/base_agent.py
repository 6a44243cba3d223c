"""The agent that comes with the package (`make base-agent`): responses without any training of one's own.

It learns from what may be given away: OpenScore Lieder and string quartets (CC0), rendered, each in its own way, and
planted worlds of our own. Of the scores only the training split of the default settings, so that `antiphon evaluate`
on the same Lieder judges it on songs that it never heard.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from antiphon.agent import Agent
from antiphon.config import ActionSettings, SamplingSettings, Settings, resolve
from antiphon.corpus.manifest import Corpus, read_manifest
from antiphon.corpus.opening import open_corpus
from antiphon.corpus.planted import PLANTED_WORLDS, PlantedSettings, build_planted
from antiphon.corpus.splits import Split, divide
from antiphon.errors import AntiphonError, BadData
from antiphon.interfaces import Progress, no_progress
from antiphon.training.pipeline import train
from antiphon.types import Multitrack

MOST_BYTES = 20_000_000
"""A package may carry no larger an agent."""

WORLD_SEED = 7000
"""Far from the seeds of PairBench: the base agent has heard none of its pieces."""

WORLD_SEGMENTS = 64
"""Segments of half a second in a piece of a world."""


SAMPLING = SamplingSettings(rests="follow", repetition=0.95, guidance=2.0)
"""How it decides unless told otherwise. A Lied's voice waits through the piano's interludes; who takes the base agent
to play along does not want to wait with it. With more guidance than it learned, three real guides out of three were
followed in harmony, and no joint was added (docs/recordings.md)."""

ACTION = ActionSettings(phrase_cost=3.5, harmony=8.0, dynamics=1.5, loudness="guide", ride=0.7)
"""How it plays unless told otherwise: set on pairs of real stems (docs/recordings.md)."""


@dataclass(frozen=True)
class BaseRecipe:
    """How much goes into it: songs (None: all), and pieces of each planted world."""

    songs: int | None = None
    world_pieces: int = 6


def build_base(
    corpora: Sequence[Path],
    output: Path,
    recipe: BaseRecipe | None = None,
    settings: Settings | None = None,
    progress: Progress = no_progress,
) -> Agent:
    """Train the base agent on rendered `corpora` (manifests or their folders) and write it to `output`.

    What it needs on the way lies beside it, in NAME-build, and is gone on with after an interruption. Raises BadData
    for a song that is not CC0, AntiphonError where the agent is too large for a package.
    """
    recipe, settings = recipe or BaseRecipe(), settings or Settings()
    work = output.parent / f"{output.name}-build"
    songs = songs_of(corpora, settings, recipe.songs)
    worlds = _worlds(work / "worlds", recipe.world_pieces, progress)
    trained = train(
        _together(songs, worlds, settings), work / "agent", settings=settings, overwrite=True, progress=progress
    )
    told = {
        "data": f"{len(songs.multitracks)} rendered OpenScore scores, and {len(worlds)} pieces of planted worlds",
        "licence": "CC0-1.0",
    }
    agent = packed(replace(trained, training={**trained.training, **told}), output)
    shutil.rmtree(work)
    return agent


def packed(trained: Agent, output: Path) -> Agent:
    """Write a trained agent to `output` as it goes into the package: it keeps its figures but not its opponents.

    Raises AntiphonError where it is too large.
    """
    agent = replace(trained, deaf=None, shifted=None, present=None)
    agent = agent.with_settings(agent.settings.model_copy(update={"sampling": SAMPLING, "action": ACTION}))
    agent.save(output)
    size = sum(path.stat().st_size for path in output.iterdir())
    if size > MOST_BYTES:
        raise AntiphonError(f"{output}: {size / 1e6:.1f} MB, an agent in the package may have {MOST_BYTES / 1e6:g} MB")
    return agent


def songs_of(corpora: Sequence[Path], settings: Settings, songs: int | None) -> Corpus:
    """All songs of rendered corpora, or so many evenly out of them. Raises BadData for one that is not CC0."""
    opened = [open_corpus(each, settings.corpus).multitracks for each in corpora]
    return _songs(tuple(itertools.chain.from_iterable(opened)), songs)


def _songs(multitracks: Sequence[Multitrack], songs: int | None) -> Corpus:
    """All songs, or so many evenly out of them; each must be free to give away."""
    every = sorted(multitracks, key=lambda multitrack: multitrack.name)
    if bound := [each.name for each in every if each.licence != "CC0-1.0"]:
        raise BadData(f"the base agent learns from CC0 alone; {len(bound)} songs are not ({', '.join(bound[:3])})")
    wanted = len(every) if songs is None else min(songs, len(every))
    return Corpus(tuple(every[number * len(every) // wanted] for number in range(wanted)))


def _worlds(directory: Path, pieces: int, progress: Progress) -> tuple[Multitrack, ...]:
    """Pieces of every planted world, none of them PairBench's."""
    found: list[Multitrack] = []
    for number, world in enumerate(PLANTED_WORLDS if pieces else ()):
        world_settings = PlantedSettings(world, pieces=pieces, segments=WORLD_SEGMENTS, seed=WORLD_SEED + number)
        progress("planting", number, len(PLANTED_WORLDS))
        found += read_manifest(build_planted(directory / world, world_settings)).multitracks
    return tuple(found)


def _together(songs: Corpus, worlds: Sequence[Multitrack], settings: Settings) -> Corpus:
    """Songs divided as they would be alone; the worlds are learned from only."""
    splits: dict[str, Split] = {
        window.multitrack.name: split
        for split, windows in divide(songs.multitracks, settings.corpus).items()
        for window in windows
    }
    splits |= {world.name: "train" for world in worlds}
    return Corpus((*songs.multitracks, *worlds), splits)


def main() -> None:
    """`python -m antiphon.training.base_agent CORPUS... -o OUTPUT`, as the Makefile calls it.

    Settings come from the environment.
    """
    parser = argparse.ArgumentParser(description="Train the base agent on rendered corpora.")
    parser.add_argument("corpora", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--songs", type=int, default=None, help="only so many, evenly out of all")
    parser.add_argument("--world-pieces", type=int, default=BaseRecipe().world_pieces)
    given = parser.parse_args()
    build_base(given.corpora, given.output, BaseRecipe(given.songs, given.world_pieces), resolve(), lines)


def lines(task: str, done: int, total: int) -> None:
    """A line of progress on stderr, over the one before."""
    import sys

    sys.stderr.write(f"\r{task} {done}/{total}{' ' * 20}{os.linesep if done == total else ''}")


if __name__ == "__main__":
    main()
