import numpy as np
import pytest

from antiphon.evaluation.protocol import Form, Numbers, Passage, Score
from antiphon.evaluation.results import box, by_piece, calibration_of, column, compared, line_of, prefixes_of
from antiphon.evaluation.scores import Calibration, Prefixes, Scores
from antiphon.metrics import expected_calibration_error

FORM = Form("window", "nucleus", "free")


def score(model: str, piece: str, tpp: float, tokens: int = 4) -> Score:
    ids, lasting = np.zeros(tokens, dtype=np.int64), np.full(tokens, 0.5)
    passage = Passage("take", piece, "a", "b", "flute", 1.5, ids, ids, lasting)
    return Score(model, FORM, passage, 1.0, Numbers(*[np.nan] * len(Numbers._fields))._replace(tpp=tpp))


def of(model: str, **tpp: float) -> Scores:
    return Scores(tuple(score(model, piece, value) for piece, value in tpp.items()), Prefixes.empty(4), Calibration())


def test_a_box_by_hand():
    # Quartiles of 0, 1, 2, 3, 4, 10: 1.25, 2.5, 3.75; within 1.5 x 2.5 of them lie 0 to 4.
    found = box([3, 0, 10, 1, 2, 4])
    assert (found.low, found.first, found.median, found.third, found.high) == (0, 1.25, 2.5, 3.75, 4)
    assert found.mean == pytest.approx(20 / 6)


def test_a_piece_counts_once_and_its_windows_by_their_tokens():
    scores = [score("m", "x", 10, 30), score("m", "x", 40, 10), score("m", "y", 50)]
    assert by_piece(scores, "tpp") == {"x": 17.5, "y": 50}
    found = column(Scores(tuple(scores), Prefixes.empty(4), Calibration()))
    assert (found.numbers["tpp"].mean, found.numbers["tpp"].pieces) == (33.75, 2)
    assert "lcp" not in found.numbers, "what has no meaning anywhere is left out"


def test_opponents_are_compared_piece_by_piece():
    found = compared([of("antiphon", x=10, y=30), of("deaf", x=5, y=20), of("other", z=1)], "tpp")
    assert list(found) == ["deaf"]
    assert (found["deaf"].difference.mean, found["deaf"].effect) == (7.5, 1)


def test_a_row_says_which_passage_it_is():
    row = line_of(score("m", "x", 100 / 3), 0.5, 16)
    assert (row["start"], row["seconds"], row["tokens"], row["K"]) == (1.5, 2.0, 4, 16)
    assert row["tpp"] == 33.3333
    assert row["lcp"] is None


def test_mean_and_spread_of_prefixes():
    prefixes = Prefixes.empty(2)
    prefixes.add(np.array([2.0, 1.0]))
    prefixes.add(np.array([0.0, 1.0]))
    assert prefixes_of(prefixes) == {"windows": 2, "mean": [1, 1], "spread": [1, 0]}


def test_calibration_of_parts_is_that_of_the_whole():
    random = np.random.default_rng(0)
    confidence, hits = random.random(500), (random.random(500) < 0.4).astype(float)
    calibration = Calibration()
    for part in np.array_split(np.arange(500), 7):
        calibration.add(confidence[part], hits[part])
    assert calibration.error == pytest.approx(expected_calibration_error(confidence, hits))
    assert sum(calibration_of(calibration)["tokens"]) == 500
