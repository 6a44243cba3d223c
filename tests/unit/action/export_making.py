"""A response on disk with its media, for the tests of what is handed over."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from action_making import alphabet, path, specification

from antiphon import audio
from antiphon.action import provenance
from antiphon.action.export import write_response
from antiphon.action.export.formats import Handed, hand_over, with_media
from antiphon.action.export.provenance_file import Inputs, Provenance, Take, provenance_of, source_files
from antiphon.action.rendering.crossfade import Crossfade
from antiphon.types import SILENCE, Audio, Memory, MemoryPart, Response, Tokens

RATE = 8000
REST = 9
PATH = (0, 1, 2, 7, 8, 3, 13, SILENCE, 5, 6)


@dataclass(frozen=True, eq=False)
class Made:
    directory: Path
    response: Response
    memory: Memory
    provenance: Provenance


def made(tmp_path: Path, formats: tuple[str, ...] = ("all",)) -> Made:
    """`out` holds a response of 5 s from two files, each 4 s; everything is handed over."""
    rng = np.random.default_rng(0)
    files = []
    for name in ("guide", "first", "second"):
        files.append(tmp_path / "sounds" / f"{name}.wav")
        audio.write(files[-1], Audio(rng.uniform(-0.5, 0.5, (4 * RATE, 1)).astype(np.float32), RATE))
    guide, *sounds = (audio.read(file) for file in files)
    samples = np.concatenate([sound.samples for sound in sounds])
    intervals = np.stack([np.arange(16), np.arange(1, 17)], axis=1) * 0.5
    parts = (MemoryPart(str(files[1]), 0, 4 * RATE), MemoryPart(str(files[2]), 4 * RATE, 8 * RATE))
    memory = Memory(Audio(samples, RATE), Tokens(np.arange(16) % 9, intervals, "test"), parts)
    chosen = path(PATH, memory)
    asked = specification(chosen.played.tolist())
    rendering = Crossfade(0.05, 0.005).render(chosen, memory, asked.tokens.intervals)
    events = provenance.events(asked, chosen, memory, rendering.runs)
    settings = {"action": {"crossfade_seconds": 0.05}}
    response = Response(rendering.audio, asked.tokens, asked, chosen, events, settings, rendering.runs)
    out = tmp_path / "out"
    out.mkdir()
    sounds = [audio.testified(file) for file in files]
    hashes = [each.sha256 for each in sounds]
    inputs = with_media(out, Inputs(source_files(files[:1], hashes[:1]), source_files(files[1:], hashes[1:])))
    record = provenance_of(response, memory, inputs, 0.05)
    record = replace(record, takes=(Take("take-2.wav", record.copies),))
    audio.write(out / "take-2.wav", response.audio)
    write_response(out, response, guide, memory, alphabet=alphabet(REST), record=record)
    hand_over(out, Handed(record, REST), formats)
    return Made(out, response, memory, record)
