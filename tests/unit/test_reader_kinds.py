"""Whatever kind a file is of, as much of it is read as is in it, in one line or not at all."""

import itertools
import struct
import sys
import tracemalloc

import numpy as np
import pytest
import soundfile
from scipy.signal import correlate
from sounding_files import KINDS, SECONDS, decoded, encoded, music, screen, show

from antiphon.audio import FileSound, duration_of, mono, read
from antiphon.decoding.kinds import AUDIO_SUFFIXES
from antiphon.errors import BadData, MissingExtra

av = pytest.importorskip("av")

TOLERANCE = 0.06
"""Seconds."""

CUT = {
    "aac.m4a": "bytes are there",
    "film.mov": "bytes are there",
    "film-pcm.mov": "bytes are there",
    "film.avi": "bytes are there",
    "opus.webm": "bytes are there",
    "opus.mkv": "bytes are there",
    "v2.wma": "bytes are there",
    "opus.ogg": "its last page ends",
    "vorbis.ogg": "its last page ends",
    "vbr.mp3": "frames of the mp3 are there",
    "cbr128-joint.mp3": "frames of the mp3 are there",
    "mp3-in.wav": "of audio are there",
    "float.wav": "of audio are there",
    "a.w64": "of audio are there",
    "a.rf64": "of audio are there",
    "a.aiff": "of audio are there",
    "a.caf": "of audio are there",
    "a.au": "of audio are there",
}
"""Kinds whose own structure says that the end is missing, and what is said of it."""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A file of each kind, made when it is first asked for; no test may change it."""
    folder = tmp_path_factory.mktemp("kinds")

    def file(name):
        if not (folder / name).exists():
            try:
                KINDS[name](folder / name)
            except av.codec.codec.UnknownCodecError as error:
                pytest.skip(f"this PyAV cannot write {error}")
        return folder / name

    return file


def likeness(found: np.ndarray, expected: np.ndarray, most: int) -> float:
    """The largest correlation of two sounds (n,), one up to `most` samples behind the other."""
    found, expected = found[:, 0], expected[:, 0]
    products = correlate(found, expected, mode="full", method="fft")
    middle = len(expected) - 1
    near = products[max(0, middle - most) : middle + most + 1]
    return float(near.max() / np.linalg.norm(found) / np.linalg.norm(expected))


@pytest.mark.parametrize("name", KINDS)
def test_as_much_is_read_as_is_in_the_file(files, name):
    path = files(name)
    assert path.suffix in AUDIO_SUFFIXES
    rate, expected = decoded(path)
    found = read(path)
    assert (found.sample_rate, found.channels) == (rate, expected.shape[1])
    assert found.duration == pytest.approx(len(expected) / rate, abs=TOLERANCE)
    assert found.duration == pytest.approx(SECONDS, abs=2 * TOLERANCE)
    assert duration_of(path) == found.duration
    assert likeness(found.samples, music(rate, found.channels), round(0.1 * rate)) > 0.9
    assert likeness(found.samples, expected, round(TOLERANCE * rate)) > 0.99


@pytest.mark.parametrize("name", ["vbr-no-xing.mp3", "aac.m4a", "opus.webm", "film.mov", "v2.wma", "flac.ogg"])
def test_in_blocks_and_in_excerpts_it_is_the_same_sound(files, name):
    path = files(name)
    whole = read(path)
    blocks = np.concatenate(list(FileSound(path).blocks(whole.sample_rate)))
    np.testing.assert_allclose(blocks, mono(whole).samples[:, 0], atol=1e-6)
    assert FileSound(path).duration == whole.duration
    for start, length in ((0.0, 0.5), (0.31, 0.4), (1.5, 0.2), (2.0, 9.0), (7.0, 1.0)):
        first, last = round(start * whole.sample_rate), round((start + length) * whole.sample_rate)
        found = read(path, start, length).samples
        assert found.shape == whole.samples[first:last].shape
        # Seeking goes to frames before the excerpt, where the noise that a decoder adds begins anew.
        assert np.abs(found - whole.samples[first:last]).max(initial=0) < 0.03


def test_two_files_in_one_are_both_read(files, tmp_path):
    for name in ("vbr.mp3", "vbr-no-xing.mp3", "cbr-no-xing.mp3", "opus.ogg", "vorbis.ogg"):
        path = tmp_path / name
        path.write_bytes(2 * files(name).read_bytes())
        assert read(path).duration == pytest.approx(2 * duration_of(files(name)), abs=TOLERANCE)
        assert duration_of(path) == read(path).duration


@pytest.mark.parametrize("name", CUT)
def test_a_file_without_its_end_is_refused_in_one_line(files, tmp_path, name):
    content = files(name).read_bytes()
    path = tmp_path / name
    for share in (0.6, 0.95):
        path.write_bytes(content[: round(share * len(content))])
        for way in (read, duration_of, lambda cut: list(FileSound(cut).blocks(8000))):
            with pytest.raises(BadData, match=rf"{name}: truncated, .*{CUT[name]}") as refused:
                way(path)
            assert "\n" not in str(refused.value)


def test_a_container_that_counts_its_samples_misses_them(files, tmp_path):
    for name in ("a.tta", "a.wv"):
        content = files(name).read_bytes()
        (tmp_path / name).write_bytes(content[: round(0.7 * len(content))])
        with pytest.raises(BadData, match=f"{name}: (truncated|damaged|not readable)"):
            read(tmp_path / name)


def test_a_stream_that_cannot_know_its_end_is_as_long_as_what_is_there(files, tmp_path):
    for name in ("vbr-no-xing.mp3", "cbr-no-xing.mp3", "adts.aac", "a.ac3"):
        content = files(name).read_bytes()
        path = tmp_path / name
        path.write_bytes(content[: round(0.6 * len(content))])
        rate, expected = decoded(path)
        assert 0.5 * SECONDS < read(path).duration == pytest.approx(len(expected) / rate, abs=TOLERANCE)


def test_a_stretch_of_damage_is_not_left_out_in_silence(files, tmp_path):
    content = bytearray(files("cbr-no-xing.mp3").read_bytes())
    for start in range(len(content) // 4, len(content) // 2, 400):
        content[start : start + 200] = bytes(200)
    path = tmp_path / "damaged.mp3"
    path.write_bytes(content)
    with pytest.raises(BadData, match=r"damaged\.mp3: damaged audio after 0\.\d s"):
        read(path)


def test_an_hour_would_need_no_more_memory_than_a_minute(tmp_path):
    path = encoded(tmp_path / "long.m4a", "aac", (music(seconds=40.0),))
    whole = 40 * 44100 * 2 * 4
    tracemalloc.start()
    try:
        heard = sum(len(block) for block in FileSound(path).blocks(44100))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert heard == 40 * 44100
    assert peak < whole / 4


def test_the_first_sound_of_a_film_is_heard_and_the_others_by_number(tmp_path):
    sounds = music(), music()[::-1]
    path = encoded(tmp_path / "film.mkv", "pcm_s16le", sounds, film="mpeg4")
    for number, expected in enumerate(sounds):
        np.testing.assert_allclose(read(path, stream=number).samples, expected, atol=2**-14)
    np.testing.assert_array_equal(read(path).samples, read(path, stream=0).samples)
    with pytest.raises(BadData, match=r"film\.mkv: has 2 audio streams, stream 2 is asked for"):
        read(path, stream=2)
    assert len({FileSound(path, number).digest() for number in range(2)}) == 2


def test_a_title_in_another_alphabet_does_not_matter(files, tmp_path):
    content = files("mp3-in.wav").read_bytes()
    title = b"INFOINAM" + struct.pack("<I", 6) + b"caf\xe9\0\0"
    info = b"LIST" + struct.pack("<I", len(title)) + title
    path = tmp_path / "title.wav"
    path.write_bytes(content[:12] + info + content[12:])
    np.testing.assert_array_equal(read(path).samples, read(files("mp3-in.wav")).samples)


def test_a_film_without_sound_is_refused(tmp_path):
    with av.open(str(tmp_path / "mute.mp4"), "w") as output:
        show(output, screen(output, "mpeg4"))
    with pytest.raises(BadData, match=r"mute\.mp4: holds no sound"):
        read(tmp_path / "mute.mp4")


def test_a_streamed_flac_is_read_to_its_end(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, music(), 44100)
    content = bytearray(path.read_bytes())
    # STREAMINFO begins at byte 8; the last 36 bits of its first 18 bytes count the samples.
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(content)
    assert duration_of(path) == read(path).duration == len(music()) / 44100


def test_what_is_read_otherwise_than_before_has_another_digest(files):
    """What was heard of half an mp3 is in the cache under the hash of its bytes."""
    from antiphon.files import sha256

    for name, is_same in (("vbr.mp3", True), ("float.wav", True), ("vbr-no-xing.mp3", False), ("aac.m4a", False)):
        assert (FileSound(files(name)).digest() == sha256(files(name))) == is_same


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("song.mid", b"MThd\0\0\0\6\0\1\0\1\0\x60", "a MIDI file"),
        ("cover.jpg", b"\xff\xd8\xff\xe0" + bytes(50), "a picture"),
        ("stems.zip", b"PK\x03\x04" + bytes(50), "a zip archive"),
        ("song.m4a", b"This is no sound at all." * 9, "not readable as audio"),
        ("song.mp3", b"This is no sound at all." * 9, "not readable as audio"),
        ("moov.mp4", b"\0\0\0\x14ftypisom\0\0\0\1isom\0\0\0\x10mdat12345678", "its index"),
    ],
)
def test_what_is_no_sound_is_named(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadData, match=f"{name}: .*{said}"):
        read(tmp_path / name)


def test_a_playlist_opens_nothing_else(files, tmp_path):
    target = tmp_path / "inner.wav"
    target.write_bytes(files("float.wav").read_bytes())
    for name, text in (
        ("list.m3u8", f"#EXTM3U\n#EXTINF:2,\n{target}\n"),
        ("list.mp3", f"#EXTM3U\n#EXTINF:2,\n{target}\n"),
        ("list.m4a", f"ffconcat version 1.0\nfile {target.name}\n"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(BadData, match="not readable as audio"):
            read(tmp_path / name)


def test_without_pyav_one_line_says_how(files, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    kept = {name: files(name) for name in ("vbr.mp3", "cover.mp3", "opus.ogg", "float.wav")}
    for path in kept.values():
        assert read(path).duration == pytest.approx(SECONDS, abs=TOLERANCE)
    for name in ("aac.m4a", "film.mov", "vbr-no-xing.mp3", "v2.wma", "opus.webm"):
        path = tmp_path / name
        path.write_bytes(files(name).read_bytes())
        for way in (read, duration_of, lambda file: list(FileSound(file).blocks(8000))):
            with pytest.raises(MissingExtra, match=rf"{name}.*pip install 'antiphon\[codecs\]'$") as refused:
                way(path)
            assert refused.value.exit_code == 3
            assert "\n" not in str(refused.value)
    (tmp_path / "text.wav").write_text("This is not a wav.", encoding="utf-8")
    with pytest.raises(BadData, match="not readable as audio"):
        read(tmp_path / "text.wav")


def test_no_kind_makes_the_libraries_write_to_the_terminal(files, capfd):
    for name in ("ape-and-id3v1.mp3", "zeros-behind.mp3", "junk-in-front.mp3", "cover.mp3", "film.mpg"):
        list(itertools.islice(FileSound(files(name)).blocks(8000), 2))
        read(files(name))
    assert capfd.readouterr() == ("", "")
