"""Encoders side by side with transformers, with real time and with the cache: `python benchmarks/perception.py`.

Every ratio is of one run, its parts in turn, so that other work on the machine slows all of them. The command fails
where a bound is missed. `wav2vec2`, `notes` and `cache` after it run these parts alone.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from antiphon.audio import FileSound
from antiphon.config import EncoderSettings, PerceptionSettings
from antiphon.perception import FrameCache, Perception
from antiphon.types import Audio, Features

WINDOW_SECONDS = 15
RATE = 16000
REPETITIONS = 3
PROCESSES = 2

FILES = 6
FILE_SECONDS = 120
FILE_RATE = 44100

BASELINE = "transformers fp32, eager"

Contenders = dict[str, Callable[[], Any]]


def contenders(directory: Path) -> Contenders:
    """wav2vec 2.0 base over one window, four ways."""
    import torch
    from transformers import Wav2Vec2Model
    from transformers.utils import logging

    from antiphon.perception.encoders.wav2vec2_network import Wav2Vec2Network

    logging.disable_progress_bar()
    torch.set_num_threads(1)
    samples = np.random.default_rng(0).standard_normal(WINDOW_SECONDS * RATE).astype(np.float32)
    eager = Wav2Vec2Model.from_pretrained(directory, attn_implementation="eager").eval()
    fused = Wav2Vec2Model.from_pretrained(directory, attn_implementation="sdpa").eval().to(torch.bfloat16)
    layers = eager.config.num_hidden_layers
    full, half = (Wav2Vec2Network(directory, layers, precision).hidden for precision in ("fp32", "bf16"))
    given = torch.from_numpy(samples)[None]

    def run(model: Any, values: Any) -> Any:
        with torch.inference_mode():
            return model(values).last_hidden_state[0].float().numpy()

    return {
        BASELINE: lambda: run(eager, given),
        "transformers bf16, sdpa": lambda: run(fused, given.to(torch.bfloat16)),
        "lean fp32": lambda: full(samples),
        "lean bf16": lambda: half(samples),
    }


def make_model(directory: Path) -> None:
    """wav2vec 2.0 base with random weights: the published sizes are transformers' defaults."""
    import torch
    from transformers import Wav2Vec2Config, Wav2Vec2Model
    from transformers.utils import logging

    logging.disable_progress_bar()
    torch.manual_seed(0)
    model = Wav2Vec2Model(Wav2Vec2Config())
    model.save_pretrained(directory)
    print(f"wav2vec 2.0 base, {sum(each.numel() for each in model.parameters()) / 1e6:.1f} M weights, 15 s windows")


def in_turn(parts: Mapping[str, Callable[[], Any]], clock: Callable[[], float]) -> dict[str, list[float]]:
    """Seconds of each part in each repetition, after one that does not count."""
    spent: dict[str, list[float]] = {name: [] for name in parts}
    for repetition in range(REPETITIONS + 1):
        for name, part in parts.items():
            start = clock()
            part()
            if repetition:
                spent[name].append(clock() - start)
    return spent


def times_faster(spent: Mapping[str, list[float]], than: str) -> dict[str, float]:
    """The median over the repetitions of how many times less each took."""
    return {
        name: statistics.median(one / other for one, other in zip(spent[than], each, strict=True))
        for name, each in spent.items()
    }


def table(title: str, spent: Mapping[str, list[float]], seconds: float) -> dict[str, float]:
    """Print, for parts that heard so many seconds of sound, time and ratio; gives the ratios."""
    ratios = times_faster(spent, BASELINE)
    print(f"\n{title:36}{'seconds':>9}{'x real time':>13}{'x eager fp32':>14}")
    for name, each in spent.items():
        middle = statistics.median(each)
        print(f"{name:36}{middle:9.2f}{seconds / middle:13.1f}{ratios[name]:14.2f}")
    return ratios


_WORKER: Contenders = {}


def prepare_worker(directory: Path) -> None:
    _WORKER.update(contenders(directory))


def work(name: str) -> None:
    _WORKER[name]()


def wav2vec2(place: Path) -> list[tuple[str, float, float]]:
    """Ratios against transformers' eager fp32 forward; gives those that have a bound, and the bounds."""
    from antiphon.perception.encoders.wav2vec2_lean import has_bf16_units

    directory = place / "wav2vec2-base"
    make_model(directory)
    alone = contenders(directory)
    expected, *others = [part() for part in alone.values()]
    for name, found in zip(list(alone)[1:], others, strict=True):
        worst, relative = np.abs(found - expected).max(), np.linalg.norm(found - expected) / np.linalg.norm(expected)
        print(f"  {name}: at most {worst:.1e} from fp32, {100 * relative:.2g} % of its norm")
    ratios = table("one thread, its own time", in_turn(alone, time.process_time), WINDOW_SECONDS)
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), prepare_worker, (directory,)) as pool:
        both = {
            name: lambda name=name: list(pool.map(work, [name] * PROCESSES))
            for name in (BASELINE, "transformers bf16, sdpa", "lean fp32", "lean bf16")
        }
        table(f"{PROCESSES} processes, wall time", in_turn(both, time.perf_counter), PROCESSES * WINDOW_SECONDS)
    units = has_bf16_units()
    print(f"bf16 matrix units: {'yes' if units else 'no'}")
    best = "lean bf16" if units else "lean fp32"
    return [(f"wav2vec2, {best}, x transformers' eager fp32", ratios[best], 4.0 if units else 1.1)]


