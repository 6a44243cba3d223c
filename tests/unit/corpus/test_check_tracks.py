"""Each fault planted in a clean corpus is found: that one, there, with its number, and nothing else."""

import struct

import numpy as np
import pytest
import soundfile
from check_making import RATE, SECONDS, SMALL, clean, later, melody, multitrack, only, report_of, serious, slower

from antiphon.config import Settings
from antiphon.corpus.checking import check
from antiphon.corpus.manifest import Corpus, read_manifest
from antiphon.corpus.planted import PlantedSettings, build_planted
from antiphon.types import Source


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """Three pieces in which nothing is wrong, beside the one that has the fault."""
    return clean(tmp_path_factory.mktemp("clean"), 3)


def test_a_clean_corpus_has_nothing_to_complain_about(tmp_path):
    report = report_of(clean(tmp_path))
    assert report.findings == ()
    assert report.counts == {"multitracks": 4, "tracks": 8, "pieces": 4}
    assert report.durations["tracks"] == 2 * report.durations["multitracks"] == 8 * SECONDS
    assert str(report) == "4 multitracks, 8 tracks, 0.03 hours: nothing to complain about"


@pytest.mark.parametrize("world", ["copy", "delay", "independent"])
def test_no_false_alarm_on_a_planted_world(tmp_path, world):
    manifest = build_planted(tmp_path, PlantedSettings(world, pieces=8, segments=32))
    assert serious(check(read_manifest(manifest), Settings())) == []


@pytest.mark.slow
def test_no_false_alarm_on_rendered_chorales(tmp_path):
    for module in ("music21", "midirenderer", "pretty_midi"):
        pytest.importorskip(module)
    from antiphon.corpus.synthesis.chorales import ChoraleSettings, build_chorales

    manifest = build_chorales(tmp_path, ChoraleSettings(pieces=4, processes=1)).manifest
    assert check(read_manifest(manifest), SMALL).findings == ()


@pytest.mark.parametrize("offset", [0.004, -0.03])
def test_a_dc_offset_is_measured(tmp_path, others, offset):
    report = report_of([*others, multitrack(tmp_path / "odd", {"a": melody(1) + offset, "b": melody(2)})])
    finding = only(report)
    assert (finding.kind, finding.severity, finding.where) == ("dc-offset", "warning", "odd/a")
    assert finding.numbers["offset"] == pytest.approx(abs(offset), rel=0.1)


def test_clipping_is_counted(tmp_path, others):
    loud = melody(1).copy()
    for second in range(20):
        loud[second * RATE : second * RATE + 6] = 1.0
    finding = only(report_of([*others, multitrack(tmp_path / "odd", {"a": loud, "b": melody(2)})]))
    assert (finding.kind, finding.severity, finding.where) == ("clipping", "warning", "odd/a")
    assert finding.numbers == {"runs": 20, "runs_per_minute": 40}


def test_a_full_scale_tone_is_not_clipped(tmp_path, others):
    bass = np.sin(2 * np.pi * 45 * np.arange(SECONDS * RATE) / RATE) * (1 - 2**-15)
    assert serious(report_of([*others, multitrack(tmp_path / "odd", {"a": bass, "b": melody(2)})])) == []


def test_silence_is_named_and_leaves_too_few_tracks(tmp_path, others):
    odd = multitrack(tmp_path / "odd", {"a": np.zeros(SECONDS * RATE), "b": melody(2)})
    found = {(finding.kind, finding.where) for finding in serious(report_of([*others, odd]))}
    assert found == {("silent", "odd/a"), ("too-few-tracks", "odd")}


def test_a_nearly_silent_track_is_a_warning(tmp_path, others):
    finding = only(report_of([*others, multitrack(tmp_path / "odd", {"a": 0.015 * melody(1), "b": melody(2)})]))
    assert (finding.kind, finding.where) == ("near-silent", "odd/a")
    assert -60 < finding.numbers["loudest_dbfs"] < -50


