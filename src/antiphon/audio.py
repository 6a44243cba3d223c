"""Reading, writing and the few operations on sound that all share: what decodes files is called from here alone."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from antiphon import arrays
from antiphon.decoding.by_libsndfile import BLOCK_FRAMES, SndfileRecording
from antiphon.decoding.by_pyav import PyavRecording
from antiphon.decoding.opening import recording_at
from antiphon.errors import AntiphonError, BadData
from antiphon.files import identity, sha256, whole_file, why_unwritten
from antiphon.types import Audio, Floats, Seconds

OPPOSED = 0.5
"""A channel whose correlation with the loudest is below minus this is of opposite polarity."""

MOST_AMPLITUDE = 2.0**32
"""Of a sample, where 1 is full scale: above whole numbers of 32 bits that were written as floats. The energy of an
hour of it still is a number in single precision."""

SMALL_FILE = 1 << 22
"""Bytes of a file that is decoded in memory, where its length is known only by decoding."""

SILENT_DBFS = -200.0
"""Level given to digital silence, whose logarithm does not exist."""

LONG_EXCERPT = 1 << 22
"""Samples of which the power is taken at once."""

MP3_RATES = (16000, 22050, 24000, 32000, 44100, 48000)
"""Rates that an mp3 can have, telephone rates left out."""

MP3_KILOBITS = ((32000, (32, 320)), (16000, (8, 160)))
"""From each rate on the fewest and the most kilobits a second that an mp3 can have (ISO 11172-3, ISO 13818-3)."""

MOST_COMPRESSION = 0.97
"""Of 1: what is nearer to the fewest kilobits than that is no music."""


def read(path: str | Path, start: float = 0.0, duration: float | None = None, stream: int = 0) -> Audio:
    """Decode a sound or the sound of a film, at its own rate and channels; or `duration` seconds from `start`.

    `stream` counts the audio streams of a container of several. Its length is what was decoded, whatever a header
    estimates. Raises BadData, naming the file, for anything that is missing, unreadable, empty, truncated or not
    finite, and MissingExtra where it takes PyAV and there is none.
    """
    if start < 0 or (duration is not None and duration < 0):
        raise ValueError(f"start and duration must not be negative, got {start} and {duration}")
    path = Path(path)
    recording = recording_at(path, stream)
    if start == 0 and duration is None and _is_large(recording, path):
        rate, samples = (
            recording.sample_rate,
            _gathered(sample_blocks(path, stream), recording.frames, recording.channels),
        )
    elif isinstance(recording, PyavRecording) and start == 0 and duration is None:
        rate, samples = recording.whole()
    else:
        rate = recording.sample_rate
        first = min(round(start * rate), recording.frames)
        wanted = recording.frames - first
        if duration is not None:
            wanted = min(wanted, round(duration * rate))
        samples = recording.samples(first, wanted)
    for block in arrays.blocks(samples, BLOCK_FRAMES):
        _finite(block, path)
    return Audio(samples, rate, str(path))


def _is_large(recording: SndfileRecording | PyavRecording, path: Path) -> bool:
    """Whether a file's samples are kept on disk; a small file through PyAV is not decoded to know."""
    if isinstance(recording, PyavRecording) and path.stat().st_size < SMALL_FILE:
        return False
    return arrays.is_large(recording.frames, recording.channels)


class Shape(NamedTuple):
    """Rate in Hz, channels and frames of a file."""

    sample_rate: int
    channels: int
    frames: int


def shape_of(path: Path, stream: int = 0) -> Shape:
    """What a file decodes to. Raises as `read`."""
    recording = recording_at(path, stream)
    return Shape(recording.sample_rate, recording.channels, recording.frames)


def sample_blocks(path: Path, stream: int = 0) -> Iterator[Floats]:
    """All samples of a file in blocks (frames, channels), at its own rate. Raises as `read`."""
    return (_finite(block, path) for block in recording_at(path, stream).blocks())


class Testified(NamedTuple):
    """A sound, and the SHA-256 of the bytes that it was decoded from."""

    audio: Audio
    sha256: str


def testified(path: Path) -> Testified:
    """The whole of a file with the hash of what was decoded. Raises BadData as `read` does, and where the file is
    written to or replaced meanwhile."""
    sound, (digest,) = witnessed((path,), lambda: read(path))
    return Testified(sound, digest)


