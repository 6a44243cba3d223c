"""A corpus as shards: what `encode` hears, the same bytes whoever writes them, nothing lost by a bad file or a kill."""

import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from antiphon.cli.app import run
from antiphon.config import CorpusSettings, PerceptionSettings, Settings, validated
from antiphon.corpus.manifest import Corpus
from antiphon.corpus.opening import open_corpus
from antiphon.corpus.planted import PlantedSettings, build_planted
from antiphon.corpus.splits import divide
from antiphon.dataset import encode
from antiphon.dataset.shards.encoding import encode_shard
from antiphon.dataset.shards.index import open_shards
from antiphon.dataset.shards.plan import INDEX, PLAN, REPORT, divided, grouped, shard_name
from antiphon.dataset.shards.segment_rows import encoded_of
from antiphon.errors import AntiphonError, BadData, MissingExtra, SettingsError
from antiphon.files import owned
from antiphon.perception.perception import Perception
from antiphon.use_cases.encode_corpus import EncodeOptions, encode_corpus
from antiphon.use_cases.encoding_engines import LocalProcesses, RayCluster, engine_named

PIECES = 4
QUICK = {"perception": {"encoder": {"name": "chroma-mfcc"}}}
SETTINGS = validated(QUICK)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    build_planted(folder, PlantedSettings("copy", pieces=PIECES, segments=24))
    return folder


@pytest.fixture(scope="module")
def shards(world, tmp_path_factory):
    """Encoded by one process; no test may change it."""
    folder = tmp_path_factory.mktemp("encoded") / "shards"
    encode_corpus(world, folder, SETTINGS, EncodeOptions(LocalProcesses(1)))
    return folder


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def heard_in(folder: Path, settings: Settings) -> dict:
    opened = open_shards(folder)
    found = {}
    for shard in range(opened.plan.shards):
        with opened.file(shard) as file:
            for group in range(file.groups):
                found |= encoded_of(file.group(group), settings.perception, settings.corpus, file.path)
    return found


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"perception": {**QUICK["perception"], "guide_delay_seconds": 0.25}},
        {"perception": {**QUICK["perception"], "segmenter": "onset"}},
        {"corpus": {"guides": "mix"}},
    ],
    ids=["uniform", "late", "onset", "mix"],
)
def test_shards_hold_what_encode_hears(world, tmp_path, changes):
    settings = validated({**QUICK, **changes})
    corpus = open_corpus(world, settings.corpus)
    corpus = Corpus(corpus.multitracks[:2])
    encode_corpus(corpus, tmp_path / "shards", settings, EncodeOptions(LocalProcesses(1)))
    wanted = encode(corpus.multitracks, Perception(settings.perception), settings.corpus)
    found = heard_in(tmp_path / "shards", settings)
    assert found.keys() == wanted.keys()
    for name, tracks in wanted.items():
        assert len(found[name]) == len(tracks)
        for read, track in zip(found[name], tracks, strict=True):
            for field in ("intervals", "whole", "silent"):
                np.testing.assert_array_equal(getattr(read, field), getattr(track, field))
            pairs = [(read.segments, track.segments), *((read.over[each], track.over[each]) for each in track.over)]
            pairs += [(read.heard, track.heard)] if track.heard is not None else []
            for mine, theirs in pairs:
                np.testing.assert_array_equal(mine.vectors, theirs.vectors)
                np.testing.assert_array_equal(mine.level, theirs.level)
            about = (track.track.name, track.only, track.answers, track.over.keys())
            assert (read.track.name, read.only, read.answers, read.over.keys()) == about


def test_two_processes_write_the_bytes_of_one(world, shards, tmp_path):
    encode_corpus(world, tmp_path / "two", SETTINGS, EncodeOptions(LocalProcesses(2)))
    assert held(tmp_path / "two") == held(shards)


@pytest.mark.slow
def test_two_workers_of_ray_write_the_bytes_of_one_process(world, shards, tmp_path):
    encode_corpus(world, tmp_path / "ray", SETTINGS, EncodeOptions(RayCluster(workers=2)))
    assert held(tmp_path / "ray") == held(shards)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at as Linux has them")
