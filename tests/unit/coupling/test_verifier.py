"""The learned verifier, on pieces whose two tracks always stand a major third apart."""

import numpy as np
import pytest
import torch
from coupling_making import third_apart

from antiphon.coupling.settings import VerifierSettings
from antiphon.coupling.verifier import load_verifier, save_verifier, train_verifier
from antiphon.errors import BadData

SMALL = VerifierSettings(width=24, dimension=16, dropout=0.0, batch=8, steps=60, learning_rate=1e-2)


@pytest.fixture(scope="module")
def verifier():
    return train_verifier([third_apart(f"piece {n}", n, tonic=n % 12) for n in range(10)], "encoder", SMALL)


@pytest.fixture(scope="module")
def held_out():
    return [third_apart(f"new {n}", 100 + n) for n in range(12)]


def test_true_partners_of_new_pieces_are_told_from_strangers_shifts_and_transpositions(verifier, held_out):
    right = {"stranger": [], "shifted": [], "transposed": []}
    for piece, other in zip(held_out, [*held_out[1:], held_out[0]], strict=True):
        guide = piece.tracks["a"].excerpt(40, 200)
        true = verifier.fit(guide, piece.tracks["b"].excerpt(40, 200))
        right["stranger"].append(true > verifier.fit(guide, other.tracks["b"].excerpt(40, 200)))
        right["shifted"].append(true > verifier.fit(guide, piece.tracks["b"].excerpt(60, 200)))
        right["transposed"].append(true > verifier.fit(guide, piece.tracks["b"].excerpt(40, 200).transposed(2)))
    assert {name: np.mean(each) >= 0.9 for name, each in right.items()} == dict.fromkeys(right, True)


def test_a_ranking_is_that_of_the_single_fits_and_exchanging_the_tracks_changes_nothing(verifier, held_out):
    guide = held_out[0].tracks["a"].excerpt(0, 200)
    candidates = [piece.tracks["b"].excerpt(0, 200) for piece in held_out]
    fits = [verifier.fit(guide, each) for each in candidates]
    np.testing.assert_allclose(verifier.rank(guide, candidates), fits, rtol=1e-4, atol=1e-5)
    assert int(np.argmax(fits)) == 0
    assert verifier.fit(candidates[3], guide) == pytest.approx(fits[3], rel=1e-4)


def test_the_same_pieces_settings_and_seed_give_the_same_bytes(tmp_path):
    pieces = [third_apart(f"piece {n}", n) for n in range(3)]
    few = VerifierSettings(width=8, dimension=4, batch=3, steps=3)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        torch.rand(1)
        save_verifier(tmp_path / name, train_verifier(pieces, "encoder", few))
    for file in ("config.json", "verifier.safetensors"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_verifier_is_read_as_it_was_written_and_not_for_another_encoder(tmp_path, verifier, held_out):
    save_verifier(tmp_path, verifier)
    read = load_verifier(tmp_path, "encoder")
    pair = [track.excerpt(0, 200) for track in held_out[0].tracks.values()]
    assert read.fit(*pair) == verifier.fit(*pair)
    assert read.learned_from == verifier.learned_from
    with pytest.raises(BadData, match="another encoder"):
        load_verifier(tmp_path, "other")
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(BadData, match="not a verifier"):
        load_verifier(tmp_path, "encoder")


def test_one_piece_is_nothing_to_learn_from():
    with pytest.raises(BadData, match="two pieces"):
        train_verifier([third_apart("alone", 0)], "encoder", SMALL)


def test_a_moment_is_too_short_to_be_verified(verifier, held_out):
    moment = held_out[0].tracks["a"].excerpt(0, 18)
    assert np.isnan(verifier.fit(moment, moment))
