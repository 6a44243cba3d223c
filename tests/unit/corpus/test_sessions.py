"""Sessions as workstations export them: left and right, buses, mixes, and files that did not begin together."""

import struct
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from check_making import RATE, SECONDS, SMALL, later, melody, multitrack, report_of, serious

from antiphon.audio import mono, resampled
from antiphon.config import CorpusSettings, Settings
from antiphon.corpus.checking import check_path
from antiphon.corpus.layouts import pair, scan, scan_corpus
from antiphon.corpus.manifest import Corpus, read_manifest, write_manifest
from antiphon.corpus.sums import excerpts_of, sums_of, suspects
from antiphon.corpus.timestamps import start_of
from antiphon.corpus.track_audio import TrackSound, read_track
from antiphon.errors import AntiphonWarning

ALL = CorpusSettings(exclude=())


def session(folder, tracks, suffix="wav"):
    multitrack(folder, tracks, suffix=suffix)
    return folder


def bext(path, seconds, rate=RATE):
    """Put a `bext` chunk before all others, as workstations do, whose time reference is `seconds`."""
    chunk = bytes(338) + struct.pack("<Q", round(seconds * rate)) + bytes(256)
    whole = path.read_bytes()
    body = b"WAVE" + b"bext" + struct.pack("<I", len(chunk)) + chunk + whole[12:]
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


# left and right


def test_left_and_right_are_one_stereo_track_with_its_image(tmp_path):
    left, right = melody(1), melody(2)
    session(tmp_path, {"03_GTR L": left, "04_GTR R": right, "Bass": melody(3)})
    with pytest.warns(AntiphonWarning, match="1 pair of left and right read as one stereo track each: 03_GTR L and"):
        (found,) = scan(tmp_path, ALL)
    assert [track.name for track in found.tracks] == ["03_GTR", "Bass"]
    guitar = found.tracks[0]
    assert [(source.path.name, source.side) for source in guitar.sources] == [
        ("03_GTR L.wav", "left"),
        ("04_GTR R.wav", "right"),
    ]
    sound = read_track(guitar)
    np.testing.assert_allclose(sound.samples, np.stack([left, right], axis=1), atol=1e-4)
    heard = np.concatenate(list(TrackSound(guitar).blocks(16000)))
    np.testing.assert_allclose(heard, resampled(mono(sound), 16000).samples[:, 0], atol=1e-5)


def test_a_stereo_file_that_is_called_left_keeps_its_own_place(tmp_path):
    wide = np.stack([melody(1), 0.2 * melody(1)], axis=1)
    session(tmp_path, {"Pno L": wide, "Pno R": melody(2), "Bass": melody(3)})
    with pytest.warns(AntiphonWarning, match="Pno L and Pno R"):
        (found,) = scan(tmp_path, ALL)
    piano = found.tracks[1]
    expected = wide + np.stack([0 * melody(2), melody(2)], axis=1)
    np.testing.assert_allclose(read_track(piano).samples, expected, atol=1e-4)
    heard = np.concatenate(list(TrackSound(piano).blocks(RATE)))
    np.testing.assert_allclose(heard, expected.mean(axis=1), atol=1e-4)


def test_left_and_right_in_the_folder_of_an_instrument_keep_their_sides(tmp_path):
    for name, tracks in {"guitar": {"l": melody(1), "r": melody(2)}, "bass": {"di": melody(3)}}.items():
        session(tmp_path / "song" / name, tracks)
    (found,) = scan(tmp_path, ALL)
    assert [source.side for source in found.tracks[1].sources] == ["left", "right"]


def test_a_stereo_track_has_a_name_of_its_own_beside_a_mono_one(tmp_path):
    session(tmp_path, {"Gtr": melody(1), "Gtr L": melody(2), "Gtr R": melody(3)})
    with pytest.warns(AntiphonWarning, match="Gtr L and Gtr R"):
        (found,) = scan(tmp_path, ALL)
    assert {track.name for track in found.tracks} == {"Gtr", "Gtr L+R"}


