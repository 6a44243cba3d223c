"""What joints sound like on recordings of your own: `python benchmarks/joints.py GUIDE MEMORY...`.

Segments of 0.5 s are labelled by k-means over their spectra, and the guide's labels are played from each memory. The
energy of a discontinuity is what the second difference has within 2 ms of a joint above what it has 3 to 7 ms before
and after it, where the same music sounds without a joint; hard cuts stand for 1. `all` is the same without subtracting
the music's own.
"""

import sys
import time
from pathlib import Path

import numpy as np

from antiphon.action.rendering.crossfade import Crossfade, HardCut
from antiphon.action.rendering.loudness import gain_for, true_peak
from antiphon.action.selection.optimal import OptimalSelection
from antiphon.audio import mono, read
from antiphon.config import ActionSettings
from antiphon.types import Audio, Memory, MemoryPart, Rendering, Specification, Tokens

CLASSES = 32
SECONDS = 0.5
REACH_SECONDS = 0.002
BANDS = 40


def spectra(sound: Audio) -> np.ndarray:
    """Log energies (n, BANDS) of the segments, in bands of equal ratio."""
    length = round(SECONDS * sound.sample_rate)
    samples = mono(sound).samples[:, 0]
    blocks = samples[: len(samples) // length * length].reshape(-1, length)
    power = np.abs(np.fft.rfft(blocks * np.hanning(length), axis=1)) ** 2
    edges = np.unique(np.geomspace(30 * SECONDS, power.shape[1] - 1, BANDS + 1).astype(int))
    return np.log(np.add.reduceat(power, edges[:-1], axis=1) + 1e-6)


def labelled(sounds: list[Audio]) -> list[Tokens]:
    """Tokens of each sound in one alphabet."""
    from sklearn.cluster import KMeans

    vectors = [spectra(sound) for sound in sounds]
    ids = KMeans(CLASSES, n_init=1, random_state=0).fit(np.concatenate(vectors)).labels_.astype(np.int64)
    found, here = [], 0
    for each in vectors:
        edges = np.arange(len(each) + 1) * SECONDS
        found.append(Tokens(ids[here : here + len(each)], np.stack([edges[:-1], edges[1:]], axis=1), "joints"))
        here += len(each)
    return found


def energies(samples: np.ndarray, candidate_index: list[int], rate: int) -> np.ndarray:
    """Mean energy of the second difference within REACH_SECONDS of the places, and 2.5 times as far beside them."""
    reach, aside = round(REACH_SECONDS * rate), round(2.5 * REACH_SECONDS * rate)

    def at(shift: int) -> float:
        bends = [
            np.diff(samples[p + shift - reach : p + shift + reach].astype(np.float64), 2, axis=0)
            for p in candidate_index
        ]
        return float(np.mean([(bend**2).sum() for bend in bends]))

    return np.array([at(0), (at(-aside) + at(aside)) / 2])


def joints(rendering: Rendering) -> list[int]:
    return [run.start for run in rendering.runs[1:]]


def main(guide: Path, memories: list[Path]) -> None:
    sounds = [read(guide), *map(read, memories)]
    heard, *known = labelled(sounds)
    apart = 1 - np.eye(CLASSES)
    heads = ("joints", "faded", "searched", "all", "peak", "memory", "DC", "x real")
    print(f"{'memory':24}" + "".join(f"{head:>9}" for head in heads))
    for path, sound, tokens in zip(memories, sounds[1:], known, strict=True):
        memory = Memory(sound, tokens, (MemoryPart(str(path), 0, len(sound.samples)),))
        asked = Specification(heard, np.zeros(len(heard)))
        selection = OptimalSelection(ActionSettings(), apart).select(asked, memory)
        rate = sound.sample_rate
        cut = HardCut().render(selection, memory, heard.intervals)
        candidate_index = joints(cut)
        hard, around = energies(cut.audio.samples, candidate_index, rate)
        breaks, raw = [], 0.0
        for search in (0.0, 0.005):
            start = time.perf_counter()
            rendering = Crossfade(0.05, search).render(selection, memory, heard.intervals)
            seconds = time.perf_counter() - start
            raw, beside = energies(rendering.audio.samples, candidate_index, rate)
            breaks.append((raw - beside) / (hard - around))
        gain = gain_for([rendering.audio], [], ActionSettings())
        offset = abs(float(rendering.audio.samples.mean(dtype=np.float64) - cut.audio.samples.mean(dtype=np.float64)))
        print(
            f"{path.name[:24]:24}{len(candidate_index):>9}{breaks[0]:>9.4f}{breaks[1]:>9.4f}{raw / hard:>9.4f}"
            f"{true_peak([rendering.audio]) * gain:>9.3f}{np.abs(sound.samples).max():>9.3f}{offset:>9.1e}"
            f"{rendering.audio.duration / seconds:>9.0f}"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
