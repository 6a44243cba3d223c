"""Train the network of the encoder `quick-notes` on rendered Lieder: `python benchmarks/quick_notes.py LIEDER OUTPUT`.

LIEDER is what `antiphon corpus build lieder` wrote (CC0). Only songs of the training split of the default settings are
heard. OUTPUT is the weights' file, src/antiphon/perception/encoders/quick_notes/weights.safetensors. Prints what the
network finds of songs that it did not learn from.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from antiphon.audio import mono, read
from antiphon.checkpoint import save_arrays
from antiphon.config import CorpusSettings
from antiphon.corpus.opening import open_corpus
from antiphon.corpus.splits import divide
from antiphon.perception.encoders import quick_notes
from antiphon.perception.encoders.facets import KEYS, LOWEST_MIDI_NOTE
from antiphon.perception.encoders.quick_notes import FRAME_SAMPLES, PLAN, SAMPLE_RATE, KeyNetwork, key_inputs

INPUTS = 3 * (quick_notes.BINS_BELOW + 1 + quick_notes.BINS_ABOVE)
WIDTHS = (64, 32)
EXCERPT_SECONDS = 12.0
FRAMES_OF_EXCERPT = 80
LEAST_SOUNDING = 0.7
GAINS = (0.1, 1.5)
NOISES = (1e-5, 3e-3)
DETUNE = 0.006
"""Played up to a tenth of a semitone too high or too low."""


def examples(folder: Path, names: Sequence[str], excerpts: int, rng: np.random.Generator):
    """Spectra (n, 3, bins) and whether each key sounds (n, 88), of random excerpts of one track or the mix of all."""
    spectra, rolls = [], []
    while len(spectra) < excerpts:
        name = names[rng.integers(len(names))]
        known = json.loads((folder / name / "notes.json").read_text(encoding="utf-8"))
        tracks = sorted(known["tracks"])
        chosen = tracks if rng.random() < 0.3 else [tracks[rng.integers(len(tracks))]]
        start = rng.uniform(0, max(0.1, known["seconds"] - EXCERPT_SECONDS))
        parts = [read(folder / name / f"{track}.flac", start, EXCERPT_SECONDS) for track in chosen]
        sounds = [mono(part).samples[:, 0] for part in parts]
        if min(map(len, sounds)) < SAMPLE_RATE * 3 or parts[0].sample_rate != SAMPLE_RATE:
            continue
        length = min(map(len, sounds))
        samples = np.sum([sound[:length] for sound in sounds], axis=0)
        level = np.sqrt(np.mean(samples**2))
        if level < 1e-4:
            continue
        speed = 1 + rng.uniform(-DETUNE, DETUNE)
        samples = np.interp(np.arange(0, length - 1, speed), np.arange(length), samples)
        samples = samples * (np.exp(rng.uniform(*np.log(GAINS))) * 0.1 / level)
        samples = samples + np.exp(rng.uniform(*np.log(NOISES))) * rng.standard_normal(len(samples))
        notes = np.array([note for track in chosen for note in known["tracks"][track]])
        frames = 30 + rng.permutation((len(samples) - SAMPLE_RATE) // FRAME_SAMPLES - 30)[:FRAMES_OF_EXCERPT]
        times = start + frames * FRAME_SAMPLES / SAMPLE_RATE * speed
        spectra.append(spectra_at(samples.astype(np.float32), frames))
        rolls.append(roll_at(notes, times))
    return np.concatenate(spectra), np.concatenate(rolls)


def spectra_at(samples: np.ndarray, frames: np.ndarray) -> np.ndarray:
    starts = frames * FRAME_SAMPLES - PLAN.lead
    padded = np.pad(samples, (PLAN.lead, PLAN.field))
    windows = np.stack([padded[PLAN.lead + start : PLAN.lead + start + PLAN.field] for start in starts])
    return np.concatenate([quick_notes.log_spectra(window) for window in windows])


def roll_at(notes: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Whether each key (times, 88) sounds; notes (m, 4) are onset, duration, pitch, velocity."""
    roll = np.zeros((len(times), KEYS), dtype=np.float32)
    for onset, duration, pitch, _ in notes:
        key = int(pitch) - LOWEST_MIDI_NOTE
        if 0 <= key < KEYS:
            roll[(times >= onset) & (times < onset + max(duration, 0.05)), key] = 1
    return roll


def model() -> nn.Sequential:
    first, second = WIDTHS
    return nn.Sequential(nn.Linear(INPUTS, first), nn.ReLU(), nn.Linear(first, second), nn.ReLU(), nn.Linear(second, 1))


def tilted(spectra: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Spectra of a sound whose timbre is a little brighter or darker, by a smooth curve of up to a bel."""
    places = np.linspace(0, 1, spectra.shape[2])
    curve = rng.normal(0, 0.35, (len(spectra), 1, 1)) * (places - 0.5)
    for waves in (1, 2, 3, 5):
        phase = rng.uniform(0, 2 * np.pi, (len(spectra), 1, 1))
        curve = curve + rng.normal(0, 0.12, (len(spectra), 1, 1)) * np.cos(np.pi * waves * places + phase)
    return np.maximum(spectra + curve * (spectra > 0.3), 0).astype(np.float32)


def network_of(trained: nn.Sequential) -> KeyNetwork:
    layers = [layer for layer in trained if isinstance(layer, nn.Linear)]
    arrays = [each for layer in layers for each in (layer.weight.T, layer.bias)]
    return KeyNetwork(*(each.detach().numpy().astype(np.float16).astype(np.float32) for each in arrays))


def judged(network: KeyNetwork, spectra: np.ndarray, roll: np.ndarray) -> dict[str, float]:
    found = network(key_inputs(spectra)) > 0.5
    hits = float((found & (roll > 0)).sum())
    return {"precision": hits / max(1, found.sum()), "recall": hits / max(1, roll.sum())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lieder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--excerpts", type=int, default=900)
    parser.add_argument("--seconds", type=float, default=300, help="of one thread's work")
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    division = divide(open_corpus(given.lieder, CorpusSettings()).multitracks, CorpusSettings())
    names = {split: sorted({each.multitrack.name for each in windows}) for split, windows in division.items()}
    rng = np.random.default_rng(0)
    began = time.perf_counter()
    spectra, roll = examples(given.lieder, names["train"], given.excerpts, rng)
    held_spectra, held_roll = examples(given.lieder, names["test"], max(1, given.excerpts // 10), rng)
    print(
        len(spectra), "frames in", round(time.perf_counter() - began), "s, keys a frame", roll.sum(1).mean(), flush=True
    )
    trained = model()
    optimizer = torch.optim.AdamW(trained.parameters(), lr=2e-3, weight_decay=1e-3)
    began, steps = time.thread_time(), 0
    while (passed := (time.thread_time() - began) / given.seconds) < 1:
        optimizer.param_groups[0]["lr"] = 2e-3 * (1 - passed) + 1e-5
        chosen = rng.integers(len(spectra), size=48)
        inputs = torch.from_numpy(key_inputs(tilted(spectra[chosen], rng)))
        logits = trained(inputs)[..., 0]
        loss = binary_cross_entropy_with_logits(logits, torch.from_numpy(roll[chosen]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        steps += 1
        if steps % 500 == 0:
            found = judged(network_of(trained), held_spectra, held_roll)
            print(steps, round(float(loss.detach()), 4), found, flush=True)
    network = network_of(trained)
    save_arrays(given.output, {name: each.astype(np.float16) for name, each in network._asdict().items()})
    print(steps, judged(network, held_spectra, held_roll))


if __name__ == "__main__":
    main()
