"""Your pair: what it is worth to remember a pair, to fine-tune on it, and neither, on the rest of it and elsewhere.

    python benchmarks/your_pair.py songs RESULTS.json MANIFEST... [--agent BASE] [--songs 30] [--finetune] [--tpp]
    python benchmarks/your_pair.py worlds RESULTS.json [--minutes 5] [--seeds 1]
    python benchmarks/your_pair.py show RESULTS.json

`songs`: of each song of at least three minutes that the agent has not heard, the first 60 % are the pair, and the rest
is judged, as a piece of its own; then a whole other song of the same composer. `worlds`: planted relations as
single notes whose meaning is known, looked up by a network that has learned nothing; new pieces in the same key and in
one that the pair is not in. A piece a row; a run that was stopped
goes on. One thread.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from antiphon.agent import Agent
from antiphon.agent.meanings import meanings_of
from antiphon.checkpoint import load_json, save_json
from antiphon.confidence import estimate
from antiphon.config import DecisionSettings, SamplingSettings, Settings
from antiphon.corpus.opening import open_corpus
from antiphon.corpus.planted import PlantedSettings, bound, planted_tokens
from antiphon.corpus.track_audio import read_track
from antiphon.decision.datastore import KnownPair, RememberingDecision, remembered
from antiphon.decision.generation import Context, generate, score
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.relation import ClassMeanings, fitted
from antiphon.decision.scoring import sliding, started
from antiphon.decision.transformer import DecisionNetwork
from antiphon.errors import AntiphonWarning
from antiphon.interfaces import DecisionModel
from antiphon.metrics import bits_per_token, true_positive_percentage
from antiphon.training.careful_finetuning import finetuned_or_not
from antiphon.training.finetuning import ARGMAX, token_pair
from antiphon.types import Ids, Multitrack

SHARE = 0.6
LEAST_SECONDS = 180.0
SHORTEST_OTHER = 60.0
NUCLEUS = SamplingSettings(constraint="off")
BY_GUIDE = SamplingSettings(temperature=0, past=False, constraint="off")
DRAWS = 4


def tokens_of(song: Multitrack, agent: Agent, kept: Path) -> KnownPair:
    """Voice and piano as tokens, kept as a file of arrays."""
    file = kept / f"{song.name}.npz"
    if not file.exists():
        guide, target = (read_track(next(t for t in song.tracks if t.name == name)) for name in ("voice", "piano"))
        pair = token_pair(agent, guide, target)
        kept.mkdir(parents=True, exist_ok=True)
        np.savez(file, guide=pair.guide, target=pair.target, durations=pair.durations)
    arrays = np.load(file)
    return KnownPair(arrays["guide"], arrays["target"], arrays["durations"])


def bits(model: DecisionModel, pair: KnownPair, agent: Agent) -> float:
    """Per token of a piece, all before it given."""
    return bits_per_token(score(model, pair.guide[None], pair.target[None], agent.context, pair.durations[None]))


def tpp(model: DecisionModel, pair: KnownPair, agent: Agent, sampling: SamplingSettings, draws: int) -> float:
    """Free-running, percent."""
    guides, durations = (np.repeat(each[None], draws, axis=0) for each in (pair.guide, pair.durations))
    answers = generate(model, guides, agent.context, sampling=sampling, seeds=range(draws), durations=durations).ids
    return float(np.mean([true_positive_percentage(answer, pair.target) for answer in answers]))


def grown_bits(model: RememberingDecision, pair: KnownPair, agent: Agent) -> float:
    """As `bits`, where the piece itself is remembered as it goes on."""
    nats, state = [], None
    for start, decided, end in sliding(len(pair), agent.context):
        part = pair.between(start, end)
        state = started(model, 1, state, decided - start)
        state, found = model.scored(state, part.guide[None], part.target[None], part.durations[None])
        nats.append(found[0, decided - start :])
        model = model.grown(pair.between(decided, end), agent.context)
    return bits_per_token(np.concatenate(nats))


def judged(agent: Agent, pair: KnownPair, asked: dict[str, KnownPair], given: argparse.Namespace) -> dict[str, Any]:
    """Bits of what is asked, by each way of using the pair, and TPP of the rest of the pair."""
    meanings = meanings_of(agent.alphabet, agent.perception.encoder, agent.settings.perception.encoder)
    heard, deaf, by_guide = (
        NeuralDecision(agent.network),
        NeuralDecision(agent.network, hidden=True),
        NeuralDecision(agent.network, guide_only=True),
    )
    ways: dict[str, DecisionModel] = {"base": heard, "deaf base": deaf}
    ways["neighbours"] = RememberingDecision(heard, (remembered(heard, [pair], agent.context, counted=False),))
    began = time.process_time()
    ways["memory"] = RememberingDecision(heard, (remembered(heard, [pair], agent.context, meanings),))
    seconds = time.process_time() - began
    ways["deaf memory"] = RememberingDecision(deaf, (remembered(deaf, [pair], agent.context),))
    alone = RememberingDecision(by_guide, (remembered(by_guide, [pair], agent.context, meanings),), inventing=True)
    found: dict[str, Any] = {"segments": len(pair), "seconds": round(seconds, 2)}
    if given.finetune:
        began = time.process_time()
        tuned = finetuned_or_not(agent, [pair])
        found["tried"] = {**tuned.training["tried"], "seconds": round(time.process_time() - began, 1)}
        ways["fine-tuned or not"] = network = NeuralDecision(tuned.network)
        ways["fine-tuned or not, memory"] = RememberingDecision(
            network, (remembered(network, [pair], agent.context, meanings),)
        )
    for name, piece in asked.items():
        found[name] = {"segments": len(piece), "bits": {way: bits(model, piece, agent) for way, model in ways.items()}}
    found["rest"]["bits"]["grown"] = grown_bits(ways["memory"], asked["rest"], agent)
    rest = asked["rest"]
    if not given.tpp:
        return found
    inventing = RememberingDecision(heard, (remembered(heard, [pair], agent.context, meanings),), inventing=True)
    found["rest"]["tpp"] = {
        "base": tpp(heard, rest, agent, NUCLEUS, DRAWS),
        "memory": tpp(inventing, rest, agent, NUCLEUS, DRAWS),
        "base, most probable": tpp(heard, rest, agent, ARGMAX, 1),
        "memory, most probable": tpp(inventing, rest, agent, ARGMAX, 1),
        "base, by the guide": tpp(by_guide, rest, agent, BY_GUIDE, 1),
        "memory, by the guide": tpp(alone, rest, agent, BY_GUIDE, 1),
    }
    return found


def songs(given: argparse.Namespace) -> None:
    agent = Agent.load(given.agent) if given.agent else Agent.base()
    rows = load_json(given.results) if given.results.exists() else {}
    pieces = [song for path in given.manifests for song in open_corpus(path, Settings().corpus).multitracks]
    pieces = [song for song in pieces if {track.name for track in song.tracks} == {"voice", "piano"}]
    by_artist = defaultdict(list)
    for song in pieces:
        by_artist[song.artist].append(song)
    long = [song for song in pieces if song.duration >= given.least]
    for song in long[: given.songs]:
        if song.name in rows:
            continue
        others = [each for each in by_artist[song.artist] if each.name != song.name and each.duration >= SHORTEST_OTHER]
        whole = tokens_of(song, agent, given.results.parent / "tokens")
        cut = int(SHARE * len(whole))
        asked = {"rest": whole.between(cut, len(whole))}
        if others:
            asked["another song"] = tokens_of(others[0], agent, given.results.parent / "tokens")
        rows[song.name] = {"composer": song.artist, **judged(agent, whole.between(0, cut), asked, given)}
        save_json(given.results, rows)
        print(song.name, json.dumps(rows[song.name]), flush=True)
    show(given)


MINOR = (0, 2, 3, 5, 7, 8, 10)
TONIC, LOWEST, NOTES = 57, 36, 60
NOTE_WORLDS = ("copy", "delay", "transposition", "third-below", "contrary-motion", "call-and-response")
REST = 2 * NOTES
PIECES, SEGMENTS = 4, 64
KEY = 3


def planted_notes(world: str, seed: int, pieces: int, segments: int, key: int = 0) -> list[KnownPair]:
    """Pairs of single notes in an alphabet of every semitone, A's and B's apart, and a rest; `key` semitones higher."""

    def ids(tokens: Ids, first: int) -> Ids:
        octaves, places = np.divmod(tokens, len(MINOR))
        pitches = TONIC + (tokens if world == "transposition" else 12 * octaves + np.array(MINOR)[places]) + key
        rests = (tokens == 12) & (world == "call-and-response")
        return np.where(rests, REST, first + pitches - LOWEST)

    settings = PlantedSettings(world, pieces=pieces, segments=segments, seed=seed)
    lasting = np.full(segments, 0.5)
    return [KnownPair(ids(pair.a, 0), ids(pair.b, NOTES), lasting) for pair in planted_tokens(settings)]


def worlds(given: argparse.Namespace) -> None:
    """TPP of new pieces, free-running, the most probable each time, as a share of what can be reached."""
    rows = load_json(given.results) if given.results.exists() else {}
    pitches = np.concatenate([np.tile(LOWEST + np.arange(NOTES), 2), [-1]])
    meanings, context = ClassMeanings.of_notes(pitches, REST), Context(60, 40)
    torch.manual_seed(0)
    shape = DecisionSettings(layers=1, guide_layers=1, heads=2, dimension=64, feed_forward=128, dropout=0.0)
    network = NeuralDecision(DecisionNetwork(shape, REST + 1).eval())
    for world, seed in ((world, seed) for world in NOTE_WORLDS for seed in range(given.seeds)):
        if f"{world} {seed}" in rows:
            continue
        (pair,) = planted_notes(world, 100 + seed, 1, round(120 * given.minutes))
        ways = {
            "neighbours and counts": remembered(network, [pair], context),
            "memory": remembered(network, [pair], context, meanings),
        }
        models: dict[str, DecisionModel] = {name: RememberingDecision(network, (each,)) for name, each in ways.items()}
        models["relation"] = fitted([(pair.guide[None], pair.target[None])], meanings)
        ceiling = bound(PlantedSettings(world, pieces=PIECES, segments=SEGMENTS, seed=0)).tpp
        row: dict[str, Any] = {}
        for place, key in (("same", 0), ("another key", KEY)):
            new = planted_notes(world, 500 + seed, PIECES, SEGMENTS, key)
            guides, targets = (np.stack([getattr(each, name) for each in new]) for name in ("guide", "target"))
            for name, model in models.items():
                answers = generate(model, guides, context, sampling=ARGMAX, seeds=range(PIECES)).ids
                row[f"{name}, {place}"] = round(
                    100 * true_positive_percentage(answers.ravel(), targets.ravel()) / ceiling, 1
                )
        rows[f"{world} {seed}"] = row
        save_json(given.results, rows)
        print(world, seed, json.dumps(row), flush=True)


def show(given: argparse.Namespace) -> None:
    """Differences to the base agent, means over pieces with their 95 % intervals, and the worst piece."""
    rows = load_json(given.results)
    for what in ("rest", "another song"):
        found = [row[what] for row in rows.values() if what in row]
        if not found:
            continue
        base = np.array([row["bits"]["base"] for row in found])
        print(
            f"\n{what}: {len(found)} pieces, base agent {base.mean():.3f} bits\n\n| way | bits | 95 % | worst piece |"
        )
        print("|---|---|---|---|")
        for way in found[0]["bits"]:
            known = [(row["bits"][way] - row["bits"]["base"]) for row in found if way in row["bits"]]
            mean = estimate(known)
            print(f"| {way} | {mean.mean:+.3f} | {mean.low:+.3f} to {mean.high:+.3f} | {max(known):+.3f} |")
        worth = {
            name: estimate([row["bits"][f"deaf {name}"] - row["bits"][name] for row in found])
            for name in ("base", "memory")
        }
        for name, mean in worth.items():
            print(f"the guide is worth, {name}: {mean.mean:.3f} ({mean.low:.3f} to {mean.high:.3f})")
        answered = [row["tpp"] for row in found if "tpp" in row]
        for way in answered[0] if answered else ():
            print(f"TPP of {len(answered)} pieces, {way}: {np.mean([row[way] for row in answered]):.1f} %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = parser.add_subparsers(required=True)
    one = parts.add_parser("songs")
    one.add_argument("results", type=Path)
    one.add_argument("manifests", type=Path, nargs="+")
    one.add_argument("--agent", type=Path)
    one.add_argument("--songs", type=int, default=30)
    one.add_argument("--least", type=float, default=LEAST_SECONDS, help="seconds of a song")
    one.add_argument("--finetune", action="store_true", help="also try fine-tuning")
    one.add_argument("--tpp", action="store_true", help="also answer the rest, free-running")
    one.set_defaults(run=songs)
    two = parts.add_parser("worlds")
    two.add_argument("results", type=Path)
    two.add_argument("--minutes", type=float, default=5.0)
    two.add_argument("--seeds", type=int, default=1)
    two.set_defaults(run=worlds)
    last = parts.add_parser("show")
    last.add_argument("results", type=Path)
    last.set_defaults(run=show)
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", AntiphonWarning)
    given.run(given)


if __name__ == "__main__":
    main()
