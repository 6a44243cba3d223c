"""A response as files: the sounds, what was asked for, and where everything comes from."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from antiphon import audio
from antiphon.checkpoint import load_json, save_json
from antiphon.errors import BadData
from antiphon.types import EVENT_VERSION, Alphabet, Audio, Event, Response

SPECIFICATION_VERSION = 1
"""Version of specification.json."""

PROVENANCE_VERSION = 1
"""Version of provenance.json; its events carry their own."""

PROVENANCE = "provenance.json"

RESPONSE_FILES = (PROVENANCE, "specification.json", "response.wav", "mix.wav", "index.html")
"""What a response's directory holds, the page of `evaluation.report` included."""

_EVENTS = TypeAdapter(tuple[Event, ...])


def write_response(directory: Path, response: Response, guide: Audio, alphabet: Alphabet) -> Audio:
    """Write response.wav, mix.wav, specification.json and provenance.json into a directory that exists; return the mix.

    The mix is response and guide at the response's rate and channels, as long as the guide. Same response, same bytes.
    """
    both = audio.mixed([response.audio, guide])
    mix = Audio(both.samples[: round(guide.duration * both.sample_rate)], both.sample_rate)
    audio.write(directory / "response.wav", response.audio)
    audio.write(directory / "mix.wav", mix)
    save_json(directory / "specification.json", _specification(response, alphabet))
    save_json(directory / PROVENANCE, _provenance(response))
    return mix


def read_events(path: Path) -> tuple[Event, ...]:
    """The events of a provenance.json. Raises BadData, naming the file, if it is not one that this version reads."""
    content = load_json(path)
    if not isinstance(content, dict) or "events" not in content:
        raise BadData(f"{path}: holds no events")
    if content.get("version") != PROVENANCE_VERSION:
        raise BadData(f"{path}: version {content.get('version')!r} is not known, only {PROVENANCE_VERSION}")
    try:
        found = _EVENTS.validate_python(content["events"])
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadData(f"{path}: event {place}: {first['msg']}") from error
    unknown = {event.version for event in found} - {EVENT_VERSION}
    if unknown:
        raise BadData(f"{path}: holds events of version {min(unknown)}, only {EVENT_VERSION} is known")
    return found


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


def _provenance(response: Response) -> dict[str, Any]:
    return {
        "version": PROVENANCE_VERSION,
        "settings": response.settings,
        "events": [dataclasses.asdict(event) for event in response.events],
    }