Made = TypeVar("Made")


def witnessed(paths: Sequence[Path], make: Callable[[], Made]) -> tuple[Made, tuple[str, ...]]:
    """What `make` makes of files, and the SHA-256 of each file's bytes. Raises BadData where one is written to or
    replaced meanwhile."""
    before = [identity(path) for path in paths]
    made = make()
    digests = tuple(sha256(path) for path in paths)
    for path, state in zip(paths, before, strict=True):
        if identity(path) != state:
            raise BadData(f"{path}: changed while it was read; call again when nothing writes to it")
    return made, digests


class Header(NamedTuple):
    """Seconds that a file lasts, and its rate in Hz."""

    duration: float
    sample_rate: int


def header_of(path: Path, stream: int = 0) -> Header:
    """Length and rate of a file: from its header where that is exact, else by decoding it once. Raises as `read`."""
    recording = recording_at(path, stream)
    return Header(recording.frames / recording.sample_rate, recording.sample_rate)


def duration_of(path: Path, stream: int = 0) -> float:
    """Length of a file in seconds, as `header_of` knows it. Raises as `read` does."""
    return header_of(path, stream).duration


def excerpts(path: Path, seconds: float, stream: int = 0) -> Iterator[Audio]:
    """A file in one pass, in excerpts of `seconds`, the last one shorter. Raises as `read` does."""
    recording = recording_at(path, stream)
    rate = recording.sample_rate
    length = round(seconds * rate)
    waiting: list[Floats] = []
    for block in recording.blocks():
        waiting.append(_finite(block, path))
        while sum(map(len, waiting)) >= length:
            joined = np.concatenate(waiting)
            yield Audio(joined[:length], rate, str(path))
            waiting = [joined[length:]]
    if sum(map(len, waiting)):
        yield Audio(np.concatenate(waiting), rate, str(path))


def _finite(samples: Floats, path: Path) -> Floats:
    """The samples, if their squares can be added up."""
    peak = max(float(samples.max()), -float(samples.min())) if samples.size else 0.0
    if peak <= MOST_AMPLITUDE:
        return samples
    if np.isfinite(samples).all():
        raise BadData(
            f"{path}: holds a sample of {peak:.1e}; full scale is 1, and nothing above {MOST_AMPLITUDE:.1e} is read"
        )
    raise BadData(f"{path}: holds NaN or infinite samples")


@dataclass(frozen=True)
class FileSound:
    """A file of any length, to listen to block by block in constant memory. Raises as `read` does.

    `stream` counts the audio streams of a container of several.
    """

    path: Path
    stream: int = 0

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def duration(self) -> float:
        """Length in seconds, as `header_of` knows it."""
        return duration_of(self.path, self.stream)

    def digest(self) -> str:
        """SHA-256 of the file's bytes as they are now, and with it how they are read where that is not libsndfile."""
        recording = recording_at(self.path, self.stream)
        return f"{sha256(self.path)} {recording.identity}".rstrip()

    def blocks(self, sample_rate: int) -> Iterator[Floats]:
        """Mono blocks (frames,) at `sample_rate`."""
        recording = recording_at(self.path, self.stream)
        parts = _downmixed_blocks(_finite(block, self.path) for block in recording.blocks())
        return resampled_blocks(parts, recording.sample_rate, sample_rate)


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
        if self.audio in _DIGESTS:
            return _DIGESTS[self.audio]
        digest = hashlib.blake2b(f"{samples.shape} {self.audio.sample_rate}".encode(), digest_size=20)
        for block in arrays.blocks(samples):
            digest.update(np.ascontiguousarray(block).data)
        return digest.hexdigest()

    def blocks(self, sample_rate: int) -> Iterator[Floats]:
        """Mono blocks (frames,) at `sample_rate`."""
        blocks = arrays.blocks(self.audio.samples, BLOCK_FRAMES)
        return resampled_blocks(_downmixed_blocks(blocks), self.audio.sample_rate, sample_rate)


_DIGESTS: WeakKeyDictionary[Audio, str] = WeakKeyDictionary()


def with_known_digest(audio: Audio, digest: str) -> Audio:
    """The same audio, whose `HeldSound.digest` was kept when its samples were: it is not computed again."""
    _DIGESTS[audio] = digest
    return audio


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


