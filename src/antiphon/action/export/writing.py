"""A response as files: the sounds, what was asked for, and where everything comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from antiphon import audio
from antiphon.action.export.provenance_file import PROVENANCE, Inputs, Provenance, as_json, provenance_of
from antiphon.checkpoint import save_json
from antiphon.types import Alphabet, Audio, Memory, Response

SPECIFICATION_VERSION = 1
"""Version of specification.json."""


def write_response(
    directory: Path,
    response: Response,
    guide: Audio,
    memory: Memory,
    *,
    alphabet: Alphabet,
    inputs: Inputs | None = None,
    record: Provenance | None = None,
) -> Audio:
    """Write response.wav, mix.wav, specification.json and provenance.json into a directory that exists; return the mix.

    The mix is response and guide at the response's rate and channels, as long as the guide. Same response, same bytes.
    Without `inputs`, the files that were read, the response can be told of but not rendered again. `record` is its
    provenance, where that is known already.
    """
    both = audio.mixed([response.audio, guide])
    mix = Audio(both.samples[: round(guide.duration * both.sample_rate)], both.sample_rate)
    audio.write(directory / "response.wav", response.audio)
    audio.write(directory / "mix.wav", mix)
    save_json(directory / "specification.json", _specification(response, alphabet))
    if record is None:
        fade = float(response.settings.get("action", {}).get("crossfade_seconds", 0.0))
        record = provenance_of(response, memory, inputs or Inputs(), fade)
    save_json(directory / PROVENANCE, as_json(record))
    return mix


def _specification(response: Response, alphabet: Alphabet) -> dict[str, Any]:
    tokens = response.specification.tokens
    return {
        "version": SPECIFICATION_VERSION,
        "alphabet_id": tokens.alphabet_id,
        "alphabet_size": alphabet.size,
        "has_rest": alphabet.has_rest,
        "guide_ids": response.guide.ids.tolist(),
        "guide_intervals": response.guide.intervals.tolist(),
        "ids": tokens.ids.tolist(),
        "intervals": tokens.intervals.tolist(),
        "log_probabilities": response.specification.log_probabilities.tolist(),
    }
