"""PairBench: what is in it, that it is the same again, and that its card says what the code computes."""

import hashlib
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from antiphon import audio
from antiphon.corpus.manifest import read_manifest
from antiphon.corpus.planted import (
    PAIRBENCH,
    PLANTED_WORLDS,
    bound,
    build_pairbench,
    planted_splits,
    planted_tokens,
    relation_of,
)
from antiphon.corpus.planted.card import bounds_table
from antiphon.errors import AntiphonError

PAGE = Path(__file__).parents[3] / "docs" / "pairbench.md"
SMALL = {
    name: replace(PAIRBENCH[name], pieces=3, segments=6)
    for name in ("copy-clean", "inverse-density-noisy", "texture-opposes-unseen-timbre")
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench") / "pairbench"
    calls = []
    return folder, build_pairbench(folder, lambda *call: calls.append(call), SMALL), calls


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def test_every_world_comes_in_every_difficulty_with_a_seed_of_its_own():
    assert set(PAIRBENCH) == {
        f"{world}-{difficulty}" for world in PLANTED_WORLDS for difficulty in ("clean", "noisy", "unseen-timbre")
    }
    assert len({settings.seed for settings in PAIRBENCH.values()}) == len(PAIRBENCH)
    for settings in PAIRBENCH.values():
        assert settings.pieces * settings.segments * settings.segment_seconds <= 20 * 60


def test_each_world_has_a_manifest_with_splits_and_the_tokens_of_its_audio(built):
    folder, bench, calls = built
    assert list(bench.manifests) == list(SMALL)
    assert calls[-1] == ("PairBench", 3, 3)
    for name, manifest in bench.manifests.items():
        corpus = read_manifest(manifest)
        lines = [json.loads(line) for line in (folder / name / "tokens.jsonl").read_text().splitlines()]
        assert [line["split"] for line in lines] == ["train", "validation", "test"]
        for multitrack, line, pair in zip(corpus.multitracks, lines, planted_tokens(SMALL[name]), strict=True):
            assert corpus.splits[multitrack.name] == line["split"]
            assert (multitrack.name, line["a"], line["b"]) == (line["piece"], pair.a.tolist(), pair.b.tolist())
            assert [track.path.suffix for track in multitrack.tracks] == [".flac", ".flac"]


def test_the_true_b_is_performed_again(built):
    folder, _, _ = built
    first = audio.read(folder / "copy-clean" / "copy-002" / "b.flac").samples
    again = audio.read(folder / "copy-clean" / "again" / "copy-002.flac").samples
    assert first.shape == again.shape
    assert np.abs(first - again).max() > 0.05
    assert len(list((folder / "copy-clean" / "again").iterdir())) == 1


def test_checksums_are_those_of_all_files(built):
    folder, bench, _ = built
    listed = dict(reversed(line.split("  ")) for line in bench.checksums.read_text().splitlines())
    found = files_of(folder)
    assert listed.keys() == found.keys() - {bench.checksums.name}
    for name, digest in listed.items():
        assert hashlib.sha256(found[name].read_bytes()).hexdigest() == digest


def test_a_second_build_is_the_same_bytes_even_on_top_of_the_first(built, tmp_path):
    folder, _, _ = built
    build_pairbench(tmp_path / "again", worlds=SMALL)
    build_pairbench(tmp_path / "again", worlds=SMALL)
    second = files_of(tmp_path / "again")
    assert {name: path.read_bytes() for name, path in files_of(folder).items()} == {
        name: path.read_bytes() for name, path in second.items()
    }


def test_the_card_holds_what_a_stranger_needs(built):
    _, bench, _ = built
    card = json.loads(bench.card.read_text())
    assert card["licence"] == "CC0-1.0"
    world = card["worlds"]["inverse-density-noisy"]
    settings = SMALL["inverse-density-noisy"]
    assert world["bound"] == {"tpp": bound(settings).tpp, "bits": bound(settings).bits}
    assert world["attribute"]["name"] == "density class"
    assert world["attribute"]["of_token"] == [0] * 12 + [1] * 12 + [2] * 12
    assert (world["settings"]["late"], world["settings"]["slip"]) == (0.1, 0.1)
    text = bench.card_text.read_text()
    assert bounds_table(SMALL) in text
    assert all(name in text for name in SMALL)


def test_a_directory_of_somebody_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(AntiphonError, match=r"thesis\.txt"):
        build_pairbench(tmp_path, worlds=SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_page_shows_the_bounds_that_the_code_computes():
    assert bounds_table(PAIRBENCH) in PAGE.read_text(encoding="utf-8")


def test_the_page_names_every_relation_and_its_snippet_works(capsys):
    page = PAGE.read_text(encoding="utf-8")
    for name, settings in PAIRBENCH.items():
        relation = relation_of(settings)
        if name.endswith("-clean"):
            assert f"| {settings.world} | {relation.formula} | {relation.classes} |" in page
    (snippet,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(snippet, PAGE.name, "exec"), {})
    assert capsys.readouterr().out.startswith(str(bound(PAIRBENCH["inverse-density-noisy"])))


def test_the_page_counts_the_pieces_of_each_split():
    for settings in PAIRBENCH.values():
        counts = Counter(planted_splits(settings).values())
        assert f"{counts['train']} train, {counts['validation']} validation, {counts['test']} test" in PAGE.read_text()
