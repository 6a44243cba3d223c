import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from corpus_making import noise
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.config import CorpusSettings
from antiphon.corpus.layouts import scan
from antiphon.corpus.manifest import Corpus, read_manifest, with_hashes, write_manifest
from antiphon.errors import BadData
from antiphon.types import Multitrack, Source, Track

LINE = {
    "version": 1,
    "name": "song",
    "piece": "song",
    "split": "test",
    "tracks": [
        {"name": "a", "instrument": "bass", "sources": [{"path": "song/a.wav"}], "duration": 1.5},
        {"name": "b", "instrument": "", "sources": [{"path": "/elsewhere/b.wav"}], "duration": 2},
    ],
}


def written(path, *lines):
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return path


def test_a_corpus_comes_back_as_it_was(tmp_path):
    for path in ("één/bass.wav", "één/piano.wav", "two 2/a.wav", "two 2/b.wav"):
        noise(tmp_path / path)
    corpus = Corpus(scan(tmp_path, CorpusSettings()), {"één": "validation"})
    write_manifest(tmp_path / "manifest.jsonl", corpus)
    assert read_manifest(tmp_path / "manifest.jsonl") == corpus


def test_a_folder_with_its_manifest_moves_as_one(tmp_path):
    outside = noise(tmp_path / "outside.wav")
    inside = noise(tmp_path / "here" / "song" / "inside.wav")
    tracks = (Track("in", (Source(inside),), 0.1), Track("out", (Source(outside),), 0.1))
    write_manifest(tmp_path / "here" / "manifest.jsonl", Corpus((Multitrack("song", "song", tracks),)))
    (tmp_path / "here").rename(tmp_path / "there")
    (found,) = read_manifest(tmp_path / "there" / "manifest.jsonl").multitracks
    assert [track.path for track in found.tracks] == [tmp_path / "there" / "song" / "inside.wav", outside]


def test_a_manifest_named_relatively_holds_relative_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tracks = (Track("a", (Source(Path("song/a.wav")),), 1.0), Track("b", (Source(tmp_path / "song" / "b.wav"),), 1.0))
    write_manifest(Path("manifest.jsonl"), Corpus((Multitrack("song", "song", tracks),)))
    line = json.loads(Path("manifest.jsonl").read_text())
    assert [track["sources"][0]["path"] for track in line["tracks"]] == ["song/a.wav", "song/b.wav"]


text = st.text(min_size=1).filter(lambda name: "/" not in name and "\0" not in name and name not in (".", ".."))


@settings(max_examples=25)
@given(names=st.lists(text, min_size=1, max_size=4, unique=True), piece=text)
def test_any_name_survives(tmp_path_factory, names, piece):
    path = tmp_path_factory.mktemp("corpus") / "manifest.jsonl"
    multitracks = tuple(
        Multitrack(
            name,
            piece,
            (Track(name, (Source(path.parent / name),), 1.0, name), Track("b", (Source(path.parent / "b"),), 2.0)),
        )
        for name in names
    )
    write_manifest(path, Corpus(multitracks))
    assert read_manifest(path).multitracks == multitracks


def test_a_line_is_read_as_documented(tmp_path):
    path = written(tmp_path / "m.jsonl", LINE, "", LINE | {"name": "other", "split": None})
    corpus = read_manifest(path)
    assert corpus.splits == {"song": "test"}
    assert corpus.multitracks[0].tracks[0] == Track("a", (Source(tmp_path / "song" / "a.wav"),), 1.5, "bass")
    assert corpus.multitracks[1].tracks[1].path == Path("/elsewhere/b.wav")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "object"),
        (LINE | {"version": 2}, "version 2"),
        ({key: value for key, value in LINE.items() if key != "version"}, "version None"),
        ({key: value for key, value in LINE.items() if key != "piece"}, "piece"),
        (LINE | {"split": "dev"}, "split"),
        (LINE | {"colour": "blue"}, "colour"),
        (LINE | {"tracks": LINE["tracks"][:1]}, "tracks"),
        (
            LINE | {"tracks": [*LINE["tracks"], {"name": "c", "sources": [{"path": "c.wav"}], "duration": 0}]},
            "tracks.2.duration",
        ),
        (LINE, "second multitrack named 'song'"),
    ],
)
def test_a_malformed_line_is_named_with_its_number(tmp_path, line, reason):
    path = written(tmp_path / "m.jsonl", LINE, line)
    with pytest.raises(BadData, match=rf"m\.jsonl, line 2: .*{reason}"):
        read_manifest(path)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe"])
def test_an_empty_or_binary_file_is_no_manifest(tmp_path, content):
    (tmp_path / "m.jsonl").write_bytes(content)
    with pytest.raises(BadData, match=r"m\.jsonl: .*manifest"):
        read_manifest(tmp_path / "m.jsonl")


def test_no_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(BadData, match=r"nothing\.jsonl"):
        read_manifest(tmp_path / "nothing.jsonl")


def test_all_that_is_known_of_a_corpus_comes_back(tmp_path):
    path = noise(tmp_path / "a.wav")
    tracks = (
        Track("a", (Source(path, 2, "0" * 64),), 0.1, "piano", 44100),
        Track("b", (Source(path), Source(path)), 0.1),
    )
    corpus = Corpus((Multitrack("song", "work", tracks, "Someone", "CC0"),), {"song": "test"})
    write_manifest(tmp_path / "m.jsonl", corpus)
    assert read_manifest(tmp_path / "m.jsonl") == corpus


def test_the_rate_is_in_the_manifest_of_a_scan(tmp_path):
    for name in ("a", "b"):
        noise(tmp_path / f"{name}.wav")
    write_manifest(tmp_path / "m.jsonl", Corpus(scan(tmp_path, CorpusSettings())))
    assert [track["sample_rate"] for track in json.loads((tmp_path / "m.jsonl").read_text())["tracks"]] == [8000, 8000]


@pytest.mark.parametrize("workers", [1, 3])
def test_the_hash_is_that_of_the_bytes_and_each_file_is_read_once(tmp_path, workers):
    for name in ("a", "b"):
        noise(tmp_path / f"{name}.wav", 0.1 if name == "a" else 0.2)
    (multitrack,) = scan(tmp_path, CorpusSettings())
    twice = replace(multitrack, name="again")
    told = []
    found = with_hashes(Corpus((multitrack, twice)), workers, lambda *step: told.append(step))
    expected = [hashlib.sha256((tmp_path / f"{name}.wav").read_bytes()).hexdigest() for name in ("a", "b")]
    assert [[track.sources[0].sha256 for track in each.tracks] for each in found.multitracks] == [expected] * 2
    assert told == [("hash", 1, 2), ("hash", 2, 2)]


def test_a_file_that_cannot_be_hashed_is_named(tmp_path):
    tracks = tuple(Track(name, (Source(tmp_path / f"{name}.wav"),), 1.0) for name in "ab")
    with pytest.raises(BadData, match=r"a\.wav: no such file"):
        with_hashes(Corpus((Multitrack("song", "song", tracks),)))
