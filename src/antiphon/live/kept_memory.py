"""A memory on disk as it is played, at the device's rate: what a further process reads in no time, and what stays when
the musician's file is gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from antiphon import arrays
from antiphon.audio import channels_of, resampled
from antiphon.checkpoint import load_arrays, load_json, save_arrays, save_json
from antiphon.errors import AntiphonError
from antiphon.types import Audio, Boundaries, Floats, Memory, MemoryPart, SegmentSound, Tokens

SAMPLES: Final = "samples.f32"
ARRAYS: Final = "memory.safetensors"
ABOUT: Final = "memory.json"


def at_rate(memory: Memory, sample_rate: int) -> Memory:
    """The same memory at another rate, each part for itself; tokens are in seconds and stay."""
    if memory.audio.sample_rate == sample_rate:
        return memory
    rate = memory.audio.sample_rate
    sounds = [resampled(Audio(memory.audio.samples[each.start : each.end], rate), sample_rate) for each in memory.parts]
    edges = np.concatenate([[0], np.cumsum([len(each.samples) for each in sounds])]).tolist()
    parts = tuple(
        MemoryPart(each.source, start, end) for each, start, end in zip(memory.parts, edges, edges[1:], strict=False)
    )
    samples = arrays.end_to_end([each.samples for each in sounds])
    return replace(memory, audio=Audio(samples, sample_rate, memory.audio.source), parts=parts)


def keep(memory: Memory, sample_rate: int, channels: int, directory: Path) -> None:
    """Write a memory at a rate and in channels. Raises AntiphonError where there is no room."""
    changed = at_rate(memory, sample_rate)
    try:
        with (directory / SAMPLES).open("wb") as file:
            for block in arrays.blocks(changed.audio.samples):
                file.write(np.ascontiguousarray(in_channels(block, channels), dtype="<f4").data)
    except OSError as error:
        raise AntiphonError(f"{directory}: no room for the memory ({error.strerror or error})") from error
    save_arrays(directory / ARRAYS, {name: value for name, value in _arrays(changed).items() if value is not None})
    about: dict[str, Any] = {
        "sample_rate": sample_rate,
        "channels": channels,
        "frames": len(changed.audio.samples),
        "alphabet_id": changed.tokens.alphabet_id,
        "parts": [[each.source, each.start, each.end] for each in changed.parts],
    }
    save_json(directory / ABOUT, about)


def kept(directory: Path) -> Memory | None:
    """What `keep` wrote, its sound mapped from the file; None where it has written nothing."""
    if not (directory / ABOUT).is_file():
        return None
    about = load_json(directory / ABOUT)
    found: dict[str, Any] = load_arrays(directory / ARRAYS)
    sound = (
        SegmentSound(found["chroma"], found["level"], classes=found.get("pair_classes")) if "chroma" in found else None
    )
    edges = Boundaries(found["left"], found["right"], found["prices"]) if "left" in found else None
    return Memory(
        kept_audio(directory),
        Tokens(found["ids"], found["intervals"], about["alphabet_id"]),
        tuple(MemoryPart(source, start, end) for source, start, end in about["parts"]),
        found.get("class_probabilities"),
        sound,
        edges,
    )


def kept_audio(directory: Path) -> Audio:
    """The sound alone, mapped."""
    about = load_json(directory / ABOUT)
    samples = arrays.mapped(directory / SAMPLES, 0, about["frames"], about["channels"])
    return Audio(samples, about["sample_rate"], "memory")


def in_channels(block: Floats, channels: int) -> Floats:
    """A block (frames, any) in so many channels: the first ones where it has more than two of many, else as
    `audio.channels_of` makes them."""
    if channels > 2 and block.shape[1] == 2:
        return np.pad(block, ((0, 0), (0, channels - 2)))
    return channels_of(block, channels)


def _arrays(memory: Memory) -> dict[str, Any]:
    sound, edges = memory.sound, memory.boundaries
    return {
        "ids": memory.tokens.ids,
        "intervals": memory.tokens.intervals,
        "class_probabilities": memory.class_probabilities,
        "chroma": None if sound is None else sound.chroma,
        "level": None if sound is None else sound.level,
        "pair_classes": None if sound is None else sound.classes,
        "left": None if edges is None else edges.left,
        "right": None if edges is None else edges.right,
        "prices": None if edges is None else edges.prices,
    }
