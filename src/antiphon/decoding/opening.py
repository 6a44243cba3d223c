"""Which library reads a file: libsndfile where it is exact, else PyAV, else one line that says why not."""

from __future__ import annotations

import mmap
from functools import lru_cache
from pathlib import Path

import soundfile

from antiphon.decoding.by_libsndfile import SndfileRecording
from antiphon.decoding.by_pyav import PyavRecording, has_pyav
from antiphon.decoding.endings import missing_end, ogg_sounds
from antiphon.decoding.kinds import COMPRESSED, FILMS, other_kind, sound_kind
from antiphon.decoding.mpeg import after_id3, before_tags, frames_of
from antiphon.errors import BadData, MissingExtra

UNKNOWN_FRAMES = 2**62
"""libsndfile answers about 2**63 frames where a header does not say how many there are."""

MPEG_SUFFIXES = frozenset({".mp1", ".mp2", ".mp3", ".mpa", ".mpga"})

Recording = SndfileRecording | PyavRecording


def recording_at(path: Path, stream: int = 0) -> Recording:
    """Audio stream number `stream` of a file, ready to be read.

    Raises BadData, naming the file, for what is missing, empty, cut off or no sound; MissingExtra for what only PyAV
    reads where that is not installed.
    """
    if path.suffix.lower() == ".raw":
        raise BadData(f"{path}: raw samples say neither their rate nor their channels; convert it to wav")
    try:
        if not path.exists():
            raise BadData(f"{path}: no such file")
        if not path.is_file():
            raise BadData(f"{path}: not a file")
        status = path.stat()
        if status.st_size == 0:
            raise BadData(f"{path}: empty file")
        str(path).encode()
        return _chosen(path, stream, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise BadData(f"{path}: {error.strerror or error}") from error
    except UnicodeEncodeError as error:
        raise BadData(f"{str(path)!r}: its name is not UTF-8; rename it") from error


@lru_cache(maxsize=4096)
def _chosen(path: Path, stream: int, size: int, changed: int) -> Recording:
    """The reader of a file with this size and time of change."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = data[:16]
        if missing := missing_end(data):
            raise BadData(f"{path}: truncated, {missing}")
        is_mpeg = _is_mpeg(path, data)
        if stream > 0:
            return _by_pyav(path, start, "has one sound that libsndfile reads", stream)
        if is_mpeg and (reason := _mpeg_problem(path, data)):
            return _by_pyav(path, start, reason, end=before_tags(data) % size)
        if start.startswith(b"OggS") and ogg_sounds(data) > 1:
            return _by_pyav(path, start, "holds several streams")
    return _by_libsndfile(path, start, is_mpeg)


def _is_mpeg(path: Path, data: mmap.mmap) -> bool:
    """Whether a file is an mp3, or an elder layer of the same."""
    place = after_id3(data)
    start = data[place : place + 4]
    return sound_kind(start) == "mp3" or (path.suffix.lower() in MPEG_SUFFIXES and not sound_kind(start))


def _mpeg_problem(path: Path, data: mmap.mmap) -> str:
    """Why libsndfile would not read an mp3 to its end; "" where it does."""
    frames = frames_of(data)
    if frames is None:
        return "does not begin with a frame of an mp3"
    if frames.is_cut:
        raise BadData(f"{path}: truncated, {frames.count} of {frames.declared} frames of the mp3 are there")
    return "" if frames.is_exact else "does not say truly how long it is"


def _by_libsndfile(path: Path, start: bytes, is_mpeg: bool) -> Recording:
    try:
        with soundfile.SoundFile(path) as stream:
            frames, rate, channels = stream.frames, stream.samplerate, stream.channels
            is_estimate = not is_mpeg and stream.subtype.startswith("MPEG")
    except soundfile.LibsndfileError as error:
        return _by_pyav(path, start, error.error_string.rstrip("."))
    if frames == 0:
        raise BadData(f"{path}: holds no audio")
    if is_estimate or frames >= UNKNOWN_FRAMES:
        return _by_pyav(path, start, "does not say truly how long it is")
    return SndfileRecording(path, int(rate), int(channels), int(frames))


def _by_pyav(path: Path, start: bytes, reason: str, stream: int = 0, end: int = 0) -> PyavRecording:
    """The file through PyAV. `reason` says why not through libsndfile, for those who have no PyAV."""
    if other := other_kind(start):
        raise BadData(f"{path}: not readable as audio ({other})")
    if has_pyav():
        return PyavRecording(path, stream, end)
    if not sound_kind(start) and path.suffix.lower().lstrip(".") not in COMPRESSED | FILMS | {"mp3"}:
        raise BadData(f"{path}: not readable as audio ({reason})")
    kind = f" ({sound_kind(start)})" if sound_kind(start) else ""
    raise MissingExtra(f"{path}{kind}: {_sentence(reason)}; to read it: pip install 'antiphon[codecs]'")


def _sentence(reason: str) -> str:
    return reason[:1].lower() + reason[1:]
