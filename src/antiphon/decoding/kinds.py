"""What a file is, by its first bytes and by its suffix."""

from __future__ import annotations

import soundfile

HEADERLESS = frozenset({"raw"})
"""What libsndfile reads only when told the rate: never audio by its name alone."""

ALIASES = frozenset({"aif", "aifc", "oga", "opus", "snd", "wave"})
"""Suffixes in use beside libsndfile's own names."""


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


COMPRESSED = _named(
    "3ga aac ac3 adts alac amr ape asf awb dts eac3 m4a m4b m4p m4r mka mp1 mp2 mpa mpga tta weba wma wv"
)
"""Suffixes of sound that PyAV reads."""

FILMS = _named("3g2 3gp avi f4v flv m2ts m4v mkv mov mp4 mpeg mpg mts ogv qt vob webm wmv")
"""Suffixes of films, whose first audio stream is read. `ts` is not among them: most such files are programs."""

AUDIO_SUFFIXES = frozenset(
    f".{name}"
    for name in ({each.lower() for each in soundfile.available_formats()} - HEADERLESS) | ALIASES | COMPRESSED | FILMS
)
"""Suffixes, lower case, of all that is taken for sound by its name."""

_BY_START = (
    (b"\x1aE\xdf\xa3", "Matroska or WebM"),
    (b"0&\xb2u\x8ef\xcf\x11", "Windows Media"),
    (b"#!AMR", "AMR"),
    (b"wvpk", "WavPack"),
    (b"MAC ", "Monkey's Audio"),
    (b"TTA1", "True Audio"),
    (b"FLV", "Flash video"),
    (b"\x0bw", "AC-3"),
    (b"\x7f\xfe\x80\x01", "DTS"),
    (b"\0\0\x01\xba", "an MPEG film"),
    (b"ID3", "mp3 or AAC"),
    (b"OggS", "Ogg"),
    (b"fLaC", "FLAC"),
    (b"RIFF", "wav or avi"),
    (b"RF64", "wav"),
    (b"FORM", "AIFF"),
    (b"caff", "Core Audio"),
)
"""Sound, by the bytes with which a file begins."""

_NO_SOUND = (
    (b"MThd", "a MIDI file, notes without sound"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a zip archive"),
    (b"Rar!", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"<REAPER_PROJECT", "a REAPER project"),
    (b"#EXTM3U", "a playlist"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
)
"""What is no sound, by the bytes with which a file begins."""

_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
"""The first box of an MP4 or QuickTime file, after the four bytes of its length."""


def sound_kind(start: bytes) -> str:
    """The kind of sound or film that begins with `start`, the first 12 bytes or more; "" where none is known."""
    if start[4:8] in _BOXES:
        return "MP4 or QuickTime"
    if len(start) > 1 and start[0] == 0xFF and start[1] & 0xE0 == 0xE0:
        return "AAC" if start[1] & 0x06 == 0 else "mp3"
    return next((kind for magic, kind in _BY_START if start.startswith(magic)), "")


def other_kind(start: bytes) -> str:
    """What a file is that is no sound; "" where it is not known."""
    return next((kind for magic, kind in _NO_SOUND if start.startswith(magic)), "")