def test_a_worker_of_ray_that_is_killed_costs_nothing(tmp_path):
    """One of two actors ends by SIGKILL while it encodes; what it had is encoded piece by piece."""
    world = tmp_path / "world"
    build_planted(world, PlantedSettings("copy", pieces=6, segments=240))
    encode_corpus(world, tmp_path / "local", SETTINGS, EncodeOptions(LocalProcesses(1)))
    before, killed = actors(), []

    def kill():
        end = time.monotonic() + 240
        while not killed and time.monotonic() < end:
            for pid in sorted(actors() - before):
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
                break
            time.sleep(0.01)

    watch = threading.Thread(target=kill)
    watch.start()
    encode_corpus(world, tmp_path / "ray", SETTINGS, EncodeOptions(RayCluster(workers=2)))
    watch.join()
    assert len(killed) == 1
    assert held(tmp_path / "ray") == held(tmp_path / "local")


def actors() -> set[int]:
    """The processes in which an actor encodes."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if path.read_bytes().startswith(b"ray::_Actor."):
                found.add(int(path.parent.name))
    return found


def test_the_index_divides_as_the_corpus_is_divided(world, shards):
    corpus = open_corpus(world, CorpusSettings())
    opened = open_shards(shards)
    for split, windows in divide(corpus.multitracks, CorpusSettings()).items():
        found = opened.excerpts(split)
        assert len(found) == len(windows)
        assert (found.segments == 24).all()
    assert opened.tracks == 2 * PIECES


def test_what_is_there_is_not_encoded_again_and_what_is_missing_is(world, shards, tmp_path):
    shutil.copytree(shards, tmp_path / "shards")
    (tmp_path / "shards" / shard_name(1)).unlink()
    (tmp_path / "shards" / INDEX).unlink()
    (tmp_path / "shards" / shard_name(2)).write_bytes(b"cut off")
    report = encode_corpus(world, tmp_path / "shards", SETTINGS, EncodeOptions(LocalProcesses(1)))
    assert report.written == 2
    assert held(tmp_path / "shards") == held(shards)
    assert encode_corpus(world, tmp_path / "shards", SETTINGS).written == 0


def test_a_bad_file_is_a_line_of_the_report_and_costs_no_other(world, tmp_path):
    shutil.copytree(world, tmp_path / "world")
    corpus = open_corpus(tmp_path / "world", SETTINGS.corpus)
    bad = corpus.multitracks[0].tracks[0].path
    bad.write_bytes(b"no sound at all")
    encode_corpus(corpus, tmp_path / "shards", SETTINGS, EncodeOptions(LocalProcesses(1)))
    rows = [json.loads(line) for line in (tmp_path / "shards" / REPORT).read_text(encoding="utf-8").splitlines()]
    assert [row["path"] for row in rows] == [str(bad), ""]
    assert {row["multitrack"] for row in rows} == {corpus.multitracks[0].name}
    assert open_shards(tmp_path / "shards").tracks == 2 * (PIECES - 1)


def test_where_nothing_can_be_encoded_the_first_reason_is_told(world, tmp_path):
    shutil.copytree(world, tmp_path / "world")
    corpus = open_corpus(tmp_path / "world", SETTINGS.corpus)
    corpus = Corpus(corpus.multitracks[:1])
    for track in corpus.multitracks[0].tracks:
        track.path.write_bytes(b"no sound at all")
    with pytest.raises(BadData, match=r"a\.wav"):
        encode_corpus(corpus, tmp_path / "shards", SETTINGS, EncodeOptions(LocalProcesses(1)))


def deadly(job):
    """Ends the process that has the second multitrack, and encodes all others."""
    if job.number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return encode_shard(job)


class Deadly:
    """An engine whose processes die of one shard."""

    def run(self, jobs):
        from antiphon.corpus.synthesis.pool import worked

        return worked(deadly, jobs, processes=2, seconds=60, clean=lambda job: None)


def test_a_shard_that_ends_its_processes_is_encoded_piece_by_piece(world, shards, tmp_path):
    encode_corpus(world, tmp_path / "shards", SETTINGS, EncodeOptions(Deadly()))
    assert held(tmp_path / "shards") == held(shards)


def command(*arguments) -> list[str]:
    return [sys.executable, "-m", "antiphon", "corpus", "encode", *map(str, arguments)]


FLAGS = ("--perception.encoder.name", "chroma-mfcc")


@pytest.mark.slow
def test_a_killed_command_goes_on_and_writes_each_shard_once(world, shards, tmp_path):
    out = tmp_path / "shards"
    process = subprocess.Popen(command(world, "-o", out, *FLAGS, "--workers", 1), start_new_session=True)
    while not (out / shard_name(1)).exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    times = {path.name: path.stat().st_mtime_ns for path in out.glob("shard-*.parquet")}
    assert subprocess.run(command(world, "-o", out, *FLAGS), check=True, capture_output=True).returncode == 0
    assert held(out) == held(shards)
    assert {name: (out / name).stat().st_mtime_ns for name in times} == times


@pytest.mark.slow
def test_an_interrupt_ends_the_command_and_its_processes(world, tmp_path):
    out = tmp_path / "shards"
    process = subprocess.Popen(command(world, "-o", out, *FLAGS), stderr=subprocess.PIPE, text=True)
    while not (out / PLAN).exists():
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1]
    assert process.returncode in (130, 0)
    assert len(said.splitlines()) <= 1
    assert not [path for path in out.iterdir() if path.name.endswith(".lock")]


@pytest.mark.slow
def test_a_full_disk_ends_it_in_one_line_and_leaves_no_half_of_a_shard(world, tmp_path):
    out = tmp_path / "shards"

    def small():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))

    done = subprocess.run(
        command(world, "-o", out, *FLAGS), preexec_fn=small, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "cannot write" in line
    assert not list(out.glob("*.parquet"))


def test_two_programs_do_not_fill_one_folder(world, tmp_path):
    with owned(tmp_path / "shards"), pytest.raises(AntiphonError, match="another program"):
        encode_corpus(world, tmp_path / "shards", SETTINGS)


def test_a_folder_of_something_else_is_left_alone(world, shards, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(AntiphonError, match=r"mine\.txt"):
        encode_corpus(world, tmp_path, SETTINGS)
    with pytest.raises(SettingsError, match="perception"):
        encode_corpus(world, shards, validated({"perception": {"encoder": {"name": "chroma-mfcc"}, "rest": False}}))


def test_a_damaged_shard_and_a_foreign_index_are_named(world, shards, tmp_path):
    folder = tmp_path / "shards"
    shutil.copytree(shards, folder)
    data = bytearray((folder / shard_name(0)).read_bytes())
    data[len(data) // 3] ^= 255
    (folder / shard_name(0)).write_bytes(data)
    with pytest.raises(BadData, match=shard_name(0)):
        heard_in(folder, SETTINGS)
    shutil.copy(shards / shard_name(1), folder / shard_name(0))
    with pytest.raises(BadData, match="not shard 0"):
        heard_in(folder, SETTINGS)
    other = validated({**QUICK, "corpus": {"seed": 5}})
    encode_corpus(world, tmp_path / "other", other, EncodeOptions(LocalProcesses(2)))
    shutil.copy(tmp_path / "other" / INDEX, folder / INDEX)
    with pytest.raises(BadData, match="not the index of these"):
        open_shards(folder)
    (folder / INDEX).unlink()
    with pytest.raises(BadData, match="not complete"):
        open_shards(folder)


def test_a_missing_library_and_an_unknown_engine_are_one_line(world, tmp_path, monkeypatch, capsys):
    assert run(["corpus", "encode", str(world), "-o", str(tmp_path / "out"), "--engine", "spark"]) == 2
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert run(["corpus", "encode", str(world), "-o", str(tmp_path / "out")]) == 3
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "antiphon[shards]" in said[1]
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match="antiphon"):
        list(RayCluster().run([None]))


@pytest.mark.parametrize(("name", "address", "workers"), [("local", "ray://a:1", None), ("local", None, 0)])
def test_an_engine_refuses_what_does_not_fit_it(name, address, workers):
    with pytest.raises(SettingsError, match="--"):
        engine_named(name, address, workers)


def test_groups_hold_no_more_than_they_may_but_an_item_at_least():
    assert grouped("abcde", [3, 1, 1, 9, 1], 3) == [("a",), ("b", "c"), ("d",), ("e",)]


def test_a_division_depends_on_names_and_lengths_alone(world):
    multitracks = open_corpus(world, CorpusSettings()).multitracks
    assert divided(multitracks) == divided(multitracks[::-1])
    assert Perception(PerceptionSettings()).recipe


def test_a_corpus_that_is_divided_along_time_has_each_track_once(world, tmp_path):
    corpus = Corpus(open_corpus(world, SETTINGS.corpus).multitracks[:1])
    encode_corpus(corpus, tmp_path / "shards", SETTINGS, EncodeOptions(LocalProcesses(1)))
    opened = open_shards(tmp_path / "shards")
    assert [len(opened.excerpts(split)) for split in ("train", "validation", "test")] == [1, 1, 1]
    assert opened.tracks == 2
    assert opened.seconds == pytest.approx(2 * corpus.multitracks[0].duration)
