"""A sound of any length as pieces of five minutes, so that memory does not grow with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from antiphon.audio import HeldSound
from antiphon.errors import BadData
from antiphon.interfaces import Encoder, FrameStream, Sound
from antiphon.perception.encoders.windows import joined
from antiphon.perception.envelope import CELLS_PER_SECOND, Envelope, EnvelopeStream, joined_envelope
from antiphon.types import Audio, Features, Floats

PIECE_SECONDS = 300
"""Length of a piece: frames of 768 numbers every 20 ms then take 46 MB."""


@dataclass(frozen=True, eq=False)
class Piece:
    """What was heard in five minutes: the frames whose times lie in them, and the envelope. The last is shorter."""

    features: Features
    envelope: Envelope
    last: bool


@dataclass(frozen=True, eq=False)
class CollectedFrames:
    """The stream of an encoder that can only encode the whole: nothing comes before the end."""

    encoder: Encoder
    blocks: tuple[Floats, ...] = ()

    @property
    def until(self) -> float:
        """0: no frame is known before the end."""
        return 0.0

    def push(self, samples: Floats) -> tuple[CollectedFrames, tuple[Features, ...]]:
        """The stream with these samples (samples,) added, and no frame."""
        return replace(self, blocks=(*self.blocks, samples)), ()

    def finish(self) -> tuple[Features, ...]:
        """All frames."""
        samples = np.concatenate([np.zeros(0, dtype=np.float32), *self.blocks])
        if not len(samples):
            return ()
        return (self.encoder.encode(Audio(samples[:, np.newaxis], self.encoder.sample_rate)),)


def sound_of(sound: Audio | Sound) -> Sound:
    """Something to listen to: audio in memory as such, any other sound itself."""
    return HeldSound(sound) if isinstance(sound, Audio) else sound


def stream_of(encoder: Encoder) -> FrameStream:
    """The encoder's own stream where it has one, else one that collects the whole."""
    make = getattr(encoder, "stream", None)
    stream: FrameStream = CollectedFrames(encoder) if make is None else make()
    return stream


def encode_in_blocks(sound: Sound, encoder: Encoder) -> Iterator[Piece]:
    """The pieces of a sound, one after another.

    Raises BadData where the sound is too short for a frame, the encoder's frames are not finite, or the sound cannot be
    read.
    """
    frames, cells = stream_of(encoder), EnvelopeStream(encoder.sample_rate)
    gathered = _Gathered((), ())
    for block in sound.blocks(encoder.sample_rate):
        frames, features = frames.push(block)
        cells, envelope = cells.push(block)
        gathered = gathered.with_more(features, envelope)
        while gathered.has_piece:
            piece, gathered = gathered.split()
            yield _checked(piece, sound)
    gathered = gathered.with_more(frames.finish(), cells.finish())
    if not gathered.heard_anything:
        lacking = "for one frame of the encoder" if gathered.seconds else "to hear anything in"
        raise BadData(f"{sound.name}: {sound.duration:g} s is too short {lacking}")
    while gathered.seconds > PIECE_SECONDS:
        piece, gathered = gathered.split()
        yield _checked(piece, sound)
    yield _checked(gathered.rest(), sound)


def envelope_in_blocks(sound: Sound, sample_rate: int) -> Envelope:
    """The envelope of a whole sound, without running any encoder."""
    stream, parts = EnvelopeStream(sample_rate), []
    for block in sound.blocks(sample_rate):
        stream, envelope = stream.push(block)
        parts.append(envelope)
    return joined_envelope([*parts, stream.finish()])


@dataclass(frozen=True, eq=False)
class _Gathered:
    """Frames and cells on their way into pieces, the first of which starts at `start` seconds."""

    features: tuple[Features, ...]
    envelopes: tuple[Envelope, ...]
    start: int = 0
    heard_anything: bool = False

    def with_more(self, features: tuple[Features, ...], envelope: Envelope) -> _Gathered:
        more = tuple(part for part in features if len(part.times))
        heard = self.heard_anything or bool(more)
        return _Gathered((*self.features, *more), (*self.envelopes, envelope), self.start, heard)

    @property
    def seconds(self) -> float:
        """Length of what is there, by its cells."""
        return sum(map(len, self.envelopes)) / CELLS_PER_SECOND

    @property
    def has_piece(self) -> bool:
        """Whether all of the next piece is there, and the sound is known to go on after it."""
        end = self.start + PIECE_SECONDS
        return self.seconds > PIECE_SECONDS and bool(self.features) and bool(self.features[-1].times[-1] >= end)

    def split(self) -> tuple[Piece, _Gathered]:
        """The next piece, and what follows it."""
        features, envelope = joined(self.features), joined_envelope(list(self.envelopes))
        frames = int(np.searchsorted(features.times, self.start + PIECE_SECONDS, side="left"))
        cells = PIECE_SECONDS * CELLS_PER_SECOND
        piece = Piece(_frames(features, 0, frames), _cells(envelope, 0, cells), last=False)
        rest = _frames(features, frames, len(features.times))
        later = _cells(envelope, cells, len(envelope))
        return piece, _Gathered((rest,), (later,), self.start + PIECE_SECONDS, heard_anything=True)

    def rest(self) -> Piece:
        """All that is left, as the last piece."""
        return Piece(joined(self.features), joined_envelope(list(self.envelopes)), last=True)


def _frames(features: Features, first: int, end: int) -> Features:
    return Features(features.values[first:end].copy(), features.times[first:end], features.power[first:end])


def _cells(envelope: Envelope, first: int, end: int) -> Envelope:
    return Envelope(envelope.power[first:end], envelope.onsets[first:end])


def _checked(piece: Piece, sound: Sound) -> Piece:
    if not np.isfinite(piece.features.values).all():
        raise BadData(f"{sound.name}: the encoder gave values that are not finite")
    return piece
