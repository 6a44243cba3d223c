"""One audio stream of a file through PyAV (ffmpeg's libraries): the extra `codecs`.

Its length is what was decoded: ffmpeg drops what an encoder put before and after the sound where the file says how much
that is, and frames follow one another whatever their time stamps say, as in `ffmpeg -i FILE OUTPUT.wav`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from antiphon.decoding.by_libsndfile import BLOCK_FRAMES
from antiphon.errors import BadData, MissingExtra
from antiphon.types import Floats

DEMUXERS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dts,eac3,flac,flv,loas,matroska,mov,mp3,mpc,mpc8,mpeg,mpegts,ogg,"
    "tak,tta,w64,wav,wv"
)
"""What ffmpeg may take a file for. A playlist, which would open other files or addresses, is not among it."""

RAW_STREAMS = frozenset({"aac", "ac3", "eac3", "mp3", "dts", "loas", "mpeg", "mpegts"})
"""Streams of frames without an index, in which a tag or the joint of two files looks like a damaged frame."""

LOST_PACKETS = 3
"""So many, of 20 to 30 ms each, may be no sound in a whole raw stream: more is damage."""

COUNTING = frozenset({"ape", "flac", "tta", "wv"})
"""Containers that count their samples: fewer than that is a file without its end."""

SHORT_SECONDS = 0.06
"""By which a declared length may pass the decoded one: about a frame, and rounding."""

PADDING_FRAMES = 4096
"""The most that an encoder adds at the end of an MP4; beyond it the declared length is wrong and the sound is right."""

PREROLL_SECONDS = 0.2
"""Decoded before an excerpt and thrown away: a frame of AAC overlaps with the one before."""

FEW_FRAMES = 3
"""Decoded to learn rate, channels and the samples of a frame: the first may have been shortened."""


class Facts(NamedTuple):
    """Rate in Hz, number of channels, and the samples of a channel where a table counts them, so that excerpts can be
    sought; None where only decoding tells."""

    sample_rate: int
    channels: int
    declared: int | None


@dataclass(frozen=True)
class PyavRecording:
    """Audio stream number `stream` of a file. `end` is the byte where tags begin behind the sound, 0 for none.

    Everything raises BadData for what cannot be decoded or has no such stream, and MissingExtra without PyAV.
    """

    path: Path
    stream: int = 0
    end: int = 0

    @property
    def identity(self) -> str:
        """What tells its sound from that of another reading of the same bytes, or of another stream in them."""
        return f"codecs {self.stream}"

    @property
    def sample_rate(self) -> int:
        """Hz."""
        return self.facts.sample_rate

    @property
    def channels(self) -> int:
        """How many there are."""
        return self.facts.channels

    @property
    def facts(self) -> Facts:
        """What is known of the file as it is now without decoding it; remembered as long as the process lives."""
        return _facts(self, *self._state())

    @property
    def frames(self) -> int:
        """Length in samples of one channel: of an MP4 by its table of samples, of all else by decoding it once."""
        declared = self.facts.declared
        return _counted(self, *self._state()) if declared is None else declared

    def samples(self, first: int, count: int) -> Floats:
        """Samples (count, channels) from frame `first`; fewer where the sound ends before."""
        facts = self.facts
        found = [np.zeros((0, facts.channels), dtype=np.float32)]
        with self._opened() as (container, stream):
            place = 0 if facts.declared is None else _sought(container, stream, first / facts.sample_rate)
            for block in self._decoded(container, stream, place):
                found.append(block[max(0, first - place) : max(0, first + count - place)])
                place += len(block)
                if place >= first + count:
                    break
        return np.concatenate(found)

    def whole(self) -> tuple[int, Floats]:
        """Rate and all samples (frames, channels), decoded once."""
        with self._opened() as (container, stream):
            blocks = list(self._decoded(container, stream))
            if not blocks:
                raise BadData(f"{self.path}: holds no audio")
            return int(stream.codec_context.sample_rate), np.concatenate(blocks)

    def blocks(self) -> Iterator[Floats]:
        """All samples in blocks (frames, channels) of BLOCK_FRAMES, the last one shorter."""
        with self._opened() as (container, stream):
            yield from _regular(self._decoded(container, stream))

    def _state(self) -> tuple[int, int]:
        """Size and time of change: another file of the same name has others."""
        status = self.path.stat()
        return status.st_size, status.st_mtime_ns

    def _decoded(self, container: Any, stream: Any, place: int = 0) -> Iterator[Floats]:
        """Blocks (frames, channels) from `place`, the frame to which the container was moved, without padding."""
        declared = _declared(container, stream)
        limit = None if declared is None else round(declared * stream.codec_context.sample_rate) - place
        yield from _without_padding(map(_block, self._frames(container, stream)), limit)

    def _frames(self, container: Any, stream: Any) -> Iterator[Any]:
        """Decoded frames of one rate and one number of channels."""
        av = _av()
        lost, read, alike = 0, 0, None
        allowed = LOST_PACKETS if container.format.name in RAW_STREAMS else 0
        for packet in container.demux(stream):
            if self.end and packet.size and packet.pos is not None and packet.pos >= self.end:
                continue
            try:
                frames = packet.decode()
            except av.FFmpegError as error:
                lost += 1
                if lost > allowed:
                    seconds = read / (stream.codec_context.sample_rate or 1)
                    raise BadData(f"{self.path}: damaged audio after {seconds:.1f} s ({_reason(error)})") from error
                continue
            for frame in frames:
                kind = frame.sample_rate, len(frame.layout.channels)
                if alike not in (None, kind):
                    raise BadData(f"{self.path}: {_changed(alike, kind, read)}; convert it to one")
                alike = kind
                read += frame.samples
                yield frame
        if container.format.name in COUNTING and stream.duration and alike:
            wanted = round(float(stream.duration * stream.time_base) * alike[0])
            if read < wanted - SHORT_SECONDS * alike[0]:
                raise BadData(f"{self.path}: truncated, {read} of {wanted} frames could be read")

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        av = _av(self.path)
        only = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file"}
        try:
            with av.open(f"file:{self.path}", options=only, **_lenient(av)) as container:
                streams = container.streams.audio
                if not streams:
                    raise BadData(f"{self.path}: holds no sound")
                if self.stream >= len(streams):
                    counted = f"{len(streams)} audio stream{'' if len(streams) == 1 else 's'}"
                    raise BadData(f"{self.path}: has {counted}, stream {self.stream} is asked for")
                if streams[self.stream].codec_context is None:
                    raise BadData(f"{self.path}: not readable as audio (what its sound is packed with is unknown)")
                yield container, streams[self.stream]
        except av.FFmpegError as error:
            raise BadData(f"{self.path}: not readable as audio ({_reason(error)})") from error


def has_pyav() -> bool:
    """Whether the extra is there."""
    try:
        _av()
    except MissingExtra:
        return False
    return True


def _av(path: Path | str = "this file") -> Any:
    try:
        return importlib.import_module("av")
    except ModuleNotFoundError as error:
        raise MissingExtra(f"{path} needs PyAV: pip install 'antiphon[codecs]'") from error


def _lenient(av: Any) -> dict[str, str]:
    """What lets a title that is not UTF-8 pass: asked for up to PyAV 18, always so since."""
    return {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}


@lru_cache(maxsize=4096)
def _facts(recording: PyavRecording, size: int, changed: int) -> Facts:
    with recording._opened() as (container, stream):
        few = list(islice(recording._frames(container, stream), FEW_FRAMES))
        if not few:
            raise BadData(f"{recording.path}: holds no audio")
        rate, channels = int(few[0].sample_rate), len(few[0].layout.channels)
        declared = _declared(container, stream)
        agrees = declared is not None and _agrees(stream, max(frame.samples for frame in few), declared * rate)
        return Facts(rate, channels, round(declared * rate) if declared is not None and agrees else None)


@lru_cache(maxsize=4096)
def _counted(recording: PyavRecording, size: int, changed: int) -> int:
    return sum(map(len, recording.blocks()))


def _declared(container: Any, stream: Any) -> float | None:
    """Seconds that the table of samples of an MP4 or QuickTime file adds up to; None for other containers."""
    if "mp4" not in container.format.name.split(",") or not stream.duration:
        return None
    return float(stream.duration * stream.time_base)


def _agrees(stream: Any, frame_samples: int, declared: float) -> bool:
    """Whether the number of frames in the table leaves no more than padding beside the declared samples."""
    if stream.codec_context.name.startswith("pcm_"):
        return True
    beside = float(stream.frames * frame_samples - declared)
    return 0 <= beside <= max(4 * frame_samples, PADDING_FRAMES)


def _sought(container: Any, stream: Any, seconds: float) -> int:
    """Move to a little before `seconds` of the sound; the frame at which decoding goes on."""
    if seconds <= PREROLL_SECONDS:
        return 0
    start = next(container.decode(stream))
    target = start.pts + round((seconds - PREROLL_SECONDS) / stream.time_base)
    container.seek(target, stream=stream)
    reached = next(container.decode(stream))
    container.seek(target, stream=stream)
    seconds_reached = float((reached.pts - start.pts) * stream.time_base)
    return round(seconds_reached * int(reached.sample_rate))


def _without_padding(blocks: Iterable[Floats], limit: int | None) -> Iterator[Floats]:
    """The blocks up to `limit` frames, and past it only where there is more than an encoder adds."""
    place, held = 0, list[Floats]()
    for block in blocks:
        inside = len(block) if limit is None else max(0, min(len(block), limit - place))
        place += len(block)
        if inside:
            yield block[:inside]
        if limit is not None and inside < len(block):
            held.append(block[inside:])
            if sum(map(len, held)) > PADDING_FRAMES:
                yield from held
                limit = None


def _regular(blocks: Iterable[Floats]) -> Iterator[Floats]:
    """The same samples in blocks of BLOCK_FRAMES, the last one shorter."""
    waiting, held = list[Floats](), 0
    for block in blocks:
        waiting.append(block)
        held += len(block)
        if held >= BLOCK_FRAMES:
            joined = np.concatenate(waiting)
            for start in range(0, held - BLOCK_FRAMES + 1, BLOCK_FRAMES):
                yield joined[start : start + BLOCK_FRAMES]
            held %= BLOCK_FRAMES
            waiting = [joined[len(joined) - held :]]
    if held:
        yield np.concatenate(waiting)


def _block(frame: Any) -> Floats:
    """Samples (frames, channels) in -1..1 of a decoded frame."""
    values = frame.to_ndarray()
    if not frame.format.is_planar:
        values = values.reshape(-1, len(frame.layout.channels)).T
    if values.dtype == np.uint8:
        values = (values.astype(np.float32) - 128) / 128
    elif np.issubdtype(values.dtype, np.integer):
        values = values / -float(np.iinfo(values.dtype).min)
    return np.ascontiguousarray(values.T, dtype=np.float32)


def _changed(before: tuple[int, int] | None, after: tuple[int, int], read: int) -> str:
    rate, channels = before or after
    return (
        f"changes from {rate} Hz and {channels} channels to {after[0]} Hz and {after[1]} channels after "
        f"{read / rate:.1f} s"
    )


def _reason(error: Any) -> str:
    return str(error.strerror or error).lower()
