"""Recordings to a memory: joined in the rate and channels of the first one, each with its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from antiphon import arrays
from antiphon.action.rendering.stretching import stretched
from antiphon.action.selection.concatenation_cost import boundaries
from antiphon.action.selection.segment_sound import segment_sound
from antiphon.agent.memory_index import Arrays, MemoryIndex
from antiphon.audio import resampled, with_channels
from antiphon.errors import BadData
from antiphon.perception.perception import Perception
from antiphon.perception.quantizers import class_probabilities, make_quantizer
from antiphon.types import Alphabet, Audio, Boundaries, Floats, Memory, MemoryPart, Seconds, SegmentSound, Tokens


def joined_memory(
    recordings: Sequence[Audio],
    perception: Perception,
    alphabet: Alphabet,
    *,
    sounds: bool = False,
    activity: bool = False,
    edges: bool = False,
) -> Memory:
    """A memory of one or more recordings, with how its segments sound, how busy these are, and how their edges sound,
    where that is asked for.

    What was measured before is taken from beside the cache of the perception. Recordings that lie end to end already
    are not copied. Raises BadData where there is none, or nothing in them sounds.
    """
    if not recordings:
        raise BadData("a memory needs at least one recording")
    rate, channels = recordings[0].sample_rate, recordings[0].channels
    alike = [with_channels(resampled(recording, rate), channels) for recording in recordings]
    perception.require(alphabet)
    index = MemoryIndex(perception.cache_directory, alike, alphabet)
    tokens, probabilities = index.kept(
        "tokens", lambda: _heard(alike, perception, alphabet), lambda found: _tokens(found, alphabet)
    )
    if alphabet.has_rest and bool(np.all(tokens.ids == alphabet.rest)):
        names = ", ".join(part.source or "the memory" for part in recordings)
        raise BadData(f"{names}: nothing sounds in it, so there is nothing to play")
    audio = Audio(arrays.end_to_end([part.samples for part in alike]), rate, alike[0].source)
    memory = Memory(audio, tokens, _parts(alike), probabilities)
    if sounds:
        memory = replace(memory, sound=index.kept("sound", lambda: _arrays_of(_sound(memory)), _sound_of))
    if memory.sound is not None and activity:
        busy = index.kept("activity", lambda: {"activity": _activity(memory, perception)}, _activity_of)
        memory = replace(memory, sound=replace(memory.sound, activity=busy))
    if edges:
        memory = replace(memory, boundaries=index.kept("edges", lambda: vars(boundaries(memory)), _boundaries_of))
    return memory


def _parts(alike: Sequence[Audio]) -> tuple[MemoryPart, ...]:
    edges = np.concatenate([[0], np.cumsum([len(part.samples) for part in alike])]).tolist()
    return tuple(
        MemoryPart(part.source, start, end) for part, start, end in zip(alike, edges[:-1], edges[1:], strict=True)
    )


def at_rates(memory: Memory, rates: Sequence[float], perception: Perception, alphabet: Alphabet) -> Memory:
    """The same memory, each of its recordings played so many times as fast, at its own pitch, and heard so.

    Raises MissingExtra where what stretches is not installed.
    """
    if all(rate == 1 for rate in rates):
        return memory
    sounds = [stretched(each, rate) for each, rate in zip(recordings_in(memory), rates, strict=True)]
    busy = memory.sound is not None and memory.sound.activity is not None
    found = joined_memory(
        *(sounds, perception, alphabet),
        sounds=memory.sound is not None,
        activity=busy,
        edges=memory.boundaries is not None,
    )
    parts = tuple(replace(part, rate=rate) for part, rate in zip(found.parts, rates, strict=True))
    named = tuple(replace(part, source=before.source) for part, before in zip(parts, memory.parts, strict=True))
    return replace(found, parts=named)


def over_grids(memory: Memory, perception: Perception, alphabet: Alphabet, grids: Sequence[Seconds]) -> Memory:
    """The same memory, each of its recordings over a grid (n, 2) of its own, in seconds of the recording."""
    tokens, probabilities = _tokens(_heard(recordings_in(memory), perception, alphabet, grids), alphabet)
    changed = replace(memory, tokens=tokens, class_probabilities=probabilities, sound=None, boundaries=None)
    if memory.sound is None:
        return changed
    sound = _sound(changed)
    if memory.sound.activity is not None:
        sound = replace(sound, activity=_activity(changed, perception))
    return replace(changed, sound=sound)


def grids_in(memory: Memory) -> list[tuple[Audio, Seconds]]:
    """The recordings of which a memory is made, and its segments (n, 2) in seconds of each."""
    of_parts = memory.part_of(np.arange(len(memory.tokens)))
    starts = [part.start / memory.audio.sample_rate for part in memory.parts]
    grids = [memory.tokens.intervals[of_parts == number] - start for number, start in enumerate(starts)]
    return list(zip(recordings_in(memory), grids, strict=True))


def recordings_in(memory: Memory) -> list[Audio]:
    """The recordings of which a memory is made."""
    if len(memory.parts) == 1:
        return [memory.audio]
    return [
        replace(memory.audio, samples=memory.audio.samples[part.start : part.end], source=part.source)
        for part in memory.parts
    ]


def _heard(
    alike: Sequence[Audio], perception: Perception, alphabet: Alphabet, grids: Sequence[Seconds] | None = None
) -> Arrays:
    """Ids, intervals and class probabilities of all segments, those of one recording after those of the other; over
    the perception's own segments unless `grids` (n, 2) are given."""
    wanted: Sequence[Seconds | None] = [None] * len(alike) if grids is None else grids
    heard = [perception.segments(part, grid) for part, grid in zip(alike, wanted, strict=True)]
    starts = [part.start / alike[0].sample_rate for part in _parts(alike)]
    return {
        "ids": np.concatenate([make_quantizer(alphabet)(segments) for segments, _ in heard]),
        "intervals": np.concatenate([grid + start for (_, grid), start in zip(heard, starts, strict=True)]),
        "class_probabilities": np.concatenate([class_probabilities(alphabet, segments) for segments, _ in heard]),
    }


def _tokens(found: Arrays, alphabet: Alphabet) -> tuple[Tokens, Floats]:
    probabilities = np.asarray(found["class_probabilities"], dtype=np.float32)
    tokens = Tokens(
        np.asarray(found["ids"], dtype=np.int64), np.asarray(found["intervals"], dtype=np.float64), alphabet.id
    )
    if probabilities.shape != (len(tokens), alphabet.classes):
        raise ValueError(f"one probability per class and segment, got {probabilities.shape}")
    return tokens, probabilities


def _sound(memory: Memory) -> SegmentSound:
    return segment_sound(memory.audio, memory.tokens.intervals)


def _activity(memory: Memory, perception: Perception) -> Floats:
    return np.concatenate([perception.activity(recording, grid) for recording, grid in grids_in(memory)])


def _activity_of(found: Arrays) -> Floats:
    return np.asarray(found["activity"], np.float32)


def _arrays_of(sound: SegmentSound) -> Arrays:
    assert sound.register is not None
    return {"chroma": sound.chroma, "level": sound.level, "before": sound.before, "register": sound.register}


def _sound_of(found: Arrays) -> SegmentSound:
    chroma, level, register = (np.asarray(found[name], np.float32) for name in ("chroma", "level", "register"))
    return SegmentSound(chroma, level, register=register)


def _boundaries_of(found: Arrays) -> Boundaries:
    left, right = (np.asarray(found[name], np.int64) for name in ("left", "right"))
    return Boundaries(left, right, np.asarray(found["prices"], np.float64))
