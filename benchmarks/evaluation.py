"""What judging costs beside generation: `python benchmarks/evaluation.py`. Times are the fastest of a few runs."""

import json
import sys
import time
from collections.abc import Callable

import numpy as np

from antiphon.config import SamplingSettings
from antiphon.decision.baselines import uniform
from antiphon.decision.generation import Context, generate
from antiphon.evaluation import figures, results
from antiphon.evaluation.opponents import Opponent
from antiphon.evaluation.protocol import FREE, MEMORY, ORACLE, TRACK, InUse, Likeness, Memories, Passage
from antiphon.evaluation.scores import Scores, ScoreSettings, score_free_running
from antiphon.metrics import fingerprints, longest_common_prefix

POSITIONS = (10_000, 100_000, 1_000_000)
WINDOWS, TOKENS, CLASSES, PIECES = 10_000, 60, 256, 40
"""Windows of 15 s in segments of 0.25 s, in the paper's largest alphabet."""

CELLS = 9
BOUND_LCP_MS, BOUND_SECONDS = 10.0, 30.0


def seconds(work: Callable[[], object], times: int = 3) -> float:
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)


def prefixes(random: np.random.Generator) -> float:
    """LCP where nine in ten positions agree, so that prefixes are long; ms for the middle one of POSITIONS."""
    print(f"{'LCP, positions':40}{'ms':>10}{'ns a position':>16}")
    found = {}
    for n in POSITIONS:
        truth = random.integers(CLASSES, size=n)
        guess = np.where(random.random(n) < 0.9, truth, -1)
        found[n] = 1e3 * seconds(lambda guess=guess, truth=truth: longest_common_prefix(guess, truth))
        print(f"{n:<40,}{found[n]:10.2f}{1e6 * found[n] / n:16.1f}")
    return found[100_000]


def passages(random: np.random.Generator) -> list[Passage]:
    guides, targets = random.integers(CLASSES, size=(2, WINDOWS, TOKENS))
    lasting = np.full(TOKENS, 0.25)
    return [
        Passage("take", f"piece {number % PIECES}", "a", "b", "flute", 0.0, guide, target, lasting)
        for number, (guide, target) in enumerate(zip(guides, targets, strict=True))
    ]


def settings_of_scores(random: np.random.Generator) -> ScoreSettings:
    everything = InUse(np.ones(CLASSES, dtype=bool), fingerprints([random.integers(CLASSES, size=200_000)]))
    alike = np.eye(CLASSES, dtype=bool)
    return ScoreSettings(Context(TOKENS, 40), Memories({}, everything), Likeness(alike, alike), CLASSES, None)


def scored(random: np.random.Generator) -> tuple[Scores, float]:
    """All numbers of all windows, and the seconds that it took beside generation."""
    windows, by = passages(random), settings_of_scores(random)
    contender = Opponent("antiphon", uniform(CLASSES), uniform(CLASSES), SamplingSettings())
    guides = np.stack([each.guide for each in windows])
    seeds = list(range(len(windows)))

    def play() -> None:
        generate(contender.model, guides, by.context, sampling=contender.sampling, seeds=seeds)

    playing = seconds(play, 1)
    began = time.perf_counter()
    found = score_free_running(contender, FREE, windows, by)
    return found, time.perf_counter() - began - playing


def written(found: Scores) -> float:
    return seconds(lambda: [json.dumps(results.line_of(score, 0.25, CLASSES)) for score in found.scores], 1)


def drawn(found: Scores) -> float:
    """Means, intervals and boxes of these windows, and the figures of nine cells of them."""
    column = results.column(found)
    columns = [
        {**results.column_of(column), "model": model, "form": form.name}
        for model in (results.OURS, results.BASELINE)
        for form in (FREE, MEMORY, ORACLE, TRACK)
    ]
    for each in columns:
        each["true_entropy"] = {"mean": 5.0}
    lcp = dict.fromkeys((results.OURS, results.BASELINE), results.prefixes_of(found.prefixes))
    cells = [
        {
            "name": f"cell {number}",
            "K": (16, 64, 256)[number // 3],
            "segment_seconds": (0.25, 0.35, 0.5)[number % 3],
            "window_tokens": TOKENS,
            "columns": columns,
            "prefixes": {form.name: lcp for form in (FREE, MEMORY, ORACLE, TRACK)},
        }
        for number in range(CELLS)
    ]
    began = time.perf_counter()
    results.column(found)
    for drawing in figures.DRAWINGS:
        figures.files(drawing, cells)
    return time.perf_counter() - began


def main() -> int:
    random = np.random.default_rng(0)
    figures.require()
    lcp = prefixes(random)
    found, scoring = scored(random)
    writing, drawing = written(found), drawn(found)
    print(f"\n{WINDOWS:,} windows of {TOKENS} tokens, beside generation")
    for name, spent in (("counted", scoring), ("rows as JSON", writing), ("summed up and drawn", drawing)):
        print(f"{name + ', s':40}{spent:10.2f}")
    kept = {
        f"LCP of 100,000 positions under {BOUND_LCP_MS:.0f} ms": lcp < BOUND_LCP_MS,
        f"{WINDOWS:,} windows under {BOUND_SECONDS:.0f} s": scoring + writing + drawing < BOUND_SECONDS,
    }
    for bound, holds in kept.items():
        print(f"{bound:40}{'yes' if holds else 'NO':>10}")
    return 0 if all(kept.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
