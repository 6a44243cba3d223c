"""Files of about every kind that people have, made with PyAV and libsndfile, and PyAV's own decoding of them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

SECONDS = 2.37

VARIABLE = {"flags": "+qscale", "global_quality": str(4 * 118)}
"""libmp3lame's VBR at quality 4, in ffmpeg's units (FF_QP2LAMBDA is 118)."""

NO_XING = {"write_xing": "0"}

RANDOM = np.random.default_rng(0)


def music(rate: int = 44100, channels: int = 2, seconds: float = SECONDS) -> np.ndarray:
    """Gliding tones (frames, channels), a different one on each side: no two moments are alike."""
    times = np.arange(round(seconds * rate)) / rate
    swell = 0.08 + 0.2 * np.abs(np.sin(2 * np.pi * 0.9 * times))
    left = swell * (np.sin(2 * np.pi * (300 + 90 * times) * times) + 0.5 * np.sin(2 * np.pi * 750 * times))
    right = swell * np.sin(2 * np.pi * (450 - 40 * times) * times)
    return np.stack([left, right], axis=1)[:, :channels].astype(np.float32)


def encoded(
    path: Path,
    codec: str,
    sounds: tuple[np.ndarray, ...] = (),
    *,
    rate: int = 44100,
    channels: int = 2,
    bit_rate: int | None = None,
    options: dict[str, str] | None = None,
    muxing: dict[str, str] | None = None,
    container: str | None = None,
    film: str = "",
) -> Path:
    """A file of one audio stream for each sound, `music` unless given; of a film with a picture by codec `film`."""
    import av

    layout = "mono" if channels == 1 else "stereo"
    with av.open(str(path), "w", format=container, options=muxing or {}) as output:
        pictures = screen(output, film) if film else None
        streams = []
        for _ in sounds or (None,):
            stream = output.add_stream(codec, rate=rate, layout=layout, options={"strict": "-2"} | (options or {}))
            if bit_rate:
                stream.bit_rate = bit_rate
            streams.append(stream)
        if pictures is not None:
            show(output, pictures)
        for stream, sound in zip(streams, sounds or (music(rate, channels),), strict=True):
            _sing(output, stream, sound, rate, layout)
    return path


def _sing(output: Any, stream: Any, sound: np.ndarray, rate: int, layout: str) -> None:
    import av

    for start in range(0, len(sound), 4096):
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound[start : start + 4096].T), format="fltp", layout=layout
        )
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def screen(output: Any, codec: str) -> Any:
    """The stream of a film's pictures."""
    stream = output.add_stream(codec, rate=25)
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    return stream


def show(output: Any, stream: Any) -> None:
    """A film's pictures, in shades of grey."""
    import av

    for number in range(round(SECONDS * 25)):
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 4 * number, np.uint8), format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, 25)
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def decoded(path: Path) -> tuple[int, np.ndarray]:
    """Rate and samples (frames, channels), as `ffmpeg -i FILE -f f32le` gives them: damaged packets left out."""
    import av

    blocks, rate = [], 0
    with av.open(str(path)) as container:
        to_float = av.AudioResampler(format="fltp")
        for packet in container.demux(container.streams.audio[0]):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            for frame in frames:
                rate = frame.sample_rate
                blocks += [each.to_ndarray().T for each in to_float.resample(frame)]
    return rate, np.concatenate(blocks)


def id3(size: int) -> bytes:
    """An ID3v2.3 tag with a cover of that many random bytes."""
    cover = b"\0image/jpeg\0\3\0" + RANDOM.bytes(size)
    body = b"APIC" + struct.pack(">I", len(cover)) + b"\0\0" + cover
    return b"ID3\x03\0\0" + bytes(len(body) >> shift & 127 for shift in (21, 14, 7, 0)) + body


def ape(size: int) -> bytes:
    """An APEv2 tag with a cover of that many random bytes."""
    item = struct.pack("<II", size, 2) + b"Cover Art (Front)\0" + RANDOM.bytes(size)
    ends = [
        b"APETAGEX" + struct.pack("<IIII", 2000, len(item) + 32, 1, flags) + bytes(8) for flags in (5 << 29, 1 << 31)
    ]
    return ends[0] + item + ends[1]


ID3_V1 = b"TAG" + b"a title".ljust(125, b"\0")

Maker = Callable[[Path], object]


def by_pyav(codec: str, **how: Any) -> Maker:
    return lambda path: encoded(path, codec, **how)


def by_libsndfile(subtype: str, container: str | None = None, rate: int = 44100) -> Maker:
    return lambda path: soundfile.write(path, music(rate), rate, subtype=subtype, format=container)


def around(before: Callable[[], bytes], after: Callable[[], bytes], codec: str = "libmp3lame", **how: Any) -> Maker:
    """Bytes before and behind a file."""

    def make(path: Path) -> None:
        content = encoded(path, codec, **how).read_bytes()
        path.write_bytes(before() + content + after())

    return make


