import numpy as np
import pytest

from antiphon.config import TrainingSettings
from antiphon.training.schedules import learning_rate

STEPS = 200


def course(schedule, warmup_steps=20) -> np.ndarray:
    settings = TrainingSettings(learning_rate=1.0, schedule=schedule, warmup_steps=warmup_steps)
    return np.array([learning_rate(step, STEPS, settings) for step in range(STEPS)])


@pytest.mark.parametrize("schedule", ["constant", "cosine", "inverse-sqrt"])
def test_every_schedule_rises_evenly_to_the_peak_and_never_goes_above(schedule):
    rates = course(schedule)
    np.testing.assert_allclose(np.diff(rates[:20]), 1 / 21)
    assert rates[20] == rates.max() == 1
    assert rates[0] > 0


def test_constant_stays():
    assert (course("constant")[20:] == 1).all()


def test_cosine_is_half_way_down_half_way_through_and_ends_at_nothing():
    rates = course("cosine", warmup_steps=0)
    assert rates[STEPS // 2] == pytest.approx(0.5, abs=0.01)
    assert rates[-1] == pytest.approx(0, abs=1e-9)
    assert (np.diff(rates) < 0).all()


def test_four_times_as_many_steps_halve_the_inverse_root():
    rates = course("inverse-sqrt", warmup_steps=9)
    assert rates[39] == pytest.approx(0.5)
    assert rates[159] == pytest.approx(0.25)