def _downmixed_blocks(blocks: Iterable[Floats]) -> Iterator[Floats]:
    """Blocks (frames, channels) as mono ones (frames,), of which none cancels another: see `_signs`.

    What the channels have in common is taken from all that was heard so far.
    """
    common: NDArray[np.float64] | None = None
    for block in blocks:
        if block.shape[1] == 1:
            yield block[:, 0]
            continue
        here = (block.T @ block).astype(np.float64)
        common = here if common is None else common + here
        yield _downmixed(block, _signs(common))


def _signs(common: NDArray[np.float64]) -> Floats | None:
    """The sign (channels,) of each channel in a mono mix, by the products (channels, channels) of all: that of its
    correlation with the loudest, so that a channel of opposite polarity is turned. None where all are positive."""
    loudest = int(np.argmax(np.diag(common)))
    powers = np.sqrt(np.maximum(np.diag(common), 0.0) * common[loudest, loudest])
    opposed = common[loudest] < -OPPOSED * powers
    return np.where(opposed, -1, 1).astype(np.float32) if opposed.any() else None


def resampled_blocks(
    blocks: Iterable[Floats], rate: int, sample_rate: int, channels: int | None = None
) -> Iterator[Floats]:
    """Blocks at another rate, mono (frames,) or of so many `channels` (frames, channels): all together what soxr makes
    of the whole."""
    if rate == sample_rate:
        yield from blocks
        return
    stream = soxr.ResampleStream(rate, sample_rate, channels or 1, dtype="float32", quality="HQ")
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros(0 if channels is None else (0, channels), dtype=np.float32), last=True)


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
                for block in arrays.blocks(audio.samples, BLOCK_FRAMES):
                    stream.write(block)
        except (soundfile.LibsndfileError, AssertionError, TypeError, ValueError) as error:
            said = str(getattr(error, "error_string", error)).rstrip(".")
            raise AntiphonError(f"cannot write {path}: {why_unwritten(temporary, said)}") from error
        # Its last bytes are written as it is closed, where the library cannot say that they were not.
        require_written(path, temporary, len(audio.samples))


def require_written(path: Path, temporary: Path, frames: int) -> None:
    """Raise AntiphonError, naming `path`, where the file `temporary` does not hold so many frames."""
    try:
        held = soundfile.info(temporary).frames
    except soundfile.LibsndfileError:
        held = 0
    if held < frames:
        raise AntiphonError(f"cannot write {path}: {why_unwritten(temporary, f'{held} of {frames} frames were kept')}")


def mp3(audio: Audio, kilobits: float | None = None) -> bytes:
    """The sound as an mp3 that every browser plays: at most 48 kHz, mono or stereo; with `kilobits` of about so many in
    each second, else as many as it needs."""
    playable = resampled(audio, audio.sample_rate if audio.sample_rate in MP3_RATES else max(MP3_RATES))
    if playable.channels > 2:
        playable = mono(playable)
    buffer = io.BytesIO()
    how: dict[str, Any] = {}
    if kilobits is not None:
        least, most = next(bounds for rate, bounds in MP3_KILOBITS if playable.sample_rate >= rate)
        share = (most - kilobits) / (most - least)
        # The encoder takes no rate, but a place between its highest and its lowest.
        how = {"bitrate_mode": "CONSTANT", "compression_level": min(max(share, 0.0), MOST_COMPRESSION)}
    with soundfile.SoundFile(buffer, "w", playable.sample_rate, playable.channels, format="MP3", **how) as stream:
        for block in arrays.blocks(playable.samples, BLOCK_FRAMES):
            stream.write(np.clip(block, -1, 1))
    return buffer.getvalue()


