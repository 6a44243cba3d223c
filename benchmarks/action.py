"""Selection and rendering, side by side with a plain search in the same run: `python benchmarks/action.py`."""

import argparse

import numpy as np
from selecting import SEGMENT_SECONDS, growth_table, options_table, selection_table, study, timed, tokens

from antiphon.action.rendering.crossfade import Crossfade, HardCut
from antiphon.types import Audio, Memory, MemoryPart, Selection


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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", action="store_true", help="compare with the oracle selector on 176 cases instead")
    if parser.parse_args().study:
        study()
        return
    selection_table()
    options_table()
    growth_table()
    rendering_table()


if __name__ == "__main__":
    main()
