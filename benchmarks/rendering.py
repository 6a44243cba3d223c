"""Rendering at any length: `python benchmarks/rendering.py`. Every segment is a joint; 0.5 s, 44.1 kHz mono."""

import time
import tracemalloc

import numpy as np

from antiphon.action.rendering.crossfade import Crossfade, HardCut, in_blocks
from antiphon.types import Audio, Memory, MemoryPart, Selection, Tokens

RATE = 44100
SEGMENT_SECONDS = 0.5
MEMORY_SEGMENTS = 600
COUNTS = (1_000, 10_000, 100_000)


def main() -> None:
    rng = np.random.default_rng(1)
    samples = rng.uniform(-1, 1, (round(MEMORY_SEGMENTS * SEGMENT_SECONDS * RATE), 1)).astype(np.float32)
    edges = np.arange(MEMORY_SEGMENTS + 1) * SEGMENT_SECONDS
    labels = Tokens(np.zeros(MEMORY_SEGMENTS, dtype=np.int64), np.stack([edges[:-1], edges[1:]], axis=1), "benchmark")
    memory = Memory(Audio(samples, RATE), labels, (MemoryPart("memory.wav", 0, len(samples)),))
    print(f"{'segments':>9} {'renderer':24} {'s':>8} {'us/segment':>11} {'x real time':>12} {'MB at most':>11}")
    for count in COUNTS:
        chosen = rng.integers(0, MEMORY_SEGMENTS, count)
        selection = Selection(chosen, np.zeros(count, dtype=np.int64), np.zeros(count))
        edges = np.arange(count + 1) * SEGMENT_SECONDS
        intervals = np.stack([edges[:-1], edges[1:]], axis=1)
        for name, renderer in (
            ("HardCut()", HardCut()),
            ("fades", Crossfade(0.05)),
            ("search", Crossfade(0.05, 0.005)),
        ):
            start = time.process_time()
            length = sum(len(block.audio.samples) for block in in_blocks(renderer, selection, memory, intervals))
            seconds = time.process_time() - start
            assert length == round(count * SEGMENT_SECONDS * RATE)
            faster = count * SEGMENT_SECONDS / seconds
            room = _room(renderer, selection, memory, intervals) if count < max(COUNTS) else ""
            print(f"{count:>9} {name:24} {seconds:>8.2f} {1e6 * seconds / count:>11.0f} {faster:>12,.0f} {room:>11}")


def _room(renderer: Crossfade | HardCut, selection: Selection, memory: Memory, intervals: np.ndarray) -> str:
    tracemalloc.start()
    for _ in in_blocks(renderer, selection, memory, intervals):
        pass
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return f"{most / 1e6:.0f}"


if __name__ == "__main__":
    main()
