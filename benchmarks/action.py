"""Selection and rendering, side by side with a plain search in the same run: `python benchmarks/action.py`."""

import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from antiphon.action.rendering import Crossfade, HardCut
from antiphon.action.selection import OptimalSelection
from antiphon.config import ActionSettings
from antiphon.types import Audio, Memory, MemoryPart, Selection, Specification, Tokens

CLASSES = 64
SEGMENT_SECONDS = 0.5
RATE = 16000
CASES = [(300, 5_000), (3_000, 50_000)]

Result = TypeVar("Result")


def longest_prefix_search(wanted: list[int], labels: list[int]) -> list[int]:
    """The plain way: copy the longest stretch of the memory that is a prefix of what remains, then search again."""
    occurrences: dict[int, list[int]] = {}
    for place, label in enumerate(labels):
        occurrences.setdefault(label, []).append(place)
    path: list[int] = []
    while len(path) < len(wanted):
        remaining, best, longest = len(wanted) - len(path), 0, 0
        for place in occurrences[wanted[len(path)]]:
            length = 1
            limit = min(remaining, len(labels) - place)
            while length < limit and labels[place + length] == wanted[len(path) + length]:
                length += 1
            if length > longest:
                best, longest = place, length
        path.extend(range(best, best + longest))
    return path


def markov(count: int, successors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Labels (count,) in which each of the classes has a few likely successors, as music has."""
    ids = np.empty(count, dtype=np.int64)
    label = 0
    for index in range(count):
        label = (
            int(successors[label, rng.integers(successors.shape[1])]) if rng.random() < 0.9 else rng.integers(CLASSES)
        )
        ids[index] = label
    return ids


def tokens(ids: np.ndarray) -> Tokens:
    edges = np.arange(len(ids) + 1) * SEGMENT_SECONDS
    return Tokens(ids, np.stack([edges[:-1], edges[1:]], axis=1), "benchmark")


def silent_memory(ids: np.ndarray) -> Memory:
    """A memory whose sound is never read, nor takes any room: one sample, seen again and again."""
    length = round(len(ids) * SEGMENT_SECONDS * RATE)
    samples = np.broadcast_to(np.zeros((1, 1), dtype=np.float32), (length, 1))
    return Memory(Audio(samples, RATE), tokens(ids), (MemoryPart("memory.wav", 0, length),))


def joints(path: list[int], wanted: list[int], labels: list[int]) -> tuple[int, int]:
    """How many joints a path has, and how many of them share no context."""
    breaks = [step for step in range(1, len(path)) if path[step] != path[step - 1] + 1]
    hard = sum(path[step] == 0 or labels[path[step] - 1] != wanted[step - 1] for step in breaks)
    return len(breaks), hard


def timed(work: Callable[[], Result], repeats: int) -> tuple[float, Result]:
    """Least time in seconds of several, and the result."""
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result


def selection_table() -> None:
    print("selection: labels x memory segments, K = 64 (joints, hard ones in brackets)")
    print(f"{'memory':8} {'size':>15} {'optimal':>10} {'plain':>10} {'ratio':>6} {'joints':>12} {'plain joints':>14}")
    rng = np.random.default_rng(0)
    likely = rng.integers(0, CLASSES, (CLASSES, 4))
    distances = np.abs(np.arange(CLASSES)[:, None] - np.arange(CLASSES)).astype(np.float64)
    optimal = OptimalSelection(ActionSettings(), distances)
    draws: dict[str, Callable[[int], np.ndarray]] = {
        "random": lambda count: rng.integers(0, CLASSES, count),
        "markov": lambda count: markov(count, likely, rng),
        "runs": lambda count: np.repeat(rng.integers(0, CLASSES, count // 10), 10),
    }
    for name, draw in draws.items():
        for wanted_count, memory_count in CASES:
            wanted, labels = draw(wanted_count), draw(memory_count)
            asked, memory = Specification(tokens(wanted), np.zeros(wanted_count)), silent_memory(labels)
            seconds, selection = timed(lambda asked=asked, memory=memory: optimal.select(asked, memory), 3)
            plain = wanted.tolist(), labels.tolist()
            plain_seconds, path = timed(lambda plain=plain: longest_prefix_search(*plain), 1)
            counts = [joints(found, *plain) for found in (selection.segments.tolist(), path)]
            (ours, ours_hard), (theirs, theirs_hard) = counts
            size = f"{wanted_count} x {memory_count}"
            print(
                f"{name:8} {size:>15} {seconds * 1000:>7.0f} ms {plain_seconds * 1000:>7.0f} ms "
                f"{plain_seconds / seconds:>6.1f} {f'{ours} ({ours_hard})':>12} {f'{theirs} ({theirs_hard})':>14}"
            )


def rendering_table() -> None:
    print("\nrendering: 1,000 segments of 0.5 s, 44.1 kHz stereo, every segment a joint")
    rng = np.random.default_rng(1)
    count = 1_000
    samples = rng.uniform(-1, 1, (round(count * SEGMENT_SECONDS * 44100), 2)).astype(np.float32)
    labels = tokens(np.zeros(count, dtype=np.int64))
    memory = Memory(Audio(samples, 44100), labels, (MemoryPart("memory.wav", 0, len(samples)),))
    selection = Selection(rng.permutation(count), labels.ids, np.zeros(count))
    copy, _ = timed(samples.copy, 5)
    print(f"{'one copy of the memory':24} {copy * 1000:7.1f} ms")
    for name, render in (("HardCut()", HardCut()), ("Crossfade(0.05)", Crossfade(0.05))):
        seconds, _ = timed(lambda render=render: render(selection, memory, labels.intervals), 5)
        faster = memory.audio.duration / seconds
        print(f"{name:24} {seconds * 1000:7.1f} ms  {seconds / copy:4.1f} copies  {faster:,.0f} x real time")


def main() -> None:
    selection_table()
    rendering_table()


if __name__ == "__main__":
    main()
