"""Re-construction: how well a fine-tuned agent knows its pair, what it forgot, and whether it knows the piece again.

    python benchmarks/reconstruction.py CORPUS OTHER_TIMBRES HELD_OUT [--agent BASE] [--pairs 5] [--steps 1200]

CORPUS holds songs with a voice and a piano that the agent has not heard, OTHER_TIMBRES the same songs on other
instruments (`antiphon corpus build ... --seed`), HELD_OUT further songs by which forgetting is measured. Free-running,
the most probable token each time; then the piano track itself is the memory.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np

from antiphon.agent import Agent
from antiphon.corpus.manifest import read_manifest
from antiphon.corpus.track_audio import read_track
from antiphon.dataset import TokenPair
from antiphon.decision.generation import generate, score
from antiphon.errors import AntiphonWarning
from antiphon.metrics import bits_per_token, true_positive_percentage
from antiphon.training.finetuning import ARGMAX, Specialising, finetune, token_pair
from antiphon.types import Audio, Multitrack


def heard(song: Multitrack, name: str) -> Audio:
    return read_track(next(track for track in song.tracks if track.name == name))


def tpp(agent: Agent, pair: TokenPair) -> float:
    """Free-running, in percent."""
    answer = generate(
        agent.decision, pair.guide[None], agent.context, sampling=ARGMAX, seeds=[0], durations=pair.durations[None]
    ).ids[0]
    return true_positive_percentage(answer, pair.target)


def in_place(agent: Agent, guide: Audio, target: Audio) -> float:
    """With the target as memory, the share of segments that are played where they lie, in percent."""
    response = agent.respond(guide, agent.memory(target), sampling=ARGMAX.model_copy(update={"constraint": "hard"}))
    candidate_index = response.selection.segments
    return float(100 * np.mean(candidate_index == np.arange(len(candidate_index))))


def bits(agent: Agent, pairs: list[TokenPair]) -> float:
    """Mean over pairs."""
    return float(
        np.mean(
            [
                bits_per_token(
                    score(agent.decision, pair.guide[None], pair.target[None], agent.context, pair.durations[None])
                )
                for pair in pairs
            ]
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("corpus", "other", "held_out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--agent", type=Path)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1200)
    given = parser.parse_args()
    base = Agent.load(given.agent) if given.agent else Agent.base()
    warnings.simplefilter("ignore", AntiphonWarning)
    songs = {song.name: song for song in read_manifest(given.corpus).multitracks}
    others = {song.name: song for song in read_manifest(given.other).multitracks}
    kept = [
        token_pair(base, heard(song, "voice"), heard(song, "piano"))
        for song in read_manifest(given.held_out).multitracks
    ]
    before = bits(base, kept)
    for name in list(songs)[: given.pairs]:
        guide, target = (heard(songs[name], track) for track in ("voice", "piano"))
        began = time.perf_counter()
        agent = finetune(base, guide, target, Specialising(steps=given.steps))
        seconds = time.perf_counter() - began
        pair = token_pair(agent, guide, target)
        again = token_pair(agent, heard(others[name], "voice"), target)
        row = {
            "song": name,
            "segments": len(pair),
            "instruments": [songs[name].tracks[0].instrument, others[name].tracks[0].instrument],
            "guide_alike": round(true_positive_percentage(again.guide, pair.guide), 1),
            "tpp_before": round(tpp(base, pair), 1),
            "tpp": round(tpp(agent, pair), 1),
            "in_place": round(in_place(agent, guide, target), 1),
            "tpp_other_timbre": round(tpp(agent, again), 1),
            "held_out_worse_percent": round(100 * (bits(agent, kept) / before - 1), 2),
            "seconds": round(seconds, 1),
            "course": [
                [each["step"], round(each["tpp"], 1), round(each["tpp_mistaken"], 1)]
                for each in agent.history
                if each["model"] == "finetune"
            ],
        }
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
