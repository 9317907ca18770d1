"""Laws of session lengths, against scipy's distributions and plain sums."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import integrate, stats

from estimator.errors import ScenarioError
from estimator.scenario.sessions import (
    DeterministicSession,
    EmpiricalSession,
    ExponentialSession,
    LognormalSession,
    SessionLength,
    WeibullSession,
)

CONTINUOUS = {
    "exponential": (ExponentialSession(mean_hours=1.7), stats.expon(scale=1.7)),
    "lognormal": (
        LognormalSession(mean_hours=2, sigma=1),
        stats.lognorm(1, scale=2 * math.exp(-1 / 2)),
    ),
    "wide lognormal": (
        LognormalSession(mean_hours=4, sigma=1.5),
        stats.lognorm(1.5, scale=4 * math.exp(-(1.5**2) / 2)),
    ),
    # Counter-Strike sessions, Weibull with shape 0.5 and scale 20 min: Chang and Feng, "Modeling
    # player session times of on-line games", NetGames 2003
    "Weibull": (
        WeibullSession(shape=0.5, scale_hours="20 min"),
        stats.weibull_min(0.5, scale=1 / 3),
    ),
    "steep Weibull": (WeibullSession(shape=3, scale_hours=2), stats.weibull_min(3, scale=2)),
}
both = pytest.mark.parametrize(("law", "oracle"), CONTINUOUS.values(), ids=CONTINUOUS)


@both
def test_mean(law: SessionLength, oracle):
    assert law.mean == pytest.approx(oracle.mean(), rel=1e-9)


def test_mean_of_published_game_sessions_is_40_minutes():
    # 20 min x Gamma(3)
    assert WeibullSession(shape=0.5, scale_hours="20 min").mean * 60 == pytest.approx(40, rel=1e-9)


MANY = {
    "exponential": lambda length: ExponentialSession(mean_hours=length),
    "lognormal": lambda length: LognormalSession(mean_hours=length, sigma=1.5),
    "Weibull": lambda length: WeibullSession(shape=0.6, scale_hours=length),
    "deterministic": lambda length: DeterministicSession(hours=length),
}


@pytest.mark.parametrize("law_of", MANY.values(), ids=MANY)
def test_laws_of_many_scenarios_are_those_of_each(law_of):
    lengths = np.array([[0.2, 3.0, 0.2], [1.0, 9.0, 3.0]])
    many = law_of(lengths)

    assert many.many == (2, 3)
    assert many == law_of(lengths.tolist()) != law_of(lengths * 2)
    assert [*many.singles] == [law_of(length) for length in (0.2, 1.0, 3.0, 9.0)]
    for at, length in np.ndenumerate(lengths):
        one = law_of(length)
        assert one.many == ()
        assert many.singles[many.which[at]] == one
        assert many.mean[at] == one.mean
        assert many.mean_steps(2.0)[at] == one.mean_steps(2.0)


def test_no_length_of_many_is_beyond_bounds():
    with pytest.raises(ScenarioError, match="at least 1 ms"):
        ExponentialSession(mean_hours=[1, 1e-9])
    with pytest.raises(ScenarioError, match="at most 87,600"):
        WeibullSession(shape=0.2, scale_hours=[1, 10_000])


@both
def test_survival(law: SessionLength, oracle):
    hours = np.array([0, 0.01, 0.3, 1, 2.5, 10, 48])

    np.testing.assert_allclose(law.survival(hours), oracle.sf(hours), rtol=1e-9, atol=1e-13)


@both
@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_partial_moments(law: SessionLength, oracle, order):
    for hours in (0.4, 3.0):
        expected, _ = integrate.quad(lambda x: x**order * oracle.pdf(x), 0, hours, limit=500)
        found = law.partial_moment(order, np.array([hours]))[0]
        assert found == pytest.approx(expected, rel=1e-6)


@both
@pytest.mark.parametrize("times", [1, 2, 3])
def test_repeated_integrals_of_the_survival_function(law: SessionLength, oracle, times):
    # Cauchy's formula for repeated integration
    for hours in (0.2, 1.5, 6.0):
        expected, _ = integrate.quad(
            lambda x, end=hours: (
                (end - x) ** (times - 1) * oracle.sf(x) / math.factorial(times - 1)
            ),
            0,
            hours,
            epsabs=1e-13,
            limit=500,
        )
        found = law.integrated_survival(times, np.array([hours]))[0]
        assert found == pytest.approx(expected, rel=1e-8)


@both
def test_the_survival_function_integrates_to_the_mean(law: SessionLength, oracle):
    assert law.integrated_survival(1, np.array([1e5]))[0] == pytest.approx(law.mean, rel=1e-6)


@both
def test_nothing_is_integrated_before_the_start(law: SessionLength, oracle):
    np.testing.assert_array_equal(law.integrated_survival(2, np.array([-3.0, 0.0])), [0, 0])


@both
@pytest.mark.parametrize("step", [1 / 60, 0.25, 1, 2])
def test_mean_steps_is_the_sum_of_survival_probabilities(law: SessionLength, oracle, step):
    # E[ceil(S / step)] = sum over k of P(S > k step)
    survivors = oracle.sf(np.arange(3_000_000) * step)

    assert law.mean_steps(step) == pytest.approx(survivors.sum(), rel=1e-6)


def test_mean_steps_of_exponential_sessions_has_a_closed_form():
    # a geometric series
    assert ExponentialSession(mean_hours=2).mean_steps(2) == pytest.approx(1 / (1 - math.exp(-1)))


@pytest.mark.parametrize(
    ("hours", "step", "steps"), [(2, 2, 1), (2.0001, 2, 2), (3.5, 2, 2), (12, 2, 6), (0.01, 2, 1)]
)
def test_mean_steps_of_fixed_sessions_is_their_ceiling(hours, step, steps):
    assert DeterministicSession(hours=hours).mean_steps(step) == steps


@pytest.mark.parametrize("minutes", [1, 7, 20, 23, 31, 40, 100, 124])
def test_a_session_of_whole_minutes_has_no_minute_more(minutes):
    assert DeterministicSession(hours=f"{minutes} min").mean_steps(1 / 60) == minutes
    assert DeterministicSession(hours=minutes / 60).mean_steps(1 / 60) == minutes


@given(st.lists(st.floats(0.01, 50), min_size=1, max_size=8), st.floats(0.05, 5))
def test_mean_steps_of_observed_sessions_is_the_mean_of_their_ceilings(lengths, step):
    law = EmpiricalSession(lengths_hours=tuple(lengths))

    expected = np.mean(np.ceil(np.array(lengths) / step))
    assert law.mean_steps(step) == pytest.approx(expected, abs=1e-9)


def test_observed_sessions_are_weighted_by_their_counts():
    law = EmpiricalSession(lengths_hours=(1, 4), counts=(3, 1))

    assert law.mean == 1.75
    np.testing.assert_allclose(law.survival(np.array([0.5, 1, 3, 4])), [1, 0.25, 0.25, 0])


@given(st.sampled_from([law for law, _ in CONTINUOUS.values()]), st.floats(0.01, 20))
def test_a_session_has_at_least_one_step_and_at_most_one_more_than_its_length(law, step):
    steps = law.mean_steps(step)

    assert max(1, law.mean / step) - 1e-6 <= steps <= law.mean / step + 1 + 1e-6
