"""Reading, writing and the few operations on sound that all share: the only place that decodes audio."""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr

from antiphon.errors import AntiphonError, BadData
from antiphon.files import sha256, whole_file
from antiphon.types import Audio, Floats, Seconds

SILENT_DBFS = -200.0
"""Level given to digital silence, whose logarithm does not exist."""

BLOCK_FRAMES = 2**16
"""Read or written at once: libsndfile's Vorbis encoder overflows its stack, and ends the process, on minutes of
sound."""

UNKNOWN_FRAMES = 2**62
"""libsndfile answers about 2**63 frames where a header does not say how many there are."""

CHUNKS = {
    (b"RIFF", b"WAVE"): ("<4sI", b"data"),
    (b"FORM", b"AIFF"): (">4sI", b"SSND"),
    (b"FORM", b"AIFC"): (">4sI", b"SSND"),
}
"""Files made of chunks, by their first and third four bytes: how a chunk begins, and the name of the one with audio."""

MP3_RATES = (16000, 22050, 24000, 32000, 44100, 48000)
"""Rates that an mp3 can have, telephone rates left out."""


def read(path: str | Path, start: float = 0.0, duration: float | None = None) -> Audio:
    """Decode a file of any format libsndfile reads, at its own rate and channels; or `duration` seconds from `start`.

    Raises BadData, naming the file, for anything that is missing, unreadable, empty, truncated or not finite.
    """
    if start < 0 or (duration is not None and duration < 0):
        raise ValueError(f"start and duration must not be negative, got {start} and {duration}")
    path = Path(path)
    with _open(path) as stream:
        rate = stream.samplerate
        first = min(round(start * rate), stream.frames)
        wanted = stream.frames - first
        if duration is not None:
            wanted = min(wanted, round(duration * rate))
        try:
            stream.seek(first)
            samples = stream.read(wanted, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise BadData(f"{path}: damaged audio ({error.error_string.rstrip('.')})") from error
    if len(samples) < wanted:
        raise BadData(f"{path}: truncated, {len(samples)} of {wanted} frames could be read")
    if not np.isfinite(samples).all():
        raise BadData(f"{path}: holds NaN or infinite samples")
    return Audio(samples, rate, str(path))


class Header(NamedTuple):
    """What a file says of itself before any of it is decoded: seconds and Hz."""

    duration: float
    sample_rate: int


def header_of(path: Path) -> Header:
    """Length and rate of a file, from its header alone. Raises BadData as `read` does."""
    with _open(path) as stream:
        return Header(float(stream.frames / stream.samplerate), int(stream.samplerate))


def duration_of(path: Path) -> float:
    """Length of a file in seconds, from its header alone. Raises BadData as `read` does."""
    return header_of(path).duration


def _open(path: Path) -> soundfile.SoundFile:
    if path.suffix.lower() == ".raw":
        raise BadData(f"{path}: raw samples say neither their rate nor their channels; convert it to wav")
    try:
        if not path.exists():
            raise BadData(f"{path}: no such file")
        if not path.is_file():
            raise BadData(f"{path}: not a file")
        size = path.stat().st_size
        if size == 0:
            raise BadData(f"{path}: empty file")
        _refuse_truncated(path, size)
        stream = soundfile.SoundFile(path)
    except OSError as error:
        raise BadData(f"{path}: {error.strerror or error}") from error
    except UnicodeEncodeError as error:
        raise BadData(f"{str(path)!r}: its name is not UTF-8; rename it") from error
    except soundfile.LibsndfileError as error:
        raise BadData(f"{path}: not readable as audio ({error.error_string.rstrip('.')})") from error
    if stream.frames == 0:
        stream.close()
        raise BadData(f"{path}: holds no audio")
    if stream.frames >= UNKNOWN_FRAMES:
        stream.close()
        raise BadData(f"{path}: its header does not say how long it is (a streamed file); write it again as a file")
    return stream


def _refuse_truncated(path: Path, size: int) -> None:
    """libsndfile reads a cut-off wav or aiff as if it were whole; the header knows better (0, 0xFFFFFFFF: unknown)."""
    with path.open("rb") as stream:
        header = stream.read(12)
        chunk_format, audio_chunk = CHUNKS.get((header[:4], header[8:]), ("", b""))
        if not chunk_format:
            return
        position = 12
        while len(chunk := stream.read(8)) == 8:
            name, length = struct.unpack(chunk_format, chunk)
            position += 8
            if name == audio_chunk:
                if length not in (0, 0xFFFFFFFF) and position + length > size:
                    raise BadData(f"{path}: truncated, {size - position} of {length} bytes of audio are there")
                return
            position += length + length % 2
            stream.seek(position)


@dataclass(frozen=True)
class FileSound:
    """A file of any length that libsndfile reads, to listen to block by block. Raises BadData as `read` does."""

    path: Path

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def duration(self) -> float:
        """Length in seconds, from the header."""
        return duration_of(self.path)

    def digest(self) -> str:
        """SHA-256 of the file's bytes as they are now."""
        _open(self.path).close()
        return sha256(self.path)

    def blocks(self, sample_rate: int) -> Iterator[Floats]:
        """Mono blocks (frames,) at `sample_rate`."""
        rate = header_of(self.path).sample_rate
        return _resampled_blocks((_downmixed(block) for block in _file_blocks(self.path)), rate, sample_rate)


@dataclass(frozen=True, eq=False)
class HeldSound:
    """Audio that is in memory already, to listen to block by block: the same blocks as those of its file."""

    audio: Audio

    @property
    def name(self) -> str:
        """Its source."""
        return self.audio.source or "audio"

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.audio.duration

    def digest(self) -> str:
        """A hash of the samples, their shape and their rate; not that of the file from which they may come."""
        samples = self.audio.samples
        digest = hashlib.blake2b(f"{samples.shape} {self.audio.sample_rate}".encode(), digest_size=20)
        digest.update(np.ascontiguousarray(samples).data)
        return digest.hexdigest()

    def blocks(self, sample_rate: int) -> Iterator[Floats]:
        """Mono blocks (frames,) at `sample_rate`."""
        samples = self.audio.samples
        blocks = (samples[start : start + BLOCK_FRAMES] for start in range(0, len(samples), BLOCK_FRAMES))
        return _resampled_blocks((_downmixed(block) for block in blocks), self.audio.sample_rate, sample_rate)


def summed_blocks(sounds: Sequence[Iterator[Floats]]) -> Iterator[Floats]:
    """The sum of simultaneous mono sounds (frames,), block by block, as long as the longest of them."""
    waiting = [np.zeros(0, dtype=np.float32) for _ in sounds]
    open_sounds = set(range(len(sounds)))
    while open_sounds:
        behind = min(open_sounds, key=lambda index: len(waiting[index]))
        block = next(sounds[behind], None)
        if block is None:
            open_sounds.discard(behind)
        else:
            waiting[behind] = np.concatenate([waiting[behind], block])
        lengths = [len(waiting[index]) for index in open_sounds] or [max(map(len, waiting))]
        total = np.zeros(min(lengths), dtype=np.float32)
        for index, held in enumerate(waiting):
            part = held[: len(total)]
            total[: len(part)] += part
            waiting[index] = held[len(total) :]
        if len(total):
            yield total


def _file_blocks(path: Path) -> Iterator[Floats]:
    """All samples of a file in blocks (frames, channels). Raises BadData as `read` does."""
    with _open(path) as stream:
        wanted = stream.frames
        while wanted > 0:
            try:
                block = stream.read(min(BLOCK_FRAMES, wanted), dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                raise BadData(f"{path}: damaged audio ({error.error_string.rstrip('.')})") from error
            if not len(block):
                raise BadData(f"{path}: truncated, {stream.frames - wanted} of {stream.frames} frames could be read")
            if not np.isfinite(block).all():
                raise BadData(f"{path}: holds NaN or infinite samples")
            wanted -= len(block)
            yield block


def _resampled_blocks(blocks: Iterable[Floats], rate: int, sample_rate: int) -> Iterator[Floats]:
    """Mono blocks (frames,) at another rate: all together what `resampled` makes of the whole."""
    if rate == sample_rate:
        yield from blocks
        return
    stream = soxr.ResampleStream(rate, sample_rate, 1, dtype="float32", quality="HQ")
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros(0, dtype=np.float32), last=True)


def write(path: str | Path, audio: Audio) -> None:
    """Write a file in the format of its suffix, whole or not at all.

    wav is 24 bit, or float where a sample passes full scale; other formats refuse to clip.
    """
    path = Path(path)
    suffix = path.suffix.lstrip(".").upper()
    if suffix not in soundfile.available_formats():
        known = ", ".join(sorted(name.lower() for name in soundfile.available_formats()))
        raise BadData(f"{path}: cannot write .{suffix.lower()}; known: {known}")
    subtype = None
    if suffix == "WAV":
        subtype = "PCM_24" if peak(audio) <= 1 else "FLOAT"
    elif peak(audio) > 1:
        raise BadData(f"{path}: {peak(audio):.2f} times full scale would be clipped; write a .wav, or turn it down")
    with whole_file(path) as temporary:
        try:
            with soundfile.SoundFile(temporary, "w", audio.sample_rate, audio.channels, subtype) as stream:
                for start in range(0, len(audio.samples), BLOCK_FRAMES):
                    stream.write(audio.samples[start : start + BLOCK_FRAMES])
        except (soundfile.LibsndfileError, TypeError, ValueError, OSError) as error:
            raise AntiphonError(f"cannot write {path}: {getattr(error, 'error_string', error)}") from error


def mp3(audio: Audio) -> bytes:
    """The sound as an mp3 that every browser plays: at most 48 kHz, mono or stereo."""
    playable = resampled(audio, audio.sample_rate if audio.sample_rate in MP3_RATES else max(MP3_RATES))
    if playable.channels > 2:
        playable = mono(playable)
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(playable.samples, -1, 1), playable.sample_rate, format="MP3")
    return buffer.getvalue()


