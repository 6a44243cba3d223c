"""How long a live agent thinks: decision and selection for each segment, against a memory of ten minutes.

    python benchmarks/live.py [--minutes 20] [--memory-minutes 10] [--segment 0.25] [--encoder notes] [--base]

Each step of the session that lets a segment go is timed: by the wall, and by the processor alone, which tells what a
quiet machine would take. What the encoder takes is counted apart. The goal is p99 of 20 ms and p99.9 of 50 ms.
"""

from __future__ import annotations

import argparse
import json
import platform
import time

import numpy as np

from antiphon.agent import Agent
from antiphon.agent.memory import joined_memory
from antiphon.config import Settings
from antiphon.live.commands import Commit
from antiphon.live.events import Cue, GuideBlock
from antiphon.live.listening import with_sound
from antiphon.live.priority import loaded
from antiphon.live.session import Session
from antiphon.perception import Perception, fit_alphabet
from antiphon.training.network_variants import new_network
from antiphon.types import Audio

RATE = 44100


def melody(seconds: float, seed: int) -> Audio:
    """Notes of a quarter of a second, two at a time."""
    random = np.random.default_rng(seed)
    times = np.arange(RATE // 4) / RATE
    fade = np.minimum(1, np.minimum(times, times[::-1]) / 0.01)
    notes = []
    for keys in random.integers(0, 30, (int(4 * seconds), 2)):
        notes.append(fade * sum(np.sin(2 * np.pi * 110 * 2 ** (key / 12) * times) for key in keys))
    return Audio((0.1 * np.concatenate(notes))[:, np.newaxis].astype(np.float32), RATE)


def agent_of(segment: float, encoder: str) -> Agent:
    """An agent of the base agent's size with segments of this length: as slow as a trained one."""
    perception = {"segment_seconds": segment, "encoder": {"name": encoder}}
    settings = Settings.model_validate({"perception": perception, "decision": {"lookahead_seconds": -1.0}})
    heard = Perception(settings.perception)
    segments, _ = heard.segments(melody(200, 1))
    alphabet = fit_alphabet(segments, heard.encoder, settings.perception)
    return Agent(settings, alphabet, heard, new_network(settings, alphabet))


def times_of(session: Session, minutes: float, block: int) -> dict[str, np.ndarray]:
    """Seconds of each step that let a segment go: by the wall, by the processor; and those of hearing a block."""
    state, _ = session.step(session.start(), Cue("start"))
    loaded()  # as the process that decides does
    found: dict[str, list[float]] = {"wall": [], "processor": [], "hearing": []}
    guide = melody(60, 2).samples
    for frame in range(0, round(minutes * 60 * RATE), block):
        here = guide[np.arange(frame, frame + block) % len(guide)]
        started = time.thread_time()
        heard, _ = with_sound(session.stock, state, here, frame)
        hearing = time.thread_time() - started
        wall, processor = time.perf_counter(), time.thread_time()
        # The rest of the step, as `Session.step` takes it.
        state, commands = session.step(heard, GuideBlock(here[:0], frame + block))
        wall, processor = time.perf_counter() - wall, time.thread_time() - processor
        found["hearing"].append(hearing)
        if any(isinstance(each, Commit) for each in commands):
            found["wall"].append(wall)
            found["processor"].append(processor)
    return {name: np.array(values) for name, values in found.items()}


def told(seconds: np.ndarray) -> dict[str, float]:
    """Milliseconds at the percentiles that are asked for."""
    return {f"p{share:g}": round(1000 * float(np.percentile(seconds, share)), 2) for share in (50, 99, 99.9)}


def main() -> None:
    """Measure, and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--memory-minutes", type=float, default=10)
    parser.add_argument("--segment", type=float, default=0.25)
    parser.add_argument("--encoder", default="chroma-mfcc")
    parser.add_argument("--block", type=int, default=512)
    parser.add_argument("--base", action="store_true", help="the base agent instead of an untrained one")
    given = parser.parse_args()
    agent = Agent.base() if given.base else agent_of(given.segment, given.encoder)
    recordings = [melody(60 * given.memory_minutes, 3)]
    memory = joined_memory(recordings, agent.perception, agent.alphabet, sounds=True, edges=True)
    found = times_of(Session(agent, memory), given.minutes, given.block)
    result = {name: told(seconds) for name, seconds in found.items()}
    result |= {"segments": len(found["wall"]), "memory segments": len(memory.tokens), "machine": platform.machine()}
    result["share of one core"] = round(
        float((found["processor"].sum() + found["hearing"].sum()) / (60 * given.minutes)), 3
    )
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