def test_sides_and_starts_are_kept_in_a_manifest_and_cost_others_nothing(tmp_path):
    found = multitrack(tmp_path / "song", {"a": melody(1), "b": melody(2)})
    sided = tuple(replace(source, side="left", start=1.5) for source in found.tracks[0].sources)
    moved = replace(found, tracks=(replace(found.tracks[0], sources=sided), found.tracks[1]))
    write_manifest(tmp_path / "m.jsonl", Corpus((moved,)))
    assert read_manifest(tmp_path / "m.jsonl").multitracks == (moved,)
    write_manifest(tmp_path / "plain.jsonl", Corpus((found,)))
    assert "side" not in (tmp_path / "plain.jsonl").read_text()
    assert "start" not in (tmp_path / "plain.jsonl").read_text()


def test_check_says_of_an_old_manifest_that_its_sides_belong_together(tmp_path):
    found = multitrack(tmp_path / "song", {"OH L": melody(1), "OH R": melody(1), "Bass": melody(3)})
    (finding,) = [each for each in report_of([found]).findings if each.severity == "warning" and "OH" in each.where]
    assert (finding.kind, finding.where) == ("split-stereo", "song/OH L, OH R")
    assert "scan the folder again" in finding.sentence


# mixes and buses, by name and by measure


def a_session():
    tracks = {"Kick": melody(1), "Snare": melody(2), "Bass": melody(3), "Pno": melody(4), "Vox": melody(5)}
    drums = 0.7 * tracks["Kick"] + 0.4 * tracks["Snare"]
    return tracks, drums, 0.5 * drums + sum(0.3 * tracks[name] for name in ("Bass", "Pno", "Vox"))


def test_a_scan_names_each_file_that_it_leaves_out_and_why(tmp_path):
    tracks, drums, master = a_session()
    others = {"Drm Bus": drums, "MASTER": master, "Click": melody(6), "Vox Verb": later(melody(5), 1)}
    session(tmp_path, {**tracks, **others})
    with pytest.warns(AntiphonWarning) as said:
        found = scan_corpus(tmp_path, CorpusSettings())
    names, setting = (str(each.message).removeprefix(f"{tmp_path}: ") for each in said)
    assert names == (
        "4 files left out that by name are no tracks "
        "(a bus: Drm Bus; a click: Click; a mix: MASTER; an effect's return: Vox Verb)"
    )
    assert setting == "2 tracks left out by setting corpus.exclude: Kick, Snare"
    assert {(each.where.rpartition("/")[2], each.reason, each.family) for each in found.left_out} == {
        ("Kick", "setting corpus.exclude", "drums"),
        ("Snare", "setting corpus.exclude", "drums"),
        ("Drm Bus", "a bus", ""),
        ("MASTER", "a mix", ""),
        ("Click", "a click", ""),
        ("Vox Verb", "an effect's return", ""),
    }
    assert [track.name for track in found.multitracks[0].tracks] == ["Bass", "Pno", "Vox"]


@pytest.mark.parametrize("suffix", ["wav", "ogg"])
def test_a_bus_and_a_mix_without_a_telling_name_are_found_by_measure(tmp_path, suffix):
    tracks, drums, master = a_session()
    one = multitrack(tmp_path / "one", tracks)
    odd = multitrack(tmp_path / "one", {"Stem A": drums, "Stem B": master}, suffix=suffix)
    report = report_of([type(one)("one", "one", one.tracks + odd.tracks)])
    found = {finding.where: finding for finding in report.findings if finding.kind == "mix"}
    assert set(found) == {"one/Stem A", "one/Stem B"}
    assert found["one/Stem A"].sentence.startswith("is the sum of 2 of the other tracks (Kick, Snare), to ")
    assert found["one/Stem B"].sentence.startswith("is the sum of 5 of the other tracks (Kick, Snare, Bass, Pno and 1")
    assert {finding.severity for finding in found.values()} == {"warning"}
    kept = Settings.model_validate({**SMALL.model_dump(), "corpus": {"leave_out_sums": False}})
    assert report_of([type(one)("one", "one", one.tracks + odd.tracks)], kept).errors == 2


