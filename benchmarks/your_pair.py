"""Your pair: what it is worth to remember a pair, to fine-tune on it, and neither, on the rest of it and elsewhere.

    python benchmarks/your_pair.py songs RESULTS.json MANIFEST... [--agent BASE] [--songs 30] [--finetune]
    python benchmarks/your_pair.py worlds RESULTS.json [--minutes 5] [--seeds 1] [--independent 40]
    python benchmarks/your_pair.py show RESULTS.json

`songs`: of each song of at least three minutes that the agent has not heard, the first 60 % are the pair, and the rest
is judged, as a piece of its own; then a whole other song of the same composer. `worlds`: tokens of planted relations
with the classes' meanings known, and an agent's network that has never met them. A piece a row; a run that was stopped
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
from antiphon.config import SamplingSettings, Settings
from antiphon.corpus.opening import open_corpus
from antiphon.corpus.track_audio import read_track
from antiphon.decision.datastore import KnownPair, RememberingDecision, remembered
from antiphon.decision.generation import generate, score
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.scoring import sliding, started
from antiphon.errors import AntiphonWarning
from antiphon.interfaces import DecisionModel
from antiphon.metrics import bits_per_token, true_positive_percentage
from antiphon.training.careful_finetuning import finetuned_or_not
from antiphon.training.finetuning import ARGMAX, token_pair
from antiphon.types import Multitrack

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


def judged(agent: Agent, pair: KnownPair, asked: dict[str, KnownPair], finetune: bool) -> dict[str, Any]:
    """Bits of what is asked, by each way of using the pair, and TPP of the rest of the pair."""
    meanings = meanings_of(agent.alphabet, agent.perception.encoder, agent.settings.perception.encoder)
    heard, deaf, by_guide = (
        NeuralDecision(agent.network),
        NeuralDecision(agent.network, hidden=True),
        NeuralDecision(agent.network, guide_only=True),
    )
    ways: dict[str, DecisionModel] = {"base": heard, "deaf base": deaf}
    ways["neighbours"] = RememberingDecision(heard, remembered(heard, [pair], agent.context, counted=False))
    began = time.process_time()
    ways["memory"] = RememberingDecision(heard, remembered(heard, [pair], agent.context, meanings))
    seconds = time.process_time() - began
    ways["deaf memory"] = RememberingDecision(deaf, remembered(deaf, [pair], agent.context))
    alone = RememberingDecision(by_guide, remembered(by_guide, [pair], agent.context, meanings))
    found: dict[str, Any] = {"segments": len(pair), "seconds": round(seconds, 2)}
    if finetune:
        began = time.process_time()
        tuned = finetuned_or_not(agent, [pair])
        found["tried"] = {**tuned.training["tried"], "seconds": round(time.process_time() - began, 1)}
        ways["fine-tuned or not"] = network = NeuralDecision(tuned.network)
        ways["fine-tuned or not, memory"] = RememberingDecision(
            network, remembered(network, [pair], agent.context, meanings)
        )
    for name, piece in asked.items():
        found[name] = {"segments": len(piece), "bits": {way: bits(model, piece, agent) for way, model in ways.items()}}
    found["rest"]["bits"]["grown"] = grown_bits(ways["memory"], asked["rest"], agent)
    rest = asked["rest"]
    found["rest"]["tpp"] = {
        "base": tpp(heard, rest, agent, NUCLEUS, DRAWS),
        "memory": tpp(ways["memory"], rest, agent, NUCLEUS, DRAWS),
        "base, most probable": tpp(heard, rest, agent, ARGMAX, 1),
        "memory, most probable": tpp(ways["memory"], rest, agent, ARGMAX, 1),
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
        rows[song.name] = {"composer": song.artist, **judged(agent, whole.between(0, cut), asked, given.finetune)}
        save_json(given.results, rows)
        print(song.name, json.dumps(rows[song.name]), flush=True)
    show(given)


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
        for way in found[0].get("tpp", ()):
            print(f"TPP, {way}: {np.mean([row['tpp'][way] for row in found]):.1f} %")


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
    one.set_defaults(run=songs)
    last = parts.add_parser("show")
    last.add_argument("results", type=Path)
    last.set_defaults(run=show)
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", AntiphonWarning)
    given.run(given)


if __name__ == "__main__":
    main()