def test_silent_windows_are_counted(tmp_path, others):
    entry = np.concatenate([np.zeros(60 * RATE), melody(1)])
    (finding,) = report_of([*others, multitrack(tmp_path / "odd", {"a": entry, "b": melody(2, 90)})]).findings
    assert (finding.kind, finding.severity, finding.where) == ("silent-windows", "note", "odd/a")
    # Windows start every 10 s up to 80 s; those from 0 to 40 s are over before 60 s.
    assert finding.numbers["share"] == pytest.approx(5 / 9)


def test_identical_tracks_are_an_error(tmp_path, others):
    finding = only(report_of([*others, multitrack(tmp_path / "odd", {"a": melody(1), "b": melody(1)})]))
    assert (finding.kind, finding.severity, finding.where) == ("identical", "error", "odd/a, b")


def test_a_louder_ogg_of_a_track_is_nearly_identical(tmp_path, others):
    odd = multitrack(tmp_path / "odd", {"a": melody(1)})
    again = multitrack(tmp_path / "odd", {"b": 0.3 * melody(1)}, suffix="ogg")
    both = type(odd)("odd", "odd", odd.tracks + again.tracks)
    finding = only(report_of([*others, both]))
    assert (finding.kind, finding.severity, finding.where) == ("near-identical", "error", "odd/a, b")


@pytest.mark.parametrize("lag", [0.0375, 1.2])
def test_an_offset_is_measured_within_a_millisecond(tmp_path, others, lag):
    odd = multitrack(tmp_path / "odd", {"a": melody(1), "b": 0.5 * later(melody(1), lag)})
    finding = only(report_of([*others, odd]))
    assert (finding.kind, finding.severity, finding.where) == ("offset", "error", "odd/a, b")
    assert finding.numbers["lag_ms"] == pytest.approx(1000 * lag, abs=1)
    assert "late" in finding.sentence


@pytest.mark.parametrize("ppm", [50, -300])
def test_drift_is_measured_within_a_fifth(tmp_path, others, ppm):
    odd = multitrack(tmp_path / "odd", {"a": melody(1), "b": slower(melody(1), ppm)})
    finding = only(report_of([*others, odd]))
    assert (finding.kind, finding.severity, finding.where) == ("drift", "error", "odd/a, b")
    assert finding.numbers["drift_ppm"] == pytest.approx(ppm, rel=0.2)


@pytest.mark.parametrize("suffix", ["wav", "ogg"])
def test_a_mix_among_the_stems_is_named_once(tmp_path, others, suffix):
    stems = {"a": melody(1), "b": melody(2), "c": melody(3)}
    odd = multitrack(tmp_path / "odd", stems)
    mix = multitrack(tmp_path / "odd", {"all": 0.5 * sum(stems.values())}, suffix=suffix)
    finding = only(report_of([*others, type(odd)("odd", "odd", odd.tracks + mix.tracks)]))
    assert (finding.kind, finding.severity, finding.where) == ("mix", "warning", "odd/all")
    assert finding.sentence.startswith("is the sum of 3 of the other tracks (a, b, c), to ")
    assert finding.sentence.endswith("training leaves it out")


@pytest.mark.parametrize(("level_db", "lag"), [(-10, 0.0), (-15, 0.012)])
def test_bleed_is_measured(tmp_path, others, level_db, lag):
    a, b = melody(1), melody(2)
    odd = multitrack(tmp_path / "odd", {"a": a, "b": b + 10 ** (level_db / 20) * later(a, lag)})
    finding = only(report_of([*others, odd]))
    assert (finding.kind, finding.severity, finding.where) == ("bleed", "warning", "odd/a, b")
    assert finding.sentence.startswith("a is heard in b")
    assert finding.numbers["level_db"] == pytest.approx(level_db, abs=1.5)
    assert finding.numbers["lag_ms"] == pytest.approx(1000 * lag, abs=1)


