"""Containers of several audio streams (.mp4), read through PyAV: the extra `codecs`."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from antiphon.audio import Header
from antiphon.errors import BadData, MissingExtra
from antiphon.types import Audio, Source

CONTAINER_SUFFIXES = {".mp4", ".m4a"}
"""What goes through here; libsndfile reads the rest."""

PREROLL_SECONDS = 0.2
"""Decoded before an excerpt and thrown away: a frame of AAC overlaps with the one before."""


def container_header(source: Source) -> Header:
    """Length and rate of one stream. Raises BadData as `antiphon.audio.read` does, MissingExtra without PyAV."""
    with _opened(source) as (_, stream):
        return Header(_frames(stream, source) / stream.rate, stream.rate)


def read_container(source: Source, start: float = 0.0, duration: float | None = None) -> Audio:
    """One stream, or `duration` seconds of it from `start`, as long as the container says: what an encoder adds at the
    end is not music. Raises BadData as `antiphon.audio.read` does, MissingExtra without PyAV."""
    with _opened(source) as (container, stream):
        rate = stream.rate
        total = _frames(stream, source)
        first = min(round(start * rate), total)
        wanted = total - first if duration is None else min(total - first, round(duration * rate))
        samples = np.zeros((wanted, stream.channels), dtype=np.float32)
        if start > PREROLL_SECONDS:
            container.seek(round((start - PREROLL_SECONDS) / stream.time_base), stream=stream)
        reached = first
        for frame in container.decode(stream):
            block = _block(frame)
            place = round(float(frame.pts * stream.time_base) * rate) - first
            inside = block[max(0, -place) : max(0, wanted - place)]
            samples[max(0, place) : max(0, place) + len(inside)] = inside
            reached = max(reached, first + place + len(block))
            if place + len(block) >= wanted:
                break
    if reached < first + wanted:
        raise BadData(f"{source.path}: truncated, {reached - first} of {wanted} frames could be read")
    return Audio(samples, rate, str(source.path))


@contextmanager
def _opened(source: Source) -> Iterator[tuple[Any, Any]]:
    try:
        av = importlib.import_module("av")
    except ModuleNotFoundError as error:
        raise MissingExtra(f"{source.path} needs av: pip install 'antiphon[codecs]'") from error
    path = Path(source.path)
    if not path.is_file():
        raise BadData(f"{path}: {'not a file' if path.exists() else 'no such file'}")
    if path.stat().st_size == 0:
        raise BadData(f"{path}: empty file")
    try:
        with av.open(str(path)) as container:
            streams = container.streams.audio
            if source.stream >= len(streams):
                raise BadData(f"{path}: has {len(streams)} audio streams, stream {source.stream} is asked for")
            yield container, streams[source.stream]
    except av.FFmpegError as error:
        raise BadData(f"{path}: not readable as audio ({error.strerror or error})") from error


def _frames(stream: Any, source: Source) -> int:
    if not stream.duration:
        raise BadData(f"{source.path}: its header does not say how long stream {source.stream} is")
    return round(float(stream.duration * stream.time_base) * int(stream.rate))


def _block(frame: Any) -> Any:
    """Samples (frames, channels) in -1..1 of a decoded frame."""
    values = frame.to_ndarray()
    if not frame.format.is_planar:
        values = values.reshape(-1, len(frame.layout.channels)).T
    if np.issubdtype(values.dtype, np.integer):
        values = values / -float(np.iinfo(values.dtype).min)
    return values.T.astype(np.float32)