def nothing() -> bytes:
    return b""


UNTAGGED = {"options": VARIABLE, "muxing": NO_XING}

KINDS: dict[str, Maker] = {
    "cbr32-mono-22k.mp3": by_pyav("libmp3lame", bit_rate=32000, rate=22050, channels=1),
    "cbr64-16k.mp3": by_pyav("libmp3lame", bit_rate=64000, rate=16000),
    "cbr128-joint.mp3": by_pyav("libmp3lame", bit_rate=128000),
    "cbr192-stereo.mp3": by_pyav("libmp3lame", bit_rate=192000, options={"joint_stereo": "0"}),
    "cbr320-48k.mp3": by_pyav("libmp3lame", bit_rate=320000, rate=48000),
    "vbr.mp3": by_pyav("libmp3lame", options=VARIABLE),
    "vbr-no-xing.mp3": by_pyav("libmp3lame", **UNTAGGED),
    "cbr-no-xing.mp3": by_pyav("libmp3lame", bit_rate=128000, muxing=NO_XING),
    "abr-no-xing-mono.mp3": by_pyav("libmp3lame", bit_rate=80000, channels=1, options={"abr": "1"}, muxing=NO_XING),
    "vbr-no-xing-22k.mp3": by_pyav("libmp3lame", rate=22050, **UNTAGGED),
    "cover.mp3": around(lambda: id3(60000), nothing),
    "cover-no-xing.mp3": around(lambda: id3(60000), nothing, **UNTAGGED),
    "two-tags-and-id3v1.mp3": around(lambda: id3(9000) + id3(300), lambda: ID3_V1),
    "id3v1-no-xing.mp3": around(nothing, lambda: ID3_V1, **UNTAGGED),
    "ape-and-id3v1.mp3": around(nothing, lambda: ape(30000) + ID3_V1),
    "ape-no-xing.mp3": around(nothing, lambda: ape(30000), **UNTAGGED),
    "junk-in-front.mp3": around(lambda: RANDOM.bytes(3000), nothing, **UNTAGGED),
    "zeros-behind.mp3": around(nothing, lambda: bytes(5000), bit_rate=128000, muxing=NO_XING),
    "a.mp2": by_pyav("mp2"),
    "mp3-in.wav": by_pyav("libmp3lame", container="wav"),
    "aac.m4a": by_pyav("aac"),
    "aac-mono-22k.m4a": by_pyav("aac", rate=22050, channels=1),
    "alac.m4a": by_pyav("alac"),
    "book.m4b": by_pyav("aac", container="ipod"),
    "adts.aac": by_pyav("aac", container="adts"),
    "phone.3gp": by_pyav("aac"),
    "phone.amr": by_pyav("amr_nb", rate=8000, channels=1),
    "fragmented.mp4": by_pyav("aac", muxing={"movflags": "frag_keyframe+empty_moov", "frag_duration": "500000"}),
    "opus.mp4": by_pyav("libopus", rate=48000),
    "opus.webm": by_pyav("libopus", rate=48000),
    "opus.ogg": by_pyav("libopus", rate=48000),
    "opus.mkv": by_pyav("libopus", rate=48000),
    "vorbis.ogg": by_pyav("vorbis"),
    "vorbis.webm": by_pyav("vorbis"),
    "v1.wma": by_pyav("wmav1", bit_rate=128000),
    "v2.wma": by_pyav("wmav2", bit_rate=128000),
    "a.ac3": by_pyav("ac3"),
    "a.eac3": by_pyav("eac3"),
    "film.mov": by_pyav("aac", film="mpeg4"),
    "film-pcm.mov": by_pyav("pcm_s16le", film="mpeg4"),
    "film.mp4": by_pyav("aac", film="mpeg4"),
    "film.mkv": by_pyav("aac", film="mpeg4"),
    "film.avi": by_pyav("libmp3lame", film="mpeg4"),
    "film.mpg": by_pyav("mp2", film="mpeg2video"),
    "film.mts": by_pyav("aac", film="mpeg2video", container="mpegts"),
    "flac.mkv": by_pyav("flac"),
    "flac.ogg": by_pyav("flac"),
    "a.wv": by_pyav("wavpack"),
    "a.tta": by_pyav("tta"),
    "adpcm.wav": by_pyav("adpcm_ima_wav"),
    "float.wav": by_libsndfile("FLOAT"),
    "eight.wav": by_libsndfile("PCM_U8"),
    "deep.wav": by_libsndfile("PCM_24", rate=96000),
    "extensible.wav": by_libsndfile("PCM_24", "WAVEX"),
    "a.w64": by_libsndfile("PCM_16", "W64"),
    "a.rf64": by_libsndfile("PCM_24", "RF64"),
    "a.aiff": by_libsndfile("PCM_24"),
    "a.caf": by_libsndfile("PCM_16"),
    "a.au": by_libsndfile("PCM_16"),
    "a.flac": by_libsndfile("PCM_24"),
}
"""What each kind is made by, by name."""