def heard(*tracks, rate=8000):
    return np.stack([excerpts_of(track.astype(np.float32), len(tracks[0]), rate) for track in tracks])


def noise(seed, seconds=20, rate=8000):
    """A band of noise that comes and goes."""
    random = np.random.default_rng(seed)
    swell = np.repeat(random.uniform(0, 1, seconds * 2) ** 3, rate // 2)
    return swell * np.convolve(random.standard_normal(len(swell)), np.ones(4) / 4, "same")


@pytest.mark.parametrize(("lag", "quieter"), [(0.0, 1.0), (1105 / 44100, 0.1), (-0.0031, 3.0)])
def test_a_sum_is_found_at_any_gain_and_however_an_encoder_delays_it(lag, quieter):
    a, b, c, other = (noise(seed) for seed in range(4))
    total = quieter * (a + 0.5 * b + 0.2 * c)
    turns = np.fft.rfftfreq(len(total))
    late = np.fft.irfft(np.fft.rfft(total) * np.exp(-2j * np.pi * turns * lag * 8000), len(total))
    (found,) = sums_of(heard(a, b, c, other, late), range(5), 8000)
    assert (found.total, found.members) == (4, (0, 1, 2))
    assert found.residual_db < -30


@pytest.mark.parametrize(("noise_db", "is_found"), [(-26, True), (-14, False)])
def test_what_is_left_of_a_sum_must_be_20_db_below_it(noise_db, is_found):
    a, b, rest = (noise(seed) for seed in range(3))
    level = np.sqrt(np.mean((a + b) ** 2) / np.mean(rest**2)) * 10 ** (noise_db / 20)
    assert bool(sums_of(heard(a, b, a + b + level * rest), range(3), 8000)) == is_found


def test_a_sum_of_sums_is_told_by_the_tracks_inside():
    a, b, c, d = (noise(seed) for seed in range(4))
    found = {each.total: each.members for each in sums_of(heard(a, b, c, d, a + b, a + b + c + d), range(6), 8000)}
    assert found == {4: (0, 1), 5: (0, 1, 2, 3)}


def test_a_copy_is_told_once_and_is_no_sum():
    a, b, c = (noise(seed) for seed in range(3))
    assert [(each.total, each.members) for each in sums_of(heard(a, b, c, 0.3 * b), range(4), 8000)] == [(1, (3,))]


def test_only_what_the_powers_of_others_explain_is_listened_to():
    sounds = [noise(seed) for seed in range(6)]
    sounds.append(sounds[0] + 0.6 * sounds[3])
    powers = np.stack([(each.reshape(-1, 4000) ** 2).mean(axis=1) for each in sounds])
    assert 6 in suspects(powers)
    assert suspects(powers[:6]) == []


# time stamps


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_time_stamp_is_read_wherever_its_chunk_stands(tmp_path, place):
    path = tmp_path / "a.wav"
    soundfile.write(path, melody(1), RATE)
    assert start_of(path) is None
    if place == "first":
        bext(path, 3600.25)
    else:
        chunk = bytes(338) + struct.pack("<Q", round(3600.25 * RATE)) + bytes(256)
        whole = path.read_bytes() + b"bext" + struct.pack("<I", len(chunk)) + chunk
        path.write_bytes(whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:])
    assert start_of(path) == pytest.approx(3600.25, abs=1e-4)


