"""What each coupling measure hears, on sounds and envelopes whose coupling is known."""

import numpy as np
import pytest
from coupling_making import played, sines

from antiphon.coupling.apa import (
    DIMENSIONS,
    Gaussian,
    adherence,
    embedding,
    frechet_distance,
    mixed_frames,
    nearness,
    reference_of,
)
from antiphon.coupling.energy import correlation, loudness, mutual_information, over_lags
from antiphon.coupling.features import BRIGHTNESS, FLATNESS, STEPS_PER_SECOND, CouplingFeatures, partials_of
from antiphon.coupling.harmony import chroma_agreement, consonance, roughness
from antiphon.coupling.onsets import onset_synchrony
from antiphon.errors import BadData

RATE = 22050


def moved(heard: CouplingFeatures, cells: int) -> CouplingFeatures:
    return CouplingFeatures(heard.frames, heard.power, np.roll(heard.onsets, cells), heard.partials)


@pytest.mark.parametrize(("cells", "expected"), [(0, 1.0), (3, 1.0), (20, 0.0)])
def test_onsets_within_50_ms_are_together(cells, expected):
    notes = played(range(60, 70))
    late = moved(notes, 30)
    assert onset_synchrony(late, moved(late, cells)) == pytest.approx(expected)


def test_without_onsets_nothing_is_said_and_one_silent_side_is_no_synchrony():
    notes, silent = played(range(60, 70)), sines(steps=100)
    assert np.isnan(onset_synchrony(silent, silent))
    assert onset_synchrony(notes, silent) == 0


def test_an_octave_has_the_chroma_of_a_unison_and_a_second_has_none_of_it():
    line = played([60, 64, 67, 72])
    assert chroma_agreement(line, played([72, 76, 79, 84])) == pytest.approx(1)
    assert chroma_agreement(line, line.transposed(2)) == pytest.approx(0)
    assert np.isnan(chroma_agreement(line, sines(steps=40)))


def test_two_sines_are_roughest_at_a_quarter_of_the_critical_band():
    """Plomp and Levelt (1965), as parametrised by Sethares (1993)."""
    frequencies = np.array(500.0)
    distances = np.arange(0, 400, 0.5)
    rough = roughness(frequencies, frequencies + distances)
    assert rough[0] == 0
    assert rough.max() == pytest.approx(1, abs=1e-3)
    assert 20 < distances[rough.argmax()] < 35
    assert rough[-1] < 0.05


def test_a_fifth_is_more_consonant_than_a_semitone_and_a_tritone_lies_between_with_harmonics():
    def tone(hertz):
        return sines(*(hertz * number for number in range(1, 7)))

    semitone, tritone, fifth = (consonance(tone(300), tone(300 * ratio)) for ratio in (16 / 15, 45 / 32, 3 / 2))
    assert semitone < tritone < fifth


def test_a_sine_is_found_at_its_frequency_and_amplitude():
    wave = (0.25 * np.sin(2 * np.pi * 441.3 * np.arange(RATE) / RATE)).astype(np.float32)
    hertz, amplitude = partials_of([wave[:5000], wave[5000:]], RATE, STEPS_PER_SECOND)[10, 0]
    assert hertz == pytest.approx(441.3, abs=0.5)
    assert amplitude == pytest.approx(0.25, rel=0.15)


def test_the_lag_of_a_delayed_envelope_is_found():
    rng = np.random.default_rng(0)
    guide = np.convolve(rng.standard_normal(400), np.ones(5), "same")
    later = np.roll(guide, 7)
    found = over_lags(guide, later, correlation)
    assert found.best_lag == pytest.approx(7 / STEPS_PER_SECOND)
    assert found.best > 0.95
    assert found.together < 0.5


def test_mutual_information_hears_a_relation_that_correlation_does_not():
    rng = np.random.default_rng(0)
    guide = rng.standard_normal(400)
    assert abs(correlation(guide, guide**2)) < 0.2
    assert mutual_information(guide, guide**2) > 0.4
    assert mutual_information(guide, guide) == pytest.approx(2, abs=0.03)


def test_strangers_share_no_information_however_short_they_are():
    rng = np.random.default_rng(0)
    found = [mutual_information(rng.standard_normal(100), rng.standard_normal(100)) for _ in range(50)]
    assert abs(np.mean(found)) < 0.02


def test_level_is_in_decibels_and_silence_has_a_floor():
    heard = played([60, 62], loudness=[0.01, 0.0])
    assert loudness(heard)[0] == pytest.approx(-20, abs=0.01)
    assert loudness(heard)[-1] == -60
    assert np.isnan(correlation(loudness(heard), np.ones(20)))


def test_the_frechet_distance_of_gaussians_is_known():
    unit = np.eye(2)
    assert frechet_distance(Gaussian(np.zeros(2), unit), Gaussian(np.array([3.0, 4.0]), unit)) == pytest.approx(25)
    assert frechet_distance(Gaussian(np.zeros(2), unit), Gaussian(np.zeros(2), 9 * unit)) == pytest.approx(8)


@pytest.fixture(scope="module")
def sets():
    rng = np.random.default_rng(0)
    true = rng.standard_normal((300, DIMENSIONS))
    return true, rng.permutation(true) + 0.5


def test_apa_is_one_for_true_pairs_zero_for_mismatched_ones_and_a_half_between(sets):
    true, mismatched = sets
    reference = reference_of(true, mismatched)
    assert adherence(true, reference) == pytest.approx(1)
    assert adherence(mismatched, reference) == pytest.approx(0)
    assert adherence(true + 0.25, reference) == pytest.approx(0.5)
    assert adherence(true + 0.125, reference) == pytest.approx(0.75)


def test_apa_takes_what_is_far_beyond_the_true_pairs_for_perfect_and_nearness_does_not(sets):
    true, mismatched = sets
    reference = reference_of(true, mismatched)
    beyond = true - 5
    assert adherence(beyond, reference) == 1
    assert nearness(true, reference) == pytest.approx(1)
    assert nearness(mismatched, reference) == pytest.approx(0.5)
    assert nearness(beyond, reference) < 0.05


def test_apa_of_few_pairs_is_refused(sets):
    true, mismatched = sets
    with pytest.raises(BadData, match="76 are needed"):
        adherence(true[:10], reference_of(true, mismatched))


def test_silence_adds_nothing_to_a_mix():
    track = played([60, 64, 67]).frames
    track[:, [BRIGHTNESS, FLATNESS]] = 0.4, 0.1
    np.testing.assert_allclose(mixed_frames(track, np.zeros_like(track)), track, atol=1e-3)


def test_an_embedding_knows_the_chord_and_not_the_key():
    one, fifth = played([60] * 4), played([67] * 4)
    here = embedding(one.frames, fifth.frames)
    np.testing.assert_allclose(here, embedding(one.transposed(3).frames, fifth.transposed(3).frames), atol=1e-6)
    assert np.abs(here - embedding(one.frames, fifth.transposed(-1).frames)).max() > 0.5