def test_unequal_lengths_and_rates_are_told(tmp_path, others):
    odd = multitrack(tmp_path / "odd", {"a": melody(1), "b": melody(2, 25)})
    soundfile.write(tmp_path / "odd" / "a.wav", melody(1)[::2], RATE // 2)
    report = report_of([*others, odd])
    finding = only(report)
    assert (finding.kind, finding.where) == ("length-difference", "odd")
    assert finding.numbers["difference_seconds"] == pytest.approx(5, abs=0.01)
    assert [each.kind for each in report.findings if each.severity == "note"] == ["sample-rates"]


def stamp(path, seconds):
    """Append a `bext` chunk, as field recorders write it, whose time reference is `seconds` after midnight."""
    chunk = bytes(338) + struct.pack("<Q", round(seconds * RATE)) + bytes(256)
    whole = path.read_bytes() + b"bext" + struct.pack("<I", len(chunk)) + chunk
    path.write_bytes(whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:])


@pytest.mark.parametrize(("b_began", "kinds"), [(36000.0, []), (36001.5, ["start-difference"])])
def test_tracks_that_began_at_other_times_are_told(tmp_path, others, b_began, kinds):
    odd = multitrack(tmp_path / "odd", {"a": melody(1), "b": melody(2)})
    stamp(tmp_path / "odd" / "a.wav", 36000.0)
    stamp(tmp_path / "odd" / "b.wav", b_began)
    report = report_of([*others, odd])
    assert [each.kind for each in report.findings] == kinds
    if kinds:
        finding = only(report)
        assert (finding.severity, finding.where) == ("error", "odd")
        assert finding.numbers["difference_seconds"] == pytest.approx(1.5, abs=1e-4)
        assert "b began 1.500 s after a" in finding.sentence


def test_every_unreadable_file_is_reported(tmp_path, others):
    broken = multitrack(tmp_path / "broken", {"a": melody(1), "b": melody(2), "c": melody(3), "d": melody(4)})
    (tmp_path / "broken" / "a.wav").write_bytes(b"")
    whole = (tmp_path / "broken" / "b.wav").read_bytes()
    (tmp_path / "broken" / "b.wav").write_bytes(whole[: len(whole) // 2])
    spoiled = melody(3).copy()
    spoiled[77] = np.nan
    soundfile.write(tmp_path / "broken" / "c.wav", spoiled, RATE, subtype="FLOAT")
    (tmp_path / "broken" / "d.wav").unlink()
    report = report_of([*others, broken])
    found = [(each.where, each.sentence) for each in report.findings if each.kind == "unreadable"]
    reasons = {"a": "empty file", "b": "truncated", "c": "NaN", "d": "no such file"}
    assert [where for where, _ in found] == [f"broken/{name}" for name in reasons]
    assert all(reason in sentence for reason, (_, sentence) in zip(reasons.values(), found, strict=True))


def test_a_manifest_that_speaks_of_another_file_is_told(tmp_path, others):
    odd = multitrack(tmp_path / "odd", {"a": melody(1), "b": melody(2)})
    tracks = tuple(type(track)(track.name, (Source(track.path),), 40.0) for track in odd.tracks)
    found = serious(report_of([*others, type(odd)("odd", "odd", tracks)]))
    assert [(each.kind, each.where) for each in found] == [("stated-duration", "odd/a"), ("stated-duration", "odd/b")]


def test_the_number_of_workers_changes_nothing(tmp_path, others):
    odd = multitrack(tmp_path / "a odd", {"a": melody(1), "b": later(melody(1), 0.1)})
    corpus, seen = Corpus((*others, odd)), []
    one = check(corpus, SMALL, 1, lambda *step: seen.append(step))
    assert one == check(Corpus((odd, *others)), SMALL, 3)
    assert seen == [("check", done, 4) for done in range(1, 5)]