def test_tracks_are_shifted_by_their_time_stamps(tmp_path):
    whole, late = melody(1), melody(2)
    session(tmp_path, {"Bass": whole, "Pno": late[round(1.5 * RATE) :]})
    bext(tmp_path / "Bass.wav", 3600.0)
    bext(tmp_path / "Pno.wav", 3601.5)
    with pytest.warns(AntiphonWarning, match=r"1 file shifted by their time stamps, up to 1\.500 s after .*Pno\.wav"):
        (found,) = scan(tmp_path, ALL)
    piano = found.tracks[1]
    assert (piano.sources[0].start, piano.duration) == (1.5, SECONDS)
    expected = np.concatenate([np.zeros(round(1.5 * RATE)), late[round(1.5 * RATE) :]])
    np.testing.assert_allclose(read_track(piano).samples[:, 0], expected, atol=1e-4)
    for start, seconds in ((0.0, 1.0), (1.0, 2.0), (7.25, 3.0)):
        excerpt = expected[round(start * RATE) : round((start + seconds) * RATE)]
        np.testing.assert_allclose(read_track(piano, start, seconds).samples[:, 0], excerpt, atol=1e-4)
    np.testing.assert_allclose(np.concatenate(list(TrackSound(piano).blocks(RATE))), expected, atol=1e-4)
    unshifted = replace(piano, sources=(replace(piano.sources[0], start=0.0),))
    assert TrackSound(piano).digest() != TrackSound(unshifted).digest()
    assert serious(check_path_of(tmp_path)) == []


def check_path_of(folder):
    return check_path(folder, Settings.model_validate({**SMALL.model_dump(), "corpus": {"exclude": ()}}))


def test_check_says_of_an_old_manifest_that_a_scan_would_shift(tmp_path):
    found = multitrack(tmp_path / "song", {"a": melody(1), "b": melody(2)})
    bext(tmp_path / "song" / "a.wav", 10.0)
    bext(tmp_path / "song" / "b.wav", 12.0)
    (finding,) = [each for each in report_of([found]).findings if each.kind == "start-difference"]
    assert "b began 2.000 s after a, and is not shifted so: scan the folder again" in finding.sentence


def test_a_file_without_a_stamp_starts_with_the_first_and_is_named(tmp_path):
    session(tmp_path, {"Bass": melody(1), "Pno": melody(2), "Vox": melody(3)})
    bext(tmp_path / "Bass.wav", 60.0)
    bext(tmp_path / "Pno.wav", 61.0)
    with pytest.warns(AntiphonWarning, match=r"without a time stamp, so taken to start with the first: Vox\.wav"):
        (found,) = scan(tmp_path, ALL)
    assert [track.sources[0].start for track in found.tracks] == [0.0, 1.0, 0.0]


def test_stamps_of_two_occasions_shift_nothing_and_are_an_error_of_check(tmp_path):
    session(tmp_path, {"Bass": melody(1), "Pno": melody(2)})
    bext(tmp_path / "Bass.wav", 36000.0)
    bext(tmp_path / "Pno.wav", 43200.0)
    with pytest.warns(AntiphonWarning, match=r"Pno\.wav was recorded 7200 s after the first, on another occasion"):
        (found,) = scan(tmp_path, ALL)
    assert [track.sources[0].start for track in found.tracks] == [0.0, 0.0]
    assert [each.kind for each in check_path_of(tmp_path).findings if each.severity == "error"] == ["start-difference"]


def test_two_files_as_a_pair_are_shifted_too(tmp_path):
    session(tmp_path, {"a": melody(1), "b": melody(2)})
    bext(tmp_path / "a.wav", 5.0)
    bext(tmp_path / "b.wav", 4.0)
    with pytest.warns(AntiphonWarning, match=r"1 file shifted by their time stamps, up to 1\.000 s after .*a\.wav"):
        found = pair(tmp_path / "a.wav", tmp_path / "b.wav")
    assert [track.sources[0].start for track in found.tracks] == [1.0, 0.0]


def test_equal_stamps_are_no_shift_and_no_word(tmp_path):
    session(tmp_path, {"Bass": melody(1), "Pno": melody(2)})
    for name in ("Bass", "Pno"):
        bext(tmp_path / f"{name}.wav", 3600.0)
    (found,) = scan(tmp_path, ALL)
    assert [track.sources[0].start for track in found.tracks] == [0.0, 0.0]