def music(seconds: int, seed: int) -> np.ndarray:
    """Stereo (frames, 2): a chord of decaying notes every half second."""
    rng = np.random.default_rng(seed)
    time_of = np.arange(FILE_RATE // 2) / FILE_RATE
    notes = []
    for _ in range(2 * seconds):
        pitches = rng.integers(40, 80, 3)
        waves = [np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time_of) for pitch in pitches]
        notes.append(0.2 * np.exp(-4 * time_of) * np.sum(waves, axis=0))
    left = np.concatenate(notes)
    return np.stack([left, 0.8 * left], axis=1) + 1e-3 * rng.standard_normal((len(left), 2))


def encode_in_blocks(path: Path) -> float:
    """All of `notes`: decode, resample, encode, segment; gives the processor's seconds that it took."""
    start = time.process_time()
    Perception(PerceptionSettings()).segments(FileSound(path))
    return time.process_time() - start


def notes(paths: list[Path]) -> list[tuple[str, float, float]]:
    """`notes` from flac files on two processes, against real time."""
    seconds = len(paths) * FILE_SECONDS
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        cores: list[float] = []
        spent = in_turn({"notes": lambda: cores.append(sum(pool.map(encode_in_blocks, paths)))}, time.perf_counter)[
            "notes"
        ]
    speed = seconds / statistics.median(spent)
    print(f"\nnotes: {len(paths)} flac files of {FILE_SECONDS} s, 44.1 kHz stereo, {PROCESSES} processes")
    of_cores = PROCESSES * seconds / statistics.median(cores[1:])
    print(f"  {statistics.median(spent):.2f} s, {speed:.0f} x real time; by the processors' own time {of_cores:.0f} x")
    return [("notes from flac, x real time", speed, 100.0)]


class NeverCalled:
    """An encoder that says what another one is, and refuses to work."""

    def __init__(self, encoder: Any) -> None:
        self.identity, self.sample_rate = encoder.identity, encoder.sample_rate
        self.lookahead_seconds, self.standardize = encoder.lookahead_seconds, encoder.standardize

    def encode(self, audio: Audio) -> Features:
        raise AssertionError("an encoder was called in a second run")


def second_run(place: Path, paths: list[Path]) -> list[tuple[str, float, float]]:
    """The same files again: from the cache, without an encoder."""
    settings = PerceptionSettings(encoder=EncoderSettings())
    ratios = []
    for repetition in range(3):
        cache, spent, found = FrameCache(place / f"cache {repetition}"), [], []
        encoder = Perception(settings).encoder
        encoder.encode(Audio(np.zeros((RATE, 1), dtype=np.float32), encoder.sample_rate))  # imports apart
        for each in (encoder, NeverCalled(encoder)):
            start = time.perf_counter()
            perception = Perception(settings, each, cache)
            found.append([perception.segments(FileSound(path))[0].vectors for path in paths])
            spent.append(time.perf_counter() - start)
        assert all(np.array_equal(first, second) for first, second in zip(*found, strict=True))
        ratios.append(spent[0] / spent[1])
    print(f"\nsecond run over {len(paths)} files: first {spent[0]:.2f} s, then {spent[1]:.3f} s; no encoder was called")
    return [("second run, x the first", statistics.median(ratios), 10.0)]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        paths = [place / f"{number}.flac" for number in range(FILES)]
        for number, path in enumerate(paths):
            soundfile.write(path, music(FILE_SECONDS, number), FILE_RATE)
        parts = {
            "wav2vec2": lambda: wav2vec2(place),
            "notes": lambda: notes(paths),
            "cache": lambda: second_run(place, paths[:2]),
        }
        findings = [finding for part in sys.argv[1:] or parts for finding in parts[part]()]
    print(f"\n{'bound':56}{'found':>9}{'at least':>10}")
    for what, found, bound in findings:
        print(f"{what:56}{found:9.2f}{bound:10.1f}  {'held' if found >= bound else 'MISSED'}")
    sys.exit(any(found < bound for _, found, bound in findings))


if __name__ == "__main__":
    main()