def wav(audio: Audio) -> bytes:
    """The sound as a 24-bit wav: the same sound, the same bytes. What passes full scale is clipped."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", audio.sample_rate, audio.channels, "PCM_24", format="WAV") as stream:
        for block in arrays.blocks(audio.samples, BLOCK_FRAMES):
            stream.write(np.clip(block, -1, 1))
    return buffer.getvalue()


def peak(audio: Audio) -> float:
    """Largest magnitude of any sample, 0 for no samples."""
    return max((float(np.abs(block).max(initial=0.0)) for block in arrays.blocks(audio.samples)), default=0.0)


def mono(audio: Audio) -> Audio:
    """The mean of all channels, as one channel; one of opposite polarity is turned, so that none cancels another."""
    if audio.channels == 1:
        return audio
    blocks = (block[:, np.newaxis] for block in _downmixed_blocks(arrays.blocks(audio.samples, BLOCK_FRAMES)))
    return Audio(_gathered(blocks, len(audio.samples), 1), audio.sample_rate, audio.source)


def _gathered(blocks: Iterable[Floats], frames: int, channels: int) -> Floats:
    """Blocks that lie end to end as one array of so many frames, or fewer where there are not as many."""
    samples = arrays.zeros(frames, channels)
    return samples[: arrays.write_to(samples, blocks)]


def _downmixed(samples: Floats, signs: Floats | None = None) -> Floats:
    """The mean (frames,) of the channels of samples (frames, channels), each by its sign (channels,)."""
    if signs is not None:
        return np.asarray((samples * signs).mean(axis=1, dtype=np.float32))
    if samples.shape[1] == 2:
        # Ten times faster than a mean over interleaved samples.
        return (samples[:, 0] + samples[:, 1]) * np.float32(0.5)
    return np.asarray(samples.mean(axis=1, dtype=np.float32))


def resampled(audio: Audio, sample_rate: int) -> Audio:
    """The same sound at another rate (soxr, high quality); itself where the rate is the same."""
    if audio.sample_rate == sample_rate:
        return audio
    if not arrays.is_large(len(audio.samples), audio.channels):
        samples = soxr.resample(audio.samples, audio.sample_rate, sample_rate, quality="HQ")
        return Audio(np.ascontiguousarray(samples, dtype=np.float32), sample_rate, audio.source)
    blocks = resampled_blocks(arrays.blocks(audio.samples), audio.sample_rate, sample_rate, audio.channels)
    frames = len(audio.samples) * sample_rate // audio.sample_rate + 2
    return Audio(_gathered(blocks, frames, audio.channels), sample_rate, audio.source)


def with_channels(audio: Audio, channels: int) -> Audio:
    """The same sound in `channels` channels: mono is copied to all, more are first mixed to one."""
    if audio.channels == channels:
        return audio
    blocks = (channels_of(block, channels) for block in arrays.blocks(audio.samples))
    return Audio(_gathered(blocks, len(audio.samples), channels), audio.sample_rate, audio.source)


def channels_of(samples: Floats, channels: int) -> Floats:
    """A block (frames, any) in so many channels, as `with_channels` makes them."""
    if samples.shape[1] == channels:
        return samples
    return np.repeat(_downmixed(samples)[:, np.newaxis], channels, axis=1)


def mixed(parts: Sequence[Audio]) -> Audio:
    """The sum of simultaneous sounds in the first one's rate and channels, as long as the longest.

    Turned down as a whole, if needed, so that no sample passes full scale.
    """
    first = parts[0]
    alike = [with_channels(resampled(part, first.sample_rate), first.channels).samples for part in parts]
    total = arrays.zeros(max(map(len, alike)), first.channels)
    for samples in alike:
        for there, block in zip(arrays.blocks(total), arrays.blocks(samples), strict=False):
            there[: len(block)] += block
    loudest = peak(Audio(total, first.sample_rate))
    if loudest > 1:
        for there in arrays.blocks(total):
            np.divide(there, np.float32(loudest), out=there)
    return Audio(total, first.sample_rate, first.source)


def interval_power(audio: Audio, intervals: Seconds) -> Floats:
    """Mean square (n,) of the sound, as mono, over each interval (n, 2); 0 past its end."""
    samples = audio.samples
    edges = np.clip(np.round(intervals * audio.sample_rate).astype(np.int64), 0, len(samples))
    power, walk = np.zeros(len(edges), dtype=np.float32), arrays.Walk(samples)
    for index, (start, end) in enumerate(edges.tolist()):
        energy = 0.0
        for block in arrays.blocks(samples[start:end], LONG_EXCERPT):
            excerpt = _downmixed(block)
            energy += np.dot(excerpt, excerpt)
            walk.read(block)
        power[index] = energy / max(end - start, 1)
    walk.end()
    return power


def dbfs(power: Floats) -> Floats:
    """Mean square to decibels relative to full scale; digital silence is SILENT_DBFS."""
    floor = 10 ** (SILENT_DBFS / 10)
    return (10 * np.log10(np.maximum(power.astype(np.float64), floor))).astype(np.float32)
