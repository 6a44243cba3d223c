"""What the tokens of each encoder say of held-out pieces, against the score: `python benchmarks/probe.py --lieder DIR`.

DIR is what `antiphon corpus build lieder` wrote; chorales and percussion are rendered here. Chorales on the held-out
side are of other tunes and of instruments that the alphabet has never heard. One alphabet is fitted for each corpus.
"""

import argparse
import io
import itertools
import json
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from antiphon.analysis.probe import Measure, ProbedTrack, percussion_truth, pitched_truth, probe
from antiphon.audio import dbfs, interval_power, mono, read, resampled
from antiphon.config import EncoderSettings, PerceptionSettings
from antiphon.corpus.synthesis.chorales import ChoraleSettings, draw_scores, performed, programs_of, render_voices
from antiphon.corpus.synthesis.instruments import program_name
from antiphon.corpus.synthesis.soundfont import Synthesizer
from antiphon.corpus.synthesis.tunes import group_by_tune
from antiphon.perception import fit_alphabet, make_condenser, make_encoder, make_quantizer, uniform_intervals
from antiphon.types import Audio, Floats, Ids, Segments

SIZES = (16, 64, 256)
SEGMENT_SECONDS = 0.5
CONDENSERS = ("mean", "max", "energy")
HEARD_PROGRAMS = (19, 40, 42, 48, 52, 60, 68, 71, 73)
UNHEARD_PROGRAMS = (16, 20, 41, 49, 53, 56, 57, 66, 70, 72)
HELD_OUT_SHARE = 1 / 3
RATE = 22050

KITS = (0, 16, 25, 32)
UNHEARD_KITS = (8, 24, 40)
SOUNDS = (36, 37, 38, 39, 42, 45, 46, 49, 50, 51, 54, 56, 60, 64, 70, 75)
CYMBALS = (42, 46, 51, 70)
PERCUSSION_SECONDS = 45.0

FACETS = ("pitch_class", "register", "loudness", "onset", "brightness", "flatness")
DIMENSIONS = (12, 8, 1, 1, 1, 1)
DEFAULT = tuple(getattr(EncoderSettings(), f"{name}_weight") for name in FACETS)
RECIPES: Mapping[str, tuple[tuple[float, ...], str]] = {
    "notes": (DEFAULT, "mean"),
    "notes, energy": (DEFAULT, "energy"),
    "notes, max": (DEFAULT, "max"),
    "pitch classes alone": ((1, 0, 0, 0, 0, 0), "mean"),
    "pitch classes, registers": ((*DEFAULT[:2], 0, 0, 0, 0), "mean"),
}
SHOWN = {
    "chorales, voices": ("pitch class", "pitch"),
    "Lieder, voice": ("pitch class", "pitch"),
    "Lieder, piano": ("pitch class", "chord"),
    "percussion, one sound": ("sounds", "onsets"),
    "percussion, kit": ("sounds", "onsets"),
}


@dataclass(frozen=True, eq=False)
class Recording:
    """A track to be heard: of which material, piece and instrument, its sound, and its notes (m, 4)."""

    material: str
    piece: str
    instrument: str
    held_out: bool
    audio: Audio
    notes: np.ndarray

    @property
    def corpus(self) -> str:
        return self.material.split(",")[0]

    @property
    def intervals(self) -> np.ndarray:
        return uniform_intervals(self.audio.duration, SEGMENT_SECONDS)


@dataclass(frozen=True, eq=False)
class Heard:
    """A recording without its sound, and its segments by condenser."""

    material: str
    piece: str
    instrument: str
    held_out: bool
    truth: Mapping[str, Ids]
    segments: Mapping[str, Segments]

    @property
    def corpus(self) -> str:
        return self.material.split(",")[0]