def peak(audio: Audio) -> float:
    """Largest magnitude of any sample, 0 for no samples."""
    return float(np.abs(audio.samples).max(initial=0.0))


def mono(audio: Audio) -> Audio:
    """The mean of all channels, as one channel."""
    if audio.channels == 1:
        return audio
    return Audio(_downmixed(audio.samples)[:, np.newaxis], audio.sample_rate, audio.source)


def _downmixed(samples: Floats) -> Floats:
    """The mean (frames,) of the channels of samples (frames, channels)."""
    if samples.shape[1] == 1:
        return samples[:, 0]
    if samples.shape[1] == 2:
        # Ten times faster than a mean over interleaved samples.
        return (samples[:, 0] + samples[:, 1]) * np.float32(0.5)
    return np.asarray(samples.mean(axis=1, dtype=np.float32))


def resampled(audio: Audio, sample_rate: int) -> Audio:
    """The same sound at another rate (soxr, high quality); itself where the rate is the same."""
    if audio.sample_rate == sample_rate:
        return audio
    samples = soxr.resample(audio.samples, audio.sample_rate, sample_rate, quality="HQ")
    return Audio(np.ascontiguousarray(samples, dtype=np.float32), sample_rate, audio.source)


def with_channels(audio: Audio, channels: int) -> Audio:
    """The same sound in `channels` channels: mono is copied to all, more are first mixed to one."""
    if audio.channels == channels:
        return audio
    return Audio(np.repeat(mono(audio).samples, channels, axis=1), audio.sample_rate, audio.source)


