"""PairBench-5: one pair of a planted relation, as sound, remembered by the base agent, and what it answers then.

    python benchmarks/pair_worlds.py RESULTS.json [--minutes 5] [--seeds 3] [--independent 0] [WORLD ...]

The whole way is judged, from sound to sound: `antiphon respond --pair A B` to new pieces in the pair's key and timbre,
with a guide on an instrument that is not in the pair, and in a key that the pair is not in (guide and memory three
semitones higher). The memory is B of other pieces. Scored is what the memory plays in the middle of each segment: the
planted attribute of the segment it comes from, as a share of what a predictor can reach. `--independent`: so many
pairs that have nothing to do with one another, and how many are announced as a relation. A row a world and seed; a run
that was stopped goes on. One thread.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from antiphon.agent import Agent
from antiphon.agent.known_pairs import sound_relation
from antiphon.checkpoint import load_json, save_json
from antiphon.corpus.planted import (
    PLANTED_WORLDS,
    PlantedSettings,
    attribute,
    attribute_bound,
    attribute_played,
    planted_tokens,
)
from antiphon.corpus.planted.settings import PlantedWorld
from antiphon.corpus.planted.sound import UNSEEN_VOICES, VOICES, Part, Voice, planted_audio
from antiphon.errors import AntiphonWarning
from antiphon.training.remembering import remember
from antiphon.types import Audio, Ids

SEGMENTS, PIECES, MEMORY_PIECES = 64, 3, 4
"""Of a new piece, of new pieces, and of the pieces whose B is the memory."""

KEY = 3
PLACES = {"same": (0, VOICES), "timbre": (0, UNSEEN_VOICES), "key": (KEY, VOICES)}
UNPITCHED = ("texture-follows", "texture-opposes")


def sounded(ids: Ids, part: Part, settings: PlantedSettings, voice: Voice, seed: int) -> Audio:
    audio = planted_audio(ids, part, settings, voice, np.random.default_rng([seed, part == "b"]))
    return replace(audio, source=part)


def pair_of(world: PlantedWorld, seed: int, minutes: float) -> tuple[Audio, Audio]:
    """A and B of one long piece."""
    settings = PlantedSettings(world, pieces=1, segments=round(120 * minutes), seed=100 + seed)
    (pair,) = planted_tokens(settings)
    return sounded(pair.a, "a", settings, VOICES["a"], seed), sounded(pair.b, "b", settings, VOICES["b"], seed)


def answered(agent: Agent, world: PlantedWorld, seed: int, place: str) -> float:
    """Percent of the segments of new pieces in which the right attribute is played, of what can be reached."""
    semitones, voices = PLACES[place]
    settings = PlantedSettings(world, pieces=PIECES, segments=SEGMENTS, seed=500 + seed, semitones=semitones)
    others = planted_tokens(replace(settings, pieces=MEMORY_PIECES, seed=900 + seed))
    tokens = np.concatenate([pair.b for pair in others])
    memory = agent.memory(sounded(tokens, "b", settings, VOICES["b"], seed))
    shares = []
    for number, pair in enumerate(planted_tokens(settings)):
        guide = sounded(pair.a, "a", settings, voices["a"], 10 + seed + number)
        played = attribute_played(agent.respond(guide, memory, seed=seed), tokens, settings)
        shares.append(np.mean(played == attribute(settings, pair.b).ids))
    return 10000 * float(np.mean(shares)) / attribute_bound(settings).tpp


def base_agent() -> Agent:
    """As it comes, but on the segments of the worlds."""
    agent = Agent.base()
    action = agent.settings.action.model_copy(update={"grid": "seconds"})
    return agent.with_settings(agent.settings.model_copy(update={"action": action}))


def row_of(agent: Agent, world: PlantedWorld, seed: int, minutes: float) -> dict[str, Any]:
    began = time.process_time()
    taught = remember(agent, [pair_of(world, seed, minutes)])
    row: dict[str, Any] = {"seconds": round(time.process_time() - began, 1)}
    places = [place for place in PLACES if place != "key" or world not in UNPITCHED]
    row |= {place: round(answered(taught, world, seed, place), 1) for place in places}
    relation, following = taught.training["relation"], sound_relation(taught)
    row["said"] = relation["words"] if relation and relation["stands"] else "nothing"
    row["harmony"] = None if following.harmony is None else round(following.harmony.agreement, 2)
    row["level"] = None if following.level is None else round(following.level.sign * following.level.agreement, 2)
    return row


def announced(agent: Agent, seed: int, minutes: float) -> dict[str, Any]:
    taught = remember(agent, [pair_of("independent", 1000 + seed, minutes)])
    relation = taught.training["relation"]
    return {"announced": bool(relation and relation["stands"]), "p": relation and relation["p"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("worlds", nargs="*", default=list(PLANTED_WORLDS))
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--independent", type=int, default=0)
    given = parser.parse_intermixed_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", AntiphonWarning)
    agent, rows = base_agent(), load_json(given.results) if given.results.exists() else {}
    wanted = [(world, seed) for seed in range(given.seeds) for world in given.worlds]
    wanted += [("none", seed) for seed in range(given.independent)]
    for world, seed in wanted:
        name = f"{world} {seed} {given.minutes:g}"
        if name not in rows:
            minutes = given.minutes
            rows[name] = announced(agent, seed, minutes) if world == "none" else row_of(agent, world, seed, minutes)
            save_json(given.results, rows)
        print(name, json.dumps(rows[name]), flush=True)


if __name__ == "__main__":
    main()