def chorales(pieces: int) -> Iterator[Recording]:
    scores = draw_scores(ChoraleSettings(pieces=pieces, processes=1))
    tunes = group_by_tune(scores)
    held_out = held_out_of(tunes.values())
    for score in scores:
        unheard = tunes[score.name] in held_out
        settings = ChoraleSettings(sample_rate=RATE, pool=UNHEARD_PROGRAMS if unheard else HEARD_PROGRAMS)
        sounds, programs = render_voices(score, settings), programs_of(score.name, settings)
        for part in performed(score, settings.tempo_bpm, settings.velocity).parts:
            notes = np.array([[note.onset, note.duration, note.pitch, note.velocity] for note in part.notes])
            name = program_name(programs[part.name])
            yield Recording("chorales, voices", tunes[score.name], name, unheard, sounds[part.name], notes)


def lieder(directory: Path, pieces: int, seconds: float) -> Iterator[Recording]:
    lines = (directory / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    songs = [song for song in map(json.loads, lines) if len(song["tracks"]) == 2]
    songs = [songs[index] for index in np.random.default_rng(0).permutation(len(songs))[:pieces]]
    held_out = held_out_of([song["piece"] for song in songs])
    for song in songs:
        known = json.loads((directory / song["name"] / "notes.json").read_text(encoding="utf-8"))
        for track in song["tracks"]:
            sound = read(directory / track["sources"][0]["path"], 0.0, seconds)
            notes = np.array([note for note in known["tracks"][track["name"]] if note[0] < sound.duration])
            material = "Lieder, piano" if track["name"] == "piano" else "Lieder, voice"
            if len(notes):
                yield Recording(
                    material, song["piece"], track["instrument"], song["piece"] in held_out, sound, notes.reshape(-1, 4)
                )


def percussion(pieces: int) -> Iterator[Recording]:
    for number, (material, played) in itertools.product(
        range(pieces), (("percussion, one sound", phrases), ("percussion, kit", beat))
    ):
        unheard = number % 3 == 0
        kits = UNHEARD_KITS if unheard else KITS
        kit = kits[number // 3 % len(kits)]
        notes = np.array(played(np.random.default_rng([number, len(material)])))
        name = f"{material} {number}"
        yield Recording(material, name, f"kit {kit}", unheard, struck(notes, kit), notes)


def phrases(rng: np.random.Generator) -> list[list[float]]:
    """One sound after another, each for some seconds at one pace and one force: notes (m, 4)."""
    notes, start = [], 0.0
    while start < PERCUSSION_SECONDS - 4:
        sound, pace, force = rng.choice(SOUNDS), rng.choice([0.125, 0.25, 0.5, 1.0]), rng.choice([50, 80, 115])
        length = rng.integers(2, 7) * 0.5
        notes += [[start + time, min(pace, 0.5), sound, force] for time in np.arange(0, length - 1e-9, pace)]
        start += length
    return notes


def beat(rng: np.random.Generator) -> list[list[float]]:
    """Bars of sixteen steps on bass drum, snare and cymbal, with fills and a silent bar now and then: notes (m, 4)."""
    step = 15 / rng.uniform(80, 140)
    notes, start = [], 0.0
    bass, cymbal, every = rng.random(16) < 0.25, rng.choice(CYMBALS), rng.choice([1, 2, 4])
    while start < PERCUSSION_SECONDS - 4:
        if rng.random() < 0.25:
            bass, cymbal = rng.random(16) < 0.3, rng.choice(CYMBALS)
        fills, rests = rng.random() < 0.2, rng.random() < 0.1
        for index in range(0 if rests else 16):
            fill = fills and index >= 8
            sounds = [(36, 100)] if bass[index] or index == 0 else []
            sounds += [(38, 100)] if index in (4, 12) and not fill else []
            sounds += [(cymbal, 70)] if index % every == 0 and not fill else []
            sounds += [(rng.choice([38, 45, 50]), 90)] if fill else []
            notes += [[start + index * step, step, sound, force] for sound, force in sounds]
        start += 16 * step
    return notes


def struck(notes: np.ndarray, kit: int) -> Audio:
    """Notes on General MIDI's channel of percussion."""
    import midirenderer
    import pretty_midi

    drums = pretty_midi.Instrument(kit, is_drum=True)
    drums.notes = [pretty_midi.Note(int(force), int(sound), on, on + last) for on, last, sound, force in notes]
    drums.control_changes = [pretty_midi.ControlChange(64, 0, PERCUSSION_SECONDS)]
    score, stream = pretty_midi.PrettyMIDI(), io.BytesIO()
    score.instruments.append(drums)
    score.write(stream)
    wave = midirenderer.render_wave_from(Synthesizer().path.read_bytes(), stream.getvalue())
    samples, rate = soundfile.read(io.BytesIO(bytes(wave)), dtype="float32", always_2d=True)
    return Audio(np.clip(4 * samples, -1, 1)[: round(PERCUSSION_SECONDS * rate)], rate)


def held_out_of(pieces: Sequence[str]) -> set[str]:
    names = sorted(set(pieces))
    order = np.random.default_rng(0).permutation(len(names))
    return {names[index] for index in order[: round(HELD_OUT_SHARE * len(names))]}


def truth_of(recording: Recording) -> Mapping[str, Ids]:
    find = percussion_truth if recording.corpus == "percussion" else pitched_truth
    return find(recording.notes, recording.intervals)


def heard(settings: EncoderSettings, recording: Recording) -> Heard:
    encoder = make_encoder(settings)
    sound = mono(recording.audio)
    features = encoder.encode(resampled(sound, encoder.sample_rate))
    level = dbfs(interval_power(sound, recording.intervals))
    segments = {name: Segments(make_condenser(name)(features, recording.intervals), level) for name in CONDENSERS}
    about = (recording.material, recording.piece, recording.instrument, recording.held_out)
    return Heard(*about, truth_of(recording), segments)


def scaled(segments: Segments, weights: Floats) -> Segments:
    return Segments(segments.vectors * weights, segments.level)


def tokens(
    recordings: Sequence[Heard], size: int, encoder: EncoderSettings, condenser: str
) -> tuple[int, list[ProbedTrack]]:
    """Held-out tracks by an alphabet of the others, and how many classes it has: fewer, where there is too little."""
    settings = PerceptionSettings(encoder=encoder, alphabet_size=size, condenser=condenser)
    train = [each.segments[condenser] for each in recordings if not each.held_out]
    together = Segments(
        np.concatenate([each.vectors for each in train]), np.concatenate([each.level for each in train])
    )
    alphabet = fit_alphabet(together, make_encoder(encoder), settings)
    quantize = make_quantizer(alphabet)
    return alphabet.size, [
        ProbedTrack(each.piece, each.instrument, quantize(each.segments[condenser]), each.truth, line_of(each))
        for each in recordings
        if each.held_out
    ]


def line_of(recording: Heard) -> str:
    return "sounds" if recording.corpus == "percussion" else SHOWN[recording.material][1]


def print_rows(name: str, recordings: Sequence[Heard], encoder: EncoderSettings, condenser: str) -> None:
    for corpus in dict.fromkeys(each.corpus for each in recordings):
        among = [each for each in recordings if each.corpus == corpus]
        for size in SIZES:
            afforded, tracks = tokens(among, size, encoder, condenser)
            of = [each.material for each in among if each.held_out]
            for material in dict.fromkeys(of):
                chosen = [track for track, its in zip(tracks, of, strict=True) if its == material]
                print_row(material, afforded, name, probe(chosen, afforded))


def print_row(material: str, size: int, name: str, found: Mapping[str, Measure]) -> None:
    def told(measure: str) -> str:
        each = found[measure]
        return f"{each.value:.2f} ± {(each.high - each.value):.2f}"

    first, second = SHOWN[material]
    cells = (told(first), told(second), told("instrument"), f"{found['balance'].value:.2f}")
    repeats = f"{found['repeats'].value:.2f} / {found['repeats of the music'].value:.2f}"
    print(f"| {material} | {size} | {name} | {' | '.join(cells)} | {found['dead'].value:.0f} | {repeats} |", flush=True)


def print_reference(recordings: Sequence[Heard]) -> None:
    """The true line itself as tokens: what it shares with the instrument is what any encoder must."""
    for material in dict.fromkeys(each.material for each in recordings if each.held_out):
        among = [each for each in recordings if each.material == material and each.held_out]
        labels = np.unique(np.concatenate([each.truth[SHOWN[material][0]] for each in among]))
        tracks = [
            ProbedTrack(each.piece, each.instrument, ids_of(each, labels), each.truth, line_of(each)) for each in among
        ]
        size = len(labels) - int(labels[0] < 0)
        print_row(material, size, f"the true {SHOWN[material][0]}", probe(tracks, size))


def ids_of(recording: Heard, labels: Ids) -> Ids:
    """The truth as tokens; where there is none, a rest."""
    known = labels[labels >= 0]
    truth = recording.truth[SHOWN[recording.material][0]]
    return np.where(truth < 0, len(known), np.searchsorted(known, truth))


def random_wav2vec2(directory: Path) -> EncoderSettings:
    """A base-sized network that has learned nothing."""
    import torch
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    torch.manual_seed(0)
    Wav2Vec2Model(Wav2Vec2Config()).save_pretrained(directory)
    return EncoderSettings(name="wav2vec2", directory=str(directory))


def notes_rows(recordings: Sequence[Heard]) -> None:
    """Every recipe from one hearing with all weights 1: a weight scales its dimensions alone."""
    for name, (weights, condenser) in RECIPES.items():
        by_dimension = np.repeat(np.array(weights, np.float32), DIMENSIONS)
        weighted = [
            Heard(
                each.material,
                each.piece,
                each.instrument,
                each.held_out,
                each.truth,
                {condenser: scaled(each.segments[condenser], by_dimension)},
            )
            for each in recordings
        ]
        settings = EncoderSettings(**{f"{facet}_weight": w for facet, w in zip(FACETS, weights, strict=True)})
        print_rows(name, weighted, settings, condenser)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lieder", type=Path, help="folder that `antiphon corpus build lieder` wrote")
    parser.add_argument("--pieces", type=int, default=150, help="songs, and chorales")
    parser.add_argument("--floor-pieces", type=int, default=18, help="of each, for the random wav2vec 2.0")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each song")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    started = time.perf_counter()

    def recordings(pieces: int) -> Iterator[Recording]:
        yield from chorales(pieces)
        if chosen.lieder:
            yield from lieder(chosen.lieder, pieces, chosen.seconds)
        yield from percussion(max(6, pieces // 4))

    print("| material | K | encoder | first | second | instrument | balance | dead | repeats / of the music |")
    print("|---|---|---|---|---|---|---|---|---|")
    with ProcessPoolExecutor(chosen.processes) as executor, tempfile.TemporaryDirectory() as folder:
        plain = EncoderSettings(**{f"{facet}_weight": 1.0 for facet in FACETS})
        found = list(executor.map(partial(heard, plain), recordings(chosen.pieces), chunksize=4))
        print_reference(found)
        notes_rows(found)
        simple = EncoderSettings(name="chroma-mfcc")
        print_rows(
            "chroma-mfcc",
            list(executor.map(partial(heard, simple), recordings(chosen.pieces), chunksize=4)),
            simple,
            "mean",
        )
        floor = random_wav2vec2(Path(folder))
        print_rows(
            "wav2vec2, random",
            list(executor.map(partial(heard, floor), recordings(chosen.floor_pieces))),
            floor,
            "mean",
        )
    print(f"\nfirst and second: {'; '.join(f'{name}: {one}, {two}' for name, (one, two) in SHOWN.items())}")
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
