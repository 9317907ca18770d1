"""Session lengths drawn by chance, against scipy's laws and exact moments."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from estimator.scenario.sessions import (
    DeterministicSession,
    EmpiricalSession,
    ExponentialSession,
    LognormalSession,
    SessionLength,
    WeibullSession,
)

DRAWS = 200_000
LEAST_P = 0.001
"""A true law fails a test at this level once in a thousand seeds; the seeds are fixed."""

# each law, scipy's law of it and scipy's law of the density x f(x) / E[S]
LAWS = {
    "exponential": (
        ExponentialSession(mean_hours=1.7),
        stats.expon(scale=1.7),
        stats.gamma(2, scale=1.7),
    ),
    "lognormal": (
        LognormalSession(mean_hours=2, sigma=1),
        stats.lognorm(1, scale=2 * math.exp(-1 / 2)),
        stats.lognorm(1, scale=2 * math.exp(1 / 2)),
    ),
    "wide lognormal": (
        LognormalSession(mean_hours=4, sigma=1.5),
        stats.lognorm(1.5, scale=4 * math.exp(-(1.5**2) / 2)),
        stats.lognorm(1.5, scale=4 * math.exp(1.5**2 / 2)),
    ),
    "Weibull of games": (
        WeibullSession(shape=0.5, scale_hours="20 min"),
        stats.weibull_min(0.5, scale=1 / 3),
        stats.gengamma(3, 0.5, scale=1 / 3),
    ),
    "steep Weibull": (
        WeibullSession(shape=3, scale_hours=2),
        stats.weibull_min(3, scale=2),
        stats.gengamma(4 / 3, 3, scale=2),
    ),
}
each = pytest.mark.parametrize(("law", "oracle", "biased"), LAWS.values(), ids=LAWS)
OBSERVED = EmpiricalSession(lengths_hours=(0.1, 0.5, 2, 7), counts=(50, 30, 15, 5))


@each
def test_lengths_follow_the_law(law: SessionLength, oracle, biased):
    lengths = law.draw(DRAWS, np.random.default_rng(1))

    assert lengths.shape == (DRAWS,)
    assert stats.kstest(lengths, oracle.cdf).pvalue > LEAST_P


@each
def test_lengths_met_at_a_random_moment_have_the_length_biased_law(law, oracle, biased):
    lengths = law.draw_length_biased(DRAWS, np.random.default_rng(2))

    assert lengths.shape == (DRAWS,)
    assert stats.kstest(lengths, biased.cdf).pvalue > LEAST_P


@each
def test_the_oracle_of_length_biased_draws_is_the_law_weighted_by_length(law, oracle, biased):
    for hours in (0.3, 2.0, 9.0):
        weighted, _ = integrate.quad(lambda x: x * oracle.pdf(x), 0, hours, limit=500)
        assert biased.cdf(hours) == pytest.approx(weighted / oracle.mean(), rel=1e-6)


@each
def test_mean_length_met_at_a_random_moment_is_the_second_moment_over_the_first(
    law: SessionLength, oracle, biased
):
    lengths = law.draw_length_biased(DRAWS, np.random.default_rng(3))

    second_moment = oracle.var() + oracle.mean() ** 2
    assert lengths.mean() == pytest.approx(
        second_moment / oracle.mean(), abs=4 * biased.std() / math.sqrt(DRAWS)
    )


@each
def test_what_is_left_of_a_session_met_at_a_random_moment_has_the_survival_as_density(
    law: SessionLength, oracle, biased
):
    # the stationary excess S_e with density P(S > x) / E[S]
    rng = np.random.default_rng(4)
    left = law.draw_length_biased(DRAWS, rng) * rng.random(DRAWS)

    shares = law.integrated_survival(1, left) / law.mean
    assert stats.kstest(shares, "uniform").pvalue > LEAST_P


def test_fixed_sessions_have_one_length():
    law, rng = DeterministicSession(hours=1.5), np.random.default_rng(5)

    np.testing.assert_array_equal(law.draw(3, rng), [1.5, 1.5, 1.5])
    np.testing.assert_array_equal(law.draw_length_biased(3, rng), [1.5, 1.5, 1.5])


@pytest.mark.parametrize(
    ("draw", "weights"),
    [("draw", [50, 30, 15, 5]), ("draw_length_biased", [5, 15, 30, 35])],
)
def test_observed_lengths_come_as_often_as_they_were_seen_or_were_open(draw, weights):
    lengths = getattr(OBSERVED, draw)(DRAWS, np.random.default_rng(6))

    values, found = np.unique(lengths, return_counts=True)
    np.testing.assert_array_equal(values, OBSERVED.lengths_hours)
    expected = DRAWS * np.array(weights) / np.sum(weights)
    assert stats.chisquare(found, expected).pvalue > LEAST_P


def test_observed_lengths_come_in_random_order():
    lengths = OBSERVED.draw(DRAWS, np.random.default_rng(7))

    pairs, _, _ = np.histogram2d(
        np.searchsorted(OBSERVED.lengths_hours, lengths[:-1:2]),
        np.searchsorted(OBSERVED.lengths_hours, lengths[1::2]),
        bins=(4, 4),
    )
    assert stats.chi2_contingency(pairs).pvalue > LEAST_P


@pytest.mark.parametrize(
    "law", [*(law for law, _, _ in LAWS.values()), DeterministicSession(hours=2), OBSERVED]
)
def test_the_same_seed_draws_the_same_and_nothing_can_be_drawn(law: SessionLength):
    first, second = (law.draw(50, np.random.default_rng(8)) for _ in range(2))

    np.testing.assert_array_equal(first, second)
    assert law.draw(0, np.random.default_rng(8)).shape == (0,)
    assert law.draw_length_biased(0, np.random.default_rng(8)).shape == (0,)
