"""The ten-minute agent: from two 5-minute tracks of one composer to a first response, and what the guide is then worth.

    python benchmarks/ten_minutes.py LIEDER_MANIFEST --agent BASE [--leave-out MANIFEST] [--pairs 20]

Songs of one composer that the base agent has not heard are put one behind the other, five minutes of voice and of
piano; the base agent is fine-tuned on all songs but the last, which is the held-out tail. The gain is bits per token of
the tail with the guide hidden, minus bits with the guide heard, by the same network; Wilcoxon's signed-rank test over
pairs.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.stats import wilcoxon

from antiphon.agent import Agent
from antiphon.corpus.manifest import read_manifest
from antiphon.corpus.track_audio import read_track
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.scoring import score
from antiphon.errors import AntiphonWarning
from antiphon.metrics import bits_per_token
from antiphon.training.finetuning import Specialising, finetune, token_pair
from antiphon.types import Audio, Multitrack

MINUTES = 5.0
FEWEST_SONGS = 3


def joined(songs: list[Multitrack], name: str) -> Audio:
    """One track of several songs, each as long as the song."""
    parts = []
    for song in songs:
        heard = read_track(next(track for track in song.tracks if track.name == name))
        length = round(song.duration * heard.sample_rate)
        parts.append(np.pad(heard.samples[:length], ((0, max(0, length - len(heard.samples))), (0, 0))))
    return Audio(np.concatenate(parts), heard.sample_rate, f"{songs[0].artist}, {name}")


def pairs_of(manifest: Path, left_out: set[str], wanted: int) -> list[list[Multitrack]]:
    """Groups of songs of one composer, about five minutes each, no composer again before each had a turn."""
    by_artist = defaultdict(list)
    for song in read_manifest(manifest).multitracks:
        plays = {track.name for track in song.tracks}
        if plays == {"voice", "piano"} and song.name not in left_out and 40 < song.duration < 150:
            by_artist[song.artist].append(song)
    turns = defaultdict(list)
    for artist, songs in sorted(by_artist.items()):
        group: list[Multitrack] = []
        turn = 0
        for song in sorted(songs, key=lambda each: each.name):
            group.append(song)
            if sum(each.duration for each in group) >= 60 * MINUTES and len(group) >= FEWEST_SONGS:
                turns[turn].append((artist, group))
                group, turn = [], turn + 1
    found = [group for turn in sorted(turns) for _, group in turns[turn]]
    return found[:wanted]


def bits(agent: Agent, guide: Audio, target: Audio, hidden: bool) -> float:
    pair = token_pair(agent, guide, target)
    model = NeuralDecision(agent.network, hidden=hidden)
    return bits_per_token(score(model, pair.guide[None], pair.target[None], agent.context, pair.durations[None]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--agent", type=Path)
    parser.add_argument("--leave-out", type=Path)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--steps", type=int, default=300)
    given = parser.parse_args()
    base = Agent.load(given.agent) if given.agent else Agent.base()
    heard = {song.name for song in read_manifest(given.leave_out).multitracks} if given.leave_out else set()
    warnings.simplefilter("ignore", AntiphonWarning)
    rows = []
    for songs in pairs_of(given.manifest, heard, given.pairs):
        began = time.perf_counter()
        guide, target = (joined(songs[:-1], name) for name in ("voice", "piano"))
        agent = finetune(base, guide, target, Specialising(steps=given.steps))
        memory = agent.memory(target)
        tail_guide, tail_target = (joined(songs[-1:], name) for name in ("voice", "piano"))
        agent.respond(tail_guide, memory)
        seconds = time.perf_counter() - began
        gains = [
            bits(each, tail_guide, tail_target, True) - bits(each, tail_guide, tail_target, False)
            for each in (base, agent)
        ]
        row = {
            "composer": songs[0].artist,
            "songs": len(songs),
            "seconds": round(seconds, 1),
            "pair_tpp": round(agent.training["pair"]["tpp"], 1),
            "gain_before": round(gains[0], 4),
            "gain": round(gains[1], 4),
            "tail_bits_before": round(bits(base, tail_guide, tail_target, False), 3),
            "tail_bits": round(bits(agent, tail_guide, tail_target, False), 3),
        }
        rows.append(row)
        print(json.dumps(row, ensure_ascii=False), flush=True)
    gains = [row["gain"] for row in rows]
    test = wilcoxon(gains, alternative="greater") if len(gains) > 1 else None
    print(
        f"{len(rows)} pairs: median gain {np.median(gains):.3f} bits, p = {test.pvalue if test else float('nan'):.2g}, "
        f"longest {max(row['seconds'] for row in rows):.0f} s"
    )


if __name__ == "__main__":
    main()