def mixed(parts: Sequence[Audio]) -> Audio:
    """The sum of simultaneous sounds in the first one's rate and channels, as long as the longest.

    Turned down as a whole, if needed, so that no sample passes full scale.
    """
    first = parts[0]
    alike = [with_channels(resampled(part, first.sample_rate), first.channels).samples for part in parts]
    total = np.zeros((max(map(len, alike)), first.channels), dtype=np.float32)
    for samples in alike:
        total[: len(samples)] += samples
    loudest = float(np.abs(total).max(initial=0.0))
    if loudest > 1:
        total /= np.float32(loudest)
    return Audio(total, first.sample_rate, first.source)


def interval_power(audio: Audio, intervals: Seconds) -> Floats:
    """Mean square (n,) of the sound, as mono, over each interval (n, 2); 0 past its end."""
    samples = mono(audio).samples[:, 0]
    edges = np.clip(np.round(intervals * audio.sample_rate).astype(np.int64), 0, len(samples))
    excerpts = (samples[start:end] for start, end in edges)
    return np.array([np.dot(excerpt, excerpt) / max(len(excerpt), 1) for excerpt in excerpts], dtype=np.float32)


def dbfs(power: Floats) -> Floats:
    """Mean square to decibels relative to full scale; digital silence is SILENT_DBFS."""
    floor = 10 ** (SILENT_DBFS / 10)
    return (10 * np.log10(np.maximum(power.astype(np.float64), floor))).astype(np.float32)
